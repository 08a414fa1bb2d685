"""Exit 1 if a relative link of a markdown file is broken."""

import re
import sys
from pathlib import Path

page = Path(sys.argv[1])
links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
for link in broken:
    print(f"{page}: {link} does not exist")
sys.exit(bool(broken))

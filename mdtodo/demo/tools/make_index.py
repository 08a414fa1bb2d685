"""Write pages/INDEX.md: a line for each page, and say how far it is."""

import json
import os
from pathlib import Path

pages = sorted(page for page in Path("pages").glob("*.md") if page.name != "INDEX.md")
lines = ["# All pages", ""]
with open(os.environ["MDTODO_OUTPUT"], "a", encoding="utf-8") as tell:
    for number, page in enumerate(pages, 1):
        title = page.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")
        lines.append(f"- [{title}]({page.name})")
        tell.write(json.dumps({"progress": 100 * number // len(pages)}) + "\n")
    tell.write(json.dumps({"note": f"{len(pages)} pages are in the index"}) + "\n")
Path("pages/INDEX.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
print(f"wrote an index of {len(pages)} pages")

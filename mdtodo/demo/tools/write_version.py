"""Write shop/VERSION from the number of things on sale."""

import json
from pathlib import Path

prices = json.loads(Path("data/prices.json").read_text(encoding="utf-8"))
version = f"1.{len(prices)}.0"
Path("shop/VERSION").write_text(version + "\n", encoding="utf-8")
print("version", version)

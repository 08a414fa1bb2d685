"""A Python processor: called with the task, in a process of the pool."""

import json
from pathlib import Path

from shop.prices import discounted


def main(task):
    prices = json.loads(Path("data/prices.json").read_text(encoding="utf-8"))
    for name, cents in prices.items():
        print(f"{name:8} {cents / 100:6.2f}  on Fridays {discounted(cents, 10) / 100:6.2f}")
    if not prices:
        raise SystemExit(f"{task.title}: nothing is on sale")

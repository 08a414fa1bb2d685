"""A Python processor: called with the task, in a process of the pool."""

import tarfile
from pathlib import Path

from shop.prices import discounted


def main(task):
    if discounted(1000, 10) != 900:
        raise SystemExit(f"{task.title}: prices are wrong")
    Path("build").mkdir(exist_ok=True)
    with tarfile.open("build/shop.tar.gz", "w:gz") as archive:
        for name in ("shop", "data", "pages"):
            archive.add(name)
    print(f"packed {Path('build/shop.tar.gz').stat().st_size} bytes")

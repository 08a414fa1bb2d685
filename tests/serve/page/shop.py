"""A repository with something of everything that the page shows, and its past: real runs of real processors."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TODO = """\
# Corner shop 2.0

## Catalogue

- [ ] Prices can be trusted !high #backend
  - [ ] Discounts are tested run:tests id:discounts est:30m
  - [ ] The price list is valid run:json id:prices
  - [ ] Rounding follows the tax rules of each country run:tests after:prices est:1h
- [ ] Pictures load on a slow line run:images est:2h #frontend id:pictures
- [ ] Search finds words with accents: `café`, `Šárka`, `naïve` run:tests id:search est:2h #backend/api
- [ ] Import the supplier's catalogue run:import after:prices est:3h id:import !high

## Checkout

1. [ ] The form says what is wrong beside the field run:tests est:1h id:form #frontend
2. [ ] Payment survives a lost connection run:flaky est:4h id:payment !critical #backend/api
3. [ ] The receipt arrives within a minute run:slow est:45m id:mail
4. [ ] A refund leaves the stock right run:tests est:2h id:refund #backend

- [ ] Load test with 200 buyers run:slow after:payment,search est:6h id:load !high #ops
- [ ] Vouchers run:broken est:2h id:vouchers

## Launch

- [ ] Texts are read by a second person @ada est:2h id:texts due:2026-11-27
- [ ] Choose the opening day @grace id:day !high
- [ ] Pack the release run:pack after:load,refund,import,texts id:pack est:30m !critical
- [ ] Tell the newsletter after:pack,day @ada

  Two paragraphs and one picture; no exclamation marks.
- [-] Stickers for the window
- [ ] Prices in the window from:2027-01-15
"""

OPS = """\
# Operations

- [ ] Backups restore on an empty machine run:slow id:restore every:7d est:1h #ops
- [ ] The certificate is renewed run:tests id:certificate !high
- [ ] Logs rotate before the disk is full run:json after:restore #ops
- [ ] Alerts reach whoever is on call run:flaky after:certificate,restore id:alerts !critical est:1h
- [ ] Write the runbook after:alerts @grace est:4h
"""

STEP = """\
import json, os, pathlib, sys, time

seconds, manner = float(sys.argv[1]), sys.argv[2]
task, output = os.environ["MDTODO_TASK_ID"], os.environ["MDTODO_OUTPUT"]
steps = 6
for step in range(1, steps + 1):
    time.sleep(seconds * (0.7 + len(task) % 5 / 8) / steps)
    print(f"{task}: step {step} of {steps}, {step * 7} checked", flush=True)
    with open(output, "a") as file:
        file.write(json.dumps({"progress": round(100 * step / steps)}) + "\\n")
if manner == "flaky":
    seen = pathlib.Path(".git", f"seen-{task}-{os.environ['MDTODO_RUN_ID']}")
    if not seen.exists():
        seen.write_text("")
        print("connection reset by peer", file=sys.stderr)
        sys.exit(1)
if manner == "broken":
    print("AssertionError: a voucher of 0 was accepted", file=sys.stderr)
    sys.exit(1)
print(f"{task}: all well")
"""

CONFIG = """\
jobs = 3
max_failures = 2

[lanes]
critical = 2

[processors.tests]
run = ["python3", "tools/step.py", "{tests}", "good"]
[processors.json]
run = ["python3", "tools/step.py", "{json}", "good"]
[processors.images]
run = ["python3", "tools/step.py", "{tests}", "good"]
[processors.import]
run = ["python3", "tools/step.py", "{slow}", "good"]
[processors.slow]
run = ["python3", "tools/step.py", "{slow}", "good"]
[processors.flaky]
run = ["python3", "tools/step.py", "{tests}", "flaky"]
retries = 1
retry_delay = "0.1s"
[processors.broken]
run = ["python3", "tools/step.py", "{json}", "broken"]
[processors.pack]
run = ["python3", "tools/step.py", "{slow}", "good"]
"""


def call(root: Path, *args: str, check: bool = True) -> str:
    """What mdtodo prints, called there."""
    done = subprocess.run(
        [sys.executable, "-m", "mdtodo", *args], cwd=root, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, done
    return done.stdout


def git(root: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=root, check=True, capture_output=True)


def make_shop(root: Path, *, pace: float = 0.05) -> Path:
    """The repository, with nothing done yet. `pace`: seconds that its quick processors take."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "TODO.md": TODO,
        "ops/TODO.md": OPS,
        "tools/step.py": STEP,
        ".mdtodo.toml": config(pace),
        ".gitignore": "__pycache__/\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Start the list")
    return root


def config(pace: float) -> str:
    """Its processors, at this pace."""
    return CONFIG.format(json=f"{pace * 0.6:.3g}", tests=f"{pace:.3g}", slow=f"{pace * 3:.3g}")


def live_through(root: Path) -> None:
    """Its past: two runs by two workers, a voucher that fails twice, a person's word."""
    call(root, "run", "--limit", "6", check=False)
    call(root, "run", "vouchers", check=False)
    call(root, "run", "form", "payment", "mail", "search", "restore", "certificate", "vouchers", check=False)
    call(root, "claim", "day", "--name", "grace")

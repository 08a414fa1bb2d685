"""Make docs/run.svg, the picture in the README, from a real run of the demo in a terminal (needs tmux)."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mdtodo.operations.demo import LOG_FORMAT

HERE = Path(__file__).parent
WIDTH, HEIGHT = 108, 40
SESSION = "mdtodo-picture"


def tmux(*args: str) -> str:
    return subprocess.run(["tmux", *args], check=True, capture_output=True, text=True).stdout


def screen_after(steps: list[tuple[str, str]]) -> str:
    """What a terminal shows, with colours, after commands, each done once its words stand there."""
    tmux("new-session", "-d", "-s", SESSION, "-x", str(WIDTH), "-y", str(HEIGHT), "env", "PS1=$ ", "sh")
    try:
        for command, words in steps:
            tmux("send-keys", "-t", SESSION, command, "Enter")
            deadline = time.monotonic() + 60
            while words not in tmux("capture-pane", "-p", "-t", SESSION):
                if time.monotonic() > deadline:
                    raise SystemExit(f"{command} did not end in time")
                time.sleep(0.1)
            time.sleep(0.3)  # the prompt
        return tmux("capture-pane", "-p", "-e", "-t", SESSION)
    finally:
        tmux("kill-session", "-t", SESSION)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        subprocess.run([sys.executable, "-m", "mdtodo", "demo", str(shop)], check=True, capture_output=True)
        subprocess.run(["git", "reset", "-q", "--hard", "HEAD~1"], cwd=shop, check=True)
        path = shlex.quote(str(Path(sys.executable).parent))
        screen = screen_after(
            [
                (f"cd {shlex.quote(str(shop))}; PATH={path}:$PATH; clear", "$"),
                ("mdtodo run -j 4", "tries it again"),
                (f"git log -1 --stat --format='{LOG_FORMAT}'", "files changed"),
            ]
        )
    console = Console(record=True, width=WIDTH, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    console.print(Text.from_ansi(screen.rstrip()))
    picture = console.export_svg(title="mdtodo run")
    # Rich names a font on a CDN; whoever opens the picture asks nobody for it, and sees a font of his own.
    (HERE / "run.svg").write_text(re.sub(r"\s*@font-face \{.*?\}\n", "\n", picture, flags=re.DOTALL))


if __name__ == "__main__":
    main()

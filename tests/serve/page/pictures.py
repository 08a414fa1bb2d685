"""The pictures of docs/serve.md, made of a real server: `python -m tests.serve.page.pictures docs/assets`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.serve.page.shop import call, live_through, make_shop
from tests.serve.server import Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class Picture(NamedTuple):
    """A view, in a window of this size; `ready` is what it shows once it is drawn."""

    name: str
    view: str
    ready: str
    size: tuple[int, int] = (1440, 860)
    colours: str = "light"


PAST = (
    Picture("serve-board", "board?task=payment", ".panel .receipts", (1760, 900)),
    Picture("serve-plan", "plan", ".plan-box"),
    Picture("serve-figures", "figures", ".chart", (1440, 1000)),
)
LIVE = (
    Picture("serve-runs", "runs", ".bar-running", colours="dark"),
    Picture("serve-task", "task/load", ".output-text", (1280, 760)),
)


def take(browser: Browser, server: Server, pictures: tuple[Picture, ...], folder: Path) -> None:
    """These, into the folder."""
    for one in pictures:
        width, height = one.size
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=one.colours)  # type: ignore[arg-type]
        page.goto(server.link)
        page.goto(f"{server.origin}/#/{one.view}")
        page.locator(one.ready).first.wait_for()
        page.evaluate("() => document.fonts.ready")
        page.wait_for_timeout(1200)
        page.screenshot(path=folder / f"{one.name}.png")
        page.close()


def main(folder: Path) -> None:
    """A shop whose processors take a while, its past, and a run that goes on."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        root = make_shop(Path(scratch) / "shop", pace=2)
        live_through(root)
        for _ in range(3):
            call(root, "verify", check=False)
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        with serving(root, "--allow-runs") as server:
            take(browser, server, PAST, folder)
            command = [sys.executable, "-m", "mdtodo", "-q", "run"]
            run = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            take(browser, server, LIVE, folder)
            run.wait()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

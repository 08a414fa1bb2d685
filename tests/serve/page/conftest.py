"""A real browser (the system's Chromium), a real server, a real repository."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.serve.page.shop import live_through, make_shop
from tests.serve.server import Server, serving
from tests.tools import CALLER, lacking, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

#: Milliseconds for which an assertion waits, on a busy machine.
PATIENCE = 90_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module."""
    try:
        from playwright.sync_api import expect, sync_playwright
    except ModuleNotFoundError:
        lacking("no playwright (pip install 'git-mdtodo[tools]')")
    chromium = require("chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        # as root Chromium has no sandbox of its own; the pages are ours, and no other host is asked
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=chromium, args=options, env=CALLER)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a past, which all tests share and change."""
    root = make_shop(tmp_path_factory.mktemp("page") / "shop")
    live_through(root)
    return root


@pytest.fixture(scope="session")
def server(shop: Path) -> Iterator[Server]:
    """A server of it that lets runs be started."""
    with serving(shop, "--allow-runs") as started:
        yield started


class Visitor:
    """Who looks at the pages of a server, signed in or not."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self._context = context
        self.server = server
        self.wrong: list[str] = []
        context.on("request", self._asked)
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(f"{error} {error.stack}"))
        self.page.on("console", self._told)
        self.page.set_default_timeout(PATIENCE)

    def _asked(self, request: Any) -> None:
        if urlsplit(request.url).netloc != f"{self.server.host}:{self.server.port}":
            self.wrong.append(f"it asked another host: {request.url}")

    def _told(self, message: Any) -> None:
        # a status of 400 and above is told by the browser too: each test looks at what the page says of it
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.wrong.append(message.text)

    def sign_in(self) -> None:
        """By the link that the server printed."""
        self.page.goto(self.server.link)

    def go(self, view: str) -> Page:
        """To a view, as somebody who types its address."""
        self.page.goto(f"{self.server.origin}/#/{view}")
        return self.page


@pytest.fixture
def visit(browser: Browser) -> Callable[..., Any]:
    """`with visit(server, ...) as visitor`: in a browser's window of its own. No error may show in its console, and no
    other host may be asked."""

    @contextmanager
    def opened(server: Server, *, signed_in: bool = True, **how: Any) -> Iterator[Visitor]:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **how})
        visitor = Visitor(context, server)
        if signed_in:
            visitor.sign_in()
        try:
            yield visitor
        finally:
            context.close()
        assert visitor.wrong == []

    return opened


@pytest.fixture
def page(visit: Callable[..., Any], server: Server) -> Iterator[Page]:
    """The board of the shop, signed in. Where a busy machine has not loaded all of it, it is loaded again, as a person
    would do."""
    with visit(server) as visitor:
        board = visitor.go("board")
        try:
            board.locator(".board .card").first.wait_for(state="attached", timeout=PATIENCE / 2)
        except Exception:  # playwright's TimeoutError, which cannot be named where it is not installed
            board.reload()
        yield board

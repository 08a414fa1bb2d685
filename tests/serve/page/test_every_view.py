"""What holds in every view of the page: titles stay text, a reader of a screen finds its way, nothing is cut off, a long
list does not stutter; and what the page says when its server goes, or wants a token."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.page.shop import call, git, make_shop
from tests.serve.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.serve.server import Server

pytestmark = pytest.mark.tools

VIEWS = (
    "board",
    "board?task=load",
    "plan?form=graph",
    "plan?form=list",
    "runs",
    "figures",
    "projects",
    "task/payment",
)
#: What each view shows once it has what it needs.
READY = {
    "board": ".card",
    "board?task=load": ".panel .task-title",
    "plan?form=graph": ".plan-box",
    "plan?form=list": ".plan-row",
    "runs": ".timeline-row",
    "figures": ".tiles",
    "projects": ".project",
    "task/payment": ".receipts",
}
PAGE = Path(__file__).parents[3] / "mdtodo/serve/page"


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expected

    return expected(locator)


def look(visitor: Any, view: str) -> Page:
    """At a view, once it is drawn."""
    page = visitor.go(view)
    expect(page.locator(READY[view]).locator("visible=true").first).to_be_visible()
    return page


# ---- every view


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_reader_of_a_screen_finds_its_way(visit: Callable[..., Any], server: Server, colours: str) -> None:
    """axe-core has nothing serious to say."""
    axe = (Path(__file__).parent / "vendor/axe-core/axe.min.js").read_text(encoding="utf-8")
    with visit(server, color_scheme=colours, reduced_motion="reduce") as visitor:
        found = []
        for view in VIEWS:
            page = look(visitor, view)
            page.evaluate(axe)
            found += [(view, *one) for one in serious(page)]
        look(visitor, "board").keyboard.press("?")
        page.evaluate(axe)
        found += [("help", *one) for one in serious(page)]
    assert found == []


def serious(page: Page) -> list[tuple[str, str]]:
    return page.evaluate(  # type: ignore[no-any-return]
        """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
        .filter((one) => ['serious', 'critical'].includes(one.impact))
        .flatMap((one) => one.nodes.map((node) => [one.id, node.html.slice(0, 200) + ' ' + node.failureSummary]))"""
    )


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
@pytest.mark.sample(2)
def test_nothing_is_cut_off_at_any_width(visit: Callable[..., Any], server: Server, width: int) -> None:
    with visit(server, viewport={"width": width, "height": 760}) as visitor:
        for view in VIEWS:
            if "task=" in view and width < 720:
                continue  # a narrow screen has a page of its own for it
            page = look(visitor, view)
            too_wide = page.evaluate(
                """() => [document.documentElement, document.body, document.querySelector('main'), document.querySelector('.top'), document.querySelector('.rail')]
                .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className || one.tagName)"""
            )
            assert too_wide == [], view
            for button in ("Add task", "Help"):
                box = page.get_by_role("button", name=button).bounding_box()
                assert box, view
                assert box["x"] >= 0, (view, button)
                assert box["x"] + box["width"] <= width, (view, button)


def test_who_wants_no_motion_gets_none(visit: Callable[..., Any], server: Server) -> None:
    with visit(server, reduced_motion="reduce") as visitor:
        for view in VIEWS:
            page = look(visitor, view)
            page.wait_for_timeout(50)
            moving = "() => document.getAnimations().filter((one) => one.playState === 'running').map(String)"
            assert page.evaluate(moving) == [], view


HOSTILE = [
    "<img src=x onerror=window.broken=1>",
    "<script>window.broken=1</script>",
    "\"><svg onload=window.broken=1>'",
    "{{constructor.constructor('window.broken=1')()}} ${window.broken=1}",
    "[a](javascript:window.broken=1) `<b>code</b>` **bold**",
    "\u202eright to left\u202c and &lt;b&gt; and \ufeff",
    "x" * 700,
    "🧨" * 40 + " e\u0301\u0301\u0301",
]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A repository where every text that people write is an attack on whoever shows it."""
    root = make_shop(tmp_path / "ho'st<i>le")
    lines = [f"- [ ] {title} run:tests id:h{at} #<i>tag</i>" for at, title in enumerate(HOSTILE)]
    body = "\n  <img src=x onerror=window.broken=1>\n\n  [b](javascript:window.broken=1)\n"
    head = "# <img src=x onerror=window.broken=1>\n\n## <script>window.broken=1</script>\n\n"
    text = head + "\n".join([*lines, "- [ ] Last after:h0,h1 id:last", body])
    (root / "TODO.md").write_text(text, encoding="utf-8")
    step = "import sys\nprint('<img src=x onerror=window.broken=1>\\x1b[31mred\\x1b[0m')\nsys.exit(1)\n"
    (root / "tools/step.py").write_text(step)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Attack")
    call(root, "run", "h0", check=False)
    return root


def test_hostile_texts_stay_texts_in_every_view(visit: Callable[..., Any], hostile: Path) -> None:
    with serving(hostile) as server, visit(server) as visitor:
        shown = {
            "board": ".card",
            "board?task=h0": ".panel .task-title",
            "plan?form=graph": ".plan-box",
            "plan?form=list": ".plan-row",
            "runs": ".timeline-row",
            "figures": ".tiles",
            "projects": ".project",
            "task/h0": ".receipts",
            "task/last": ".task-text",
            "board?q=<img%20src=x%20onerror=window.broken=1>zzz": ".nothing b",
        }
        for view, ready in shown.items():
            page = visitor.go(view)
            expect(page.locator(ready).first).to_be_visible()
            found = page.evaluate(
                "() => [window.broken, document.querySelectorAll('img, script:not([src]), iframe, [onerror], a[href^=javascript]').length]"
            )
            assert found == [None, 0], view
        page = visitor.go("board")
        markup = (
            "() => { try { document.body.innerHTML = '<b>bold</b>'; } catch (error) { return error.name; } }"
        )
        assert page.evaluate(markup) == "TypeError", "the browser refuses what the page's own code never does"
        assert "TrustedHTML" in visitor.wrong.pop()
        for title in HOSTILE[:4]:
            expect(page.locator(".card-title").filter(has_text=title)).to_have_count(1)
        page = visitor.go("task/h0")
        expect(page.get_by_role("region", name="Output")).to_contain_text(
            "<img src=x onerror=window.broken=1>red"
        )


def test_no_file_of_the_page_can_make_markup_of_a_text() -> None:
    files = [one for one in PAGE.rglob("*.js") if "vendor" not in one.parts]
    assert len(files) > 20
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|srcdoc:"
    )
    assert [str(one) for one in files if forbidden.search(one.read_text(encoding="utf-8"))] == []
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    assert "style=" not in index
    assert not re.search(r"<script(?![^>]* src=)", index)
    assert not re.search(r"(src|href)=\"(https?:)?//", index)


def test_what_is_not_ours_has_its_licence() -> None:
    for folder in (PAGE / "vendor").iterdir():
        assert (folder / "LICENSE").stat().st_size > 500, folder


# ---- many tasks


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 tasks."""
    root = make_shop(tmp_path_factory.mktemp("page") / "big")
    sections = [
        f"## Part {part}\n\n"
        + "\n".join(
            f"- [ ] Task {part * 100 + at} of many, with a title of usual length run:tests"
            for at in range(100)
        )
        for part in range(20)
    ]
    (root / "TODO.md").write_text("# Many\n\n" + "\n\n".join(sections) + "\n")
    git(root, "commit", "--quiet", "--all", "-m", "Many")
    return root


#: Milliseconds that the column takes to draw itself after it was scrolled: the middle one of many times.
SCROLL = """() => {
    const scroller = document.querySelector('[data-state=ready] .column-scroll');
    const times = [];
    for (let at = 0; at < 60; at += 1) {
        const began = performance.now();
        scroller.scrollTop = at % 30 * 200;
        scroller.dispatchEvent(new Event('scroll'));
        scroller.getBoundingClientRect();
        times.push(performance.now() - began);
    }
    return times.sort((one, other) => one - other)[30];
}"""


def test_2000_tasks_scroll_as_quickly_as_100(visit: Callable[..., Any], big: Path) -> None:
    with serving(big) as server, visit(server) as visitor:
        page = visitor.go('board?q=section:"Part 3"')
        ready = page.get_by_role("region", name="Ready", exact=True)
        expect(ready.locator(".count")).to_have_text("100")
        few = page.evaluate(SCROLL)
        page.get_by_label("Filter", exact=True).fill("")
        expect(ready.locator(".count")).to_have_text("2,002")
        assert page.locator(".card").count() < 60
        assert page.evaluate(SCROLL) < 5 * few + 5
        assert page.locator(".card").count() < 60
        ready.locator(".card a").first.focus()
        for _ in range(30):
            page.keyboard.press("ArrowDown")
        expect(ready.locator(":focus")).to_be_in_viewport()


def test_a_plan_of_2000_tasks_begins_folded(visit: Callable[..., Any], big: Path) -> None:
    with serving(big) as server, visit(server) as visitor:
        page = visitor.go("plan?form=graph")
        expect(page.locator(".plan-box.folded").first).to_be_visible()
        assert page.locator(".plan-box").count() <= 120
        page.get_by_label("Filter", exact=True).fill('section:"Part 3"')
        expect(page.locator(".plan-box")).to_have_count(1)
        page.locator(".plan-box").click()
        expect(page.locator(".plan-box")).to_have_count(100)
        page.get_by_label("Filter", exact=True).fill("")
        expect(page.get_by_text("2,005 open tasks")).to_be_visible()
        expect(page.locator(".plan-box.folded").first).to_be_visible()
        assert page.locator(".plan-box").count() <= 360
        page = visitor.go("plan?form=list")
        expect(page.locator(".plan-row").first).to_be_visible()
        assert page.locator(".plan-row").count() < 90


# ---- the server goes, comes, and wants a token


def test_the_page_says_that_it_is_cut_off_and_goes_on_after_a_restart(
    visit: Callable[..., Any], tmp_path: Path
) -> None:
    root = make_shop(tmp_path / "shop")
    token = {"MDTODO_SERVE_TOKEN": "a" * 40}
    with serving(root, env=token) as server, visit(server, signed_in=False) as visitor:
        page = visitor.page
        page.goto(f"{server.origin}/?token={'a' * 40}")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        server.process.terminate()
        server.process.wait(60)
        expect(page.get_by_role("alert").get_by_text("Cut off from the server")).to_be_visible()
        call(root, "done", "texts", "--commit")
        with serving(root, "--port", str(server.port), env=token):
            expect(page.get_by_text("Live", exact=True)).to_be_visible()
            expect(
                page.get_by_role("region", name="Done", exact=True).get_by_text("Texts are read")
            ).to_be_visible()
            expect(page.get_by_role("alert").get_by_text("Cut off from the server")).to_be_hidden()
            expect(page.get_by_role("button", name="Add task")).to_be_visible()


def test_without_a_token_the_page_reads_and_says_how_to_change(
    visit: Callable[..., Any], server: Server
) -> None:
    with visit(server, signed_in=False) as visitor:
        page = look(visitor, "board")
        expect(page.get_by_role("button", name="Add task")).to_be_hidden()
        page.keyboard.press("n")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Read only").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("mdtodo serve")
        dialog.get_by_label("Token").fill("wrong")
        dialog.get_by_role("button", name="Sign in").click()
        expect(dialog.get_by_role("alert")).to_contain_text("does not know this token")
        dialog.get_by_label("Token").fill(server.token)
        dialog.get_by_role("button", name="Sign in").click()
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("button", name="Add task")).to_be_visible()


def test_what_runs_moves(visit: Callable[..., Any], tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop", pace=1.5)
    with serving(root, "--allow-runs") as server, visit(server) as visitor:
        page = visitor.go("board")
        expect(page.locator(".card").first).to_be_visible()
        process = subprocess.Popen(
            [sys.executable, "-m", "mdtodo", "-C", str(root), "run", "load", "search", "restore"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            running = page.get_by_role("region", name="Running", exact=True)
            expect(running.locator(".card").first).to_be_visible()
            expect(running.get_by_role("progressbar").first).to_be_visible()
            page = visitor.go("runs")
            expect(page.locator(".bar-running").first).to_be_visible()
            page.context.set_offline(True)  # what moves now does so by itself
            words = "() => document.querySelector('.bar-time').textContent"
            for _ in range(3):
                page.wait_for_function(f"(before) => ({words})() !== before", arg=page.evaluate(words))
            page.context.set_offline(False)
            page = visitor.go("task/restore")
            text = "document.querySelector('.output-text').textContent"
            page.wait_for_function(f"() => {text}.includes('step 4 of 6') && !{text}.includes('all well')")
            expect(page.get_by_role("region", name="Output")).to_contain_text("all well")
        finally:
            process.wait(120)


def test_a_run_is_started_and_interrupted_from_the_page(visit: Callable[..., Any], tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop", pace=6)
    with serving(root, "--allow-runs") as server, visit(server) as visitor:
        page = look(visitor, "board")
        page = visitor.go("task/restore")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("status").get_by_text("Started")).to_be_visible()
        expect(page.locator(".task-state")).to_contain_text("Running")
        expect(page.get_by_role("region", name="Output")).to_contain_text("step 1 of 6")
        page = visitor.go("runs")
        page.get_by_role("button", name="Interrupt").click()
        expect(page.get_by_role("status").get_by_text("Interrupted")).to_be_visible()
        page = visitor.go("task/restore")
        expect(page.locator(".task-state")).to_contain_text("Ready")


def test_several_projects_are_told_apart(visit: Callable[..., Any], shop: Path, tmp_path: Path) -> None:
    other = make_shop(tmp_path / "other")
    call(other, "done", "day", "--commit")
    with serving(other, "--repo", str(other), "--repo", str(shop)) as server, visit(server) as visitor:
        page = visitor.go("projects")
        expect(page.locator(".project")).to_have_count(2)
        page.get_by_role("link", name="other", exact=True).click()
        ready = page.get_by_role("region", name="Manual", exact=True)
        expect(ready.locator(".card")).to_have_count(1)
        page.get_by_label("Project").select_option("All projects")
        card = ready.locator(".card").filter(has_text="Texts are read").filter(has_text="other")
        card.locator("a").focus()
        page.keyboard.press("d")
        expect(page.get_by_role("status").get_by_text("Marked as done")).to_be_visible()
        assert "- [x] Texts are read" in (other / "TODO.md").read_text()
        assert "- [ ] Texts are read" in (shop / "TODO.md").read_text()
        for view, ready_ in {
            "plan?form=graph": ".plan-box",
            "figures": ".nothing b",
            "runs": ".run-item",
        }.items():
            page = visitor.go(view)
            expect(page.locator(ready_).first).to_be_visible()


def test_without_a_task_it_says_what_one_is(visit: Callable[..., Any], tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop")
    (root / "TODO.md").unlink()
    (root / "ops/TODO.md").unlink()
    with serving(root) as server, visit(server) as visitor:
        page = visitor.go("board")
        expect(page.get_by_text("No task yet")).to_be_visible()
        for view, says in {
            "plan": "Nothing is open",
            "runs": "No run yet",
            "figures": "Nothing has run in this time",
        }.items():
            page = visitor.go(view)
            expect(page.get_by_text(says)).to_be_visible()


def test_a_file_that_cannot_be_read_is_named_and_the_page_goes_on_once_it_can(
    visit: Callable[..., Any], tmp_path: Path
) -> None:
    root = make_shop(tmp_path / "shop")
    good = (root / "TODO.md").read_bytes()
    with serving(root) as server, visit(server) as visitor:
        page = look(visitor, "board")
        (root / "TODO.md").write_bytes(b"- [ ] \xff\xfe\n")
        expect(page.get_by_role("alert").filter(has_text="TODO.md")).to_be_visible()
        (root / "TODO.md").write_bytes(good + b"- [ ] One more\n")
        expect(page.locator(".card").filter(has_text="One more")).to_be_visible()
        expect(page.get_by_role("alert").filter(has_text="TODO.md")).to_be_hidden()

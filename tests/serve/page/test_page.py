"""The page in a real browser: what a person sees and does, and what the repository has then."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.page.shop import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.serve.server import Server

pytestmark = pytest.mark.tools

VIEWS = ("board", "plan", "plan?form=list", "runs", "figures", "projects", "task/payment", "board?task=load")


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expected

    return expected(locator)


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def held(page: Page, name: str, title: str) -> Locator:
    """The card with this title in the column of this name."""
    return column(page, name).locator(".card").filter(has_text=title)


def card(page: Page, title: str) -> Locator:
    return page.locator(".board .card").filter(has_text=title)


def last_commit(root: Path) -> str:
    command = ["git", "log", "-1", "--format=%s"]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def told(server: Server, path: str) -> Any:
    return server.get(path)


def drag(page: Page, what: Locator, where: Locator) -> None:
    """With the mouse, as a person does: by the middle of the card, in several moves."""
    begin, end = what.bounding_box(), where.bounding_box()
    assert begin
    assert end
    page.mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + begin["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 120, steps=6)
    page.mouse.up()


# ---- the board


def test_the_board_has_the_tasks_by_state_as_the_command_line_has_them(page: Page, shop: Path) -> None:
    for name, title in {
        "Ready": "Alerts reach whoever is on call",
        "Manual": "Texts are read by a second person",
        "Blocked": "Pack the release",
        "Doing": "Choose the opening day",
        "Failed": "Vouchers",
        "Done": "Payment survives a lost connection",
    }.items():
        expect(held(page, name, title)).to_be_visible()
    expect(column(page, "Cancelled").get_by_role("button")).to_have_attribute("aria-expanded", "false")
    column(page, "Cancelled").get_by_role("button").click()
    expect(held(page, "Cancelled", "Stickers for the window")).to_be_visible()


def test_a_card_that_is_dragged_to_done_is_a_commit_and_undo_is_another_one(page: Page, shop: Path) -> None:
    what = "Texts are read by a second person"
    page.set_viewport_size({"width": 2200, "height": 900})
    expect(held(page, "Manual", what)).to_be_visible()
    drag(page, card(page, what), column(page, "Done"))
    expect(held(page, "Done", what)).to_be_visible()
    assert last_commit(shop).startswith("todo: Texts are read")
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(held(page, "Manual", what)).to_be_visible()
    assert last_commit(shop).startswith("todo: reopened: Texts are read")


def test_a_drag_that_the_rules_refuse_says_why_and_changes_nothing(page: Page, shop: Path) -> None:
    page.set_viewport_size({"width": 2200, "height": 900})
    before = last_commit(shop)
    expect(held(page, "Blocked", "Pack the release")).to_be_visible()
    drag(page, card(page, "Pack the release"), column(page, "Done"))
    expect(page.get_by_role("status")).to_contain_text("waits for")
    expect(held(page, "Blocked", "Pack the release")).to_be_visible()
    assert last_commit(shop) == before


def test_a_card_at_the_side_of_the_board_brings_the_columns_beyond(page: Page, shop: Path) -> None:
    page.set_viewport_size({"width": 900, "height": 800})
    expect(held(page, "Blocked", "Pack the release")).to_be_visible()
    page.locator(".board").evaluate("(board) => { board.scrollLeft = 260; }")
    begin = held(page, "Manual", "Texts are read").bounding_box()
    assert begin
    page.mouse.move(begin["x"] + 60, begin["y"] + 20)
    page.mouse.down()
    page.mouse.move(500, 300, steps=3)
    page.mouse.move(880, 300, steps=3)
    expect(column(page, "Done")).to_be_in_viewport(ratio=0.9)
    page.mouse.move(column(page, "Done").bounding_box()["x"] + 90, 300, steps=3)
    page.mouse.up()
    expect(page.get_by_role("status").get_by_text("Marked as done")).to_be_visible()
    page.keyboard.press("u")
    expect(held(page, "Manual", "Texts are read")).to_be_attached()


def test_a_state_that_is_worked_out_takes_no_card(page: Page, shop: Path) -> None:
    before = last_commit(shop)
    drag(page, card(page, "Pack the release"), column(page, "Ready"))
    expect(held(page, "Blocked", "Pack the release")).to_be_visible()
    assert last_commit(shop) == before
    expect(page.locator(".ghost-card")).to_have_count(0)


def test_the_board_by_keys_alone(page: Page, shop: Path) -> None:
    expect(card(page, "Texts are read")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(column(page, "Ready").locator(":focus")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(column(page, "Manual").locator(":focus")).to_contain_text("Texts are read")
    page.keyboard.press("d")
    expect(held(page, "Done", "Texts are read")).to_be_attached()
    page.keyboard.press("u")
    expect(held(page, "Manual", "Texts are read")).to_be_visible()
    card(page, "Load test with 200 buyers").locator("a").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").get_by_role("heading", name="Load test")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary")).to_be_hidden()


#: Holds back the answer to the first change until `answer()` is called.
HELD_ANSWER = """() => {
  const real = window.fetch;
  const held = new Promise((done) => { window.answer = done; });
  window.fetch = async (...call) => {
    const answer = await real(...call);
    if ((call[1]?.method ?? call[0].method) === 'PATCH') await held;
    return answer;
  };
}"""


def test_a_change_is_taken_back_also_before_its_answer_is_here(page: Page, shop: Path) -> None:
    """The board hears of it on another line, which may be the quicker one."""
    expect(held(page, "Manual", "Texts are read")).to_be_visible()
    page.evaluate(HELD_ANSWER)
    card(page, "Texts are read").locator("a").focus()
    page.keyboard.press("d")
    expect(held(page, "Done", "Texts are read")).to_be_attached()
    page.keyboard.press("u")
    page.evaluate("() => window.answer()")
    expect(held(page, "Manual", "Texts are read")).to_be_visible()
    assert last_commit(shop).startswith("todo: reopened: Texts are read")


def test_letters_in_a_field_are_letters(page: Page, shop: Path) -> None:
    before = last_commit(shop)
    page.keyboard.press("/")
    page.keyboard.type("dxon?u")
    expect(page.get_by_label("Filter", exact=True)).to_have_value("dxon?u")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert last_commit(shop) == before


def test_the_filter_is_that_of_list_and_stands_in_the_address(page: Page, shop: Path) -> None:
    field = page.get_by_label("Filter", exact=True)
    field.fill("priority:critical lane:critical")
    expect(page.locator(".board .card")).to_have_count(3)
    page.wait_for_url(re.compile(r"priority%3Acritical"))
    page.reload()
    expect(page.locator(".board .card")).to_have_count(3)
    page.get_by_label("Filter", exact=True).fill("nothing is called so")
    expect(page.get_by_text("Nothing fits the filter")).to_be_visible()
    page.get_by_role("button", name="Clear it").click()
    expect(card(page, "Pack the release")).to_be_visible()
    page.get_by_role("button", name="Filter by").click()
    page.get_by_label("Section").select_option("Launch")
    expect(page.get_by_label("Filter", exact=True)).to_have_value("section:Launch")
    expect(card(page, "Payment survives")).to_have_count(0)


def test_what_another_process_changes_is_seen_without_a_reload(page: Page, shop: Path) -> None:
    expect(held(page, "Manual", "Texts are read")).to_be_visible()
    call(shop, "done", "texts", "--commit")
    expect(held(page, "Done", "Texts are read")).to_be_attached()
    call(shop, "reopen", "texts", "--commit")
    expect(held(page, "Manual", "Texts are read")).to_be_visible()


def test_a_task_is_added_from_the_page(page: Page, shop: Path) -> None:
    expect(card(page, "Pack the release")).to_be_visible()
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog", name="Add a task")
    dialog.get_by_label("Task").fill("Write to the <b>press</b> !low #docs")
    dialog.get_by_label("Place").select_option(label="TODO.md › Corner shop 2.0 › Launch")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(held(page, "Manual", "Write to the <b>press</b>")).to_be_visible()
    assert "- [ ] Write to the <b>press</b> !low #docs" in (shop / "TODO.md").read_text()


# ---- the other views


def test_the_plan_shows_the_critical_path_and_folds(visit: Callable[..., Any], server: Server) -> None:
    with visit(server) as visitor:
        page = visitor.go("plan")
        critical = told(server, "plan")["critical_path"]
        expect(page.locator(".plan-box.critical")).to_have_count(len(critical))
        expect(page.locator(".plan-lines .hot")).to_have_count(len(critical) - 1)
        expect(
            page.get_by_role(
                "link", name=re.compile("Load test with 200 buyers.*Ready.*on the critical path")
            )
        ).to_be_visible()
        boxes = page.locator(".plan-box").count()
        page.get_by_role("button", name="Checkout").click()
        folded = page.get_by_role("button", name=re.compile("Checkout.*3 tasks"))
        expect(folded).to_have_attribute("aria-expanded", "false")
        expect(page.locator(".plan-box")).to_have_count(boxes - 2)
        folded.focus()
        page.keyboard.press("f")
        expect(page.locator(".plan-box")).to_have_count(boxes)
        page.keyboard.press("v")
        expect(page.get_by_role("listitem")).to_have_count(boxes)


def test_what_waits_stands_to_the_right_of_what_it_waits_for(
    visit: Callable[..., Any], server: Server
) -> None:
    with visit(server) as visitor:
        page = visitor.go("plan")
        expect(page.locator(".plan-box").first).to_be_visible()
        place = page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('.plan-box')].map((one) => [one.dataset.id.split('/').pop(), one.getBoundingClientRect().x]))"
        )
        edges = told(server, "plan")["edges"]
        assert len(edges) > 3
        assert all(place[waiting] > place[waited] + 100 for waiting, waited in edges)


@pytest.mark.chance
def test_no_box_of_a_plan_lies_over_another_one_whatever_waits_for_what(page: Page) -> None:
    """Also where sections wait for each other crosswise, which dagre's own groups cannot do."""
    for seed in range(20):
        chance = random.Random(seed)
        names = [f"t{at}" for at in range(chance.randrange(1, 60))]
        pairs = itertools.combinations(names, 2)
        edges = [[one, other] for one, other in pairs if chance.random() < 0.05 * chance.random()]
        groups = [{"id": "file", "parent": None}, *({"id": f"g{at}", "parent": "file"} for at in range(4))]
        nodes = [{"id": one, "width": 200, "height": 40, "group": f"g{chance.randrange(4)}"} for one in names]
        groups = [
            one for one in groups if one["parent"] is None or one["id"] in {node["group"] for node in nodes}
        ]
        place = "async (plan) => (await import('/page/views/plan-layout.js')).place(plan)"
        placed = page.evaluate(place, {"nodes": nodes, "edges": edges, "groups": groups})
        boxes, frames = dict(placed["nodes"]), dict(placed["groups"])
        assert boxes.keys() == set(names)
        apart(boxes.values())
        apart([box for name, box in frames.items() if name != "file"])
        assert all(boxes[one]["x"] + 200 < boxes[other]["x"] for one, other in edges), seed
        assert all(within(boxes[one["id"]], frames[one["group"]]) for one in nodes), seed


def apart(boxes: Iterable[dict[str, float]]) -> None:
    for one, other in itertools.combinations(boxes, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        below = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert beside or below, (one, other)


def within(one: dict[str, float], frame: dict[str, float]) -> bool:
    ends = frame["x"] + frame["width"] >= one["x"] + one["width"]
    return ends and frame["x"] <= one["x"] and frame["y"] < one["y"] < frame["y"] + frame["height"]


def test_a_run_has_a_bar_for_each_task_and_says_what_was_tried_again(
    visit: Callable[..., Any], server: Server
) -> None:
    with visit(server) as visitor:
        page = visitor.go("runs")
        runs = told(server, "runs")["runs"]
        expect(page.locator(".run-item")).to_have_count(len(runs))
        page.locator(".run-item a").nth(len(runs) - 1).click()
        expect(page.locator(".timeline-row")).to_have_count(6)
        page.get_by_role("button", name="By worker").click()
        expect(page.locator(".timeline-heading")).to_have_count(1)
        page.locator(".run-item a").first.click()
        expect(page.locator(".timeline-row").filter(has_text="Payment survives")).to_contain_text("attempt 2")


def test_the_task_page_has_its_receipts_its_output_and_what_it_waits_for(
    visit: Callable[..., Any], server: Server, shop: Path
) -> None:
    with visit(server) as visitor:
        page = visitor.go("task/payment")
        receipt = told(server, "receipts?task=payment")["receipts"][0]
        expect(page.get_by_role("heading", name="Payment survives a lost connection")).to_be_visible()
        expect(page.locator(".receipts")).to_contain_text(receipt["commit"][:10])
        expect(page.get_by_role("region", name="Output")).to_contain_text("payment: all well")
        page = visitor.go("task/pack")
        expect(page.locator(".task-state")).to_contain_text("Blocked")
        expect(page.get_by_role("link", name="Load test with 200 buyers")).to_be_visible()
        page = visitor.go("task/nothing-is-called-so")
        expect(page.get_by_text("No such task")).to_be_visible()


def test_figures_are_those_of_stats(visit: Callable[..., Any], server: Server, shop: Path) -> None:
    with visit(server) as visitor:
        page = visitor.go("figures")
        stats = told(server, "stats")
        expect(page.locator(".tiles")).to_contain_text(f"{round(stats['success_rate'] * 100)}%")
        rows = page.get_by_role("region", name="Processors").locator("tbody tr")
        expect(rows).to_have_count(len(stats["processors"]))
        expect(page.locator(".chart")).to_have_count(3)
        failed = sum(one["failed"] for one in stats["tasks"])
        expect(
            page.get_by_role("img", name=re.compile(f"{stats['runs'] - failed} done, {failed} failed"))
        ).to_be_visible()
        page.get_by_role("button", name="24 h").click()
        expect(page.locator(".tiles")).to_contain_text(f"{round(stats['success_rate'] * 100)}%")


def test_help_lists_the_keys_and_single_letters_can_be_turned_off(page: Page) -> None:
    expect(card(page, "Pack the release")).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Help")
    for says in ("Mark as done", "Add a task", "Undo the last change"):
        expect(dialog.get_by_text(says)).to_be_visible()
    dialog.get_by_label("Single letters do something").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)

"""The supervisor's floor: everybody's state, the line, and what waits to be cleared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dashboards.console_front.driver import Console, Hotline
from tests.dashboards.console_front.floor_samples import floor


@pytest.fixture
def page(open_console: Callable[..., Console]) -> Console:
    opened: Console = open_console(path="/console/floor")
    return opened.until(lambda: opened.page.locator("#agents-body tr").count() == 40)


def cells(page: Console, column: int) -> list[str]:
    return page.page.locator(f"#agents-body tr > :nth-child({column})").all_inner_texts()


def show(hotline: Hotline, **values: object) -> None:
    hotline.set(floor={**floor(), **values})
    hotline.do("tell_floor")


def test_everybody_is_there_with_state_and_time(page: Console) -> None:
    assert len(cells(page, 1)) == 40
    assert any("系统置离" in state for state in cells(page, 4)[:2])
    before = cells(page, 5)[0]
    page.until(lambda: cells(page, 5)[0] != before)


def test_a_state_that_changes_changes_in_its_row(page: Console, hotline: Hotline) -> None:
    changed = floor()
    changed["agents"][0] |= {"state": "break", "state_zh": "休息", "reason_zh": "用餐"}
    show(hotline, agents=changed["agents"])
    page.until(lambda: "用餐" in page.page.locator("#agents-body tr", has_text="1001").inner_text())


def test_one_centre_at_a_time_and_kept_over_a_reload(page: Console) -> None:
    page.page.select_option("#centre", "340200")
    page.until(lambda: 0 < page.page.locator("#agents-body tr").count() < 40)
    shown = page.page.locator("#agents-body tr").count()
    page.page.reload()
    page.until(lambda: page.page.locator("#agents-body tr").count() == shown)
    assert page.page.input_value("#centre") == "340200"


def test_one_state_at_a_time_with_the_keyboard(page: Console) -> None:
    page.page.focus("[data-state=away]")
    page.press("Enter").until(lambda: set(cells(page, 4)) == {"▲ 系统置离"})
    page.press("Enter").until(lambda: len(cells(page, 1)) == 40)


def test_sorted_by_number(page: Console) -> None:
    page.page.click("[data-sort=number]")
    page.until(lambda: cells(page, 1) == sorted(cells(page, 1)))


def test_the_line_shows_places_waits_and_rules(page: Console, hotline: Hotline) -> None:
    first = page.page.locator("#line-body tr").first.inner_text()
    assert "1" in first and "****5678" in first and "断线回来" in first and "06:4" in first
    assert page.text("#waiting") == "9"
    show(hotline, **{key: value for key, value in floor(waiting=0).items() if key in ("line", "centres")})
    page.until(lambda: page.sees("#no-line") and page.text("#waiting") == "0")


def test_callers_on_the_line_and_callbacks_are_told_apart(page: Console, hotline: Hotline) -> None:
    counts = [page.text(f"#{name}") for name in ("waiting", "callbacks-due", "callbacks-scheduled")]
    assert counts == ["9", "5", "12"]
    rows = page.page.locator("#line-body tr").all_inner_texts()
    kept = [row for row in rows if "约的" in row]
    assert len(rows) == 11 and len(kept) == 2 and "正在拨打" in kept[0] and "等着回电" in kept[1]
    # Nobody waits on a telephone there, so no clock runs.
    assert page.page.locator("#line-body tr", has_text="约的").locator("[data-since]").count() == 0
    assert not page.sees("#more-line")


def test_callbacks_to_be_cleared_lead_to_their_page(page: Console, hotline: Hotline) -> None:
    item = page.page.locator("#tasks li", has_text="打满次数没接通")
    assert "打过3次" in item.inner_text()
    assert item.locator("a").get_attribute("href") == "/callbacks?tab=todo#callback-161"
    changed = floor()
    changed["centres"][0]["callbacks_to_clear"] = 12
    show(hotline, centres=changed["centres"])
    page.until(lambda: "还有 10 个要处理的回电" in page.text("#tasks"))
    assert page.text("#tasks-count") == str(12 + 4)
    show(hotline, callbacks=[], centres=[{**row, "callbacks_to_clear": 0} for row in changed["centres"]])
    page.until(lambda: page.text("#tasks-count") == "4")
    assert "打满次数" not in page.text("#tasks")


def test_a_case_is_cleared_with_a_reason(page: Console, hotline: Hotline) -> None:
    item = page.page.locator("#tasks li").first
    item.get_by_text("处理").click()
    page.press("Enter").until(lambda: "处理结果" in page.text("#told"))
    page.page.keyboard.type("已回电解释")
    page.press("Enter").until(lambda: hotline.done("cases/7/close"))
    assert hotline.done("cases/7/close") == [{"do": "cases/7/close", "reason": "已回电解释"}]


def test_a_reason_being_written_is_not_lost_when_the_floor_changes(page: Console, hotline: Hotline) -> None:
    page.page.locator("#tasks li").nth(1).get_by_text("处理").click()
    page.page.keyboard.type("正在")
    show(hotline, agents=floor(seats=12)["agents"])
    page.until(lambda: page.page.locator("#agents-body tr").count() == 12)
    page.page.keyboard.type("核实")
    assert page.page.input_value(".reason-form input") == "正在核实"


def test_what_another_centre_answers_for_cannot_be_cleared_here(page: Console) -> None:
    assert "由负责的中心处理" in page.page.locator("#tasks li").last.inner_text()


def test_freezes_to_be_seen_to_are_counted_and_lead_to_their_page(page: Console, hotline: Hotline) -> None:
    assert not page.sees("#freezes-urgent")
    show(hotline, centres=[{**floor()["centres"][0], "freezes_urgent": 2}])
    page.until(lambda: page.sees("#freezes-urgent"))
    assert "挂失待核实 2" in page.text("#freezes-urgent")
    assert page.page.get_attribute("#freezes-urgent", "href") == "/freezes"


def test_an_empty_floor_says_so(page: Console, hotline: Hotline) -> None:
    hotline.set(floor=floor(0, 0, 0))
    hotline.do("tell_floor")
    page.until(lambda: page.sees("#no-agents") and page.sees("#no-line") and page.sees("#no-tasks"))


def test_a_floor_without_news_says_how_old_it_is(page: Console, hotline: Hotline) -> None:
    hotline.set(is_open=False)
    hotline.do("cut_streams")
    page.until(lambda: "正在重连" in page.text("#banners"))
    hotline.set(is_open=True, is_signed_in=False)
    page.until(lambda: page.sees("#signed-out"))
    hotline.set(is_signed_in=True)
    page.until(lambda: not page.sees("#signed-out") and page.text("#banners") == "")

"""The page of figures in the browser: what it says, how one looks closer, and what it does when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.dashboards.console_front.driver import Console, Hotline

MODULES = """async () => {
    const { periodWords } = await import("/static/province/explore-period.js");
    const { changeOf } = await import("/static/province/explore-words.js");
    const count = { unit: "count" };
    return {
        periods: [["2025-11-21", "2026-11-20"], ["2025-10-03", "2025-11-05"], ["2026-10-03", "2026-11-05"]]
            .map(([since, until]) => periodWords(since, until, "2026-11-20")),
        grown: [[300, 100], [1200, 100], [2239606, 1347]]
            .map(([value, before]) => changeOf(count, { value }, { value: before }).size),
    };
}"""
READY = "#explore:not(.first, .refreshing)"


@pytest.fixture
def page(open_console: Callable[..., Console], hotline: Hotline) -> Console:
    hotline.set(explore={"is_demo": True})
    return shown(open_console(path="/province/explore"))


def shown(console: Console) -> Console:
    console.page.wait_for_selector(READY)
    return console


def asked(console: Console) -> dict[str, Any]:
    query: dict[str, Any] = console.page.evaluate("window.__explore.query")
    return query


def click(console: Console, selector: str) -> Console:
    console.page.click(selector)
    return shown(console)


def test_every_figure_says_what_it_is_made_of(page: Console) -> None:
    assert page.sees("#demo") and "含演示数据" in page.text("#demo")
    assert page.page.locator("#rail .rail-tile").count() == len(page.page.query_selector_all("#figure option")) > 30
    page.page.focus("[data-figure=received]")
    page.press("ArrowDown")
    tip = page.text("#tip")
    assert "综合接通率" in tip and "（人工接通＋自助完成）÷来电" in tip and "分子" in tip and "分母" in tip
    assert page.page.get_attribute("[data-figure=connection_rate]", "aria-describedby") == "tip"
    page.press("Escape")
    assert not page.sees("#tip")
    change = page.text("#hero-change")
    assert any(sign in change for sign in "▲▼") and ("变差" in change or "好转" in change)


def test_the_address_says_everything_and_the_way_back_works(page: Console) -> None:
    click(page, "[data-figure=asa_seconds]")
    assert page.page.input_value("#figure") == "asa_seconds" and "38秒" in page.text("#hero-value")
    page.page.click("#quick button:has-text('上月')")
    page.page.select_option("#compare", "year")
    shown(page)
    address = page.page.url
    assert "since=2026-10-01&until=2026-10-31&figure=asa_seconds&compare=year" in address
    for ending in ("xlsx", "csv"):
        link = str(page.page.get_attribute(f"#export-{ending}", "href"))
        assert link.partition("?")[2] == address.partition("?")[2]
    assert page.page.get_attribute("#export-report", "href") == "/province/report/2026-10.pdf"
    page.page.go_back()
    page.until(lambda: asked(page)["compare"] == "previous")
    page.page.go_back()
    page.until(lambda: asked(page)["since"] == "2026-10-22" and asked(page)["figure"] == "asa_seconds")
    page.page.goto(address)
    assert asked(shown(page))["compare"] == "year" and "对比2025年10月" in page.text("#about")


def test_periods_and_changes_are_told_so_that_nobody_is_misled(page: Console) -> None:
    found = page.page.evaluate(MODULES)
    assert found["periods"] == ["2025年11月21日至2026年11月20日", "2025年10月3日至11月5日", "10月3日至11月5日"]
    assert found["grown"] == ["200%", "12倍", "百倍以上"]
    # Beside this year's days no year is named, and half a day is not silently put beside a whole one.
    assert "对比9月22日至10月21日" in page.text("#about") and "整天" not in page.text("#hero-change")
    click(page, "#quick button:has-text('今天')")
    assert "今天还没过完，对比的是整天" in page.text("#hero-change") and "对比11月19日" in page.text("#about")
    # Those who left the line did not all hang up: some had booked a callback.
    assert "没等到（挂断或改约回电）" in page.text("#waits")


def test_on_paper_no_part_covers_another(page: Console) -> None:
    page.page.emulate_media(media="print")
    page.page.set_viewport_size({"width": 720, "height": 1000})
    assert not page.sees("#rail") and not page.sees("#calls-part")
    parts = page.page.locator(".main-parts, .two, .stacked")
    assert parts.evaluate_all("parts => parts.every((part) => getComputedStyle(part).display === 'block')")


def test_centres_and_subjects_are_ticked_in_panels(page: Console, hotline: Hotline) -> None:
    page.page.click("#pick-subjects summary")
    page.page.click(".branch .fold")
    page.page.check("#subjects-list [value=pension-benefit]")
    assert page.page.evaluate("document.querySelector('#subjects-list [value=pension]').indeterminate")
    page.page.click("#pick-centres summary")
    for code in ("340100", "340200"):
        page.page.check(f'#centres-list [value="{code}"]')
    click(page, "[data-take=centres]")
    last = hotline.done("explore")[-1]
    assert (last["centres"], last["subjects"]) == ("340100,340200", "pension-benefit")
    assert page.page.locator("#ranking .bar").count() == 2
    click(page, "#about .chip:has-text('合肥、芜湖')")
    assert asked(page)["centres"] == [] and asked(page)["subjects"] == ["pension-benefit"]


def test_looking_closer_ends_at_the_single_calls(page: Console, hotline: Hotline) -> None:
    small = page.page.locator('#ranking .bar[data-key="341000"]')
    assert "样本少" not in small.inner_text()
    click(page, '#ranking [data-key="340800"]')
    assert asked(page)["centres"] == ["340800"]
    page.page.click("[data-table=trend]")
    click(page, "#trend-table button:has-text('11月18日')")
    assert (asked(page)["since"], asked(page)["until"]) == ("2026-11-18", "2026-11-18")
    page.page.wait_for_selector("#calls-list tr")
    assert str(page.page.get_attribute("#calls-list a", "href")).startswith("/province/calls/CA")
    page.page.click("#more-calls")
    page.until(lambda: page.page.locator("#calls-list tr").count() == 62 and not page.sees("#more-calls"))
    page.page.select_option("#outcome", "voicemail")
    page.until(lambda: "留言" in page.text("#calls-list tr"))
    assert hotline.done("calls")[-1]["outcome"] == "voicemail" and "outcome=voicemail" in page.page.url


def test_a_point_of_the_trend_is_a_day_and_then_an_hour(page: Console, hotline: Hotline) -> None:
    page.page.locator("#trend canvas").click(position={"x": 500, "y": 120})
    page.until(lambda: asked(page)["since"] == asked(page)["until"])
    shown(page)
    page.page.locator("#trend canvas").click(position={"x": 500, "y": 120})
    page.until(lambda: asked(page)["hour"] != "")
    assert page.sees("#calls-hour") and page.focused == "calls-h"
    day = hotline.done("explore")[-1]["since"]
    assert hotline.done("calls")[-1]["weekday"] == str(date.fromisoformat(day).weekday())


def test_the_hours_of_a_week_are_walked_with_the_arrows(page: Console, hotline: Hotline) -> None:
    page.page.focus(".heat tbody td")
    page.press("ArrowDown", "ArrowRight", "ArrowRight")
    assert "周二 2时" in str(page.page.evaluate("document.activeElement.ariaLabel"))
    before = len(hotline.done("explore"))
    page.press("Enter")
    page.until(lambda: hotline.done("calls") != [])
    assert {"weekday": "1", "hour": "2"}.items() <= hotline.done("calls")[-1].items()
    assert len(hotline.done("explore")) == before and page.focused == "calls-h"


def test_every_picture_is_a_table_too(page: Console) -> None:
    for name in ("trend", "ranking", "heat", "waits", "by-subject", "by-channel"):
        page.page.press(f"[data-table={name}]", "Enter")
        assert page.sees(f"#{name}-table table") and not page.sees(f"#{name}")
    assert page.page.locator("#trend-table tbody tr").count() == 30
    assert page.page.locator("#heat-table tbody td").count() == 7 * 24
    assert "比对比时段" in page.text("#ranking-table")


def test_a_small_sample_is_called_one(page: Console) -> None:
    page.page.click("#quick button:has-text('今天')")
    shown(page)
    assert "样本少" in page.text('#ranking .bar[data-key="341000"]')


def test_a_slow_answer_shows_that_it_is_being_made(page: Console, hotline: Hotline) -> None:
    hotline.set(explore={"is_slow": True})
    page.page.click("[data-figure=satisfaction]")
    page.until(lambda: "正在统计，已经2秒" in page.text("#progress-words"))
    assert page.page.locator("#explore.refreshing").count() == 1 and page.sees("#hero-value")
    hotline.set(explore={})
    shown(page)
    assert not page.sees("#progress") and not page.sees("#demo")


def test_nothing_and_errors_are_sentences(page: Console, hotline: Hotline) -> None:
    hotline.set(explore={"is_empty": True})
    page.page.click("#quick button:has-text('昨天')")
    page.until(lambda: page.sees("#nothing") and "没有来电" in page.text("#nothing") and not page.sees("#body"))
    hotline.set(explore={}, refusal=[503, "现在连不上数据库。"])
    page.page.click("#quick button:has-text('上周')")
    page.until(lambda: "现在连不上数据库" in page.text("#trouble"))
    hotline.set(refusal=None)
    page.page.click("#again")
    page.until(lambda: page.sees("#body") and not page.sees("#trouble"))
    hotline.set(is_signed_in=False)
    page.page.click("#quick button:has-text('上月')")
    page.until(lambda: page.sees("#signed-out"))
    assert "next=%2Fprovince%2Fexplore" in str(page.page.get_attribute("#sign-in", "href"))


def test_a_city_sees_only_itself(open_console: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(explore={"centres": ["340800"]})
    console = shown(open_console(path="/province/explore?centres=340800"))
    assert not console.page.query_selector("#pick-centres")
    assert console.page.locator("#ranking button").count() == 0


def test_nothing_is_cut_off_at_the_side(page: Console) -> None:
    for width, height in ((390, 800), (1366, 768), (1920, 1080)):
        page.page.set_viewport_size({"width": width, "height": height})
        assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width

"""The page of freezes: what is urgent, what can be done, and how old the page is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dashboards.console_front.driver import Console, Hotline
from tests.dashboards.console_front.freeze_samples import freezes
from tests.dashboards.console_front.samples import CENTRES

LATE, SOON, ENDED = 1, 2, 3
NOTHING: dict[str, list[object]] = {"urgent": [], "expiring": [], "recent": []}


@pytest.fixture
def page(open_console: Callable[..., Console]) -> Console:
    console = open_console(path="/freezes")
    console.page.wait_for_selector("#parts:not([hidden])")
    return console


def row(console: Console, table: str, id: int) -> str:
    return console.page.inner_text(f'#{table} tr[data-id="{id}"]')


def deed(table: str, id: int, name: str) -> str:
    return f'#{table} tr[data-id="{id}"] [data-deed="{name}"]'


def look_now(console: Console) -> None:
    """Do not wait for the next look by itself."""
    console.page.evaluate("window.dispatchEvent(new Event('online'))")


def test_the_clock_counts_down_and_is_red_after_the_time(page: Console) -> None:
    assert "过了 01:3" in row(page, "urgent", LATE) and "还有 21:" in row(page, "urgent", SOON)
    colours = [
        page.page.eval_on_selector(f'#urgent tr[data-id="{id}"] [data-due]', "e => getComputedStyle(e).color")
        for id in (LATE, SOON)
    ]
    assert colours[0] != colours[1] and colours[0].startswith("rgb(1")
    before = page.page.inner_text(f'#urgent tr[data-id="{SOON}"] [data-due]')
    page.until(lambda: page.page.inner_text(f'#urgent tr[data-id="{SOON}"] [data-due]') != before)


def test_a_row_says_card_bank_door_status_and_leads_to_its_callback(page: Console) -> None:
    shown = row(page, "urgent", LATE)
    assert all(words in shown for words in ("尾号4001", "徽商银行", "来电按键", "没有查清", "系统查过 7 次"))
    assert page.page.get_attribute(f'#urgent tr[data-id="{LATE}"] a', "href") == "/callbacks?tab=centre#callback-31"
    assert "没有约回电" in row(page, "urgent", SOON)
    assert page.page.is_visible(deed("urgent", LATE, "look")) and not page.page.is_visible(
        deed("urgent", LATE, "clear")
    )
    assert "短信没有通道" in page.text("#no-texts")


def test_the_urgent_count_is_in_the_navigation(page: Console) -> None:
    page.until(lambda: page.sees("[data-freezes]"))
    assert page.text("[data-freezes]") == "待核实 3"


def test_the_badge_is_on_the_other_pages_too(open_console: Callable[..., Console]) -> None:
    console = open_console(path="/callbacks")
    console.until(lambda: console.sees("[data-freezes]") and console.text("[data-freezes]") == "待核实 3")


def test_another_look_is_asked_for_once_and_its_answer_told(page: Console, hotline: Hotline) -> None:
    hotline.set(said="查清了：挂失办成了。")
    page.page.click(deed("urgent", LATE, "look"))
    page.until(lambda: "查清了" in page.text("#told"))
    assert len(hotline.done(f"freezes/{LATE}/look")) == 1


def test_what_the_server_refuses_is_told(page: Console, hotline: Hotline) -> None:
    hotline.set(refusal=[409, "这一条已经有结果了，页面马上更新。"])
    page.page.click(deed("urgent", LATE, "look"))
    page.until(lambda: "已经有结果" in page.text("#told"))


def test_clearing_asks_for_a_reason_first(page: Console, hotline: Hotline) -> None:
    page.page.click(deed("urgent", ENDED, "clear"))
    page.page.click("#why-form [type=submit]")
    assert "请选一个原因" in page.text("#why-wrong")
    page.page.check("#why-reasons [value=other]")
    page.page.click("#why-form [type=submit]")
    assert "请写一句原因" in page.text("#why-wrong") and hotline.done(f"freezes/{ENDED}/clear") == []
    page.page.fill("#why-words", "家属代接")
    page.press("Enter")
    page.until(lambda: not page.sees("#why-dialog"))
    (done,) = hotline.done(f"freezes/{ENDED}/clear")
    assert (done["reason"], done["words"]) == ("other", "家属代接")


def test_who_was_reminded_is_noted(page: Console, hotline: Hotline) -> None:
    page.page.click(deed("expiring", 4, "reminded"))
    page.until(lambda: len(hotline.done("freezes/4/reminded")) == 1)


def test_the_filters_are_the_servers(page: Console, hotline: Hotline) -> None:
    page.page.select_option("#status", "refused")
    page.until(lambda: page.page.locator("#recent tr").count() == 1)
    assert "系统说：该卡已注销" in row(page, "recent", 6) and hotline.do("look")["asked"]["status"] == "refused"
    page.page.select_option("#action", "release")
    page.until(lambda: page.sees("#no-recent"))
    assert "换个条件" in page.text("#no-recent") and page.page.locator("#urgent tr").count() == 3


def test_the_province_chooses_a_centre(open_console: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(callback_centres=CENTRES)
    console = open_console(path="/freezes")
    console.page.wait_for_selector("#urgent tr")
    console.page.select_option("#centre", CENTRES[1]["key"])
    console.until(lambda: hotline.do("look")["asked"].get("centre") == CENTRES[1]["key"])


def test_an_empty_page_says_so(open_console: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(freezes=NOTHING)
    console = open_console(path="/freezes")
    console.until(lambda: console.sees("#no-urgent"))
    assert console.sees("#no-expiring") and "最近30天没有挂失" in console.text("#no-recent")
    assert not console.sees("[data-freezes]")


def test_what_is_new_comes_by_itself_and_the_keyboard_keeps_its_place(page: Console, hotline: Hotline) -> None:
    page.page.focus(deed("urgent", LATE, "look"))
    page.press("ArrowDown")
    assert page.page.evaluate("document.activeElement.closest('tr').dataset.id") == str(SOON)
    world = freezes()
    world["urgent"] = [one | {"looks": 9} for one in world["urgent"][1:]]
    hotline.set(freezes=world)
    page.until(lambda: "系统查过 9 次" in row(page, "urgent", SOON))
    assert page.page.evaluate("document.activeElement.closest('tr').dataset.id") == str(SOON)
    assert page.text("[data-freezes]") == "待核实 2"


def test_without_the_server_the_page_says_how_old_it_is(page: Console, hotline: Hotline) -> None:
    hotline.set(refusal=[503, "现在连不上数据库"])
    look_now(page)
    page.until(lambda: "现在连不上数据库" in page.text("#banners"))
    assert "秒前的情况" in page.text("#banners")
    hotline.set(refusal=None)
    look_now(page)
    page.until(lambda: page.text("#banners") == "")


def test_who_is_signed_out_is_told(page: Console, hotline: Hotline) -> None:
    hotline.set(is_signed_in=False)
    look_now(page)
    page.until(lambda: page.sees("#signed-out"))


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_nothing_is_cut_off_at_the_side(page: Console, size: tuple[int, int]) -> None:
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert page.page.evaluate(
        "document.querySelector('#parts').scrollWidth <= document.querySelector('#parts').clientWidth"
    )
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

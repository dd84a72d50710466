"""The list of callbacks: what is due when, what can be done, and how old the page is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dashboards.console_front.driver import Console, Hotline
from tests.waiting import eventually

LATE, SCHEDULED = 102, 107


class List:
    """The page of callbacks."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.page = console.page
        self.hotline = console.hotline

    def until(self, condition: Callable[[], Any], timeout: float = 15.0) -> List:
        try:
            eventually(condition, timeout)
        except AssertionError:
            shown = [self.page.inner_text("#callbacks")[:600], self.console.errors]
            raise AssertionError(f"never came true; the page shows {shown}") from None
        return self

    @property
    def ids(self) -> list[str]:
        return [str(row) for row in self.page.eval_on_selector_all("#rows tr", "rows => rows.map(r => r.dataset.id)")]

    def row(self, callback: int) -> str:
        return self.page.inner_text(f'#rows tr[data-id="{callback}"]')

    def deed(self, callback: int, deed: str) -> str:
        return f'#rows tr[data-id="{callback}"] [data-deed="{deed}"]'

    def press(self, *keys: str) -> List:
        self.console.press(*keys)
        return self

    def look(self) -> None:
        """Do not wait for the next look by itself."""
        self.page.evaluate("window.dispatchEvent(new Event('online'))")

    @property
    def focus_in(self) -> str:
        return str(self.page.evaluate("document.activeElement?.closest('tr')?.dataset.id ?? ''"))

    @property
    def focused_deed(self) -> str:
        return str(self.page.evaluate("document.activeElement?.dataset.deed ?? ''"))


@pytest.fixture
def open_list(open_console: Callable[..., Console]) -> Callable[..., List]:
    def make(query: str = "?tab=centre", waits_for: str = "#rows tr") -> List:
        opened = List(open_console(path=f"/callbacks{query}"))
        opened.page.wait_for_selector(waits_for)
        return opened

    return make


@pytest.fixture
def page(open_list: Callable[..., List]) -> List:
    return open_list()


def test_a_row_says_when_who_why_and_what_was_tried(page: List) -> None:
    assert len(page.ids) == 14
    late = page.row(LATE)
    assert "排第 3 位" in late and "过了 50分" in late and "138****2419" in late and "没排上约的" in late
    again = page.row(SCHEDULED)
    assert "没人接" in again and "等着再打" in again and "等了" in again and "以后" in again
    colour = page.page.eval_on_selector(f'tr[data-id="{LATE}"] .late', "e => getComputedStyle(e).color")
    assert colour == "rgb(156, 48, 34)"


def test_the_counts_are_on_the_tabs_and_in_the_navigation(page: List) -> None:
    assert page.page.locator("#tabs b").all_inner_texts() == ["4", "14", "4"]
    assert page.page.locator(".nav [data-callbacks]").all_inner_texts() == ["14", "要处理 4"]


def test_tabs_and_the_switch_show_other_lists_and_are_kept_over_a_reload(page: List) -> None:
    page.page.click("[data-tab=mine]")
    page.until(lambda: len(page.ids) == 4)
    page.page.click("[data-ended='1']")
    page.until(lambda: "已回电通话" in page.page.inner_text("#rows"))
    assert page.page.inner_text("#due-h") == "什么时候结束的"
    page.page.click("[data-tab=centre]")
    page.until(lambda: len(page.ids) == 9)
    page.page.reload()
    page.until(lambda: len(page.ids) == 9)
    page.page.click("[data-tab=todo]")
    page.until(lambda: page.page.inner_text("#rows").count("办结") == 4)
    assert "短信没有通道，没有发" in page.page.inner_text("#rows") and not page.page.is_visible("#times")


def test_who_has_nothing_of_the_own_is_shown_the_centre(open_list: Callable[..., List], hotline: Hotline) -> None:
    hotline.do("show_callbacks", count=1)
    page = open_list("")
    assert page.page.get_attribute("[data-tab=centre]", "aria-pressed") == "true" and len(page.ids) == 1


def test_a_call_now_says_what_follows(page: List, hotline: Hotline) -> None:
    hotline.set(said="已排进队伍，有人空闲就打。")
    page.page.click(page.deed(SCHEDULED, "call-now"))
    page.until(lambda: "有人空闲就打" in page.page.inner_text("#told"))
    assert hotline.done(f"callbacks/{SCHEDULED}/call-now")


def test_what_is_refused_is_said_in_the_servers_words(page: List, hotline: Hotline) -> None:
    hotline.set(refusal=[409, "现在不是能打扰人的时间，不能打。"])
    page.page.click(page.deed(SCHEDULED, "call-now"))
    page.until(lambda: "不能打" in page.page.inner_text("#told"))


def test_another_time_with_the_keyboard_alone(page: List, hotline: Hotline) -> None:
    page.page.focus(page.deed(SCHEDULED, "postpone"))
    page.press("Enter").until(lambda: page.page.is_visible("#time-slots input"))
    page.until(lambda: page.page.eval_on_selector("#time-slots input", "e => e === document.activeElement"))
    slots = page.page.eval_on_selector_all("#time-slots input", "all => all.map(e => e.value)")
    assert len(slots) == 3 and "到" in page.page.inner_text("#time-slots")
    page.press("ArrowDown", "Enter").until(lambda: hotline.done(f"callbacks/{SCHEDULED}/postpone"))
    assert hotline.done(f"callbacks/{SCHEDULED}/postpone") == [
        {"do": f"callbacks/{SCHEDULED}/postpone", "slot": slots[1]}
    ]
    page.until(lambda: not page.page.is_visible("#time-dialog"))
    page.until(lambda: page.focus_in == str(SCHEDULED))


def test_more_half_hours_can_be_asked_for_and_a_taken_one_is_said(page: List, hotline: Hotline) -> None:
    page.page.click(page.deed(SCHEDULED, "postpone"))
    page.page.click("#more-slots")
    page.until(lambda: page.page.locator("#time-slots input").count() == 9)
    hotline.set(refusal=[409, "这个时间刚刚约满了，请换一个。"])
    page.page.click("#time-form [type=submit]")
    page.until(lambda: "约满" in page.page.inner_text("#time-wrong"))
    page.press("Escape").until(lambda: not page.page.is_visible("#time-dialog"))


def test_cancelling_asks_why(page: List, hotline: Hotline) -> None:
    page.page.click(page.deed(SCHEDULED, "cancel"))
    page.page.click("#why-go")
    page.until(lambda: "请选一个原因" in page.page.inner_text("#why-wrong"))
    page.page.click("#why-reasons label:has-text('其他')")
    page.page.click("#why-go")
    page.until(lambda: "请写一句原因" in page.page.inner_text("#why-wrong"))
    assert hotline.done(f"callbacks/{SCHEDULED}/cancel") == []
    page.page.fill("#why-words", "搬走了")
    hotline.do("end_callback", id=SCHEDULED)
    page.press("Enter").until(lambda: hotline.done(f"callbacks/{SCHEDULED}/cancel"))
    assert hotline.done(f"callbacks/{SCHEDULED}/cancel") == [
        {"do": f"callbacks/{SCHEDULED}/cancel", "reason": "other", "words": "搬走了"}
    ]
    page.until(lambda: str(SCHEDULED) not in page.ids)
    page.page.click("[data-ended='1']")
    page.until(lambda: str(SCHEDULED) in page.ids)


def test_a_supervisor_clears_with_a_reason(open_list: Callable[..., List], hotline: Hotline) -> None:
    page = open_list("?tab=todo#callback-160")
    page.until(lambda: page.focus_in == "160")
    assert page.focused_deed == "clear"
    page.press("Enter").until(lambda: page.page.is_visible("#why-dialog"))
    assert "打满次数没接通" in page.page.inner_text("#why-about")
    page.page.check("#why-reasons input >> nth=0")
    page.press("Enter").until(lambda: hotline.done("callbacks/160/clear"))
    assert hotline.done("callbacks/160/clear") == [{"do": "callbacks/160/clear", "reason": "reached", "words": ""}]


def test_the_list_is_walked_with_the_arrows(page: List) -> None:
    page.page.focus(page.deed(SCHEDULED, "cancel"))
    page.press("ArrowDown")
    assert (page.focus_in, page.focused_deed) == ("108", "cancel")
    page.press("ArrowUp", "ArrowUp")
    assert (page.focus_in, page.focused_deed) == ("106", "cancel")


def test_a_change_comes_by_itself_and_leaves_the_focus_where_it_was(page: List, hotline: Hotline) -> None:
    page.page.focus(page.deed(SCHEDULED, "cancel"))
    changed = hotline.do("look")["callbacks"]
    row = next(row for row in changed["open"] if row["id"] == SCHEDULED)
    row |= {"status": "waiting", "status_zh": "排队等回电", "position": 1}
    row["may"]["call_now"] = False
    changed["open"].remove(row)
    changed["open"].insert(0, row)
    hotline.set(callbacks=changed)
    page.until(lambda: page.ids[0] == str(SCHEDULED))
    assert "排第 1 位" in page.row(SCHEDULED)
    assert (page.focus_in, page.focused_deed) == (str(SCHEDULED), "cancel")


def test_the_last_four_digits_find_a_caller(page: List) -> None:
    page.press("/").until(lambda: page.console.focused == "tail")
    page.page.keyboard.type("24a19")
    page.until(lambda: page.ids == [str(LATE)])
    page.page.fill("#tail", "9999")
    page.until(lambda: "没有尾号 9999" in page.page.inner_text("#nothing"))
    page.page.fill("#tail", "")
    page.until(lambda: len(page.ids) == 14)


def test_nothing_to_do_says_so(open_list: Callable[..., List], hotline: Hotline) -> None:
    hotline.do("show_callbacks", count=0, ended=0, todo=0)
    page = open_list(waits_for="#nothing")
    page.until(lambda: "现在没有要打的回电" in page.page.inner_text("#nothing"))
    assert not page.page.is_visible("#list") and not page.page.is_visible(".nav [data-callbacks]")
    page.page.click("[data-tab=todo]")
    page.until(lambda: "没有要处理的回电" in page.page.inner_text("#nothing"))


def test_a_long_list_is_shown_in_parts(open_list: Callable[..., List], hotline: Hotline) -> None:
    hotline.do("show_callbacks", count=230)
    page = open_list()
    page.until(lambda: len(page.ids) == 200 and "还有 30 个" in page.page.inner_text("#more-line"))
    page.page.click("#more")
    page.until(lambda: len(page.ids) == 230 and not page.page.is_visible("#more-line"))


def test_a_list_without_news_says_how_old_it_is(page: List, hotline: Hotline) -> None:
    hotline.set(is_open=False)
    page.look()
    page.until(lambda: "秒前的情况" in page.page.inner_text("#banners"))
    assert len(page.ids) == 14
    hotline.set(is_open=True, is_signed_in=False)
    page.look()
    page.until(lambda: page.page.is_visible("#signed-out"))
    hotline.set(is_signed_in=True)
    page.look()
    page.until(lambda: not page.page.is_visible("#signed-out") and page.page.inner_text("#banners") == "")


def test_a_list_that_cannot_be_opened_says_so(open_list: Callable[..., List], hotline: Hotline) -> None:
    hotline.set(refusal=[503, "现在连不上数据库。"])
    page = open_list(waits_for="#banners .banner")
    assert "连不上数据库" in page.page.inner_text("#banners") and "正在重试" in page.page.inner_text("#loading")
    hotline.set(refusal=None)
    page.look()
    page.until(lambda: len(page.ids) == 14 and page.page.inner_text("#banners") == "")


def test_one_centre_at_a_time_for_the_province(open_list: Callable[..., List], hotline: Hotline) -> None:
    centres = [{"key": "340100", "name": "合肥"}, {"key": "340200", "name": "芜湖"}]
    hotline.set(callback_centres=centres, callback_tabs=["centre", "todo"])
    page = open_list()
    assert page.page.locator("#tabs button span").all_inner_texts() == ["全部", "要处理"]
    page.page.select_option("#centre", "340200")
    page.until(lambda: hotline.do("look")["asked"].get("centre") == "340200")
    page.page.reload()
    page.until(lambda: page.page.input_value("#centre") == "340200")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_every_column_is_read_without_scrolling_sideways(page: List, size: tuple[int, int]) -> None:
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.page.eval_on_selector("#scroll", "e => e.scrollWidth <= e.clientWidth")
    # Nothing that is pressed is cut, and the buttons of a row stand in one line.
    tops = page.page.eval_on_selector_all(
        f'tr[data-id="{SCHEDULED}"] [data-deed]', "all => all.map(e => Math.round(e.getBoundingClientRect().top))"
    )
    assert len(tops) == 3 and len(set(tops)) == 1

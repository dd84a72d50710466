"""The supervisors' page of cases in the browser: what is red, what can be cleared, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dashboards.console_front.driver import Console, Hotline
from tests.dashboards.console_front.samples import CENTRES


@pytest.fixture
def page(open_console: Callable[..., Console]) -> Console:
    console = open_console(path="/cases/board")
    console.page.wait_for_selector("#parts:not([hidden])")
    return console


def row(console: Console, table: str, id: int | str) -> str:
    return console.page.inner_text(f'#{table} tr[data-id="{id}"]')


def test_the_figures_say_what_they_are_made_of(page: Console) -> None:
    assert page.text("#rate-week b") == "92.5%" and page.text("#rate-week small") == "到期 40 件，按时 37 件"
    assert "到期的：" in str(page.page.get_attribute("#rate-week", "title"))
    page.page.click("details summary")
    assert "没有答复就办结的" in page.text("details p")
    assert page.page.locator("#plot g").count() == 30 and page.page.locator("#plot .late").count() > 5
    assert "11月20日：到期" in str(page.page.locator("#plot g title").last.text_content())
    assert page.page.locator("#plot-table tbody tr").count() == 30


def test_the_lists_count_down_and_lead_to_their_cases(page: Console) -> None:
    late = row(page, "overdue", 1001)
    assert all(words in late for words in ("过了 2天", "投诉", "已报省厅", "催了2次", "督办", "清除"))
    assert "已经答复" in row(page, "overdue", 1002) and "在等税务部门回复" in row(page, "overdue", 1003)
    assert "清除" not in row(page, "overdue", 1003)
    assert "还有 2小时" in row(page, "due_today", 1005) and "（暂定）" in row(page, "due_today", 1006)
    assert "过了 1小时" in row(page, "handed", 1007) and "没有人" in row(page, "unowned", 1008)
    assert page.page.get_attribute('#overdue tr[data-id="1001"] a', "href") == "/cases/1001"
    assert page.text("#count-with_province") == "1"
    page.page.click("#count-with_province")
    assert page.focused == "overdue-h"
    page.page.click('.board-counts a[href="#handed-h"]')
    assert page.focused == "handed-h"
    assert page.page.get_attribute(".nav [aria-current]", "href") == "/cases/board"


def test_clearing_asks_for_a_reason_first(page: Console, hotline: Hotline) -> None:
    page.page.click('#overdue tr[data-id="1001"] [data-deed="clear"]')
    page.page.click("#clear-form [type=submit]")
    assert "请选一个原因" in page.text("#clear-wrong")
    page.page.check("#clear-reasons [value=waiting]")
    page.page.fill("#clear-words", "税务局")
    page.press("Enter")
    page.until(lambda: not page.sees("#clear-dialog"))
    (done,) = hotline.done("cases/1001/do/clear")
    assert done["words"] == "在等别的部门，已告诉来电人：税务局"
    page.until(lambda: "办好了" in page.text("#told"))


def test_what_the_server_refuses_stays_in_the_dialog(page: Console, hotline: Hotline) -> None:
    page.page.click('#people tr[data-id="2"] [data-deed="deputy"]')
    page.page.select_option("#deputy-who", "3")
    hotline.set(refusal=[422, "请选代到哪一天。"])
    page.page.click("#deputy-form [type=submit]")
    page.until(lambda: "请选代到哪一天" in page.text("#deputy-wrong"))


def test_a_deputy_is_set_and_ended(page: Console, hotline: Hotline) -> None:
    assert "1002吴涛" in row(page, "people", 1) and "38/40" in row(page, "people", 1)
    assert "没有到期的" in row(page, "people", 2)
    page.page.click('#people tr[data-id="2"] [data-deed="deputy"]')
    assert page.page.locator("#deputy-who option").all_inner_texts() == ["请选", "1001赵磊", "1003周平"]
    page.page.select_option("#deputy-who", "3")
    page.page.fill("#deputy-until", "2030-01-02")
    page.page.click("#deputy-form [type=submit]")
    page.until(lambda: not page.sees("#deputy-dialog"))
    (done,) = hotline.done("deputies")
    assert (done["agent_id"], done["deputy_id"], done["until"]) == (2, 3, "2030-01-02")
    page.page.click('#people tr[data-id="1"] [data-deed="deputy"]')
    page.page.click("#deputy-end")
    page.until(lambda: len(hotline.done("deputies/1/end")) == 1)


def test_the_province_has_all_centres_in_one_table(open_console: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(callback_centres=CENTRES)
    console = open_console(path="/cases/board")
    console.page.wait_for_selector("#centres tr")
    assert "92.5%" in row(console, "centres", "340100") and not console.sees("#people-part")
    assert console.page.get_attribute("#centres a", "href") == "/cases?centre=340100"
    console.page.select_option("#centre", "340200")
    console.until(lambda: hotline.do("look")["asked"].get("centre") == "340200" and console.sees("#people-part"))
    assert not console.sees("#centres-part")


def test_an_empty_page_shows_no_figure_of_nothing(open_console: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(is_board_empty=True)
    console = open_console(path="/cases/board")
    console.until(lambda: console.sees("#no-overdue"))
    assert console.text("#rate-week b") == "没有到期的" and console.text("#rate-week small") == ""
    assert console.sees("#no-unowned") and console.sees("#no-to_decide")


def test_without_the_server_the_page_says_how_old_it_is(page: Console, hotline: Hotline) -> None:
    hotline.set(refusal=[503, "现在连不上数据库"])
    page.page.evaluate("window.dispatchEvent(new Event('online'))")
    page.until(lambda: "现在连不上数据库" in page.text("#banners") and "前的情况" in page.text("#banners"))
    hotline.set(refusal=None, is_signed_in=False)
    page.page.evaluate("window.dispatchEvent(new Event('online'))")
    page.until(lambda: page.sees("#signed-out"))


@pytest.mark.parametrize("size", [(390, 800), (1366, 768), (1920, 1080)])
def test_nothing_is_cut_off_at_the_side(page: Console, size: tuple[int, int]) -> None:
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size[0] > 1000:
        wide = "[...document.querySelectorAll('.wide')].every((e) => e.scrollWidth <= e.clientWidth)"
        assert page.page.evaluate(wide)

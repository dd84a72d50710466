"""The list of cases and the page of one: what is shown, chosen and done, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dashboards.console_front.case_samples import case
from tests.dashboards.console_front.driver import Console, Hotline

LATE, MINE = 1001, 1003


@pytest.fixture
def page(open_console: Callable[..., Console]) -> Console:
    console = open_console(path="/cases?tab=all")
    console.page.wait_for_selector("#rows tr")
    return console


@pytest.fixture
def one(open_console: Callable[..., Console]) -> Console:
    console = open_console(path="/cases/1001")
    console.page.wait_for_selector("#deeds button")
    return console


def row(console: Console, id: int) -> str:
    return console.page.inner_text(f'#rows tr[data-id="{id}"]')


def picked(console: Console) -> list[int]:
    return list(console.page.evaluate("window.__cases.picked"))


def look_now(console: Console) -> None:
    """Do not wait for the next look by itself."""
    console.page.evaluate("window.dispatchEvent(new Event('online'))")


def focused_row(console: Console) -> str:
    return str(console.page.evaluate("document.activeElement.closest('tr')?.dataset.id ?? ''"))


# the list


def test_a_row_says_date_number_words_owner_and_flags(page: Console) -> None:
    late = ("▲ 超期1天", "1001", "投诉", "尾号5001", "吴涛", "催办×2", "督办")
    assert all(words in row(page, LATE) for words in late)
    assert "转写中" in row(page, MINE) and "我" in row(page, MINE)
    assert "建议" in row(page, 1004) and "您代办" in row(page, 1004) and "匿名" in row(page, 1005)
    assert "无法使用的录音" in row(page, 1002)
    assert page.text('[data-tab="overdue"]').split() == ["超期", "2"]
    page.until(lambda: page.sees("[data-cases]"))
    assert page.text("[data-cases]") == "今天 2"


def test_the_address_holds_what_is_looked_at(
    page: Console, open_console: Callable[..., Console], hotline: Hotline
) -> None:
    page.page.click('[data-tab="today"]')
    page.page.select_option("select[name=kind]", "report")
    page.until(lambda: page.page.locator("#rows tr").count() == 1)
    assert page.page.url.endswith("?tab=today&kind=report")
    again = open_console(path="/cases?tab=today&kind=report")
    again.until(lambda: again.page.locator("#rows tr").count() == 1)
    assert hotline.do("look")["asked"]["kind"] == "report"
    again.page.click("#no-filters")
    again.until(lambda: again.page.locator("#rows tr").count() > 1)


def test_a_case_is_found_by_number_and_tail(page: Console) -> None:
    page.press("/")
    page.page.keyboard.type("5003")
    page.until(lambda: page.page.locator("#rows tr").count() == 1)
    assert "1003" in page.text("#rows")
    page.press("Escape")
    page.until(lambda: page.page.locator("#rows tr").count() == 20)
    page.page.fill("#search", "7777")
    page.until(lambda: "没有编号或尾号是 7777" in page.text("#nothing"))


def test_cases_are_chosen_with_the_keyboard_and_handed_out(page: Console, hotline: Hotline) -> None:
    page.page.focus('tr[data-id="1002"] a')
    page.press("x", "ArrowDown", "ArrowDown", "ArrowDown", "x")
    assert picked(page) == [1002, 1005] and page.text("#bulk-count") == "选了 2 件"
    page.page.click('#bulk-deeds [data-deed="assign"]')
    page.until(lambda: page.sees("#deed-dialog"))
    page.page.click("#deed-go")
    assert "请选一个人" in page.text("#deed-wrong")
    page.page.check('#deed-fields [value="18"]')
    page.page.click("#deed-go")
    page.until(lambda: not page.sees("#bulk"))
    (done,) = hotline.done("cases/bulk")
    assert (done["deed"], done["ids"], done["agent"]) == ("assign", [1002, 1005], 18)


def test_shift_takes_all_between_and_only_what_all_allow_is_offered(page: Console, hotline: Hotline) -> None:
    page.page.click('tr[data-id="1001"] input')
    page.page.click('tr[data-id="1003"] input', modifiers=["Shift"])
    assert picked(page) == [1001, 1002, 1003]
    assert page.page.is_disabled('#bulk-deeds [data-deed="take"]')
    assert page.page.is_enabled('#bulk-deeds [data-deed="transfer"]')
    hotline.set(said="转办了2件。办件1002没有办成：变了。", bulk_failed=[{"id": 1002, "why": "变了。"}])
    page.page.click('#bulk-deeds [data-deed="transfer"]')
    page.page.select_option("#deed-fields [name=centre]", "340200")
    page.page.fill("#deed-fields textarea", "在芜湖参保")
    page.press("Control+Enter")
    page.until(lambda: "1002没有办成" in page.text("#told"))
    assert picked(page) == [1001, 1002, 1003]
    page.press("Escape")
    assert picked(page) == []


def test_more_are_added_below_and_what_is_chosen_stays(page: Console, hotline: Hotline) -> None:
    page.page.click('tr[data-id="1002"] input')
    page.page.click("#more")
    page.until(lambda: page.page.locator("#rows tr").count() == 40)
    assert not page.sees("#more-line") and picked(page) == [1002]
    page.page.focus('tr[data-id="1030"] a')
    world = [one | {"words": "新的话"} for one in hotline.do("look")["cases"]]
    hotline.set(cases=world)
    look_now(page)
    page.until(lambda: "新的话" in row(page, 1030))
    assert focused_row(page) == "1030" and picked(page) == [1002]
    hotline.set(cases=[one for one in world if one["id"] != 1030])
    look_now(page)
    page.until(lambda: page.page.locator("#rows tr").count() == 39)
    assert focused_row(page) == "1031"


def test_an_empty_list_an_old_one_and_a_lost_one_say_so(open_console: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(cases=[])
    console = open_console(path="/cases")
    console.until(lambda: console.sees("#nothing"))
    assert "您手上没有要办的" in console.text("#nothing") and not console.sees("[data-cases]")
    hotline.set(refusal=[503, "现在连不上数据库"])
    look_now(console)
    console.until(lambda: "现在连不上数据库" in console.text("#banners"))
    hotline.set(refusal=None, is_signed_in=False)
    look_now(console)
    console.until(lambda: console.sees("#signed-out"))


# the page of a case


def test_the_page_says_everything_and_shows_the_number_on_demand(one: Console, hotline: Hotline) -> None:
    assert "今天17:30前答复" in one.text("#due-line") and "尾号5678" in one.text("#facts")
    assert "建议" in one.text("#facts") and "没有答复到" in one.text("#history") and "半天再打" in one.text("#rule")
    one.until(lambda: "养老金" in one.text(".message"))
    assert hotline.done("cases/1001/number") == []
    one.press("n")
    one.until(lambda: one.text("#number") == "13855115678")


def test_single_keys_do_what_their_buttons_say_and_nothing_while_one_types(one: Console, hotline: Hotline) -> None:
    one.press("j")
    one.until(lambda: len(hotline.done("cases/1001/do/take")) == 1)
    one.press("b")
    one.until(lambda: one.sees("#deed-dialog"))
    one.page.keyboard.type("jd打过了")
    one.press("Control+Enter")
    one.until(lambda: len(hotline.done("cases/1001/do/note")) == 1)
    assert hotline.done("cases/1001/do/note")[0]["words"] == "jd打过了"
    assert len(hotline.done("cases/1001/do/take")) == 1 and hotline.done("cases/1001/do/dial") == []
    one.until(lambda: not one.sees("#deed-dialog"))
    # What waits for something says for what, and cannot be pressed.
    one.press("w")
    assert not one.sees("#deed-dialog") and "先按" in str(one.page.get_attribute('[data-deed="close"]', "title"))


def test_dialling_is_one_key_and_its_state_is_on_the_page(one: Console, hotline: Hotline) -> None:
    one.press("d")
    one.until(lambda: len(hotline.done("cases/1001/do/dial")) == 1)
    ringing = {"kind": "call", "stage": "ringing", "zh": "来电人的电话在响"}
    hotline.set(case=case(attempt=ringing, may={"dial": "正在联系来电人，先等这一次的结果。"}))
    look_now(one)
    one.until(lambda: "来电人的电话在响" in one.text("#attempt"))
    assert one.text("#attempt [aria-current=step]") == "响铃" and "工作台" in one.text("#attempt")


def test_the_talk_just_had_is_the_answer_once_one_has_agreed(one: Console, hotline: Hotline) -> None:
    one.press("y")
    one.until(lambda: one.sees("#deed-dialog"))
    assert "通话满10秒" in one.text("#deed-about") and hotline.done("cases/1001/do/talk") == []
    one.page.click("#deed-go")
    one.until(lambda: len(hotline.done("cases/1001/do/talk")) == 1)


def test_a_subject_is_found_by_its_first_letters(one: Console, hotline: Hotline) -> None:
    one.press("t")
    one.page.keyboard.type("tqgz")
    one.press("Enter")
    one.until(lambda: len(hotline.done("cases/1001/do/subject")) == 1)
    assert hotline.done("cases/1001/do/subject")[0]["subject"] == "labour-wage"


def test_what_the_server_refuses_is_said_where_one_looks(one: Console, hotline: Hotline) -> None:
    one.press("z")
    one.page.select_option("#deed-fields [name=centre]", "340200")
    one.page.click("#deed-go")
    assert "请写一句为什么转办" in one.text("#deed-wrong")
    one.page.fill("#deed-fields textarea", "在芜湖参保")
    hotline.set(refusal=[409, "这一件的情况已经变了。"])
    one.page.click("#deed-go")
    one.until(lambda: "情况已经变了" in one.text("#deed-wrong"))


def test_a_case_that_went_elsewhere_says_so(one: Console, hotline: Hotline) -> None:
    hotline.set(refusal=[404, "没有这一件。"])
    look_now(one)
    one.until(lambda: "已经不在您的范围里" in one.text("#banners"))
    one.press("j")
    assert hotline.done("cases/1001/do/take") == []


@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (1920, 1080)])
@pytest.mark.parametrize("path", ["/cases?tab=all", "/cases/1001"])
def test_nothing_is_cut_off_at_the_side(open_console: Callable[..., Console], path: str, size: tuple[int, int]) -> None:
    console = open_console(path=path)
    console.page.wait_for_selector("#rows tr, #deeds button")
    console.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert console.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inner = "[...document.querySelectorAll('#scroll, #parts')].every((part) => part.scrollWidth <= part.clientWidth)"
    assert console.page.evaluate(inner)

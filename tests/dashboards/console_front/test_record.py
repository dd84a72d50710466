"""The record of a talk: three keys for the usual case, saved as it is typed, never taken away under the hands."""

from __future__ import annotations

from tests.dashboards.console_front.driver import Console, Hotline


def last_saved(hotline: Hotline) -> dict[str, object]:
    return {key: value for key, value in hotline.done("wrap-up")[-1].items() if key != "do"}


def wrap_up(console: Console, hotline: Hotline) -> Console:
    console.talk()
    hotline.do("end_talk")
    return console.until(lambda: console.state == "wrap_up")


def test_three_keys_finish_the_usual_case(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline).press("1", "2", "Enter").until(lambda: console.state == "available")
    assert last_saved(hotline) == {
        "offer": "o1",
        "subject": "pension-retirement",
        "disposition": "referred",
        "note": "",
    }
    assert len(hotline.done("finish")) == 1


def test_a_record_is_not_finished_without_subject_and_disposition(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline).press("Enter").until(lambda: "事项" in console.text("#told"))
    console.press("2", "Enter").until(lambda: "结果" in console.text("#told"))
    assert hotline.done("finish") == [] and console.state == "wrap_up"


def test_a_subject_is_found_by_the_first_letters_of_its_pinyin(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline).press("0").until(lambda: console.focused == "subject-filter")
    console.page.keyboard.type("gsrd")
    console.press("Enter", "1", "Enter").until(lambda: console.state == "available")
    assert last_saved(hotline)["subject"] == "labour-injury"


def test_a_subject_is_found_by_its_characters_and_other_words(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline).press("0")
    console.page.fill("#subject-filter", "欠薪")
    assert console.page.locator("[role=option]").all_inner_texts() == ["拖欠工资"]
    console.page.fill("#subject-filter", "没有的")
    assert console.sees("#no-subject")


def test_a_choice_can_be_taken_back(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline).press("1", "2", "Backspace", "Backspace", "3", "1", "Enter")
    console.until(lambda: console.state == "available")
    assert (last_saved(hotline)["subject"], last_saved(hotline)["disposition"]) == ("pension-benefit", "answered")


def test_a_note_is_saved_as_it_is_typed(console: Console, hotline: Hotline) -> None:
    console.talk().press("Alt+n").page.keyboard.type("问退休年龄")
    assert console.text("#saved") == "未保存"
    console.until(lambda: console.text("#saved") == "已保存")
    assert last_saved(hotline)["note"] == "问退休年龄"


def test_a_note_that_could_not_be_saved_survives_a_reload(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline)
    hotline.set(is_open=False)
    console.press("Alt+n").page.keyboard.type("网络断了也要留住")
    console.until(lambda: "没存上" in console.text("#saved"))
    hotline.set(is_open=True)
    console.page.reload()
    console.until(lambda: console.state == "wrap_up" and console.page.input_value("#note") == "网络断了也要留住")
    console.until(lambda: console.text("#saved") == "已保存")
    assert last_saved(hotline)["note"] == "网络断了也要留住"


def test_what_the_server_refuses_is_said_and_not_sent_again_and_again(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline)
    hotline.set(refusal=[422, "备注太长。"])
    console.press("Alt+n").page.keyboard.type("长")
    console.until(lambda: "备注太长" in console.text("#saved"))
    assert hotline.done("wrap-up") == []
    hotline.set(refusal=None)
    console.page.keyboard.type("短")
    console.until(lambda: console.text("#saved") == "已保存")


def test_a_record_is_closed_only_when_it_is_saved(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline).press("1", "1").until(lambda: console.text("#saved") == "已保存")
    hotline.set(refusal=[503, "现在连不上数据库。"])
    console.press("Alt+n").page.keyboard.type("还有")
    console.press("Control+Enter").until(lambda: "还没有存上" in console.text("#told"))
    assert hotline.done("finish") == []


def test_time_running_out_does_not_take_a_note_away_from_who_is_typing(console: Console, hotline: Hotline) -> None:
    wrap_up(console, hotline).press("Alt+n").page.keyboard.type("还没")
    hotline.do("change", state="available", wrap_up=None)
    console.until(lambda: console.text("#record-title") == "上一通的记录")
    console.page.keyboard.type("写完")
    console.ring(offer_id="o2", agent_call_sid="CAb")
    assert console.focused == "note" and console.page.input_value("#note") == "还没写完"
    console.until(lambda: console.text("#saved") == "已保存")
    assert last_saved(hotline) == {"offer": "o1", "subject": None, "disposition": None, "note": "还没写完"}
    console.press("F8").until(lambda: console.phase == "talk")
    console.press("Escape").until(lambda: console.text("#record-title") == "通话记录")
    assert console.page.input_value("#note") == ""


def test_suggestions_stand_where_they_stood_during_the_talk(console: Console, hotline: Hotline) -> None:
    console.talk()
    talking = console.page.locator("#offered button").all_inner_texts()
    hotline.do("end_talk")
    console.until(lambda: console.state == "wrap_up")
    assert console.page.locator("#offered button").all_inner_texts() == talking
    assert len(talking) == 3

"""Asking to be rung, by the carrier's signed webhooks on the real database: in the line, by key 7, when it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from integrations.work_calendar import SHANGHAI, in_shanghai
from ivr.asked import Asked
from ivr.service import Line
from queueing.callbacks import Booked
from tests.caller import Caller
from tests.ivr.callbacks.conftest import WUHU, WUHU_NUMBER
from tests.queueing.callback_scene import LI_QIANG, WANG_FANG, CallbackScene

Rings = Callable[..., Caller]
PROVINCE_NUMBER = "+8655112333"


def waits(rings: Rings, scene: CallbackScene, minutes: float = 5.1, **values: Any) -> Caller:
    """A caller who has pressed 0 and waited so long, and has just been told how it stands."""
    caller = rings(**values).press("0")
    scene.passes(minutes * 60)
    return caller.wait()


def request(scene: CallbackScene) -> tuple[Any, ...]:
    """centre, source, status, number_tail, end_reason of the only request."""
    [row] = scene.rows("SELECT centre, source, status, number_tail, end_reason FROM callback")
    return tuple(row)


def outcome(scene: CallbackScene, caller: Caller) -> str | None:
    return scene.rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid)[0][0]


def said(caller: Caller) -> str:
    return "".join(caller.heard[-8:])


def test_it_is_offered_once_the_wait_is_long_and_only_once(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = rings().press("0")
    assert not any("不想等" in words for words in caller.heard)
    scene.passes(301)
    caller.wait()
    assert "不想等，请按一，位置给您留着，到您了我们打过去。留言，请按二。接着等，不用按。" in "".join(caller.heard)
    before = len(caller.heard)
    scene.passes(60)
    caller.wait()
    assert not any("不想等" in words for words in caller.heard[before:])


def test_key_one_and_silence_books_this_number_and_keeps_the_place(
    busy: int, rings: Rings, scene: CallbackScene
) -> None:
    caller = waits(rings, scene)
    arrived = scene.rows("SELECT arrived_at, rank_at FROM queue_entry")
    caller.press("1").wait().wait()
    assert caller.is_over and "记好了。轮到您就打，显示的号码是零五五三幺二三三三。" in caller.heard
    assert "我们不会要密码、验证码，也不会让您转账。" in caller.heard
    assert request(scene) == (WUHU, "line", "scheduled", "2345", None)
    assert scene.rows("SELECT arrived_at, rank_at FROM callback") == arrived
    assert scene.rows("SELECT status, end_reason FROM queue_entry") == [("ended", "callback")]
    assert outcome(scene, caller) == "callback_requested"


def test_the_tail_is_spoken_digit_by_digit(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene, caller="+8613855111100").press("1")
    assert "尾号幺幺零零" in said(caller)


def test_hanging_up_while_we_ask_is_a_yes(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene).press("1")
    assert scene.rows("SELECT wants_callback FROM queue_entry") == [(True,)]
    caller.hang_up()
    assert request(scene) == (WUHU, "line", "scheduled", "2345", None)
    assert outcome(scene, caller) == "callback_requested"


def test_another_number_is_sealed_wherever_it_is_kept(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene).press("1").press("2").press("13955167890")
    assert "您按的是幺三九五，五幺六七，八九零。" in said(caller)
    caller.press("1").press("1")
    assert request(scene)[3] == "7890" and caller.is_over
    [(sealed, number_hash, asker)] = scene.rows("SELECT number_sealed, number_hash, asker_hash FROM callback")
    assert scene.services.sealer.open(bytes(sealed), "callback.number") == LI_QIANG
    assert bytes(number_hash) == scene.callbacks.fingerprint(LI_QIANG)
    assert bytes(asker) == scene.callbacks.fingerprint(WANG_FANG)
    for reply, keys in scene.rows("SELECT reply, coalesce(keys, '') FROM call_step"):
        assert b"13955167890" not in bytes(reply) and "五幺六七".encode() not in bytes(reply)
        assert "13955167890" not in keys
    assert scene.rows("SELECT count(*) FROM call_session WHERE private IS NOT NULL AND state LIKE '%%7890%%'") == [(0,)]


def test_a_number_that_is_withheld_is_asked_for(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene, caller="anonymous").press("1")
    assert "您现在的号码，我们打不回去。" in said(caller)
    caller.press("055162999888").press("1").wait()
    assert request(scene)[3] == "9888"


def test_a_half_hour_of_the_callers_own(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene).press("1").press("1").press("2")
    assert "今天上午十点半到十一点，请按一。" in caller.heard and "十一点到十一点半，请按二。" in caller.heard
    caller.press("2")
    [(since, until)] = scene.rows("SELECT slot_from, slot_until FROM callback")
    assert in_shanghai(since) == datetime(2026, 11, 23, 11, tzinfo=SHANGHAI) and until - since == timedelta(minutes=30)
    assert "记好了。今天上午十一点到十一点半打给您，显示的号码是零五五三幺二三三三。" in caller.heard


def test_a_half_hour_that_was_just_taken_is_offered_no_more(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene).press("1").press("1").press("2")
    slot = scene.callbacks.slots(WUHU)[0].since
    for n in range(4):
        scene.books(f"other{n}", slot, f"+861390000000{n}", centre=WUHU, source="menu")
    caller.press("1")
    assert "这个时间刚刚约满，请另挑一个。" in caller.heard
    assert "今天上午十一点到十一点半，请按一。" in caller.heard
    caller.wait()
    assert scene.callback().slot_from == slot + timedelta(minutes=30)


def test_a_consultant_who_was_first_wins(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene).press("1").press("1")
    scene.desk.ready(busy)
    scene.works()
    scene.answers("2001")
    caller.press("1")
    assert "正在为您接通，请不要挂机。" in caller.heard
    assert scene.rows("SELECT count(*) FROM callback") == [(0,)]


def test_whoever_is_rung_for_the_caller_is_told_when_he_would_rather_be_rung(
    busy: int, rings: Rings, scene: CallbackScene
) -> None:
    caller = waits(rings, scene).press("1").press("1")
    scene.desk.ready(busy)
    scene.works()
    assert scene.offer("2001")
    caller.press("1")
    assert scene.offer("2001") is None and scene.state("2001") == ("available", None)
    assert request(scene)[2] == "scheduled"


def test_a_repeated_webhook_books_once(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = waits(rings, scene).press("1").press("1").press("1")
    url, form, document = caller.history[-1]
    assert caller.request(url, form) == (200, document)
    assert request(scene)[2] == "scheduled"


def test_a_booking_whose_answer_was_lost_is_found_again(
    busy: int, rings: Rings, scene: CallbackScene, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = line.callbacks.book

    def once(*asking: Any) -> Booked:
        monkeypatch.setattr(line.callbacks, "book", book)
        book(*asking)
        raise psycopg.OperationalError("away")

    caller = waits(rings, scene).press("1").press("1")
    monkeypatch.setattr(line.callbacks, "book", once)
    caller.press("1")
    assert caller.is_over and "记好了" in said(caller)
    assert request(scene)[2] == "scheduled" and outcome(scene, caller) == "callback_requested"


def test_key_seven_books_without_a_line(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = rings().press("2").press("1").press("*").press("*").press("7").press("2").press("1").press("1")
    assert caller.is_over and request(scene)[:2] == (WUHU, "menu")
    # What was listened to before says what it is about.
    assert scene.rows("SELECT skill, asked FROM callback") == [("pension", "recordings/pension")]


def test_key_seven_tells_where_one_stands_moves_and_cancels(busy: int, rings: Rings, scene: CallbackScene) -> None:
    rings().press("7").press("2").press("1").press("1")
    caller = rings().press("7").press("2")
    assert "您已经约过回电，轮到您就打。" in caller.heard
    caller.press("2").press("1")
    assert "改好了。今天上午十点半到十一点打给您。" in caller.heard
    assert in_shanghai(scene.callback().slot_from or scene.at).minute == 30
    caller = rings().press("7").press("2")
    assert "您已经约过回电，时间是今天上午十点半到十一点。" in caller.heard
    caller.press("3")
    assert request(scene)[4] is None
    caller.press("1")
    assert "回电取消了。" in caller.heard and request(scene)[4] == "caller_cancelled"
    caller.hang_up()
    assert outcome(scene, caller) == "self_served"


def test_key_seven_counts_those_ahead(busy: int, rings: Rings, scene: CallbackScene) -> None:
    for number in ("+8613900000001", WANG_FANG):
        rings(caller=number).press("7").press("2").press("1").press("1")
    scene.comes_due(30)
    assert "您已经约过回电，前面还有一位。" in rings().press("7").press("2").heard
    assert "您已经约过回电，下一个就打给您。" in rings(caller="+8613900000001").press("7").press("2").heard


def test_key_seven_knows_another_telephone_nothing_of_it(busy: int, rings: Rings, scene: CallbackScene) -> None:
    rings().press("7").press("2").press("1").press("1")
    assert "打您现在这个号码" in said(rings(caller=LI_QIANG).press("7").press("2"))
    assert "打您现在这个号码" not in said(rings(caller="anonymous").press("7").press("2"))


def test_the_provinces_key_seven_finds_the_callback_of_a_city(
    busy: int, rings: Rings, scene: CallbackScene, line: Line
) -> None:
    scene.seat("3001", "340000")
    rings().press("7").press("2").press("1").press("1")
    caller = rings(dialled=PROVINCE_NUMBER).press("2").press("7").press("2")
    assert "您已经约过回电，轮到您就打。" in caller.heard
    caller.press("0")
    assert request(scene)[4] == "joined"
    assert scene.rows("SELECT centre, call_sid FROM queue_entry WHERE ended_at IS NULL") == [(WUHU, caller.sid)]


@pytest.mark.parametrize("keys", ["2", "-"])
def test_zero_of_somebody_who_is_to_be_rung_takes_the_place_and_never_both(
    busy: int, rings: Rings, scene: CallbackScene, keys: str
) -> None:
    waits(rings, scene).press("1").press("1").press("1")
    [(arrived,)] = scene.rows("SELECT arrived_at FROM callback")
    scene.comes_due(60)
    caller = rings().press("0")
    assert "接着等回电，请按一；现在就排队，请按二，位置不变。" in caller.heard
    assert len(scene.rows("SELECT 1 FROM queue_entry WHERE ended_at IS NULL")) == 1
    caller.press(keys) if keys != "-" else caller.wait()
    assert request(scene)[4] == "joined"
    [(call_sid, arrived_at)] = scene.rows("SELECT call_sid, arrived_at FROM queue_entry WHERE ended_at IS NULL")
    assert (call_sid, arrived_at) == (caller.sid, arrived)


def test_zero_and_one_waits_for_the_callback(busy: int, rings: Rings, scene: CallbackScene) -> None:
    rings().press("7").press("2").press("1").press("1")
    caller = rings().press("0").press("1")
    assert caller.is_over and "好的，请等我们的电话。" in caller.heard
    assert request(scene)[2] == "scheduled"
    assert scene.rows("SELECT count(*) FROM queue_entry") == [(0,)]


def test_a_silent_caller_who_is_to_be_rung_is_not_in_the_line_twice(
    busy: int, rings: Rings, scene: CallbackScene
) -> None:
    rings().press("7").press("2").press("1").press("1")
    rings().wait().wait().wait()
    assert request(scene)[4] == "joined"
    assert len(scene.rows("SELECT 1 FROM queue_entry WHERE ended_at IS NULL")) == 1


def test_whoever_waited_as_long_as_anybody_may_is_rung_unasked(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = rings().press("0")
    scene.passes(1801)
    caller.wait()
    assert "让您久等了，对不起。位置给您留着，轮到您了我们打给您，尾号二三四五。" in caller.heard and caller.is_over
    assert request(scene)[:4] == (WUHU, "limit", "scheduled", "2345")
    assert outcome(scene, caller) == "callback_requested"


def test_the_place_that_is_kept_is_that_of_the_first_arrival(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = rings().press("0")
    place = scene.rows("SELECT arrived_at, rank_at FROM queue_entry")
    scene.passes(1801)
    caller.wait()
    assert scene.rows("SELECT arrived_at, rank_at FROM callback") == place


def test_with_nobody_in_key_one_books(busy: int, rings: Rings, scene: CallbackScene) -> None:
    caller = rings().press("0")
    scene.desk.sign_out(busy)
    scene.passes(60)
    caller.wait()
    assert "现在没有人接电话" in said(caller) and "要我们打给您，请按一。" in caller.heard
    caller.press("1").press("1").press("1")
    assert request(scene)[:3] == (WUHU, "limit", "scheduled")


def test_at_night_the_half_hours_come_at_once(busy: int, rings: Rings, scene: CallbackScene) -> None:
    scene.desk.sign_out(busy)
    scene.passes(10 * 3600, alive=False)
    caller = rings().press("7").press("2").press("1")
    assert "明天上午九点到九点半，请按一。" in caller.heard
    caller.wait()
    assert "记好了。明天上午九点到九点半打给您，显示的号码是零五五三幺二三三三。" in caller.heard
    assert in_shanghai(scene.callback().slot_from or scene.at) == datetime(2026, 11, 24, 9, tzinfo=SHANGHAI)


def test_a_centre_without_consultants_promises_nobody_a_callback(rings: Rings, scene: CallbackScene) -> None:
    caller = rings(dialled="+8655212333").press("7")
    assert not any("约回电" in words for words in caller.heard)
    assert "这项服务还没有开通，电话里办不了。" in caller.heard


def test_a_call_that_fails_in_the_line_is_rung_and_goes_to_the_front(
    busy: int, rings: Rings, scene: CallbackScene
) -> None:
    caller = rings().press("0")
    caller.hang_up("failed")
    assert request(scene)[:2] == (WUHU, "dropped")


def test_a_call_that_nothing_was_heard_of_is_rung(busy: int, rings: Rings, scene: CallbackScene, line: Line) -> None:
    caller = rings().press("0")
    scene.tick_clock(600)
    assert line.close_silent(caller.sid, scene.at - timedelta(seconds=1)) is not None
    assert request(scene)[:2] == (WUHU, "dropped")


def test_the_offer_needs_an_estimate_or_a_wait_that_is_longer_than_the_centre_wants(
    busy: int, rings: Rings, scene: CallbackScene, line: Line
) -> None:
    """Known by the words of the look alone, so that the sentence and the key never part."""
    caller = rings().press("0")
    with line.store() as store:
        session = store.read(caller.sid)
    assert session is not None and not session.words.get("callback_offer")
    scene.passes(299)
    caller.wait()
    with line.store() as store:
        session = store.read(caller.sid)
    assert session is not None and not session.words.get("callback_offer")
    caller.press("1")
    assert scene.rows("SELECT wants_callback FROM queue_entry") == [(False,)]


def test_performers_are_given_the_callbacks_of_the_line(line: Line) -> None:
    assert line.callbacks.line is line.waiting and line.timetable is line.waiting.timetable
    assert "callbacks" in Asked.__slots__
    assert WUHU_NUMBER.endswith("12333")

"""Callbacks on real rows: the place is kept, one attempt at a time, one ending, and nobody is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from integrations.services import Services
from integrations.telephony.client import CarrierClient
from integrations.work_calendar import SHANGHAI
from ivr.library import load_centres
from queueing.callbacks import Asking
from queueing.seed import seed_centres
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.queueing.callback_scene import LI_QIANG, WANG_FANG, CallbackScene
from tests.queueing.line_scene import HEFEI

THREE_PM = datetime(2026, 11, 23, 15, tzinfo=SHANGHAI)


@pytest.fixture
def scene(services: Services, carrier_stand_in: CarrierStandIn) -> Iterator[CallbackScene]:
    carrier_stand_in.clear()
    centres = dict(load_centres(None))
    seed_centres(services.database, centres)
    settings = replace(services.settings, gateway_url=f"ws://127.0.0.1:{carrier_stand_in.port}")
    carrier = CarrierClient(settings)
    yield CallbackScene(replace(services, settings=settings, carrier=carrier), centres, carrier_stand_in)
    carrier.close()
    assert carrier_stand_in.control()["violations"] == []


@pytest.fixture
def busy_line(scene: CallbackScene) -> CallbackScene:
    """One consultant, in a talk; Wang Fang waits behind it."""
    scene.seat("1001")
    scene.joins("first")
    scene.works()
    scene.answers("1001")
    scene.rings_in("wang")
    return scene


def test_a_place_in_the_line_becomes_a_callback_at_the_same_place(busy_line: CallbackScene) -> None:
    scene = busy_line
    arrived = scene.rows("SELECT arrived_at FROM queue_entry WHERE call_sid = %s", scene.calls["wang"])[0][0]
    booked = scene.books("wang")
    assert booked.kind == "booked"
    assert scene.entry("wang") == ("ended", "callback")
    scene.joins("later")
    scene.comes_due()
    view = scene.callback()
    assert (view.status, view.ahead, view.arrived_at) == ("waiting", 0, arrived)


def test_when_its_turn_comes_a_consultant_is_reserved_and_the_caller_is_rung(busy_line: CallbackScene) -> None:
    scene = busy_line
    scene.books("wang")
    scene.comes_due()
    scene.joins("later")
    scene.hangs_up("first")
    scene.passes(61)
    assert scene.state("1001")[0] == "reserved"
    assert scene.callback().status == "dialling"
    dialled = scene.asked("CreateCall")[-1]
    assert dialled["To"] == WANG_FANG and dialled["From"] == scene.centres[HEFEI].callbacks.shown_number
    assert dialled["MachineDetection"] == "DetectMessageEnd"
    assert f"attempt={scene.attempt().id}" in dialled["Url"]
    assert dialled["FallbackUrl"].endswith("/ivr/fallback")


def reserved(scene: CallbackScene) -> CallbackScene:
    """Wang Fang's telephone rings."""
    scene.seat("1001")
    scene.rings_in("wang")
    assert scene.books("wang").kind == "booked"
    scene.comes_due()
    assert scene.callback().status == "dialling"
    return scene


def test_pressing_1_rings_the_consultant_and_then_they_talk(scene: CallbackScene) -> None:
    reserved(scene)
    assert [form["To"] for form in scene.asked("CreateCall")] == [WANG_FANG]
    sid = scene.picks_up()
    assert scene.asked("CreateCall")[-1]["To"].startswith("client:agent-")
    assert scene.callback().status == "live"
    scene.calls["rung"] = sid
    scene.answers("1001")
    assert scene.state("1001")[0] == "on_call"
    scene.desk.hang_up(scene.seats["1001"], scene.offer("1001") or "")
    view = scene.callback()
    assert (view.status, view.end_reason) == ("ended", "served")
    assert scene.history() == ["talked"]
    assert scene.state("1001")[0] == "wrap_up"


@pytest.mark.parametrize(
    ("last_word", "result", "minutes"),
    [("busy", "busy", 5), ("no-answer", "no_answer", 30), ("failed", "no_answer", 30)],
)
def test_engaged_and_no_answer_are_tried_again_each_after_its_time(
    scene: CallbackScene, last_word: str, result: str, minutes: int
) -> None:
    reserved(scene)
    scene.telephone("initiated", last_word)
    assert scene.history() == [result]
    assert (scene.callback().status, scene.in_minutes()) == ("scheduled", minutes)
    assert scene.state("1001")[0] == "available"
    assert scene.rows("SELECT misses FROM agent") == [(0,)]
    scene.comes_due(minutes * 60)
    assert scene.callback().status == "dialling"
    assert scene.callback().attempts == 1


def test_a_line_that_breaks_off_after_it_has_rung_is_none_of_the_callers(scene: CallbackScene) -> None:
    reserved(scene)
    scene.telephone("initiated", "ringing", "failed")
    assert scene.history() == ["carrier"]
    assert (scene.callback().attempts, scene.in_minutes()) == (0, 1)


def test_a_machine_is_tried_again_after_two_hours(scene: CallbackScene) -> None:
    reserved(scene)
    scene.telephone("initiated", "ringing", "in-progress")
    again = scene.callbacks.machine(scene.attempt().id, is_sure=True)
    assert again == scene.callback().not_before
    assert scene.in_minutes() == 120


def test_after_the_last_attempt_it_ends_with_a_reason_and_stays_to_be_cleared(scene: CallbackScene) -> None:
    reserved(scene)
    for _ in range(3):
        assert scene.callback().status == "dialling"
        scene.telephone("initiated", "busy")
        scene.comes_due(5 * 60)
    view = scene.callback()
    assert (view.status, view.end_reason, view.attempts) == ("ended", "unreached", 3)
    assert scene.rows("SELECT kind FROM text_message") == [("unreached",)]
    assert scene.callbacks.clear(view.id, "banzhang", "已打单位电话联系上")
    assert not scene.callbacks.clear(view.id, "banzhang", "再来一次")


def test_an_attempt_that_the_carrier_never_began_does_not_count(scene: CallbackScene) -> None:
    reserved(scene)
    scene.telephone("canceled")
    assert scene.history() == ["carrier"]
    assert (scene.callback().attempts, scene.in_minutes()) == (0, 1)


def test_a_number_that_the_carrier_refuses_ends_it(scene: CallbackScene) -> None:
    scene.seat("1001")
    scene.rings_in("wang")
    scene.books("wang")
    scene.stand_in.fail("CreateCall", "bad number")
    scene.comes_due()
    assert scene.callback().end_reason == "bad_number"
    assert scene.state("1001")[0] == "available"


def test_somebody_else_s_number_is_never_rung_again(scene: CallbackScene) -> None:
    reserved(scene)
    scene.telephone("initiated", "in-progress")
    scene.callbacks.wrong_number(scene.attempt().id)
    assert scene.callback().end_reason == "wrong_number"
    scene.comes_due(3600)
    assert scene.history() == ["wrong_number"]


def test_pressing_2_keeps_the_place_for_the_half_hour_that_was_chosen(scene: CallbackScene) -> None:
    reserved(scene)
    scene.telephone("initiated", "in-progress")
    assert scene.callbacks.later(scene.attempt().id, THREE_PM) == "postponed"
    view = scene.callback()
    assert (view.status, view.not_before, view.promised_until) == (
        "scheduled",
        THREE_PM,
        THREE_PM + timedelta(minutes=30),
    )
    assert scene.history() == ["later"]
    assert scene.state("1001")[0] == "available"


def test_a_consultant_who_rejects_while_the_caller_is_rung_leaves_the_caller_to_the_next(scene: CallbackScene) -> None:
    reserved(scene)
    scene.desk.reject(scene.seats["1001"], scene.offer("1001") or "")
    scene.seat("1002")
    scene.works()
    # The telephone rings on, and nobody else is reserved for it.
    assert scene.state("1002")[0] == "available"
    assert len(scene.asked("CreateCall")) == 1
    sid = scene.picks_up()
    scene.calls["rung"] = sid
    assert scene.caller_of("1002") == "rung"


def test_a_caller_who_hangs_up_after_pressing_1_is_rung_again(scene: CallbackScene) -> None:
    reserved(scene)
    scene.calls["rung"] = scene.picks_up()
    scene.hangs_up("rung")
    assert scene.history() == ["hung_up"]
    assert (scene.callback().status, scene.in_minutes()) == ("scheduled", 30)
    assert scene.state("1001")[0] == "available"


def test_hanging_up_at_the_question_is_tried_again(scene: CallbackScene) -> None:
    reserved(scene)
    scene.telephone("initiated", "in-progress", "completed")
    assert scene.history() == ["hung_up"]
    assert scene.in_minutes() == 30


def test_cancelled_in_every_state(scene: CallbackScene) -> None:
    # scheduled
    scene.seat("1001")
    scene.rings_in("wang")
    scene.books("wang", slot=THREE_PM)
    assert scene.callbacks.cancel(scene.callback().id) == "cancelled"
    assert scene.callback().end_reason == "caller_cancelled"
    # waiting
    scene.joins("first")
    scene.works()
    scene.answers("1001")
    scene.books("wang2", source="menu")
    scene.comes_due()
    assert scene.callback().status == "waiting"
    assert scene.callbacks.cancel(scene.callback().id, by="wuhu01", note="已解决") == "cancelled"
    assert scene.callback().end_reason == "staff_cancelled"
    assert scene.rows("SELECT count(*) FROM queue_entry WHERE kind = 'callback' AND ended_at IS NULL") == [(0,)]
    # dialling
    scene.books("wang3", source="menu")
    scene.comes_due()
    scene.hangs_up("first")
    scene.passes(61)
    assert scene.callback().status == "dialling"
    sid = scene.attempt().call_sid
    assert scene.callbacks.cancel(scene.callback().id) == "cancelled"
    scene.works()
    assert scene.history() == ["cancelled"]
    assert scene.stand_in.control()["calls"][sid]["status"] == "canceled"
    assert scene.state("1001")[0] == "available"
    # live
    scene.books("wang4", source="menu")
    scene.comes_due()
    scene.picks_up()
    assert scene.callbacks.cancel(scene.callback().id) == "talking"
    # ended
    assert scene.callbacks.cancel(1) == "gone"


def test_cancelled_by_both_at_the_same_moment_it_ends_once(scene: CallbackScene) -> None:
    reserved(scene)
    number = scene.callback().id
    with ThreadPoolExecutor(4) as threads:
        who = ("caller", "wuhu01", "caller", "wuhu02")
        outcomes = sorted(threads.map(lambda by: scene.callbacks.cancel(number, by=by), who))
    assert outcomes == ["cancelled", "gone", "gone", "gone"]
    assert scene.history() == ["cancelled"]


def test_who_rings_in_while_a_callback_is_due_takes_the_place_and_is_not_rung(scene: CallbackScene) -> None:
    reserved(scene)
    sid = scene.attempt().call_sid
    scene.joins("later")
    look = scene.callbacks.come(scene.callback().id, scene.joining("again"), is_staffed=True)
    scene.works()
    assert look.kind in ("free", "next")
    assert scene.callback().end_reason == "joined"
    assert scene.stand_in.control()["calls"][sid]["status"] == "canceled"
    assert scene.caller_of("1001") == "again"
    assert scene.rows("SELECT count(*) FROM callback WHERE ended_at IS NULL") == [(0,)]


def test_who_took_the_place_and_hangs_up_is_still_rung(scene: CallbackScene) -> None:
    reserved(scene)
    scene.seat("1002")
    scene.callbacks.come(scene.callback().id, scene.joining("again"), is_staffed=True)
    scene.hangs_up("again")
    assert (scene.callback().source, scene.callback().status) == ("line", "scheduled")


def test_whose_time_in_the_line_was_up_keeps_the_place(busy_line: CallbackScene) -> None:
    scene = busy_line
    arrived = scene.rows("SELECT arrived_at FROM queue_entry WHERE call_sid = %s", scene.calls["wang"])[0][0]
    scene.passes(31 * 60)
    assert scene.looks("wang").kind == "limit"
    assert scene.books("wang", source="limit").kind == "booked"
    assert scene.callback().arrived_at == arrived


def test_who_gave_up_after_a_minute_is_rung_without_having_asked(busy_line: CallbackScene) -> None:
    scene = busy_line
    scene.passes(61)
    scene.hangs_up("wang")
    view = scene.callback()
    assert (view.source, view.status) == ("abandoned", "scheduled")
    scene.comes_due(1)
    assert scene.callback().status == "waiting"


def test_who_gave_up_at_once_is_not_rung(busy_line: CallbackScene) -> None:
    scene = busy_line
    scene.passes(10)
    scene.hangs_up("wang")
    assert scene.rows("SELECT count(*) FROM callback") == [(0,)]


def test_who_hangs_up_while_being_asked_for_the_number_is_rung_all_the_same(busy_line: CallbackScene) -> None:
    scene = busy_line
    scene.callbacks.want(scene.calls["wang"])
    scene.hangs_up("wang")
    assert scene.callback().source == "line"


def test_a_number_has_one_open_request_for_a_subject(busy_line: CallbackScene) -> None:
    scene = busy_line
    first = scene.books("wang")
    again = scene.books("wang")
    other = scene.books("elsewhere", source="menu")
    assert (first.kind, again.kind, other.kind) == ("booked", "booked", "exists")
    assert first.callback and again.callback and first.callback.id == again.callback.id
    assert scene.books("pension", source="menu", skill="pension").kind == "booked"


def test_two_bookings_at_once_make_one_request(scene: CallbackScene) -> None:
    with ThreadPoolExecutor(4) as threads:
        kinds = list(threads.map(lambda name: scene.books(name, source="menu").kind, ("a", "b", "c", "d")))
    assert sorted(kinds) == ["booked", "exists", "exists", "exists"]


def test_a_half_hour_has_no_more_promises_than_room(scene: CallbackScene) -> None:
    numbers = [f"+861385511{number:04d}" for number in range(6)]
    with ThreadPoolExecutor(4) as threads:
        kinds = list(threads.map(lambda n: scene.books(n, slot=THREE_PM, number=n, source="menu").kind, numbers))
    assert sorted(kinds) == ["booked"] * 4 + ["slot_taken"] * 2
    assert THREE_PM not in [slot.since for slot in scene.callbacks.slots(HEFEI, most=100)]


def test_one_telephone_cannot_have_everybody_rung(scene: CallbackScene) -> None:
    asker = scene.callbacks.fingerprint(LI_QIANG)
    kinds = []
    for number in range(5):
        sid = f"CAasker{number}"
        asking = Asking(sid, HEFEI, "menu", number=f"+861385522{number:04d}", caller_hash=asker)
        kinds.append(scene.callbacks.book(asking).kind)
    assert kinds == ["booked"] * 3 + ["too_many"] * 2


def test_a_number_that_cannot_be_rung_is_refused(scene: CallbackScene) -> None:
    for number in ("", "12333", "+85223456789", "+860000"):
        assert scene.books("odd", number=number, source="menu").kind == "bad_number"


def test_nobody_is_rung_outside_decent_hours(scene: CallbackScene) -> None:
    """Left over at the close of the day, it is the first in the morning."""
    reserved(scene)
    scene.telephone("initiated", "no-answer")
    scene.at = datetime(2026, 11, 23, 17, 20, tzinfo=SHANGHAI)
    scene.comes_due(1)
    scene.telephone("initiated", "no-answer")
    not_before = scene.callback().not_before
    assert not_before is not None
    opens = scene.line.timetable.next_decent(HEFEI, datetime(2026, 11, 23, 18, tzinfo=SHANGHAI))
    assert not_before == opens and not_before.date() == datetime(2026, 11, 24).date()


def test_who_stands_in_the_line_at_closing_time_waits_for_the_morning(busy_line: CallbackScene) -> None:
    scene = busy_line
    scene.books("wang")
    scene.comes_due()
    assert scene.callback().status == "waiting"
    scene.at = datetime(2026, 11, 23, 20, 30, tzinfo=SHANGHAI)
    scene.passes(0.1)
    view = scene.callback()
    assert view.status == "scheduled" and view.not_before and view.not_before.date() == datetime(2026, 11, 24).date()


def test_a_promise_that_passed_unkept_is_noted(scene: CallbackScene) -> None:
    scene.books("wang", slot=THREE_PM, source="menu")
    scene.at = THREE_PM + timedelta(minutes=31)
    scene.comes_due(1)
    assert scene.rows("SELECT breached_at IS NOT NULL FROM callback") == [(True,)]
    # Nobody was there: it stands in the line all the same.
    assert scene.callback().status == "waiting"


def test_a_cleared_breach_does_not_hide_a_later_failure(scene: CallbackScene) -> None:
    scene.books("wang", slot=THREE_PM, source="menu")
    scene.at = THREE_PM + timedelta(minutes=31)
    scene.comes_due(1)
    assert scene.callbacks.clear(scene.callback().id, "banzhang", "当时没有人手")
    scene.seat("1001")
    scene.works()
    scene.telephone("initiated", "in-progress")
    scene.callbacks.wrong_number(scene.attempt().id)
    assert scene.rows("SELECT end_reason, cleared_at FROM callback") == [("wrong_number", None)]


def test_a_call_that_the_carrier_lost_in_the_line_is_put_right(busy_line: CallbackScene) -> None:
    scene = busy_line
    scene.line.caller_gone(scene.calls["wang"], is_technical=True)
    assert scene.callback().source == "dropped"


def test_a_talk_that_the_carrier_lost_goes_to_the_front(scene: CallbackScene) -> None:
    scene.seat("1001")
    scene.rings_in("wang")
    scene.works()
    scene.answers("1001")
    scene.line.caller_gone(scene.calls["wang"], is_technical=True)
    view = scene.callback()
    assert view.source == "dropped"
    scene.seat("1002")
    scene.comes_due(1)
    assert scene.callback().status == "dialling"


def test_a_callback_whose_talk_the_carrier_lost_is_rung_once_more(scene: CallbackScene) -> None:
    reserved(scene)
    sid = scene.picks_up()
    scene.answers("1001")
    scene.line.caller_gone(sid, is_technical=True)
    assert scene.history() == ["carrier"]
    assert (scene.callback().status, scene.callback().attempts) == ("scheduled", 0)


def test_call_now_comes_before_those_who_wait(busy_line: CallbackScene) -> None:
    scene = busy_line
    scene.books("li", slot=THREE_PM, number=LI_QIANG, source="menu")
    assert scene.callbacks.call_now(scene.callback(LI_QIANG).id, by="hefei01") == "called"
    assert scene.callback(LI_QIANG).ahead == 0
    assert scene.callbacks.call_now(scene.callback(LI_QIANG).id, by="hefei01") == "waiting"


def test_call_now_is_refused_at_night(scene: CallbackScene) -> None:
    scene.books("li", slot=THREE_PM, number=LI_QIANG, source="menu")
    scene.at = datetime(2026, 11, 23, 22, tzinfo=SHANGHAI)
    assert scene.callbacks.call_now(scene.callback(LI_QIANG).id, by="hefei01") == "not_now"


def test_an_attempt_that_nobody_reports_is_asked_about(scene: CallbackScene) -> None:
    reserved(scene)
    sid = scene.attempt().call_sid
    assert sid is not None
    scene._carrier_has(sid, "busy")
    scene.passes(46)
    scene.asks_the_carrier()
    assert scene.history() == ["busy"]


def test_a_call_that_the_carrier_forgot_is_not_counted(scene: CallbackScene) -> None:
    reserved(scene)
    scene.stand_in.clear()
    scene.passes(300)
    scene.asks_the_carrier()
    assert scene.history() == ["carrier"]
    assert scene.callback().attempts == 0


def test_reports_repeated_late_and_shuffled_change_nothing(scene: CallbackScene) -> None:
    reserved(scene)
    for status in ("ringing", "initiated", "ringing", "in-progress", "initiated", "queued"):
        scene.telephone(status)
    assert (scene.attempt().status, scene.callback().attempts) == ("answered", 1)
    scene.telephone("completed", "completed", "busy", "in-progress", "no-answer")
    assert scene.history() == ["hung_up"]
    assert (scene.callback().attempts, scene.in_minutes()) == (1, 30)


def test_a_lost_reply_of_the_carrier_does_not_ring_twice(scene: CallbackScene) -> None:
    scene.seat("1001")
    scene.rings_in("wang")
    scene.books("wang")
    scene.stand_in.fail("CreateCall", "500 done")
    scene.comes_due()
    scene.passes(2)
    assert scene.attempt().call_sid is not None
    assert len(scene.asked("CreateCall")) == 1


def test_a_second_leg_for_the_same_attempt_is_hung_up(scene: CallbackScene) -> None:
    reserved(scene)
    other = "CA" + "f" * 32
    scene._carrier_has(other, "in-progress")
    scene.callbacks.note_status(scene.attempt().id, other, "in-progress")
    scene.works()
    assert scene.stand_in.control()["calls"][other]["status"] == "completed"
    assert scene.attempt().is_open


def test_outgoing_calls_are_paced(scene: CallbackScene) -> None:
    for number in range(4):
        scene.seat(f"10{number:02d}")
        scene.books(f"c{number}", number=f"+861385511{number:04d}", source="menu")
    scene.comes_due()
    gaps = scene.rows("SELECT not_before FROM carrier_task WHERE kind = 'dial_callback' ORDER BY not_before")
    pace = timedelta(seconds=1 / scene.services.settings.carrier_calls_per_second)
    assert len(gaps) == 4
    assert all(later[0] - earlier[0] >= pace for earlier, later in pairwise(gaps))


def test_a_booking_at_the_desk_does_not_end_a_callback_whose_caller_still_waits(scene: CallbackScene) -> None:
    reserved(scene)
    scene.calls["rung"] = scene.picks_up()
    kinds = [scene.books("at the desk", source="desk").kind]
    assert (kinds, scene.callback().status) == (["exists"], "live")
    scene.answers("1001")
    kinds.append(scene.books("at the desk", source="desk").kind)
    assert kinds == ["exists", "booked"]
    assert scene.rows("SELECT end_reason FROM callback WHERE ended_at IS NOT NULL") == [("served",)]

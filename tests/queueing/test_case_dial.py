"""A consultant rings a caller to answer a case, on real rows: their own seat, one attempt, and nobody else's list."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboards.console.callback_list_rows import CENTRE, MINE, Wanted, read_badge, read_list
from integrations.services import Services
from integrations.telephony.client import CarrierClient
from integrations.work_calendar import SHANGHAI
from ivr.library import load_centres
from queueing.callbacks import CallbackView
from queueing.case_dial import CannotDial, CaseDial, DialOutcome, check_dial, dial_for_case, read_outcome
from queueing.offers import Offer
from queueing.seed import seed_centres
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.queueing.callback_scene import LI_QIANG, WANG_FANG, CallbackScene
from tests.queueing.line_scene import HEFEI

YESTERDAY = datetime(2026, 11, 22, 20, tzinfo=SHANGHAI)
THREE_PM = datetime(2026, 11, 23, 15, tzinfo=SHANGHAI)


class CaseScene(CallbackScene):
    """The newest callback is a case's."""

    def dials(self, number: str = "1001", to: str = WANG_FANG, **values: Any) -> Offer:
        """The consultant of this seat rings somebody for a case."""
        wanted = CaseDial(HEFEI, to, self.seats[number], "CAmessage", "办件1001 留言答复", YESTERDAY, **values)
        check_dial(self.callbacks, wanted)
        with self.line.transaction() as connection:
            offer = dial_for_case(connection, self.callbacks, wanted, self.at)
        self.line.offer_changed(offer)
        self.works()
        return offer

    def callback(self, number: str = WANG_FANG) -> CallbackView:
        found = self.rows("SELECT id FROM callback WHERE source = 'case' ORDER BY id DESC LIMIT 1")
        view = self.callbacks.view(found[0][0])
        assert view is not None
        return view

    def outcome(self) -> DialOutcome:
        """How the newest case's call has ended."""
        with self.services.database.pool.connection() as connection:
            found = read_outcome(connection, self.callback().id)
        assert found is not None
        return found

    def requests(self) -> list[tuple[Any, ...]]:
        """The callbacks that somebody asked for: source, status, consultant."""
        return self.rows("SELECT source, status, owner_id FROM callback WHERE source <> 'case' ORDER BY id")


@pytest.fixture
def scene(services: Services, carrier_stand_in: CarrierStandIn) -> Iterator[CaseScene]:
    carrier_stand_in.clear()
    centres = dict(load_centres(None))
    seed_centres(services.database, centres)
    settings = replace(services.settings, gateway_url=f"ws://127.0.0.1:{carrier_stand_in.port}")
    carrier = CarrierClient(settings)
    made = CaseScene(replace(services, settings=settings, carrier=carrier), centres, carrier_stand_in)
    made.seat("1001")
    yield made
    carrier.close()
    assert carrier_stand_in.control()["violations"] == []


def test_the_consultants_own_seat_is_kept_and_the_caller_is_rung_first(scene: CaseScene) -> None:
    scene.seat("1002")
    scene.joins("other")
    scene.works()
    # Who came first is served by whoever is longest idle; the other consultant rings for the case.
    free = "1002" if scene.caller_of("1001") else "1001"
    scene.dials(free)
    assert scene.state(free)[0] == "reserved"
    dialled = scene.asked("CreateCall")[-1]
    assert (dialled["To"], dialled["From"]) == (WANG_FANG, scene.centres[HEFEI].callbacks.shown_number)
    view = scene.callback()
    assert (view.status, view.source, view.arrived_at) == ("dialling", "case", YESTERDAY)
    note, owner = scene.rows("SELECT note, owner_id FROM callback WHERE id = %s", view.id)[0]
    assert (note, owner) == ("办件1001 留言答复", scene.seats[free])


def test_who_agrees_talks_with_that_consultant_and_the_talk_is_told(scene: CaseScene) -> None:
    scene.dials()
    scene.calls["rung"] = scene.picks_up()
    assert scene.asked("CreateCall")[-1]["To"].startswith("client:agent-")
    scene.answers("1001")
    began = scene.at
    scene.passes(42)
    scene.desk.hang_up(scene.seats["1001"], scene.offer("1001") or "")
    outcome = scene.outcome()
    assert (outcome.end_reason, outcome.result) == ("served", "talked")
    assert (outcome.began_at, outcome.talk_seconds) == (began, 42.0)
    assert scene.state("1001")[0] == "wrap_up"


@pytest.mark.parametrize(
    ("last_word", "result"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "no_answer")]
)
def test_one_attempt_and_no_more(scene: CaseScene, last_word: str, result: str) -> None:
    scene.dials()
    scene.telephone("initiated", "ringing" if last_word == "no-answer" else last_word)
    scene.telephone(last_word)
    outcome = scene.outcome()
    assert (outcome.end_reason, outcome.result, outcome.began_at) == ("tried", result, None)
    assert scene.state("1001")[0] == "available"
    scene.comes_due(7200)
    assert len(scene.asked("CreateCall")) == 1
    assert scene.rows("SELECT count(*) FROM text_message") == [(0,)]
    assert scene.rows("SELECT count(*) FROM queue_entry WHERE ended_at IS NULL") == [(0,)]


@pytest.mark.parametrize("ends", ["machine", "wrong_number", "hung_up", "silent"])
def test_whatever_answers_it_is_not_tried_again_by_itself(scene: CaseScene, ends: str) -> None:
    scene.dials()
    scene.telephone("initiated", "ringing", "in-progress")
    attempt = scene.attempt()
    assert scene.callbacks.answered(attempt.id, attempt.call_sid or "") is not None
    if ends == "hung_up":
        scene.telephone("completed")
    elif ends == "wrong_number":
        scene.callbacks.wrong_number(attempt.id)
    else:
        assert scene.callbacks.machine(attempt.id, is_sure=ends == "machine") is None
    assert (scene.outcome().end_reason, scene.outcome().result) == ("tried", ends)


def test_a_carrier_that_refuses_the_number_is_told_too(scene: CaseScene) -> None:
    scene.stand_in.fail("CreateCall", "bad number")
    scene.dials()
    assert (scene.outcome().end_reason, scene.outcome().result) == ("tried", "bad_number")
    assert scene.state("1001")[0] == "available"


def test_who_lost_the_consultant_waits_first_and_that_talk_counts(scene: CaseScene) -> None:
    scene.seat("1002")
    scene.joins("early")
    scene.works()
    busy, free = ("1001", "1002") if scene.caller_of("1001") else ("1002", "1001")
    scene.answers(busy)
    scene.dials(free)
    scene.joins("waiting")
    sid = scene.picks_up()
    scene.calls["rung"] = sid
    scene.carrier_says(free, "no-answer")
    assert scene.rows("SELECT status FROM queue_entry WHERE call_sid = %s", sid) == [("waiting",)]
    assert scene.callback().status == "live"
    scene.desk.hang_up(scene.seats[busy], scene.offer(busy) or "")
    scene.desk.finish_wrap_up(scene.seats[busy])
    scene.works()
    assert scene.caller_of(busy) == "rung"
    scene.answers(busy)
    scene.passes(15)
    scene.desk.hang_up(scene.seats[busy], scene.offer(busy) or "")
    assert (scene.outcome().end_reason, scene.outcome().talk_seconds) == ("served", 15.0)


def test_who_hangs_up_before_anybody_comes_was_tried(scene: CaseScene) -> None:
    scene.dials()
    scene.calls["rung"] = scene.picks_up()
    scene.hangs_up("rung")
    assert (scene.outcome().end_reason, scene.outcome().result) == ("tried", "hung_up")


def test_only_a_free_consultant_with_a_living_page_can_dial(scene: CaseScene) -> None:
    scene.desk.take_break(scene.seats["1001"], "meal")
    with pytest.raises(CannotDial, match="not available") as refused:
        scene.dials()
    assert "请先在工作台签入并处于空闲" in refused.value.sentence
    assert scene.rows("SELECT count(*) FROM callback") == [(0,)]
    scene.desk.sign_in(scene.seats["1001"])
    scene.tick_clock(60)
    with pytest.raises(CannotDial, match="not available"):
        scene.dials()


def test_a_consultant_dials_once_at_a_time(scene: CaseScene) -> None:
    wanted = CaseDial(HEFEI, WANG_FANG, scene.seats["1001"], "CAmessage", "", YESTERDAY)

    def dial(number: str) -> bool:
        try:
            with scene.line.transaction() as connection:
                dial_for_case(connection, scene.callbacks, replace(wanted, number=number), scene.at)
        except CannotDial:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(dial, [WANG_FANG, LI_QIANG, WANG_FANG, LI_QIANG]))
    assert sum(done) == 1
    assert scene.rows("SELECT count(*) FROM callback") == [(1,)]


def test_a_caller_in_the_line_and_a_case_never_get_the_same_seat(scene: CaseScene) -> None:
    for n in range(6):
        scene.joins(f"caller {n}")
        with ThreadPoolExecutor(2) as threads:
            served = threads.submit(scene.dispatcher.make_offers)
            dialled = threads.submit(dials_or_not, scene)
            assert served.result() + dialled.result() == 1
        assert scene.rows("SELECT count(*) FROM offer WHERE ended_at IS NULL") == [(1,)]
        # The carrier's pace gives each call a moment of its own.
        scene.passes(1)
        if dialled.result():
            scene.telephone("initiated", "busy")
            scene.works()
        scene.answers("1001")
        scene.desk.hang_up(scene.seats["1001"], scene.offer("1001") or "")
        scene.desk.finish_wrap_up(scene.seats["1001"])


def dials_or_not(scene: CaseScene) -> bool:
    wanted = CaseDial(HEFEI, LI_QIANG, scene.seats["1001"], "CAmessage", "", YESTERDAY)
    try:
        with scene.line.transaction() as connection:
            offer = dial_for_case(connection, scene.callbacks, wanted, scene.at)
    except CannotDial:
        return False
    scene.line.offer_changed(offer)
    return True


def test_at_night_nobody_is_rung(scene: CaseScene) -> None:
    scene.at = scene.at.replace(hour=22)
    scene.desk.heartbeat(scene.seats["1001"])
    with pytest.raises(CannotDial, match="not decent") as refused:
        scene.dials()
    assert "上班时间" in refused.value.sentence


def test_what_was_promised_to_the_caller_comes_first(scene: CaseScene) -> None:
    scene.rings_in("wang")
    scene.books("wang", slot=THREE_PM)
    with pytest.raises(CannotDial) as refused:
        scene.dials()
    assert refused.value.sentence == (
        "这个号码有一个回电还没打（约好时间，时间是11月23日15:00），请在回电单里先打那一个，或者取消它。"
    )


def test_the_caller_may_ring_in_and_book_while_we_ring(scene: CaseScene) -> None:
    scene.seat("1002")
    scene.dials("1001")
    assert scene.callbacks.of_caller(scene.callbacks.fingerprint(WANG_FANG)) is None
    scene.rings_in("wang")
    assert scene.books("wang").kind == "booked"
    assert [row[:2] for row in scene.requests()] == [("line", "scheduled")]
    assert scene.callback().status == "dialling"


def test_another_time_asked_for_is_an_ordinary_promise_of_the_same_consultant(scene: CaseScene) -> None:
    scene.dials()
    scene.telephone("initiated", "ringing", "in-progress")
    attempt = scene.attempt()
    scene.callbacks.answered(attempt.id, attempt.call_sid or "")
    assert scene.callbacks.later(attempt.id, THREE_PM) == "postponed"
    assert (scene.outcome().end_reason, scene.outcome().result) == ("tried", "later")
    assert scene.callback().slot_from == THREE_PM
    assert scene.requests() == [("desk", "scheduled", scene.seats["1001"])]
    assert scene.callbacks.of_caller(scene.callbacks.fingerprint(WANG_FANG)) is not None


def test_who_waits_in_the_line_and_would_rather_be_rung_gets_a_request_of_their_own(scene: CaseScene) -> None:
    scene.dials()
    scene.calls["rung"] = scene.picks_up()
    scene.carrier_says("1001", "no-answer")
    assert scene.books("rung", slot=THREE_PM).kind == "booked"
    assert (scene.outcome().end_reason, scene.outcome().result) == ("tried", "later")
    assert [row[:2] for row in scene.requests()] == [("line", "scheduled")]


def test_it_is_on_no_list_of_callbacks(scene: CaseScene) -> None:
    scene.dials()
    wanted = Wanted(CENTRE, (HEFEI,), scene.seats["1001"])
    midnight = scene.at - timedelta(hours=10)

    def looks() -> list[int]:
        with scene.services.database.pool.connection() as connection:
            badge = read_badge(connection, [HEFEI], scene.at)
            lists = [
                read_list(connection, replace(wanted, tab=tab, is_ended=ended), midnight, scene.at)
                for tab in (CENTRE, MINE)
                for ended in (False, True)
            ]
        return [badge["open"], badge["todo"], *(found.total for found in lists), *lists[0].counts.values()]

    assert set(looks()) == {0}
    scene.telephone("initiated", "busy")
    assert set(looks()) == {0}
    assert scene.callbacks.postpone(scene.callback().id, THREE_PM, by="wang.fang") == "gone"

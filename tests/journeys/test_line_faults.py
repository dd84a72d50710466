"""Processes killed and callers hanging up at every instant of the way to a consultant: nobody is lost or stuck."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import psycopg
import pytest

from integrations.database_url import psycopg_url
from integrations.embedded import postgres_in
from queueing import offers, tasks
from tests.journeys.line_stage import LineCaller, LineStage, quick_config
from tests.journeys.scripted_seats import ACCEPT, REJECT, WAIT, ScriptedSeat, SeatRefused
from tests.running import RunningHotline
from tests.waiting import comes_true, eventually

# Promised: whatever is killed, another takes over within this.
TAKEN_OVER_SECONDS = 5.0
# A job that looks every half minute, on a machine that does much else.
CLEARED_SECONDS = 45.0
# A ring is over after four; the third one missed in a row would set the seat away.
RING_AND_MORE_SECONDS = 6.0
MOST_RINGS = 2


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineStage]:
    folder = tmp_path_factory.mktemp("faults")
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(quick_config(folder / "config"))).wait_ready()
    try:
        stage = LineStage(running)
        yield stage
        stage.close()
    finally:
        running.end()


@pytest.fixture(autouse=True)
def nothing_is_lost(stage: LineStage) -> Iterator[None]:
    """After each test everything settles by itself, and what is left contradicts nothing."""
    yield
    stage.everybody_goes_home()


@pytest.fixture
def seat(stage: LineStage) -> ScriptedSeat:
    return stage.seat(1).go_online()


@pytest.fixture
def resting(seat: ScriptedSeat) -> ScriptedSeat:
    """Signed in, so that callers may wait, and on a break, so that they do."""
    seat.act("break", reason="short")
    return seat


def ring(stage: LineStage, seat: ScriptedSeat) -> LineCaller:
    """A caller for whom this seat rings."""
    caller = stage.callers.ring()
    eventually(lambda: seat.ringing, 20.0)
    return caller


def serve(stage: LineStage, callers: list[LineCaller], *seats: ScriptedSeat) -> None:
    """Until each of them has talked with somebody."""
    served = "SELECT count(DISTINCT call_sid) FROM offer WHERE call_sid = ANY(%s) AND connected_at IS NOT NULL"
    for one in seats:
        one.on_ring = ACCEPT

    def is_done() -> bool:
        for one in seats:
            with suppress(SeatRefused):
                match stage.state(one):
                    case "on_call":
                        one.hang_up()
                    case "wrap_up":
                        one.wrap_up()
        return stage.rows(served, [caller.sid for caller in callers]) == [(len(callers),)]

    eventually(is_done, 60.0)


def assert_in_order(stage: LineStage, callers: list[LineCaller], at_once: int = 1) -> None:
    """Each was first offered before those who came after, and keeps the one place.

    `at_once`: so many seats are given away by several dispatchers side by side, whose rows may change places.
    """
    sql = """
        SELECT entry.call_sid, min(made_at), count(DISTINCT entry.id) FROM queue_entry AS entry
        JOIN offer ON entry_id = entry.id WHERE entry.call_sid = ANY(%s) GROUP BY 1
    """
    first = {sid: at for sid, at, places in stage.rows(sql, [caller.sid for caller in callers]) if places == 1}
    assert len(first) == len(callers)
    offered = sorted(callers, key=lambda one: first[one.sid])
    assert all(abs(offered.index(one) - place) < at_once for place, one in enumerate(callers))


# the dispatcher


def test_a_dispatcher_killed_while_callers_wait(stage: LineStage, resting: ScriptedSeat) -> None:
    callers = stage.wait_in_line(2)
    stage.kill("dispatcher")
    resting.act("ready")
    stage.until_back("dispatcher")
    eventually(lambda: resting.ringing, TAKEN_OVER_SECONDS)
    resting.accept()
    serve(stage, callers, resting)
    assert_in_order(stage, callers)


def test_a_dispatcher_killed_while_it_rings(stage: LineStage, seat: ScriptedSeat) -> None:
    caller = ring(stage, seat)
    stage.kill("dispatcher")
    seat.on_ring = ACCEPT
    seat.accept()
    stage.until_back("dispatcher")
    stage.until_connected(seat, caller, TAKEN_OVER_SECONDS)


def test_a_dispatcher_killed_between_accept_and_talk(stage: LineStage, seat: ScriptedSeat) -> None:
    caller = stage.callers.ring()
    assert any(killed_after_accept(stage, seat, caller) for _ in range(MOST_RINGS))
    stage.until_back("dispatcher")
    stage.until_connected(seat, caller, TAKEN_OVER_SECONDS)


def killed_after_accept(stage: LineStage, seat: ScriptedSeat, caller: LineCaller) -> bool:
    """False when the ring was over sooner than the word of its seat, as it may be on a busy machine."""
    eventually(lambda: seat.ringing)
    with stage.frozen("dispatcher"):
        seat.on_ring = ACCEPT
        seat.accept()
        if comes_true(lambda: stage.offers(caller)[-1] == "accepted", RING_AND_MORE_SECONDS):
            stage.kill("dispatcher")
            return True
        seat.on_ring = WAIT
    return False


def test_a_dispatcher_killed_while_it_asks_the_carrier(stage: LineStage, seat: ScriptedSeat) -> None:
    asked = "SELECT 1 FROM carrier_task WHERE done_at IS NULL AND lease_until IS NOT NULL"
    with stage.frozen("dispatcher") as dispatcher:
        (caller,) = stage.wait_in_line(1)
        with stage.frozen("gateway"):
            dispatcher.resume()
            eventually(lambda: stage.rows(asked))
            stage.kill("dispatcher")
    # The carrier had the request: it rings, although nobody is left to hear that it does.
    eventually(lambda: seat.ringing, TAKEN_OVER_SECONDS)
    seat.on_ring = ACCEPT
    seat.accept()
    stage.until_back("dispatcher")
    stage.until_connected(seat, caller, TAKEN_OVER_SECONDS)


def test_a_dispatcher_that_died_before_it_asked_the_carrier(stage: LineStage, seat: ScriptedSeat) -> None:
    with stage.frozen("dispatcher"):
        (caller,) = stage.wait_in_line(1)
        die_with_the_task(stage, caller, seat)
    # The whole ring is longer than that.
    eventually(lambda: seat.ringing, TAKEN_OVER_SECONDS + 1)
    seat.accept()
    stage.until_connected(seat, caller, TAKEN_OVER_SECONDS)


def die_with_the_task(stage: LineStage, caller: LineCaller, seat: ScriptedSeat) -> None:
    """What a dispatcher leaves that is killed between taking a task and asking the carrier."""
    who = "SELECT entry.id, agent_id FROM queue_entry AS entry, staff_user WHERE call_sid = %s AND username = %s"
    ((entry, agent),) = stage.rows(who, caller.sid, seat.username)
    now = datetime.now(UTC)
    with psycopg.connect(psycopg_url(postgres_in(stage.hotline.var_dir).url)) as connection:
        assert offers.make_offer(connection, entry, agent, now, ring_seconds=20)
        assert [task.kind for task in tasks.take_tasks(connection, now, 10)] == [tasks.DIAL_AGENT]


def test_two_dispatchers_have_one_winner_for_each_offer(stage: LineStage) -> None:
    seats = [stage.seat(n).go_online() for n in (1, 2, 3)]
    for one in seats:
        one.act("break", reason="short")
        one.rung.clear()
    with stage.second_dispatcher():
        callers = stage.wait_in_line(9)
        # Without the line both find the same pairs in the rows.
        stage.flush()
        for one in seats:
            one.on_ring = ACCEPT
            one.act("ready")
        serve(stage, callers, *seats)
        assert_in_order(stage, callers, at_once=len(seats))
        sql = "SELECT agent_call_sid, connected_at IS NOT NULL FROM offer WHERE call_sid = ANY(%s)"
        offers = dict(stage.rows(sql, [one.sid for one in callers]))
        rung = [leg for one in seats for leg in one.rung]
        # An offer may pass by a seat whose machine is too busy; nothing rings but an offer, and each of them once.
        assert set(rung) <= set(offers) and len(rung) == len(set(rung))
        assert sum(offers.values()) == len(callers)


# Redis


def test_redis_flushed_keeps_every_place(stage: LineStage, resting: ScriptedSeat) -> None:
    callers = stage.wait_in_line(4)
    stage.flush()
    resting.act("ready")
    serve(stage, callers, resting)
    assert_in_order(stage, callers)


def test_redis_killed_keeps_every_place(stage: LineStage, resting: ScriptedSeat) -> None:
    callers = stage.wait_in_line(2)
    stage.server("valkey").kill()
    callers += stage.wait_in_line(2)
    resting.act("ready")
    serve(stage, callers, resting)
    assert_in_order(stage, callers)


# web, streams, gateway


def test_the_web_processes_killed_in_a_talk(stage: LineStage, seat: ScriptedSeat) -> None:
    caller = stage.talk(seat)
    stage.kill_web_processes()
    stage.until_heard(seat, caller)
    seat.hang_up()
    eventually(lambda: caller.has_heard("请评价"), 20.0)
    eventually(lambda: seat.talking is None)
    assert stage.state(seat) == "wrap_up"


@pytest.mark.parametrize("table", ["agent_interval", "call"])
def test_the_web_processes_killed_while_the_caller_is_brought_to_the_talk(
    stage: LineStage, seat: ScriptedSeat, table: str
) -> None:
    caller = ring(stage, seat)
    seat.on_ring = ACCEPT
    # One is written before the talk counts as begun, the other afterwards.
    with stage.locked(table):
        seat.accept()
        eventually(lambda: stage.waiters())
        stage.kill_web_processes()
    stage.until_connected(seat, caller)
    stage.until_heard(seat, caller)


def test_the_web_processes_killed_between_the_end_of_a_call_and_that_of_its_place(
    stage: LineStage, resting: ScriptedSeat
) -> None:
    (caller,) = stage.wait_in_line(1)
    with stage.locked("queue_entry"):
        stage.callers.hang_up(caller)
        stage.outcome(caller)
        eventually(lambda: stage.waiters())
        stage.kill_web_processes()
    # The carrier says it again, or the clock looks.
    stage.wait_for(caller, "ended", 60.0)
    assert resting.rung == []


def test_the_streams_killed(stage: LineStage, seat: ScriptedSeat) -> None:
    url = f"http://127.0.0.1:{stage.hotline.stream_port}/events"
    assert seat.hear_event(url)["agent"]["state"] == "available"
    stage.kill("streams")
    seat.act("break", reason="meal")
    assert seat.state() == "break"
    stage.until_back("streams")
    assert seat.hear_event(url)["agent"]["state"] == "break"


def test_the_gateway_killed_in_a_talk(stage: LineStage, seat: ScriptedSeat) -> None:
    caller = stage.talk(seat)
    other = stage.seat(2).go_online()
    stage.kill("gateway")
    stage.until_back("gateway")
    eventually(lambda: stage.state(seat) in ("wrap_up", "available"), TAKEN_OVER_SECONDS)
    assert stage.outcome(caller) == "answered"
    eventually(lambda: seat.is_registered and other.is_registered, 20.0)
    serve(stage, [stage.callers.ring()], seat, other)


def test_the_gateway_killed_while_it_rings_and_others_wait(stage: LineStage, seat: ScriptedSeat) -> None:
    callers = [ring(stage, seat), *stage.wait_in_line(2)]
    stage.kill("gateway")
    stage.until_back("gateway")
    eventually(lambda: not stage.proof.going_on(), 20.0)
    assert {stage.outcome(caller) for caller in callers} <= {"abandoned_in_queue", "short_abandon", "failed"}
    eventually(lambda: seat.is_registered, 20.0)
    # Nobody held it against the consultant for long.
    serve(stage, [stage.callers.ring()], seat)


# the consultant's page


def test_a_page_that_disappears_in_a_talk_sends_its_caller_to_the_front(stage: LineStage, seat: ScriptedSeat) -> None:
    other = stage.seat(2).go_online()
    other.act("break", reason="short")
    caller = stage.talk(seat)
    (later,) = stage.wait_in_line(1)
    leg = seat.talking
    assert leg
    seat.disappear()
    # What the gateway does by itself after half a minute.
    stage.end_leg(leg)
    stage.wait_for(caller, "waiting")
    assert stage.state(seat) == "wrap_up"
    other.on_ring = ACCEPT
    other.act("ready")
    stage.until_connected(other, caller)
    assert stage.place(later) == "waiting"
    assert stage.offers(caller) == ["dropped", "connected"]


def test_a_page_that_is_silent_between_accept_and_talk(stage: LineStage, seat: ScriptedSeat) -> None:
    caller = ring(stage, seat)
    with stage.frozen("dispatcher"):
        seat.fall_silent()
        seat.accept()
        eventually(lambda: stage.offers(caller) == ["accepted"])
        silence = "UPDATE agent SET heartbeat_at = now() - interval '16 seconds' WHERE state = 'reserved' RETURNING 1"
        assert stage.rows(silence)
        # The dispatcher looks for silent pages every second, before anything else.
        looks = "SELECT 1 FROM offer WHERE status = 'accepted' AND accepted_at < now() - interval '1 second'"
        eventually(lambda: stage.rows(looks))
    stage.until_connected(seat, caller)
    assert stage.offers(caller) == ["connected"]


def test_a_page_that_rejects_and_one_that_is_gone_do_not_halt_the_line(stage: LineStage) -> None:
    rejects, gone, serves = (stage.seat(n).go_online() for n in (1, 2, 3))
    rejects.on_ring = REJECT
    gone.disappear()
    serves.on_ring = ACCEPT
    caller = stage.callers.ring()
    stage.until_connected(serves, caller)


# the caller hangs up


def test_a_caller_who_hangs_up_while_joining(stage: LineStage, seat: ScriptedSeat) -> None:
    with stage.locked("queue_entry"):
        caller = stage.callers.ring()
        eventually(lambda: stage.waiters())
        stage.callers.hang_up(caller)
        stage.outcome(caller)
    eventually(lambda: not stage.waiters())
    eventually(lambda: stage.place(caller) in ("", "ended"))
    assert seat.rung == []
    assert stage.state(seat) == "available"


def test_a_caller_who_hangs_up_while_it_rings(stage: LineStage, seat: ScriptedSeat) -> None:
    caller = ring(stage, seat)
    stage.callers.hang_up(caller)
    eventually(lambda: seat.ringing is None and stage.state(seat) == "available", TAKEN_OVER_SECONDS)
    assert stage.offers(caller) == ["cancelled"]
    misses = "SELECT misses FROM agent JOIN staff_user ON agent_id = agent.id WHERE username = %s"
    assert stage.rows(misses, seat.username) == [(0,)]


def test_a_caller_who_hangs_up_while_the_carrier_is_asked_to_ring(stage: LineStage, seat: ScriptedSeat) -> None:
    with stage.frozen("dispatcher") as dispatcher:
        (caller,) = stage.wait_in_line(1)
        with stage.locked("offer"):
            dispatcher.resume()
            eventually(lambda: stage.waiters())
            stage.callers.hang_up(caller)
    stage.outcome(caller)
    # By the web process that heard of the end, or by the job that looks every half minute.
    stage.wait_for(caller, "ended", CLEARED_SECONDS)
    eventually(lambda: seat.ringing is None and stage.state(seat) == "available", TAKEN_OVER_SECONDS)


def test_a_caller_who_hangs_up_between_accept_and_talk(stage: LineStage, seat: ScriptedSeat) -> None:
    caller = ring(stage, seat)
    with stage.frozen("dispatcher"):
        seat.accept()
        eventually(lambda: stage.offers(caller) == ["accepted"])
        stage.callers.hang_up(caller)
        eventually(lambda: stage.offers(caller) == ["cancelled"])
        assert stage.state(seat) == "available"
    eventually(lambda: seat.talking is None, TAKEN_OVER_SECONDS)


@pytest.mark.parametrize("instant", ["in the notice", "in the talk", "on hold", "in the survey"])
def test_a_caller_who_hangs_up(stage: LineStage, seat: ScriptedSeat, instant: str) -> None:
    other = stage.seat(2).go_online()
    other.act("break", reason="short")
    caller = stage.connect(seat)
    if instant in ("in the talk", "on hold"):
        stage.until_heard(seat, caller)
    if instant == "on hold":
        seat.hold(True)
        assert stage.state(seat) == "hold"
    elif instant == "in the survey":
        seat.hang_up()
        eventually(lambda: caller.has_heard("请评价"), 20.0)
    other.act("ready")
    stage.callers.hang_up(caller)
    eventually(lambda: stage.state(seat) == "wrap_up" and seat.talking is None, TAKEN_OVER_SECONDS)
    assert stage.outcome(caller) == "answered"
    assert stage.rows("SELECT 1 FROM rating WHERE call_sid = %s", caller.sid) == []
    # A caller who is done is not one whose talk broke off: nobody else is rung.
    assert stage.offers(caller) == ["finished"]

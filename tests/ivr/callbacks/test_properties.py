"""Random callers and random telephones that we ring: nobody is promised twice, nothing promised is lost."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.outcome import PRECEDENCE
from ivr.service import Line
from tests.caller import Caller
from tests.ivr.callbacks.telephones import RungTelephone
from tests.ivr.conftest import MONDAY_TEN
from tests.ivr.test_webhooks import database_away
from tests.queueing.callback_scene import WANG_FANG, CallbackScene

RELAXED = settings(
    max_examples=8,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = st.sampled_from(["1", "1", "1", "2", "3", "7", "9", "0", "*", "13900001234", "12345"])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("press"), KEYS),
        st.tuples(st.just("wait"), st.just("")),
        st.tuples(st.just("repeat"), st.just("")),
        st.tuples(st.just("late"), st.integers(0, 30).map(str)),
        st.tuples(st.just("away"), st.just("")),
        st.tuples(st.just("fallback"), st.just("")),
        st.tuples(st.just("tick"), st.sampled_from(["1", "70", "320"])),
    ),
    max_size=14,
)


# So far a caller gets before anything strange happens.
BEGINNINGS = st.sampled_from(
    [
        (),
        (("press", "0"),),
        (("press", "7"), ("press", "2")),
        (("press", "7"), ("press", "2"), ("press", "1")),
        (("press", "0"), ("tick", "320"), ("wait", "")),
        (("press", "0"), ("tick", "320"), ("wait", ""), ("press", "1")),
        (("press", "0"), ("tick", "320"), ("wait", ""), ("press", "1"), ("press", "1")),
        (("press", "0"), ("tick", "1900"), ("wait", "")),
    ]
)


def act(caller: Caller, line: Line, scene: CallbackScene, action: str, value: str) -> None:
    verb = caller.waiting.verb if caller.waiting else None
    if action == "tick":
        scene.tick_clock(float(value))
    elif action in ("repeat", "late"):
        url, form, _ = caller.history[-1 if action == "repeat" else int(value) % len(caller.history)]
        status, document = caller.request(url, form)
        assert status == 200 and ET.fromstring(document).tag == "Response"
    elif verb is None or verb.tag != "Gather":
        return
    elif action == "press":
        caller.press(value)
    elif action == "wait":
        caller.wait()
    elif action == "fallback":
        caller._go(f"{caller.base_url}/ivr/fallback", {"ErrorCode": "11200", "ErrorUrl": verb.attrib["action"]})
    else:
        with database_away(line):
            _, document = caller.request(verb.attrib["action"], {"Digits": "1"})
        caller.documents.append(document)
        caller.follow(document)


def at_ten(scene: CallbackScene) -> None:
    """The next example is not the evening of the one before."""
    scene.tick_clock((MONDAY_TEN - scene.at).total_seconds())
    scene.rows("WITH gone AS (DELETE FROM carrier_pace) SELECT 1")


def nobody_is_promised_twice(scene: CallbackScene) -> None:
    """One open request and one place in the line at most, for one number."""
    places = scene.rows("SELECT call_sid FROM queue_entry WHERE ended_at IS NULL")
    requests = scene.rows("SELECT number_hash, count(*) FROM callback WHERE ended_at IS NULL GROUP BY 1")
    own = scene.callbacks.fingerprint(WANG_FANG)
    assert all(count == 1 for _, count in requests)
    assert len(places) <= 1 and not (places and any(bytes(number) == own for number, _ in requests))


@RELAXED
@given(calls=st.lists(st.tuples(BEGINNINGS, ACTIONS), min_size=1, max_size=3))
def test_what_a_caller_was_told_is_on_record_and_only_once(
    busy: int, rings: Callable[..., Caller], scene: CallbackScene, line: Line, calls: list
) -> None:
    scene.rows("WITH gone AS (DELETE FROM callback) SELECT 1")
    at_ten(scene)
    for beginning, actions in calls:
        # A break of hours is no presence.
        scene.desk.ready(busy)
        scene.desk.take_break(busy, "meal")
        caller = rings()
        for action, value in (*beginning, *actions):
            if caller.is_over:
                break
            scene.desk.heartbeat(busy)
            act(caller, line, scene, action, value)
            nobody_is_promised_twice(scene)
        caller.hang_up()
        nobody_is_promised_twice(scene)
        [(outcome,)] = scene.rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid)
        assert outcome in PRECEDENCE
        booked = scene.rows("SELECT count(*) FROM callback WHERE call_sid = %s", caller.sid)[0][0]
        was_told = any("记好了" in words or "位置给您留着，轮到您了" in words for words in caller.heard)
        if was_told:
            assert booked == 1 and outcome in ("callback_requested", "self_served")
        if scene.rows("SELECT 1 FROM callback WHERE call_sid = %s AND source = 'line'", caller.sid):
            assert outcome in ("callback_requested", "self_served")
        if outcome == "callback_requested":
            assert booked == 1 or any("改好了" in words for words in caller.heard)
    scene.rows("WITH gone AS (DELETE FROM callback) SELECT 1")


@RELAXED
@given(actions=ACTIONS, machine_after=st.integers(0, 16), voice=st.booleans())
def test_whatever_happens_to_a_call_of_ours_its_request_lives_or_has_a_reason(
    busy: int,
    rings: Callable[..., Caller],
    rung: Callable[..., RungTelephone],
    scene: CallbackScene,
    line: Line,
    actions: list,
    machine_after: int,
    voice: bool,
) -> None:
    at_ten(scene)
    rings().press("7").press("2").press("1").press("1")
    scene.desk.ready(busy)
    scene.comes_due(30)
    telephone = rung().picks_up()
    for n, (action, value) in enumerate(actions):
        if telephone.is_over:
            break
        if n == machine_after:
            telephone.picks_up(machine=True)
            continue
        if voice and n == 1 and telephone.waiting and telephone.waiting.verb.attrib.get("input"):
            telephone.says()
            continue
        act(telephone, line, scene, action, value)
    telephone.hang_up()
    scene.works()
    for document in telephone.documents:
        assert ET.fromstring(document)[-1].tag in ("Redirect", "Hangup")
    [(outcome, direction)] = scene.rows("SELECT outcome, direction FROM call WHERE call_sid = %s", telephone.sid)
    assert outcome in PRECEDENCE and direction == "outbound-api"
    assert scene.history()[0] != "open"
    view = scene.callback()
    assert (view.end_reason is None) == (view.status == "scheduled")
    assert scene.rows("SELECT count(*) FROM queue_entry WHERE ended_at IS NULL") == [(0,)]
    if view.ended_at is None:
        scene.callbacks.cancel(view.id)
    scene.desk.take_break(busy, "meal")

"""Random lines: whatever is repeated, late, lost or away, one call is one row with one outcome and stable answers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.outcome import PRECEDENCE
from ivr.service import Line
from tests.caller import Caller
from tests.ivr.conftest import Clock
from tests.ivr.test_webhooks import database_away

Dial = Callable[..., Caller]
Rows = Callable[..., list[tuple[Any, ...]]]

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.sampled_from("0123456789*#")),
        st.tuples(st.just("wait"), st.just("")),
        st.tuples(st.just("repeat"), st.just("")),
        st.tuples(st.just("late"), st.integers(0, 30).map(str)),
        st.tuples(st.just("fallback"), st.sampled_from(["", "named"])),
        st.tuples(st.just("away"), st.just("")),
        st.tuples(st.just("status"), st.sampled_from(["ringing", "", "queued", "odd"])),
        st.tuples(st.just("tick"), st.sampled_from(["0.1", "1", "30"])),
    ),
    max_size=14,
)


@settings(
    max_examples=12,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=ACTIONS, ending=st.sampled_from(["hang_up", "hang_up twice", "swept"]))
def test_one_call_has_one_row_one_outcome_and_the_same_answer_to_the_same_request(
    dial: Dial, line: Line, rows: Rows, clock: Clock, actions: list[tuple[str, str]], ending: str
) -> None:
    clock.tick(60)
    caller = dial(dialled="12333", caller="+8613855112345")
    for action, value in actions:
        if caller.is_over:
            break
        _do(caller, line, clock, action, value)
    for document in caller.documents:
        assert ET.fromstring(document)[-1].tag in ("Redirect", "Hangup")
    if ending == "swept" and not caller.is_over:
        clock.tick(1)
        line.close_silent(caller.sid, clock())
    caller.hang_up()
    if ending == "hang_up twice":
        caller.request(f"{caller.base_url}/ivr/status", {"CallStatus": "completed"})
    clock.tick(300)
    line.missed.enter()
    [(outcome, ended)] = rows("SELECT outcome, ended_at IS NOT NULL FROM call WHERE call_sid = %s", caller.sid)
    assert ended and outcome in PRECEDENCE
    if ending != "swept" and all(action != "away" for action, _ in actions):
        # Nothing failed, so nothing may be counted as failed.
        assert outcome != "failed"
    assert rows("SELECT count(*) FROM call_session WHERE call_sid = %s", caller.sid) == [(0,)]
    turns = [turn for (turn,) in rows("SELECT turn FROM call_step WHERE call_sid = %s ORDER BY turn", caller.sid)]
    assert turns == list(range(1, len(turns) + 1))


def _do(caller: Caller, line: Line, clock: Clock, action: str, value: str) -> None:
    verb = caller.waiting.verb if caller.waiting else None
    if action == "tick":
        clock.tick(float(value))
    elif action == "status":
        caller.request(f"{caller.base_url}/ivr/status", {"CallStatus": value})
    elif action == "repeat":
        url, form, document = caller.history[-1]
        assert caller.request(url, form) == (200, document)
    elif action == "late":
        url, form, document = caller.history[int(value) % len(caller.history)]
        assert caller.request(url, form) == (200, document)
    elif verb is None:
        return
    elif verb.tag == "Dial":
        caller.desk("busy")
    elif action == "press":
        caller.press(value)
    elif action == "wait":
        caller.wait()
    elif action == "fallback":
        failed = {"ErrorUrl": verb.attrib["action"]} if value else {}
        _, document = caller.request(f"{caller.base_url}/ivr/fallback", {"ErrorCode": "11200"} | failed)
        caller.documents.append(document)
        caller.follow(document)
    else:
        with database_away(line):
            _, document = caller.request(verb.attrib["action"], {"Digits": "2"})
        assert "<Say" in document
        caller.documents.append(document)
        caller.follow(document)

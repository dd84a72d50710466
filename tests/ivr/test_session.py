"""Whatever a caller and a carrier do on the shipped menus, the call goes on well and ends well."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.telephony.urls import CarrierUrls
from integrations.work_calendar import SHANGHAI
from ivr.document_size import MOST_BYTES
from ivr.duty import DutyBoard, Notice
from ivr.events import CallEnded, DialEnded, Event, KeysPressed, Recorded, Recovered, Silence
from ivr.library import Library, load_library
from ivr.outcome import ANSWERED, PRECEDENCE, outcome_of
from ivr.session import LAST_TURNS, TURN_LIMIT, Session, Step, advance
from ivr.twiml import render
from ivr.verbs import Dial, Gather, Hangup, Record, Redirect, Verb, from_list, to_list
from ivr.walk import spoken
from queueing.opening_hours import Closing
from tests.call_scripts.script import ScriptedWalk, with_desk

URLS = CarrierUrls("https://12333.example.gov.cn")
DESK = "+8655112345678"
# From the last turn to the goodbye: a desk telephone that was rung last is still waited for.
MOST_TURNS = TURN_LIMIT + LAST_TURNS + 2
WAYS_ON = {"Gather", "Record", "Dial", "Redirect"}


@cache
def library(has_desk: bool = False) -> Library:
    return with_desk(library(), DESK) if has_desk else load_library(date(2026, 11, 21))


class CheckedWalk(ScriptedWalk):
    """A walk that looks at every single step: what went in, what came out, what the caller hears."""

    def apply(self, session: Session, event: Event) -> Step:
        given, flow = deepcopy(session), self._flow(session)
        before = outcome_of(session.marks)
        again = advance(flow, session, event)
        assert session == given, "advance changed the session given to it"
        step = super().apply(session, event)
        assert (step.session, step.verbs) == (again.session, again.verbs), "the same event led elsewhere"
        check_session(step.session)
        assert PRECEDENCE.index(outcome_of(step.session.marks)) <= PRECEDENCE.index(before) or not session.marks
        if not isinstance(event, CallEnded):
            check_document(step)
        return step


def check_session(session: Session) -> None:
    text = session.to_json(orjson.dumps)
    read = Session.from_dict(orjson.loads(text))
    assert asdict(read) | {"private": session.private} == asdict(session)
    assert read.to_json(orjson.dumps) == text
    assert [mark for mark in session.marks if mark not in PRECEDENCE] == []
    assert len(set(session.trail)) == len(session.trail)
    assert len(text) < 4000


def check_document(step: Step) -> None:
    assert from_list(orjson.loads(orjson.dumps(to_list(step.verbs)))) == step.verbs
    document = render(step.verbs, URLS, step.session.turn, "CA" + "0" * 32)
    assert len(document.encode()) <= MOST_BYTES
    tags = [child.tag for child in ElementTree.fromstring(document)]
    assert tags, "an empty document"
    # While an answer is awaited, a second's wait may pass without one.
    assert step.session.pending or any(say.text.strip() for say in spoken(step.verbs)), "a document without a word"
    if tags[-1] == "Hangup":
        assert "Hangup" not in tags[:-1]
        assert [tag for tag in tags if tag != "Pause"][-2] == "Say", "a bare hang-up"
    else:
        assert tags[-1] in WAYS_ON
        assert "Hangup" not in tags
    for tag, following in pairwise(tags):
        if tag == "Gather":
            assert following in ("Gather", "Redirect"), "silence after a Gather leads nowhere"


def is_hung_up(step: Step) -> bool:
    return isinstance(step.verbs[-1], Hangup)


def answer(walk: ScriptedWalk, verb: Verb, keys: str) -> Step:
    """What a carrier reports for the verb that a document waits at, given what the caller presses."""
    if isinstance(verb, Gather):
        return walk.happens(KeysPressed, keys) if keys else walk.happens(Silence)
    if isinstance(verb, Dial):
        return walk.happens(DialEnded, "no-answer")
    if isinstance(verb, Record):
        return walk.happens(Recorded, "RE0", 10)
    return walk.happens(Silence)


def last_wait(step: Step) -> Verb:
    return next((verb for verb in reversed(step.verbs) if not isinstance(verb, Redirect)), Redirect())


# Any call

centres = st.sampled_from(sorted(load_library(date(2026, 11, 21)).centres))
callers = st.sampled_from(["", "13855112345", "055812345678", "13905581234", "+14155550123", "anonymous"])
# Ordinary days, make-up Saturdays, the Spring Festival, the turn of a season, a year without a notice yet.
days = st.sampled_from(
    [date(2026, 11, 23), date(2026, 11, 22), date(2026, 2, 14), date(2026, 2, 18), date(2026, 10, 1), date(2029, 5, 2)]
) | st.dates(date(2026, 1, 1), date(2028, 12, 31))
minutes = st.sampled_from([0, 539, 540, 719, 720, 749, 870, 1045, 1050, 1260, 1439]) | st.integers(0, 1439)
boards = st.sampled_from(["nothing", "notice", "closed"])
single_keys = st.sampled_from("0123456789*#")

events = st.one_of(
    st.tuples(st.just("keys"), single_keys),
    st.tuples(st.just("keys"), single_keys),
    st.tuples(st.just("keys"), st.text("0123456789*#ABCD", min_size=1, max_size=20)),
    st.tuples(st.just("silence"), st.just("")),
    st.tuples(st.just("dial"), st.sampled_from(["completed", "busy", "no-answer", "failed", "canceled", ""])),
    st.tuples(st.just("recorded"), st.sampled_from(["0", "1", "2", "180"])),
    st.tuples(st.just("recovered"), st.just("")),
    # Over a closing, a midnight, or a clock that is set back.
    st.tuples(st.just("clock"), st.sampled_from(["-3600", "-1", "0.1", "60", "3600", "86400", "2592000"])),
)


class Setting(NamedTuple):
    """When, where and under what circumstances a call rings."""

    centre: str
    day: date = date(2026, 11, 23)
    minute: int = 600
    has_desk: bool = False
    caller: str = ""
    board: str = "nothing"

    def walk(self) -> CheckedWalk:
        at = datetime.combine(self.day, time(self.minute // 60, self.minute % 60), SHANGHAI)
        hour = timedelta(hours=1)
        notice = Notice(None, "养老金本月15日发放，今天没到账是正常的。", at - hour, at + hour, "王芳")
        duty = DutyBoard(
            notices=(notice,) if self.board == "notice" else (),
            closings={self.centre: (Closing(at - hour, at + hour, "停电"),)} if self.board == "closed" else {},
        )
        return CheckedWalk(library(self.has_desk), self.centre, at, self.caller, board=duty)


calls = st.builds(Setting, centres, days, minutes, st.booleans(), callers, boards)


def happen(walk: CheckedWalk, kind: str, value: str) -> None:
    match kind:
        case "keys":
            walk.happens(KeysPressed, value)
        case "silence":
            walk.happens(Silence)
        case "dial":
            walk.happens(DialEnded, value)
        case "recorded":
            walk.happens(Recorded, "RE1", int(value))
        case "recovered":
            walk.happens(Recovered)
        case "clock":
            walk.at += timedelta(seconds=float(value))


@settings(deadline=None, max_examples=150, print_blob=True)
@given(calls, st.lists(events, max_size=40))
def test_nothing_that_a_caller_or_carrier_does_breaks_a_call(call: Setting, happened: list[tuple[str, str]]) -> None:
    walk = call.walk()
    walk.ring()
    for kind, value in happened:
        happen(walk, kind, value)
        assert walk.hang_up() in PRECEDENCE


@settings(deadline=None, max_examples=60, print_blob=True)
@given(calls, st.lists(events, max_size=15))
def test_an_ended_call_stays_ended_and_keeps_its_outcome(call: Setting, happened: list[tuple[str, str]]) -> None:
    walk = call.walk()
    walk.ring()
    for kind, value in happened:
        happen(walk, kind, value)
    outcome = walk.hang_up()
    ended = walk.happens(CallEnded, "completed")
    assert (ended.verbs, ended.commands, ended.session.ended) == ((), (), True)
    assert outcome_of(ended.session.marks) == outcome
    assert ended.session.private == {}
    for event in (KeysPressed, Silence, Recovered, CallEnded):
        values = ("0",) if event is KeysPressed else ("completed",) if event is CallEnded else ()
        flow, moment = walk._flow(ended.session), walk._moment(ended.session.centre)
        step = advance(flow, ended.session, event(walk.at, moment, *values))
        assert (step.verbs, step.session) == ((Hangup(),), ended.session)


@settings(deadline=None, max_examples=25, print_blob=True)
@given(calls, st.lists(st.sampled_from(["", "0", "1", "2", "3", "8", "9", "*", "#"]), min_size=1, max_size=6))
def test_a_caller_who_never_hangs_up_is_told_goodbye_in_the_end(call: Setting, keys: list[str]) -> None:
    walk = call.walk()
    step = walk.ring()
    turns = 1
    while not is_hung_up(step):
        step = answer(walk, last_wait(step), keys[turns % len(keys)])
        turns += 1
        assert turns <= MOST_TURNS
    assert walk.hang_up() in PRECEDENCE


@pytest.mark.parametrize("has_desk", [False, True])
@pytest.mark.parametrize("hour", [10, 12, 20])
@pytest.mark.parametrize("key", ["9", "0", "*", "1", "8", "#"])
def test_one_key_pressed_for_ever_comes_to_an_end(key: str, hour: int, has_desk: bool) -> None:
    walk = Setting("340100", minute=hour * 60, has_desk=has_desk).walk()
    step = walk.ring()
    while not is_hung_up(step):
        step = answer(walk, last_wait(step), key)
        assert step.session.turn <= MOST_TURNS
    assert walk.hang_up() in PRECEDENCE


@pytest.mark.parametrize("has_desk", [False, True])
@pytest.mark.parametrize("centre", ["340000", "340100", "340700"])
def test_silence_alone_ends_a_call_within_a_few_turns(centre: str, has_desk: bool) -> None:
    walk = Setting(centre, has_desk=has_desk, caller="13855112345").walk()
    step = walk.ring()
    while not is_hung_up(step):
        step = answer(walk, last_wait(step), "")
        assert step.session.turn <= 8


def test_webhooks_that_fail_for_ever_come_to_an_end() -> None:
    walk = Setting("340100", has_desk=True).walk()
    step = walk.ring()
    while not is_hung_up(step):
        step = walk.happens(Recovered)
        assert step.session.turn <= MOST_TURNS


def test_the_last_way_to_a_person_is_still_an_answered_call() -> None:
    walk = Setting("340100", has_desk=True).walk()
    step = walk.ring()
    while not any(isinstance(verb, Dial) for verb in step.verbs):
        step = walk.press("9")
    assert step.session.turn == TURN_LIMIT + 1
    walk.happens(DialEnded, "completed")
    assert walk.hang_up() == ANSWERED


def test_a_desk_that_never_answers_is_not_rung_again_and_again_at_the_end() -> None:
    walk = Setting("340100", has_desk=True).walk()
    step = walk.ring()
    rung = 0
    while not is_hung_up(step):
        rung += any(isinstance(verb, Dial) for verb in step.verbs)
        step = answer(walk, last_wait(step), "9")
    assert rung == 1


@settings(deadline=None, max_examples=60, print_blob=True)
@given(
    st.builds(
        Session,
        centre=centres,
        node=st.sampled_from(["", "main", "gone"]),
        turn=st.integers(0, 200),
        slow=st.booleans(),
        trail=st.lists(st.text(max_size=5)),
        marks=st.lists(st.sampled_from(PRECEDENCE)),
        keyed_at=st.floats(0, 2e9),
        playing_since=st.floats(0, 2e9),
        guesses=st.lists(st.text(max_size=6)),
        ended=st.booleans(),
        facts=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.just("RE1")),
        private=st.dictionaries(st.just("id"), st.just("340102195801011234")),
    )
)
def test_a_session_is_the_same_after_json_but_for_what_is_private(session: Session) -> None:
    text = session.to_json(orjson.dumps)
    assert "340102195801011234" not in text
    read = Session.from_dict(orjson.loads(text))
    assert read.private == {}
    read.private = dict(session.private)
    assert read == session


def test_a_copy_shares_nothing_that_can_change() -> None:
    session = Session("340000", trail=["main"], marks=[ANSWERED], facts={"a": "b"}, private={"c": "d"}, guesses=["e"])
    copy = session.copy()
    assert copy == session
    for name in ("trail", "marks", "guesses", "guess_names", "facts", "private"):
        assert getattr(copy, name) is not getattr(session, name)

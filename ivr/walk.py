"""Dial the menu in a terminal: type keys, read prompts. The real engine on the real files, without a server.

python app.py menu walk --centre 340100 --at "2026-02-14 10:00" --from 13855112345
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TextIO

from integrations.phone_numbers import parse_caller
from ivr.almanac import Almanac
from ivr.duty import DutyBoard
from ivr.events import CallEnded, CallStarted, DialEnded, Event, KeysPressed, Recorded, Silence
from ivr.flow import Flow
from ivr.library import Library
from ivr.moment import Moment
from ivr.outcome import NAMES_ZH, outcome_of
from ivr.session import Caller, Session, Step, advance, start_session
from ivr.verbs import Dial, Gather, Hangup, Pause, Record, Say, Verb
from ivr.words import speakable, speaking_seconds
from queueing.centre import PROVINCE, candidates_for_caller

HELP = "按键后回车；直接回车表示不按键；h 挂机；? 帮助"
THINKING = timedelta(seconds=2)


@dataclass
class Walk:
    """One call on paper: its session, its clock, and everything that was said."""

    library: Library
    centre: str
    at: datetime
    caller: str = ""
    session: Session | None = None
    board: DutyBoard = field(default_factory=DutyBoard)

    def __post_init__(self) -> None:
        self._almanac = Almanac(lambda: self.library, lambda now: self.board)

    def ring(self) -> Step:
        number = parse_caller(self.caller)
        centres = self.library.centres
        guesses = candidates_for_caller(centres, number, None) if self.centre == PROVINCE else ()
        caller = Caller(tuple((code, centres[code].short_name) for code in guesses[:2]))
        event = CallStarted(self.at, self._moment(self.centre))
        return self.apply(start_session(self.centre, event, caller), event)

    def press(self, digits: str) -> Step:
        """Keys, or silence for an empty text. The clock runs on by what was said."""
        return self.happens(KeysPressed, digits) if digits else self.happens(Silence)

    def come_back(self, verb: Verb) -> Step:
        """What the carrier would report after a verb other than a wait for keys."""
        if isinstance(verb, Dial):
            return self.happens(DialEnded, "no-answer")
        if isinstance(verb, Record):
            return self.happens(Recorded, "RE0", 10)
        return self.happens(Silence)

    def happens(self, kind: Callable[..., Event], *values: Any) -> Step:
        """Any event, at the walk's own time."""
        session = self._session()
        return self.apply(session, kind(self.at, self._moment(session.centre), *values))

    def hang_up(self) -> str:
        """The outcome of the call."""
        session = self._session()
        step = advance(self._flow(session), session, CallEnded(self.at, self._moment(session.centre), "completed"))
        return outcome_of(step.session.marks)

    def apply(self, session: Session, event: Event) -> Step:
        """Advance, remember the session, and let the clock run while the caller listens."""
        step = advance(self._flow(session), session, event)
        self.session = step.session
        for verb in spoken(step.verbs):
            self.at += timedelta(seconds=speaking_seconds(verb.text, verb.slow))
        self.at += THINKING
        return step

    def _session(self) -> Session:
        if self.session is None:
            raise RuntimeError("ring first")
        return self.session

    def _flow(self, session: Session) -> Flow:
        return self.library.flow(session.centre, session.menu)

    def _moment(self, centre: str) -> Moment:
        return self._almanac.moment(centre, self.at)


def spoken(verbs: tuple[Verb, ...]) -> Iterator[Say]:
    """Every sentence of a document, in order."""
    for verb in verbs:
        if isinstance(verb, Say):
            yield verb
        elif isinstance(verb, Gather):
            yield from (prompt for prompt in verb.prompts if isinstance(prompt, Say))


def walk_in_terminal(walk: Walk, keys: TextIO = sys.stdin, out: TextIO = sys.stdout) -> str:
    """Dial until either side hangs up; prints and returns the outcome."""
    name = walk.library.centres[walk.centre].short_name
    print(f"拨通 {name}  {walk.at:%Y-%m-%d %H:%M}  （{HELP}）\n", file=out)
    step = walk.ring()
    while True:
        _show(walk, step, out)
        last = _last_wait(step.verbs)
        if isinstance(last, Hangup):
            break
        if not isinstance(last, Gather):
            step = walk.come_back(last)
            continue
        typed = _ask(keys, out)
        if typed in ("h", "q", None):
            break
        step = walk.press(typed or "")
    outcome = walk.hang_up()
    print(f"\n通话结束。结果：{NAMES_ZH[outcome]}（{outcome}）", file=out)
    return outcome


def _show(walk: Walk, step: Step, out: TextIO) -> None:
    for say in spoken(step.verbs):
        slow = "（慢）" if say.slow else ""
        print(f"  {say.prompt:<22} {slow}{speakable(say.text)}", file=out)
    last = _last_wait(step.verbs)
    note = {Dial: "  [接值班电话，这里当作没人接]", Record: "  [嘀——录音，这里当作说了十秒]"}.get(type(last))
    if note:
        print(note, file=out)


def _last_wait(verbs: tuple[Verb, ...]) -> Verb:
    """The verb that decides how the document ends."""
    waits = [verb for verb in verbs if isinstance(verb, Gather | Dial | Record | Hangup)]
    return waits[-1] if waits else Pause(0)


def _ask(keys: TextIO, out: TextIO) -> str | None:
    while True:
        print("按键> ", end="", file=out, flush=True)
        line = keys.readline()
        if not line:
            print(file=out)
            return None
        typed = line.strip()
        if typed in ("h", "q", "") or set(typed) <= set("0123456789*#"):
            return typed
        print(f"  {HELP}", file=out)

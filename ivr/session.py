"""The session of a call, and `advance`: one event in, what the caller hears and what is asked of others out.

The engine knows no clock, no database and no carrier. A session rests only on nodes that wait; between two webhooks
it is JSON. `turn` counts the documents that the caller was given: a webhook names the turn that it answers, so a
repeated or late one is told apart before the engine is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ivr.commands import Command
from ivr.events import (
    CalledBack,
    CallEnded,
    CallStarted,
    CommandAnswered,
    Connected,
    DialEnded,
    Event,
    KeysPressed,
    Recovered,
    TalkEnded,
)
from ivr.outcome import ABANDONED_IN_QUEUE, AFTER_HOURS, CALLBACK_REQUESTED, SELF_SERVED, SHORT_ABANDON
from ivr.pushes import to_the_callback, to_the_talk
from ivr.turn import Turn
from ivr.verbs import Hangup, Redirect, Verb

if TYPE_CHECKING:
    from ivr.flow import Flow

SCHEMA = 1
# A call that has had this many documents goes to a person, or is told where one is: no loop runs for ever.
TURN_LIMIT = 150
# What the way to a person and the truth about it may take after that; then it is goodbye.
LAST_TURNS = 6
# Nodes that do not wait, passed through in one step; a menu that needs more is a loop.
HOP_LIMIT = 40
# One key heard as two by a bad line.
DOUBLE_PRESS_SECONDS = 0.3
# Self-service counts once this much of a recording was heard, or all of a shorter one.
HEARD_SECONDS = 20.0
RECOVERY_LIMIT = 3
# Whoever leaves the line sooner was not abandoned by it (domain: short abandon).
SHORT_ABANDON_SECONDS = 5.0
# The word that says: should this call break off in the line, we ring.
CALLBACK_WANTED = "callback_wanted"


@dataclass(slots=True)
class Session:
    """One call's place in the menu. Times are epoch seconds; `private` is sealed wherever it is kept."""

    centre: str
    # The menu file, when the call was handed to another than its centre's own.
    menu: str = ""
    node: str = ""
    # Where the next menu begins when it is not at its start: what was asked for goes on in another centre.
    begin: str = ""
    turn: int = 0
    schema: int = SCHEMA
    slow: bool = False
    silences: int = 0
    wrong_keys: int = 0
    recoveries: int = 0
    # Menus behind us, for the * key.
    trail: list[str] = field(default_factory=list)
    # What was achieved so far; the outcome is the best of these.
    marks: list[str] = field(default_factory=list)
    # Digits entered so far are data of one node: how often it was tried, which item is playing.
    tries: int = 0
    item: int = 0
    content: str = ""
    keyed_at: float = 0.0
    last_key: str = ""
    playing_since: float = 0.0
    playing_seconds: float = 0.0
    # Since when the caller stands in the waiting line; 0 outside it.
    in_line_since: float = 0.0
    # Documents of the line, which has limits of its own.
    waiting_turns: int = 0
    is_tired: bool = False
    # Centres that the number may belong to, codes; asked once at the beginning.
    guesses: list[str] = field(default_factory=list)
    guess_names: list[str] = field(default_factory=list)
    pending: str = ""
    commands: int = 0
    ended: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    # Words that the last command's answer brought along.
    words: dict[str, str | None] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Session:
        """The session that `asdict` wrote. Fields of a newer or older version are left out or take their default."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})

    def copy(self) -> Session:
        return replace(
            self,
            trail=list(self.trail),
            marks=list(self.marks),
            guesses=list(self.guesses),
            guess_names=list(self.guess_names),
            facts=dict(self.facts),
            words=dict(self.words),
            private=dict(self.private),
        )

    def to_json(self, dumps: Callable[[Any], bytes]) -> str:
        """JSON without `private`, which has its own sealed place; fields at their default are left out."""
        values = {name: getattr(self, name) for name in _PLAIN}
        kept = {name: value for name, value in values.items() if value != _PLAIN[name]}
        return dumps(kept | {"schema": self.schema}).decode()

    def note_what_was_heard(self, at: datetime) -> None:
        """Mark self-service when a recording or guide was heard to its end, or for HEARD_SECONDS."""
        if not self.playing_since:
            return
        if at.timestamp() - self.playing_since >= min(self.playing_seconds, HEARD_SECONDS):
            self.mark(SELF_SERVED)
        self.playing_since = 0.0

    def note_line_left(self, at: datetime) -> None:
        """The caller is no longer in the line, and nobody has answered."""
        if self.in_line_since:
            waited = at.timestamp() - self.in_line_since
            self.mark(SHORT_ABANDON if waited < SHORT_ABANDON_SECONDS else ABANDONED_IN_QUEUE)
            if self.words.get(CALLBACK_WANTED):
                self.mark(CALLBACK_REQUESTED)
            self.in_line_since = 0.0

    @property
    def counted_turns(self) -> int:
        """Documents so far, those of the waiting line left aside."""
        return self.turn - self.waiting_turns

    def mark(self, achieved: str) -> None:
        if achieved not in self.marks:
            self.marks.append(achieved)


_PLAIN = {f.name: f.default if f.default is not MISSING else None for f in fields(Session) if f.name != "private"}
_PLAIN |= {f.name: f.default_factory() for f in fields(Session) if f.default_factory is not MISSING}
_PLAIN.pop("private")


@dataclass(frozen=True, slots=True)
class Step:
    """What one event led to: the session to save, what the caller hears, what is asked of others."""

    session: Session
    verbs: tuple[Verb, ...]
    commands: tuple[Command, ...] = ()


def advance(flow: Flow, session: Session, event: Event) -> Step:
    """Apply one event to a call.

    The given session is left as it is; the returned one is a copy. A call that has ended stays ended and hears only
    a hang-up. Never raises for anything that a caller can do.
    """
    session = session.copy()
    if session.ended:
        return Step(session, (Hangup(),))
    session.note_what_was_heard(event.at)
    if isinstance(event, CallEnded):
        session.note_line_left(event.at)
        session.ended = True
        session.private.clear()
        return Step(session, ())
    turn = Turn(flow, session, event)
    if isinstance(event, CommandAnswered):
        turn.say_first(event.unsaid)
    if _is_over(flow, session, event):
        _say_goodbye(turn)
    else:
        _walk(turn, _first_node(turn))
    if not isinstance(turn.verbs[-1], Hangup | Redirect):
        turn.verbs.append(Redirect())
    session.turn += 1
    return Step(session, tuple(turn.verbs), tuple(turn.commands))


def _is_over(flow: Flow, session: Session, event: Event) -> bool:
    """The turns are used up; a talk that has already begun, or begins now, is still had. Or we rang without a menu."""
    if isinstance(event, CalledBack):
        return not flow.callback
    is_talk = isinstance(event, DialEnded | Connected | TalkEnded)
    return not is_talk and session.counted_turns >= TURN_LIMIT + LAST_TURNS


def _say_goodbye(turn: Turn) -> None:
    turn.say("goodbye")
    turn.end_with(Hangup())


def _first_node(turn: Turn) -> str:
    """The node to enter after this event, decided by where the call rests and what happened."""
    flow, session, event = turn.flow, turn.session, turn.event
    if isinstance(event, Connected) and flow.talk:
        return to_the_talk(turn, event)
    if isinstance(event, CalledBack):
        return to_the_callback(turn, event)
    if session.counted_turns >= TURN_LIMIT and not session.is_tired and not isinstance(event, DialEnded | TalkEnded):
        session.is_tired = True
        return flow.last_resort
    if isinstance(event, CallStarted) or session.node not in flow.nodes:
        # Before the first node, after a change of centre, and when a newer menu has lost the place.
        begin, session.begin = session.begin, ""
        return begin if begin in flow.nodes else flow.start
    if isinstance(event, Recovered):
        session.recoveries += 1
        if session.recoveries > RECOVERY_LIMIT:
            return flow.last_resort
        turn.say("recovered")
        return flow.nodes[session.node].recover(turn)
    if isinstance(event, KeysPressed) and _is_double_press(turn, event):
        return session.node
    return flow.nodes[session.node].resume(turn)


def _is_double_press(turn: Turn, event: KeysPressed) -> bool:
    """The same single key again within 300 ms: a bad line, not a wish. Never where a number is being entered."""
    session = turn.session
    at = event.at.timestamp()
    single = len(event.digits) == 1 and not turn.flow.nodes[session.node].is_entering(session)
    doubled = single and event.digits == session.last_key and abs(at - session.keyed_at) < DOUBLE_PRESS_SECONDS
    session.last_key, session.keyed_at = (event.digits if single else ""), at
    return doubled


def _walk(turn: Turn, node_id: str) -> None:
    """Enter nodes until one waits. The menu check proves that this ends; the bound is for what it cannot see."""
    for _ in range(HOP_LIMIT):
        node = turn.flow.nodes[node_id]
        if node.id != turn.session.node:
            turn.session.tries = 0
            turn.session.pending = ""
        turn.session.node = node.id
        following = node.enter(turn)
        if following is None:
            return
        node_id = following
    _say_goodbye(turn)


def start_session(centre: str, event: CallStarted, caller: Caller) -> Session:
    """The session of a call that has just rung; outside ordinary hours it is `after_hours` until it achieves more."""
    session = Session(
        centre=centre,
        guesses=[code for code, _ in caller.guesses],
        guess_names=[name for _, name in caller.guesses],
    )
    hours = event.moment.hours
    if not hours.is_staffed or hours.urgent_only:
        session.mark(AFTER_HOURS)
    return session


@dataclass(frozen=True, slots=True)
class Caller:
    """What the engine may know of who rings: the centres that the number points to, code and name."""

    guesses: tuple[tuple[str, str], ...] = ()

"""Command -> service call -> answer: the only module here that reaches into the folders to its right.

A command is asked after the session that waits for it is saved, outside any transaction, and may be asked twice
after a crash. Rooms that are opened later add their command here, and menus may name it from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from integrations.services import Services
from ivr.commands import Answer, Command, CommandKind
from ivr.flow import Flow
from ivr.moment import Moment
from ivr.session import Session
from ivr.store import CallStore
from ivr.words import minutes_range
from queueing.entries import Joining
from queueing.line import Look, WaitingLine
from queueing.routing import SKILLS
from voicemail.cases import attach_comment, open_low_rating

# The worst two of five open a case (3.3 of the script).
UNSATISFIED = ("4", "5")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, and all that its performer may know of the call."""

    services: Services
    line: WaitingLine
    call_sid: str
    command: Command
    session: Session
    moment: Moment
    flow: Flow


@dataclass(frozen=True)
class Action:
    """A command and who performs it."""

    kind: CommandKind
    perform: Callable[[Asked], Answer]


WAITING = ("free", "next", "position_and_time", "time_only", "unsure", "longer", "after_hours")
LOOKS = (*WAITING, "nobody_in", "closed", "full", "limit", "gone")


def _join_line(asked: Asked) -> Answer:
    session = asked.session
    with asked.services.database.pool.connection() as connection:
        caller = CallStore(connection, asked.services.sealer).caller(asked.call_sid)
    joining = Joining(
        call_sid=asked.call_sid,
        centre=session.centre,
        skill=skill_of(asked.flow, session.content),
        asked=session.content,
        is_slow=session.slow,
        caller_hash=caller.hash,
        caller_tail=caller.tail,
        caller_region=caller.region,
    )
    return _told(asked.line.join(joining, is_staffed=asked.moment.hours.is_staffed))


def _look_at_line(asked: Asked) -> Answer:
    return _told(asked.line.look(asked.call_sid, is_staffed=asked.moment.hours.is_staffed))


def _leave_line(asked: Asked) -> Answer:
    return Answer("left" if asked.line.leave(asked.call_sid) else "too_late")


def _after_talk(asked: Asked) -> Answer:
    return Answer(asked.line.after_talk(asked.call_sid))


def _rate(asked: Asked) -> Answer:
    score = asked.session.facts.get("score", "")
    rated = asked.line.rate(asked.call_sid, asked.session.facts.get("offer", ""), int(score))
    if rated is not None and score in UNSATISFIED:
        open_low_rating(asked.services, rated)
        return Answer("unsatisfied")
    return Answer("thanked")


def _comment(asked: Asked) -> Answer:
    facts = asked.session.facts
    attach_comment(asked.services, facts.get("offer", ""), facts.get("comment", ""))
    return Answer("kept")


def skill_of(flow: Flow, content: str) -> str:
    """The skill that what was looked at before points to; "" when nothing was, or anybody can help with it."""
    kind, _, name = content.partition("/")
    guide = flow.content.guides.get(name) if kind == "guide" else None
    subject = guide.subject if guide else name
    return subject if subject in SKILLS else ""


def _told(look: Look) -> Answer:
    minutes = None if look.low is None or look.high is None else minutes_range(look.low, look.high)
    return Answer(look.kind, {"ahead": None if look.ahead is None else str(look.ahead), "wait": minutes})


ACTIONS: dict[str, Action] = {
    action.kind.name: action
    for action in (
        Action(CommandKind("join_line", LOOKS), _join_line),
        Action(CommandKind("look_at_line", LOOKS), _look_at_line),
        Action(CommandKind("leave_line", ("left", "too_late")), _leave_line),
        Action(CommandKind("after_talk", ("finished", "dropped", "transferred", "talking", "gone")), _after_talk),
        Action(CommandKind("rate", ("thanked", "unsatisfied")), _rate),
        Action(CommandKind("comment", ("kept",)), _comment),
    )
}
COMMANDS: Mapping[str, CommandKind] = {name: action.kind for name, action in ACTIONS.items()}

"""Command -> service call -> answer: here, and in `callback_actions`, menus reach into the folders to the right.

Those of key 1 are in `query_actions`, of key 6 in `loss_actions`, of messages and cases (keys 4, 5 and 7) in
`message_actions` and `case_actions`. A command is asked after the session that waits for
it is saved, outside any transaction, and may be asked twice after a crash. Rooms that are opened later add their
command here, and menus may name it from then on.
"""

from __future__ import annotations

from collections.abc import Mapping

from integrations.phone_numbers import is_dialable
from ivr import callback_actions, case_actions, loss_actions, message_actions, query_actions
from ivr.asked import Action, Asked
from ivr.callback_actions import confirm_by_asking, find_own, is_told, skill_of, where_words
from ivr.case_actions import note_satisfaction
from ivr.commands import Answer, CommandKind
from ivr.session import CALLBACK_WANTED
from ivr.store import CallerFacts
from ivr.words import minutes_range
from queueing.callback import LIVE
from queueing.callback_booking import NUMBER_CONTEXT
from queueing.entries import Joining
from queueing.line import Look
from voicemail.cases import open_low_rating

# The worst two of five open a case (3.3 of the script).
UNSATISFIED = ("4", "5")
WAITING = ("free", "next", "position_and_time", "time_only", "unsure", "longer", "after_hours")
LOOKS = (*WAITING, "nobody_in", "closed", "full", "limit", "gone")


def _join_line(asked: Asked) -> Answer:
    """Stand in the line. Never twice: who is to be rung is asked first, and then takes the place that was kept."""
    is_staffed = asked.moment.hours.is_staffed
    if confirm_by_asking(asked):
        return _told(asked, asked.line.look(asked.call_sid, is_staffed))
    caller = asked.caller()
    found = find_own(asked, caller)
    if found is None or found.status == LIVE:
        return _told(asked, asked.line.join(_joining(asked, caller, asked.session.centre), is_staffed))
    if asked.moment.is_open("progress") and not is_told(asked, found):
        return Answer("callback_exists", where_words(found, asked.services.now()))
    came = _told(asked, asked.callbacks.come(found.id, _joining(asked, caller, found.centre), is_staffed))
    # What was promised stays promised, should the line break off.
    return Answer(came.name, {**came.words, CALLBACK_WANTED: "yes"}) if came.name in WAITING else came


def _joining(asked: Asked, caller: CallerFacts, centre: str) -> Joining:
    session, sealer = asked.session, asked.services.sealer
    return Joining(
        call_sid=asked.call_sid,
        centre=centre,
        skill=skill_of(asked.flow, session.content),
        asked=session.content,
        is_slow=session.slow,
        caller_hash=caller.hash,
        caller_tail=caller.tail,
        caller_region=caller.region,
        caller_sealed=sealer.seal(caller.number, NUMBER_CONTEXT) if is_dialable(caller.number) else None,
    )


def _look_at_line(asked: Asked) -> Answer:
    return _told(asked, asked.line.look(asked.call_sid, is_staffed=asked.moment.hours.is_staffed))


def _leave_line(asked: Asked) -> Answer:
    return Answer("left" if asked.line.leave(asked.call_sid) else "too_late")


def _after_talk(asked: Asked) -> Answer:
    return Answer(asked.line.after_talk(asked.call_sid))


def _rate(asked: Asked) -> Answer:
    score = asked.session.facts.get("score", "")
    rated = asked.line.rate(asked.call_sid, asked.session.facts.get("offer", ""), int(score))
    if rated is not None:
        note_satisfaction(asked, int(score))
    if rated is not None and score in UNSATISFIED:
        open_low_rating(asked.services, rated)
        return Answer("unsatisfied")
    return Answer("thanked")


def _told(asked: Asked, look: Look) -> Answer:
    minutes = None if look.low is None or look.high is None else minutes_range(look.low, look.high)
    words: dict[str, str | None] = {"ahead": None if look.ahead is None else str(look.ahead), "wait": minutes}
    if not asked.session.in_line_since:
        # Another wait than the one before, if there was any.
        words |= {"callback_offer": None, CALLBACK_WANTED: None}
    if _is_long(asked, look):
        words["callback_offer"] = "yes"
    return Answer(look.kind, words)


def _is_long(asked: Asked, look: Look) -> bool:
    """The estimate, or the wait itself, has passed what the centre finds long enough to offer to ring instead."""
    since = asked.session.in_line_since
    longest = asked.line.rules(asked.session.centre).offer_callback_after_minutes
    if look.high is not None and look.high > longest:
        return True
    # Also of whoever is the next: that may last.
    is_waiting = look.kind in WAITING and look.kind != "free"
    return is_waiting and bool(since) and asked.services.now().timestamp() - since >= 60 * longest


ACTIONS: dict[str, Action] = {
    action.kind.name: action
    for action in (
        Action(CommandKind("join_line", (*LOOKS, "callback_exists")), _join_line),
        Action(CommandKind("look_at_line", LOOKS), _look_at_line),
        Action(CommandKind("leave_line", ("left", "too_late")), _leave_line),
        Action(CommandKind("after_talk", ("finished", "dropped", "transferred", "talking", "gone")), _after_talk),
        Action(CommandKind("rate", ("thanked", "unsatisfied")), _rate),
        *callback_actions.ACTIONS,
        *query_actions.ACTIONS,
        *loss_actions.ACTIONS,
        *message_actions.ACTIONS,
        *case_actions.ACTIONS,
    )
}
COMMANDS: Mapping[str, CommandKind] = {name: action.kind for name, action in ACTIONS.items()}

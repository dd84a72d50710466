"""The commands of messages: begun before the beep, kept after it, and what may be said of them.

The message's id travels as a word that no sentence uses; number and date are said only once they are on record.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from integrations.phone_numbers import is_dialable, read_number
from integrations.work_calendar import in_shanghai
from ivr.asked import Action, Asked
from ivr.commands import Answer, CommandKind
from ivr.nodes.record import MESSAGE, SECONDS
from ivr.nodes.take import TOKEN
from ivr.query_actions import ID_NUMBER, PROVEN
from ivr.takes import take_token
from ivr.words import calendar_day, full_day, spell_digits
from queueing.line import WaitingLine
from voicemail.anonymity import make_anonymous
from voicemail.cases import attach_comment
from voicemail.messages import Begin, Kept, Messages

log = structlog.get_logger(__name__)
DATABASE_AWAY = (psycopg.Error, PoolTimeout)
REPORT, COMPLAINT, COMMENT = "report", "complaint", "comment"
# Words for the commands to come: what kind of message it is, the case that it adds to, and that case's kind.
KIND, ADDS_TO, CASE, CASE_KIND = "message_kind", "message_adds_to", "case_id", "case_kind"
# Why no answer can come: no number is known, or the caller does not want to be found.
NO_NUMBER, ANONYMOUS = "no_number", "anonymous"
# A number that was keyed in for the answer, in the session's private part.
ANSWER_NUMBER = "message_number"


def messages_of(line: WaitingLine) -> Messages:
    """The messages as the line's own process sees them."""
    return Messages(line.services, line.centres, line.timetable)


def _begin(asked: Asked) -> Answer:
    """A message from before its first word, so that no word of the carrier about it is nobody's."""
    begin = _asked_for(asked)
    nothing: dict[str, str | None] = dict.fromkeys((MESSAGE, TOKEN, ADDS_TO, NO_NUMBER, ANONYMOUS))
    try:
        message_id = messages_of(asked.line).begin(begin)
    except DATABASE_AWAY as error:
        log.warning("message_not_begun", call_sid=asked.call_sid, error=type(error).__name__)
        return Answer("unable", nothing)
    words = nothing | {MESSAGE: str(message_id), KIND: begin.kind, "number_tail": None}
    if begin.number:
        words["number_tail"] = spell_digits(begin.number[-4:])
    if begin.adds_to is not None:
        words[ADDS_TO] = str(begin.adds_to)
    return Answer("begun", words)


def _asked_for(asked: Asked) -> Begin:
    arguments, session, caller = asked.command.arguments, asked.session, asked.caller()
    adds_to = int(session.words.get(CASE) or 0) if arguments.get("adds") else 0
    # Whoever adds to a report is as unknown as whoever made it.
    is_report = arguments["kind"] == REPORT or (bool(adds_to) and session.words.get(CASE_KIND) == REPORT)
    number = (read_number(caller.number).e164 or "") if is_dialable(caller.number) else ""
    return Begin(
        call_sid=asked.call_sid,
        turn=session.turn,
        kind=arguments["kind"],
        centre=session.centre,
        source=arguments["source"],
        number="" if is_report and adds_to else number,
        caller_hash=caller.hash,
        region=caller.region,
        id_number="" if is_report or not session.words.get(PROVEN) else session.private.get(ID_NUMBER, ""),
        is_anonymous=is_report and (bool(adds_to) or not number),
        adds_to=adds_to or None,
        asked=session.content,
        offer_id=session.facts.get("offer", "") if arguments["kind"] == COMMENT else "",
    )


def _keep(asked: Asked) -> Answer:
    """What was recorded is a message: from here on it is on a list with a date, whoever hangs up."""
    kept = _kept_now(asked)
    if kept is None:
        return Answer("empty")
    words = {"number_tail": spell_digits(kept.number_tail) if kept.number_tail else None}
    if asked.session.words.get(ADDS_TO):
        return Answer("added", words)
    if kept.kind == REPORT:
        return Answer("report" if kept.number_tail else "nameless", words | {NO_NUMBER: _flag(not kept.number_tail)})
    return Answer("kept" if kept.number_tail else "no_number", words)


def _kept_now(asked: Asked) -> Kept | None:
    facts = asked.session.facts
    recording, seconds = facts.get("message", ""), facts.get(SECONDS, "0")
    return messages_of(asked.line).keep(_message(asked), recording, int(seconds)) if recording else None


def _look(asked: Asked) -> Answer:
    """What may be asked of a message that is kept: on which number, and of a report whether at all."""
    kept = messages_of(asked.line).kept(_message(asked))
    if kept is None or not kept.number_tail or asked.session.words.get(ADDS_TO):
        return Answer("other")
    return Answer("report" if kept.kind == REPORT else "own", {"number_tail": spell_digits(kept.number_tail)})


def _drop(asked: Asked) -> Answer:
    """Nothing was said, twice."""
    if message_id := _message(asked):
        messages_of(asked.line).abandon(message_id)
    return Answer("dropped")


def _change_number(asked: Asked) -> Answer:
    number = read_number(asked.session.private.get(ANSWER_NUMBER, "")).e164 or ""
    kept = messages_of(asked.line).change_number(_message(asked), number) if is_dialable(number) else None
    if kept is None or not kept.number_tail:
        return Answer("unchanged")
    return Answer("changed", {"number_tail": spell_digits(kept.number_tail)})


def _hide_number(asked: Asked) -> Answer:
    """The caller does not want to be found."""
    if not make_anonymous(asked.services, _message(asked)):
        return Answer("unhidden")
    return Answer("hidden", {ANONYMOUS: "yes", "number_tail": None})


def _hear(asked: Asked) -> Answer:
    """The caller's own words, for some minutes and for this call's carrier alone."""
    messages, message_id = messages_of(asked.line), _message(asked)
    kept = messages.kept(message_id)
    if kept is None or messages.take_of(message_id) is None:
        return Answer("not_there")
    token = take_token(asked.services.settings.secret_key, message_id, asked.services.now())
    return Answer("report" if kept.kind == REPORT else "own", {TOKEN: token})


def _finish(asked: Asked) -> Answer:
    """Number and date, as they are on record."""
    messages, message_id = messages_of(asked.line), _message(asked)
    kept = messages.kept(message_id)
    if kept is None:
        return Answer("unknown")
    messages.told(message_id)
    words = _promise(asked, kept)
    if asked.session.words.get(ADDS_TO):
        return Answer("added", words)
    is_sure = kept.due_at is not None and not kept.is_provisional
    if kept.kind in (COMPLAINT, REPORT):
        if not kept.number_tail:
            return Answer("registered_unknown", words)
        return Answer("registered" if is_sure else "registered_provisional", words)
    if not kept.number_tail:
        return Answer("unreachable", words)
    return Answer("done" if is_sure else "provisional", words)


def _promise(asked: Asked, kept: Kept) -> Mapping[str, str | None]:
    due = in_shanghai(kept.due_at) if kept.due_at else None
    day = calendar_day(due.date()) if due else None
    if due and kept.is_provisional:
        # No weekday: the day itself may still move.
        day = full_day(due.date(), in_shanghai(asked.services.now()).date())
    is_anonymous = bool(asked.session.words.get(ANONYMOUS))
    return {
        "case_number": spell_digits(str(kept.case_id)),
        "reply_day": day,
        NO_NUMBER: _flag(not kept.number_tail and not is_anonymous),
    }


def _comment(asked: Asked) -> Answer:
    """What the caller says of a talk: with the case that it opened, and with the messages."""
    facts = asked.session.facts
    attach_comment(asked.services, facts.get("offer", ""), facts.get("comment", ""))
    if message_id := _message(asked):
        messages_of(asked.line).keep(message_id, facts.get("comment", ""), int(facts.get(SECONDS, "0")))
    return Answer("kept")


def _message(asked: Asked) -> int:
    return int(asked.session.words.get(MESSAGE) or 0)


def _flag(is_so: bool) -> str | None:
    return "yes" if is_so else None


FINISHED = (
    *("done", "provisional", "unreachable", "added", "unknown"),
    *("registered", "registered_provisional", "registered_unknown"),
)
ACTIONS = (
    Action(CommandKind("begin_message", ("begun", "unable")), _begin),
    Action(CommandKind("keep_message", ("kept", "no_number", "report", "nameless", "added", "empty")), _keep),
    Action(CommandKind("look_at_message", ("own", "report", "other")), _look),
    Action(CommandKind("drop_message", ("dropped",)), _drop),
    Action(CommandKind("change_number", ("changed", "unchanged")), _change_number),
    Action(CommandKind("hide_number", ("hidden", "unhidden")), _hide_number),
    Action(CommandKind("hear_message", ("own", "report", "not_there")), _hear),
    Action(CommandKind("finish_message", FINISHED), _finish),
    Action(CommandKind("comment", ("kept",)), _comment),
)

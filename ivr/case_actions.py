"""The commands of key 7: how the caller's own cases stand, and what the caller can do about them by key.

A case is found by its number together with the telephone that calls, or among those of a person who is proven.
"""

from __future__ import annotations

from datetime import datetime

from redis import RedisError

from integrations.work_calendar import in_shanghai
from ivr.asked import Action, Asked
from ivr.callback_actions import FOUND
from ivr.commands import Answer, CommandKind
from ivr.message_actions import CASE, CASE_KIND, REPORT
from ivr.nodes.cases import CASES, CHOSEN_CASE, MOST_CASES
from ivr.query_actions import ID_NUMBER, PROVEN
from ivr.words import calendar_day, full_day, spell_digits
from queueing.centre import PROVINCE
from voicemail.case_calls import CaseCalls
from voicemail.case_clock import CaseClock
from voicemail.case_line import CaseLine, CaseView

# The case number as it was keyed in, in the session's private part; and how often none was found by it.
KEYED, MISSES = "case_number", "case_misses"
MOST_MISSES, MOST_MISSES_A_DAY, DAY_SECONDS = 3, 9, 86400
# By which number the case is found again; "" among those of a person. It may be part of another one by now.
ASKED_FOR = "case_asked_for"
_CASE_OF_CALLBACK = "SELECT case_id FROM case_reply WHERE callback_id = %s"


def case_line(asked: Asked) -> CaseLine:
    """The callers' side of cases, as this process sees it."""
    return CaseLine(asked.services, CaseClock(asked.line.centres, asked.line.timetable))


def _find(asked: Asked) -> Answer:
    """By the number that was keyed in, and the telephone that calls."""
    session, caller = asked.session, asked.caller()
    if caller.hash is None:
        return Answer("no_telephone")
    keyed, misses = session.private.get(KEYED, ""), int(session.words.get(MISSES) or 0)
    view = None
    if keyed.isdigit() and misses < MOST_MISSES and _misses_today(asked, caller.hash) < MOST_MISSES_A_DAY:
        view = case_line(asked).of_number(int(keyed), caller.hash)
    if view is None:
        _misses_today(asked, caller.hash, one_more=1)
        return Answer("not_found" if misses + 1 < MOST_MISSES else "never_found", {MISSES: str(misses + 1)})
    joined = "yes" if view.id != int(keyed) else None
    return _told(asked, view, {ASKED_FOR: keyed, "case_joined": joined})


def _misses_today(asked: Asked, caller_hash: bytes, one_more: int = 0) -> int:
    """How often numbers keyed at this telephone were nobody's within a day; 0 with Redis away, when a call has its own.

    Numbers follow each other, and a telephone may have many users: nobody shall try them through.
    """
    store, key = asked.services.live_store, f"case_misses:{caller_hash.hex()}"
    try:
        if not one_more:
            return int(store.get(key) or 0)
        count = int(store.incr(key))
        if count == 1:
            store.expire(key, DAY_SECONDS)
        return count
    except RedisError:
        return 0


def _find_own(asked: Asked) -> Answer:
    """Those of the person who has proven who they are, newest first."""
    number = asked.session.private.get(ID_NUMBER) if asked.session.words.get(PROVEN) else None
    found = case_line(asked).of_person(number)[:MOST_CASES] if number else []
    return Answer("some" if found else "none", {CASES: ",".join(str(view.id) for view in found) or None})


def _show(asked: Asked) -> Answer:
    """The one that was chosen among several."""
    view = _of_person(asked, int(asked.session.facts.get(CHOSEN_CASE) or 0))
    return _told(asked, view, {ASKED_FOR: None, "case_joined": None}) if view else Answer("not_found")


def _may_prove(asked: Asked) -> Answer:
    """Whether the caller is proven, or can be by key."""
    if asked.session.words.get(PROVEN) and asked.session.private.get(ID_NUMBER):
        return Answer("proven")
    can_prove = asked.services.social_insurance.checks_pins(asked.session.centre)
    return Answer("unproven" if can_prove else "no_proof")


def _urge(asked: Asked) -> Answer:
    """The caller asks for more haste: the supervisor and whoever has the case see it. Once a day counts."""
    return Answer("urged" if case_line(asked).urge(_case(asked), asked.call_sid) else "already")


def _answered(asked: Asked) -> Answer:
    """The caller's own word that the answer has come, which stops the clock."""
    return Answer("noted" if case_line(asked).answered(_case(asked), asked.call_sid) else "too_late")


def _reopen(asked: Asked) -> Answer:
    if not case_line(asked).reopen(_case(asked), asked.call_sid):
        return Answer("too_late")
    view = _again(asked)
    return Answer("reopened", _words(asked, view)) if view else Answer("too_late")


def _rate(asked: Asked) -> Answer:
    case_line(asked).rate(_case(asked), int(asked.session.facts.get("score", "0")))
    return Answer("thanked")


def note_satisfaction(asked: Asked, score: int) -> None:
    """The talk that was judged may have been the answer to a case: then it is the answer that was judged."""
    callback = asked.session.words.get(FOUND)
    if not callback or not asked.session.facts.get("attempt"):
        return
    with asked.services.database.pool.connection() as connection:
        row = connection.execute(_CASE_OF_CALLBACK, (int(callback),)).fetchone()
    if row is not None:
        # The judgement may be quicker than the look at how the talk ended.
        CaseCalls(asked.services, asked.line, asked.callbacks).settle()
        case_line(asked).rate(int(row[0]), score)


def _told(asked: Asked, view: CaseView, words: dict[str, str | None]) -> Answer:
    return Answer(_state(view), words | _words(asked, view))


def _state(view: CaseView) -> str:
    if view.status in ("open", "owned"):
        if view.is_overdue:
            return "overdue"
        return "provisional" if view.is_provisional or view.due_at is None else "working"
    if view.decision:
        return view.decision
    if view.can_reopen:
        return "answered" if view.replied_at else "closed_lately"
    return "over" if view.replied_at else "closed"


def _words(asked: Asked, view: CaseView) -> dict[str, str | None]:
    now = in_shanghai(asked.services.now())
    centre = asked.line.centres().get(view.centre)
    name = centre.short_name if centre else ""
    return {
        CASE: str(view.id),
        CASE_KIND: view.kind,
        "case_number": spell_digits(str(view.id)),
        "case_place": name if view.centre == PROVINCE else f"{name}中心",
        "case_day": _due(view, now),
        "replied_day": full_day(in_shanghai(view.replied_at).date(), now.date()) if view.replied_at else None,
        "case_urged": "yes" if view.urged_today else None,
        # At a telephone that many use somebody else could end a report so.
        "case_answerable": None if view.kind == REPORT else "yes",
    }


def _due(view: CaseView, now: datetime) -> str | None:
    if view.due_at is None:
        return None
    day = in_shanghai(view.due_at).date()
    return full_day(day, now.date()) if view.is_provisional else calendar_day(day)


def _again(asked: Asked) -> CaseView | None:
    """The case that the caller hears of, as it is now."""
    number = asked.session.words.get(ASKED_FOR)
    return case_line(asked).of_number(int(number), asked.caller().hash) if number else _of_person(asked, _case(asked))


def _of_person(asked: Asked, case_id: int) -> CaseView | None:
    number = asked.session.private.get(ID_NUMBER) if asked.session.words.get(PROVEN) else None
    found = case_line(asked).of_person(number) if number else []
    return next((view for view in found if view.id == case_id), None)


def _case(asked: Asked) -> int:
    return int(asked.session.words.get(CASE) or 0)


STATES = ("accepted", "refused", "working", "provisional", "overdue", "answered", "over", "closed_lately", "closed")
ACTIONS = (
    Action(CommandKind("find_case", (*STATES, "not_found", "never_found", "no_telephone")), _find),
    Action(CommandKind("may_prove", ("proven", "unproven", "no_proof")), _may_prove),
    Action(CommandKind("find_own_cases", ("some", "none")), _find_own),
    Action(CommandKind("show_case", (*STATES, "not_found")), _show),
    Action(CommandKind("urge_case", ("urged", "already")), _urge),
    # It stops the clock: the menu check wants a confirming key.
    Action(CommandKind("case_answered", ("noted", "too_late"), writes=True), _answered),
    Action(CommandKind("reopen_case", ("reopened", "too_late")), _reopen),
    Action(CommandKind("rate_case", ("thanked",)), _rate),
)

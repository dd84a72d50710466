"""The commands of callbacks: asked for in the line or the menu, found again by key 7, spoken of when we ring.

Values that a later command of the same call needs travel as words of the session, under names that no sentence uses.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.phone_numbers import is_dialable, read_number
from integrations.work_calendar import in_shanghai
from ivr.asked import Action, Asked
from ivr.commands import Answer, CommandKind
from ivr.flow import Flow
from ivr.nodes.slots import CHOSEN, MOST_SLOTS, slot_words
from ivr.outcome import HUMAN_UNAVAILABLE
from ivr.session import CALLBACK_WANTED
from ivr.store import CallerFacts
from ivr.words import half_hour, roughly, spell_digits
from queueing.callback import DIALLING, LIVE, WAITING
from queueing.callbacks import Asking, CallbackView
from queueing.entries import Entry, last_entry
from queueing.routing import SKILLS

# A number that was keyed in instead of the caller's own, in the session's private part.
OTHER_NUMBER = "callback_number"
# Words for the commands to come: which callback was found, and that its caller has agreed to talk.
FOUND, CONFIRMED = "callback_id", "callback_confirmed"
# Exactly one of these is known of a callback that was found.
WHERE = ("callback_slot", "callback_at", "callback_ahead", "callback_next", "callback_now", "callback_plain")
# A request that is due sooner needs no time said: its turn is near.
SOON = timedelta(minutes=10)


def _start(asked: Asked) -> Answer:
    """Which number would be rung. In the line, hanging up counts as a yes from now on."""
    caller, session = asked.caller(), asked.session
    words: dict[str, str | None] = {"number_tail": spell_digits(caller.tail) if caller.tail else None}
    if session.in_line_since:
        if not is_dialable(caller.number):
            return Answer("other")
        asked.callbacks.want(asked.call_sid)
        return Answer("own", words | {CALLBACK_WANTED: "yes"})
    found = find_own(asked, caller)
    if found is not None:
        return Answer("exists", words | where_words(found, asked.services.now()))
    return Answer("own" if is_dialable(caller.number) else "other", words)


def _book(asked: Asked) -> Answer:
    caller, session = asked.caller(), asked.session
    number = session.private.get(OTHER_NUMBER) or caller.number
    asking = Asking(
        call_sid=asked.call_sid,
        centre=session.centre,
        source=_source(asked),
        number=read_number(number).e164 or "",
        skill=skill_of(asked.flow, session.content),
        asked=session.content,
        is_slow=session.slow,
        caller_hash=caller.hash,
    )
    slot = _wanted_slot(asked)
    booked = asked.callbacks.book(asking, slot)
    if booked.kind != "booked":
        return Answer(booked.kind)
    spoken = _slot_words(booked.callback, asked.services.now())
    return Answer("slot" if spoken else "turn", {"callback_slot": spoken})


def _wanted_slot(asked: Asked) -> datetime | None:
    """The half hour that was chosen, or the first that there is; None: when the turn comes."""
    when = asked.command.arguments.get("when")
    if when == "first":
        found = asked.callbacks.slots(_centre(asked))[:1]
        return found[0].since if found else None
    return _chosen(asked) if when == "slot" else None


def _source(asked: Asked) -> str:
    if asked.session.in_line_since:
        return "line"
    return "limit" if HUMAN_UNAVAILABLE in asked.session.marks else "menu"


def _find(asked: Asked) -> Answer:
    """The caller's open callback: of this centre first, then of any other."""
    caller = asked.caller()
    found = find_own(asked, caller)
    if found is None and caller.hash is not None:
        found = asked.callbacks.of_caller(caller.hash)
    return Answer("exists", where_words(found, asked.services.now())) if found else Answer("none")


def _offer_slots(asked: Asked) -> Answer:
    found = asked.callbacks.slots(_centre(asked))[:MOST_SLOTS]
    now, before = in_shanghai(asked.services.now()), None
    words: dict[str, str | None] = {}
    for position in range(1, MOST_SLOTS + 1):
        if position > len(found):
            words |= dict.fromkeys(slot_words("", "", position))
            continue
        since, until = in_shanghai(found[position - 1].since), in_shanghai(found[position - 1].until)
        words |= slot_words(half_hour(since, until, now, before), since.isoformat(), position)
        before = since
    return Answer("some" if found else "none", words)


def _centre(asked: Asked) -> str:
    """Where the half hours are wanted: the centre of the callback that is moved, or of the caller's place."""
    session = asked.session
    found: CallbackView | Entry | None = None
    if asked.command.arguments.get("of") == "callback":
        found = asked.callbacks.view(_found_id(asked))
    elif _source(asked) != "menu":
        # Perhaps the caller was handed on to another centre's line.
        with asked.services.database.pool.connection() as connection:
            found = last_entry(connection, asked.call_sid)
    return found.centre if found else session.centre


def _move(asked: Asked) -> Answer:
    """Another half hour for a callback that was found."""
    slot = _chosen(asked)
    if slot is None:
        return Answer("slot_taken")
    return _moved(asked, asked.callbacks.postpone(_found_id(asked), slot))


def _moved(asked: Asked, done: str) -> Answer:
    if done != "postponed":
        return Answer(done)
    view = asked.callbacks.view(_found_id(asked))
    return Answer("moved", {"callback_slot": _slot_words(view, asked.services.now())})


def _cancel(asked: Asked) -> Answer:
    return Answer(asked.callbacks.cancel(_found_id(asked)))


# the call that we make


def _confirm(asked: Asked) -> Answer:
    confirmed = asked.callbacks.confirm(_attempt(asked), asked.call_sid)
    return Answer("confirmed", {CONFIRMED: "yes"}) if confirmed else Answer("gone")


def confirm_by_asking(asked: Asked) -> bool:
    """Whoever asks for a person in a call that we made wants to talk; False in any other call, or too late."""
    attempt = _attempt(asked)
    return bool(attempt) and asked.callbacks.confirm(attempt, asked.call_sid)


def _later(asked: Asked) -> Answer:
    slot = _chosen(asked)
    if slot is None:
        return Answer("slot_taken")
    return _moved(asked, asked.callbacks.later(_attempt(asked), slot))


def _wrong_number(asked: Asked) -> Answer:
    asked.callbacks.wrong_number(_attempt(asked))
    return Answer("noted")


def _note_machine(asked: Asked) -> Answer:
    is_sure = asked.command.arguments.get("sure") == "yes"
    again = asked.callbacks.machine(_attempt(asked), is_sure)
    now = in_shanghai(asked.services.now())
    return Answer("noted", {"next_try": roughly(in_shanghai(again), now) if again else None})


# what a callback is to its caller


def find_own(asked: Asked, caller: CallerFacts) -> CallbackView | None:
    """The open callback to the number that calls: the one that was found before, else the newest of this centre."""
    if caller.hash is None:
        return None
    before = asked.callbacks.view(_found_id(asked)) if asked.session.words.get(FOUND) else None
    if before is not None and before.ended_at is None:
        return before
    return asked.callbacks.of_caller(caller.hash, asked.session.centre)


def is_told(asked: Asked, found: CallbackView) -> bool:
    """Whether the caller has heard in this call of that callback."""
    return asked.session.words.get(FOUND) == str(found.id)


def where_words(found: CallbackView, now: datetime) -> dict[str, str | None]:
    """The words that say how a callback stands; those of `WHERE` that do not are unknown."""
    name, value = _where(found, now)
    return {**dict.fromkeys(WHERE), FOUND: str(found.id), name: value}


def _where(found: CallbackView, now: datetime) -> tuple[str, str]:
    if found.status in (DIALLING, LIVE):
        return "callback_now", "yes"
    if found.status == WAITING:
        if found.ahead is None:
            return "callback_plain", "yes"
        return ("callback_ahead", str(found.ahead)) if found.ahead else ("callback_next", "yes")
    due = found.not_before
    if found.slot_until and (due is None or due < found.slot_until):
        return "callback_slot", _slot_words(found, now) or ""
    if due is not None and due - now > SOON:
        return "callback_at", roughly(in_shanghai(due), in_shanghai(now))
    return "callback_plain", "yes"


def _slot_words(found: CallbackView | None, now: datetime) -> str | None:
    if found is None or found.slot_from is None or found.slot_until is None:
        return None
    return half_hour(in_shanghai(found.slot_from), in_shanghai(found.slot_until), in_shanghai(now))


def skill_of(flow: Flow, content: str) -> str:
    """The skill that what was looked at before points to; "" when nothing was, or anybody can help with it."""
    kind, _, name = content.partition("/")
    guide = flow.content.guides.get(name) if kind == "guide" else None
    subject = guide.subject if guide else name
    return subject if subject in SKILLS else ""


def _found_id(asked: Asked) -> int:
    return int(asked.session.words.get(FOUND) or 0)


def _attempt(asked: Asked) -> str:
    return asked.session.facts.get("attempt", "")


def _chosen(asked: Asked) -> datetime | None:
    """The half hour that the caller has chosen, by its beginning."""
    chosen = asked.session.facts.get(CHOSEN)
    return datetime.fromisoformat(chosen) if chosen else None


MOVED = ("moved", "slot_taken", "gone", "talking")
ACTIONS = (
    Action(CommandKind("start_callback", ("own", "other", "exists")), _start),
    Action(
        CommandKind("book_callback", ("turn", "slot", "exists", "slot_taken", "bad_number", "too_many", "too_late")),
        _book,
    ),
    Action(CommandKind("find_callback", ("exists", "none")), _find),
    Action(CommandKind("offer_slots", ("some", "none")), _offer_slots),
    Action(CommandKind("move_callback", MOVED), _move),
    # Nobody may lose what was promised by a slip of the finger: the menu check wants a confirming key.
    Action(CommandKind("cancel_callback", ("cancelled", "gone", "talking"), writes=True), _cancel),
    Action(CommandKind("confirm_callback", ("confirmed", "gone")), _confirm),
    Action(CommandKind("later_callback", ("moved", "slot_taken", "gone")), _later),
    Action(CommandKind("wrong_number", ("noted",)), _wrong_number),
    Action(CommandKind("note_machine", ("noted",)), _note_machine),
)

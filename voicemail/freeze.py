"""The freeze of a card by telephone, or its release, as a rule: what may follow what, and what may be said of it.

Pure. A write that was not answered is unknown: it is asked after and never repeated. Only the card system's own word
(00, 01, or what it says of the card afterwards) makes it done.

    writing ──▶ done, already, refused, not_sent
       └──────▶ unknown ──▶ done, not_done, and what a late answer says after all
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from integrations.social_insurance.contract import CardAction, CardFile, Rejected, Unavailable, WriteAnswer, Written

WRITING, UNKNOWN = "writing", "unknown"
DONE, ALREADY, REFUSED, NOT_SENT, NOT_DONE = "done", "already", "refused", "not_sent", "not_done"
OPEN = (WRITING, UNKNOWN)
STATUSES = (*OPEN, DONE, ALREADY, REFUSED, NOT_SENT, NOT_DONE)
MOVES = {
    WRITING: (DONE, ALREADY, REFUSED, NOT_SENT, UNKNOWN),
    UNKNOWN: (DONE, ALREADY, REFUSED, NOT_SENT, NOT_DONE),
}
# A process that writes is believed to be at it for so long; then nobody knows what became of it.
LEASE = timedelta(seconds=30)
# A write that was sent may still be worked on; what is asked sooner afterwards proves only that it was done.
SETTLES = timedelta(seconds=90)
# Who waits for the answer to a freeze is told so soon.
TOLD_WITHIN = timedelta(minutes=30)
# What a card says of itself once it is frozen, and once it is released. A cancelled one is neither.
FROZEN, IN_USE = ("frozen", "lost"), ("normal", "inactive", "bank_frozen")
_LOOKS = (timedelta(seconds=20), timedelta(seconds=60), timedelta(minutes=2), timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Told:
    """What a write came to. `reason` is the system's own sentence, Chinese; `is_formal`: a report without an end."""

    status: str
    until: date | None = None
    receipt: str | None = None
    reason: str | None = None
    is_formal: bool = False


def told_by(answer: WriteAnswer) -> Told:
    """What the answer to a write means: done only by the system's own word, unknown whenever it may have heard."""
    match answer:
        case Written():
            return Told(DONE if answer.is_new else ALREADY, answer.until, answer.receipt)
        case Rejected():
            return Told(REFUSED, reason=answer.reason)
        case Unavailable(may_have_heard=False):
            return Told(NOT_SENT)
    return Told(UNKNOWN)


def told_by_card(action: CardAction, card: CardFile, sent_at: datetime, now: datetime) -> Told | None:
    """What the card's own state says of an unknown write; None: nothing yet.

    That it is not done is believed only when the write had time to come through.
    """
    if card.status == "unknown":
        return None
    if card.status in (FROZEN if action is CardAction.FREEZE else IN_USE):
        return Told(DONE, card.frozen_until, is_formal=card.status == "lost")
    return Told(NOT_DONE) if now - sent_at >= SETTLES else None


def next_look(looks: int, now: datetime) -> datetime:
    """When an unknown write is asked after again; `looks`: how often it was."""
    return now + _LOOKS[min(looks, len(_LOOKS) - 1)]


def earliest_end(frozen_on: date, days: int, counted: str, add_workdays: Callable[[date, int], date]) -> date:
    """The last day of a freeze by a city's rule, where its system does not tell: `counted` natural or working days."""
    return add_workdays(frozen_on, days) if counted == "working" else frozen_on + timedelta(days=days)


def answer_due(now: datetime, opens_at: datetime | None) -> datetime:
    """By when somebody tells the caller; `opens_at`: the first moment from now on at which callers may be rung."""
    return max(now, opens_at or now) + TOLD_WITHIN

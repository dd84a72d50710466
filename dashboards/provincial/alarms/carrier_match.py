"""Our ledger's calls of an hour beside the carrier's own list: which one side alone has, or has ended. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ivr.call_status import is_final

# The end of a call is on its way to us for a moment, and for longer when the first try failed.
GRACE = timedelta(minutes=2)
LOST, NOT_THEIRS, NOT_ENDED, ENDED_EARLY = "lost", "not_theirs", "not_ended", "ended_early"
WORDS = {
    LOST: "运营商接到了这个来电，我们的账上没有",
    NOT_THEIRS: "我们的账上有这个来电，运营商说没有",
    NOT_ENDED: "运营商说已经挂断，我们的账上还没有结束",
    ENDED_EARLY: "我们的账上已经结束，运营商说还在通话",
}


class Listed(Protocol):
    """A call of the carrier's list."""

    @property
    def sid(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def dialled(self) -> str: ...
    @property
    def is_inbound(self) -> bool: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class OurCall:
    """A call that came in, as the ledger has it."""

    sid: str
    centre: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A call that is not what it should be; `call` is "" for a sum, `centre` None when nobody knows it."""

    call: str
    centre: str | None
    what: str
    words: str

    def as_json(self) -> dict[str, str | None]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Match:
    """Both counts of an hour, and what differs."""

    ours: int
    theirs: int
    differences: tuple[Difference, ...]


def difference(what: str, sid: str, centre: str | None) -> Difference:
    return Difference(sid, centre, what, WORDS[what])


def match(
    ours: Collection[OurCall],
    listed: Mapping[str, Listed],
    known: Collection[str],
    hour: datetime,
    now: datetime,
    centre_of: Callable[[str], str | None],
    asked: Mapping[str, str | None],
) -> Match:
    """Compare an hour's calls.

    `listed` reaches beyond the hour on both sides, since two clocks never agree at its edges; `known` are those of it
    that are in the ledger at all. `asked`: the carrier's word for ours that it did not list, None for a call it does
    not know. `centre_of` a dialled number is None when the number is not one of ours.
    """
    found: list[Difference] = []
    for call in ours:
        theirs = listed.get(call.sid)
        status = theirs.status if theirs else asked.get(call.sid)
        if status is None:
            found.append(difference(NOT_THEIRS, call.sid, call.centre))
        elif what := _one_sided_end(call, status, theirs.ended_at if theirs else None, now):
            found.append(difference(what, call.sid, call.centre))
    lost = [
        difference(LOST, call.sid, centre)
        for call in listed.values()
        if _began_within(call, hour) and call.sid not in known and (centre := centre_of(call.dialled)) is not None
    ]
    unknown = sum(one.what == NOT_THEIRS for one in found)
    return Match(len(ours), len(ours) - unknown + len(lost), (*found, *lost))


def _one_sided_end(call: OurCall, status: str, ended_at: datetime | None, now: datetime) -> str | None:
    if is_final(status):
        is_late = ended_at is None or now - ended_at >= GRACE
        return NOT_ENDED if call.ended_at is None and is_late else None
    return ENDED_EARLY if call.ended_at is not None and now - call.ended_at >= GRACE else None


def _began_within(call: Listed, hour: datetime) -> bool:
    began = call.started_at
    return call.is_inbound and began is not None and hour <= began < hour + timedelta(hours=1)

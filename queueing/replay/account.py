"""The account of a day, reckoned from its journal alone: where every call and every person of the day ended.

Pure. It shares nothing with the simulation but the facts, so it would find what the rules had forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from math import ceil
from statistics import fmean

from queueing.callback import JOINED, SERVED
from queueing.replay import journal as facts
from queueing.replay.journal import CALL_ENDINGS, Fact, Journal

# Where a person's day ended. Everybody has exactly one of these.
ON_THE_LINE, RUNG_TODAY, RUNG_LATER = "on_the_line", "rung_today", "rung_later"
NOT_REACHED, STILL_OPEN, LEFT_EARLY, GAVE_UP, LOST = "not_reached", "still_open", "left_early", "gave_up", "lost"
ENDINGS = (ON_THE_LINE, RUNG_TODAY, RUNG_LATER, NOT_REACHED, STILL_OPEN, LEFT_EARLY, GAVE_UP, LOST)
SERVED_ENDINGS = (ON_THE_LINE, RUNG_TODAY, RUNG_LATER)


@dataclass(frozen=True, slots=True)
class Account:
    """One day. `calls` by their ending and `people` by theirs; times in seconds.

    `waits`: on the telephone, of the calls answered. `held`: what each person waited on the telephone in all. `rung`:
    from a person's first call to the talk, of those rung the same day. `asked`: callbacks, `attempts` failed and
    talked. `owed`: open callbacks at the close of each day. `at_work`: consultants, mean over the opening hours.
    """

    calls: Counter[str]
    people: Counter[str]
    waits: tuple[float, ...]
    held: tuple[float, ...]
    rung: tuple[float, ...]
    asked: Counter[str]
    attempts: Counter[str]
    owed: tuple[int, ...]
    at_work: float

    @property
    def asked_for_a_human(self) -> int:
        """Calls that wanted a human while the centre was open."""
        return sum(self.calls[kind] for kind in (*_ASKED, facts.KEPT))

    @property
    def connection_rate(self) -> float:
        """人工接通率: answered on the line / asked for a human, both in calls."""
        return self.calls[facts.ANSWERED] / max(1, self.asked_for_a_human)

    @property
    def served(self) -> int:
        """People who talked to a consultant, on the line or when rung."""
        return sum(self.people[ending] for ending in SERVED_ENDINGS)

    @property
    def served_today(self) -> int:
        return self.people[ON_THE_LINE] + self.people[RUNG_TODAY]


_ASKED = (facts.ANSWERED, facts.HUNG_UP, facts.BOOKED, facts.LIMIT, facts.FULL)


class Unaccounted(Exception):
    """The journal contradicts itself: a call or a callback has no ending, or two."""


def account_for(journal: Journal, with_callbacks: bool, abandoned_after_seconds: float) -> Account:
    """The account of the first day. Raises Unaccounted for what does not add up.

    `abandoned_after_seconds`: who hung up sooner is not rung by the rules, which the account tells apart.
    """
    closes = journal.spans[-1][1]
    of_today = [fact for fact in journal.facts if fact.person in journal.people]
    by_person: dict[int, list[Fact]] = {person: [] for person in journal.people}
    for fact in of_today:
        by_person[fact.person].append(fact)
    people = Counter(
        _ending(person, found, closes, with_callbacks, abandoned_after_seconds) for person, found in by_person.items()
    )
    endings = endings_of_calls(journal, journal.people | journal.listeners)
    return Account(
        calls=Counter(fact.kind for fact in endings),
        people=people,
        waits=tuple(fact.value for fact in of_today if fact.kind == facts.ANSWERED),
        held=tuple(sum(f.value for f in found if f.kind in _HELD) for found in by_person.values()),
        rung=tuple(fact.at - by_person[fact.person][0].at for fact in of_today if _is_rung_by(fact, closes)),
        asked=Counter(fact.word for fact in of_today if fact.kind == facts.ASKED),
        attempts=Counter(fact.word or fact.kind for fact in of_today if fact.kind in (facts.TRIED, facts.TALKED)),
        owed=tuple(journal.owed),
        at_work=journal.served_seconds / sum(until - since for since, until in journal.spans),
    )


_HELD = (facts.ANSWERED, facts.HUNG_UP, facts.BOOKED, facts.LIMIT)


def _is_rung_by(fact: Fact, closes: float) -> bool:
    return fact.kind == facts.TALKED and fact.at < closes


def endings_of_calls(journal: Journal, people: Collection[int]) -> list[Fact]:
    """How each call of these people ended. Raises Unaccounted for a call without exactly one ending."""
    found = [fact for fact in journal.facts if fact.person in people]
    endings = [fact for fact in found if fact.kind in CALL_ENDINGS]
    begun = Counter(fact.number for fact in found if fact.kind == facts.CALLED)
    ended = Counter(fact.number for fact in endings)
    wrong = {number for number in begun | ended if begun[number] != 1 or ended[number] != 1}
    if wrong:
        raise Unaccounted(f"calls without exactly one ending: {sorted(wrong)[:10]}")
    return endings


def _ending(person: int, found: list[Fact], closes: float, with_callbacks: bool, limit: float) -> str:
    asked = [fact.number for fact in found if fact.kind == facts.ASKED]
    ended = {fact.number: fact.word for fact in found if fact.kind == facts.ENDED}
    still_open = [number for number in asked if number not in ended]
    talks = [fact for fact in found if fact.kind in (facts.ANSWERED, facts.TALKED)]
    if len(talks) > 1 or len(still_open) > 1 or (talks and still_open) or set(ended) - set(asked):
        raise Unaccounted(f"person {person}: {found}")
    if talks:
        if talks[0].kind == facts.ANSWERED:
            return ON_THE_LINE
        if ended[talks[0].number] != SERVED:
            raise Unaccounted(f"person {person}: a talk without its callback ending: {found}")
        return RUNG_TODAY if talks[0].at < closes else RUNG_LATER
    if still_open:
        return STILL_OPEN
    if not with_callbacks:
        return GAVE_UP
    if asked and ended[asked[-1]] != JOINED:
        return NOT_REACHED
    return LEFT_EARLY if _only_left_early(found, limit) else LOST


def _only_left_early(found: list[Fact], limit: float) -> bool:
    """Promised nothing, wanted no callback where it was offered, and never waited so long as to be rung unasked."""
    if any(fact.kind == facts.ASKED for fact in found):
        return False
    hung_up = [fact for fact in found if fact.kind == facts.HUNG_UP]
    endings = {fact.kind for fact in found if fact.kind in CALL_ENDINGS}
    return endings <= {facts.HUNG_UP, facts.CLOSED, facts.FULL} and all(
        not limit or fact.value < limit for fact in hung_up
    )


def mean(values: tuple[float, ...]) -> float | None:
    """None of nothing."""
    return fmean(values) if values else None


def percentile(values: tuple[float, ...], share: float) -> float | None:
    """The smallest value that so large a share does not exceed; None of nothing."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None

"""Who is offered to whom: who came first goes to the seat that has been idle longest, and every exception has a name.

Pure. The order of a line is (rank_at, entry_id). `rank_at` is the original arrival less the bonuses of the rules that
an entry bears, so nobody is overtaken but by somebody who bears a rule. Bonuses are finite: nobody is overtaken for
ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from queueing.line_rules import DEFAULT_RULES, DROPPED_BONUS_SECONDS, LineRules

GENERAL = ""
MANDARIN = ""
SKILLS = {
    GENERAL: "综合",
    "pension": "养老",
    "medical": "医保",
    "card": "社保卡",
    "employment": "就业失业",
    "labour": "劳动关系和工伤",
}
LANGUAGES = {
    MANDARIN: "普通话",
    "hefei": "合肥话",
    "wuhu": "芜湖话",
    "anqing": "安庆话",
    "huizhou": "徽州话",
    "english": "英语",
}
RULES_ZH = {
    "slow": "慢速服务",
    "returning": "等过再打来",
    "dropped": "断线回来",
    "missed_callback": "回电没接到",
    "call_now": "咨询员要现在打",
    "case": "答复办件接起来的",
}

RulesByCentre = Mapping[str, LineRules]
# Centre -> the centres whose calls its seats may take over.
Helps = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry in the line. `rank_at` is never after `arrived_at`; `rules` are the names that moved it ahead."""

    entry_id: int
    centre: str
    skill: str
    language: str
    arrived_at: datetime
    rank_at: datetime
    rules: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[datetime, int]:
        return self.rank_at, self.entry_id

    @property
    def line(self) -> tuple[str, str, str]:
        return self.centre, self.skill, self.language

    def has_waited(self, needed: timedelta, now: datetime) -> bool:
        """Nothing needed is always so: the clock of another machine may be a little ahead of `now`."""
        return now - self.arrived_at >= needed or not needed


@dataclass(frozen=True, slots=True)
class Seat:
    """A free seat. Every seat serves general questions and speaks Mandarin, whatever its lists say."""

    agent_id: int
    centre: str
    skills: frozenset[str]
    languages: frozenset[str]
    idle_since: datetime
    cool_until: datetime | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        return self.idle_since, self.agent_id

    def is_ready(self, now: datetime) -> bool:
        """Not cooling down after a call that it declined or did not answer."""
        return self.cool_until is None or self.cool_until <= now


class QueueKey(NamedTuple):
    """A line, and how long a caller must have waited in it before the seat may take the call."""

    centre: str
    skill: str
    language: str
    minimum_wait_seconds: int


def wait_needed(
    seat: Seat, centre: str, skill: str, language: str, rules_by_centre: RulesByCentre, helps: Helps
) -> int | None:
    """Seconds that a caller of that line must have waited before the seat may take the call; None for never.

    The rules of the caller's centre decide. After `any_skill_after_seconds` neither skill nor dialect keeps a caller
    waiting in the own centre; a helping seat must have the skill, and its Mandarin will do after the same time.
    """
    rules = rules_by_centre.get(centre, DEFAULT_RULES)
    has_skill = skill == GENERAL or skill in seat.skills
    speaks = language == MANDARIN or language in seat.languages
    if seat.centre == centre:
        return 0 if has_skill and speaks else rules.any_skill_after_seconds
    if centre in helps.get(seat.centre, ()) and has_skill:
        return rules.help_after_seconds if speaks else max(rules.help_after_seconds, rules.any_skill_after_seconds)
    return None


def can_serve(seat: Seat, waiting: Waiting, rules_by_centre: RulesByCentre, helps: Helps, now: datetime) -> bool:
    """Whether the seat may be offered this caller now. Cooling down is the seat's own matter: see `is_ready`."""
    needed = wait_needed(seat, *waiting.line, rules_by_centre, helps)
    return needed is not None and waiting.has_waited(timedelta(seconds=needed), now)


def queues_for(
    seat: Seat, rules_by_centre: RulesByCentre, helps: Helps, languages: Iterable[str] = tuple(LANGUAGES)
) -> tuple[QueueKey, ...]:
    """The lines that a seat may draw from, in which it need only look at the first who has waited long enough.

    `languages`: those in which anybody may be waiting.
    """
    spoken = tuple(languages)
    centres = dict.fromkeys([seat.centre, *helps.get(seat.centre, ())])
    lines = [(centre, skill, language) for centre in centres for skill in SKILLS for language in spoken]
    needs = [(line, wait_needed(seat, *line, rules_by_centre, helps)) for line in lines]
    return tuple(QueueKey(*line, needed) for line, needed in needs if needed is not None)


def head_of(line: Iterable[Waiting], minimum_wait_seconds: int, now: datetime) -> Waiting | None:
    """The first of a line, given in order, who has waited long enough.

    It stops early: nobody arrived before their rank, so behind a rank that is too young everybody is too young.
    """
    needed = timedelta(seconds=minimum_wait_seconds)
    for waiting in line:
        if waiting.has_waited(needed, now):
            return waiting
        if now - waiting.rank_at < needed:
            return None
    return None


def choose(
    seat: Seat, heads: Iterable[Waiting], now: datetime, rules_by_centre: RulesByCentre, helps: Helps
) -> Waiting | None:
    """The caller to offer to a seat: the first in order among the heads that it may serve now."""
    if not seat.is_ready(now):
        return None
    able = (waiting for waiting in heads if can_serve(seat, waiting, rules_by_centre, helps, now))
    return min(able, key=lambda waiting: waiting.order, default=None)


def assign(
    seats: Iterable[Seat], waiting: Iterable[Waiting], now: datetime, rules_by_centre: RulesByCentre, helps: Helps
) -> list[tuple[Seat, Waiting]]:
    """A whole round: each seat in turn, the longest idle first, takes its best; no seat and no entry twice."""
    lines: dict[tuple[str, str, str], list[Waiting]] = {}
    for entry in sorted(waiting, key=lambda entry: entry.order):
        lines.setdefault(entry.line, []).append(entry)
    pairs = []
    for seat in sorted(seats, key=lambda seat: seat.order):
        heads = _heads_for(seat, lines, now, rules_by_centre, helps)
        if chosen := choose(seat, heads, now, rules_by_centre, helps):
            lines[chosen.line].remove(chosen)
            pairs.append((seat, chosen))
    return pairs


def _heads_for(
    seat: Seat,
    lines: Mapping[tuple[str, str, str], Sequence[Waiting]],
    now: datetime,
    rules_by_centre: RulesByCentre,
    helps: Helps,
) -> list[Waiting]:
    found = []
    for line, entries in lines.items():
        needed = wait_needed(seat, *line, rules_by_centre, helps)
        head = None if needed is None else head_of(entries, needed, now)
        found += [head] if head else []
    return found


def rank(
    arrived_at: datetime,
    *,
    is_slow: bool = False,
    waited_before_seconds: float = 0.0,
    was_dropped: bool = False,
    missed_callback: bool = False,
    rules: LineRules = DEFAULT_RULES,
) -> tuple[datetime, list[str]]:
    """Where an entry stands: its rank, and the names of the rules that moved it ahead of its arrival.

    A caller who gave up and came back gets what was waited before, at most the bonus; a talk that broke off goes to
    the front. A rule whose bonus is 0 moves nobody and is not named.
    """
    bonuses = {
        "slow": rules.slow_bonus_seconds if is_slow else 0,
        "returning": int(min(max(0.0, waited_before_seconds), rules.returning_bonus_seconds)),
        "dropped": DROPPED_BONUS_SECONDS if was_dropped else 0,
        "missed_callback": rules.missed_callback_bonus_seconds if missed_callback else 0,
    }
    names = [name for name, seconds in bonuses.items() if seconds > 0]
    return arrived_at - timedelta(seconds=sum(bonuses.values())), names


def greatest_bonus_seconds(rules: LineRules) -> int:
    """The most that anybody can be moved ahead: who arrives later than that after a caller never overtakes them."""
    return (
        rules.slow_bonus_seconds
        + rules.returning_bonus_seconds
        + DROPPED_BONUS_SECONDS
        + rules.missed_callback_bonus_seconds
    )

"""The calls of a day and of this instant, counted from the ledger, each with its definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from dashboards.metrics import OUTCOME_DEFINITIONS
from integrations.database import Database
from integrations.work_calendar import in_shanghai
from ivr.ledger import INBOUND
from ivr.outcome import NAMES_ZH, PRECEDENCE

RECEIVED, IN_PROGRESS = "received", "in_progress"
DEFINITIONS = {
    RECEIVED: (
        "今天（北京时间零点起）打进来的全部来电，按首先接到来电的中心计，我们打出去的回电不算。"
        "来电数＝各种结果之和＋还没挂断。"
    ),
    IN_PROGRESS: "今天打进来、现在还没有挂断的来电。",
    **OUTCOME_DEFINITIONS,
}
# In the order of the equation.
OUTCOME_NAMES = {RECEIVED: "来电", **{name: NAMES_ZH[name] for name in PRECEDENCE}, IN_PROGRESS: "还没挂断"}
NOW_DEFINITION = "此刻没有挂断的全部来电，不论哪天打进来，按来电现在所在的中心计。"

_TODAY = f"""
SELECT first_centre, coalesce(outcome, 'in_progress'), count(*) FROM call
WHERE started_at >= %s AND started_at < %s AND first_centre = ANY(%s) AND {INBOUND} GROUP BY 1, 2
"""
_RECEIVED = f"""
SELECT first_centre, count(*) FROM call
WHERE started_at >= %s AND started_at < %s AND first_centre = ANY(%s) AND {INBOUND} GROUP BY 1
"""
_ON_THE_LINE = f"SELECT count(*) FROM call WHERE ended_at IS NULL AND centre = ANY(%s) AND {INBOUND}"


@dataclass(frozen=True)
class DayCount:
    """A day's calls of one centre, or of several together."""

    received: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def in_progress(self) -> int:
        return self.outcomes.get(IN_PROGRESS, 0)

    @property
    def difference(self) -> int:
        """Received minus everything accounted for: anything but 0 must be seen."""
        return self.received - sum(self.outcomes.values())


@dataclass(frozen=True)
class CallCounts:
    """Today by centre, and how many callers are on the line now."""

    by_centre: Mapping[str, DayCount]
    on_the_line: int

    @property
    def total(self) -> DayCount:
        return add_up(self.by_centre.values())

    @property
    def seen_outcomes(self) -> Sequence[tuple[str, str]]:
        """Outcomes that occurred, with their names; one that did not needs no column."""
        total = self.total
        return [(name, NAMES_ZH[name]) for name in PRECEDENCE if total.outcomes.get(name)]


def add_up(counts: Iterable[DayCount]) -> DayCount:
    """Several centres as one."""
    outcomes: dict[str, int] = {}
    received = 0
    for count in counts:
        received += count.received
        for name, number in count.outcomes.items():
            outcomes[name] = outcomes.get(name, 0) + number
    return DayCount(received, outcomes)


def shanghai_day(now: datetime) -> tuple[datetime, datetime]:
    """Today from midnight to midnight on the Shanghai clock."""
    midnight = datetime.combine(in_shanghai(now).date(), time(0), in_shanghai(now).tzinfo)
    return midnight, midnight + timedelta(days=1)


def count_calls(database: Database, centres: Sequence[str], now: datetime) -> CallCounts:
    """Count the calls of these centres, all at one instant."""
    codes, (since, until) = list(centres), shanghai_day(now)
    with database.pool.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        received: dict[str, int] = dict(connection.execute(_RECEIVED, (since, until, codes)).fetchall())
        rows = connection.execute(_TODAY, (since, until, codes)).fetchall()
        now_row = connection.execute(_ON_THE_LINE, (codes,)).fetchone()
    outcomes: dict[str, dict[str, int]] = {}
    for centre, outcome, number in rows:
        outcomes.setdefault(centre, {})[outcome] = number
    by_centre = {code: DayCount(received.get(code, 0), outcomes.get(code, {})) for code in codes}
    return CallCounts(by_centre, now_row[0] if now_row else 0)

"""Everything that a month's report shows, read at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dashboards.provincial.facts import rows as fact_rows
from dashboards.provincial.facts.rows import Slice
from dashboards.provincial.measures import DEMO
from dashboards.provincial.periods import PREVIOUS, YEAR, Period, compared_period
from integrations.database import Database

Sums = Mapping[str, int]
# Before it there are no figures at all, and a month that is half there compares with nothing.
_FIRST_DAY = """
SELECT (min(at) AT TIME ZONE 'Asia/Shanghai')::date FROM fact
WHERE grain = 'day' AND subject = '*' AND centre = ANY(%s)
"""
_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


@dataclass(frozen=True)
class Gathered:
    """A month of some centres. `before` and `year_ago` are the month before and the same one of last year."""

    month: Period
    scope: str
    centres: Mapping[str, str]
    made_at: datetime
    totals: Sums
    before: Sums
    year_ago: Sums
    by_centre: Mapping[str, Sums]
    by_day: Mapping[date, Sums]
    cells: Mapping[tuple[int, int], Sums]
    by_subject: Mapping[str, Sums]
    is_demo: bool
    is_unfinished: bool


def gather(
    database: Database, month: Period, scope: str, centres: Mapping[str, str], now: datetime, today: date
) -> Gathered:
    """The month's facts of these centres (code: name), and of the two months that it is compared with."""
    whole = Slice(month.first, month.after, tuple(centres))
    # Of an unfinished month the same days are compared.
    so_far = Period(month.first, min(month.last, today))
    with database.pool.connection() as connection, connection.transaction():
        connection.execute(_READ_ONLY)
        begins = connection.execute(_FIRST_DAY, (list(centres),)).fetchone()

        def sums_of(period: Period | None) -> Sums:
            if period is None or not begins or begins[0] is None or period.first < begins[0]:
                return {}
            return fact_rows.sums(connection, replace(whole, since=period.first, until=period.after))

        return Gathered(
            month=month,
            scope=scope,
            centres=centres,
            made_at=now,
            totals=fact_rows.sums(connection, whole),
            before=sums_of(compared_period(so_far, PREVIOUS)),
            year_ago=sums_of(compared_period(so_far, YEAR)),
            by_centre=fact_rows.by_centre(connection, whole),
            by_day=fact_rows.by_day(connection, whole),
            cells=fact_rows.by_cell(connection, whole, measures=("received",)),
            by_subject=fact_rows.by_subject(connection, whole),
            is_demo=DEMO in fact_rows.sources(connection, whole),
            is_unfinished=month.after > today,
        )


def month_of(text: str) -> Period | None:
    """`2026-10` as a period; None for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Period(first, date.fromordinal(after.toordinal() - 1))


def months_back(today: date, count: int) -> Sequence[Period]:
    """The present month and those before it, the newest first."""
    found: list[Period] = []
    for back in range(count):
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        period = month_of(f"{year}-{month + 1:02d}")
        assert period is not None
        found.append(period)
    return found

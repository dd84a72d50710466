"""The statements that make facts: own ledger and cities' rows -> hours -> days and cells -> months and years.

The families of measures are laid side by side, summed for every subject and for all of them together, and written where
something differs from what stands there. Parameters of HOURS: see `fact_families`.
"""

from __future__ import annotations

from dashboards.provincial.facts.families import FAMILIES, SHARED
from dashboards.provincial.facts.family import bounded, within
from dashboards.provincial.measures import ALL_SUBJECTS, CELL, CITY, DAY, HOUR, MEASURES, MONTH, OWN, YEAR

_MADE_HERE = f"source IN ('{OWN}', '{CITY}')"
_KEY = "subject, at, centre, channel, source"
_ALL = ", ".join(MEASURES)
_SUMS = ", ".join(f"{bounded(f'sum({name})')} AS {name}" for name in MEASURES)


def _write(grain: str, made: str, where: str) -> str:
    """Make the facts of a grain what `made` (a SELECT of _KEY and the sums) says, touching only what differs.

    `where`: which facts are meant, besides the grain. Subjects are looked up one by one, as the primary key has them.
    New rows are written in its order, so that what is read together lies together.
    """
    news = ", ".join(f"excluded.{name}" for name in MEASURES)
    olds = ", ".join(f"fact.{name}" for name in MEASURES)
    return f"""
, made AS MATERIALIZED ({made}
), known AS (
    (SELECT subject FROM fact WHERE grain = '{grain}' ORDER BY subject LIMIT 1)
    UNION ALL
    SELECT (SELECT f.subject FROM fact AS f WHERE f.grain = '{grain}' AND f.subject > known.subject
            ORDER BY f.subject LIMIT 1)
    FROM known WHERE known.subject IS NOT NULL
), gone AS (
    DELETE FROM fact USING known
    WHERE grain = '{grain}' AND fact.subject = known.subject AND {_MADE_HERE} AND {where}
      AND (fact.subject, fact.at, fact.centre, fact.channel, fact.source) NOT IN (SELECT {_KEY} FROM made)
)
INSERT INTO fact (grain, {_KEY}, {_ALL}) SELECT '{grain}', {_KEY}, {_ALL} FROM made ORDER BY {_KEY}
ON CONFLICT (grain, subject, at, centre, channel, source) DO UPDATE SET ({_ALL}) = ROW({news})
WHERE ROW({olds}) IS DISTINCT FROM ROW({news})
"""


_SUMMED = f"""
SELECT CASE WHEN grouping(subject) = 1 THEN '{ALL_SUBJECTS}' ELSE subject END AS subject, at, centre, channel, source,
       {_SUMS}
FROM gathered GROUP BY GROUPING SETS ((at, centre, channel, source), (at, centre, channel, source, subject))
HAVING grouping(subject) = 1 OR subject <> '{ALL_SUBJECTS}'
"""
_GATHERED = "\nUNION ALL\n".join(family.select() for family in FAMILIES)
HOURS = f"WITH RECURSIVE {SHARED},\ngathered (at, centre, channel, subject, source, {_ALL}) AS ({_GATHERED})" + _write(
    HOUR, _SUMMED, within("fact.at")
)


def _known(grain: str) -> str:
    """The facts of a grain that lie in one of the stretches, as `finer`."""
    return f"""
WITH RECURSIVE subjects AS (
    (SELECT subject FROM fact WHERE grain = '{grain}' ORDER BY subject LIMIT 1)
    UNION ALL
    SELECT (SELECT f.subject FROM fact AS f WHERE f.grain = '{grain}' AND f.subject > subjects.subject
            ORDER BY f.subject LIMIT 1)
    FROM subjects WHERE subjects.subject IS NOT NULL
), finer AS (
    SELECT fact.*, stretch.since
    FROM unnest(%(sinces)s::timestamptz[], %(untils)s::timestamptz[]) AS stretch (since, until)
    CROSS JOIN subjects
    JOIN fact ON grain = '{grain}' AND fact.subject = subjects.subject AND fact.at >= stretch.since
         AND fact.at < stretch.until AND {_MADE_HERE}
)"""


def _rolled(at: str) -> str:
    return f"SELECT subject, {at} AS at, centre, channel, source, {_SUMS} FROM finer GROUP BY 1, 2, 3, 4, 5"


# Parameters: days [sinces[i], untils[i]); of CELLS these are the month's days of one weekday, of YEARS each month's
# first of them, the first one first; of MONTHS they are months.
_AT_BEGIN = "fact.at = ANY(%(sinces)s::timestamptz[])"
MONTHS = _known(DAY) + _write(MONTH, _rolled("since"), _AT_BEGIN)
DAYS = _known(HOUR) + _write(DAY, _rolled("since"), _AT_BEGIN)
_CELL_HOURS = "fact.at >= (%(sinces)s::timestamptz[])[1] AND fact.at < (%(untils)s::timestamptz[])[1]"
_IN_FIRST_DAY = "(%(sinces)s::timestamptz[])[1] + (at - since)"
CELLS = _known(HOUR) + _write(CELL, _rolled(_IN_FIRST_DAY), _CELL_HOURS)
YEARS = _known(CELL) + _write(YEAR, _rolled(_IN_FIRST_DAY), _CELL_HOURS)

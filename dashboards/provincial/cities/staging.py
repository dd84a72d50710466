"""A batch's rows beside the rows that are there: compared, entered and made the current ones, a set at a time.

The rows of a batch are copied into a table of this connection that is empty again at the end of the transaction; a
few statements then do for ten thousand rows what they do for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from psycopg import Connection

from dashboards.provincial.cities.fields import CALLS, HOURS, TOTALS

Row = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """A table that keeps all versions: its key without centre and version, its other columns, each with its type.

    `day` and `newest` are SQL over a row: which day's facts it changes, and until when it tells of the city.
    """

    table: str
    key: Mapping[str, str]
    values: Mapping[str, str]
    columns_of: Callable[[Mapping[str, Any]], Sequence[Any]]
    day: str
    newest: str

    @property
    def columns(self) -> dict[str, str]:
        return {**self.key, **self.values}


def _call_columns(row: Mapping[str, Any]) -> Sequence[Any]:
    return [row[_NAMES_IN_ROW.get(name, name)] for name in TARGETS[CALLS].columns]


def _hour_columns(row: Mapping[str, Any]) -> Sequence[Any]:
    return row["hour"], row["channel"], row["subject"], orjson.dumps(row["measures"]).decode()


def _total_columns(row: Mapping[str, Any]) -> Sequence[Any]:
    return row["day"], orjson.dumps(row["measures"]).decode()


_NAMES_IN_ROW = {"is_withdrawn": "withdrawn"}
_IN_SHANGHAI = "({} AT TIME ZONE 'Asia/Shanghai')::date"
TARGETS: Mapping[str, Target] = {
    CALLS: Target(
        "city_call",
        {"call_id": "text"},
        {
            "started_at": "timestamptz",
            "ended_at": "timestamptz",
            "channel": "text",
            "subject": "text",
            "outcome": "text",
            "asked_human": "boolean",
            "wait_seconds": "integer",
            "talk_seconds": "integer",
            "hold_seconds": "integer",
            "wrap_up_seconds": "integer",
            "score": "smallint",
            "is_withdrawn": "boolean",
        },
        _call_columns,
        _IN_SHANGHAI.format("t.started_at"),
        "coalesce(t.ended_at, t.started_at)",
    ),
    HOURS: Target(
        "city_hour",
        {"at": "timestamptz", "channel": "text", "subject": "text"},
        {"measures": "jsonb"},
        _hour_columns,
        _IN_SHANGHAI.format("t.at"),
        "t.at + interval '1 hour'",
    ),
    # No fact is made of a city's own total, and it tells nothing of now.
    TOTALS: Target(
        "city_total", {"day": "date"}, {"measures": "jsonb"}, _total_columns, "NULL::date", "NULL::timestamptz"
    ),
}


@dataclass(frozen=True, slots=True)
class _Sql:
    create: str
    copy: str
    contradictions: str
    news: str
    supersede: str
    enter: str


def _build(target: Target) -> _Sql:
    table, incoming = target.table, f"incoming_{target.table}"
    names, keys = ", ".join(target.columns), ", ".join(f"s.{name}" for name in target.key)
    all_of_s = ", ".join(f"s.{name}" for name in target.columns)
    of_t, of_s = (", ".join(f"{each}.{name}" for name in target.values) for each in "ts")
    same_call = " AND ".join(["t.centre = %(centre)s::varchar", *(f"t.{name} = s.{name}" for name in target.key)])
    typed = ", ".join(f"{name} {kind}" for name, kind in target.columns.items())
    return _Sql(
        create=f"""
CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} (line bigint, version integer, {typed}) ON COMMIT DELETE ROWS
""",
        copy=f"COPY {incoming} (line, version, {names}) FROM STDIN",
        contradictions=f"""
DELETE FROM {incoming} s USING {table} t
WHERE {same_call} AND t.version = s.version AND ({of_t}) IS DISTINCT FROM ({of_s}) RETURNING s.line
""",
        news=f"""
SELECT count(*) FROM {incoming} s
WHERE NOT EXISTS (SELECT FROM {table} t WHERE {same_call} AND t.is_current AND t.version >= s.version)
""",
        supersede=f"""
WITH gone AS (
    UPDATE {table} t SET is_current = false
    FROM (SELECT {keys}, max(s.version) AS version FROM {incoming} s GROUP BY {keys}) s
    WHERE {same_call} AND t.is_current AND t.version < s.version RETURNING {target.day} AS day
)
SELECT DISTINCT day FROM gone
""",
        # Of several versions in one batch the highest is the one that counts.
        enter=f"""
WITH told AS (
    INSERT INTO {table} AS t (centre, version, batch, is_current, {names})
    SELECT %(centre)s::varchar, s.version, %(batch)s::bigint,
        s.version = s.highest AND NOT EXISTS (SELECT FROM {table} t WHERE {same_call} AND t.is_current), {all_of_s}
    FROM (SELECT s.*, max(s.version) OVER (PARTITION BY {keys}) AS highest FROM {incoming} s) s
    ON CONFLICT (centre, {", ".join(target.key)}, version) DO NOTHING
    RETURNING is_current, {target.day} AS day, {target.newest} AS newest
)
SELECT day, max(newest) FROM told WHERE is_current GROUP BY day
""",
    )


_SQL = {kind: _build(target) for kind, target in TARGETS.items()}


def stage(connection: Connection[Any], kind: str, rows: Iterable[Row]) -> None:
    """Put checked rows beside the table of their kind, for this transaction."""
    connection.execute(_SQL[kind].create)
    columns_of = TARGETS[kind].columns_of
    with connection.cursor() as cursor, cursor.copy(_SQL[kind].copy) as copy:
        for line, row in rows:
            copy.write_row((line, row["version"], *columns_of(row)))


def take_out_contradictions(connection: Connection[Any], kind: str, centre: str) -> list[int]:
    """Lines that tell another content under a version already told; they are no longer staged afterwards."""
    return sorted(row[0] for row in connection.execute(_SQL[kind].contradictions, {"centre": centre}))


def count_news(connection: Connection[Any], kind: str, centre: str) -> int:
    """How many of the staged rows are newer than what is known."""
    row = connection.execute(_SQL[kind].news, {"centre": centre}).fetchone()
    return int(row[0]) if row else 0


def enter(connection: Connection[Any], kind: str, centre: str, batch: int) -> tuple[set[date], datetime | None]:
    """Enter what was staged: older versions stay, the highest is the current one.

    Returns the days whose facts changed (a call that moved changes two) and the newest moment that was told of.
    """
    values = {"centre": centre, "batch": batch}
    days = {row[0] for row in connection.execute(_SQL[kind].supersede, values)}
    newest = None
    for day, told_of in connection.execute(_SQL[kind].enter, values):
        days.add(day)
        newest = told_of if newest is None else max(newest, told_of)
    return days - {None}, newest

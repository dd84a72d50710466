"""Cities that do not push: a table in a database of theirs is read, row after row, and taken like a push.

The table is `hotline_exchange(seq bigserial, kind text, payload jsonb, written_at timestamptz)`; a payload is one row
as it would be pushed. We only read; how far, is remembered here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

import orjson
import psycopg
import structlog
from psycopg.rows import class_row

from dashboards.provincial.cities.errors import NotACity
from dashboards.provincial.cities.formats import KINDS
from dashboards.provincial.cities.store import PULL, Batch, CityStore, Receipt
from dashboards.provincial.cities.values import shown
from integrations.database import KEEPALIVES, BoundedConnection
from integrations.errors import HotlineError
from integrations.services import Services

log = structlog.get_logger(__name__)
SEALED_FOR = "city.exchange"
BY = "exchange"
MOST_ROWS = 2_000
# In one go; what is left is read a minute later.
MOST_BATCHES = 10
LARGEST_PAYLOAD = 20_000
LONGEST_PROBLEM = 2_000
CONNECT_SECONDS = 5
STATEMENT_MS = 4_000
# A missing number is a row that is still being written, or one that was never written.
WAIT_FOR_MISSING = timedelta(minutes=2)
CANNOT_CONNECT = "连不上交换库，下一分钟再试。"
STARTED_ANEW = "交换表的编号从头开始了，已从第一行重新读起。"
CANNOT_READ = "交换表读不出来：应当有表 hotline_exchange(seq, kind, payload, written_at)，并允许我们读取。"

_READ = """
SELECT seq::bigint AS seq, kind::text AS kind, now() - written_at AS age,
       to_char(written_at, 'YYYYMMDD"T"HH24MISS') AS written,
       CASE WHEN octet_length(payload::text) <= %(largest)s THEN payload::text END AS payload
FROM hotline_exchange WHERE seq > %(after)s ORDER BY seq LIMIT %(most)s
"""
_LAST = "SELECT max(seq)::bigint FROM hotline_exchange"
_CITIES = "SELECT centre FROM city_system WHERE exchange_sealed IS NOT NULL ORDER BY centre"
_SYSTEM = "SELECT exchange_sealed, pulled_to FROM city_system WHERE centre = %s AND exchange_sealed IS NOT NULL"
_PULLED = """
UPDATE city_system SET pulled_to = greatest(pulled_to, %(to)s), pulled_at = %(now)s, pull_problem = %(problem)s
WHERE centre = %(centre)s
"""
_PULLED_ANEW = _PULLED.replace("greatest(pulled_to, %(to)s)", "%(to)s")
# What was wrong with the last rows stays to be read until other rows come.
_NOTHING_NEW = f"""
UPDATE city_system SET pulled_at = %(now)s,
    pull_problem = CASE WHEN %(problem)s::text IS NOT NULL THEN %(problem)s
                        WHEN pull_problem IN ('{CANNOT_CONNECT}', '{CANNOT_READ}') THEN NULL ELSE pull_problem END
WHERE centre = %(centre)s
"""
_FAILED = "UPDATE city_system SET pull_problem = %(problem)s WHERE centre = %(centre)s"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the exchange table; `payload` None when it is too large."""

    seq: int
    kind: str | None
    payload: str | None
    # Since it was written, by their clock; and when that was, in UTC.
    age: timedelta | None
    written: str | None = None


class CityPull:
    """Reads the exchange tables. Two at once, or one that dies, cost a second reading and change nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = CityStore(services)

    def cities(self) -> list[str]:
        """The centres that are pulled."""
        with self._services.database.pool.connection() as connection:
            return [row[0] for row in connection.execute(_CITIES)]

    def pull(self, centre: str) -> list[Receipt]:
        """Read and take what is new of one centre; what went wrong stands at its system, in words."""
        with self._services.database.pool.connection() as connection:
            row = connection.execute(_SYSTEM, (centre,)).fetchone()
        if row is None:
            return []
        address, pulled_to = self._services.sealer.open(row[0], SEALED_FOR), int(row[1])
        receipts: list[Receipt] = []
        problems: list[str] = []
        for _ in range(MOST_BATCHES):
            try:
                lines = read_lines(address, pulled_to)
            except psycopg.Error as error:
                log.warning("exchange_not_read", centre=centre, reason=type(error).__name__)
                self._note(_FAILED, centre, pulled_to, words_of(error))
                break
            is_anew = bool(lines) and lines[0].seq <= pulled_to
            if is_anew:
                log.warning("exchange_started_anew", centre=centre, read_to=pulled_to)
                problems.append(STARTED_ANEW)
            lines = settled(lines, 0 if is_anew else pulled_to)
            taken, found = self._take(centre, lines)
            receipts, problems = receipts + taken, problems + found
            pulled_to = lines[-1].seq if lines else pulled_to
            note = (_PULLED_ANEW if is_anew else _PULLED) if lines else _NOTHING_NEW
            self._note(note, centre, pulled_to, " ".join(problems)[:LONGEST_PROBLEM])
            if len(lines) < MOST_ROWS:
                break
        return receipts

    def _take(self, centre: str, lines: Sequence[Line]) -> tuple[list[Receipt], list[str]]:
        receipts: list[Receipt] = []
        problems: list[str] = []
        for kind, group in groupby(lines, key=lambda line: line.kind):
            run = list(group)
            if kind not in KINDS:
                problems.append(f"第 {run[0].seq} 到 {run[-1].seq} 行的 kind 不认识：“{shown(kind)}”，没有收。")
                continue
            # With the time, since numbers may start anew.
            name = f"pull-{run[0].seq}-{run[-1].seq}-{run[0].written or ''}".rstrip("-")
            batch = Batch(centre, name, kind, list(_rows(run)), takes_good_part=True)
            try:
                receipts.append(self._store.take(batch, PULL, BY))
            except NotACity:
                break
            except HotlineError as error:
                problems.append(f"第 {run[0].seq} 到 {run[-1].seq} 行：{error.sentence}")
        return receipts, problems + [_summary(receipt) for receipt in receipts if receipt.refused]

    def _note(self, sql: str, centre: str, to: int, problem: str) -> None:
        values = {"centre": centre, "to": to, "problem": problem or None, "now": self._services.now()}
        with self._services.database.pool.connection() as connection:
            connection.execute(sql, values)


def read_lines(address: str, after: int) -> list[Line]:
    """The next rows of an exchange table; the first ones where its numbers have started anew. Raises psycopg.Error."""
    options = f"-c timezone=UTC -c statement_timeout={STATEMENT_MS} -c default_transaction_read_only=on"
    parameters: dict[str, Any] = {**KEEPALIVES, "connect_timeout": CONNECT_SECONDS, "options": options}
    with (
        BoundedConnection.connect(address, **parameters) as theirs,
        theirs.cursor(row_factory=class_row(Line)) as cursor,
    ):
        values = {"after": after, "most": MOST_ROWS, "largest": LARGEST_PAYLOAD}
        lines = cursor.execute(_READ, values).fetchall()
        if not lines and _has_started_anew(theirs, after):
            lines = cursor.execute(_READ, {**values, "after": 0}).fetchall()
        return lines


def _has_started_anew(theirs: psycopg.Connection[Any], after: int) -> bool:
    """Whether the last number is one that was passed before. A table that was emptied after reading has none."""
    row = theirs.execute(_LAST).fetchone()
    return row is not None and row[0] is not None and row[0] < after


def settled(lines: Sequence[Line], after: int) -> list[Line]:
    """The lines before the first number that is missing and may still come.

    Two that write at once may finish in the other order: whoever has read the later number would never read the
    earlier one. Nothing is waited for longer than two minutes, since a writing that was given up leaves a gap, too.
    """
    taken: list[Line] = []
    for line in lines:
        is_new = line.age is not None and timedelta(0) <= line.age < WAIT_FOR_MISSING
        if line.seq != after + 1 and is_new:
            break
        taken.append(line)
        after = line.seq
    return taken


def words_of(error: psycopg.Error) -> str:
    """What went wrong in reading, without anything of the address."""
    is_theirs = isinstance(error, psycopg.ProgrammingError | psycopg.DataError)
    return CANNOT_READ if is_theirs else CANNOT_CONNECT


def _rows(lines: Sequence[Line]) -> Iterator[tuple[int, Any]]:
    for line in lines:
        yield line.seq, _row(line.payload)


def _row(payload: str | None) -> Any:
    # Too large, or with numbers beyond all reason: told like one that is no object.
    try:
        return None if payload is None else orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None


def _summary(receipt: Receipt) -> str:
    first = receipt.problems[0]
    return f"批次 {receipt.batch_id} 有 {receipt.refused} 行没有收，第一处在第 {first.line} 行：{first.problem}。"

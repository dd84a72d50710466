"""The list of cases when there are a million of them: every way to look at it, for one centre and for the province."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from dashboards.call_counts import shanghai_day
from dashboards.console.case_list_rows import ALL, CLOSED, MINE, TABS, ListRows, Wanted, read_cases
from dashboards.console.case_scope import Reader
from dashboards.models import CONSULTANT, PROVINCIAL, SUPERVISOR
from dashboards.staff import StaffMember
from integrations.database_url import psycopg_url
from integrations.embedded import EmbeddedPostgres
from integrations.migrations import migrate
from queueing.centre_file import read_centres

CASES, AGENTS, ROUNDS = 1_000_000, 400, 15
MOST_MS = 100
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
_CENTRES = "INSERT INTO centre (code, name, short_name) SELECT code, code, code FROM unnest(%(centres)s::text[]) code"
_AGENTS = """
INSERT INTO agent (number, name, centre)
SELECT 1000 + n, '王芳', (%(centres)s::text[])[1 + n %% cardinality(%(centres)s::text[])]
FROM generate_series(1, %(agents)s) n
"""
# Three years of cases, most of them long closed; three in a hundred wait, and as many were answered lately.
_CASES = """
INSERT INTO work_order (kind, origin, centre, first_centre, source, call_sid, number_hash, number_tail, caller_hash,
    subject, status, owner_id, opened_at, due_at, due_policy, replied_at, reply_kind, closed_at, closed_by,
    closed_reason, breached_at, cleared_at, cleared_by, cleared_reason, look_at)
SELECT kind, 'bench:' || n, centre, centre, 'key', 'CA' || n, hash, lpad((n %% 10000)::text, 4, '0'), hash,
    'subject-' || n %% 40, status, CASE WHEN status <> 'open' THEN 1 + n %% %(agents)s END, opened_at,
    opened_at + interval '3 days', 'reply',
    CASE WHEN status IN ('replied', 'closed') THEN opened_at + interval '2 days' END,
    CASE WHEN status IN ('replied', 'closed') THEN 'call' END,
    CASE WHEN status = 'closed' THEN opened_at + interval '2 days' END, CASE WHEN status = 'closed' THEN 'x' END,
    CASE WHEN status = 'closed' THEN '已答复办结' END,
    CASE WHEN n %% 50 = 0 THEN opened_at + interval '3 days' END,
    CASE WHEN n %% 50 = 0 AND status = 'closed' THEN opened_at + interval '4 days' END,
    CASE WHEN n %% 50 = 0 AND status = 'closed' THEN 'x' END,
    CASE WHEN n %% 50 = 0 AND status = 'closed' THEN '人手不够' END,
    CASE WHEN status IN ('open', 'owned') THEN opened_at + interval '1 day' END
FROM (SELECT n, (%(centres)s::text[])[1 + (n * 7919::bigint) %% cardinality(%(centres)s::text[])] AS centre,
        decode(md5((n %% 300000)::text), 'hex') AS hash,
        %(now)s::timestamptz - (%(cases)s - n) * interval '94 seconds' AS opened_at,
        CASE WHEN n %% 100 < 70 THEN 'message' WHEN n %% 100 < 85 THEN 'complaint' WHEN n %% 100 < 87 THEN 'report'
             WHEN n %% 100 < 97 THEN 'low_rating' ELSE 'callback' END AS kind,
        CASE WHEN n <= %(cases)s * 0.94 THEN 'closed' WHEN n %% 4 < 2 THEN 'replied' WHEN n %% 4 = 2 THEN 'open'
             ELSE 'owned' END AS status
      FROM generate_series(1, %(cases)s) n) made
"""


def measure_cases() -> None:
    """A page of the list, with the counts beside it, as the page asks for it: every tab, by everybody who opens it."""
    centres = sorted(read_centres(None))
    with filled(centres) as connection:
        measure_list(connection, centres)


def measure_list(connection: psycopg.Connection[Any], centres: list[str]) -> None:
    """On a database that has the cases already."""
    print(f"工单清单：{CASES:,} 条，{len(centres)} 个中心，整页连同各栏的数目（要求 {MOST_MS} 毫秒以内）", flush=True)
    worst = max(
        _measure(f"{who}，{tab}{words}", connection, wanted, reader)
        for who, reader in readers(centres)
        for tab, words, wanted in ways(reader)
    )
    print(f"  最慢的一种：{worst:.0f} ms，{'达到' if worst < MOST_MS else '没有达到'}", flush=True)


@contextmanager
def filled(centres: list[str]) -> Iterator[psycopg.Connection[Any]]:
    """A database of its own with a million cases."""
    with tempfile.TemporaryDirectory(prefix="cases-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "data", durable=False)
        server.prepare()
        server.start()
        try:
            server.wait_ready()
            migrate(server.url)
            with psycopg.connect(psycopg_url(server.url), autocommit=True) as connection:
                connection.execute(_CENTRES, {"centres": centres})
                values = {"centres": centres, "agents": AGENTS, "cases": CASES, "now": NOW}
                connection.execute(_AGENTS, values)
                connection.execute(_CASES, values)
                connection.execute("VACUUM ANALYZE work_order")
                yield connection
        finally:
            server.stop()


def readers(centres: list[str]) -> Iterator[tuple[str, Reader]]:
    """Who opens the list."""
    for name, role, centre, seat in (
        ("咨询员", CONSULTANT, centres[1], 1),
        ("值班长", SUPERVISOR, centres[1], None),
        ("省级", PROVINCIAL, None, None),
    ):
        member = StaffMember(1, "bench", name, role, centre, 0, seat)
        yield name, Reader(member, (centre,) if centre else tuple(centres))


def ways(reader: Reader) -> Iterator[tuple[str, str, Wanted]]:
    """Every way to look at the list."""
    for tab in TABS:
        if tab != MINE or reader.seat is not None:
            yield tab, "", Wanted(tab)
    for tab in (ALL, CLOSED):
        yield tab, "，只看举报", Wanted(tab, kind="report")
        yield tab, "，一个科目", Wanted(tab, subject="subject-7")
    yield ALL, "，按尾号找", Wanted(ALL, search="1234")
    yield ALL, "，按编号找", Wanted(ALL, search="500000")


def _measure(name: str, connection: psycopg.Connection[Any], wanted: Wanted, reader: Reader) -> float:
    """The median of a page and of the one after it, the longer of the two, in milliseconds."""
    page = _read(connection, wanted, reader)
    first = _timed(lambda: _read(connection, wanted, reader))
    _say(name, first, f"{len(page.rows)} 条")
    if not page.has_more or wanted.search:
        return median(first) * 1000
    last = page.rows[-1]
    at = last[{CLOSED: "closed_at", "replied": "replied_at"}.get(wanted.tab, "due_at")]
    second = _timed(lambda: _read(connection, replace(wanted, after=(at, last["id"])), reader))
    return max(median(first), median(second)) * 1000


def _read(connection: psycopg.Connection[Any], wanted: Wanted, reader: Reader) -> ListRows:
    return read_cases(connection, wanted, reader, shanghai_day(NOW)[1], NOW)


def _timed(do: Callable[[], object]) -> list[float]:
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - began)
    return seconds


def _say(name: str, seconds: list[float], note: str = "") -> None:
    print(f"  {name}：中位 {median(seconds) * 1000:.1f} ms，最长 {max(seconds) * 1000:.1f} ms {note}", flush=True)

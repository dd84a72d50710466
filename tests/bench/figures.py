"""The province's figures over ten million calls: every page beside the bare SQL that reads the same, a day made anew
beside a bare count, and how soon a call that has ended stands on the wallboard."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import median

import psycopg
import structlog
from redis import Redis

from dashboards.provincial.demo.history import months_of, write_days, write_year
from dashboards.provincial.explore.answers import Explore
from dashboards.provincial.explore.call_list import CallList, read_wanted
from dashboards.provincial.explore.query import read_query
from dashboards.provincial.facts.build import build_day
from dashboards.provincial.wall.keeper import read_newest
from dashboards.provincial.wall.snapshot import Wall
from integrations.database_url import psycopg_url
from integrations.embedded import EmbeddedPostgres, EmbeddedValkey, valkey_in
from integrations.live_store import build_live_store
from integrations.migrations import migrate
from integrations.services import Services
from integrations.settings import Settings
from integrations.work_calendar import SHANGHAI, WorkCalendar
from ivr.service import Line
from queueing.seed import seed_centres
from tests.caller import Caller, http_transport
from tests.journeys.conftest import always_open_config
from tests.running import RunningHotline
from voicemail.subjects_file import load_subjects

HISTORY, RAW = 10_000_000, 10_000_000
ROUNDS, MOST_MS = 9, 100
BUSY_DAY_CALLS = 30_000
HANG_UPS, FRESH_SECONDS = 20, 2.0
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
BUSY_DAY = date(2026, 11, 19)
YEARS = 6
_CALLS = """
INSERT INTO call (call_sid, direction, caller_hash, caller_tail, caller_kind, dialled, first_centre, centre, started_at,
    ended_at, carrier_status, status_rank, outcome, end_reason)
SELECT 'CA' || lpad(n::text, 32, '0'), 'inbound', decode(md5((n %% 900000)::text), 'hex'),
    lpad((n %% 10000)::text, 4, '0'), 'mobile', '+8655112333', centre, centre, at, at + interval '3 minutes',
    'completed', 9, outcome, 'carrier'
FROM (SELECT n, %(until)s::timestamptz - (n * %(step)s::float8) * interval '1 second' AS at,
        (%(centres)s::text[])[1 + (n * 7919::bigint) %% cardinality(%(centres)s::text[])] AS centre,
        (ARRAY['answered', 'answered', 'answered', 'self_served', 'self_served', 'abandoned_in_queue',
               'abandoned_in_menu', 'after_hours', 'voicemail', 'answered'])[1 + n %% 10] AS outcome
      FROM generate_series(1, %(calls)s) n) made
"""
_AGENTS = "INSERT INTO agent (number, name, centre) SELECT 1000 + n, '王芳', '340100' FROM generate_series(1, 200) n"
# Of one day, everything that stands behind a talk.
_ENTRIES = """
INSERT INTO queue_entry (call_sid, centre, caller_hash, arrived_at, joined_at, answered_at, rank_at, status, ended_at,
    end_reason)
SELECT call_sid, first_centre, caller_hash, started_at + interval '20 s', started_at + interval '20 s',
    CASE WHEN outcome = 'answered' THEN started_at + interval '29 s' END, started_at, 'ended', ended_at, 'served'
FROM call WHERE started_at >= %(since)s AND started_at < %(until)s AND outcome IN ('answered', 'abandoned_in_queue')
"""
_OFFERS = """
INSERT INTO offer (id, entry_id, agent_id, call_sid, centre, status, made_at, ring_until, accepted_at, connected_at,
    ended_at, end_reason, wait_seconds)
SELECT 'OF' || id, id, 1 + id %% 200, call_sid, centre, 'ended', answered_at - interval '4 s', answered_at,
    answered_at - interval '1 s', answered_at, ended_at, 'caller', 9
FROM queue_entry WHERE answered_at IS NOT NULL
"""
_WRAP_UPS = """
INSERT INTO wrap_up (offer_id, agent_id, subject, disposition, saved_at, done_at)
SELECT id, agent_id, (ARRAY['pension-benefit', 'card-apply', 'pension-payment'])[1 + agent_id %% 3], 'resolved',
    ended_at, ended_at FROM offer
"""
_RATINGS = """
INSERT INTO rating (offer_id, call_sid, agent_id, centre, score, at)
SELECT id, call_sid, agent_id, centre, 1 + agent_id %% 5, ended_at FROM offer WHERE agent_id %% 3 = 0
"""
_BARE_DAY = """
SELECT first_centre, date_trunc('hour', started_at), outcome, count(*) FROM call
WHERE started_at >= %(since)s AND started_at < %(until)s GROUP BY 1, 2, 3
"""
_BARE_PAGE = """
SELECT centre, sum(answered + self_served), sum(received) FROM fact
WHERE grain = 'day' AND subject = '*' AND at >= %(since)s AND at < %(until)s GROUP BY centre
"""
_BARE_TODAY = """
SELECT centre, sum(received), sum(answered) FROM fact
WHERE grain = 'hour' AND subject = '*' AND at >= %(since)s AND at < %(until)s GROUP BY centre
"""
PERIODS = ("yesterday", "last_30_days", "last_365_days", "since=2021-01-01&until=2026-11-19")
WAYS = {
    "全省": {},
    "一个市": {"centres": "340100"},
    "一个主题": {"subjects": "pension"},
    "一个市一个主题，比去年": {"centres": "340100", "subjects": "card", "compare": "year"},
    "全省，比前一期": {"compare": "previous"},
}


@dataclass
class Ground:
    """A database of its own with the history in it, and what asks it."""

    line: Line
    connection: psycopg.Connection

    @property
    def centres(self) -> list[str]:
        return list(self.line.keeper.library().centres)


def measure_figures() -> None:
    """All of it; takes some minutes to fill in first."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ground() as found:
        _fill(found)
        _measure_pages(found)
        _measure_wall(found)
        _measure_day(found)
    _measure_freshness()


@contextmanager
def ground() -> Iterator[Ground]:
    """Servers of their own, empty but for the centres."""
    with tempfile.TemporaryDirectory(prefix="figures-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "data", durable=False)
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        for server in (postgres, valkey):
            server.prepare()
            server.start()
        try:
            for server in (postgres, valkey):
                server.wait_ready()
            migrate(postgres.url)
            env = {
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "VAR_DIR": f"{folder}/var",
                "LOG_LEVEL": "error",
            }
            services = Services.build(Settings.from_env(env))
            line = Line.build(services)
            seed_centres(services.database, line.keeper.library().centres)
            with psycopg.connect(psycopg_url(postgres.url), autocommit=True) as connection:
                yield Ground(line, connection)
            services.close()
        finally:
            valkey.stop()
            postgres.stop()


def _fill(found: Ground) -> None:
    """Facts of ten million calls, as many rows of the ledger, and one busy day with all that belongs to it."""
    calendar, centres = WorkCalendar(), found.line.keeper.library().centres
    days = [TODAY - timedelta(days=back) for back in range(1, 365 * YEARS)]
    calls = 0
    for month in months_of(days):
        if calls >= HISTORY:
            break
        with found.line.services.database.pool.connection() as connection, connection.transaction():
            write_days(connection, centres, calendar, month)
        row = found.connection.execute(
            "SELECT sum(received) FROM fact WHERE grain = 'day' AND subject = '*'"
        ).fetchone()
        calls = int(row[0]) if row else 0
    with found.line.services.database.pool.connection() as connection, connection.transaction():
        for year in range(month[0].year, TODAY.year):
            write_year(connection, year)
    print(f"统计：{calls:,} 个来电的汇总，从 {month[-1]} 起", flush=True)
    since, until = _bounds(BUSY_DAY)
    quiet = {
        "centres": found.centres,
        "until": since,
        "calls": RAW - BUSY_DAY_CALLS,
        "step": YEARS * 365 * 86_400 / RAW,
    }
    found.connection.execute(_CALLS, quiet)
    busy = {"centres": found.centres, "until": until, "calls": BUSY_DAY_CALLS, "step": 86_399 / BUSY_DAY_CALLS}
    found.connection.execute(_CALLS.replace("'CA' ||", "'CB' ||"), busy)
    for statement in (_AGENTS, _ENTRIES, _OFFERS, _WRAP_UPS, _RATINGS):
        found.connection.execute(statement, {"since": since, "until": until})
    found.connection.execute("VACUUM ANALYZE")
    print(f"  台账 {RAW:,} 行，其中 {BUSY_DAY} 一天 {BUSY_DAY_CALLS:,} 个", flush=True)


def _measure_pages(found: Ground) -> None:
    tree = load_subjects(None, found.line.keeper.library().content.pieces())
    explore, calls = Explore(found.line, tree), CallList(found.line, tree)
    print(f"统计页，整页一次（要求 {MOST_MS} 毫秒以内），旁边是只求一个指标的一句 SQL", flush=True)
    worst = 0.0
    for period, (who, asked) in product(PERIODS, WAYS.items()):
        args = dict(pair.split("=") for pair in period.split("&")) if "=" in period else {"period": period}
        query = read_query({**args, **asked}, TODAY, tree)
        centres = query.centres or tuple(found.centres)
        ours = _median_ms(lambda query=query, centres=centres: explore.look(query, centres))
        since, until = _bounds(query.period.first)[0], _bounds(query.period.last)[1]
        bare = _median_ms(
            lambda a=since, b=until: found.connection.execute(_BARE_PAGE, {"since": a, "until": b}).fetchall()
        )
        worst = max(worst, ours)
        print(f"  {period:<36}{who:<14} {ours:6.1f} ms   一句 SQL {bare:5.1f} ms", flush=True)
    print(f"  最慢的一种：{worst:.0f} ms，{'达到' if worst < MOST_MS else '没有达到'}", flush=True)
    for period in ("yesterday", "last_365_days"):
        query = read_query({"period": period}, TODAY, tree)
        ms = _median_ms(lambda query=query: calls.look(query, found.centres, read_wanted({})))
        print(f"  逐个来电一页，{period}：{ms:.1f} ms", flush=True)


def _measure_wall(found: Ground) -> None:
    wall = Wall(found.line)
    wall.snapshot(NOW)
    ours = _median_ms(lambda: wall.snapshot(NOW))
    since, until = _bounds(TODAY)
    bare = _median_ms(lambda: found.connection.execute(_BARE_TODAY, {"since": since, "until": until}).fetchall())
    print(f"大屏一次快照：{ours:.1f} ms（要求 {MOST_MS} 以内），一句 SQL {bare:.1f} ms", flush=True)


def _measure_day(found: Ground) -> None:
    since, until = _bounds(BUSY_DAY)
    database = found.line.services.database
    ours = _median_ms(lambda: build_day(database, BUSY_DAY, NOW), rounds=5)
    bare = _median_ms(
        lambda: found.connection.execute(_BARE_DAY, {"since": since, "until": until}).fetchall(), rounds=5
    )
    print(f"重算一天（{BUSY_DAY_CALLS:,} 个来电）：{ours:,.0f} ms，只数来电和结果的一句 SQL {bare:,.0f} ms", flush=True)


def _measure_freshness() -> None:
    """From the carrier's word that a call is over to the snapshot that counts it, on the running system."""
    with tempfile.TemporaryDirectory(prefix="fresh-bench-") as folder:
        config = always_open_config(Path(folder) / "config")
        hotline = RunningHotline(Path(folder) / "var", HOTLINE_CONFIG=str(config), LOG_LEVEL="warning").wait_ready()
        try:
            seconds = sorted(_hang_up_and_wait(hotline) for _ in range(HANG_UPS))
        finally:
            hotline.end()
    verdict = "达到" if seconds[-1] < FRESH_SECONDS else "没有达到"
    print(
        f"从挂断到上大屏：中位 {median(seconds):.2f} 秒，最慢 {seconds[-1]:.2f} 秒，"
        f"{verdict}（要求 {FRESH_SECONDS:.0f} 秒）",
        flush=True,
    )


def _hang_up_and_wait(hotline: RunningHotline) -> float:
    store = build_live_store(valkey_in(hotline.var_dir).url)
    caller = Caller(f"http://127.0.0.1:{hotline.port}", http_transport(), dialled="+8655312333").ring()
    ended = _ended(store)
    caller.hang_up()
    began = time.perf_counter()
    while _ended(store) <= ended:
        time.sleep(0.01)
    store.close()
    return time.perf_counter() - began


def _ended(store: Redis) -> int:
    snapshot = read_newest(store) or {"centres": {}}
    sums = [centre["sums"] for centre in snapshot["centres"].values()]
    return sum(one.get("received", 0) - one.get("in_progress", 0) for one in sums)


def _bounds(day: date) -> tuple[datetime, datetime]:
    since = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return since, since + timedelta(days=1)


def _median_ms(do: Callable[[], object], rounds: int = ROUNDS) -> float:
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000


if __name__ == "__main__":
    measure_figures()

"""Facts: made twice they are the same, made at once by two they are right, and they are read back as they were made."""

import argparse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dashboards.provincial.facts import build as facts
from dashboards.provincial.facts import rows as fact_rows
from dashboards.provincial.facts.figures_command import run_figures_command
from dashboards.provincial.facts.jobs import rebuild_due_facts, rebuild_last_facts
from dashboards.provincial.facts.keeper import FactKeeper
from dashboards.provincial.facts.rows import Slice
from dashboards.provincial.facts.spans import DAY
from dashboards.provincial.measures import CALLS, MEASURES
from integrations.database import Database
from integrations.services import Services
from integrations.settings import Settings
from integrations.task_queue import set_job_settings
from integrations.work_calendar import SHANGHAI
from ivr.outcome import PRECEDENCE
from tests.dashboards.provincial.ledger_tables import CENTRES, Ledger, moment

FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
ALL = tuple(CENTRES.values())
HEFEI, WUHU, FUYANG = CENTRES["合肥"], CENTRES["芜湖"], CENTRES["阜阳"]
TWO_DAYS = """
    call  caller  centre  began           ended           outcome
    CA1   A       合肥    11-20 09:00:00  11-20 09:05:00  self_served
    CA2   B       合肥    11-20 23:59:00  11-21 00:05:00  answered
    CA3   C       芜湖    11-20 09:00:00  11-20 09:05:00  voicemail
    CA4   D       芜湖    11-21 09:00:00  11-21 09:05:00  failed
"""
TALK_OF_CA2 = """
    entry  call  centre  arrived         answered        ended           why
    1      CA2   合肥    11-20 23:59:10  11-20 23:59:20  11-21 00:05:00  served
"""
SUBJECT_OF_CA2 = """
    talk  entry  call  agent  centre  began           ended           status    by     subject
    T1    1      CA2   101    合肥    11-20 23:59:20  11-21 00:05:00  finished  agent  card-loss
"""


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
def two_days(ledger: Ledger) -> Ledger:
    ledger.calls(TWO_DAYS)
    ledger.line(TALK_OF_CA2)
    ledger.talks(SUBJECT_OF_CA2)
    return ledger


def written(ledger: Ledger) -> list[tuple[Any, ...]]:
    """Every fact with the transaction that wrote it last."""
    return ledger.read(f"SELECT xmin::text, fact.* FROM fact ORDER BY {', '.join(map(str, range(2, 8)))}")


def read(ledger: Ledger, how: Any, since: date = FRIDAY, days: int = 2, **more: Any) -> Any:
    piece = Slice(since, since + timedelta(days=days), more.pop("centres", ALL), **more)
    with ledger.database.pool.connection() as connection:
        return how(connection, piece)


# made


def test_a_day_made_twice_is_not_written_twice(two_days: Ledger) -> None:
    two_days.build("11-20", "11-21")
    before = written(two_days)
    two_days.build("11-20", "11-21")
    assert written(two_days) == before


def test_a_day_made_by_several_processes_at_once_is_right(two_days: Ledger) -> None:
    days = [FRIDAY, SATURDAY, FRIDAY + timedelta(days=7)] * 3
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda day: facts.build_day(two_days.database, day, NOW), days))
    at_once = [row[1:] for row in written(two_days)]
    two_days.write("DELETE FROM fact")
    two_days.build("11-20", "11-21", "11-27", now="11-21 12:00:00")
    assert at_once == [row[1:] for row in written(two_days)]


def test_a_generated_history_is_left_alone(two_days: Ledger) -> None:
    for grain, at in (("hour", "11-20 09:00:00"), ("day", "11-20 00:00:00"), ("cell", "11-06 09:00:00")):
        two_days.write(
            "INSERT INTO fact (grain, subject, at, centre, channel, source, received, failed) "
            "VALUES (%s, '*', %s, %s, 'phone', 'demo', 7, 7)",
            *(grain, moment(at), HEFEI),
        )
    two_days.build("11-20")
    assert read(two_days, fact_rows.sums, days=1)["received"] == 3 + 7
    assert two_days.read("SELECT grain, received FROM fact WHERE source = 'demo' ORDER BY grain") == [
        *(("cell", 7), ("day", 7), ("hour", 7)),
    ]


def test_only_the_hours_that_were_asked_for_are_made(two_days: Ledger) -> None:
    nine = moment("11-20 09:00:00")
    assert nine is not None
    with two_days.database.pool.connection() as connection:
        facts.build_hours(connection, nine + timedelta(minutes=10), nine + timedelta(minutes=20), NOW)
    two_days.shows("""
        at        centre  received
        11-20 09  合肥     1
        11-20 09  芜湖     1
    """)


@st.composite
def ledgers(draw: st.DrawFn) -> list[tuple[int, str, str | None, str | None, int | None]]:
    """Calls: second of the two days, centre, outcome, subject, wait in the line."""
    call = st.tuples(
        st.integers(0, 2 * 86400 - 1),
        st.sampled_from(ALL),
        st.sampled_from([*PRECEDENCE, None]),
        st.sampled_from([None, "card-loss", "card-apply"]),
        st.one_of(st.none(), st.integers(0, 700)),
    )
    return draw(st.lists(call, min_size=1, max_size=40))


@given(calls=ledgers())
@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_received_is_the_sum_of_the_outcomes_in_every_fact(database: Database, calls: list[Any]) -> None:
    ledger = _random_ledger(database, calls)
    for day in (FRIDAY, SATURDAY):
        facts.build_day(database, day, NOW)
    rest = " + ".join(CALLS[1:])
    assert ledger.read(f"SELECT * FROM fact WHERE received <> {rest}") == []
    for grain in ("hour", "day", "cell", "month"):
        for subjects in ("subject = '*'", "subject <> '*'"):
            found = ledger.read(f"SELECT sum(received), sum(answered) FROM fact WHERE grain = '{grain}' AND {subjects}")
            assert found == [(len(calls), sum(call[2] == "answered" for call in calls))]
    waits = ledger.read(
        "SELECT * FROM fact WHERE answered_15 <> served_wait_0 + served_wait_1 OR answered < served_wait_0 + "
        "served_wait_1 + served_wait_2 + served_wait_3 + served_wait_4 + served_wait_5 + served_wait_6 + served_wait_7 "
        "OR offered > asked_human OR answered_15 > offered"
    )
    assert waits == []
    by_centre = read(ledger, fact_rows.by_centre)
    assert {centre: sums["received"] for centre, sums in by_centre.items()} == Counter(call[1] for call in calls)


def _random_ledger(database: Database, calls: list[Any]) -> Ledger:
    with database.pool.connection() as connection:
        for table in ("fact", "fact_day", "wrap_up", "offer", "queue_entry", "call", "agent", "centre"):
            connection.execute(f"DELETE FROM {table}")
    ledger = Ledger(database)
    midnight = moment("11-20 00:00:00")
    assert midnight is not None
    for number, (second, centre, outcome, subject, wait) in enumerate(calls):
        began = midnight + timedelta(seconds=second)
        ended = began + timedelta(seconds=1000) if outcome else None
        ledger.insert(
            "call",
            **{"call_sid": f"CA{number}", "direction": "inbound", "caller_kind": "mobile", "dialled": "12333"},
            **{"first_centre": centre, "centre": centre, "started_at": began, "ended_at": ended, "outcome": outcome},
            **{"carrier_status": "completed", "status_rank": 9},
        )
        if wait is None or outcome is None:
            continue
        talked = began + timedelta(seconds=wait) if outcome == "answered" else None
        left = ended if talked else began + timedelta(seconds=wait)
        ledger.insert(
            "queue_entry",
            **{"id": number + 1, "call_sid": f"CA{number}", "centre": centre, "arrived_at": began, "joined_at": began},
            **{"rank_at": began, "answered_at": talked, "status": "ended", "ended_at": left, "end_reason": "served"},
        )
        if talked:
            agent = ledger.agent(f"{number}", next(name for name, code in CENTRES.items() if code == centre))
            ledger.insert(
                "offer",
                **{"id": f"T{number}", "entry_id": number + 1, "agent_id": agent, "call_sid": f"CA{number}"},
                **{"centre": centre, "status": "finished", "made_at": began, "ring_until": talked},
                **{"connected_at": talked, "ended_at": ended, "end_reason": "agent"},
            )
            ledger.insert("wrap_up", offer_id=f"T{number}", agent_id=agent, subject=subject, saved_at=ended)
    return ledger


# read


def test_a_slice_is_read_whole_and_by_centre_and_day(two_days: Ledger) -> None:
    two_days.build("11-20", "11-21")
    assert read(two_days, fact_rows.sums)["received"] == 4
    assert read(two_days, fact_rows.sums, days=1)["received"] == 3
    assert read(two_days, fact_rows.sums, centres=(WUHU,))["voicemail"] == 1
    assert {code: sums["received"] for code, sums in read(two_days, fact_rows.by_centre).items()} == {HEFEI: 2, WUHU: 2}
    assert {day: sums["received"] for day, sums in read(two_days, fact_rows.by_day).items()} == {FRIDAY: 3, SATURDAY: 1}
    assert {day: sums["received"] for day, sums in read(two_days, fact_rows.by_month).items()} == {date(2026, 11, 1): 4}
    assert set(read(two_days, fact_rows.sums)) == set(MEASURES)


def test_nothing_is_read_without_a_centre(two_days: Ledger) -> None:
    two_days.build("11-20")
    assert read(two_days, fact_rows.sums, centres=())["received"] == 0
    assert read(two_days, fact_rows.by_centre, centres=()) == {}


def test_hours_are_read_on_the_shanghai_clock_and_for_forty_days_at_the_most(two_days: Ledger) -> None:
    two_days.build("11-20", "11-21")
    hours = read(two_days, fact_rows.by_hour)
    assert [(hour.day, hour.hour, sums["received"]) for hour, sums in hours.items()] == [
        *((20, 9, 2), (20, 23, 1), (21, 9, 1)),
    ]
    with pytest.raises(ValueError, match="40天"):
        read(two_days, fact_rows.by_hour, days=41)


def test_subjects_are_read_one_by_one_or_those_that_were_asked_for(two_days: Ledger) -> None:
    two_days.build("11-20", "11-21")
    by_subject = read(two_days, fact_rows.by_subject)
    assert {key: sums["received"] for key, sums in by_subject.items()} == {"": 3, "card-loss": 1}
    assert read(two_days, fact_rows.sums, subjects=("card-loss",))["received"] == 1
    assert read(two_days, fact_rows.sums, subjects=("", "card-loss"))["received"] == 4
    assert set(read(two_days, fact_rows.by_subject, subjects=("card-loss",))) == {"card-loss"}


def test_channels_and_sources_are_told_apart(two_days: Ledger) -> None:
    two_days.city_hours("""
        centre  at              channel  subject  received  self_served
        阜阳     11-20 09:00:00  wechat   -        7         7
    """)
    two_days.build("11-20")
    assert read(two_days, fact_rows.sums, channels=("wechat",))["received"] == 7
    assert read(two_days, fact_rows.sums, channels=("phone",))["received"] == 3
    assert read(two_days, fact_rows.sources) == {"own", "city"}
    assert read(two_days, fact_rows.sources, centres=(HEFEI,)) == {"own"}


def test_cells_of_the_week_are_whole_months_and_the_days_beside_them(ledger: Ledger) -> None:
    # All at nine on a Friday; the first and the last lie outside of November.
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    10-30 09:00:00  10-30 09:05:00  self_served
        CA2   A       合肥    11-06 09:00:00  11-06 09:05:00  self_served
        CA3   A       合肥    11-27 09:00:00  11-27 09:05:00  self_served
        CA4   A       合肥    12-04 09:00:00  12-04 09:05:00  self_served
        CA5   A       合肥    12-05 09:00:00  12-05 09:05:00  self_served
    """)
    ledger.build("10-30", "11-06", "11-27", "12-04", "12-05")
    since = date(2026, 10, 30)
    cells = read(ledger, fact_rows.by_cell, since, days=37)
    assert {cell: sums["received"] for cell, sums in cells.items()} == {(4, 9): 4, (5, 9): 1}
    assert read(ledger, fact_rows.by_cell, date(2026, 11, 1), days=30)[4, 9]["received"] == 2
    assert read(ledger, fact_rows.by_cell, date(2026, 11, 6), days=7)[4, 9]["received"] == 1


def test_a_long_slice_is_its_whole_months_and_the_days_beside_them(ledger: Ledger) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    08-31 23:59:59  09-01 00:05:00  self_served
        CA2   A       合肥    09-01 00:00:00  09-01 09:05:00  self_served
        CA3   A       芜湖    10-15 09:00:00  10-15 09:05:00  failed
        CA4   A       合肥    11-30 23:59:59  12-01 00:05:00  self_served
        CA5   A       合肥    12-01 00:00:00  12-01 00:05:00  self_served
    """)
    ledger.build("08-31", "09-01", "10-15", "11-30", "12-01")
    ledger.shows(
        """
        at        centre  received
        08-01 00  合肥     1
        09-01 00  合肥     1
        10-01 00  芜湖     1
        11-01 00  合肥     1
        12-01 00  合肥     1
        """,
        grain="month",
    )
    since = date(2026, 8, 31)
    assert read(ledger, fact_rows.sums, since, days=93)["received"] == 5
    assert read(ledger, fact_rows.sums, since + DAY, days=91)["received"] == 3
    assert read(ledger, fact_rows.by_subject, since, days=93)[""]["received"] == 5
    assert read(ledger, fact_rows.by_centre, since, days=93)[HEFEI]["received"] == 4
    assert [(month.month, sums["received"]) for month, sums in read(ledger, fact_rows.by_month, since, 93).items()] == [
        *((8, 1), (9, 1), (10, 1), (11, 1), (12, 1)),
    ]
    assert len(read(ledger, fact_rows.by_day, since, days=93)) == 5
    assert read(ledger, fact_rows.sources, since, days=93) == {"own"}


def test_only_the_measures_that_were_asked_for_are_read(two_days: Ledger) -> None:
    two_days.build("11-20")
    with two_days.database.pool.connection() as connection:
        piece = Slice(FRIDAY, SATURDAY, ALL)
        assert fact_rows.sums(connection, piece, ["received"]) == {"received": 3}
        with pytest.raises(ValueError, match="not measures"):
            fact_rows.sums(connection, piece, ["received); DROP TABLE fact; --"])


# kept


@pytest.fixture
def keeper(services: Services) -> FactKeeper:
    return FactKeeper(services)


def test_today_is_made_and_the_day_on_which_a_call_began_that_ended_just_now(
    two_days: Ledger, keeper: FactKeeper
) -> None:
    after_midnight = datetime(2026, 11, 21, 0, 6, tzinfo=SHANGHAI)
    assert keeper.rebuild_due(after_midnight) == [SATURDAY, FRIDAY]
    assert keeper.rebuild_due(NOW) == [SATURDAY]


def test_a_day_that_was_corrected_is_made_once_more(two_days: Ledger, keeper: FactKeeper) -> None:
    long_ago = date(2026, 3, 1)
    with two_days.database.pool.connection() as connection:
        facts.mark_due(connection, [long_ago, long_ago])
        facts.mark_due(connection, [])
    assert keeper.rebuild_due(NOW) == [SATURDAY, long_ago]
    assert keeper.rebuild_due(NOW) == [SATURDAY]


def test_a_day_that_takes_too_long_keeps_no_other_waiting(
    two_days: Ledger, keeper: FactKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, long_ago = facts.build_day, date(2026, 3, 1)

    def too_long(database: Database, day: date, now: datetime) -> None:
        with database.pool.connection() as connection:
            if day == SATURDAY:
                with connection.transaction():
                    connection.execute("SET LOCAL statement_timeout = 1")
                    connection.execute("SELECT pg_sleep(9)")
        build(database, day, now)

    monkeypatch.setattr("dashboards.provincial.facts.keeper.build_day", too_long)
    with two_days.database.pool.connection() as connection:
        facts.mark_due(connection, [long_ago])
    assert keeper.rebuild_due(NOW) == [long_ago]


def test_what_is_corrected_while_a_day_is_made_is_due_afterwards(two_days: Ledger) -> None:
    database = two_days.database
    with ThreadPoolExecutor(1) as pool, database.pool.connection() as connection:
        with connection.transaction():
            facts.mark_due(connection, [FRIDAY])
            building = pool.submit(facts.build_day, database, FRIDAY, NOW)
            connection.execute("UPDATE call SET outcome = 'failed' WHERE call_sid = 'CA1'")
        building.result(timeout=20)
    assert read(two_days, fact_rows.sums, days=1)["failed"] == 1


def test_the_last_nine_days_are_made_anew_and_older_ones_of_which_something_changed(
    two_days: Ledger, keeper: FactKeeper
) -> None:
    two_days.cases("""
        case  centre  opened          due             replied
        1     合肥    10-12 09:00:00  10-15 17:30:00  -
        2     合肥    10-19 09:00:00  10-22 17:30:00  -
    """)
    two_days.write(
        "INSERT INTO case_event (case_id, at, actor, event) VALUES (1, %s, 'hefei', 'replied')",
        NOW - timedelta(hours=1),
    )
    for day in range(12, 24):
        two_days.build(f"10-{day}")
    built = keeper.rebuild_last(NOW)
    assert built[:9] == [SATURDAY - timedelta(days=n) for n in range(9)]
    assert {*built[9:]} == {date(2026, 10, 12), date(2026, 10, 15)}


def test_of_a_case_that_was_taken_up_again_every_day_is_made_on_which_it_may_have_been_due(
    two_days: Ledger, keeper: FactKeeper
) -> None:
    two_days.cases("""
        case  centre  opened          due             replied
        1     合肥    10-12 09:00:00  11-25 17:30:00  -
    """)
    two_days.write(
        "INSERT INTO case_event (case_id, at, actor, event) VALUES (1, %s, 'hefei', 'reopened')", "2026-10-20 09:00+08"
    )
    two_days.write(
        "INSERT INTO fact_day (day, built_at) SELECT generate_series('2026-10-01'::date, now(), '1 day'), now()"
    )
    # Nobody has looked for long, and the night looks for what the last days may have missed.
    night = datetime(2026, 10, 28, 3, 10, tzinfo=SHANGHAI)
    built = keeper.rebuild_last(night, days=9)
    assert {*built} == {date(2026, 10, day) for day in range(12, 29)}


def test_days_of_the_ledger_that_were_never_made_are_made(ledger: Ledger, keeper: FactKeeper) -> None:
    ledger.calls("""
        call  caller  centre  began           ended           outcome
        CA1   A       合肥    11-08 09:00:00  11-08 09:05:00  self_served
    """)
    built = keeper.rebuild_last(NOW)
    assert built[9:] == [date(2026, 11, day) for day in (12, 11, 10, 9, 8)]
    assert len(keeper.rebuild_last(NOW)) == 9


def test_the_jobs_do_it(two_days: Ledger, services: Services, settings: Settings) -> None:
    set_job_settings(settings, replace(services, now=lambda: NOW))
    rebuild_due_facts()
    assert read(two_days, fact_rows.sums)["received"] == 1
    rebuild_last_facts()
    assert read(two_days, fact_rows.sums)["received"] == 4


# the command


class Kept(Services):
    """Services that a command does not close."""

    def close(self) -> None:
        pass


def run(services: Services, **arguments: Any) -> int:
    given = {"since": "2026-11-20", "until": "2026-11-21", "centre": None, **arguments}
    kept = Kept(**{field.name: getattr(services, field.name) for field in fields(services)} | {"now": lambda: NOW})
    return run_figures_command(kept, argparse.Namespace(**given))


def test_the_command_makes_days_anew_and_shows_their_figures(
    two_days: Ledger, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(services, action="show") == 0
    assert "还没有汇总" in capsys.readouterr().out
    assert run(services, action="rebuild") == 0
    assert "共 2 天" in capsys.readouterr().out
    assert run(services, action="show") == 0
    said = capsys.readouterr().out
    assert "全省" in said
    assert "  来电  4\n" in said
    assert "综合接通率  50.0%（2 ÷ 4）" in said
    assert "平均等待  10秒（10 ÷ 1）" in said
    assert "满意率  —（没有可算的）" in said
    # Of today what stands on the wallboard, whether or not the day was summed up since.
    two_days.write("UPDATE fact SET received = 0 WHERE grain = 'hour' AND at > %s", NOW - timedelta(hours=12))
    assert run(services, action="show", since="2026-11-21") == 0
    assert "  来电  0\n" in capsys.readouterr().out
    two_days.build("11-21")
    assert run(services, action="show", centre=WUHU) == 0
    assert "  来电  2\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"since": "20.11.2026"}, "日期请写成"),
        ({"until": "2026-11-01"}, "结束的日期早于开始的日期"),
        ({"until": "9999-12-31"}, "日期请在"),
        ({"since": "0001-01-01"}, "日期请在"),
        ({"centre": "110000"}, "没有代码是“110000”的中心"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    services: Services, arguments: dict[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(services, action="show", **arguments) == 2
    assert sentence in capsys.readouterr().err

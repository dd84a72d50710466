"""Batches of cities on the real database: once, twice, late, corrected, in part, at once and in any order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import OperationalError

from dashboards.provincial.cities.errors import BadBatch, DifferentContent, NotACity, TooManyRows
from dashboards.provincial.cities.store import Batch
from dashboards.provincial.facts.build import build_day
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.provincial.city_app import HEFEI, TONGLING, WUHU, CityApp, build_city_app, call
from tests.waiting import eventually


@pytest.fixture
def city(services: Services, keeper: LibraryKeeper) -> CityApp:
    return build_city_app(services, keeper)


def counts(receipt: Any) -> tuple[Any, ...]:
    return receipt.status, receipt.rows, receipt.accepted, receipt.unchanged, receipt.refused


def due_days(city: CityApp) -> list[date]:
    return [row[0] for row in city.rows("SELECT day FROM fact_day WHERE is_due ORDER BY day")]


def test_a_batch_is_taken_and_its_days_are_due(city: CityApp) -> None:
    late = call("C-2", started_at="2026-11-18T23:59:00+08:00", ended_at="2026-11-19T00:03:00+08:00")
    assert counts(city.take("b1", [call(), late])) == ("accepted", 2, 2, 0, 0)
    assert city.current() == [("C-1", 1), ("C-2", 1)]
    assert due_days(city) == [date(2026, 11, 18), date(2026, 11, 20)]
    newest, heard = city.rows("SELECT newest_at, heard_at FROM city_system WHERE centre = %s", TONGLING)[0]
    assert (newest, heard) == (datetime(2026, 11, 20, 1, 5, tzinfo=UTC), city.clock.at)


def test_the_same_batch_again_changes_nothing(city: CityApp) -> None:
    first = city.take("b1", [call()])
    city.clock.forward(minutes=5)
    again = city.take("b1", [call()])
    assert again.is_repeated and not first.is_repeated
    assert (again.batch, *counts(again)) == (first.batch, *counts(first))
    assert city.rows("SELECT count(*) FROM city_batch") == [(1,)]
    assert city.rows("SELECT heard_at FROM city_system WHERE centre = %s", TONGLING)[0][0] < city.clock.at


def test_the_same_name_with_other_content_is_refused(city: CityApp) -> None:
    city.take("b1", [call()])
    with pytest.raises(DifferentContent):
        city.take("b1", [call("C-2")])
    assert city.current() == [("C-1", 1)]


def test_two_cities_may_use_the_same_names(city: CityApp) -> None:
    city.take("b1", [call()])
    assert not city.take("b1", [call(talk_seconds=1)], centre=WUHU).is_repeated


def test_a_higher_version_counts_and_the_older_one_stays(city: CityApp) -> None:
    city.take("b1", [call()])
    moved = call(version=2, started_at="2026-11-19T09:00:00+08:00", ended_at="2026-11-19T09:05:00+08:00")
    assert counts(city.take("b2", [moved])) == ("accepted", 1, 1, 0, 0)
    assert city.rows("SELECT version, is_current FROM city_call ORDER BY version") == [(1, False), (2, True)]
    # Both the day that it left and the day that it came to.
    assert due_days(city) == [date(2026, 11, 19), date(2026, 11, 20)]


def test_what_is_known_or_older_is_unchanged(city: CityApp) -> None:
    city.take("b1", [call(version=2)])
    receipt = city.take("b2", [call(version=2), call(version=1, talk_seconds=5), call("C-2")])
    assert counts(receipt) == ("accepted", 3, 1, 2, 0)
    assert city.current() == [("C-1", 2), ("C-2", 1)]


def test_the_same_version_with_other_content_is_named_by_its_line(city: CityApp) -> None:
    city.take("b1", [call()])
    receipt = city.take("b2", [call("C-2"), call(talk_seconds=5)])
    assert counts(receipt) == ("refused", 2, 0, 0, 2)
    assert [(problem.line, problem.field) for problem in receipt.problems] == [(2, "call_id")]
    assert city.current("call_id, talk_seconds") == [("C-1", 200)]
    assert counts(city.take("b3", [call("C-2"), call(talk_seconds=5)], takes_good_part=True))[0] == "partial"
    assert city.current("call_id, talk_seconds") == [("C-1", 200), ("C-2", 200)]


def test_one_bad_line_refuses_all_and_nothing_else_is_written(city: CityApp) -> None:
    receipt = city.take("b1", [call(), call("C-2", outcome="lost"), call("C-3", nonsense=1)])
    assert counts(receipt) == ("refused", 3, 0, 0, 3)
    assert [(problem.line, problem.field) for problem in receipt.problems] == [(2, "outcome"), (3, "nonsense")]
    assert city.current() == [] and due_days(city) == []
    assert city.rows("SELECT status, jsonb_array_length(problems) FROM city_batch") == [("refused", 2)]
    assert city.rows("SELECT heard_at FROM city_system WHERE centre = %s", TONGLING) == [(None,)]


def test_the_good_part_is_taken_if_asked(city: CityApp) -> None:
    receipt = city.take("b1", [call(), call("C-2", outcome="lost")], takes_good_part=True)
    assert counts(receipt) == ("partial", 2, 1, 0, 1)
    assert city.current() == [("C-1", 1)]
    assert counts(city.take("b2", [call("C-2", outcome="lost")], takes_good_part=True))[0] == "refused"


def test_of_many_problems_the_first_two_hundred_are_told(city: CityApp) -> None:
    receipt = city.take("b1", [call(f"C-{n}", score=9) for n in range(300)])
    assert (receipt.refused, len(receipt.problems)) == (300, 200)


def test_several_versions_in_one_batch(city: CityApp) -> None:
    assert counts(city.take("b1", [call(version=3), call(), call(version=2)])) == ("accepted", 3, 3, 0, 0)
    assert city.rows("SELECT version, is_current FROM city_call ORDER BY 1") == [(1, False), (2, False), (3, True)]


def test_hours_and_totals(city: CityApp) -> None:
    hour = {"hour": "2026-11-20 09:00", "received": 12, "answered": 12, "answered_15": 7}
    assert city.take("h1", [hour], "hours").status == "accepted"
    assert city.take("h2", [{**hour, "version": 2, "subject": ""}], "hours").accepted == 1
    assert city.current("at, version, measures", "city_hour") == [
        (datetime(2026, 11, 20, 1, tzinfo=UTC), 2, {"received": 12, "answered": 12, "answered_15": 7})
    ]
    assert city.take("t1", [{"day": "2026-11-19", "received": 90}], "totals").status == "accepted"
    assert city.current("day, measures", "city_total") == [(date(2026, 11, 19), {"received": 90})]
    # A total changes no fact.
    assert due_days(city) == [date(2026, 11, 20)]


def day_of(city: CityApp, columns: str) -> list[Any]:
    build_day(city.services.database, date(2026, 11, 20), city.clock.at)
    where = "grain = 'day' AND subject = '*' AND centre = %s AND source = 'city'"
    return city.rows(f"SELECT {columns} FROM fact WHERE {where}", TONGLING)


def test_what_was_pushed_is_counted_and_a_correction_counts_instead(city: CityApp) -> None:
    left = call("C-2", outcome="abandoned_in_queue", talk_seconds=..., wait_seconds=40)
    city.take("b1", [call(), left, call("C-3")])
    assert day_of(city, "received, answered, answered_15, abandoned_in_queue") == [(3, 2, 2, 1)]
    city.take("b2", [{**left, "version": 2, "withdrawn": True}, call("C-3", version=2, wait_seconds=20)])
    assert day_of(city, "received, answered, answered_15, abandoned_in_queue") == [(2, 2, 1, 0)]


def test_of_an_hour_told_both_ways_the_calls_count_and_the_shifts_too(city: CityApp) -> None:
    city.take("b1", [call()])
    hour = {"hour": "2026-11-20 09:00", "received": 9, "answered": 9, "handling_seconds": 240}
    city.take("h1", [hour], "hours")
    assert day_of(city, "received, handling_seconds") == [(1, 240)]


def test_an_hour_that_is_not_over_tells_until_now_only(city: CityApp) -> None:
    city.take("h1", [{"hour": "2026-11-20 10:00", "received": 1, "answered": 1}], "hours")
    assert city.rows("SELECT newest_at FROM city_system WHERE centre = %s", TONGLING) == [(city.clock.at,)]


def test_an_empty_batch_says_that_nothing_has_happened(city: CityApp) -> None:
    assert counts(city.take("b0", [])) == ("accepted", 0, 0, 0, 0)
    assert city.rows("SELECT newest_at FROM city_system WHERE centre = %s", TONGLING) == [(city.clock.at,)]


def test_who_may_not_send_at_all(city: CityApp) -> None:
    with pytest.raises(NotACity):
        city.take("b1", [call()], centre=HEFEI)
    with pytest.raises(TooManyRows):
        city.take("b1", [call()] * 10_001)
    for name in ("", "a.b", "x" * 65, "13855112345", "340104199003070015", "名"):
        with pytest.raises(BadBatch):
            city.take(name, [call()])
    with pytest.raises(BadBatch):
        city.take("b1", [call()], "faxes")
    assert city.rows("SELECT count(*) FROM city_batch") == [(0,)]


def test_a_preview_writes_nothing_and_says_what_would_come(city: CityApp) -> None:
    city.take("b1", [call()])
    batch = Batch(TONGLING, "b2", "calls", [(2, call()), (3, call("C-2")), (4, call("C-3", score=0))], True)
    preview = city.store.preview(batch)
    assert counts(preview) == ("partial", 3, 1, 1, 1) and preview.batch == 0
    assert city.current() == [("C-1", 1)]
    assert counts(city.store.take(batch, "upload", "wangfang")) == counts(preview)
    assert city.store.preview(batch).is_repeated


def test_of_the_same_batch_twice_at_once_one_is_the_first(city: CityApp) -> None:
    rows = [call(f"C-{n}") for n in range(400)]
    with ThreadPoolExecutor(6) as pool:
        receipts = list(pool.map(lambda n: city.take("b1", rows), range(6)))
    assert sorted(receipt.is_repeated for receipt in receipts) == [False] + [True] * 5
    assert {(receipt.batch, *counts(receipt)) for receipt in receipts} == {
        (receipts[0].batch, "accepted", 400, 400, 0, 0)
    }


def test_versions_that_come_at_once_leave_the_highest(city: CityApp) -> None:
    def send(version: int) -> None:
        city.take(f"b{version}", [call(f"C-{n}", version=version, talk_seconds=version) for n in range(50)])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, (3, 1, 6, 2, 5, 4)))
    assert city.rows("SELECT DISTINCT version FROM city_call WHERE is_current") == [(6,)]
    assert city.rows("SELECT count(*) FROM city_call WHERE is_current") == [(50,)]


def test_a_batch_that_is_cut_off_leaves_nothing_and_may_come_again(city: CityApp) -> None:
    pool = city.services.database.pool
    with pool.connection() as other, ThreadPoolExecutor(1) as background:
        with other.transaction():
            other.execute("SELECT FROM city_system FOR UPDATE")
            taking = background.submit(city.take, "b1", [call()])
            eventually(lambda: city.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = %s",
                                         "transactionid"))  # fmt: skip
            with pytest.raises(OperationalError):
                taking.result()
        assert city.rows("SELECT count(*) FROM city_batch") == [(0,)] and city.current() == []
        assert not city.take("b1", [call()]).is_repeated
    assert city.current() == [("C-1", 1)]


told = st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(1, 4))
batches = st.lists(st.lists(told, unique=True, max_size=5), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches, st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_current_rows(city: CityApp, sent: list[Any], chance: Any) -> None:
    def rows(batch: list[tuple[str, int]]) -> list[dict[str, Any]]:
        return [call(name, version=version, talk_seconds=version) for name, version in batch]

    named = [(f"b{place}", rows(batch)) for place, batch in enumerate(sent)]
    shuffled = named + [each for each in named if chance.random() < 0.5]
    chance.shuffle(shuffled)
    for name, content in shuffled:
        city.take(name, content)
    highest: dict[str, int] = {}
    for name, version in (each for batch in sent for each in batch):
        highest[name] = max(version, highest.get(name, 0))
    assert city.current("call_id, version, talk_seconds") == [(n, v, v) for n, v in sorted(highest.items())]
    with city.services.database.pool.connection() as connection:
        connection.execute("DELETE FROM city_call")
        connection.execute("DELETE FROM city_batch")


def test_sums_beyond_all_reason_stop_nobody_elses_figures(city: CityApp) -> None:
    hours = [f"2026-11-20 0{hour}:00" for hour in range(5)]
    rows = [
        {"hour": hour, "subject": subject, "answer_wait_seconds": 10_000_000}
        for hour in hours
        for subject in sorted(city.store.subjects)
    ]
    assert len(rows) * 10_000_000 > 2**31
    assert city.take("h1", rows, "hours").status == "accepted"
    city.take("b1", [call()], centre=WUHU)
    assert day_of(city, "answer_wait_seconds") == [(2**31 - 1,)]
    told = "SELECT received FROM fact WHERE grain = 'month' AND subject = '*' AND centre = %s"
    assert city.rows(told, WUHU) == [(1,)]

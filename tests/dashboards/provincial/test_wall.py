"""The snapshot of the wallboard: today and the present of every centre, and to whom which part of it is shown."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from dashboards.provincial.wall.alarms import note_alarms
from dashboards.provincial.wall.facts_of_today import spans
from dashboards.provincial.wall.snapshot import Snapshot, Wall, curve_of, cut_to
from dashboards.provincial.wall.systems import look_at_systems
from dashboards.provincial.wall.usual import usual_hours
from integrations.work_calendar import WorkCalendar
from tests.dashboards.case_app import due_in, put
from tests.dashboards.console_app import HEFEI01, HEFEI02, ConsoleApp, with_settings
from tests.dashboards.provincial.wall_app import HEFEI, WUHU, days_ago, end_call, fact, make_facts, nonzero

FRIDAY = date(2026, 11, 20)


def seen(app: ConsoleApp) -> Snapshot:
    make_facts(app)
    return Wall(app.line).snapshot(app.clock())


# Rules


def test_hours_that_follow_each_other_are_built_together() -> None:
    ten = datetime(2026, 11, 20, 10, tzinfo=UTC)
    hours = [ten + timedelta(hours=n) for n in (3, 0, 1)]
    assert spans(hours) == [(ten, ten + timedelta(hours=2)), (hours[0], hours[0] + timedelta(hours=1))]


def test_a_usual_day_is_the_mean_of_the_days_of_its_kind() -> None:
    # Thursday and Wednesday worked, Sunday did not.
    rows = [
        (HEFEI, date(2026, 11, 19), 10, 30),
        (HEFEI, date(2026, 11, 18), 10, 20),
        (HEFEI, date(2026, 11, 15), 10, 900),
    ]
    usual = usual_hours(rows, FRIDAY, WorkCalendar())[HEFEI]
    # Of the days since it began, on Sunday: Monday and Tuesday nobody rang.
    assert usual[10] == 12.5 and sum(usual) == 12.5


def test_a_make_up_saturday_is_compared_with_working_days() -> None:
    rows = [(HEFEI, date(2026, 10, 9), 9, 40), (HEFEI, date(2026, 10, 4), 9, 2)]
    # 10 October 2026 is worked; the days before it, from the 1st to the 7th, were off.
    assert usual_hours(rows, date(2026, 10, 10), WorkCalendar())[HEFEI][9] == 20.0


def test_without_a_day_to_compare_with_there_is_no_usual_day() -> None:
    assert usual_hours([], FRIDAY, WorkCalendar()) == {}
    assert usual_hours([(HEFEI, date(2026, 11, 15), 10, 9)], FRIDAY, WorkCalendar()) == {}


def test_hours_to_come_have_no_number() -> None:
    curve = curve_of([(HEFEI, 9, 4)], [HEFEI, WUHU], 10)
    assert curve[HEFEI][8:12] == [0, 4, 0, None] and curve[WUHU][10:12] == [0, None]
    assert len(curve[WUHU]) == 24


def alarm(centre: str | None, centres: list[str], words: str = "") -> dict[str, Any]:
    return {"centre": centre, "centres": centres, "words": words}


def test_a_city_gets_its_own_part_and_nothing_of_any_other() -> None:
    parts = {code: {"sums": {"received": n}} for n, code in enumerate((HEFEI, WUHU))}
    whole = {
        "at": "x",
        "centres": parts,
        "curve": {"today": {HEFEI: [1], WUHU: [2]}, "usual": {WUHU: [2.0]}},
        "alarms": [
            alarm(HEFEI, []), alarm(WUHU, []), alarm(None, [], "全省"), alarm(None, [HEFEI, WUHU], "系统"),
            alarm(None, [WUHU], "芜湖的系统"),
        ],
    }  # fmt: skip
    own = cut_to(whole, (HEFEI,))
    assert own["centres"] == {HEFEI: {"sums": {"received": 0}}}
    assert own["curve"] == {"today": {HEFEI: [1]}, "usual": {}}
    assert own["alarms"] == [alarm(HEFEI, []), alarm(None, [HEFEI], "系统")]
    assert cut_to(whole, (HEFEI, WUHU)) == whole
    assert cut_to(whole, ()) == {"at": "x", "centres": {}, "curve": {"today": {}, "usual": {}}, "alarms": []}


# From rows


def test_a_call_is_in_the_snapshot_from_its_ring_to_its_end(wall_app: ConsoleApp) -> None:
    wall_app.talk()
    hefei = seen(wall_app)["centres"][HEFEI]
    assert nonzero(hefei["sums"], "received", "in_progress", "answered") == {"received": 1, "in_progress": 1}
    assert hefei["now"]["on_line"] == 1
    wall_app.clock.forward(seconds=30)
    end_call(wall_app, "CA1")
    hefei = seen(wall_app)["centres"][HEFEI]
    assert nonzero(hefei["sums"], "received", "in_progress", "answered") == {"received": 1, "answered": 1}
    assert hefei["now"]["on_line"] == 0


def test_a_call_that_ends_in_a_later_hour_changes_the_hour_in_which_it_began(wall_app: ConsoleApp) -> None:
    wall_app.call()
    make_facts(wall_app)
    wall_app.clock.forward(hours=2)
    end_call(wall_app, "CA1", "self_served")
    snapshot = seen(wall_app)
    assert nonzero(snapshot["centres"][HEFEI]["sums"], "in_progress", "self_served") == {"self_served": 1}
    assert snapshot["curve"]["today"][HEFEI][10:14] == [1, 0, 0, None]


def test_the_line_the_seats_and_the_cases_are_those_of_this_instant(wall_app: ConsoleApp) -> None:
    wall_app.talk(HEFEI01, "CA1")
    wall_app.on_duty(HEFEI02)
    wall_app.wait("CA2")
    wall_app.wait("CA3", WUHU)
    put(wall_app, **due_in(wall_app, hours=2))
    put(wall_app, **due_in(wall_app, days=3))
    put(wall_app, **due_in(wall_app, minutes=-1))
    wall_app.clock.forward(seconds=41)
    now = Wall(wall_app.line).snapshot(wall_app.clock())["centres"][HEFEI]["now"]
    assert (now["on_line"], now["waiting"], now["longest_wait_seconds"]) == (2, 1, 41)
    assert {state: seats for state, seats in now["agents"].items() if seats} == {"available": 1, "on_call": 1}
    assert (now["cases_active"], now["cases_due_today"], now["cases_overdue"]) == (3, 1, 1)
    assert now["is_open"] is True


def test_an_empty_centre_is_there_with_zeros(wall_app: ConsoleApp) -> None:
    snapshot = Wall(wall_app.line).snapshot(wall_app.clock())
    assert len(snapshot["centres"]) == 17
    empty = snapshot["centres"]["341000"]
    assert empty["sums"] == {} and empty["kind"] == "own" and empty["is_stale"] is False
    assert {value for name, value in empty["now"].items() if name not in ("agents", "is_open")} == {0}
    assert snapshot["curve"]["usual"] == {}


def test_how_far_behind_the_figures_are_is_said(wall_app: ConsoleApp) -> None:
    wall, at = Wall(wall_app.line), wall_app.clock()
    assert wall.snapshot(at)["figures_are_behind_seconds"] is None
    wall_app.write("INSERT INTO fact_day (day, built_at) VALUES (%s, %s)", FRIDAY, at - timedelta(seconds=90))
    assert wall.snapshot(at)["figures_are_behind_seconds"] == 90
    snapshot = wall.snapshot(at, built_at=at - timedelta(seconds=1))
    assert (snapshot["figures_are_behind_seconds"], snapshot["built_at"]) == (1, "2026-11-20T02:19:59.000Z")


def test_a_city_that_tells_nothing_for_too_long_is_stale(wall_app: ConsoleApp) -> None:
    at = wall_app.clock()
    for centre, newest_at in (
        (HEFEI, at - timedelta(minutes=31)),
        (WUHU, at - timedelta(minutes=29)),
        ("340300", None),
    ):
        wall_app.write(
            "INSERT INTO city_system (centre, since, newest_at) VALUES (%s, %s, %s)",
            *(centre, at - timedelta(days=1), newest_at),
        )
    centres = Wall(wall_app.line).snapshot(at)["centres"]
    told = [
        (centres[code]["kind"], centres[code]["newest_at"], centres[code]["is_stale"])
        for code in (HEFEI, WUHU, "340300")
    ]
    assert told == [
        ("city", "2026-11-20T01:49:00.000Z", True), ("city", "2026-11-20T01:51:00.000Z", False), ("city", None, True),
    ]  # fmt: skip


@pytest.mark.parametrize(("source", "is_demo"), [("demo", True), ("own", False)])
def test_a_generated_history_is_called_one(wall_app: ConsoleApp, source: str, is_demo: bool) -> None:
    assert wall_app.services.settings.demo
    fact(wall_app, days_ago(1), source=source, received=48)
    # A generated day may be known to its end: the evening has not been yet.
    fact(wall_app, days_ago(0, hour=20), source=source, received=7)
    fact(wall_app, days_ago(0, hour=9), source=source, received=5)
    snapshot = Wall(wall_app.line).snapshot(wall_app.clock())
    assert snapshot["is_demo"] is is_demo
    assert snapshot["curve"]["usual"][HEFEI][10] == 48.0
    assert snapshot["centres"][HEFEI]["sums"] == {"received": 5}


def test_a_usual_day_is_looked_up_once_an_hour(wall_app: ConsoleApp) -> None:
    wall = Wall(wall_app.line)
    assert wall.snapshot(wall_app.clock())["curve"]["usual"] == {}
    fact(wall_app, days_ago(1), received=3)
    assert wall.snapshot(wall_app.clock())["curve"]["usual"] == {}
    wall_app.clock.forward(hours=1)
    assert wall.snapshot(wall_app.clock())["curve"]["usual"][HEFEI][10] == 3.0


def test_every_centre_says_how_its_systems_are(wall_app: ConsoleApp) -> None:
    systems = look_at_systems(wall_app.line)
    assert set(systems) == set(wall_app.line.keeper.library().centres)
    for one in systems[HEFEI]:
        assert one["state"] in ("up", "slow", "down", "half_open", "absent") and one["sentence"] and one["kind_zh"]


def test_what_is_wrong_becomes_an_alarm_of_the_next_snapshot(wall_app: ConsoleApp) -> None:
    wall_app.wait()
    wall_app.clock.forward(minutes=11)
    note_alarms(wall_app.line, seen(wall_app), wall_app.clock())
    alarms = Wall(wall_app.line).snapshot(wall_app.clock())["alarms"]
    assert {(one["rule"], one["centre"], one["is_over"]) for one in alarms} >= {("long_line", HEFEI, False)}
    assert all(one["began_at"] == "2026-11-20T02:31:00.000Z" for one in alarms)


def test_an_alarm_that_cannot_be_entered_does_not_stop_the_figures(wall_app: ConsoleApp) -> None:
    snapshot = seen(wall_app)
    snapshot["figures_are_behind_seconds"] = "much"
    note_alarms(wall_app.line, snapshot, wall_app.clock())
    assert wall_app.rows("SELECT 1 FROM alarm") == []


def test_the_calls_of_a_city_are_counted_when_their_batch_has_come(wall_app: ConsoleApp) -> None:
    at = wall_app.clock()
    make_facts(wall_app)
    wall_app.write("INSERT INTO city_system (centre, since) VALUES (%s, %s)", WUHU, at - timedelta(days=1))
    wall_app.write(
        "INSERT INTO city_batch (centre, batch_id, kind, via, digest, received_at, status, rows, accepted, unchanged, "
        "refused, problems, sent_by) VALUES (%s, 'b1', 'calls', 'push', '', %s, 'accepted', 2, 2, 0, 0, %s, 'k')",
        *(WUHU, at, Jsonb([])),
    )
    for call_id, minutes, ended in (("1", 70, True), ("2", 5, False)):
        began = at - timedelta(minutes=minutes)
        wall_app.write(
            "INSERT INTO city_call (centre, call_id, version, batch, is_current, started_at, ended_at, channel, "
            "outcome) SELECT %s, %s, 1, id, true, %s, %s, 'phone', %s FROM city_batch",
            *(WUHU, call_id, began, at if ended else None, "answered" if ended else None),
        )
    wuhu = seen(wall_app)["centres"][WUHU]
    assert nonzero(wuhu["sums"], "received", "answered") == {"received": 2, "answered": 1}
    assert wuhu["now"]["on_line"] == 1


@pytest.mark.parametrize("was_one", [True, False])
def test_made_up_figures_are_called_so_also_where_a_demo_was_before(wall_app: ConsoleApp, was_one: bool) -> None:
    if was_one:
        fact(wall_app, days_ago(1), source="demo", received=48)
    wall_app.line.services = with_settings(wall_app.services, demo=False)
    assert Wall(wall_app.line).snapshot(wall_app.clock())["is_demo"] is was_one


def test_it_is_told_for_how_long_no_day_was_made_anew(wall_app: ConsoleApp) -> None:
    at = wall_app.clock()
    wall_app.write("INSERT INTO fact_day (day, built_at) VALUES (%s, %s)", date(2026, 11, 19), at - timedelta(hours=1))
    # Corrected before it was ever made.
    wall_app.write("INSERT INTO fact_day (day, built_at, is_due) VALUES (%s, to_timestamp(0), true)", FRIDAY)
    snapshot = Wall(wall_app.line).snapshot(at)
    assert snapshot["built_at"] is None and snapshot["figures_are_behind_seconds"] is None
    assert snapshot["builder_silent_seconds"] == 3600
    assert seen(wall_app)["builder_silent_seconds"] == 3600

"""Who makes the snapshots: one process for all, another one when it dies, each for itself without Redis."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import orjson
import psycopg
import pytest

from dashboards.console.stream_door import Ticket
from dashboards.console.stream_hub import STANDS_STILL, Listener, Walls
from dashboards.provincial.wall.keeper import WallKeeper, read_newest
from dashboards.provincial.wall.snapshot import Snapshot, Wall
from dashboards.staff import StaffMember
from integrations.database import Database
from integrations.database_url import psycopg_url
from integrations.live_store import build_live_store
from ivr.service import Line
from tests.dashboards.console_app import ConsoleApp, with_settings
from tests.dashboards.provincial.wall_app import HEFEI, counted_statements, end_call
from tests.waiting import eventually

# Of the leader only what matters when it dies: a whole one takes seconds to start.
LEADER = """
import sys, time, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute("SELECT pg_advisory_lock(hashtext('wallboard'))")
    print("leads", flush=True)
    time.sleep(600)
"""


def listener(n: int, *centres: str) -> Listener:
    member = StaffMember(n, f"u{n}", "王芳", "provincial", None, 0)
    return Listener(member, Ticket(n, 0, None), wall=centres or (HEFEI, "340200"))  # type: ignore[arg-type]


def told(one: Listener) -> dict[str, Any]:
    return {name: orjson.loads(data) for name, data in one.take().items()}


def without_redis(line: Line) -> Line:
    url = "unix:///no/such/socket"
    services = replace(with_settings(line.services, redis_url=url), live_store=build_live_store(url))
    return Line(services, line.keeper)


class Heard(list[Snapshot | None]):
    """What a process told its pages."""

    @property
    def relays(self) -> set[str]:
        return {one["relay"] for one in self if one}


@contextmanager
def keeper(line: Line, heard: Heard) -> Iterator[WallKeeper]:
    made = WallKeeper(line, heard.append)
    with made.running():
        yield made


@pytest.fixture
def leader(wall_app: ConsoleApp) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that leads."""
    url = psycopg_url(wall_app.services.database.url)
    process = subprocess.Popen([sys.executable, "-c", LEADER, url], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"leads\n"
    yield process
    process.kill()
    process.communicate()


def test_a_thousand_wallboards_cost_the_database_what_one_does(
    wall_app: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = []
    for number in (1, 5, 1000):
        walls = Walls()
        for n in range(number):
            walls.join(listener(n))
        made = WallKeeper(wall_app.line, walls.show)
        made.turn()
        with counted_statements(monkeypatch) as counted:
            for _ in range(3):
                wall_app.clock.forward(seconds=1)
                made.turn()
        assert all(told(one)["wall"]["at"] for one in walls.listeners)
        statements.append(counted.statements)
    assert statements[0] > 0 and len(set(statements)) == 1


def test_from_the_hang_up_to_the_page_it_takes_one_turn(wall_app: ConsoleApp) -> None:
    walls, page = Walls(), listener(1)
    walls.join(page)
    made = WallKeeper(wall_app.line, walls.show)
    wall_app.call()
    made.turn()
    assert told(page)["wall"]["centres"][HEFEI]["sums"] == {"received": 1, "in_progress": 1}
    end_call(wall_app, "CA1", "failed")
    made.turn()
    assert told(page)["wall"]["centres"][HEFEI]["sums"] == {"received": 1, "failed": 1}


def test_one_leads_and_the_others_hand_on_what_it_makes(wall_app: ConsoleApp) -> None:
    one, two = Heard(), Heard()
    with keeper(wall_app.line, one) as first:
        eventually(lambda: first.is_leading)
        with keeper(wall_app.line, two) as second:
            eventually(lambda: two)
            assert not second.is_leading and two.relays == {"redis"}
            assert read_newest(wall_app.services.live_store)


def test_a_leader_that_is_killed_is_followed_by_another(
    wall_app: ConsoleApp, leader: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.provincial.wall.keeper.GRACE_SECONDS", 0.5)
    heard = Heard()
    with keeper(wall_app.line, heard) as next_one:
        # The leader says nothing, and leads all the same.
        eventually(lambda: heard)
        assert heard.relays == {"direct"} and not next_one.is_leading
        leader.kill()
        eventually(lambda: next_one.is_leading and read_newest(wall_app.services.live_store))


def test_a_leader_that_lost_its_connection_leads_no_more_until_it_has_the_lock_again(wall_app: ConsoleApp) -> None:
    with keeper(wall_app.line, Heard()) as made:
        eventually(lambda: made.is_leading)
        with psycopg.connect(psycopg_url(wall_app.services.database.url), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        eventually(lambda: not made.is_leading)
        eventually(lambda: made.is_leading)


def test_without_redis_each_process_makes_its_own_and_says_so(
    wall_app: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.provincial.wall.keeper.GRACE_SECONDS", 0.5)
    line, one, two = without_redis(wall_app.line), Heard(), Heard()
    with ExitStack() as stack:
        first = stack.enter_context(keeper(line, one))
        eventually(lambda: first.is_leading and one)
        second = stack.enter_context(keeper(line, two))
        eventually(lambda: two)
        assert not second.is_leading
        assert one.relays == two.relays == {"direct"}


def test_without_the_database_the_pages_are_told_that_the_figures_stand_still(
    wall_app: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.provincial.wall.keeper.GRACE_SECONDS", 0.5)
    walls, page = Walls(), listener(1)
    walls.join(page)
    snapshot = Wall(wall_app.line).snapshot(wall_app.clock())
    walls.show(snapshot)
    assert told(page)["wall"]["at"] == snapshot["at"]
    gone = Database("postgresql+psycopg://postgres@/hotline?host=/no/such/folder")
    heard = Heard()
    with keeper(Line(replace(wall_app.services, database=gone), wall_app.line.keeper), heard):
        eventually(lambda: heard)
    assert heard[0] is None
    walls.show(None)
    assert told(page) == {STANDS_STILL: {"at": snapshot["at"]}}
    # Whoever comes now is told what was known, with its time.
    late = listener(2)
    walls.join(late)
    assert told(late)["wall"]["at"] == snapshot["at"]
    wall_app.clock.forward(seconds=9)
    walls.show(None)
    walls.show(Wall(wall_app.line).snapshot(wall_app.clock()))
    # The word that all stands still is not told after the one that it goes on.
    assert list(told(page)) == ["wall"]
    gone.close()


def test_an_old_word_does_not_take_a_newer_one_back(wall_app: ConsoleApp) -> None:
    heard = Heard()
    made = WallKeeper(wall_app.line, heard.append)
    made.turn()
    wall_app.clock.forward(seconds=-3)
    made.turn()
    assert len(heard) == 1


def test_a_clock_that_was_set_back_does_not_stop_the_wallboard(
    wall_app: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard()
    made = WallKeeper(wall_app.line, heard.append)
    made.turn()
    # For as long as nothing newer has come.
    monkeypatch.setattr("dashboards.provincial.wall.keeper.DIRECT_SECONDS", 0.0)
    wall_app.clock.forward(hours=-1)
    wall_app.call()
    made.turn()
    assert [one["at"] for one in heard if one] == ["2026-11-20T02:20:00.000Z", "2026-11-20T01:20:00.000Z"]
    newest = heard[-1]
    assert newest and newest["centres"][HEFEI]["sums"] == {"received": 1, "in_progress": 1}


def test_facts_that_cannot_be_made_do_not_stop_the_snapshots(
    wall_app: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard()
    made = WallKeeper(wall_app.line, heard.append)
    made.turn()

    def broken(*arguments: Any) -> None:
        raise ValueError("bug")

    monkeypatch.setattr("dashboards.provincial.wall.facts_of_today.build_hours", broken)
    wall_app.clock.forward(seconds=7)
    made.turn()
    (_, newest) = heard
    assert newest and newest["figures_are_behind_seconds"] == 7

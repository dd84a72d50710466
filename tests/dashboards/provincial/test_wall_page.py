"""The wallboard's page and its newest snapshot: who may see what of it, and where it comes from."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from dashboards.metrics import FIGURES
from dashboards.provincial.wall.keeper import KEY, NO_DATABASE
from dashboards.provincial.wall.page import NewestWall, wall_config
from dashboards.provincial.wall.snapshot import Wall
from dashboards.staff import StaffMember
from integrations.database import Database
from integrations.live_store import build_live_store
from ivr.service import Line
from tests.dashboards.console_app import HEFEI01, ConsoleApp
from tests.dashboards.provincial.wall_app import HEFEI, counted_statements

API = "/province/api/wall"


def data(app: ConsoleApp, username: str) -> dict[str, Any]:
    response = app.at(username).client.get(API)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-store"
    return dict(response.get_json())


def test_a_supervisor_sees_the_own_centre_and_nothing_of_any_other(wall_app: ConsoleApp) -> None:
    wall_app.wait("CA1")
    wall_app.wait("CA2", "340200")
    own = data(wall_app, "hefei")
    assert list(own["centres"]) == list(own["curve"]["today"]) == [HEFEI]
    assert "340200" not in orjson.dumps(own).decode()
    assert own["centres"][HEFEI]["now"]["waiting"] == 1


@pytest.mark.parametrize("username", ["xinxi", "guanli"])
def test_the_province_and_the_administrator_see_all_centres(wall_app: ConsoleApp, username: str) -> None:
    assert len(data(wall_app, username)["centres"]) == 17


def test_nobody_else_sees_anything(wall_app: ConsoleApp) -> None:
    consultant = wall_app.at(HEFEI01).client
    assert [consultant.get(path).status_code for path in (API, "/province")] == [403, 403]
    stranger = wall_app.visitor().client
    assert stranger.get(API).status_code == 401
    assert stranger.get("/province").headers["Location"].startswith("/login")


def test_the_page_is_told_the_figures_and_the_centres_of_who_looks(wall_app: ConsoleApp) -> None:
    library = wall_app.line.keeper.library()
    hefei = StaffMember(1, "hefei", "刘洋", "supervisor", HEFEI, 0)
    config = wall_config(wall_app.line, hefei, "http://127.0.0.1/events?wall=1", False)
    name = library.centre(HEFEI).name
    assert config["centres"] == [{"code": HEFEI, "name": name, "short_name": "合肥"}]
    assert config["can_see_all"] is False
    assert [one["key"] for one in config["figures"]] == list(FIGURES)
    page = wall_app.at("hefei").page("/province")
    assert "events?wall=1" in page and "芜湖" not in page


def test_what_the_leader_made_is_shown_and_nothing_is_asked(
    wall_app: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, snapshot = NewestWall(wall_app.line), Wall(wall_app.line).snapshot(wall_app.clock())
    wall_app.services.live_store.set(KEY, orjson.dumps(snapshot))
    with counted_statements(monkeypatch) as counted:
        for _ in range(100):
            assert newest.get() == snapshot
    assert counted.statements == 0 and snapshot["relay"] == "redis"


@pytest.mark.parametrize("is_redis_there", [True, False])
def test_without_a_leader_the_web_makes_one_for_all_who_ask(
    wall_app: ConsoleApp, monkeypatch: pytest.MonkeyPatch, is_redis_there: bool
) -> None:
    old = Wall(wall_app.line).snapshot(wall_app.clock() - timedelta(seconds=6))
    wall_app.services.live_store.set(KEY, orjson.dumps(old))
    if not is_redis_there:
        gone = build_live_store("unix:///no/such/socket")
        wall_app.line.services = replace(wall_app.services, live_store=gone)
    newest = NewestWall(wall_app.line)
    first = newest.get()
    assert (first["relay"], first["at"]) == ("direct", "2026-11-20T02:20:00.000Z")
    with counted_statements(monkeypatch) as counted:
        for _ in range(10):
            assert newest.get() is first
    assert counted.statements == 0


def test_a_wall_that_nobody_touches_goes_on_for_weeks_and_opens_nothing_else(wall_app: ConsoleApp) -> None:
    wall = wall_app.at("hefei").client
    for hours in (9, 24 * 20):
        wall_app.clock.forward(hours=hours)
        assert wall.get(API, headers={"X-Background": "1"}).status_code == 200
        # Not even after somebody has looked at the page itself.
        assert wall.get("/province").status_code == 200
        assert wall.get("/cases").status_code == 302
    wall_app.clock.forward(hours=24 * 10)
    assert wall.get(API).status_code == 401


def test_a_wall_ends_at_once_when_its_account_does(wall_app: ConsoleApp) -> None:
    wall = wall_app.at("hefei").client
    wall_app.clock.forward(hours=9)
    wall_app.write("UPDATE staff_user SET session_epoch = session_epoch + 1 WHERE username = 'hefei'")
    assert wall.get(API).status_code == 401


def test_while_the_database_is_away_those_who_ask_are_not_kept_waiting_one_after_another(wall_app: ConsoleApp) -> None:
    gone = Database("postgresql+psycopg://postgres@/hotline?host=/no/such/folder")
    newest = NewestWall(Line(replace(wall_app.services, database=gone), wall_app.line.keeper))
    with pytest.raises(NO_DATABASE):
        newest.get()
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(NO_DATABASE):
            newest.get()
    assert time.monotonic() - began < 4
    gone.close()

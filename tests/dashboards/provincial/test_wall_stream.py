"""The wallboard over the event stream: told at once, each its own centres, and nobody else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dashboards.console.stream_door import StreamDoor
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import HEFEI01, ConsoleApp
from tests.dashboards.event_stream import Running, running
from tests.dashboards.provincial.wall_app import HEFEI, RunningClock, build_wall_app, end_call

Story = Callable[[Running], Awaitable[None]]
WALL = "?wall=1"


@pytest.fixture
def live(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> ConsoleApp:
    """The wallboard on a Friday whose time goes on."""
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_wall_app(services, keeper, RunningClock())


def run(app: ConsoleApp, story: Story) -> None:
    async def told() -> None:
        async with running(app) as server:
            await story(server)

    asyncio.run(told())


async def aside(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(work, *arguments)


def test_a_hang_up_is_on_every_wallboard_that_may_see_it_at_once(live: ConsoleApp) -> None:
    live.call()
    hefei, wuhu, xinxi = live.at("hefei"), live.at("wuhu"), live.at("xinxi")

    def sums(snapshot: dict[str, Any]) -> Any:
        return snapshot["centres"][HEFEI]["sums"]

    async def story(server: Running) -> None:
        async with (
            server.listen(hefei, query=WALL) as own,
            server.listen(wuhu, query=WALL) as other,
            server.listen(xinxi, query=WALL) as whole,
        ):
            for page in (own, whole):
                await page.until(lambda snapshot: sums(snapshot).get("in_progress"), "wall")
            await aside(end_call, live, "CA1", "failed")
            for page in (own, whole):
                # One may be on its way, and one was being made.
                assert any([sums(await page.next("wall")).get("failed") for _ in range(3)])
            assert list((await own.next("wall"))["centres"]) == [HEFEI]
            assert list((await other.next("wall"))["centres"]) == ["340200"]
            assert len((await whole.next("wall"))["centres"]) == 17

    run(live, story)


def test_who_may_listen_to_the_wallboard(live: ConsoleApp) -> None:
    whos = [(None, 401), (HEFEI01, 403), ("hefei", 200), ("guanli", 200)]
    visitors = [(live.at(username) if username else None, status) for username, status in whos]

    async def story(server: Running) -> None:
        for who, status in visitors:
            assert await server.status(who, query=WALL) == status

    run(live, story)


@pytest.mark.parametrize("change", ["session_epoch = session_epoch + 1", "centre = '340200'", "is_active = false"])
def test_a_wallboard_ends_when_its_owner_may_no_longer_see_it(live: ConsoleApp, change: str) -> None:
    at = live.at("hefei")

    async def story(server: Running) -> None:
        async with server.listen(at, query=WALL) as page:
            await page.next("wall")
            await aside(live.write, f"UPDATE staff_user SET {change} WHERE username = 'hefei'")
            await server.streams.hub.check_sessions(StreamDoor(live.services).still_there, live.clock())
            assert await page.ended()

    run(live, story)

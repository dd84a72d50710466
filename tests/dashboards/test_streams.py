"""Pages are told what changed, at once, each its own, and nobody else is told anything."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from dashboards.console.desk_view import DeskView
from dashboards.console.stream_door import StreamDoor
from dashboards.console.streams import MOST_OF_ONE
from dashboards.console.watch import Watch
from integrations.database import Database
from queueing.desk import AgentDesk
from queueing.notices import publish
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, Console, ConsoleApp
from tests.dashboards.event_stream import Running, running

Story = Callable[[Running], Awaitable[None]]


def run(console: ConsoleApp, story: Story) -> None:
    async def told() -> None:
        async with running(console) as server:
            await story(server)

    asyncio.run(told())


async def aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """What the test does with the database and the pages, beside the loop that serves."""
    return await asyncio.to_thread(work, *arguments)


def state(desk: dict[str, Any]) -> str:
    return str(desk["agent"]["state"])


def test_a_page_is_told_its_desk_at_once_and_every_change(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            assert page.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert state(await page.next()) == "logged_out"
            await aside(console.on_duty, HEFEI01)
            assert state(await page.until(lambda desk: state(desk) == "available")) == "available"
            entry = await aside(console.wait)
            offer = await aside(console.ring, console.seat(HEFEI01), entry)
            ring = await page.until(lambda desk: desk["offer"])
            assert ring["offer"]["id"] == offer and ring["offer"]["caller"]["masked"] == "138****2345"

    run(console, story)
    (seen,) = console.audit("caller_shown")
    assert seen[:2] == ("hefei01", "340100")


def test_the_desk_is_the_same_as_the_pages_own_question_gets(console: ConsoleApp) -> None:
    console.talk()
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            assert await page.next() == await aside(at.desk)

    run(console, story)


def test_a_change_that_nobody_told_of_is_seen_all_the_same(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            await page.next()
            # Redis has lost the word.
            await aside(console.write, "UPDATE agent SET state = 'available', state_since = now()")
            assert state(await page.next()) == "available"

    run(console, story)


def test_the_line_changes_for_everybody_of_the_centre_and_nobody_else(console: ConsoleApp) -> None:
    hefei, other, wuhu = console.at(HEFEI01), console.at(HEFEI02), console.at(WUHU01)

    async def story(server: Running) -> None:
        async with server.listen(hefei) as one, server.listen(other) as two, server.listen(wuhu) as three:
            for page in (one, two, three):
                await page.next()
            await aside(console.wait)
            publish(console.services.live_store, "340100")
            for page in (one, two):
                assert (await page.next())["line"]["waiting"] == 1
            await aside(console.on_duty, WUHU01)
            desk = await three.next()
            assert (state(desk), desk["line"]["waiting"]) == ("available", 0)

    run(console, story)


def test_two_tabs_of_one_seat_are_told_the_same(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as one, server.listen(at) as two:
            assert await one.next() == await two.next()
            await aside(console.on_duty, HEFEI01)
            assert state(await one.next()) == state(await two.next()) == "available"
        async with server.listen(at) as again:
            assert state(await again.next()) == "available"

    run(console, story)


def test_a_note_typed_in_one_tab_reaches_the_other(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            await page.next()
            await aside(at.act, "wrap-up", {"offer": offer, "note": "问补卡"})
            desk = await page.until(lambda desk: desk["wrap_up"]["note"])
            assert desk["wrap_up"]["note"] == "问补卡"

    run(console, story)


def test_a_supervisor_is_told_the_floor_of_the_own_centre(console: ConsoleApp) -> None:
    hefei, xinxi = console.at("hefei"), console.at("xinxi")

    async def story(server: Running) -> None:
        async with server.listen(hefei, floor=True) as one, server.listen(xinxi, floor=True) as all_of_it:
            assert [row["code"] for row in (await one.next("floor"))["centres"]] == ["340100"]
            assert len((await all_of_it.next("floor"))["centres"]) == 17
            await aside(console.wait, "CA1", "340100")
            await aside(console.wait, "CA2", "340200")
            publish(console.services.live_store, "340100")
            floor = await one.until(lambda floor: floor["line"], "floor")
            assert [row["centre"] for row in floor["line"]] == ["340100"]
            floor = await all_of_it.until(lambda floor: len(floor["line"]) == 2, "floor")
            assert [row["centre"] for row in floor["line"]] == ["340100", "340200"]

    run(console, story)


# Who may listen


@pytest.mark.parametrize(
    ("username", "floor", "status"),
    [
        (None, False, 401), (None, True, 401), (HEFEI01, True, 403), ("hefei", False, 403), ("xinxi", False, 403),
        ("hefei", True, 200), ("guanli", True, 200), (HEFEI01, False, 200),
    ],
)  # fmt: skip
def test_who_may_listen(console: ConsoleApp, username: str | None, floor: bool, status: int) -> None:
    who = console.at(username) if username else None

    async def story(server: Running) -> None:
        assert await server.status(who, floor) == status

    run(console, story)


def test_a_cookie_that_somebody_made_up_opens_nothing(console: ConsoleApp) -> None:
    async def story(server: Running) -> None:
        for cookie in ("session=x", "session=eyJ1c2VyIjoxfQ.aaaaaa.bbbbbb", "session=", "other=1"):
            assert await server.status(None, Cookie=cookie) == 401

    run(console, story)


def test_a_session_that_has_ended_or_is_too_old_opens_nothing(console: ConsoleApp) -> None:
    at, old = console.at(HEFEI01), console.at(HEFEI02)
    console.write("UPDATE staff_user SET session_epoch = session_epoch + 1 WHERE username = 'hefei01'")
    console.clock.forward(hours=8)

    async def story(server: Running) -> None:
        assert await server.status(at) == await server.status(old) == 401

    run(console, story)


def test_only_our_own_pages_may_listen(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        port = console.services.settings.port
        for foreign in ("https://evil.example", "http://127.0.0.1:1", "null", f"https://127.0.0.1:{port}", "http://["):
            async with server.listen(at, Origin=foreign) as page:
                assert page.response.status == 403
                assert "Access-Control-Allow-Origin" not in page.response.headers
        # The same machine by its other name.
        for own in (server.origin, f"http://localhost:{port}"):
            async with server.listen(at, Origin=own) as page:
                assert page.response.headers["Access-Control-Allow-Origin"] == own
                assert page.response.headers["Access-Control-Allow-Credentials"] == "true"

    run(console, story)


@pytest.mark.parametrize(
    "change",
    [
        "session_epoch = session_epoch + 1", "is_active = false", "role = 'supervisor'", "agent_id = NULL",
        "must_change_password = true", "centre = '340200'",
    ],
)  # fmt: skip
def test_a_stream_ends_when_its_owner_may_no_longer_listen(console: ConsoleApp, change: str) -> None:
    at, other = console.at(HEFEI01), console.at(HEFEI02)

    async def story(server: Running) -> None:
        async with server.listen(at) as page, server.listen(other) as kept:
            await page.next()
            await kept.next()
            await aside(console.write, f"UPDATE staff_user SET {change} WHERE username = 'hefei01'")
            await check(server, console)
            assert await page.ended()
            await aside(console.on_duty, HEFEI02)
            assert state(await kept.next()) == "available"

    run(console, story)


def test_a_stream_ends_with_its_session(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            await page.next()
            console.clock.forward(hours=8)
            await check(server, console)
            assert await page.ended()

    run(console, story)


async def check(server: Running, console: ConsoleApp) -> None:
    """What the server does every half minute."""
    await server.streams.hub.check_sessions(StreamDoor(console.services).still_there, console.clock())


# Trouble


def test_the_last_state_is_told_to_a_page_that_was_slow(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)
    desk = AgentDesk(console.line.waiting)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            await page.next()
            seat = await aside(console.on_duty, HEFEI01)
            for reason in ("meal", "training", "meeting", "short"):
                await aside(desk.take_break, seat, reason)
            assert (await page.until(lambda desk: desk["agent"]["reason"] == "short"))["agent"]["state"] == "break"

    run(console, story)


def test_a_page_that_leaves_is_forgotten(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            await page.next()
            assert len(server.streams.hub.listeners()) == 1
        async with asyncio.timeout(10):
            while server.streams.hub.listeners():
                await asyncio.sleep(0.02)

    run(console, story)


def test_without_the_database_streams_are_refused_and_those_open_do_not_claim_to_be_live(
    console: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = console.at(HEFEI01)
    gone = Database("postgresql+psycopg://postgres@/hotline?host=/no/such/folder")
    monkeypatch.setattr("dashboards.console.stream_hub.LIVE_SECONDS", 0.5)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            await page.next()
            await aside(console.on_duty, HEFEI01)
            await page.until(lambda desk: state(desk) == "available")
            with monkeypatch.context() as away:
                away.setattr(Database, "pool", property(lambda self: gone._open_pool()))
                assert await server.status(at) == 503
                assert not server.streams.hub.is_live
            # It is back: what was missed meanwhile is told.
            await aside(console.write, "UPDATE agent SET state = 'break', reason = 'meal', state_since = now()")
            assert (await page.until(lambda desk: state(desk) == "break"))["agent"]["reason_zh"] == "用餐"

    run(console, story)


def test_a_bug_in_one_look_does_not_end_the_looking(console: ConsoleApp, monkeypatch: pytest.MonkeyPatch) -> None:
    at, real, failures = console.at(HEFEI01), Watch.desks, [ValueError("bug")]

    def desks(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(Watch, "desks", desks)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            assert state(await page.next()) == "logged_out"

    run(console, story)


def test_a_desk_is_never_older_than_it_says(console: ConsoleApp) -> None:
    """When only the line has changed, a seat that moved a moment ago without a word is looked at, too."""
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with server.listen(at) as page:
            await page.next()
            await aside(console.write, "UPDATE agent SET state = 'available', state_since = now()")
            await aside(console.wait)
            publish(console.services.live_store, "340100")
            desk = await page.until(lambda desk: desk["line"]["waiting"])
            assert state(desk) == "available"

    run(console, story)


def test_one_person_opens_only_so_many_windows(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)

    async def story(server: Running) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(MOST_OF_ONE):
                page = await stack.enter_async_context(server.listen(at))
                await page.next()
            assert await server.status(at) == 429
            assert await server.status(console.at(HEFEI02)) == 200

    run(console, story)


def test_hundreds_of_pages_cost_one_look(console: ConsoleApp, monkeypatch: pytest.MonkeyPatch) -> None:
    pages, looks = 40, []
    real = DeskView.look

    def counted(self: DeskView, agents: Any, centres: Any) -> Any:
        looks.append(len(agents))
        return real(self, agents, centres)

    monkeypatch.setattr(DeskView, "look", counted)
    seats = [(HEFEI01, HEFEI02, WUHU01)[n % 3] for n in range(pages)]
    browsers: dict[str, Console] = {username: console.at(username) for username in set(seats)}

    async def story(server: Running) -> None:
        async with AsyncExitStack() as stack:
            listening = [await stack.enter_async_context(server.listen(browsers[seat])) for seat in seats]
            for page in listening:
                await page.next()
            looks.clear()
            await aside(console.on_duty, HEFEI01)
            for page, seat in zip(listening, seats, strict=True):
                if seat == HEFEI01:
                    assert state(await page.next()) == "available"
            assert len(looks) <= 3

    run(console, story)

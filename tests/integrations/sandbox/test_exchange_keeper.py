"""The keeper of the exchange tables, through days and outages."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from integrations.sandbox import exchange_keeper
from integrations.sandbox.exchange import ExchangeMode
from integrations.sandbox.exchange_keeper import ExchangeKeeper
from integrations.sandbox.switches import BadSwitch

MONDAY = date(2026, 11, 23)


class Tables:
    """Remembers what was done to it; `is_away` is a database that cannot be reached."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.is_away = False

    def set_up(self) -> None:
        if self.is_away:
            raise psycopg.OperationalError("connection refused\nand so on")
        self.done.append("set up")

    def apply(self, mode: ExchangeMode, today: date) -> None:
        if self.is_away:
            raise psycopg.OperationalError("server closed the connection")
        self.done.append((mode.mode, today))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_keeper, "LOOK_SECONDS", 0.001)


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_true():
            await asyncio.sleep(0.001)


def kept(tables: Tables, days: list[date], story: Callable[[ExchangeKeeper], Any]) -> None:
    """Run the keeper while the story is told."""

    async def tell() -> None:
        keeper = ExchangeKeeper(tables, lambda: days[-1])  # type: ignore[arg-type]
        running = asyncio.create_task(keeper.run())
        await story(keeper)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(tell())


def test_a_new_day_brings_a_new_batch_and_the_switch_stays_as_it_is() -> None:
    tables, days = Tables(), [MONDAY]

    async def story(keeper: ExchangeKeeper) -> None:
        await until(lambda: keeper.state == "ready")
        await keeper.turn(ExchangeMode("stale"))
        days.append(MONDAY + timedelta(days=1))
        await until(lambda: len(tables.done) == 4)

    kept(tables, days, story)
    assert tables.done == ["set up", ("normal", MONDAY), ("stale", MONDAY), ("stale", days[-1])]


def test_a_database_that_comes_later_is_set_up_then() -> None:
    tables = Tables()
    tables.is_away = True

    async def story(keeper: ExchangeKeeper) -> None:
        await until(lambda: keeper.state == "failed")
        assert not keeper.is_ready and keeper.reason == "connection refused"
        with pytest.raises(BadSwitch, match="connection refused"):
            await keeper.turn(ExchangeMode("down"))
        tables.is_away = False
        await until(lambda: keeper.is_ready)
        assert keeper.mode == ExchangeMode() and keeper.reason == ""

    kept(tables, [MONDAY], story)
    assert tables.done == ["set up", ("normal", MONDAY)]


def test_a_switch_that_could_not_be_turned_is_where_it_was() -> None:
    tables = Tables()

    async def story(keeper: ExchangeKeeper) -> None:
        await until(lambda: keeper.state == "ready")
        tables.is_away = True
        with pytest.raises(BadSwitch, match="server closed"):
            await keeper.turn(ExchangeMode("half"))
        assert keeper.mode.mode == "normal"
        tables.is_away = False
        await until(lambda: keeper.state == "ready")

    kept(tables, [MONDAY], story)
    assert tables.done[-1] == ("normal", MONDAY)

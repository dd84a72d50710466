"""Keeps the exchange tables as they should be: set up, filled each night, spoilt when somebody turns the switch.

The database may come later than the sandbox or go away for a while; the other systems do not wait for it.
"""

import asyncio
from collections.abc import Callable
from datetime import date

import psycopg
import structlog

from integrations.sandbox.exchange import MODES, ExchangeMode, ExchangeTables
from integrations.sandbox.switches import LONGEST_MS, BadSwitch

log = structlog.get_logger(__name__)
NAME = "exchange"
LOOK_SECONDS = 5.0
MOST_DAYS = 400


class ExchangeKeeper:
    """The tables' state, for the page and for readiness: off, preparing, ready, or failed with a reason."""

    def __init__(self, tables: ExchangeTables | None, today: Callable[[], date]) -> None:
        self._tables = tables
        self._today = today
        self._filled_for: date | None = None
        self._busy = asyncio.Lock()
        self.mode = ExchangeMode()
        self.state = "preparing" if tables else "off"
        self.reason = ""

    @property
    def is_ready(self) -> bool:
        """True when the tables stand, or when there are none to wait for."""
        return self.state in ("ready", "off")

    async def run(self) -> None:
        """Set up as soon as the database lets us, then fill again whenever a new day has begun."""
        while self._tables is not None:
            if self._filled_for != self._today():
                await self._try()
            await asyncio.sleep(LOOK_SECONDS)

    async def turn(self, mode: ExchangeMode) -> None:
        """Let the tables stand like this from now on. Raises BadSwitch."""
        _check(mode)
        if self.state != "ready":
            raise BadSwitch(f"前置库还没有就绪（{self.reason or self.state}）")
        before, self.mode = self.mode, mode
        await self._try()
        if self.state != "ready":
            self.mode = before
            raise BadSwitch(f"前置库没有改成：{self.reason}")

    async def _try(self) -> None:
        assert self._tables is not None
        day = self._today()
        async with self._busy:
            try:
                if self.state != "ready":
                    await asyncio.to_thread(self._tables.set_up)
                await asyncio.to_thread(self._tables.apply, self.mode, day)
            except (psycopg.Error, OSError) as error:
                self._failed(error)
                return
        self._filled_for, self.state, self.reason = day, "ready", ""
        log.info("exchange_filled", mode=self.mode.mode)

    def _failed(self, error: Exception) -> None:
        reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
        if reason != self.reason:
            log.warning("exchange_failed", reason=reason)
        self.state, self.reason, self._filled_for = "failed", reason, None


def _check(mode: ExchangeMode) -> None:
    if mode.mode not in MODES:
        raise BadSwitch(f"前置库没有这个状态：{mode.mode}（有 {'、'.join(MODES)}）")
    if not 0 <= mode.ms <= LONGEST_MS or not 1 <= mode.days <= MOST_DAYS:
        raise BadSwitch(f"毫秒数应为 0 到 {LONGEST_MS}，天数应为 1 到 {MOST_DAYS}")

"""The sandbox's process: every business system behind one port, and an orderly end."""

import asyncio
import errno
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import structlog
from aiohttp import web

from integrations.sandbox import card, pension_bus
from integrations.sandbox.admin import Admin
from integrations.sandbox.card import CardSystem
from integrations.sandbox.card_state import CardState
from integrations.sandbox.door import Door
from integrations.sandbox.exchange import ExchangeTables
from integrations.sandbox.exchange_keeper import ExchangeKeeper
from integrations.sandbox.journal import Journal
from integrations.sandbox.medical import MedicalPlatform
from integrations.sandbox.parts import Parts
from integrations.sandbox.pension_bus import PensionBus
from integrations.sandbox.people import HOW_MANY, Population, build_population
from integrations.sandbox.switches import Switches
from integrations.sandbox.wire import SHANGHAI, System, utc_now

log = structlog.get_logger(__name__)
# A whole line of callers may ask at the same instant.
BACKLOG = 1024
GOODBYE_SECONDS = 1.0
STATE_FILE, TOKEN_FILE = "cards.json", "token"


class CannotServe(Exception):
    """The sandbox cannot start; the text is a Chinese sentence for the operator."""


@dataclass(frozen=True)
class Options:
    """How to run. Port 0 takes a free one; `today` None is the real one; no database, no exchange tables."""

    port: int
    state_dir: Path
    database_url: str | None = field(default=None, repr=False)
    bind: str = "127.0.0.1"
    token: str | None = field(default=None, repr=False)
    today: date | None = None
    people: int = HOW_MANY


def run_sandbox(options: Options, say_ready: Callable[[int], None] = lambda port: None) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 0, or 1 with a sentence when it cannot start."""
    try:
        asyncio.run(_serve(options, say_ready))
    except CannotServe as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(options: Options, say_ready: Callable[[int], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_sandbox(options) as port:
        say_ready(port)
        await stop.wait()


@asynccontextmanager
async def open_sandbox(options: Options) -> AsyncIterator[int]:
    """A sandbox that serves while the block runs; yields its port. Raises CannotServe."""
    token = options.token or secrets.token_urlsafe(16)
    _prepare_folder(options.state_dir, token)
    population = build_population(_today(options), options.people)
    app, parts = _build_app(options, population, token)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=GOODBYE_SECONDS)
    try:
        port = await _listen(runner, options)
        log.info("sandbox_ready", port=port, people=len(population.people))
        filling = asyncio.create_task(parts.exchange.run())
        try:
            yield port
        finally:
            filling.cancel()
            # Whoever hangs is let go, so that the end need not wait for them.
            parts.switches.reset()
            with suppress(asyncio.CancelledError):
                await filling
    finally:
        await runner.cleanup()


def _build_app(options: Options, population: Population, token: str) -> tuple[web.Application, Parts]:
    journal = Journal()
    state = CardState(options.state_dir / STATE_FILE)
    medical = MedicalPlatform(population)
    systems: dict[str, System] = {"/medical/national": medical}
    for deployment in (card.HEFEI, card.PROVINCE):
        systems[f"/card/{deployment.name}"] = CardSystem(deployment, population, state, journal)
    for bus in (pension_bus.HEFEI, pension_bus.PROVINCE):
        systems[f"/pension/{bus.name}"] = PensionBus(bus, population)
    switches = Switches(system.name for system in systems.values())
    tables = ExchangeTables(options.database_url, population) if options.database_url else None
    exchange = ExchangeKeeper(tables, lambda: _today(options))
    parts = Parts(population, switches, journal, state, medical, exchange)
    app = web.Application()
    door = Door(switches, journal)
    for path, system in systems.items():
        app.router.add_route("*", path, door.handler(system))
    Admin(parts, token).add_to(app)
    return app, parts


async def _listen(runner: web.AppRunner, options: Options) -> int:
    await runner.setup()
    try:
        await web.TCPSite(runner, options.bind, options.port, backlog=BACKLOG).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = f"沙盒的端口 {options.port} 已被其他程序占用。请关闭那个程序，或用 SANDBOX_PORT 换一个端口。"
        else:
            sentence = f"沙盒无法在 {options.bind}:{options.port} 上监听（{error.strerror}），请检查 SANDBOX_PORT。"
        raise CannotServe(sentence) from error
    return int(runner.addresses[0][1])


def _prepare_folder(folder: Path, token: str) -> None:
    """The folder, and in it the token for programs beside us, readable to our user only. Raises CannotServe."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{TOKEN_FILE}.new"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token)
        os.replace(draft, folder / TOKEN_FILE)
    except OSError as error:
        raise CannotServe(f"沙盒无法写入文件夹 {folder}（{error.strerror}）。") from error


def _today(options: Options) -> date:
    return options.today or utc_now().astimezone(SHANGHAI).date()

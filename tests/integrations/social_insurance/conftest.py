"""The systems to be asked, and an ear at every log: none of these tests may put anybody's data into one."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import structlog
import yaml
from structlog.typing import EventDict, WrappedLogger

from integrations.log import QUIET_LOGGERS
from integrations.sandbox.people import Population
from integrations.social_insurance.keeper import SHIPPED_FILE
from integrations.social_insurance.system_shape import System
from integrations.social_insurance.systems_file import SystemsFile, parse_systems
from tests.integrations.sandbox_process import SandboxProcess
from tests.integrations.social_insurance.scripted_system import ScriptedSystem

# The demo persons and enough of the others for every case to occur.
ASKED_ABOUT = 400
# Whoever these tests ask about, and what they ask with; tests add to it.
NEVER_LOGGED: set[str] = set()


def shipped_file() -> SystemsFile:
    file, problems = parse_systems(yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8")), SHIPPED_FILE.name)
    assert problems == []
    return file


def shipped(name: str, address: str, **more: object) -> System:
    """A system as the shipped file describes it, at another address."""
    return replace(shipped_file().systems[name], address=address, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def everything_logged() -> Iterator[io.StringIO]:
    """All lines of all loggers in the course of a module, before anything masks them."""
    heard = io.StringIO()

    def keep(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        heard.write(f"{event!r}\n")
        raise structlog.DropEvent

    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    root, handler = logging.getLogger(), logging.StreamHandler(heard)
    levels = {name: logging.getLogger(name).level for name in ("", *QUIET_LOGGERS)}
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in QUIET_LOGGERS:
        # As `configure_logging` has them, however much is wanted.
        logging.getLogger(name).setLevel(logging.WARNING)
    yield heard
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="module", autouse=True)
def nobody_is_logged(everything_logged: io.StringIO) -> Iterator[None]:
    """At the end of a module none of NEVER_LOGGED stands in any log."""
    yield
    assert leaks(everything_logged.getvalue()) == []


def leaks(text: str) -> list[str]:
    """What of NEVER_LOGGED is in a text."""
    return sorted(secret for secret in NEVER_LOGGED if secret in text)


@pytest.fixture(scope="session")
def today(sandbox_process: SandboxProcess) -> date:
    return sandbox_process.today


@pytest.fixture(scope="session")
def population(sandbox_process: SandboxProcess) -> Population:
    """Those of the sandbox's people whom the tests ask about."""
    people = Population(sandbox_process.population.people[:ASKED_ABOUT])
    for person in people.people:
        NEVER_LOGGED.update((person.id_number, *(card.number for card in person.cards)))
        if len(person.name) > 2:
            NEVER_LOGGED.add(person.name)
    return people


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[SandboxProcess]:
    process = SandboxProcess(Path(tmp_path_factory.mktemp("sandbox")), postgres_url)
    yield process
    process.end()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The sandbox, all normal and nothing asked yet."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture(scope="session")
def _scripted() -> Iterator[ScriptedSystem]:
    system = ScriptedSystem()
    yield system
    system.end()


@pytest.fixture
def scripted(_scripted: ScriptedSystem) -> Iterator[ScriptedSystem]:
    """A system that answers what it is told to."""
    yield _scripted
    _scripted.let_go()

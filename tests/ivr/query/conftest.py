"""A line with its webhooks beside a sandbox of business systems, and callers who ask for what stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from integrations.sandbox.people import Population
from integrations.sandbox.records import Person
from integrations.services import Services, utc_now
from integrations.social_insurance.contract import Kind
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.registry import SocialInsurance
from integrations.work_calendar import SHANGHAI
from ivr.late_answers import LateAnswers
from ivr.service import Line
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.conftest import Clock, client_transport
from tests.ivr.query.asker import Asker

PROVINCE, HEFEI, WUHU, FUYANG, CHIZHOU = "340000", "340100", "340200", "341200", "341700"
# How a centre is reached: the number that is dialled, a telephone, and the key that says yes to a guess.
NOWHERE, HEFEIS = "+8613800138000", "+8613855112345"
WAYS = {
    PROVINCE: ("12333", NOWHERE, ""),
    HEFEI: ("12333", HEFEIS, "1"),
    WUHU: ("+8655312333", NOWHERE, ""),
    FUYANG: ("12333", "+8605582212345", "1"),
    CHIZHOU: ("+8656612333", NOWHERE, ""),
}
# So long that nothing comes late, however busy the machine is; and so short that everything does.
PATIENT, HASTY = 6.0, 0.02
Rings = Callable[..., Asker]


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[SandboxProcess]:
    process = SandboxProcess(Path(tmp_path_factory.mktemp("sandbox")), postgres_url)
    yield process
    process.end()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox, all normal and nothing asked yet; whoever hangs is let go at the end."""
    sandbox_process.reset()
    yield sandbox_process
    sandbox_process.reset()


@pytest.fixture(scope="session")
def population(sandbox_process: SandboxProcess) -> Population:
    return sandbox_process.population


@pytest.fixture
def today(sandbox_process: SandboxProcess) -> date:
    return sandbox_process.today


@pytest.fixture
def somebody(population: Population) -> Callable[[str], Person]:
    """`somebody("王芳")`: a demo person by name."""
    return lambda name: next(person for person in population.people if person.name == name and person.shows)


@pytest.fixture
def clock(today: date) -> Clock:
    """The day of the sandbox's data: the systems tell what is true for their own today."""
    return Clock(datetime.combine(today, time(10), SHANGHAI))


@pytest.fixture
def services(services: Services, sandbox: SandboxProcess) -> Iterator[Services]:
    """The business systems are those of the sandbox; the systems' own clocks are the real one."""
    settings = replace(services.settings, sandbox_port=sandbox.port)
    registry = SocialInsurance(settings, services.database, services.live_store, services.sealer, utc_now)
    yield replace(services, settings=settings, social_insurance=registry)
    registry.close()


@pytest.fixture
def line(line: Line) -> Iterator[Line]:
    be_patient(line, PATIENT)
    yield line
    line.asking._late.close()


def be_patient(line: Line, seconds: float) -> None:
    """How long this line's webhooks wait for an answer before they say that we are looking."""
    line.asking._late.close()
    line.asking._late = LateAnswers(line.services.live_store, line.services.sealer, seconds)


def system_of(line: Line, centre: str, kind: Kind = Kind.PENSION) -> Guarded:
    found = line.services.social_insurance.for_centre(centre, kind)
    assert isinstance(found, Guarded)
    return found


def give_up_after(line: Line, centre: str, kind: Kind, seconds: int) -> None:
    """The system of a centre has so long to answer."""
    guarded = system_of(line, centre, kind)
    guarded.system = replace(guarded.system, timeout_seconds=seconds)


@pytest.fixture
def rings(client: FlaskClient, line: Line, clock: Clock) -> Rings:
    """`rings(HEFEI)`: somebody who has come to the main menu of a centre."""
    base = line.services.settings.public_base_url

    def make(centre: str = HEFEI, caller: str = "", kind: type[Asker] = Asker) -> Asker:
        dialled, telephone, guess = WAYS[centre]
        asker = kind(base, client_transport(client, base), caller=caller or telephone, dialled=dialled, clock=clock)
        asker.ring()
        return asker.press(guess) if guess and not caller else asker

    return make

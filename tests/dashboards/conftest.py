"""Fixtures of the staff pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from argon2 import PasswordHasher

from dashboards.demo import DEMO_PASSWORD
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from ivr.library import CENTRES_FILE
from tests.dashboards.console_app import ConsoleApp, build_console_app
from tests.dashboards.look_up_app import console_over
from tests.dashboards.staff_app import FRIDAY, Clock, StaffApp, build_staff_app
from tests.integrations.sandbox_process import SandboxProcess

SPARSE_MENU = """\
menu: sparse
title: 只有人工的菜单
start: top
human: person
last_resort: person
tops: [top]
nodes:
  top: {kind: menu, say: [welcome], options: [{key: "0", say: opt_0, to: person}]}
  person: {kind: hangup, say: [goodbye]}
"""


@pytest.fixture(scope="session")
def keeper() -> LibraryKeeper:
    """The shipped menus, proven once."""
    return LibraryKeeper(None, lambda: FRIDAY)


@pytest.fixture(scope="session")
def sparse_keeper(tmp_path_factory: pytest.TempPathFactory) -> LibraryKeeper:
    """Hefei has a menu with key 0 and nothing else."""
    folder = tmp_path_factory.mktemp("sparse")
    centres = yaml.safe_load(CENTRES_FILE.read_text(encoding="utf-8"))
    centres["centres"]["340100"]["menu"] = "sparse"
    (folder / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    (folder / "flows").mkdir()
    (folder / "flows" / "sparse.yaml").write_text(SPARSE_MENU, encoding="utf-8")
    return LibraryKeeper(folder, lambda: FRIDAY)


@pytest.fixture(scope="session")
def demo_hash() -> str:
    """The hash of the demo password with the least work, which is most of a sign-in's time on purpose."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(DEMO_PASSWORD)


@pytest.fixture
def staff(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> StaffApp:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_staff_app(services, keeper, Clock())


@pytest.fixture
def sparse_staff(
    services: Services, sparse_keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch
) -> StaffApp:
    """The same where a key has no room behind it."""
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_staff_app(services, sparse_keeper, Clock())


@pytest.fixture
def console(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> ConsoleApp:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_console_app(services, keeper)


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(Path(tmp_path_factory.mktemp("sandbox")))
    yield process
    process.end()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """The made-up business systems, all normal; without the exchange tables."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def app(
    services: Services,
    keeper: LibraryKeeper,
    sandbox: SandboxProcess,
    demo_hash: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ConsoleApp]:
    """The console with business systems, today."""
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    with console_over(services, keeper, sandbox) as app:
        yield app

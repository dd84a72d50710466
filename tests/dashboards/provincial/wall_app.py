"""What the tests of the wallboard share: the console with its page, a clock that runs, facts, statements counted."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dashboards.provincial.wall.facts_of_today import FactsOfToday
from dashboards.provincial.wall.page import wall_blueprints
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import ConsoleApp, build_console_app
from tests.dashboards.staff_app import FRIDAY, Clock

HEFEI, WUHU = "340100", "340200"


@dataclass
class RunningClock(Clock):
    """A clock that begins on Friday and goes on."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.began)


def build_wall_app(services: Services, keeper: LibraryKeeper, clock: Clock) -> ConsoleApp:
    app = build_console_app(services, keeper, clock)
    for blueprint in wall_blueprints(app.line):
        app.app.register_blueprint(blueprint)
    return app


def end_call(app: ConsoleApp, sid: str, outcome: str = "answered") -> None:
    app.write("UPDATE call SET ended_at = %s, outcome = %s WHERE call_sid = %s", app.clock(), outcome, sid)


def make_facts(app: ConsoleApp) -> None:
    """Today's facts as of now."""
    FactsOfToday(app.line).bring_up_to_date(app.clock())


def fact(app: ConsoleApp, at: datetime, centre: str = HEFEI, source: str = "own", **sums: int) -> None:
    """A fact of an hour, of all subjects together."""
    names, values = "".join(f", {name}" for name in sums), ", %s" * len(sums)
    app.write(
        f"INSERT INTO fact (grain, subject, at, centre, channel, source{names}) "
        f"VALUES ('hour', '*', %s, %s, 'phone', %s{values})",
        *(at, centre, source, *sums.values()),
    )


def days_ago(days: int, hour: int = 10) -> datetime:
    """An hour of an earlier day, by the Shanghai clock."""
    return FRIDAY.astimezone(UTC).replace(hour=hour - 8, minute=0) - timedelta(days=days)


@dataclass
class Counted:
    statements: int = 0


@contextmanager
def counted_statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """Every statement that this thread sends while the block runs."""
    counted, real, thread = Counted(), psycopg.Cursor.execute, threading.get_ident()

    def execute(self: Any, *arguments: Any, **options: Any) -> Any:
        counted.statements += threading.get_ident() == thread
        return real(self, *arguments, **options)

    with monkeypatch.context() as counting:
        counting.setattr(psycopg.Cursor, "execute", execute)
        yield counted


def nonzero(sums: Mapping[str, int], *names: str) -> dict[str, int]:
    return {name: sums[name] for name in names if name in sums}

"""The console with business systems behind it: a sandbox process, and callers who have proven who they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
from werkzeug.test import TestResponse

from integrations.sandbox.records import Person
from integrations.services import Services, utc_now
from integrations.social_insurance.registry import SocialInsurance
from ivr.keeper import LibraryKeeper
from ivr.query_actions import ID_NUMBER, PROVEN
from ivr.session import Session
from tests.dashboards.console_app import HEFEI01, Console, ConsoleApp, build_console_app
from tests.dashboards.staff_app import Clock
from tests.integrations.sandbox_process import SandboxProcess

PATH = "api/look-up"
PROVINCE01 = "shengji01"


@contextmanager
def console_over(
    services: Services, keeper: LibraryKeeper, sandbox: SandboxProcess, **settings_too: Any
) -> Iterator[ConsoleApp]:
    """The console of today: the sandbox's figures are today's."""
    settings = replace(services.settings, sandbox_port=sandbox.port, **settings_too)
    registry = SocialInsurance(settings, services.database, services.live_store, services.sealer, utc_now)
    changed = replace(services, settings=settings, social_insurance=registry)
    yield build_console_app(changed, keeper, Clock(utc_now()))
    registry.close()


def somebody(sandbox: SandboxProcess, name: str) -> Person:
    """One of the sandbox's demo persons."""
    return next(person for person in sandbox.population.people if person.shows and person.name == name)


def prove(app: ConsoleApp, sid: str, id_number: str, proven: str | None = "keypad") -> None:
    """The caller has keyed the number of somebody, and proven to be them unless `proven` is None."""
    session = Session("340000", turn=1, words={PROVEN: proven} if proven else {})
    private = app.services.sealer.seal(orjson.dumps({ID_NUMBER: id_number}).decode(), f"session:{sid}")
    app.write(
        "INSERT INTO call_session (call_sid, turn, state, private, touched_at) VALUES (%s, 1, %s, %s, %s)",
        *(sid, session.to_json(orjson.dumps), private, app.clock()),
    )


def province_talk(app: ConsoleApp, sid: str = "CA1") -> tuple[Console, str]:
    """A talk of the province's desk."""
    offer = app.talk(PROVINCE01, sid, "340000")
    return app.at(PROVINCE01), offer


def hefei_talk(app: ConsoleApp, sid: str = "CA1") -> tuple[Console, str]:
    offer = app.talk(HEFEI01, sid)
    return app.at(HEFEI01), offer


def ask(visitor: Console, offer: str, kind: str = "pension", **more: Any) -> TestResponse:
    return visitor.act(PATH, {"offer": offer, "kind": kind, "purpose": "enquiry", **more})


def audit(app: ConsoleApp) -> list[tuple[Any, ...]]:
    return app.rows("SELECT who, why, call_sid, centre, kind, result FROM look_up_audit ORDER BY id")

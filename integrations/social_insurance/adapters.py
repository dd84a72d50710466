"""Builds the adapter that a system of the file names, with its secrets and its guard.

Each adapter is imported when it is first needed: SOAP alone is heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import cast

import psycopg
from psycopg_pool import PoolTimeout
from redis import Redis

from integrations.database import Database
from integrations.errors import IntegrationError
from integrations.settings import Settings
from integrations.social_insurance.audit import next_message_number
from integrations.social_insurance.breaker import Breaker
from integrations.social_insurance.contract import Away, CardWriter, Connector, PinChecker
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.system_shape import System


class HalfConnected(IntegrationError):
    """Something that the system needs is not there; `sentence` says what, for staff."""

    def __init__(self, detail: str, sentence: str) -> None:
        super().__init__(detail, sentence, permanent=True)


def build_guarded(
    system: System, settings: Settings, database: Database, live_store: Redis, now: Callable[[], datetime]
) -> Guarded:
    """The system, ready to be asked; nothing is opened yet. Raises HalfConnected."""
    system = replace(system, address=_address(system, settings))
    secrets = _secrets(system, settings.system_secrets)
    try:
        connector, pins = _BUILDERS[system.adapter](system, secrets, database, now)
    except (ValueError, OSError) as error:
        # A key of the wrong length; its value is not in the text.
        raise HalfConnected(type(error).__name__, f"“{system.label}”的密钥或文件用不了，没有接通") from None
    writer = cast(CardWriter, connector) if system.adapter == "card" else None
    return Guarded(system, connector, Breaker(live_store, system), pins, writer)


def _address(system: System, settings: Settings) -> str:
    for placeholder, value in (("{sandbox}", settings.sandbox_url), ("{database}", _own_database(settings))):
        if system.address.startswith(placeholder):
            if value is None:
                raise HalfConnected("demo only", f"“{system.label}”只在演示中有，没有接通")
            return value + system.address.removeprefix(placeholder)
    return system.address


def _own_database(settings: Settings) -> str | None:
    return settings.database_url if settings.demo else None


def _secrets(system: System, given: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in system.secrets.values() if name not in given]
    if missing:
        names = "、".join(missing)
        raise HalfConnected(f"{names} unset", f"“{system.label}”只接了一半: 环境变量 {names} 没有设置")
    return {role: given[name] for role, name in system.secrets.items()}


Built = tuple[Connector, PinChecker | None]
Builder = Callable[[System, Mapping[str, str], Database, Callable[[], datetime]], Built]


def _medical(system: System, secrets: Mapping[str, str], database: Database, now: Callable[[], datetime]) -> Built:
    from integrations.social_insurance.medical import MedicalConnector

    def next_number() -> int:
        try:
            return next_message_number(database)
        except (psycopg.Error, PoolTimeout):
            # Our own database's trouble is not held against the system.
            raise Away("busy", "no number for a message", was_sent=False) from None

    return MedicalConnector(system, secrets, now, next_number), None


def _card(system: System, secrets: Mapping[str, str], database: Database, now: Callable[[], datetime]) -> Built:
    from integrations.social_insurance.card import CardConnector

    return CardConnector(system, secrets, now), None


def _pension_bus(system: System, secrets: Mapping[str, str], database: Database, now: Callable[[], datetime]) -> Built:
    from integrations.social_insurance.pension_bus import PensionBusConnector

    connector = PensionBusConnector(system, secrets, now)
    return connector, connector if system.settings["pin_service"] else None


def _pension_tables(
    system: System, secrets: Mapping[str, str], database: Database, now: Callable[[], datetime]
) -> Built:
    from integrations.social_insurance.pension_tables import PensionTablesConnector

    return PensionTablesConnector(system, secrets.get("address") or system.address), None


_BUILDERS: Mapping[str, Builder] = {
    "medical": _medical,
    "card": _card,
    "pension_bus": _pension_bus,
    "pension_tables": _pension_tables,
}

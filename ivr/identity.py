"""Whether the caller on a line has proven by keypad who they are, for those who speak with them."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg_pool import PoolTimeout

from integrations.services import Services
from integrations.social_insurance.contract import Insured
from ivr.query_actions import ID_NUMBER, PROVEN
from ivr.store import CallStore


@dataclass(frozen=True, slots=True)
class Proven:
    """Who the caller is: `tail` may be shown, `person` is for a look-up at once and never to be kept."""

    tail: str
    person: Insured


def proven_identity(services: Services, call_sid: str) -> Proven | None:
    """Who is on the line, as long as the call lasts; None when nothing was proven, or the database is away."""
    try:
        with services.database.pool.connection() as connection:
            session = CallStore(connection, services.sealer).read(call_sid)
    except (psycopg.Error, PoolTimeout):
        return None
    number = session.private.get(ID_NUMBER) if session and session.words.get(PROVEN) else None
    return Proven(number[-4:], Insured(number)) if number else None

"""Who rings, and where: what a call's first webhook tells, for the engine and for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from integrations.phone_numbers import NumberKind, parse_caller
from integrations.sealer import Sealer
from ivr.call_status import rank
from ivr.ring import Ring
from ivr.session import Caller
from ivr.store import CALLER_CONTEXT, CallRecord
from queueing.centre import PROVINCE, Centre, candidates_for_caller, centre_for_dialled


def who_rings(centres: Mapping[str, Centre], ring: Ring) -> tuple[str, Caller]:
    """The centre that a call rings at, and what the engine may know of the caller."""
    centre = centre_for_dialled(centres, ring.dialled) or PROVINCE
    guesses = candidates_for_caller(centres, parse_caller(ring.caller), ring.dialled) if centre == PROVINCE else ()
    return centre, Caller(tuple((code, centres[code].short_name) for code in guesses[:2]))


def call_record(ring: Ring, centre: str, at: datetime, sealer: Sealer) -> CallRecord:
    """What the ledger keeps of a call, the number sealed."""
    number = parse_caller(ring.caller)
    known = number.kind is not NumberKind.WITHHELD and bool(ring.caller)
    written = number.e164 or ring.caller
    return CallRecord(
        call_sid=ring.call_sid,
        direction=ring.direction[:20],
        dialled=ring.dialled[:64],
        centre=centre,
        started_at=at,
        status=ring.status if rank(ring.status) is not None else "ringing",
        caller_kind=number.kind.value,
        caller_sealed=sealer.seal(written, CALLER_CONTEXT) if known else None,
        caller_hash=sealer.fingerprint(written) if known else None,
        caller_tail=number.e164[-4:] if number.e164 else None,
        caller_region=number.region,
    )

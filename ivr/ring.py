"""A call as the carrier names it in each of its webhooks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ring:
    """The first webhook of a call, as the carrier put it."""

    call_sid: str
    caller: str
    dialled: str
    status: str = "ringing"
    direction: str = "inbound"

"""A call as the carrier names it in each of its webhooks."""

from __future__ import annotations

from dataclasses import dataclass

# The carrier says outbound-api, outbound-dial.
OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Ring:
    """The first webhook of a call, as the carrier put it. In a call of ours `caller` is the citizen whom we rang."""

    call_sid: str
    caller: str
    dialled: str
    status: str = "ringing"
    direction: str = "inbound"

    @property
    def is_ours(self) -> bool:
        """Whether we have made the call."""
        return self.direction.startswith(OUTBOUND)

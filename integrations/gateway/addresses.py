"""The hotline's addresses that a carrier is configured with for a telephone number."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.telephony.urls import CarrierUrls


@dataclass(frozen=True, slots=True)
class HotlineAddresses:
    """Under the hotline's public base URL, which has no slash at its end."""

    base: str

    @property
    def incoming(self) -> str:
        return CarrierUrls(self.base).incoming

    @property
    def status(self) -> str:
        return f"{self.base}/ivr/status"

    @property
    def fallback(self) -> str:
        return f"{self.base}/ivr/fallback"

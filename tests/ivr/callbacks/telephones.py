"""A citizen's telephone that the hotline rings: the same carrier, the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from tests.caller import Caller


@dataclass
class RungTelephone(Caller):
    """`caller` is our number, `dialled` the citizen's."""

    attempt: str = ""

    def picks_up(self, machine: bool = False) -> RungTelephone:
        address = f"{self.base_url}/ivr/callback?attempt={self.attempt}" + ("&machine=1" if machine else "")
        self._go(address, {"CallStatus": "in-progress"})
        return self

    def says(self, heard: str = "好") -> RungTelephone:
        """A voice instead of a key; with input="dtmf speech" only."""
        verb = self._rest().verb
        assert verb.attrib["input"] == "dtmf speech"
        self._go(verb.attrib["action"], {"SpeechResult": heard, "Confidence": "0.0"})
        return self

    def carrier_tells(self, form: dict[str, str]) -> int:
        """A report about this call: a status, or what has answered."""
        return self.request(f"{self.base_url}/queueing/callback?attempt={self.attempt}", form)[0]

    def hang_up(self, status: str = "completed") -> RungTelephone:
        if not self.is_over:
            self.is_over = True
            assert self.carrier_tells({"CallStatus": status}) == 204
        return self

    def request(self, url: str, form: dict[str, str]) -> tuple[int, str]:
        return super().request(url, {"Direction": "outbound-api"} | form)

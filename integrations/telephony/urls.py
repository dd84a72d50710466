"""Every address that the carrier is given, in one place: ASCII, opaque, absolute, under the public base URL."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

# What a step's address says about how its document ended, in the query's `e`.
SILENCE, DIALLED, RECORDED = "s", "d", "r"


@dataclass(frozen=True, slots=True)
class CarrierUrls:
    """Addresses under `base`, for example https://12333.example.gov.cn (no trailing slash)."""

    base: str

    @property
    def incoming(self) -> str:
        return f"{self.base}/ivr/incoming"

    def step(self, turn: int, ended_by: str = "") -> str:
        """Where the document of this turn comes back to."""
        return f"{self.base}/ivr/step?n={turn}" + (f"&e={ended_by}" if ended_by else "")

    def prompt(self, prompt_id: str, text: str) -> str:
        """A recorded prompt; `say` is what is said in it, for whoever shows captions."""
        return f"{self.base}/ivr/audio/{quote(prompt_id)}.wav?say={quote(text)}"

    def retry(self, path: str, query: dict[str, str], attempt: int) -> str:
        """The same request again, after the database did not answer."""
        return f"{self.base}{path}?{urlencode(query | {'try': str(attempt)})}"

    @property
    def hold(self) -> str:
        """What a caller hears while the consultant looks something up."""
        return f"{self.base}/ivr/hold"

    @property
    def music(self) -> str:
        """What is played between two sentences in the waiting line."""
        return f"{self.base}/ivr/music.wav"

    def take(self, token: str) -> str:
        """A caller's own words, to be heard again; the token opens them, for some minutes."""
        return f"{self.base}/ivr/take?t={quote(token)}"

    def message(self, message_id: int) -> str:
        """Where the carrier reports what becomes of a message's recording."""
        return f"{self.base}/voicemail/message?m={message_id}"

    def agent(self, offer_id: str, pressed: bool = False) -> str:
        """The document for the telephone of the consultant who is offered a caller."""
        return f"{self.base}/ivr/agent?offer={offer_id}" + ("&k=1" if pressed else "")

    def connect(self, offer_id: str) -> str:
        """Where the caller's call goes on when a consultant has accepted."""
        return f"{self.base}/ivr/connect?offer={offer_id}"

    def after(self, offer_id: str) -> str:
        """Where the caller's call goes on when the consultant has left the talk."""
        return f"{self.base}/ivr/after?offer={offer_id}"

    def callback(self, attempt_id: str, to_machine: bool = False) -> str:
        """The document for somebody who is rung back; `to_machine`: it was a machine that answered."""
        return f"{self.base}/ivr/callback?attempt={attempt_id}" + ("&machine=1" if to_machine else "")

    @property
    def fallback(self) -> str:
        """Where a call of ours goes on when the address of its document did not answer."""
        return f"{self.base}/ivr/fallback"

    def callback_status(self, attempt_id: str) -> str:
        """Where the carrier reports what becomes of the telephone of somebody who is rung back."""
        return f"{self.base}/queueing/callback?attempt={attempt_id}"

    def leg(self, offer_id: str) -> str:
        """Where the carrier reports what becomes of a consultant's telephone."""
        return f"{self.base}/queueing/leg?offer={offer_id}"

    def conference(self, offer_id: str) -> str:
        """Where the carrier reports who comes to a talk and who leaves it."""
        return f"{self.base}/queueing/conference?offer={offer_id}"

    def recording(self, offer_id: str) -> str:
        """Where the carrier reports what becomes of a talk's recording."""
        return f"{self.base}/queueing/recording?offer={offer_id}"

    def text(self, reply_id: int) -> str:
        """Where the carrier reports what becomes of a text message that answers a case."""
        return f"{self.base}/voicemail/text?r={reply_id}"

    def desk(self, call_sid: str) -> str:
        """Where the carrier reports what became of the desk telephone that we rang for this call."""
        return f"{self.base}/ivr/desk?call={call_sid}"

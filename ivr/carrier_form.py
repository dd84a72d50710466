"""What a request of the carrier says, in our words."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from flask import request

from integrations.errors import HotlineError
from integrations.telephony.urls import DIALLED, RECORDED
from ivr.events import DialEnded, Event, KeysPressed, Recorded, Recovered, Silence, Spoke
from ivr.moment import Moment
from ivr.ring import OUTBOUND, Ring

if TYPE_CHECKING:
    from ivr.service import MakeEvent

# While the database is away: say so and come back, three times in about half a minute, then a goodbye.
OUTAGE_TRIES = 3
# Twilio's are CA and 32 hex digits; compatible engines use UUIDs.
_CALL_SID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class UnknownCall(HotlineError):
    """A signed request that names no call."""


def call_sid() -> str:
    """The call's id. Raises UnknownCall without a usable one, since nothing can be kept of such a request."""
    sid = request.form.get("CallSid", "")
    if not _CALL_SID.fullmatch(sid):
        raise UnknownCall(f"CallSid {sid[:70]!r}")
    return sid


def ring_of_request(is_ours: bool = False) -> Ring:
    """The call. Of one that we have made the citizen is whom the carrier has rung; `is_ours`: the address tells so."""
    form = request.form
    direction = form.get("Direction", "inbound")
    if is_ours and not direction.startswith(OUTBOUND):
        direction = f"{OUTBOUND}-api"
    caller, dialled = form.get("From", ""), form.get("To", "")
    if direction.startswith(OUTBOUND):
        caller, dialled = dialled, caller
    status = form.get("CallStatus", "") or ("ringing" if not request.path.endswith("/status") else "")
    return Ring(call_sid(), caller, dialled, status, direction)


def offer_id() -> str:
    return request.args.get("offer", "")[:24]


def attempt_id() -> str:
    return request.args.get("attempt", "")[:24]


def is_machine() -> bool:
    return request.args.get("machine") == "1"


def turn_of(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 7 else 0


def tries() -> int:
    """How often we have asked the carrier to come again."""
    return min(turn_of(request.args.get("try")), OUTAGE_TRIES)


def failed_address() -> tuple[str, dict[str, str]]:
    """The path and the query of the webhook that failed, by the fallback request's own word; "" when it names none."""
    parts = urlsplit(request.form.get("ErrorUrl", ""))
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def failed_turn() -> int | None:
    """The turn of the step that failed; None when it was no step."""
    path, query = failed_address()
    return turn_of(query.get("n")) if path.endswith("/ivr/step") else None


def event_of_step() -> MakeEvent:
    """How the document of the step ended, in the engine's words. A key counts before a voice."""
    form, told, ended_by = request.form, request.values, request.args.get("e", "")
    if ended_by == DIALLED and "DialCallStatus" in told:
        return _with(DialEnded, told["DialCallStatus"])
    if ended_by == RECORDED and "RecordingSid" in told:
        seconds = told.get("RecordingDuration", "0")
        hung_up = form.get("Digits") == "hangup"
        return _with(Recorded, told["RecordingSid"], int(seconds) if seconds.isdigit() else 0, hung_up)
    if tries():
        # We had to ask the carrier to come again; whatever was pressed then is gone.
        return Recovered
    if digits := form.get("Digits", ""):
        return _with(KeysPressed, digits[:64])
    return Spoke if form.get("SpeechResult", "").strip() else Silence


def _with(kind: Any, *values: Any) -> MakeEvent:
    def make(at: datetime, moment: Moment) -> Event:
        event: Event = kind(at, moment, *values)
        return event

    return make

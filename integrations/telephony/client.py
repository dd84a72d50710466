"""What the hotline asks of the carrier: Twilio's contract, spoken by the official client.

When our own voice gateway is the carrier only the host differs. Every method may raise CarrierAway (no usable
answer; `is_unknown` when what was asked for may have been done) and CarrierRefused (permanent). Numbers are never
logged and never part of an error.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from integrations.settings import Settings, is_loopback
from integrations.telephony.carrier_answers import (
    CarrierCall,
    CarrierRecording,
    call_told,
    plain_sid,
    recording_told,
    told,
)
from integrations.telephony.carrier_errors import CallGone, CarrierAway, CarrierRefused, error_from_answer
from integrations.telephony.carrier_http import LARGEST_BYTES, READ_SECONDS, CarrierHttp
from integrations.telephony.page_token import TOKEN_SECONDS, page_token

if TYPE_CHECKING:
    from twilio.rest import Client
    from twilio.rest.api.v2010.account import AccountContext

CLOUD = "https://api.twilio.com"
TALK_SECONDS = 4 * 3600
MOST_LISTED, LARGEST_PAGE = 50, 1000
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
RECORDING_EVENTS = ["in-progress", "completed", "absent"]
# In the order a call goes through them, so that one that moves on meanwhile is found by a later question.
LIVE_STATUSES = ("queued", "ringing", "in-progress")
FINAL_STATUSES = frozenset({"completed", "canceled", "busy", "failed", "no-answer"})


class CarrierClient:
    """One per process; thread-safe, connects at the first request."""

    def __init__(self, settings: Settings, read_seconds: float = READ_SECONDS) -> None:
        self._settings = settings
        self._auth = (settings.carrier_account_sid, settings.carrier_auth_token)
        self._base = settings.gateway_http_url if settings.carrier_is_gateway else None
        is_local = self._base is not None and is_loopback(urlsplit(self._base).hostname or "")
        self._http = CarrierHttp(read_seconds, is_local=is_local)
        self._lock = threading.Lock()
        self._client: Client | None = None

    def __repr__(self) -> str:
        return f"CarrierClient(gateway={self._base is not None})"

    def dial(
        self,
        to: str,
        url: str,
        status_callback: str,
        timeout_seconds: int,
        from_number: str,
        machine_url: str = "",
        fallback_url: str = "",
    ) -> str:
        """Ring `to` ("client:agent-17" or E.164) and return the call's sid.

        `machine_url`: where to report whether a person or an answering machine has picked up, which is found out
        while the call goes on. `fallback_url`: where to ask when an address of the call does not answer. After
        CarrierAway with `is_unknown` the call may be ringing: look with find_live_calls before another try.
        """
        with self._asking("dial", is_creation=True):
            call = self._account.calls.create(
                to=to,
                from_=from_number,
                url=url,
                method="POST",
                status_callback=status_callback,
                status_callback_event=CALL_EVENTS,
                status_callback_method="POST",
                timeout=timeout_seconds,
                time_limit=TALK_SECONDS,
                **_detection(machine_url),
                **({"fallback_url": fallback_url, "fallback_method": "POST"} if fallback_url else {}),
            )
            return told(call.sid)

    def find_live_calls(self, to: str) -> list[tuple[str, str]]:
        """(sid, status) of every call to `to` that is queued, ringing or in progress."""
        found: dict[str, str] = {}
        with self._asking("find_live_calls", is_change=False):
            for status in LIVE_STATUSES:
                calls = self._account.calls.list(to=to, status=status, limit=MOST_LISTED)
                found |= {told(call.sid): told(call.status) for call in calls}
        return list(found.items())

    def calls_between(self, since: datetime, until: datetime) -> list[CarrierCall]:
        """Every call, in and out, that began in [since, until), aware times, by the carrier's own list; all pages.

        Days of the list are the carrier's smallest unit by its contract, whatever finer ones it may understand: asked
        for is a time that begins no later and a midnight (UTC) that comes no earlier, and what is too much is left out.
        """
        midnight = (until - timedelta.resolution).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        period = {"start_time_after": since.astimezone(UTC), "start_time_before": midnight + timedelta(days=1)}
        with self._asking("calls_between", is_change=False):
            listed = [call_told(one) for one in self._account.calls.stream(**period, page_size=LARGEST_PAGE)]
        # Calls that come or go while pages are turned can be in two of them.
        return list({one.sid: one for one in listed if one.started_at and since <= one.started_at < until}.values())

    def call_status(self, call_sid: str) -> str | None:
        """The carrier's word for the call's state; None when it knows no such call."""
        try:
            with self._asking("call_status", is_change=False):
                return told(self._account.calls(plain_sid(call_sid)).fetch().status)
        except CallGone:
            return None

    def redirect(self, call_sid: str, url: str) -> None:
        """Let a live call go on with the document at `url`. Raises CallGone."""
        with self._asking("redirect"):
            self._account.calls(plain_sid(call_sid)).update(url=url, method="POST")

    def hang_up(self, call_sid: str) -> None:
        """End a call, whether it rings or talks; one that is over already is fine.

        Cancelled first: a telephone that was never picked up then ends as "canceled", not as a talk.
        """
        try:
            if self._set_status(call_sid, "canceled") in FINAL_STATUSES:
                return
        except (CallGone, CarrierRefused):
            # Some engines refuse to cancel what talks, instead of leaving it alone.
            pass
        try:
            self._set_status(call_sid, "completed")
        except CallGone:
            return

    def _set_status(self, call_sid: str, status: str) -> str:
        with self._asking(f"hang_up {status}"):
            return told(self._account.calls(plain_sid(call_sid)).update(status=status).status)

    def conference_sid(self, name: str) -> str | None:
        """The sid of the conference of that name that is going on, None without one."""
        with self._asking("conference_sid", is_change=False):
            found = self._account.conferences.list(friendly_name=name, status="in-progress", limit=1)
            return told(found[0].sid) if found else None

    def hold(self, conference_sid: str, call_sid: str, on: bool, hold_url: str) -> None:
        """Let a participant listen to `hold_url` instead of the others, or come back. Raises CallGone."""
        with self._asking("hold"):
            participant = self._participant(conference_sid, call_sid)
            if on:
                participant.update(hold=True, hold_url=hold_url, hold_method="POST")
            else:
                participant.update(hold=False)

    def mute(self, conference_sid: str, call_sid: str, on: bool) -> None:
        """Let the others not hear a participant, or hear it again. Raises CallGone."""
        with self._asking("mute"):
            self._participant(conference_sid, call_sid).update(muted=on)

    def remove(self, conference_sid: str, call_sid: str) -> None:
        """Take a participant out of a conference; one that has left already is fine."""
        try:
            with self._asking("remove"):
                self._participant(conference_sid, call_sid).delete()
        except CallGone:
            return

    def start_recording(self, call_sid: str, status_callback: str, channels: str = "dual") -> str:
        """Record a live call from now on, both sides; the recording's sid. Raises CallGone."""
        with self._asking("start_recording"):
            recording = self._account.calls(plain_sid(call_sid)).recordings.create(
                recording_channels=channels,
                recording_status_callback=status_callback,
                recording_status_callback_event=RECORDING_EVENTS,
                recording_status_callback_method="POST",
            )
            return told(recording.sid)

    def pause_recording(self, call_sid: str, recording_sid: str, on: bool) -> None:
        """Put silence into a recording while something secret is keyed in, or go on. Raises CallGone."""
        with self._asking("pause_recording"):
            recording = self._account.calls(plain_sid(call_sid)).recordings(plain_sid(recording_sid))
            if on:
                # Not "skip": the recording must stay as long as the talk.
                recording.update(status="paused", pause_behavior="silence")
            else:
                recording.update(status="in-progress")

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        """The recordings of a call, finished or not; none also when the carrier knows no such call."""
        try:
            with self._asking("recordings_of", is_change=False):
                found = self._account.calls(plain_sid(call_sid)).recordings.list(limit=MOST_LISTED)
                return [recording_told(one) for one in found]
        except CallGone:
            return []

    def fetch_recording(self, recording_sid: str, into: Path, most_bytes: int = LARGEST_BYTES) -> int:
        """Write a finished recording's WAV to a file, piece by piece; its size in bytes.

        Raises CallGone when the carrier has none, TooLarge when it is larger than that, and OSError for the file.
        """
        uri = f"{self._base or CLOUD}/2010-04-01/Accounts/{self._auth[0]}/Recordings/{plain_sid(recording_sid)}.wav"
        return self._http.download(uri, self._auth, into, most_bytes)

    def delete_recording(self, recording_sid: str) -> None:
        """Delete the carrier's copy; one that is gone already is fine."""
        try:
            with self._asking("delete_recording"):
                self._account.recordings(plain_sid(recording_sid)).delete()
        except CallGone:
            return

    def access_token(self, identity: str, seconds: int = TOKEN_SECONDS) -> str | None:
        """What lets a page be `identity` at Twilio; None where pages speak to our own gateway."""
        return page_token(self._settings, identity, seconds)

    def send_text(self, to: str, body: str, from_number: str, status_callback: str = "") -> str:
        """Hand over a text message to `to` (E.164); its sid. What becomes of it is reported to `status_callback`.

        After CarrierAway with `is_unknown` it may be on its way.
        """
        reports = {"status_callback": status_callback} if status_callback else {}
        with self._asking("send_text", is_creation=True):
            return told(self._account.messages.create(to=to, from_=from_number, body=body, **reports).sid)

    def text_status(self, message_sid: str) -> str | None:
        """The carrier's word for a text message's state; None when it knows no such message."""
        try:
            with self._asking("text_status", is_change=False):
                return told(self._account.messages(plain_sid(message_sid)).fetch().status)
        except CallGone:
            return None

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._http.close()

    @property
    def _account(self) -> AccountContext:
        with self._lock:
            if self._client is None:
                self._client = self._build_client()
            return self._client.api.account

    def _build_client(self) -> Client:
        # A quarter of a second and some megabytes, for the processes that do call the carrier.
        from twilio.rest import Client

        # Without a mapping of its own the client would look into the environment for an edge and a region.
        client = Client(*self._auth, http_client=self._http, environment={"TWILIO": ""})
        if self._base is not None:
            client.api.base_url = self._base
        return client

    def _participant(self, conference_sid: str, call_sid: str) -> Any:
        return self._account.conferences(plain_sid(conference_sid)).participants(plain_sid(call_sid))

    @contextmanager
    def _asking(self, asked: str, *, is_change: bool = True, is_creation: bool = False) -> Iterator[None]:
        """Turn what the library raises into our errors; its own texts can hold numbers, so nothing is chained."""
        try:
            yield
        except (TwilioRestException, TwilioServiceException) as error:
            failed = error_from_answer(asked, error.status, error.code, is_change)
            if is_creation and isinstance(failed, CallGone):
                # There was nothing yet that could be gone: the account or its address is wrong.
                failed = CarrierRefused(failed.detail, error.code)
            raise failed from None
        except (TwilioException, ValueError) as error:
            # A page without its list, or a field without its value.
            detail = f"{asked}: unreadable answer, {type(error).__name__}"
            raise CarrierAway(detail, is_unknown=is_change) from None


def _detection(machine_url: str) -> dict[str, str]:
    """Ask what has answered, without keeping a person waiting for it; a machine is reported after its greeting."""
    if not machine_url:
        return {}
    return {
        "machine_detection": "DetectMessageEnd",
        "async_amd": "true",
        "async_amd_status_callback": machine_url,
        "async_amd_status_callback_method": "POST",
    }

"""Recordings: of messages and of talks, started, paused and stopped on a live call, listed, heard, deleted."""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web

from integrations.gateway.call import Call
from integrations.gateway.call_recordings import AlreadyRecorded
from integrations.gateway.calls import Calls
from integrations.gateway.dial_reader import RECORDING_EVENTS
from integrations.gateway.documents import RecordingPlan
from integrations.gateway.exchange import Exchange
from integrations.gateway.recordings import Recording
from integrations.gateway.rest_errors import BROKEN, NOT_IN_STATE, NOT_LIVE, RestError, not_found
from integrations.gateway.rest_form import form_of, query_of, with_ranges
from integrations.gateway.rest_shapes import page_of, recording_json

log = structlog.get_logger(__name__)
START = frozenset(
    {"RecordingChannels", "RecordingTrack", "RecordingStatusCallback", "RecordingStatusCallbackEvent",
     "RecordingStatusCallbackMethod", "Trim"}
)  # fmt: skip
UPDATE = frozenset({"Status", "PauseBehavior"})
OF_CALL_FILTERS = with_ranges("DateCreated")
FILTERS = frozenset({"CallSid"}) | OF_CALL_FILTERS
# Instead of a sid: whichever recording the call has just now.
CURRENT = "Twilio.CURRENT"


class RestRecordings:
    def __init__(self, exchange: Exchange, calls: Calls) -> None:
        self._exchange = exchange
        self._calls = calls
        self._store = exchange.recordings

    async def start(self, request: web.Request) -> web.Response:
        """Record a live call from now on."""
        call = self._call(request)
        form = await form_of(request, START, self._exchange.urls.base)
        # Nothing is cut off a talk.
        form.choice("Trim", "do-not-trim", ("do-not-trim",))
        plan = RecordingPlan(
            channels=2 if form.choice("RecordingChannels", "mono", ("mono", "dual")) == "dual" else 1,
            track=form.choice("RecordingTrack", "both", ("both", "inbound", "outbound")),
            callback=form.callback("RecordingStatusCallback", "completed", RECORDING_EVENTS),
        )
        if call is None:
            raise not_found(request)
        if call.status != "in-progress":
            raise RestError(400, NOT_LIVE, "Requested resource is not eligible for recording")
        try:
            recording = await call.recordings.start(plan)
        except AlreadyRecorded:
            raise RestError(400, NOT_LIVE, "The call is being recorded already") from None
        except OSError as error:
            log.error("recording_not_begun", call_sid=call.sid, error=type(error).__name__)
            raise RestError(500, BROKEN, "The recording could not be written") from error
        return web.json_response(self._shown(recording, True), status=201)

    async def update(self, request: web.Request) -> web.Response:
        """Pause, go on, or stop."""
        call, current = self._current(request)
        form = await form_of(request, UPDATE, self._exchange.urls.base)
        skips = form.choice("PauseBehavior", "silence", ("skip", "silence")) == "skip"
        match form.choice("Status", "", ("paused", "in-progress", "stopped")):
            case "paused":
                call.recordings.pause(skips)
            case "in-progress":
                call.recordings.resume()
            case "stopped":
                stopped = await call.recordings.stop() or current
                # At this moment the carrier says so; asked again, it is completed.
                return web.json_response(self._shown(stopped, True) | {"status": "stopped"})
        return web.json_response(self._shown(call.recordings.current or current, True))

    async def list_of_call(self, request: web.Request) -> web.Response:
        made = query_of(request, OF_CALL_FILTERS).times("DateCreated")
        found = await self._found(request.match_info["sid"])
        listed = [recording for recording in found if made.fits(recording.started_at)]
        return page_of("recordings", listed, lambda recording: self._shown(recording, True), request)

    async def list_all(self, request: web.Request) -> web.Response:
        query = query_of(request, FILTERS)
        made, found = query.times("DateCreated"), await self._found(query.text("CallSid") or None)
        listed = [recording for recording in found if made.fits(recording.started_at)]
        return page_of("recordings", listed, self._shown, request)

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown(self._recording(request)))

    async def show_of_call(self, request: web.Request) -> web.Response:
        sid = request.match_info["recording"]
        recording = self._current(request)[1] if sid == CURRENT else self._recording(request)
        if recording.call_sid != request.match_info["sid"]:
            raise not_found(request)
        return web.json_response(self._shown(recording, True))

    async def delete(self, request: web.Request) -> web.Response:
        recording = self._recording(request)
        if recording.call_sid != request.match_info.get("sid", recording.call_sid):
            raise not_found(request)
        if not recording.is_over:
            raise RestError(409, NOT_IN_STATE, "The recording is still in progress")
        await asyncio.to_thread(self._store.remove, recording.sid)
        return web.Response(status=204)

    async def send_sound(self, request: web.Request) -> web.StreamResponse:
        path = self._store.sound(request.match_info["recording"])
        if path is None:
            raise not_found(request)
        return web.FileResponse(path, headers={"Content-Type": "audio/x-wav"})

    def _recording(self, request: web.Request) -> Recording:
        recording = self._store.find(request.match_info["recording"])
        if recording is None:
            raise not_found(request)
        return self._as_of_now(recording)

    async def _found(self, call_sid: str | None) -> list[Recording]:
        # One file for each recording there is: not while everybody's sound waits.
        found = await asyncio.to_thread(self._store.of_call, call_sid)
        return [self._as_of_now(recording) for recording in found]

    def _as_of_now(self, recording: Recording) -> Recording:
        call = self._calls.find(recording.call_sid)
        current = call.recordings.current if call is not None else None
        return current if current is not None and current.sid == recording.sid else recording

    def _current(self, request: web.Request) -> tuple[Call, Recording]:
        call, sid = self._call(request), request.match_info["recording"]
        current = call.recordings.current if call is not None else None
        if call is None or current is None or sid not in (CURRENT, current.sid):
            raise not_found(request)
        return call, current

    def _call(self, request: web.Request) -> Call | None:
        return self._calls.find(request.match_info["sid"])

    def _shown(self, recording: Recording, of_call: bool = False) -> dict[str, object]:
        return recording_json(recording, self._exchange.account_sid, self._exchange.http_url, of_call)

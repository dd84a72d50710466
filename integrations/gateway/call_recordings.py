"""The recordings of one live call, started, paused and stopped from outside, and told of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from integrations.gateway.call_recorder import CallRecorder
from integrations.gateway.documents import Callback, RecordingPlan
from integrations.gateway.exchange import Exchange
from integrations.gateway.leg import Leg
from integrations.gateway.recordings import Recording, new_recording_sid
from integrations.gateway.tracks import Tracks


class AlreadyRecorded(Exception):
    """A call has one recording at a time."""


class CallRecordings:
    """One for each call."""

    def __init__(self, exchange: Exchange, call_sid: str, leg: Leg) -> None:
        self._exchange = exchange
        self._call_sid = call_sid
        self._leg = leg
        self._recorder: CallRecorder | None = None
        self._recording: Recording | None = None
        self._plan = RecordingPlan()
        # Opening and closing files may take a moment, which must not be anybody's sound.
        self._busy = asyncio.Lock()

    @property
    def current(self) -> Recording | None:
        """The live recording as of now, None without one."""
        if self._recorder is None or self._recording is None:
            return None
        status = "paused" if self._recorder.is_paused else "in-progress"
        return replace(self._recording, status=status, seconds=self._recorder.seconds)

    async def start(self, plan: RecordingPlan) -> Recording:
        """Record from now on. Raises AlreadyRecorded, OSError."""
        async with self._busy:
            if self._recorder is not None:
                raise AlreadyRecorded
            now, store = self._exchange.now(), self._exchange.recordings
            recording = Recording(new_recording_sid(), self._call_sid, "in-progress", 0.0, now, now,
                                  plan.channels, plan.source, plan.track)  # fmt: skip
            self._exchange.journal.begin_recording(recording.sid, _told(plan.callback))
            try:
                file = await asyncio.to_thread(store.begin, recording)
            except OSError:
                self._exchange.journal.close(recording.sid)
                raise
            self._plan, self._recording = plan, recording
            self._recorder = CallRecorder(recording.sid, file, Tracks(plan.channels, plan.track))
            self._leg.tap(self._recorder)
        self._report(recording)
        return recording

    def pause(self, skips: bool) -> None:
        """Hear nothing for a while; `skips` leaves no gap either. Nothing happens without a recording."""
        if self._recorder is not None:
            self._recorder.pause(skips)

    def resume(self) -> None:
        if self._recorder is not None:
            self._recorder.resume()

    async def stop(self) -> Recording | None:
        """Put the recording to rest; what it has become, None without one."""
        async with self._busy:
            recorder, recording = self._recorder, self._recording
            if recorder is None or recording is None:
                return None
            self._leg.untap(recorder)
            self._recorder = self._recording = None
            recorder.finish()
            finished = await asyncio.to_thread(self._exchange.recordings.finish, recording, self._exchange.now())
        self._report(finished)
        return finished

    def _report(self, recording: Recording) -> None:
        told = _told(self._plan.callback)
        self._exchange.in_background(report_recording(self._exchange, recording, told))


def _told(callback: Callback) -> dict[str, Any]:
    """The callback as the journal keeps it."""
    return {"url": callback.url, "method": callback.method, "events": list(callback.events)}


async def report_recording(exchange: Exchange, recording: Recording, told: Mapping[str, Any]) -> None:
    """Tell the hotline what became of a recording, until it takes it."""
    url, method = str(told.get("url", "")), str(told.get("method", "POST"))
    is_wanted = bool(url) and recording.status in told.get("events", ())
    facts = recording_facts(exchange, recording)
    is_known = not is_wanted or await exchange.webhooks.deliver(url, method, facts)
    if is_known and recording.is_over:
        exchange.journal.close(recording.sid)


def recording_facts(exchange: Exchange, recording: Recording) -> dict[str, str]:
    """The parameters of a recording's status callback."""
    facts = {
        "AccountSid": exchange.account_sid,
        "CallSid": recording.call_sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": exchange.recording_url(recording.sid),
        "RecordingStatus": recording.status,
        "RecordingChannels": str(recording.channels),
        "RecordingSource": recording.source,
        "RecordingTrack": recording.track,
        "RecordingStartTime": format_datetime(recording.started_at),
    }
    if recording.status != "in-progress":
        facts["RecordingDuration"] = recording.duration
    if recording.status == "absent":
        facts["ErrorCode"] = "16102"
    return facts

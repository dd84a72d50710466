"""<Record>: a message after the beep, ended by a key, silence, its length, or a hang-up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from integrations.gateway.audio import BYTES_PER_SECOND, beep, duration_seconds
from integrations.gateway.documents import Record
from integrations.gateway.frames import FRAME_SECONDS, trim_silence
from integrations.gateway.leg import HungUp, Interrupted
from integrations.gateway.recordings import Recording, new_recording_sid
from integrations.gateway.talk import Goto, Talk

HANG_UP = "hangup"


async def perform_record(verb: Record, talk: Talk) -> Goto | None:
    """What was said goes to the action; nothing said goes on with the next verb."""
    leg = talk.leg
    leg.clear_digits()
    if verb.play_beep:
        await leg.play(beep())
    leg.clear_digits()
    sid, started_at = new_recording_sid(), datetime.now(UTC)
    leg.notice({"type": "recording", "max": verb.max_length})
    leg.start_record()
    _report(verb, talk, "in-progress", {"RecordingSid": sid})
    try:
        ended_by = await _until_ended(verb, talk)
    except HungUp:
        recording = _keep(verb, talk, sid, started_at)
        if recording.seconds:
            # The caller is gone, so whatever document this asks for has nobody to hear it.
            await talk.notify(verb.action, verb.method, _facts(talk, recording) | {"Digits": HANG_UP})
        raise
    except Interrupted:
        _keep(verb, talk, sid, started_at)
        raise
    recording = _keep(verb, talk, sid, started_at)
    if not recording.seconds:
        return None
    return Goto(verb.action, verb.method, _facts(talk, recording) | ({"Digits": ended_by} if ended_by else {}))


async def _until_ended(verb: Record, talk: Talk) -> str:
    """The key that ended it, "" for silence or length."""
    leg = talk.leg
    while True:
        wait = min(verb.max_length - leg.recorded_seconds(), verb.timeout - leg.silent_seconds())
        if wait < FRAME_SECONDS:
            return ""
        digit = await leg.next_digit(wait)
        if digit is not None and digit in verb.finish_on_key:
            return digit


def _keep(verb: Record, talk: Talk, sid: str, started_at: datetime) -> Recording:
    pcm = talk.leg.stop_record()[: verb.max_length * BYTES_PER_SECOND]
    if verb.trim:
        pcm = trim_silence(pcm)
    recording = talk.recordings.keep(sid, talk.sid, pcm, started_at, datetime.now(UTC))
    talk.leg.notice({"type": "recorded", "seconds": round(duration_seconds(pcm), 1)})
    _report(verb, talk, recording.status, _facts(talk, recording))
    return recording


def _facts(talk: Talk, recording: Recording) -> dict[str, str]:
    return {
        "RecordingSid": recording.sid,
        "RecordingUrl": talk.recording_url(recording.sid),
        "RecordingDuration": recording.duration,
    }


def _report(verb: Record, talk: Talk, status: str, facts: Mapping[str, str]) -> None:
    if not verb.callback or status not in verb.callback_events:
        return
    parameters = {**facts, "RecordingStatus": status, "RecordingChannels": "1", "RecordingSource": "RecordVerb"}
    talk.deliver(verb.callback, verb.callback_method, parameters)

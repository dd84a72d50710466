"""Recordings on disk: a WAV file and its facts beside it, one pair for each RecordingSid.

A message is written whole; a talk grows as it goes (`live_wav`), with its facts written first and again at its end.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from integrations.gateway.audio import duration_seconds, wav_bytes
from integrations.gateway.live_wav import LiveWav, finish_file

_SID = re.compile(r"RE[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording's facts. Times are aware UTC.

    status is in-progress, paused, completed or absent (there is nothing to hear); track is both, inbound (what the
    telephone said) or outbound.
    """

    sid: str
    call_sid: str
    status: str
    seconds: float
    started_at: datetime
    ended_at: datetime
    channels: int = 1
    source: str = "RecordVerb"
    track: str = "inbound"

    @property
    def is_over(self) -> bool:
        return self.status in ("completed", "absent")

    @property
    def duration(self) -> str:
        """Whole seconds, as the carrier writes them: at least 1 for anything heard."""
        return str(max(round(self.seconds), 1)) if self.seconds else "0"


def new_recording_sid() -> str:
    return "RE" + secrets.token_hex(16)


class RecordingStore:
    """Keeps recordings in a folder that only this user can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, sid: str, call_sid: str, pcm: bytes, started_at: datetime, ended_at: datetime) -> Recording:
        """Write the sound, then the facts: facts without sound never exist, except for an absent recording."""
        status = "completed" if pcm else "absent"
        recording = Recording(sid, call_sid, status, duration_seconds(pcm), started_at, ended_at)
        if pcm:
            self._write(f"{sid}.wav", wav_bytes(pcm))
        self.note(recording)
        return recording

    def begin(self, recording: Recording) -> LiveWav:
        """Start a recording that is written as it goes."""
        self.note(recording)
        return LiveWav(self._live(recording.sid), recording.channels)

    def finish(self, recording: Recording, ended_at: datetime) -> Recording:
        """What a live recording has become: whole and at rest, also when the gateway that wrote it was killed."""
        seconds = finish_file(self._live(recording.sid), self._folder / f"{recording.sid}.wav", recording.channels)
        status = "completed" if seconds else "absent"
        finished = replace(recording, status=status, seconds=seconds, ended_at=ended_at)
        self.note(finished)
        return finished

    def note(self, recording: Recording) -> None:
        """Write the facts down."""
        times = {"started_at": recording.started_at.isoformat(), "ended_at": recording.ended_at.isoformat()}
        self._write(f"{recording.sid}.json", json.dumps(asdict(recording) | times).encode())

    def find(self, sid: str) -> Recording | None:
        """The facts, None for an unknown or malformed id."""
        if not _SID.fullmatch(sid):
            return None
        try:
            facts = json.loads((self._folder / f"{sid}.json").read_bytes())
            times = {name: datetime.fromisoformat(facts[name]) for name in ("started_at", "ended_at")}
            return Recording(**{**facts, **times})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def sound(self, sid: str) -> Path | None:
        """The WAV file, None when there is none."""
        path = self._folder / f"{sid}.wav"
        return path if _SID.fullmatch(sid) and path.is_file() else None

    def of_call(self, call_sid: str | None) -> list[Recording]:
        """The recordings of a call, or of all calls for None; newest first."""
        found = [recording for path in self._folder.glob("RE*.json") if (recording := self.find(path.stem))]
        wanted = [recording for recording in found if call_sid in (None, recording.call_sid)]
        return sorted(wanted, key=lambda recording: recording.started_at, reverse=True)

    def remove(self, sid: str) -> bool:
        """Forget a recording; True when there was one."""
        if not _SID.fullmatch(sid):
            return False
        was_there = (self._folder / f"{sid}.json").exists()
        for ending in ("json", "wav", "live"):
            (self._folder / f"{sid}.{ending}").unlink(missing_ok=True)
        return was_there

    def _live(self, sid: str) -> Path:
        return self._folder / f"{sid}.live"

    def _write(self, name: str, content: bytes) -> None:
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / name)
        finally:
            draft.unlink(missing_ok=True)

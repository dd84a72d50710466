"""The process that turns messages into words. Any number may run, any may die: what one leaves another takes up.

It takes waiting rows itself, under a lease that it renews while it is at one; nobody has to wake it. Everything else
of a message goes on without it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from integrations.errors import IntegrationError
from integrations.heartbeats import BEAT_SECONDS, TRANSCRIBER, Pulse
from integrations.services import Services
from integrations.transcriber.model_folder import HOW_TO_BRING_ONE
from integrations.transcriber.transcriber import LONGEST_SECONDS, Transcriber
from integrations.transcriber.transcription import Transcription
from integrations.transcriber.wav_reader import BadWav, WavFile
from voicemail import transcripts
from voicemail.transcripts import LEASE, Claim

log = structlog.get_logger(__name__)
# Nobody waits for the words by the second.
LOOK_SECONDS = 1.0
REST_SECONDS = 2.0
HOLD_SECONDS = min(BEAT_SECONDS, LEASE.total_seconds() / 4)
# Even a large model on a slow machine needs no more than twice the length of the sound, once it is loaded.
LEAST_SECONDS, SECONDS_A_SECOND = 180.0, 2.0
# What a process left on this disk that was killed.
OLD_DRAFT_SECONDS = LEAST_SECONDS + SECONDS_A_SECOND * LONGEST_SECONDS
DATABASE_AWAY = (psycopg.OperationalError, PoolTimeout)


class Transcribing:
    """`step` once, or `run` until told to stop; as many rows at once as the transcriber has processes."""

    def __init__(self, services: Services, transcriber: Transcriber, hold_seconds: float = HOLD_SECONDS) -> None:
        self._services = services
        self._transcriber = transcriber
        self._hold_seconds = hold_seconds
        self._held: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; a file that is not done by then waits for whoever comes next."""
        self._stop = stop
        _forget_old_drafts(self._services)
        self._take_up_those_without_a_model()
        threads = [threading.Thread(target=self._work, args=(stop,)) for _ in range(self._transcriber.processes)]
        for thread in threads:
            thread.start()
        log.info("transcriber_ready", model=self._transcriber.model_name, processes=len(threads))
        pulse = Pulse(self._services.live_store, TRANSCRIBER)
        pulse.beat()
        while not stop.wait(self._hold_seconds):
            self._hold()
            pulse.beat()
        pulse.stop()
        self._transcriber.close()
        for thread in threads:
            thread.join()

    def step(self) -> bool:
        """One waiting row, if there is one; False when there is none."""
        claim = transcripts.claim_next(self._services, self._services.now())
        if claim is None:
            return False
        with self._lock:
            self._held.add(claim.recording_sid)
        try:
            self._do(claim)
        finally:
            with self._lock:
                self._held.discard(claim.recording_sid)
        return True

    def _work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                if not self.step():
                    stop.wait(LOOK_SECONDS)
            except DATABASE_AWAY as error:
                log.error("transcriber_without_database", error=type(error).__name__)
                stop.wait(REST_SECONDS)
            except Exception:
                # One bad row must not stop those of everybody.
                log.exception("transcriber_round_failed")
                stop.wait(REST_SECONDS)

    def _do(self, claim: Claim) -> None:
        services, sid = self._services, claim.recording_sid
        if not self._transcriber.is_available:
            transcripts.note_no_model(services, sid, services.now())
            return
        try:
            transcription = self._transcribe(claim)
        except IntegrationError as error:
            if self._stop.is_set():
                # Not its fault: whoever comes next need not wait for the lease.
                transcripts.hold(services, [sid], services.now() - LEASE)
                return
            log.warning("not_transcribed", recording=sid, reason=str(error), permanent=error.permanent)
            reason = f"{type(error).__name__}: {error}"
            transcripts.note_failed(services, sid, reason, services.now(), permanent=error.permanent)
        else:
            model = self._transcriber.model_name
            transcripts.note_done(services, sid, transcription, model, services.now())
            log.info("transcribed", recording=sid, seconds=transcription.seconds, words=len(transcription.words))

    def _transcribe(self, claim: Claim) -> Transcription:
        with tempfile.TemporaryDirectory(dir=_drafts(self._services)) as folder:
            path = Path(folder) / "message.wav"
            with self._services.storage.open(claim.storage_key) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)
            return self._transcriber.transcribe(path, _patience(path))

    def _hold(self) -> None:
        with self._lock:
            held = list(self._held)
        if not held:
            return
        try:
            transcripts.hold(self._services, held, self._services.now())
        except DATABASE_AWAY as error:
            log.error("leases_not_renewed", count=len(held), error=type(error).__name__)

    def _take_up_those_without_a_model(self) -> None:
        """Left without words while there was no model."""
        if not self._transcriber.is_available:
            return
        try:
            if count := transcripts.wait_again(self._services):
                log.info("transcripts_taken_up", count=count)
        except DATABASE_AWAY as error:
            log.error("transcriber_without_database", error=type(error).__name__)


def run_transcriber(services: Services, stop: threading.Event) -> None:
    """Serve until `stop`; without a model every row is marked so, and whoever looks is told how to bring one."""
    transcriber = Transcriber.build(services.settings)
    if not transcriber.is_available and sys.stdout.isatty():
        # `run` says it in its summary.
        print(HOW_TO_BRING_ONE)
    Transcribing(services, transcriber).run(stop)


def _patience(path: Path) -> float:
    """Seconds that a file may take."""
    try:
        with WavFile(path) as wav:
            return LEAST_SECONDS + SECONDS_A_SECOND * min(wav.seconds, LONGEST_SECONDS)
    except BadWav:
        # Refused where it is read.
        return LEAST_SECONDS


def _drafts(services: Services) -> Path:
    folder = services.settings.var_dir / "transcribing"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _forget_old_drafts(services: Services) -> None:
    """Another process may be at work beside this one: only what nobody can still need."""
    for folder in _drafts(services).iterdir():
        try:
            is_old = folder.stat().st_mtime < time.time() - OLD_DRAFT_SECONDS
        except FileNotFoundError:
            continue
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)

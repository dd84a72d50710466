"""Listening to a talk, or to what a dissatisfied caller said about it: for supervisors of the centre, never unseen."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import structlog
from flask import Blueprint, Response, request
from werkzeug.wsgi import FileWrapper

from dashboards.console.api import json_roles
from dashboards.console.errors import NO_SUCH_OFFER, Refused
from dashboards.console.look_ups import COMMENT_HEARD, RECORDING_HEARD, SAME_LISTENING, LookUp, note_look_ups
from dashboards.console.message_words import ON_ITS_WAY, READY, sound_sentence, sound_state
from dashboards.sign_in import centres_in_scope, signed_in
from dashboards.staff_area import SETS_DUTY
from ivr.service import Line

log = structlog.get_logger(__name__)
SOUND = "audio/wav"
NO_COMMENT = "来电人没有留下录音说明。"
NOT_KEPT = "这次通话没有录音，或者录音还在路上，请过几分钟再听。"

# The centre that the caller belongs to, and that of the consultant, who may have helped out.
_TALK = """
SELECT o.centre, a.centre, t.storage_key, t.stored_at FROM offer o JOIN agent a ON a.id = o.agent_id
LEFT JOIN talk_recording t ON t.offer_id = o.id WHERE o.id = %s
"""
# The take that counts, which need not be the first that was told.
_COMMENT = """
SELECT w.centre, coalesce(r.recording_sid, w.comment_sid), r.status, r.storage_key, r.deleted_at, r.error
FROM work_order w LEFT JOIN LATERAL (
    SELECT t.* FROM message m JOIN message_recording t ON t.message_id = m.id AND NOT t.is_superseded
    WHERE m.case_id = w.id AND m.kind = 'comment' ORDER BY t.started_at DESC LIMIT 1
) r ON true
WHERE w.id = %s AND w.kind = 'low_rating'
"""


class Recordings:
    """Sound from the storage, in parts when the browser asks for parts."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._services = line.services

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        bp.get("/console/recordings/<offer_id>", endpoint="recording")(json_roles(*SETS_DUTY)(self.talk))
        bp.get("/console/cases/<int(max=2147483647):case_id>/comment", endpoint="comment")(
            json_roles(*SETS_DUTY)(self.comment)
        )

    def talk(self, offer_id: str) -> Response:
        """The recording of a talk."""
        centre, key = self._find(offer_id)
        sound = self._services.storage.open(key)
        try:
            self._note(RECORDING_HEARD, centre, f"offer {offer_id}")
        except Exception:
            sound.close()
            raise
        return in_parts(sound)

    def comment(self, case_id: int) -> Response:
        """What the caller said about the talk: from our storage, or from the carrier while it is only there."""
        with self._services.database.pool.connection() as connection:
            row: Any = connection.execute(_COMMENT, (case_id,)).fetchone()
        if row is None:
            raise Refused(404, "没有这一条。")
        centre, sid, status, key, deleted_at, error = row
        self._require_centres(centre)
        if sid is None:
            raise Refused(404, NO_COMMENT)
        state = ON_ITS_WAY if status is None else sound_state(status, key is not None, deleted_at is not None)
        if state not in (READY, ON_ITS_WAY):
            raise Refused(410, sound_sentence(state, error))
        self._note(COMMENT_HEARD, centre, f"work_order {case_id}")
        return in_parts(self._services.storage.open(key) if state == READY else self._from_carrier(sid))

    def _from_carrier(self, recording_sid: str) -> BinaryIO:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "comment.wav"
            self._services.carrier.fetch_recording(recording_sid, path)
            # Open, it outlives its folder.
            return path.open("rb")

    def _find(self, offer_id: str) -> tuple[str, str]:
        with self._services.database.pool.connection() as connection:
            # No id of ours has a NUL, which the database would not take.
            row: Any = connection.execute(_TALK, (offer_id.replace("\x00", "?"),)).fetchone()
        if row is None:
            raise Refused(404, NO_SUCH_OFFER)
        of_caller, of_agent, key, stored_at = row
        self._require_centres(of_caller, of_agent)
        if key is None or stored_at is None:
            raise Refused(404, NOT_KEPT)
        return of_caller, key

    def _require_centres(self, *centres: str) -> None:
        scope = centres_in_scope(signed_in(), self._line.keeper.library().centres)
        if not set(centres) & set(scope):
            raise Refused(403, "这是别的中心的来电。")

    def _note(self, action: str, centre: str, subject: str) -> None:
        now, heard = self._services.now(), LookUp(signed_in().username, centre, subject)
        with self._services.database.pool.connection() as connection:
            note_look_ups(connection, action, [heard], now, now - SAME_LISTENING)


def in_parts(sound: BinaryIO) -> Response:
    """A sound to stream, which closes when it was sent; the part alone that the browser asks for."""
    size = sound.seek(0, io.SEEK_END)
    sound.seek(0)
    response = Response(FileWrapper(sound), mimetype=SOUND, direct_passthrough=True)
    response.content_length = size
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    return response

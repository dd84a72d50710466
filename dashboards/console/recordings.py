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
_COMMENT = "SELECT centre, comment_sid FROM work_order WHERE id = %s AND kind = 'low_rating'"


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
        return _in_parts(sound)

    def comment(self, case_id: int) -> Response:
        """What the caller said about the talk, which the carrier keeps."""
        with self._services.database.pool.connection() as connection:
            row: Any = connection.execute(_COMMENT, (case_id,)).fetchone()
        if row is None:
            raise Refused(404, "没有这一条。")
        self._require_centres(row[0])
        if row[1] is None:
            raise Refused(404, NO_COMMENT)
        self._note(COMMENT_HEARD, row[0], f"work_order {case_id}")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "comment.wav"
            self._services.carrier.fetch_recording(row[1], path)
            # Open, it outlives its folder.
            return _in_parts(path.open("rb"))

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


def _in_parts(sound: BinaryIO) -> Response:
    size = sound.seek(0, io.SEEK_END)
    sound.seek(0)
    response = Response(FileWrapper(sound), mimetype=SOUND, direct_passthrough=True)
    response.content_length = size
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    return response

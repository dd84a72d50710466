"""A message's voice in the browser: streamed to those whose case it is, never unheard-of, and its words beside it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from psycopg import Connection

from dashboards.audit import enter_audit
from dashboards.console.api import json_body, json_roles
from dashboards.console.case_doers import doer_of
from dashboards.console.case_list import standing_of
from dashboards.console.case_scope import SEES_REPORTS, reader_of
from dashboards.console.errors import Refused
from dashboards.console.message_sound_rows import Voice, note_heard, note_read, read_voice
from dashboards.console.message_words import (
    ON_ITS_WAY,
    READY,
    has_long_number,
    shown_words,
    sound_sentence,
    sound_state,
    transcript_sentence,
    without_long_numbers,
)
from dashboards.console.recordings import in_parts
from dashboards.models import CONSULTANT, ROLES
from dashboards.sign_in import centres_in_scope, signed_in
from dashboards.staff import StaffMember
from ivr.service import Line
from voicemail.case_desk import LONGEST_CORRECTION, CaseDesk
from voicemail.case_rows import acts_for
from voicemail.work_order import LOW_RATING, REPORT

# Of a message: what was said about a talk, which is not for whoever talked.
COMMENT = "comment"
NO_SUCH_MESSAGE = "没有这段留言，页面马上更新。"
NOT_THEIRS = "这是别的中心的留言。"
NOT_FOR_ALL = "举报和对通话的意见要保密，只有负责这一件的人、值班长和省级能听能看。"
NOT_THEIRS_TO_CORRECT = "由办这一件的人和值班长来改文字。"
NOTHING_TO_CORRECT = "请写下听到的话。"
TOO_LONG = f"最多{LONGEST_CORRECTION}个字。"
HAS_NUMBER = "不能保存完整的身份证号、社保卡号或银行卡号，请只写后四位，再保存。"
SAVED = "改好了，原来识别的文字还在。"
_SID = "<recording_sid>"


class MessageSounds:
    """The addresses of one message's voice: /console/messages/<recording sid>/sound, /data and /correct."""

    def __init__(self, line: Line, desk: CaseDesk) -> None:
        self._line = line
        self._desk = desk

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        for name, look in {"sound": self.sound, "data": self.data}.items():
            bp.get(f"/console/messages/{_SID}/{name}", endpoint=f"message_{name}")(json_roles(*ROLES)(look))
        bp.post(f"/console/messages/{_SID}/correct", endpoint="message_correct")(json_roles(*ROLES)(self.correct))

    def sound(self, recording_sid: str) -> Response:
        """The voice, in parts when the browser asks for parts. Listening leaves a trace and stops no clock."""
        voice, member, services = self._find(recording_sid), signed_in(), self._line.services
        state = state_of(voice)
        if state != READY or voice.storage_key is None:
            # Of what is gone for good nobody need ask again.
            raise Refused(409 if state == ON_ITS_WAY else 410, sound_sentence(state, voice.error))
        sound = services.storage.open(voice.storage_key)
        try:
            with services.database.pool.connection() as connection:
                note_heard(connection, voice, member.username, services.now())
        except Exception:
            sound.close()
            raise
        return in_parts(sound)

    def data(self, recording_sid: str) -> Response:
        """Everything the player shows, but for the sound itself."""
        voice, member, services = self._find(recording_sid), signed_in(), self._line.services
        with services.database.pool.connection() as connection:
            note_read(connection, voice, member.username, services.now())
        return jsonify(voice_json(voice, self._may_correct(voice, member)))

    def correct(self, recording_sid: str) -> Response:
        """What somebody heard, in place of what the recogniser understood. Raises Refused."""
        voice, member = self._find(recording_sid), signed_in()
        if not self._may_correct(voice, member):
            raise Refused(403, NOT_THEIRS_TO_CORRECT)
        self._desk.correct(recording_sid, read_correction(json_body().get("text")), doer_of(member))
        services = self._line.services
        with services.database.pool.connection() as connection:
            subject = f"message {recording_sid}"
            enter_audit(connection, services.now(), member.username, "message_corrected", voice.centre, subject)
        return jsonify({"ok": True, "said": SAVED, **voice_json(self._find(voice.recording_sid), True)})

    def _find(self, recording_sid: str) -> Voice:
        member, services = signed_in(), self._line.services
        with services.database.pool.connection() as connection:
            voice = read_voice(connection, recording_sid)
            may_hear = voice is not None and self._may_hear(connection, voice, member)
        if voice is None:
            raise Refused(404, NO_SUCH_MESSAGE)
        if voice.centre not in centres_in_scope(member, self._line.keeper.library().centres):
            raise Refused(403, NOT_THEIRS)
        if not may_hear:
            raise Refused(403, NOT_FOR_ALL)
        return voice

    def _may_hear(self, connection: Connection[Any], voice: Voice, member: StaffMember) -> bool:
        is_report = voice.case_kind == REPORT
        is_comment = voice.message_kind == COMMENT or voice.case_kind == LOW_RATING
        if (not is_report or member.role in SEES_REPORTS) and (not is_comment or member.role != CONSULTANT):
            return True
        return acts_for(connection, member.agent_id, voice.owner_id, self._line.services.now())

    def _may_correct(self, voice: Voice, member: StaffMember) -> bool:
        """Whoever may do something about the case: not those who only watch."""
        services, scope = self._line.services, centres_in_scope(member, self._line.keeper.library().centres)
        with services.database.pool.connection() as connection:
            reader = reader_of(connection, member, scope, services.now())
        row = {"centre": voice.centre, "owner_id": voice.owner_id}
        return standing_of(reader, row).acts_on(row)


def state_of(voice: Voice) -> str:
    """Whether the voice can be heard, see `sound_state`."""
    return sound_state(voice.status, voice.storage_key is not None, voice.deleted_at is not None)


def read_correction(text: object) -> str:
    """The text in a request. Raises Refused (422): empty, too long, or with a number that nobody may keep."""
    if not isinstance(text, str) or not (written := text.replace("\x00", "").strip()):
        raise Refused(422, NOTHING_TO_CORRECT)
    if len(written) > LONGEST_CORRECTION:
        raise Refused(422, TOO_LONG)
    if has_long_number(written):
        raise Refused(422, HAS_NUMBER)
    return written


def voice_json(voice: Voice, may_correct: bool) -> dict[str, Any]:
    """A message as the player shows it. Peaks are 0 to 255, words are [word, start, end, confidence]."""
    state = state_of(voice)
    return {
        "recording_sid": voice.recording_sid,
        "message_id": voice.message_id,
        "case_id": voice.case_id,
        "at": voice.begun_at.isoformat(),
        "src": f"/console/messages/{voice.recording_sid}/sound" if state == READY else "",
        "state": state,
        "sentence": sound_sentence(state, voice.error),
        "seconds": voice.seconds,
        "peaks": list(voice.peaks or b""),
        "transcript": {
            "status": voice.transcript_status,
            "sentence": transcript_sentence(voice.transcript_status, voice.said),
            "confidence": voice.confidence,
        },
        "words": shown_words(voice.words),
        "text": without_long_numbers(voice.said or ""),
        "corrected": _corrected(voice),
        "can_correct": may_correct,
    }


def _corrected(voice: Voice) -> dict[str, Any] | None:
    if voice.corrected_text is None or voice.corrected_at is None:
        return None
    by = voice.corrected_name or voice.corrected_by or ""
    return {"text": without_long_numbers(voice.corrected_text), "by": by, "at": voice.corrected_at.isoformat()}

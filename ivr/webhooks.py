"""What the carrier calls: check, translate, delegate, render. Every answer is valid TwiML with status 200.

The only other answers are 403 for a request that the carrier did not sign, and 204 where no document is due.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from io import BytesIO
from typing import Any

import psycopg
import structlog
from flask import Blueprint, Response, abort, request, send_file
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from integrations.errors import HotlineError
from integrations.telephony.signature import SignatureCheck
from integrations.telephony.urls import DIALLED, RECORDED, CarrierUrls
from ivr.call_status import is_final
from ivr.counters import FORGED, OUTAGES, STEP_SECONDS
from ivr.events import DialEnded, Event, KeysPressed, Recorded, Recovered, Silence
from ivr.moment import Moment
from ivr.music import music_wav
from ivr.outage import ENDED, PICKED_UP, RANG, TURNED_AWAY
from ivr.ring import Ring
from ivr.service import Line, MakeEvent
from ivr.twiml import apology
from queueing.centre import PROVINCE

log = structlog.get_logger(__name__)
# While the database is away: say so and come back, three times in about half a minute, then a goodbye.
OUTAGE_TRIES = 3
DATABASE_AWAY = (psycopg.Error, PoolTimeout)
# Twilio's are CA and 32 hex digits; compatible engines use UUIDs.
_CALL_SID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PUSH = re.compile(r"/ivr/(connect|after)\?(?:[^#]*&)?offer=(\w{1,24})")
# What the carrier tells of a talk or a recording, and does not tell again.
TOLD_ONCE = ("n", "e", "call", "offer", "k", "DialCallStatus", "RecordingSid", "RecordingDuration")
View = Callable[[], Response]


class UnknownCall(HotlineError):
    """A signed request that names no call."""


def ivr_blueprint(line: Line) -> Blueprint:
    """The carrier's addresses: incoming, step, status, fallback, desk."""
    settings = line.services.settings
    check = SignatureCheck(settings.carrier_auth_token, settings.public_base_url)
    blueprint = Blueprint("ivr", __name__, url_prefix="/ivr")

    def webhook(path: str, answer_to_outage: Callable[[Line], Response]) -> Callable[[View], View]:
        def register(view: View) -> View:
            guarded = _guarded(view, line, check, answer_to_outage)
            blueprint.post(path)(guarded)
            return guarded

        return register

    @webhook("/incoming", _apologise)
    def incoming() -> Response:
        return _twiml(line.answer(_ring()))

    @webhook("/step", _apologise)
    def step() -> Response:
        return _twiml(line.step(_ring(), _turn(request.args.get("n")), _event_of_step()))

    @webhook("/fallback", _apologise)
    def fallback() -> Response:
        """A webhook of ours failed: the carrier says which, and the call goes on from there."""
        log.warning("carrier_fell_back", call_sid=_sid(), code=request.form.get("ErrorCode", ""))
        if push := _failed_push():
            # Nobody would ask for it again.
            path, offer = push
            return _twiml((line.talks.connect if path == "connect" else line.talks.after)(_ring(), offer))
        turn = _failed_turn()
        return _twiml(line.recover(_ring()) if turn is None else line.step(_ring(), turn, Recovered))

    @webhook("/status", _remember_the_end)
    def status() -> Response:
        sequence = request.form.get("SequenceNumber", "")
        line.note_status(_ring(), int(sequence) if sequence.isdigit() else None)
        return Response(status=204)

    @webhook("/connect", _apologise)
    def connect() -> Response:
        """A consultant has accepted: the caller's call was sent here from wherever it was."""
        return _twiml(line.talks.connect(_ring(), _offer()))

    @webhook("/after", _apologise)
    def after() -> Response:
        """The consultant has left the talk: the caller's call was sent here out of it."""
        return _twiml(line.talks.after(_ring(), _offer()))

    @webhook("/agent", _hang_up)
    def agent() -> Response:
        """A consultant's telephone was answered."""
        pressed = request.form.get("Digits") if request.args.get("k") else None
        return _twiml(line.talks.agent(_offer(), _sid(), pressed))

    @webhook("/hold", _hang_up)
    def hold() -> Response:
        """What a caller on hold hears."""
        return _twiml(line.talks.hold())

    @blueprint.get("/music.wav")
    def music() -> Response:
        """What callers hear while they wait."""
        return send_file(BytesIO(music_wav()), mimetype="audio/wav", max_age=86400)

    music.guarded_by = "public"  # type: ignore[attr-defined]

    @blueprint.get("/audio/<prompt_id>.wav")
    def audio(prompt_id: str) -> Response:
        """A prompt as a person recorded it."""
        path = line.keeper.library().audio.get(prompt_id)
        if path is None:
            abort(404)
        return send_file(path, mimetype="audio/wav", conditional=True, max_age=300)

    # The same words for everybody, and nothing about anybody.
    audio.guarded_by = "public"  # type: ignore[attr-defined]

    @webhook("/desk", _remember_the_desk)
    def desk() -> Response:
        """The desk telephone: only that somebody picked up counts, also when the caller hangs up first."""
        if _is_picked_up():
            line.note_desk_answer(request.args.get("call", ""))
        return Response(status=204)

    return blueprint


def _guarded(view: View, line: Line, check: SignatureCheck, answer_to_outage: Callable[[Line], Response]) -> View:
    """Signed by the carrier, timed, and never an error page: a caller must always hear something."""

    @wraps(view)
    def guarded() -> Response:
        started = time.perf_counter()
        if not check.is_genuine(request):
            FORGED.inc()
            log.warning("unsigned_request", path=request.path)
            abort(403)
        try:
            return view()
        except HTTPException:
            raise
        except UnknownCall as error:
            log.error("webhook_without_a_call", error_id=error.error_id, path=request.path, reason=error.detail)
            return _twiml(apology(line.keeper.library().flow(PROVINCE).prompts["failure_all"].text, None))
        except DATABASE_AWAY as error:
            OUTAGES.labels(request.path.rpartition("/")[2]).inc()
            log.error("database_away", path=request.path, error=type(error).__name__, call_sid=_sid())
            return answer_to_outage(line)
        except Exception as error:
            trouble = error if isinstance(error, HotlineError) else HotlineError(type(error).__name__)
            log.exception("webhook_failed", error_id=trouble.error_id, path=request.path, call_sid=_sid())
            return answer_to_outage(line)
        finally:
            STEP_SECONDS.observe(time.perf_counter() - started)

    guarded.guarded_by = "carrier signature"  # type: ignore[attr-defined]
    return guarded


def _apologise(line: Line) -> Response:
    """Say that something is wrong and come back to the same place; after that the truth and a goodbye."""
    attempt = _attempt() + 1
    prompts = line.keeper.library().flow(PROVINCE).prompts
    if request.path.endswith("/incoming") and attempt == 1:
        _remember(line, RANG)
    if attempt > OUTAGE_TRIES:
        _remember(line, TURNED_AWAY)
        return _twiml(apology(prompts["failure_all"].text, None))
    return _twiml(apology(prompts["failure"].text, _come_back(line.urls, attempt)))


def _come_back(urls: CarrierUrls, attempt: int) -> str:
    """The same place again, with what the carrier told us of a talk or a recording, which it tells only once."""
    turn = _failed_turn() if request.path.endswith("/fallback") else None
    if turn is not None:
        return urls.retry("/ivr/step", {"n": str(turn)}, attempt)
    told = {name: request.values[name] for name in TOLD_ONCE if name in request.values}
    return urls.retry(request.path, told, attempt)


def _failed_push() -> tuple[str, str] | None:
    """The push that failed, connect or after, and its offer."""
    found = _PUSH.search(request.form.get("ErrorUrl", ""))
    return (found[1], found[2]) if found else None


def _failed_turn() -> int | None:
    """The turn of the step that failed, by the fallback request's own word; None when it names none."""
    failed = request.form.get("ErrorUrl", "")
    if "/ivr/step" not in failed:
        return None
    return _turn(failed.partition("n=")[2].partition("&")[0])


def _hang_up(line: Line) -> Response:
    """Nobody to apologise to: a consultant's telephone, or a caller who is on hold and stays there."""
    return _twiml(apology(line.keeper.library().flow(PROVINCE).prompts["agent_too_late"].text, None))


def _remember_the_end(line: Line) -> Response:
    if is_final(request.form.get("CallStatus", "")):
        _remember(line, ENDED)
    return Response(status=204)


def _remember_the_desk(line: Line) -> Response:
    if _is_picked_up():
        _remember(line, PICKED_UP, call_sid=request.args.get("call", ""))
    return Response(status=204)


def _is_picked_up() -> bool:
    # Completed: of a leg that was answered; one that was not ends as busy, no-answer or failed.
    return request.form.get("CallStatus") in ("in-progress", "answered", "completed")


def _remember(line: Line, kind: str, call_sid: str = "") -> None:
    try:
        line.missed.remember(kind, replace(_ring(), call_sid=call_sid or _sid()))
    except OSError:
        log.exception("outage_journal_not_written", call_sid=_sid())


def _ring() -> Ring:
    form = request.form
    return Ring(
        call_sid=_sid(),
        caller=form.get("From", ""),
        dialled=form.get("To", ""),
        status=form.get("CallStatus", "") or ("ringing" if not request.path.endswith("/status") else ""),
        direction=form.get("Direction", "inbound"),
    )


def _sid() -> str:
    """The call's id. Raises UnknownCall without a usable one, since nothing can be kept of such a request."""
    sid = request.form.get("CallSid", "")
    if not _CALL_SID.fullmatch(sid):
        raise UnknownCall(f"CallSid {sid[:70]!r}")
    return sid


def _offer() -> str:
    return request.args.get("offer", "")[:24]


def _turn(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 7 else 0


def _attempt() -> int:
    return min(_turn(request.args.get("try")), OUTAGE_TRIES)


def _event_of_step() -> MakeEvent:
    """How the document of the step ended, in the engine's words."""
    form, told, ended_by = request.form, request.values, request.args.get("e", "")
    if ended_by == DIALLED and "DialCallStatus" in told:
        return _with(DialEnded, told["DialCallStatus"])
    if ended_by == RECORDED and "RecordingSid" in told:
        seconds = told.get("RecordingDuration", "0")
        hung_up = form.get("Digits") == "hangup"
        return _with(Recorded, told["RecordingSid"], int(seconds) if seconds.isdigit() else 0, hung_up)
    if _attempt():
        # We had to ask the carrier to come again; whatever was pressed then is gone.
        return Recovered
    digits = form.get("Digits", "")
    return _with(KeysPressed, digits[:64]) if digits else Silence


def _with(kind: Any, *values: Any) -> MakeEvent:
    def make(at: datetime, moment: Moment) -> Event:
        event: Event = kind(at, moment, *values)
        return event

    return make


def _twiml(document: str) -> Response:
    return Response(document, content_type="text/xml; charset=utf-8")

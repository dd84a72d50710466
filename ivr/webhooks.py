"""What the carrier calls: check, translate, delegate, render. Every answer is valid TwiML with status 200.

The only other answers are 403 for a request that the carrier did not sign, and 204 where no document is due.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from io import BytesIO
from typing import BinaryIO

import psycopg
import structlog
from flask import Blueprint, Response, abort, request, send_file
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from integrations.errors import HotlineError, IntegrationError
from integrations.telephony.signature import SignatureCheck
from integrations.telephony.urls import CarrierUrls
from ivr.call_status import is_final
from ivr.carrier_form import (
    OUTAGE_TRIES,
    UnknownCall,
    attempt_id,
    call_sid,
    event_of_step,
    failed_address,
    failed_turn,
    is_machine,
    offer_id,
    ring_of_request,
    tries,
    turn_of,
)
from ivr.counters import FORGED, OUTAGES, STEP_SECONDS
from ivr.events import Recovered
from ivr.message_actions import messages_of
from ivr.music import music_wav
from ivr.outage import ENDED, PICKED_UP, RANG, TURNED_AWAY
from ivr.service import Line
from ivr.takes import message_of_token
from ivr.twiml import apology
from queueing.centre import PROVINCE

log = structlog.get_logger(__name__)
DATABASE_AWAY = (psycopg.Error, PoolTimeout)
# What the carrier tells of a talk, a callback or a recording, and does not tell again.
OF_THE_ADDRESS = ("n", "e", "call", "offer", "k", "attempt", "machine")
TOLD_ONCE = (*OF_THE_ADDRESS, "DialCallStatus", "RecordingSid", "RecordingDuration")
# Nobody would ask for these again, should the carrier have come to the fallback address instead.
PUSHES = ("/ivr/connect", "/ivr/after", "/ivr/callback")
View = Callable[[], Response]


def ivr_blueprint(line: Line) -> Blueprint:
    """The carrier's addresses: incoming, step, status, fallback, desk, and those that a call is sent to."""
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
        return _twiml(line.answer(ring_of_request()))

    @webhook("/step", _apologise)
    def step() -> Response:
        return _twiml(line.step(ring_of_request(), turn_of(request.args.get("n")), event_of_step()))

    @webhook("/fallback", _apologise)
    def fallback() -> Response:
        """A webhook of ours failed: the carrier says which, and the call goes on from there."""
        log.warning("carrier_fell_back", call_sid=call_sid(), code=request.form.get("ErrorCode", ""))
        if push := _failed_push(line):
            return _twiml(push)
        turn = failed_turn()
        ring = ring_of_request()
        return _twiml(line.recover(ring) if turn is None else line.step(ring, turn, Recovered))

    @webhook("/status", _remember_the_end)
    def status() -> Response:
        sequence = request.form.get("SequenceNumber", "")
        line.note_status(ring_of_request(), int(sequence) if sequence.isdigit() else None)
        return Response(status=204)

    @webhook("/connect", _apologise)
    def connect() -> Response:
        """A consultant has accepted: the caller's call was sent here from wherever it was."""
        return _twiml(line.talks.connect(ring_of_request(), offer_id()))

    @webhook("/after", _apologise)
    def after() -> Response:
        """The consultant has left the talk: the caller's call was sent here out of it."""
        return _twiml(line.talks.after(ring_of_request(), offer_id()))

    @webhook("/callback", _apologise)
    def callback() -> Response:
        """A caller whom we rang has picked up, or a machine has, which may be told later."""
        return _twiml(line.callback_calls.answer(ring_of_request(is_ours=True), attempt_id(), is_machine()))

    @webhook("/agent", _hang_up)
    def agent() -> Response:
        """A consultant's telephone was answered."""
        pressed = request.form.get("Digits") if request.args.get("k") else None
        return _twiml(line.talks.agent(offer_id(), call_sid(), pressed))

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

    @blueprint.get("/take")
    def take() -> Response:
        """A caller's own words, played back to the caller; nobody keeps them on the way."""
        message_id = message_of_token(settings.secret_key, request.args.get("t", ""), line.services.now())
        sound = None if message_id is None else _words_of(line, message_id)
        if sound is None:
            abort(404)
        answer = send_file(sound, mimetype="audio/wav", conditional=False)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    take.guarded_by = "signed token"  # type: ignore[attr-defined]

    @webhook("/desk", _remember_the_desk)
    def desk() -> Response:
        """The desk telephone: only that somebody picked up counts, also when the caller hangs up first."""
        if _is_picked_up():
            line.note_desk_answer(request.args.get("call", ""))
        return Response(status=204)

    return blueprint


def _words_of(line: Line, message_id: int) -> BinaryIO | None:
    """The sound of a message; None while it cannot be had, so that the caller hears the rest of the document."""
    try:
        return messages_of(line.waiting).open_take(message_id)
    except (IntegrationError, *DATABASE_AWAY) as error:
        log.warning("take_out_of_reach", message=message_id, error=type(error).__name__)
        return None


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
            log.error("database_away", path=request.path, error=type(error).__name__, call_sid=call_sid())
            return answer_to_outage(line)
        except Exception as error:
            trouble = error if isinstance(error, HotlineError) else HotlineError(type(error).__name__)
            log.exception("webhook_failed", error_id=trouble.error_id, path=request.path, call_sid=call_sid())
            return answer_to_outage(line)
        finally:
            STEP_SECONDS.observe(time.perf_counter() - started)

    guarded.guarded_by = "carrier signature"  # type: ignore[attr-defined]
    return guarded


def _apologise(line: Line) -> Response:
    """Say that something is wrong and come back to the same place; after that the truth and a goodbye."""
    attempt = tries() + 1
    prompts = line.keeper.library().flow(PROVINCE).prompts
    if request.path.endswith("/incoming") and attempt == 1:
        _remember(line, RANG)
    if attempt > OUTAGE_TRIES:
        _remember(line, TURNED_AWAY)
        return _twiml(apology(prompts["failure_all"].text, None))
    return _twiml(apology(prompts["failure"].text, _come_back(line.urls, attempt)))


def _come_back(urls: CarrierUrls, attempt: int) -> str:
    """The same place again, with what the carrier told us of a talk or a recording, which it tells only once."""
    if request.path.endswith("/fallback"):
        path, query = failed_address()
        if (turn := failed_turn()) is not None:
            return urls.retry("/ivr/step", {"n": str(turn)}, attempt)
        if push := next(filter(path.endswith, PUSHES), ""):
            return urls.retry(push, {name: query[name] for name in OF_THE_ADDRESS if name in query}, attempt)
    told = {name: request.values[name] for name in TOLD_ONCE if name in request.values}
    return urls.retry(request.path, told, attempt)


def _failed_push(line: Line) -> str | None:
    """The document of the push that failed, which names an offer or an attempt; None when it was no push."""
    path, query = failed_address()
    offer, attempt = query.get("offer", "")[:24], query.get("attempt", "")[:24]
    if path.endswith("/ivr/connect") and offer:
        return line.talks.connect(ring_of_request(), offer)
    if path.endswith("/ivr/after") and offer:
        return line.talks.after(ring_of_request(), offer)
    if path.endswith("/ivr/callback") and attempt:
        ring = ring_of_request(is_ours=True)
        return line.callback_calls.answer(ring, attempt, query.get("machine") == "1")
    return None


def _hang_up(line: Line) -> Response:
    """Nobody to apologise to: a consultant's telephone, or a caller who is on hold and stays there."""
    return _twiml(apology(line.keeper.library().flow(PROVINCE).prompts["agent_too_late"].text, None))


def _remember_the_end(line: Line) -> Response:
    if is_final(request.form.get("CallStatus", "")):
        _remember(line, ENDED)
    return Response(status=204)


def _remember_the_desk(line: Line) -> Response:
    if _is_picked_up():
        _remember(line, PICKED_UP, sid=request.args.get("call", ""))
    return Response(status=204)


def _is_picked_up() -> bool:
    # Completed: of a leg that was answered; one that was not ends as busy, no-answer or failed.
    return request.form.get("CallStatus") in ("in-progress", "answered", "completed")


def _remember(line: Line, kind: str, sid: str = "") -> None:
    try:
        ring = ring_of_request(is_ours=request.path.endswith("/callback"))
        line.missed.remember(kind, replace(ring, call_sid=sid or ring.call_sid))
    except OSError:
        log.exception("outage_journal_not_written", call_sid=call_sid())


def _twiml(document: str) -> Response:
    return Response(document, content_type="text/xml; charset=utf-8")

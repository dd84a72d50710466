"""What the carrier reports of consultants' legs, talks and recordings. Nobody hears the answers: all are 204."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from integrations.telephony.guard import signed_by_carrier
from queueing import offers, tasks
from queueing.callback import CONFIRMED
from queueing.callback_attempts import FINAL, CallbackAttempts
from queueing.callback_rows import read_attempt
from queueing.line import WaitingLine
from queueing.offer import ACCEPTED, CONNECTED
from queueing.recordings import note_status

EndCall = Callable[[str, str], None]

# The carrier's last words about a leg, and what each is for the offer before it was accepted.
LAST_WORDS = {
    "no-answer": "no_answer",
    "busy": "reject",
    "failed": "fail",
    "canceled": "no_answer",
    "completed": "reject",
}


# A machine, by the carrier's judgement, which is advice only: a person may be quicker with a key.
MACHINES = ("machine_end_beep", "machine_end_silence", "machine_end_other", "fax")


def queueing_blueprint(line: WaitingLine, end_call: EndCall) -> Blueprint:
    """/queueing/leg, /queueing/conference, /queueing/recording, /queueing/callback.

    `end_call` hears the final status of a call that we made, for the ledger.
    """
    blueprint = Blueprint("queueing", __name__, url_prefix="/queueing")
    signed = signed_by_carrier(line.services.settings)

    @blueprint.post("/leg")
    @signed
    def leg() -> Response:
        """A status of a consultant's telephone."""
        note_leg_status(line, _offer_id(), request.form.get("CallSid", ""), request.form.get("CallStatus", ""))
        return _thanks()

    @blueprint.post("/conference")
    @signed
    def conference() -> Response:
        """Who came to a talk, and who left it."""
        note_conference_event(line, _offer_id(), request.form.to_dict())
        return _thanks()

    @blueprint.post("/recording")
    @signed
    def recording() -> Response:
        """What became of a talk's recording."""
        note_status(line.services, _offer_id(), request.form.to_dict())
        return _thanks()

    attempts = CallbackAttempts(line)

    @blueprint.post("/callback")
    @signed
    def callback() -> Response:
        """A status of the telephone of somebody who is rung back, or what has answered there."""
        attempt_id, call_sid = request.args.get("attempt", "")[:24], request.form.get("CallSid", "")[:64]
        if "AnsweredBy" in request.form and "CallStatus" not in request.form:
            if request.form["AnsweredBy"] in MACHINES:
                note_machine(attempts, attempt_id)
            return _thanks()
        status = request.form.get("CallStatus", "")
        attempts.note_status(attempt_id, call_sid, status)
        if status in FINAL:
            end_call(call_sid, status)
        return _thanks()

    return blueprint


def note_machine(attempts: CallbackAttempts, attempt_id: str) -> None:
    """The carrier heard a machine: it gets the short message, unless a key was pressed meanwhile."""
    with attempts.line.transaction() as connection:
        attempt = read_attempt(connection, attempt_id)
        if attempt is not None and attempt.is_open and attempt.status != CONFIRMED:
            now = attempts.services.now()
            tasks.add_task_once(connection, tasks.TELL_MACHINE, attempt.offer_id, now)
    attempts.line.wake("")


def note_leg_status(line: WaitingLine, offer_id: str, leg: str, status: str) -> None:
    """Take in a status of a leg. Repeated, late and foreign ones change nothing."""
    services = line.services
    with services.database.pool.connection() as connection, connection.transaction():
        locked = offers.lock_offer(connection, offer_id)
        if locked is None or offers.note_leg(connection, offer_id, leg) is None:
            return
        offer, event, now = locked[1], LAST_WORDS.get(status), services.now()
        if not offer.is_open:
            if event is None:
                # It was dialled for somebody who has gone, and the reply to that was lost.
                tasks.add_task(connection, tasks.END_LEG, offer_id, now, leg)
        elif event is not None and offer.status in (ACCEPTED, CONNECTED):
            tasks.add_task(connection, tasks.CHECK_TALK, offer_id, now)
        elif event is not None:
            offers.end_offer(connection, offer_id, event, "leg", now, line.rules(offer.centre))
    line.offer_changed(offer)


def note_conference_event(line: WaitingLine, offer_id: str, form: dict[str, str]) -> None:
    """Keep the talk's id; when the caller has come to it, after the notice, it is recorded."""
    services, event = line.services, form.get("StatusCallbackEvent", "")
    with services.database.pool.connection() as connection, connection.transaction():
        offer = offers.read_offer(connection, offer_id)
        if offer is None:
            return
        if form.get("ConferenceSid"):
            offers.note_conference(connection, offer_id, form["ConferenceSid"])
        if event == "participant-join" and form.get("CallSid") == offer.call_sid:
            tasks.add_task_once(connection, tasks.RECORD, offer_id, services.now())
    line.wake(offer.centre)


def _offer_id() -> str:
    return request.args.get("offer", "")[:24]


def _thanks() -> Response:
    return Response(status=204)

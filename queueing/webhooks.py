"""What the carrier reports of consultants' legs, talks and recordings. Nobody hears the answers: all are 204."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from psycopg import Connection

from integrations.telephony.guard import signed_by_carrier
from queueing import offers, tasks
from queueing.line import WaitingLine
from queueing.offer import ACCEPTED, CONNECTED
from queueing.recordings import note_status
from queueing.seats import read_seat

# The carrier's last words about a leg, and what each is for the offer before it was accepted.
LAST_WORDS = {
    "no-answer": "no_answer",
    "busy": "reject",
    "failed": "fail",
    "canceled": "no_answer",
    "completed": "reject",
}


def queueing_blueprint(line: WaitingLine) -> Blueprint:
    """/queueing/leg, /queueing/conference, /queueing/recording."""
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

    return blueprint


def note_leg_status(line: WaitingLine, offer_id: str, leg: str, status: str) -> None:
    """Take in a status of a leg. Repeated, late and foreign ones change nothing."""
    services = line.services
    with services.database.pool.connection() as connection, connection.transaction():
        locked = offers.lock_offer(connection, offer_id)
        if locked is None or not locked[1].is_open or offers.note_leg(connection, offer_id, leg) is None:
            return
        offer, event = locked[1], LAST_WORDS.get(status)
        if event is not None:
            if offer.status in (ACCEPTED, CONNECTED):
                event = _end_of_a_talk(connection, offer, status)
            offers.end_offer(connection, offer_id, event, "leg", services.now(), line.rules(offer.centre))
    line.offer_changed(offer)


def _end_of_a_talk(connection: Connection[Any], offer: offers.Offer, status: str) -> str:
    """A telephone that was put down has finished; a page that only vanished has lost the caller.

    The page says itself when a talk is done, before its leg ends.
    """
    seat = read_seat(connection, offer.agent_id)
    was_put_down = seat is not None and seat.door == "telephone" and status == "completed"
    return "finish" if was_put_down and offer.status == CONNECTED else "agent_left"


def note_conference_event(line: WaitingLine, offer_id: str, form: dict[str, str]) -> None:
    """Keep the talk's id; when the caller has come to it, after the notice, it is recorded."""
    services, event = line.services, form.get("StatusCallbackEvent", "")
    with services.database.pool.connection() as connection, connection.transaction():
        offer = offers.read_offer(connection, offer_id)
        if offer is None:
            return
        offers.note_conference(connection, offer_id, form.get("ConferenceSid", ""))
        if event == "participant-join" and form.get("CallSid") == offer.call_sid:
            tasks.add_task_once(connection, tasks.RECORD, offer_id, services.now())
    line.wake(offer.centre)


def _offer_id() -> str:
    return request.args.get("offer", "")[:24]


def _thanks() -> Response:
    return Response(status=204)

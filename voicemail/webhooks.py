"""What the carrier reports of messages. Nobody hears the answers: all are 204."""

from __future__ import annotations

from flask import Blueprint, Response, request

from integrations.telephony.guard import signed_by_carrier
from voicemail.messages import Messages
from voicemail.text_receipts import add_text_receipts

_LONGEST_ID = 18


def voicemail_blueprint(messages: Messages) -> Blueprint:
    """/voicemail/message, /voicemail/text."""
    blueprint = Blueprint("voicemail", __name__, url_prefix="/voicemail")
    signed = signed_by_carrier(messages.services.settings)

    @blueprint.post("/message")
    @signed
    def message() -> Response:
        """What became of a message's recording."""
        messages.note_status(_id("m"), request.form.to_dict())
        return _thanks()

    add_text_receipts(blueprint, messages.services)
    return blueprint


def _id(name: str) -> int:
    """A row's number from the address; 0, which is nobody's, for anything else."""
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _LONGEST_ID else 0


def _thanks() -> Response:
    return Response(status=204)

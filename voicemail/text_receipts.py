"""What the carrier reports of texts that answer cases. Nobody hears the answer: it is 204."""

from __future__ import annotations

from flask import Blueprint, Response, request

from integrations.services import Services
from integrations.telephony.guard import signed_by_carrier
from voicemail.case_texts import case_texts_of


def add_text_receipts(blueprint: Blueprint, services: Services) -> None:
    """/text below the blueprint's address: what became of the text message of the try `r`."""
    texts = case_texts_of(services)

    @blueprint.post("/text")
    @signed_by_carrier(services.settings)
    def text() -> Response:
        """A status of a text message."""
        number = request.args.get("r", "")
        if number.isascii() and number.isdigit() and len(number) <= 18:
            texts.note_receipt(int(number), request.form.to_dict())
        return Response(status=204)

"""Text messages: sent, listed, shown."""

from __future__ import annotations

import re

from aiohttp import web

from integrations.gateway.exchange import Exchange
from integrations.gateway.messages import Message, Messages
from integrations.gateway.rest_errors import BAD_TO, NO_BODY, NO_TEXT_FROM, NO_TEXT_TO, TOO_LONG, RestError, not_found
from integrations.gateway.rest_form import form_of, query_of, with_ranges
from integrations.gateway.rest_shapes import message_json, page_of

CREATE = frozenset({"To", "From", "Body", "StatusCallback"})
FILTERS = frozenset({"To", "From"}) | with_ranges("DateSent")
LONGEST_BODY = 1600
_TO = re.compile(r"\+[1-9][0-9]{5,14}", re.ASCII)
_FROM = re.compile(r"\+?[0-9]{3,15}", re.ASCII)


class RestMessages:
    def __init__(self, exchange: Exchange) -> None:
        self._account, self._base = exchange.account_sid, exchange.urls.base
        self._messages = Messages(exchange)

    async def create(self, request: web.Request) -> web.Response:
        """Send a text; what becomes of it is told to StatusCallback."""
        form = await form_of(request, CREATE, self._base)
        to, sender, body = form.text("To"), form.text("From"), form.text("Body")
        if not to:
            raise RestError(400, NO_TEXT_TO, "A 'To' phone number is required.")
        if not _TO.fullmatch(to):
            raise RestError(400, BAD_TO, "Invalid 'To' Phone Number")
        if not _FROM.fullmatch(sender):
            raise RestError(400, NO_TEXT_FROM, "A 'From' phone number is required.")
        if not body.strip():
            raise RestError(400, NO_BODY, "Message body is required.")
        if len(body) > LONGEST_BODY:
            raise RestError(400, TOO_LONG, f"The concatenated message body exceeds the {LONGEST_BODY} character limit.")
        message = self._messages.send(to, sender, body, form.url("StatusCallback"))
        return web.json_response(message_json(message, self._account), status=201)

    async def list_all(self, request: web.Request) -> web.Response:
        query = query_of(request, FILTERS)
        sent = query.times("DateSent")
        found = [
            message
            for message in reversed(list(self._messages))
            if query.text("To", message.to) == message.to
            and query.text("From", message.sender) == message.sender
            and sent.fits(message.sent_at)
        ]
        return page_of("messages", found, lambda message: message_json(message, self._account), request)

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(message_json(self._find(request), self._account))

    def _find(self, request: web.Request) -> Message:
        message = self._messages.find(request.match_info["sid"])
        if message is None:
            raise not_found(request)
        return message

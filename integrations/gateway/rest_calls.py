"""Calls: ordered, listed, shown, sent elsewhere, ended."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from integrations.gateway.attributes import METHODS
from integrations.gateway.call import Call
from integrations.gateway.calls import Calls, LinesBusy
from integrations.gateway.calls_elsewhere import NeighboursCall, calls_elsewhere, neighbours_calls
from integrations.gateway.dial_reader import CALL_EVENTS, client_address
from integrations.gateway.ended_calls import EndedCall
from integrations.gateway.exchange import Exchange
from integrations.gateway.machine_detection import Detection
from integrations.gateway.outbound import Order
from integrations.gateway.rest_errors import (
    BAD_TO,
    NO_FROM,
    NO_TO,
    NO_URL,
    NOT_LIVE,
    TOO_MANY,
    RestError,
    bad,
    not_found,
)
from integrations.gateway.rest_form import Form, form_of, query_of, with_ranges
from integrations.gateway.rest_shapes import call_json, page_of
from integrations.gateway.the_dead import find_ended

CREATE = frozenset(
    {"To", "From", "Url", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackEvent",
     "StatusCallbackMethod", "Timeout", "TimeLimit", "MachineDetection", "MachineDetectionTimeout", "AsyncAmd",
     "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod"}
)  # fmt: skip
UPDATE = frozenset({"Status", "Url", "Method"})
LIVE = ("queued", "ringing", "in-progress")
FILTERS = frozenset({"Status", "To", "From", "ParentCallSid"}) | with_ranges("StartTime", "EndTime")
# Seconds that a telephone rings when the order does not say, and at most.
RING_SECONDS, LONGEST_RING_SECONDS, LONGEST_CALL_SECONDS = 60, 600, 14400
# How long it may take to find out who has answered.
DETECTION_SECONDS = 30
_NUMBER = re.compile(r"\+?[0-9]{2,18}", re.ASCII)
# A mobile, or an area and a subscriber there; of other countries only the length is known.
_IN_FULL = re.compile(r"\+86(1[3-9][0-9]{9}|(10|2[0-9]|[3-9][0-9]{2})[0-9]{5,8})|\+(?!86)[1-9][0-9]{6,14}", re.ASCII)
_CLIENT = re.compile(r"client:[A-Za-z0-9_.@-]{1,256}", re.ASCII)


class RestCalls:
    def __init__(self, exchange: Exchange, calls: Calls) -> None:
        self._exchange = exchange
        self._account, self._base = exchange.account_sid, exchange.urls.base
        self._calls = calls

    async def create(self, request: web.Request) -> web.Response:
        """Ring somebody; whoever picks up gets the document at Url."""
        form = await form_of(request, CREATE, self._base)
        try:
            call = self._calls.place(_order(form))
        except LinesBusy:
            raise RestError(429, TOO_MANY, "Too many calls are live") from None
        return web.json_response(call_json(call, self._account), status=201)

    async def list_all(self, request: web.Request) -> web.Response:
        """Newest first: our own, those that ended within a day or two, and those of our neighbours."""
        query = query_of(request, FILTERS)
        started, ended = query.times("StartTime"), query.times("EndTime")
        since = max((bound for bound in (started.earliest, ended.earliest) if bound is not None), default=None)
        calls = [
            call
            for call in await self._known(since, query.text("Status"))
            if query.text("Status", call.status) == call.status
            and query.text("To", call.dialled) == call.dialled
            and query.text("From", call.caller) == call.caller
            and query.text("ParentCallSid", call.parent_sid) == call.parent_sid
            and started.fits(call.started_at)
            and ended.fits(call.ended_at)
        ]
        return page_of("calls", calls, lambda call: call_json(call, self._account), request)

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(call_json(self.find(request), self._account))

    async def update(self, request: web.Request) -> web.Response:
        """Status=completed or canceled ends a call; Url lets it go on elsewhere."""
        call = self.find(request)
        form = await form_of(request, UPDATE, self._base)
        if "Status" in form:
            wanted = form.choice("Status", "", ("completed", "canceled"))
            if isinstance(call, Call):
                await _end(call, wanted)
        elif "Url" in form:
            _redirect(call, form.url("Url"), form.choice("Method", "POST", METHODS))
        return web.json_response(call_json(call, self._account))

    async def _known(self, since: datetime | None, status: str) -> list[Call | EndedCall | NeighboursCall]:
        """Every call that began or ended since then, our own in full. Nobody's sound waits for what is read."""
        own = {call.sid: call for call in self._calls.all()}
        if status in LIVE:
            elsewhere: Sequence[EndedCall | NeighboursCall] = neighbours_calls(self._exchange)
        else:
            elsewhere = await asyncio.to_thread(calls_elsewhere, self._exchange, since)
        calls = [*own.values(), *(call for call in elsewhere if call.sid not in own)]
        return sorted(calls, key=lambda call: call.created_at, reverse=True)

    def find(self, request: web.Request) -> Call | EndedCall:
        """The call of the address; one of an earlier gateway is over. Raises RestError."""
        sid = request.match_info["sid"]
        call = self._calls.find(sid) or find_ended(self._exchange, sid)
        if call is None:
            raise not_found(request)
        return call


def _can_be_dialled(number: str) -> bool:
    """Whether a telephone could have this number; what is not written in full may be one of our own."""
    return bool((_IN_FULL if number.startswith("+") else _NUMBER).fullmatch(number))


def _order(form: Form) -> Order:
    """Raises RestError."""
    written, caller = form.text("To"), form.text("From")
    if not written:
        raise RestError(400, NO_TO, "No 'To' number is specified")
    if not (_NUMBER.fullmatch(caller) or _CLIENT.fullmatch(caller)):
        raise RestError(400, NO_FROM, "A 'From' phone number or client is required")
    address, parameters = client_address(written) if written.startswith("client:") else (written, ())
    if not (_CLIENT.fullmatch(address) or _can_be_dialled(address)):
        raise RestError(400, BAD_TO, f"Invalid 'To': {written[:40]}")
    first = form.goto("Url", "Method")
    if first is None:
        raise RestError(400, NO_URL, "Url parameter is required.")
    return Order(
        address=address,
        caller=caller,
        first=first,
        fallback=form.goto("FallbackUrl", "FallbackMethod"),
        callback=form.callback("StatusCallback", "completed", CALL_EVENTS),
        seconds=float(form.integer("Timeout", RING_SECONDS, 1, LONGEST_RING_SECONDS) or RING_SECONDS),
        limit=form.integer("TimeLimit", None, 1, LONGEST_CALL_SECONDS),
        parameters=dict(parameters),
        detection=_detection(form),
    )


def _detection(form: Form) -> Detection | None:
    """What is to be found out about who answers. Raises RestError."""
    wanted = form.choice("MachineDetection", "", ("", "Enable", "DetectMessageEnd"))
    in_background = form.choice("AsyncAmd", "false", ("true", "false")) == "true"
    told = form.goto("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")
    seconds = form.integer("MachineDetectionTimeout", DETECTION_SECONDS, 3, 59) or DETECTION_SECONDS
    if not wanted:
        return None
    if not in_background:
        # Whoever answers would hear nothing until it is decided.
        raise bad("MachineDetection needs AsyncAmd=true here")
    return Detection(wanted == "DetectMessageEnd", told, float(seconds))


async def _end(call: Call, status: str) -> None:
    # What was asked to be canceled but has been answered goes on, as with the carrier.
    if status == "completed" or call.status in ("queued", "ringing"):
        call.end("completed")
        await call.wait_until_over(1.0)


def _redirect(call: Call | EndedCall, url: str, method: str) -> None:
    if isinstance(call, EndedCall) or not call.can_be_redirected:
        raise RestError(400, NOT_LIVE, "Call is not in-progress. Cannot redirect.")
    if not url:
        raise bad("Url must be an address of the hotline")
    call.redirect(url, method)

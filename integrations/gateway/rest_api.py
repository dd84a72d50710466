"""The few REST calls that the hotline makes, in the carrier's own paths, parameters and errors."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web

from integrations.gateway.attributes import METHODS, origin_of
from integrations.gateway.call import API_VERSION, Call
from integrations.gateway.calls import Calls
from integrations.gateway.exchange import Exchange
from integrations.gateway.rest_shapes import call_json, error_json, page_json, recording_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOT_FOUND, NOT_ALLOWED, BAD_PARAMETER, NOT_LIVE, NOT_YET = 20404, 20003, 20001, 21220, 20501
UPDATE_PARAMETERS = {"Status", "Url", "Method"}
CALL_FILTERS = {"Status", "To", "From", "Page", "PageSize", "PageToken"}
RECORDING_FILTERS = {"CallSid", "Page", "PageSize", "PageToken"}


class RestError(Exception):
    """Answered in the carrier's error shape."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class RestApi:
    """The resources of one account."""

    def __init__(self, exchange: Exchange, calls: Calls, auth_token: str) -> None:
        self._exchange = exchange
        self._calls = calls
        self._account = exchange.account_sid
        self._auth_token = auth_token

    def add_to(self, app: web.Application) -> None:
        base = f"/{API_VERSION}/Accounts/{{account}}"
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/Calls.json", self._list_calls),
            ("POST", "/Calls.json", self._create_call),
            ("GET", "/Calls/{sid}.json", self._show_call),
            ("POST", "/Calls/{sid}.json", self._update_call),
            ("GET", "/Calls/{sid}/Recordings.json", self._list_recordings_of_call),
            ("GET", "/Recordings.json", self._list_recordings),
            ("GET", "/Recordings/{sid}.json", self._show_recording),
            ("DELETE", "/Recordings/{sid}.json", self._delete_recording),
            ("GET", "/Recordings/{sid}.wav", self._send_sound),
            ("GET", "/Recordings/{sid}", self._send_sound),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, base + path, self._guarded(handler))

    def is_allowed(self, request: web.Request) -> bool:
        """Basic authentication with the account's id and token."""
        credentials = b64encode(f"{self._account}:{self._auth_token}".encode()).decode()
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Basic {credentials}".encode())

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                if not self.is_allowed(request):
                    raise RestError(401, NOT_ALLOWED, "Authenticate")
                if request.match_info["account"] != self._account:
                    raise _not_found(request)
                return await handler(request)
            except RestError as error:
                return web.json_response(error_json(error.status, error.code, str(error)), status=error.status)

        return guarded

    async def _list_calls(self, request: web.Request) -> web.Response:
        query = _known(request, CALL_FILTERS)
        calls = [
            call_json(call, self._account)
            for call in self._calls.all()
            if query.get("Status", call.status) == call.status
            and query.get("To", call.dialled) == call.dialled
            and query.get("From", call.caller) == call.caller
        ]
        return _page("calls", calls, request, query)

    async def _create_call(self, request: web.Request) -> web.Response:
        raise RestError(501, NOT_YET, "This gateway cannot ring a telephone yet")

    async def _show_call(self, request: web.Request) -> web.Response:
        return web.json_response(call_json(self._call(request), self._account))

    async def _update_call(self, request: web.Request) -> web.Response:
        """Status=completed or canceled ends a call; Url lets it go on elsewhere."""
        call = self._call(request)
        form = {key: str(value) for key, value in (await request.post()).items()}
        if unknown := set(form) - UPDATE_PARAMETERS:
            raise RestError(400, BAD_PARAMETER, f"Parameters not supported: {', '.join(sorted(unknown))}")
        if "Status" in form:
            await self._end(call, form["Status"])
        elif "Url" in form:
            self._redirect(call, form["Url"], form.get("Method", "POST"))
        return web.json_response(call_json(call, self._account))

    async def _end(self, call: Call, status: str) -> None:
        if status not in ("completed", "canceled"):
            raise RestError(400, BAD_PARAMETER, f"Invalid Status: {status[:40]}")
        # What was asked to be canceled but has been answered goes on, as with the carrier.
        if status == "completed" or call.status == "ringing":
            call.end("completed")
            await call.wait_until_over(1.0)

    def _redirect(self, call: Call, url: str, method: str) -> None:
        if call.is_over:
            raise RestError(400, NOT_LIVE, "Call is not in-progress. Cannot redirect.")
        if method not in METHODS or not url.isascii() or origin_of(url) != origin_of(self._exchange.urls.base):
            raise RestError(400, BAD_PARAMETER, "Url must be an address of the hotline, Method GET or POST")
        call.redirect(url, method)

    async def _list_recordings_of_call(self, request: web.Request) -> web.Response:
        query, sid = _known(request, RECORDING_FILTERS - {"CallSid"}), request.match_info["sid"]
        found = [
            recording_json(recording, self._account, self._exchange.http_url, of_call=True)
            for recording in self._exchange.recordings.of_call(sid)
        ]
        return _page("recordings", found, request, query)

    async def _list_recordings(self, request: web.Request) -> web.Response:
        query = _known(request, RECORDING_FILTERS)
        found = [
            recording_json(recording, self._account, self._exchange.http_url)
            for recording in self._exchange.recordings.of_call(query.get("CallSid"))
        ]
        return _page("recordings", found, request, query)

    async def _show_recording(self, request: web.Request) -> web.Response:
        recording = self._exchange.recordings.find(request.match_info["sid"])
        if recording is None:
            raise _not_found(request)
        return web.json_response(recording_json(recording, self._account, self._exchange.http_url))

    async def _delete_recording(self, request: web.Request) -> web.Response:
        if not self._exchange.recordings.remove(request.match_info["sid"]):
            raise _not_found(request)
        return web.Response(status=204)

    async def _send_sound(self, request: web.Request) -> web.StreamResponse:
        path = self._exchange.recordings.sound(request.match_info["sid"])
        if path is None:
            raise _not_found(request)
        return web.FileResponse(path, headers={"Content-Type": "audio/x-wav"})

    def _call(self, request: web.Request) -> Call:
        call = self._calls.find(request.match_info["sid"])
        if call is None:
            raise _not_found(request)
        return call


def _known(request: web.Request, allowed: set[str]) -> dict[str, str]:
    """The query; a filter that is not understood is refused instead of answered with everything."""
    if unknown := set(request.query) - allowed:
        raise RestError(400, BAD_PARAMETER, f"Filters not supported: {', '.join(sorted(unknown))}")
    return dict(request.query)


def _page(name: str, items: list[dict[str, object]], request: web.Request, query: dict[str, str]) -> web.Response:
    escaped = {key: quote(value, safe="") for key, value in query.items()}
    try:
        return web.json_response(page_json(name, items, request.path, escaped))
    except ValueError as error:
        raise RestError(400, BAD_PARAMETER, "Page and PageSize must be numbers") from error


def _not_found(request: web.Request) -> RestError:
    return RestError(404, NOT_FOUND, f"The requested resource {request.path} was not found")

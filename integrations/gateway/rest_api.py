"""The REST calls that the hotline makes, in the carrier's own paths and errors: who is let in, and where to."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable

from aiohttp import web

from integrations.gateway.call import API_VERSION
from integrations.gateway.calls import Calls
from integrations.gateway.exchange import Exchange
from integrations.gateway.rest_calls import RestCalls
from integrations.gateway.rest_conferences import RestConferences
from integrations.gateway.rest_errors import NOT_ALLOWED, RestError, not_found
from integrations.gateway.rest_messages import RestMessages
from integrations.gateway.rest_recordings import RestRecordings
from integrations.gateway.rest_shapes import error_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Route = tuple[str, str, Handler]


class RestApi:
    """The resources of one account."""

    def __init__(self, exchange: Exchange, calls: Calls, auth_token: str) -> None:
        self._account = exchange.account_sid
        self._auth_token = auth_token
        self._routes = (
            *_call_routes(RestCalls(exchange, calls)),
            *_conference_routes(RestConferences(exchange, calls)),
            *_recording_routes(RestRecordings(exchange, calls)),
            *_message_routes(RestMessages(exchange)),
            ("*", "/{rest:.+}", _nothing_here),
        )

    def add_to(self, app: web.Application) -> None:
        for method, path, handler in self._routes:
            app.router.add_route(method, f"/{API_VERSION}/Accounts/{{account}}{path}", self._guarded(handler))

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
                    raise not_found(request)
                return await handler(request)
            except RestError as error:
                return web.json_response(error_json(error.status, error.code, str(error)), status=error.status)

        return guarded


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    # Whatever else the carrier has: said in its own shape, so that its client understands.
    raise not_found(request)


def _call_routes(calls: RestCalls) -> list[Route]:
    return [
        ("GET", "/Calls.json", calls.list_all),
        ("POST", "/Calls.json", calls.create),
        ("GET", "/Calls/{sid}.json", calls.show),
        ("POST", "/Calls/{sid}.json", calls.update),
    ]


def _conference_routes(conferences: RestConferences) -> list[Route]:
    participants = "/Conferences/{sid}/Participants"
    return [
        ("GET", "/Conferences.json", conferences.list_all),
        ("GET", "/Conferences/{sid}.json", conferences.show),
        ("POST", "/Conferences/{sid}.json", conferences.update),
        ("GET", f"{participants}.json", conferences.list_participants),
        ("GET", participants + "/{call}.json", conferences.show_participant),
        ("POST", participants + "/{call}.json", conferences.update_participant),
        ("DELETE", participants + "/{call}.json", conferences.delete_participant),
    ]


def _message_routes(messages: RestMessages) -> list[Route]:
    return [
        ("GET", "/Messages.json", messages.list_all),
        ("POST", "/Messages.json", messages.create),
        ("GET", "/Messages/{sid}.json", messages.show),
    ]


def _recording_routes(recordings: RestRecordings) -> list[Route]:
    of_call = "/Calls/{sid}/Recordings"
    return [
        ("POST", f"{of_call}.json", recordings.start),
        ("GET", f"{of_call}.json", recordings.list_of_call),
        ("GET", of_call + "/{recording}.json", recordings.show_of_call),
        ("POST", of_call + "/{recording}.json", recordings.update),
        ("DELETE", of_call + "/{recording}.json", recordings.delete),
        ("GET", "/Recordings.json", recordings.list_all),
        ("GET", "/Recordings/{recording}.json", recordings.show),
        ("DELETE", "/Recordings/{recording}.json", recordings.delete),
        ("GET", "/Recordings/{recording}.wav", recordings.send_sound),
        ("GET", "/Recordings/{recording}", recordings.send_sound),
    ]

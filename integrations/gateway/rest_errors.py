"""What goes wrong in a REST call, in the carrier's numbers."""

from __future__ import annotations

from aiohttp import web

NOT_FOUND, NOT_ALLOWED, BAD_PARAMETER, TOO_MANY, BROKEN = 20404, 20003, 20001, 20429, 20500
NO_TEXT_TO, NO_TEXT_FROM, NO_BODY, TOO_LONG = 21604, 21603, 21602, 21617
NOT_LIVE, NO_TO, NO_FROM, BAD_TO, NO_URL, NOT_IN_STATE = 21220, 21201, 21213, 21211, 21205, 20009


class RestError(Exception):
    """Answered in the carrier's error shape."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def not_found(request: web.Request) -> RestError:
    return RestError(404, NOT_FOUND, f"The requested resource {request.path} was not found")


def bad(message: str) -> RestError:
    return RestError(400, BAD_PARAMETER, message)

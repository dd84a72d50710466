"""What can go wrong when the carrier is asked for something. Details never hold what was sent: it may be a number."""

from __future__ import annotations

from integrations.errors import IntegrationError

NOT_FOUND, NOT_ALLOWED = 404, (401, 403)
# Worth asking again: 408 is the carrier's word for a recording that did not obey in time, 429 for too many requests.
TOO_SLOW, TOO_MANY = 408, 429
# Our own gateway's word for what it cannot do.
NOT_IMPLEMENTED = 501
# "Call is not in-progress": it ended, or was never answered.
INVALID_CALL_STATE = 21220


class CallGone(IntegrationError):
    """The call, participant or recording is over, or was never there."""

    default_sentence = "这通电话已经结束。"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, permanent=True)


class CarrierAway(IntegrationError):
    """No usable answer. `is_unknown`: what was asked for may have been done all the same."""

    default_sentence = "电话线路暂时没有应答，请再试一次。"

    def __init__(self, detail: str = "", *, is_unknown: bool = False) -> None:
        super().__init__(detail)
        self.is_unknown = is_unknown


class CarrierRefused(IntegrationError):
    """The carrier does not do this; asking again cannot help. `code` is its own number for the reason."""

    default_sentence = "电话线路没有接受这个操作。"

    def __init__(self, detail: str = "", code: int | None = None) -> None:
        super().__init__(detail, permanent=True)
        self.code = code


class TooLarge(CarrierRefused):
    """More is sent than anybody asked for."""


def error_from_answer(asked: str, status: int, code: int | None, is_change: bool) -> IntegrationError:
    """The error for an answer with an HTTP status of failure; `asked` names the request for the log."""
    detail = f"{asked}: HTTP {status}, code {code}"
    if code == INVALID_CALL_STATE or status == NOT_FOUND:
        return CallGone(detail)
    if status == TOO_MANY:
        return CarrierAway(detail)
    if status == TOO_SLOW or (status >= 500 and status != NOT_IMPLEMENTED):
        return CarrierAway(detail, is_unknown=is_change)
    return CarrierRefused(detail, code)

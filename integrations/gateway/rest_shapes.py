"""Calls, conferences, recordings, text messages and errors in the carrier's JSON shapes (API version 2010-04-01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, TypeVar
from urllib.parse import quote

from aiohttp import web

from integrations.gateway.call import API_VERSION, Call
from integrations.gateway.calls_elsewhere import NeighboursCall
from integrations.gateway.conference import Conference
from integrations.gateway.ended_calls import EndedCall
from integrations.gateway.messages import UNREACHABLE_WORDS, Message
from integrations.gateway.participant import Participant
from integrations.gateway.recordings import Recording
from integrations.gateway.rest_errors import bad

T = TypeVar("T")
MOST_IN_A_PAGE = 1000
DEFAULT_IN_A_PAGE = 50


def call_json(call: Call | EndedCall | NeighboursCall, account_sid: str) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": account_sid,
        "parent_call_sid": call.parent_sid or None,
        "to": call.dialled,
        "to_formatted": call.dialled,
        "from": call.caller,
        "from_formatted": call.caller,
        "phone_number_sid": None,
        "status": call.status,
        "start_time": _time(call.started_at),
        "end_time": _time(call.ended_at),
        "duration": str(call.seconds) if call.status == "completed" else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": call.answered_by,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "api_version": API_VERSION,
        "date_created": _time(call.created_at),
        "date_updated": _time(call.updated_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def recording_json(recording: Recording, account_sid: str, http_url: str, of_call: bool = False) -> dict[str, Any]:
    """A recording; below a call the carrier leaves out the addresses that lead further."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Recordings/{recording.sid}"
    shape: dict[str, Any] = {
        "sid": recording.sid,
        "account_sid": account_sid,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "status": recording.status,
        "duration": recording.duration if recording.is_over else None,
        "channels": recording.channels,
        "source": recording.source,
        # The carrier's number for a recording in which nothing was heard.
        "error_code": 16102 if recording.status == "absent" else None,
        "price": None,
        "price_unit": "USD",
        "encryption_details": None,
        "api_version": API_VERSION,
        "start_time": _time(recording.started_at),
        "date_created": _time(recording.started_at),
        "date_updated": _time(recording.ended_at),
        "uri": f"{uri}.json",
    }
    if of_call:
        below = f"/{API_VERSION}/Accounts/{account_sid}/Calls/{recording.call_sid}/Recordings/{recording.sid}.json"
        return shape | {"track": recording.track, "uri": below}
    return shape | {"media_url": f"{http_url}{uri}", "subresource_uris": {}}


def conference_json(conference: Conference, account_sid: str) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Conferences/{conference.sid}"
    return {
        "sid": conference.sid,
        "account_sid": account_sid,
        "friendly_name": conference.name,
        "status": conference.status,
        "region": None,
        "reason_conference_ended": conference.reason_ended,
        "call_sid_ending_conference": conference.ended_by,
        "api_version": API_VERSION,
        "date_created": _time(conference.created_at),
        "date_updated": _time(conference.updated_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"participants": f"{uri}/Participants.json"},
    }


def participant_json(participant: Participant, conference_sid: str, account_sid: str) -> dict[str, Any]:
    call_sid = participant.call_sid
    return {
        "call_sid": call_sid,
        "conference_sid": conference_sid,
        "account_sid": account_sid,
        "label": participant.label or None,
        "status": "connected",
        "muted": participant.is_muted,
        "hold": participant.is_held,
        "start_conference_on_enter": participant.starts,
        "end_conference_on_exit": participant.ends,
        "coaching": False,
        "call_sid_to_coach": None,
        "queue_time": None,
        "date_created": _time(participant.joined_at),
        "date_updated": _time(participant.updated_at),
        "uri": f"/{API_VERSION}/Accounts/{account_sid}/Conferences/{conference_sid}/Participants/{call_sid}.json",
    }


def message_json(message: Message, account_sid: str) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": account_sid,
        "messaging_service_sid": None,
        "to": message.to,
        "from": message.sender,
        "body": message.body,
        "status": message.status,
        "direction": "outbound-api",
        "num_segments": str(message.segments),
        "num_media": "0",
        "error_code": message.error_code,
        "error_message": UNREACHABLE_WORDS if message.error_code else None,
        "price": None,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "date_created": _time(message.created_at),
        "date_updated": _time(message.updated_at),
        "date_sent": _time(message.sent_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def page_of(name: str, items: Sequence[T], shape: Callable[[T], dict[str, Any]], request: web.Request) -> web.Response:
    """The page of a list that a request asks for; only what is on it is put into shape. Raises RestError."""
    query = {quote(key, safe=""): quote(value, safe="") for key, value in request.query.items()}
    try:
        size = min(max(int(query.get("PageSize", DEFAULT_IN_A_PAGE)), 1), MOST_IN_A_PAGE)
        page = max(int(query.get("Page", 0)), 0)
    except ValueError as error:
        raise bad("Page and PageSize must be numbers") from error
    shown = [shape(item) for item in items[page * size : (page + 1) * size]]
    return web.json_response({name: shown, **_place(request.path, query, page, size, len(shown), len(items))})


def _place(path: str, query: Mapping[str, str], page: int, size: int, shown: int, total: int) -> dict[str, Any]:
    """Where a page stands in its list, and where the others are."""
    others = "".join(f"&{key}={value}" for key, value in query.items() if key not in ("Page", "PageSize", "PageToken"))

    def uri(number: int) -> str:
        return f"{path}?PageSize={size}&Page={number}{others}"

    return {
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(shown - 1, 0),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if (page + 1) * size < total else None,
    }


def error_json(status: int, code: int, message: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_datetime(at)

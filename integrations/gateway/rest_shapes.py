"""Calls, recordings and errors in the carrier's JSON shapes (API version 2010-04-01)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from integrations.gateway.call import API_VERSION, Call
from integrations.gateway.recordings import Recording

MOST_IN_A_PAGE = 1000
DEFAULT_IN_A_PAGE = 50


def call_json(call: Call, account_sid: str) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": account_sid,
        "parent_call_sid": None,
        "to": call.dialled,
        "to_formatted": call.dialled,
        "from": call.caller,
        "from_formatted": call.caller,
        "phone_number_sid": None,
        "status": call.status,
        "start_time": _time(call.answered_at or (call.created_at if call.is_over else None)),
        "end_time": _time(call.ended_at),
        "duration": str(call.seconds) if call.status == "completed" else None,
        "price": None,
        "price_unit": "USD",
        "direction": "inbound",
        "answered_by": None,
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
        "duration": recording.duration,
        "channels": 1,
        "source": "RecordVerb",
        # The carrier's number for a recording in which nothing was heard.
        "error_code": None if recording.status == "completed" else 16102,
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
        return shape | {"track": "inbound", "uri": f"/{API_VERSION}/Accounts/{account_sid}/Calls/{recording.call_sid}"
                        f"/Recordings/{recording.sid}.json"}  # fmt: skip
    return shape | {"media_url": f"{http_url}{uri}", "subresource_uris": {}}


def page_json(name: str, items: list[dict[str, Any]], path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of a list; `query` may hold Page and PageSize. Raises ValueError when they are no numbers."""
    size = min(max(int(query.get("PageSize", DEFAULT_IN_A_PAGE)), 1), MOST_IN_A_PAGE)
    page = max(int(query.get("Page", 0)), 0)
    shown = items[page * size : (page + 1) * size]
    others = "".join(f"&{key}={value}" for key, value in query.items() if key not in ("Page", "PageSize", "PageToken"))

    def uri(number: int) -> str:
        return f"{path}?PageSize={size}&Page={number}{others}"

    return {
        name: shown,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if (page + 1) * size < len(items) else None,
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

"""What passes between the door and a business system: a call, the question read from it, and the reply."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

SHANGHAI = timezone(timedelta(hours=8))
XML = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. Header names are lower-case."""

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """What was asked: the operation's name, whom or which card it is about ("" for nobody), and the parsed request.

    `refused` is a finished reply for a request that asks nothing that can be answered.
    """

    operation: str
    about: str = ""
    content: Any = None
    refused: "Reply | None" = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `result` is its outcome in the system's own code, for the journal."""

    body: bytes
    result: str
    content_type: str = "application/json; charset=utf-8"
    status: int = 200


class System(Protocol):
    """A business system."""

    name: str

    def read(self, call: Call) -> Question:
        """Understand a request; never raises."""
        ...

    def answer(self, question: Question, twist: str) -> Reply:
        """Do what is asked. `twist` bends the content of the answer; "" is the honest one."""
        ...


def read_json(body: bytes) -> Any:
    """What a body says, None when it cannot be read."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def json_reply(content: Any, result: str, status: int = 200) -> Reply:
    """A reply in JSON, Chinese unescaped. Halves of characters, which a request can smuggle in, become "?"."""
    return Reply(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"), result, status=status)


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)

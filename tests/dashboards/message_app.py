"""Cases and the voices of their messages as rows, for the pages."""

from __future__ import annotations

import io
import wave
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests.dashboards.console_app import ConsoleApp

HEFEI, WUHU = "340100", "340200"
WORDS = [["您好", 0.4, 0.9, 0.98], ["我", 1.0, 1.1, 0.9], ["想", 1.1, 1.3, 0.4], ["问", 1.3, 1.5, 0.9]]
TEXT = "您好我想问"


def wav_of(seconds: float = 1.0) -> bytes:
    """Silence that a player takes for sound."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(int(16000 * seconds)))
    return buffer.getvalue()


def case(app: ConsoleApp, **values: Any) -> int:
    """A case, opened now and due in three days; its number."""
    now: datetime = app.clock()
    nth = app.rows("SELECT count(*) FROM work_order")[0][0]
    centre = values.get("centre", HEFEI)
    row = {
        "kind": "message", "origin": f"test:{nth}", "centre": centre, "first_centre": centre, "source": "key",
        "call_sid": f"CAcase{nth}", "opened_at": now - timedelta(days=3), "due_at": now + timedelta(days=3),
        "due_policy": "reply", **values,
    }  # fmt: skip
    return _enter(app, "work_order", row, "id")


def voice(app: ConsoleApp, case_id: int, sid: str = "RE1", words: Any = None, **values: Any) -> str:
    """A message of a case with a take that is home, and its transcript when there are `words`; the take's id."""
    now: datetime = app.clock()
    kind, centre, call = app.rows("SELECT kind, centre, call_sid FROM work_order WHERE id = %s", case_id)[0]
    message = {
        "call_sid": call, "turn": app.rows("SELECT count(*) FROM message")[0][0], "centre": centre, "source": "key",
        "kind": {"low_rating": "comment"}.get(kind, kind), "status": "kept", "begun_at": now, "ended_at": now,
        "case_id": case_id,
    }  # fmt: skip
    take = {
        "recording_sid": sid, "message_id": _enter(app, "message", message, "id"), "call_sid": call, "status": "home",
        "seconds": 12, "started_at": now, "ended_at": now, "storage_key": f"messages/{sid}.wav", "stored_at": now,
        "peaks": bytes([0, 128, 255]), **values,
    }  # fmt: skip
    _enter(app, "message_recording", take, "recording_sid")
    if take["storage_key"]:
        app.services.storage.put(str(take["storage_key"]), wav_of())
    if words is not None:
        done = {"status": "done", "made_at": now, "done_at": now, "words": Jsonb(words), "said": _text(words)}
        _enter(app, "transcript", {"recording_sid": sid, **done}, "recording_sid")
    return sid


def reply(app: ConsoleApp, case_id: int, result: str | None, kind: str = "call", **values: Any) -> int:
    """A try to deliver the answer, ended unless `result` is None."""
    now: datetime = app.clock()
    row = {
        "case_id": case_id, "kind": kind, "by": "hefei01", "made_at": now, "ended_at": now if result else None,
        "result": result, **values,
    }  # fmt: skip
    return _enter(app, "case_reply", row, "id")


def _text(words: Any) -> str:
    return "".join(word[0] for word in words)


def _enter(app: ConsoleApp, table: str, row: dict[str, Any], key: str) -> Any:
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(["%s"] * len(row))
    with app.services.database.pool.connection() as connection:
        found = connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING {key}", tuple(row.values())
        ).fetchone()
    assert found is not None
    return found[0]

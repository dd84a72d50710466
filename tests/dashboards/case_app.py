"""Cases in the test database, with what callers have said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from dashboards.console.case_doers import case_desk
from tests.dashboards.console_app import CALLER, Console, ConsoleApp
from voicemail.case_fields import NUMBER_CONTEXT
from voicemail.case_rows import NewCase, open_case

HEFEI, WUHU = "340100", "340200"
CLOSE = timedelta(hours=7, minutes=10)


def put(app: ConsoleApp, kind: str = "message", centre: str = HEFEI, caller: str = CALLER, **values: Any) -> int:
    """A case that came just now and is due at the end of the third working day; its number.

    Columns that no case begins with, such as its status, are written afterwards.
    """
    now: datetime = app.clock()
    sealer = app.services.sealer
    nth = app.rows("SELECT count(*) FROM work_order")[0][0]
    promise = case_desk(app.line).clock.promise(kind, centre, now)
    number = {
        "number_sealed": sealer.seal(caller, NUMBER_CONTEXT), "number_hash": sealer.fingerprint(caller),
        "number_tail": caller[-4:], "caller_hash": sealer.fingerprint(caller), "caller_region": "安徽省合肥市",
    }  # fmt: skip
    new: dict[str, Any] = {
        "kind": kind, "origin": f"test:{nth}", "centre": centre, "source": "closed", "call_sid": f"CA{nth}",
        "opened_at": now, "workdays": 3, **promise.columns, **(number if caller else {}), **values,
    }  # fmt: skip
    later = {name: new.pop(name) for name in [*new] if name not in NewCase.__slots__}
    with app.services.database.pool.connection() as connection:
        case_id = open_case(connection, NewCase(**new))
    assert case_id is not None
    if later:
        sets = ", ".join(f"{name} = %s" for name in later)
        app.write(f"UPDATE work_order SET {sets} WHERE id = %s", *later.values(), case_id)
    return case_id


def due_in(app: ConsoleApp, **how_long: float) -> dict[str, Any]:
    return {"due_at": app.clock() + timedelta(**how_long)}


def owned(app: ConsoleApp, username: str, **values: Any) -> int:
    """A case that a consultant has."""
    return put(app, **{"status": "owned", "owner_id": app.seat(username), "taken_at": app.clock(), **values})


def say(app: ConsoleApp, case_id: int, words: str = "", status: str = "home", transcript: str = "done") -> int:
    """A message of the case with its recording and its transcript ("" for neither); the message's id."""
    now = app.clock()
    nth = app.rows("SELECT count(*) FROM message")[0][0]
    kind, centre = app.rows("SELECT kind, centre FROM work_order WHERE id = %s", case_id)[0]
    app.write(
        "INSERT INTO message (call_sid, turn, kind, centre, source, status, begun_at, ended_at, case_id) "
        "VALUES (%s, 1, %s, %s, 'closed', 'kept', %s, %s, %s)",
        *(f"CAm{nth}", kind if kind in ("complaint", "report") else "message", centre, now, now, case_id),
    )
    message = int(app.rows("SELECT max(id) FROM message")[0][0])
    key = "messages/one.wav" if status == "home" else None
    app.write(
        "INSERT INTO message_recording (recording_sid, message_id, call_sid, status, seconds, started_at, ended_at, "
        "storage_key, peaks) VALUES (%s, %s, %s, %s, 12, %s, %s, %s, %s)",
        *(f"RE{message}", message, f"CAm{nth}", status, now, now, key, bytes(range(40))),
    )
    if transcript:
        pairs = Jsonb([[word, n * 0.5, n * 0.5 + 0.4, 0.9] for n, word in enumerate(words)])
        done = now if transcript == "done" else None
        app.write(
            "INSERT INTO transcript (recording_sid, status, made_at, done_at, words, said) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            *(f"RE{message}", transcript, now, done, pairs, words or None),
        )
    return message


def deputise(app: ConsoleApp, owner: str, deputy: str) -> None:
    app.write(
        "INSERT INTO agent_deputy (agent_id, deputy_id, since, set_by, set_at) VALUES (%s, %s, %s, 'hefei', %s)",
        *(app.seat(owner), app.seat(deputy), app.clock(), app.clock()),
    )


def listed(visitor: Console, tab: str = "all", **query: object) -> dict[str, Any]:
    response = visitor.client.get("/console/cases/data", query_string={"tab": tab, **query})
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def ids(found: dict[str, Any]) -> list[int]:
    return [row["id"] for row in found["rows"]]


def case(visitor: Console, case_id: int, **query: object) -> dict[str, Any]:
    response = visitor.client.get(f"/console/cases/{case_id}/data", query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def do(visitor: Console, case_id: int, deed: str, **body: object) -> Any:
    return visitor.act(f"cases/{case_id}/do/{deed}", body)


def sentence(response: Any) -> tuple[int, str]:
    """Status and what was said, whichever way it went."""
    told = response.get_json()
    return response.status_code, told.get("said") or told["error"]


def row(app: ConsoleApp, case_id: int, *names: str) -> tuple[Any, ...]:
    return tuple(app.rows(f"SELECT {', '.join(names)} FROM work_order WHERE id = %s", case_id)[0])


def history(app: ConsoleApp, case_id: int) -> list[str]:
    return [found[0] for found in app.rows("SELECT event FROM case_event WHERE case_id = %s ORDER BY id", case_id)]

"""Cards that are looked up, frozen and released at the desk, and rows of freezes for the page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from integrations.sandbox.records import Person
from tests.dashboards.console_app import Console, ConsoleApp
from tests.dashboards.look_up_app import ask
from tests.integrations.sandbox_process import SandboxProcess

FREEZE = "api/freeze"
ORAL: dict[str, Any] = {"proof": "oral", "asked": ["name", "unit"]}


def cards(visitor: Console, offer: str, **more: Any) -> list[dict[str, Any] | None]:
    """What may be done with each card that a look-up finds."""
    told = ask(visitor, offer, "card", **more).get_json()
    assert told["result"] == "found", told
    return [finding["card"] for finding in told["findings"]]


def offered(visitor: Console, offer: str, **more: Any) -> dict[str, Any]:
    """The one card with which something may be done."""
    (card,) = [one for one in cards(visitor, offer, **more) if one]
    return card


def do(visitor: Console, offer: str, card: dict[str, Any], **more: Any) -> Any:
    """Ask for what a card offers."""
    body = {"offer": offer, "action": card["action"], "card": card["key"], "proof": "keypad", **more}
    return visitor.act(FREEZE, body)


def freeze_rows(app: ConsoleApp) -> list[tuple[Any, ...]]:
    return app.rows("SELECT action, status, door, asked_by, centre FROM card_freeze ORDER BY id")


def writes(sandbox: SandboxProcess, system: str, person: Person, which: int = -1) -> dict[str, int]:
    return sandbox.writes(f"card-{system}", person.cards[which].number)


def enter(app: ConsoleApp, status: str = "done", **values: Any) -> int:
    """A row of card_freeze; its id."""
    now: datetime = app.clock()
    is_open = status in ("writing", "unknown")
    nth = app.rows("SELECT count(*) FROM card_freeze")[0][0]
    row = {
        "centre": "340100", "action": "freeze", "status": status, "person_hash": b"p", "card_hash": f"c{nth}".encode(),
        "card_tail": f"{4000 + nth}", "bank": "徽商银行", "call_sid": f"CAf{nth}", "door": "keypad",
        "asked_by": "caller", "asked_at": now, "sent_at": now, "ended_at": None if is_open else now,
        "look_at": now if is_open else None, "number_tail": "5678",
        **values,
    }  # fmt: skip
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    app.write(f"INSERT INTO card_freeze ({names}) VALUES ({marks})", *row.values())
    return int(app.rows("SELECT max(id) FROM card_freeze")[0][0])


def urgent(app: ConsoleApp, status: str = "unknown", minutes: float = 20, **values: Any) -> int:
    """One whose caller is to be told within so many minutes."""
    return enter(app, status, due_at=app.clock() + timedelta(minutes=minutes), **values)


def ends_on(app: ConsoleApp, day: date, **values: Any) -> int:
    return enter(app, until=day, **values)

"""What stays of a look-up: a row of the audit for each question, and who is on the line as long as the call lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.sandbox.records import Person
from ivr.identity import proven_identity
from ivr.service import Line
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.asker import CARD, MEDICAL, PENSION, Asker
from tests.ivr.query.conftest import HEFEI, PROVINCE, WUHU, Rings
from tests.ivr.test_webhooks import database_away

Somebody = Callable[[str], Person]
Rows = Callable[..., list[tuple[Any, ...]]]


def trail(rows: Rows, asker: Asker) -> list[tuple[Any, ...]]:
    return rows(
        "SELECT centre, system, kind, why, result, reason FROM look_up_audit WHERE call_sid = %s ORDER BY id", asker.sid
    )


def test_every_question_has_its_row(
    rings: Rings, somebody: Somebody, rows: Rows, line: Line, sandbox: SandboxProcess
) -> None:
    person = somebody("王娜")
    asker = rings(HEFEI).asks(PENSION).proves(person, "918273")
    asker.press(person.pin or "").waits()
    asker.press("*").press(MEDICAL).waits()
    sandbox.turn("card-hefei", "down")
    asker.press("*").press(CARD).waits()
    sandbox.turn("card-hefei", "wrong")
    asker.press("*").press(CARD).waits()
    pin = ("340100", "demo_bus_province", "pin", "prove_identity")
    card = ("340100", "demo_card_hefei", "card", "query_card")
    assert trail(rows, asker) == [
        (*pin, "wrong", None),
        (*pin, "right", None),
        ("340100", "demo_bus_hefei", "pension", "query_pension", "found", None),
        ("340100", "demo_medical", "medical", "query_medical", "found", None),
        (*card, "unavailable", "down"),
        (*card, "unknown", None),
    ]
    person_hash = line.services.social_insurance.person_hash(person.id_number)
    all_rows = rows("SELECT DISTINCT who, person_hash, milliseconds IS NULL FROM look_up_audit")
    assert [(who, bytes(hashed), is_open) for who, hashed, is_open in all_rows] == [("caller", person_hash, False)]


def test_a_person_whom_nobody_knows_leaves_a_row_too(rings: Rings, somebody: Somebody, rows: Rows) -> None:
    asker = rings(HEFEI).asks(PENSION).proves(somebody("王丽"))
    assert [row[1:] for row in trail(rows, asker)] == [
        ("demo_bus_province", "pin", "prove_identity", "right", None),
        ("demo_bus_hefei", "pension", "query_pension", "not_found", None),
        ("demo_bus_province", "pension", "query_pension_where", "not_found", None),
    ]


def test_a_locked_person_leaves_a_row_though_nobody_was_asked(
    rings: Rings, somebody: Somebody, rows: Rows, sandbox: SandboxProcess
) -> None:
    person = somebody("王芳")
    asker = rings(PROVINCE).asks(PENSION).press(person.id_number)
    for _ in range(5):
        asker.press("918273").waits()
    again = rings(PROVINCE).asks(PENSION).proves(person)
    assert [row[2:] for row in trail(rows, again)] == [("pin", "prove_identity", "locked", None)]
    assert sandbox.asked("pension-province", "SI_QUERY_PIN") == 5


def test_who_is_on_the_line_is_known_from_the_pin_to_the_end(rings: Rings, somebody: Somebody, line: Line) -> None:
    person = somebody("王强")
    asker = rings(HEFEI)

    def on_the_line() -> str | None:
        proven = proven_identity(line.services, asker.sid)
        assert proven is None or proven.tail == proven.person.id_number[-4:]
        return proven.person.id_number if proven else None

    assert on_the_line() is None
    asker.asks(PENSION)
    assert on_the_line() is None
    asker.press(person.id_number)
    assert on_the_line() is None
    asker.press("918273").waits()
    assert on_the_line() is None
    # Proven, handed on to another centre's menu, and back in a list: still the same person.
    asker.press(person.pin or "").waits()
    assert on_the_line() == person.id_number
    assert _centre(line, asker) == WUHU
    asker.press("*")
    assert on_the_line() == person.id_number
    with database_away(line):
        assert proven_identity(line.services, asker.sid) is None
    assert on_the_line() == person.id_number
    asker.hang_up()
    assert on_the_line() is None
    assert proven_identity(line.services, "CA" + "0" * 32) is None


def _centre(line: Line, asker: Asker) -> str:
    with line.store() as store:
        session = store.read(asker.sid)
    assert session is not None
    return session.centre


def test_an_initial_pin_proves_nobody(rings: Rings, somebody: Somebody, line: Line) -> None:
    asker = rings(PROVINCE).asks(PENSION).proves(somebody("李军"))
    assert proven_identity(line.services, asker.sid) is None


def test_a_call_that_heard_its_result_has_served_itself(rings: Rings, somebody: Somebody, rows: Rows) -> None:
    asker = rings(HEFEI).asks(PENSION).proves(somebody("王娜"))
    # As long as it takes to read it.
    asker.clock.tick(30)
    asker.hang_up()
    assert rows("SELECT outcome FROM call WHERE call_sid = %s", asker.sid) == [("self_served",)]


def test_a_call_that_heard_of_trouble_alone_has_not(
    rings: Rings, somebody: Somebody, rows: Rows, sandbox: SandboxProcess
) -> None:
    sandbox.turn("pension-hefei", "down")
    asker = rings(HEFEI).asks(PENSION).proves(somebody("王娜"))
    asker.clock.tick(30)
    asker.hang_up()
    [(outcome,)] = rows("SELECT outcome FROM call WHERE call_sid = %s", asker.sid)
    assert outcome in ("abandoned_in_menu", "after_hours")

"""Webhooks that come twice, late or at once; and what waits for an answer holds nothing that others need."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest

from integrations.sandbox.records import Person
from ivr.service import Line
from ivr.store import CallStore
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.asker import FILLER, PENSION, Asker
from tests.ivr.query.conftest import HASTY, HEFEI, PATIENT, Rings, be_patient
from tests.ivr.query.truth import AFTER, PROVEN, of_pension
from tests.waiting import eventually

Somebody = Callable[[str], Person]
Rows = Callable[..., list[tuple[Any, ...]]]
Answered = tuple[int, str]


@dataclass
class Twice(Asker):
    """The carrier asks everything twice, one after the other."""

    second: list[tuple[str, str]] = field(default_factory=list)

    def request(self, url: str, form: dict[str, str]) -> Answered:
        status, document = super().request(url, form)
        repeated = super().request(url, form)
        self.second.append((document, repeated[1]))
        return status, document


@dataclass
class AtOnce(Asker):
    """The carrier asks everything twice, at the same instant; the call goes on with one of the two answers."""

    def request(self, url: str, form: dict[str, str]) -> Answered:
        answers: list[Answered] = []
        asking = [
            threading.Thread(target=lambda: answers.append(super(AtOnce, self).request(url, form))) for _ in range(2)
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(20)
        assert [status for status, _ in answers] == [answers[0][0]] * 2
        assert not any("系统出了问题" in document for _, document in answers)
        # The later one: whoever had to wait for the answer.
        return answers[-1]


def asked_once(sandbox: SandboxProcess, person: Person) -> None:
    """For a PIN, and for the insurance."""
    counts = {(c["system"], c["operation"]): c["count"] for c in sandbox.state()["counts"]}
    assert counts == {("pension-province", "SI_QUERY_PIN"): 1, ("pension-hefei", "SI_PENSION_PERSON"): 1}


def follow(asker: Asker, document: str) -> str:
    """What the carrier gets next when nobody presses anything."""
    redirect = ElementTree.fromstring(document).find("Redirect")
    assert redirect is not None and redirect.text
    return Asker.request(asker, redirect.text, {})[1]


def leads_to(asker: Asker, repeated: str, document: str) -> bool:
    """The same document; or the one in between, that we are looking, which leads there."""
    for _ in range(3):
        if repeated == document:
            return True
        assert FILLER in repeated or "<Say" not in repeated, repeated
        repeated = follow(asker, repeated)
    return repeated == document


def test_every_webhook_of_a_look_up_may_come_twice(
    rings: Rings, somebody: Somebody, sandbox: SandboxProcess, today: date
) -> None:
    person = somebody("王娜")
    asker = rings(HEFEI, kind=Twice).asks(PENSION).proves(person)
    assert asker.said == [PROVEN, *of_pension(person.pensions[0], today), *AFTER]
    asked_once(sandbox, person)
    assert isinstance(asker, Twice) and len(asker.second) >= 6
    assert all(leads_to(asker, repeated, document) for document, repeated in asker.second)
    asked_once(sandbox, person)


def test_webhooks_that_come_twice_while_the_answer_is_awaited_ask_once(
    rings: Rings, somebody: Somebody, sandbox: SandboxProcess, line: Line, today: date
) -> None:
    person = somebody("王娜")
    be_patient(line, HASTY)
    sandbox.turn("pension-hefei", "slow", ms=250)
    asker = rings(HEFEI, kind=Twice).asks(PENSION)
    asker.press(person.id_number).press(person.pin or "")
    be_patient_until_found(asker, line)
    assert asker.said == [PROVEN, *of_pension(person.pensions[0], today), *AFTER]
    asked_once(sandbox, person)
    assert isinstance(asker, Twice)
    assert all(repeated == document or leads_to(asker, repeated, document) for document, repeated in asker.second)


def be_patient_until_found(asker: Asker, line: Line) -> None:
    """Goes on round by round; the last ones wait as long as it takes, wherever the answer was asked for."""
    asker.wait()
    # Another process, which has not asked, and finds the answer in Redis.
    be_patient(line, PATIENT)
    asker.waits()


@pytest.fixture
def in_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is about to save a step waits for a moment until somebody else is about to, too."""
    save, both = CallStore.save, threading.Barrier(2)

    def save_together(store: CallStore, *step: Any) -> bool:
        try:
            both.wait(0.1)
        except threading.BrokenBarrierError:
            both.reset()
        return save(store, *step)

    monkeypatch.setattr(CallStore, "save", save_together)


def test_two_webhooks_at_once_ask_once(
    in_a_race: None, rings: Rings, somebody: Somebody, sandbox: SandboxProcess, today: date
) -> None:
    person = somebody("王娜")
    asker = rings(HEFEI, kind=AtOnce).asks(PENSION).proves(person)
    assert asker.said[-len(AFTER) :] == AFTER
    assert [s for s in asker.said if s != PROVEN][: -len(AFTER)] == of_pension(person.pensions[0], today)
    asked_once(sandbox, person)


def test_late_webhooks_change_nothing(rings: Rings, somebody: Somebody, sandbox: SandboxProcess, rows: Rows) -> None:
    """The whole of a call again, once it is at its end: the same documents, and no question."""
    person = somebody("王娜")
    asker = rings(HEFEI).asks(PENSION).proves(person)
    [(turn,)] = rows("SELECT turn FROM call_session WHERE call_sid = %s", asker.sid)
    history = list(asker.history)
    for url, form, document in history:
        _, repeated = asker.request(url, form)
        assert leads_to(asker, repeated, document)
    asked_once(sandbox, person)
    assert rows("SELECT turn FROM call_session WHERE call_sid = %s", asker.sid) == [(turn,)]
    asker.hang_up()
    # And once it has ended: a goodbye or the old document, and still no question.
    for url, form, _ in history[1:]:
        assert asker.request(url, form)[0] == 200
    asked_once(sandbox, person)


def test_an_answer_that_comes_after_the_call_has_ended_is_told_to_nobody(
    rings: Rings, somebody: Somebody, sandbox: SandboxProcess, line: Line, rows: Rows
) -> None:
    person = somebody("王娜")
    asker = rings(HEFEI).asks(PENSION).proves(person).press("*")
    be_patient(line, HASTY)
    sandbox.turn("pension-hefei", "slow", ms=300)
    asker.press(PENSION)
    assert asker.is_looking and asker.waiting is not None
    action = asker.waiting.verb.attrib["action"]
    asker.hang_up()
    eventually(lambda: rows("SELECT count(*) FROM look_up_audit WHERE result IS NULL") == [(0,)])
    _, document = asker.request(action, {"Digits": "5"})
    assert "养老保险" not in document and rows("SELECT count(*) FROM call_session") == [(0,)]


def test_no_connection_of_ours_waits_with_a_webhook(
    rings: Rings, somebody: Somebody, sandbox: SandboxProcess, line: Line
) -> None:
    """Neither with the one that asks, nor with the one that comes for the answer."""
    asker = rings(HEFEI).asks(PENSION).proves(somebody("王娜")).press("*")
    be_patient(line, 0.7)
    sandbox.reset()
    sandbox.turn("pension-hefei", "slow", ms=2000)
    pool = line.services.database.pool

    def all_are_free_while(happens: Callable[[], Any]) -> None:
        webhook = threading.Thread(target=happens)
        webhook.start()
        eventually(lambda: sandbox.asked("pension-hefei") == 1)
        found: list[bool] = []

        def is_free() -> bool:
            stats = pool.get_stats()
            found.append(stats["pool_available"] == stats["pool_size"])
            return found[-1] or not webhook.is_alive()

        eventually(is_free)
        assert found[-1] and webhook.is_alive()
        webhook.join(10)

    all_are_free_while(lambda: asker.press(PENSION))
    assert asker.is_looking
    all_are_free_while(asker.wait)
    asker.waits()
    assert asker.said[-len(AFTER) :] == AFTER

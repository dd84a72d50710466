"""Insured with another centre, in another province, answered by another line, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from integrations.sandbox.people import Population
from integrations.sandbox.places import place_name
from integrations.sandbox.records import Person
from integrations.social_insurance.keeper import SHIPPED_FILE, SystemsKeeper
from integrations.work_calendar import WorkCalendar
from ivr.service import Line
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.asker import CARD, MEDICAL, PENSION
from tests.ivr.query.conftest import CHIZHOU, HEFEI, PROVINCE, WUHU, Rings
from tests.ivr.query.test_trouble import hears_only
from tests.ivr.query.test_what_is_heard import can_prove
from tests.ivr.query.truth import AFTER, PROVEN, of_card, of_pension

Somebody = Callable[[str], Person]
Rows = Callable[..., list[tuple[Any, ...]]]
PERSON_SERVICE = "SI_PENSION_PERSON"


def to(what: str, place: str) -> str:
    return f"您的{what}在{place}，由{place}中心答。现在转过去，不用再按号码。"


TO_WUHU = to("养老保险", "芜湖")


def after_in_wuhu(today: date) -> list[str]:
    """There a person answers on working days, and the key is spoken."""
    return [*(["转人工，请按零。"] if WorkCalendar().is_workday(today) else []), *AFTER]


def test_the_provinces_number_hands_on_and_nothing_is_keyed_again(
    rings: Rings, somebody: Somebody, today: date, rows: Rows, sandbox: SandboxProcess
) -> None:
    person = somebody("王强")
    asker = rings(PROVINCE).asks(PENSION).proves(person)
    assert asker.said == [PROVEN, TO_WUHU, *of_pension(person.pensions[0], today), *after_in_wuhu(today)]
    assert rows("SELECT first_centre, centre FROM call WHERE call_sid = %s", asker.sid) == [(PROVINCE, WUHU)]
    assert sandbox.asked("pension-province", "SI_QUERY_PIN") == 1
    # He is in Wuhu's menu now, where medical insurance is answered by another line.
    asker.press("*").press(MEDICAL)
    assert asker.said[0] == "医保的事，请打幺二三九三，那边能查。"


def test_whom_hefei_does_not_know_the_province_may(
    rings: Rings, somebody: Somebody, today: date, sandbox: SandboxProcess, rows: Rows
) -> None:
    person = somebody("王强")
    asker = rings(HEFEI).asks(PENSION).proves(person)
    assert asker.said == [PROVEN, TO_WUHU, *of_pension(person.pensions[0], today), *after_in_wuhu(today)]
    assert sandbox.asked("pension-hefei", PERSON_SERVICE) == 1
    why = rows("SELECT system, why, result FROM look_up_audit WHERE call_sid = %s ORDER BY id", asker.sid)
    assert why == [
        ("demo_bus_province", "prove_identity", "right"),
        ("demo_bus_hefei", "query_pension", "not_found"),
        ("demo_bus_province", "query_pension_where", "found"),
        ("demo_bus_province", "query_pension", "found"),
    ]


def test_whom_nobody_knows_is_told_so(rings: Rings, somebody: Somebody) -> None:
    for centre in (HEFEI, PROVINCE):
        asker = rings(centre).asks(PENSION).proves(somebody("王丽"))
        hears_only(asker, "养老保险系统里，没有查到您的记录。")


def test_who_is_insured_in_another_province_has_to_ask_there(rings: Rings, somebody: Somebody) -> None:
    for centre in (HEFEI, PROVINCE):
        asker = rings(centre).asks(MEDICAL).proves(somebody("王丽"))
        hears_only(asker, "您的医保不在安徽，我们查不到，要问参保的地方。")


def test_there_is_never_a_circle_between_two_centres(
    rings: Rings, population: Population, today: date, rows: Rows
) -> None:
    """What was asked for is answered where it was handed to; another insurance may be another centre's."""
    bengbu = "340300"
    person = next(
        p
        for p in population.people
        if can_prove(p) and [x.place for x in p.pensions] == [bengbu]
        if p.card_place not in (HEFEI, bengbu, CHIZHOU) and [card.status for card in p.cards] == ["normal"]
    )
    asker = rings(HEFEI).asks(PENSION).proves(person)
    pension = [to("养老保险", "蚌埠"), *of_pension(person.pensions[0], today), *AFTER]
    card = of_card(person.cards[0], person, "", today, tells_expiry=False)
    assert asker.said == [PROVEN, *pension]
    # Where nothing has moved, nothing is handed on.
    assert asker.press("*").press(PENSION).waits().said == pension[1:]
    # Her card is another city's: there and back again, each time she asks, and never by itself.
    for _ in range(2):
        asker.press("*").press(CARD).waits()
        assert asker.said == [to("社保卡", place_name(person.card_place)), *card, *AFTER]
        assert asker.press("*").press(PENSION).waits().said == pension
    moves = [centre for (centre,) in rows("SELECT centre FROM call_step WHERE call_sid = %s ORDER BY turn", asker.sid)]
    places = [bengbu, person.card_place] * 2
    assert [c for n, c in enumerate(moves) if n == 0 or moves[n - 1] != c] == [PROVINCE, HEFEI, *places, bengbu]


def test_two_centres_that_each_name_the_other_answer_nobody_twice(
    rings: Rings, somebody: Somebody, today: date, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two systems that contradict each other: what the second one says is read out there."""
    person = somebody("王强")
    registry = line.services.social_insurance
    look_up = registry.look_up

    def contradicted(centre: str, *given: Any) -> Any:
        found = look_up(PROVINCE if centre == WUHU else centre, *given)
        if centre != WUHU:
            return found

        return replace(found, items=tuple(replace(item, place=HEFEI) for item in found.items))  # type: ignore[type-var]

    monkeypatch.setattr(registry, "look_up", contradicted)
    asker = rings(HEFEI).asks(PENSION).proves(person)
    assert asker.said.count(TO_WUHU) == 1 and "参保地是合肥。" in asker.said and asker.said[-2:] == AFTER


def test_wuhus_medical_insurance_is_answered_by_another_line(rings: Rings, sandbox: SandboxProcess, rows: Rows) -> None:
    asker = rings(WUHU).press("1")
    assert "医保，请按二。" in asker.said
    hears_only(asker.press(MEDICAL), "医保的事，请打幺二三九三，那边能查。")
    asker.hang_up()
    assert sandbox.state()["counts"] == [] and rows("SELECT count(*) FROM look_up_audit") == [(0,)]


def test_a_card_of_a_city_that_is_not_connected_is_not_answered_there(rings: Rings, sandbox: SandboxProcess) -> None:
    asker = rings(CHIZHOU).press("1").press(CARD)
    assert asker.said[0] == "这项服务还没有开通，电话里办不了。"
    assert sandbox.state()["counts"] == []


@pytest.fixture
def nothing_in_wuhu(line: Line, tmp_path: Path, sandbox: SandboxProcess) -> None:
    """The installation's own file: no system is connected for Wuhu."""
    written = yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8"))
    closed = {"closed": "还没有接通"}
    written["centres"][WUHU] = dict.fromkeys(("pension", "medical", "card", "pin"), closed)
    (tmp_path / SHIPPED_FILE.name).write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    line.services.social_insurance._keeper = SystemsKeeper(tmp_path)


def test_a_centre_with_nothing_connected_does_not_speak_of_key_1(nothing_in_wuhu: None, rings: Rings) -> None:
    asker = rings(WUHU)
    assert not any("查社保信息" in sentence for sentence in asker.heard)
    assert asker.press("1").said[0] == "这项服务还没有开通，电话里办不了。"
    # Elsewhere it is spoken as ever.
    assert "查社保信息，请按一。" in rings(HEFEI).said


def test_nobody_is_handed_to_a_centre_where_nobody_would_answer(
    nothing_in_wuhu: None, rings: Rings, somebody: Somebody
) -> None:
    asker = rings(HEFEI).asks(PENSION).proves(somebody("王强"))
    assert asker.said[:2] == [PROVEN, "您的职工养老保险，正在正常缴费。"]
    assert "参保地是芜湖。" in asker.said

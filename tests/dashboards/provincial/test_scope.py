"""A city sees itself and the province sees all: one function, and every address of these pages goes through it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from pypdf import PdfReader
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from app import create_app
from dashboards.console.errors import Refused
from dashboards.models import ADMINISTRATOR, CONSULTANT, PROVINCIAL, SUPERVISOR
from dashboards.provincial.scope import SEES_FIGURES, centres_of, cut, require_one
from dashboards.staff import StaffMember
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from ivr.service import Line
from tests.dashboards.provincial.figures_app import HEFEI, WUHU, Figures
from tests.dashboards.staff_app import Clock, StaffApp

# What an address needs beside its path, and the centre that it is about: somebody else's.
ARGUMENTS = {
    "call_sid": "CAhefei",
    "centre": HEFEI,
    "code": HEFEI,
    "call_id": "hefei-1",
    "month": "2026-10",
    "day": "2026-11-19",
    "kind": "calls",
    "batch": "1",
    "batch_id": "1",
    "key_id": "KEYOFHEFEI",
    "key": "KEYOFHEFEI",
    "alarm_id": "1",
    "id": "1",
}
# Only a colleague of Hefei's may read these.
OF_HEFEI = ("CAhefei", "hefei-1", "合肥的告警", "hefei-batch", "合肥不该给芜湖看")


def member(role: str, centre: str | None = None) -> StaffMember:
    return StaffMember(1, "somebody", "某人", role, centre, 0)


def test_a_city_sees_itself_and_the_province_all(keeper: LibraryKeeper) -> None:
    library = keeper.library()
    assert centres_of(member(SUPERVISOR, WUHU), library) == (WUHU,)
    assert centres_of(member(SUPERVISOR, WUHU), library, [WUHU]) == (WUHU,)
    for role in (PROVINCIAL, ADMINISTRATOR):
        assert centres_of(member(role), library) == tuple(library.centres)
        # In the province's order, each once.
        assert centres_of(member(role), library, [WUHU, HEFEI, WUHU]) == (HEFEI, WUHU)


@pytest.mark.parametrize(
    ("role", "centre", "asked", "status"),
    [
        (SUPERVISOR, WUHU, [HEFEI], 403),
        (SUPERVISOR, WUHU, [WUHU, HEFEI], 403),
        (SUPERVISOR, WUHU, ["999999"], 404),
        (PROVINCIAL, None, ["999999"], 404),
        (PROVINCIAL, None, [""], 404),
        (CONSULTANT, WUHU, [], 403),
        (CONSULTANT, WUHU, [WUHU], 403),
    ],
)
def test_who_asks_for_more_is_refused(
    keeper: LibraryKeeper, role: str, centre: str | None, asked: list[str], status: int
) -> None:
    with pytest.raises(Refused) as refusal:
        centres_of(member(role, centre), keeper.library(), asked)
    assert refusal.value.http_status == status


def test_a_supervisor_of_a_centre_that_is_gone_sees_none(keeper: LibraryKeeper) -> None:
    assert centres_of(member(SUPERVISOR, "341499"), keeper.library()) == ()


def test_one_centre_is_asked_for_by_its_code(keeper: LibraryKeeper) -> None:
    assert require_one(member(SUPERVISOR, WUHU), keeper.library(), WUHU) == WUHU
    for code, status in (("", 404), ("999999", 404), (HEFEI, 403)):
        with pytest.raises(Refused) as refusal:
            require_one(member(SUPERVISOR, WUHU), keeper.library(), code)
        assert refusal.value.http_status == status
    assert cut({HEFEI: 1, WUHU: 2}, (WUHU,)) == {WUHU: 2}


@pytest.fixture
def province(
    staff: StaffApp, services: Services, keeper: LibraryKeeper, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Figures]:
    """The whole application, with something of Hefei's in every table that these pages read."""
    # The menus of this session, which are proven already.
    monkeypatch.setattr(Line, "build", lambda services: Line(services, keeper))
    app = create_app(staff.services.settings, replace(services, now=Clock()))
    office = Figures(staff, app)
    at = "2026-11-20 09:00"
    office.fact(at, HEFEI, received=7654321, answered=7654321)
    office.fact(at, WUHU, received=5, answered=5)
    office.own_call("CAhefei", at)
    office.own_call("CAwuhu", at, WUHU)
    office.city_call("hefei-1", at, HEFEI, channel="phone")
    office.enter(
        "alarm",
        {"rule": "stale", "centre": HEFEI, "severity": "urgent", "words": "合肥的告警", "began_at": staff.clock(),
         "seen_at": staff.clock()},
    )  # fmt: skip
    office.enter(
        "city_difference",
        {"centre": HEFEI, "day": "2026-11-19", "measure": "received", "claimed": 7654321, "arrived": 1,
         "found_at": staff.clock(), "explained_at": staff.clock(), "explanation": "合肥不该给芜湖看"},
    )  # fmt: skip
    office.enter(
        "city_key",
        {"id": "KEYOFHEFEI", "centre": HEFEI, "secret_sealed": b"x", "made_at": staff.clock(), "made_by": "xinxi"},
    )
    staff.write("UPDATE city_batch SET batch_id = 'hefei-batch'")
    yield office


def addresses(app: Flask) -> list[Rule]:
    rules = [rule for rule in app.url_map.iter_rules() if str(rule).startswith("/province")]
    assert {"/province/explore", "/province/api/explore", "/province/export.csv"} <= {str(rule) for rule in rules}
    return rules


def path_of(app: Flask, rule: Rule) -> str:
    missing = set(rule.arguments) - set(ARGUMENTS)
    assert not missing, f"{rule}: give the test a value of Hefei's for {missing}"
    numbers = {name for name, found in rule._converters.items() if isinstance(found, IntegerConverter)}
    values = {name: int(ARGUMENTS[name]) if name in numbers else ARGUMENTS[name] for name in rule.arguments}
    with app.test_request_context():
        return str(app.url_map.bind("").build(rule.endpoint, values, method=_method(rule)))


def _method(rule: Rule) -> str:
    methods = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
    return "GET" if "GET" in methods else sorted(methods)[0]


def text_in(answer: TestResponse) -> str:
    """All that can be read in an answer, in a workbook or a report too."""
    content = answer.get_data()
    if content.startswith(b"PK"):
        book = zipfile.ZipFile(io.BytesIO(content))
        content = b"".join(book.read(name) for name in book.namelist())
    if content.startswith(b"%PDF"):
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return content.decode("utf-8", "replace")


def is_json(rule: Rule) -> bool:
    return str(rule).startswith("/province/api/") or _method(rule) != "GET"


def test_a_city_is_shown_nothing_of_another_on_any_address(province: Figures) -> None:
    wuhu = province.visitor("wuhu")
    token = wuhu.page("/province/explore").split('data-csrf="')[1].split('"')[0]
    for rule in addresses(province.app):
        path = path_of(province.app, rule)
        for asked in ("", "?centres=340100", "?centre=340100"):
            answer = wuhu.client.open(
                path + asked, method=_method(rule), headers={"X-CSRF-Token": token}, json={} if is_json(rule) else None
            )
            assert answer.status_code < 500, (path + asked, answer.status)
            said = text_in(answer)
            if answer.status_code < 400:
                shown = [words for words in (*OF_HEFEI, "7654321", "7,654,321", "76543") if words in said]
                assert not shown, (path + asked, shown)


def test_what_belongs_to_a_city_is_refused_to_another_by_name(province: Figures) -> None:
    wuhu = province.visitor("wuhu")
    for rule in addresses(province.app):
        if {"call_sid", "call_id", "centre", "code"} & set(rule.arguments) and _method(rule) == "GET":
            answer = wuhu.get(path_of(province.app, rule))
            assert answer.status_code in (403, 404), (str(rule), answer.status)


def test_the_province_is_shown_what_a_city_is_not(province: Figures) -> None:
    # Otherwise the test above would prove nothing.
    visitor = province.visitor()
    assert "7654321" in visitor.page("/province/api/explore?period=this_month")
    assert "CAhefei" in visitor.page("/province/api/calls?period=this_month")
    assert visitor.get("/province/calls/CAhefei").status_code == 200


def test_consultants_see_no_figures_on_any_address(province: Figures) -> None:
    consultant = province.visitor("wuhu01")
    token = consultant.page("/console").split('data-csrf="')[1].split('"')[0]
    for rule in addresses(province.app):
        answer = consultant.client.open(
            path_of(province.app, rule),
            method=_method(rule),
            headers={"X-CSRF-Token": token},
            json={} if is_json(rule) else None,
        )
        assert answer.status_code == 403, (str(rule), answer.status)


def test_nobody_sees_anything_without_signing_in(province: Figures) -> None:
    for rule in addresses(province.app):
        answer = province.app.test_client().open(path_of(province.app, rule), method=_method(rule))
        if is_json(rule):
            assert answer.status_code in (400, 401), (str(rule), answer.status)
            assert json.loads(answer.get_data(as_text=True))["error"]
        else:
            assert answer.status_code == 302 and "/login" in answer.headers["Location"], (str(rule), answer.status)


def test_the_roles_that_see_figures_are_those_of_the_navigation() -> None:
    assert SEES_FIGURES == (SUPERVISOR, PROVINCIAL, ADMINISTRATOR)

"""The business systems as the hotline uses them: by centre, audited, and one that hangs costs nobody else anything."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest

from integrations.database import Database
from integrations.sandbox.people import Population
from integrations.sandbox.records import Person
from integrations.services import Services, utc_now
from integrations.settings import Settings
from integrations.social_insurance.contract import (
    Answer,
    Found,
    Insured,
    Kind,
    Locked,
    NotFound,
    PinChecked,
    PinVerdict,
    Purpose,
    Unavailable,
    Unknown,
)
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.keeper import SHIPPED_FILE
from integrations.social_insurance.registry import SocialInsurance
from integrations.social_insurance.systems_file import NotConnected, ReferTo
from integrations.system_secrets import DEMO_SECRETS
from tests.integrations.sandbox_process import SandboxProcess
from tests.integrations.social_insurance.conftest import NEVER_LOGGED
from tests.waiting import eventually

CALLER = Purpose("caller", "CA" + "1" * 32, "query", caller_hash=b"c" * 32)
STAFF = Purpose("wangfang", None, "console_query")
NEVER_LOGGED.update(DEMO_SECRETS.values())
Build = Callable[..., SocialInsurance]


@pytest.fixture
def build(services: Services, sandbox: SandboxProcess) -> Iterator[Build]:
    """The registry over the sandbox; `file` are changes to the shipped file, others settings."""
    built: list[SocialInsurance] = []

    def build(file: dict[str, Any] | None = None, database: Database | None = None, **more: Any) -> SocialInsurance:
        settings = replace(services.settings, sandbox_port=sandbox.port, **more)
        if file is not None:
            settings = replace(settings, config_dir=_folder(settings, file))
        built.append(
            SocialInsurance(settings, database or services.database, services.live_store, services.sealer, utc_now)
        )
        return built[-1]

    yield build
    for one in built:
        one.close()


def _folder(settings: Settings, changes: dict[str, Any]) -> Path:
    document = yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8"))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = document
        for name in parents:
            place = place[name]
        place[last] = value
    folder = settings.var_dir / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "systems.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture
def person(population: Population) -> Insured:
    """Somebody of the province whom every system knows, with a PIN of their own."""
    return Insured(wang(population).id_number)


def wang(population: Population) -> Person:
    person = next(p for p in population.people if p.shows and p.name == "王芳")
    NEVER_LOGGED.add(person.pin or "")
    return person


def rows(services: Services) -> list[tuple[Any, ...]]:
    names = "who, why, call_sid, centre, system, kind, person_hash, result, reason, milliseconds"
    with services.database.pool.connection() as connection:
        return connection.execute(f"SELECT {names} FROM look_up_audit ORDER BY id").fetchall()


# whom a centre asks


def test_every_centre_has_its_systems(build: Build) -> None:
    registry = build()
    names = {
        (centre, kind): who.system.name if isinstance(who := registry.for_centre(centre, kind), Guarded) else who
        for centre in ("340000", "340100", "340200", "341200", "341700")
        for kind in Kind
    }
    assert names["340000", Kind.PENSION] == "demo_bus_province" and names["340100", Kind.PENSION] == "demo_bus_hefei"
    assert names["341200", Kind.PENSION] == "demo_tables" and names["340200", Kind.MEDICAL] == ReferTo("12393")
    assert names["341700", Kind.CARD] == NotConnected("社保卡系统还在联调")
    assert registry.for_centre("340000", Kind.CARD) is registry.for_centre("340200", Kind.CARD)


@pytest.mark.parametrize(("centre", "kind"), [("340200", Kind.MEDICAL), ("341700", Kind.CARD)])
def test_where_nobody_answers_nobody_is_asked(
    centre: str, kind: Kind, build: Build, person: Insured, services: Services
) -> None:
    assert build().look_up(centre, kind, person, CALLER) == Unavailable("", "closed")
    assert rows(services) == []


def test_a_missing_secret_leaves_a_system_half_connected_and_the_others_whole(build: Build) -> None:
    secrets = {name: value for name, value in DEMO_SECRETS.items() if "HEFEI" not in name}
    registry = build(system_secrets=secrets)
    who = registry.for_centre("340100", Kind.PENSION)
    assert who == NotConnected("“合肥养老服务总线（演示）”只接了一半: 环境变量 SYSTEM_DEMO_BUS_HEFEI_TOKEN 没有设置")
    assert isinstance(registry.for_centre("340000", Kind.PENSION), Guarded)
    (health,) = [one for one in registry.health() if one.name == "demo_bus_hefei"]
    assert (health.state, health.sentence) == ("half", who.reason)


def test_a_key_of_the_wrong_length_leaves_a_system_half_connected(build: Build) -> None:
    registry = build(system_secrets=DEMO_SECRETS | {"SYSTEM_DEMO_MEDICAL_CIPHER_KEY": "too short"})
    who = registry.for_centre("340000", Kind.MEDICAL)
    assert isinstance(who, NotConnected) and "用不了" in who.reason and "too short" not in who.reason


def test_outside_a_demo_there_is_no_sandbox(build: Build) -> None:
    registry = build(demo=False)
    for kind in Kind:
        for centre in ("340000", "341200"):
            who = registry.for_centre(centre, kind)
            assert isinstance(who, NotConnected) and "只在演示中有" in who.reason


def test_a_file_that_cannot_be_used_connects_nobody_and_says_so(build: Build) -> None:
    registry = build({"systems.demo_medical.adapter": "oracle"})
    who = registry.for_centre("340000", Kind.MEDICAL)
    assert isinstance(who, NotConnected) and "配置文件有错" in who.reason and registry.problems


# a question and its trace


def test_a_question_leaves_who_whose_why_and_what_came_of_it(
    build: Build, person: Insured, services: Services, today: date
) -> None:
    answer = build().look_up("340000", Kind.PENSION, person, CALLER)
    assert isinstance(answer, Found) and answer.as_of == today
    ((*told, milliseconds),) = rows(services)
    fingerprint = services.sealer.fingerprint(person.id_number)
    assert told == [
        "caller", "query", CALLER.call_sid, "340000", "demo_bus_province", "pension", fingerprint, "found", None,
    ]  # fmt: skip
    assert 0 <= milliseconds < 8000


@pytest.mark.parametrize(
    ("switch", "result", "reason"),
    [
        (("down", {}), "unavailable", "down"),
        (("wrong", {"twist": "broken"}), "unknown", None),
        (("hang", {}), "unavailable", "slow"),
    ],
)
def test_every_end_of_a_question_is_kept(
    switch: tuple[str, dict[str, Any]], result: str, reason: str | None,
    build: Build, sandbox: SandboxProcess, person: Insured, services: Services,
) -> None:  # fmt: skip
    registry = build()
    sandbox.turn("medical", switch[0], **switch[1])
    registry.look_up("340000", Kind.MEDICAL, person, STAFF, deadline_seconds=0.7)
    ((who, *_, told, why, _),) = rows(services)
    assert (who, told, why) == ("wangfang", result, reason)


def test_the_trace_is_there_before_anybody_is_asked(
    build: Build, sandbox: SandboxProcess, person: Insured, services: Services
) -> None:
    registry = build()
    sandbox.turn("medical", "hang")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(registry.look_up, "340000", Kind.MEDICAL, person, CALLER, 5.0)
        eventually(lambda: sandbox.asked("medical") == 1)
        ((*_, result, reason, milliseconds),) = rows(services)
        assert (result, reason, milliseconds) == (None, None, None)
        # It lets go without an answer, and is asked once more.
        sandbox.turn("medical", "normal")
        assert isinstance(answer.result(), Found) and sandbox.asked("medical") == 2


def test_a_crash_in_between_leaves_the_trace_open(build: Build, person: Insured, services: Services) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    registry = build()
    who = registry.for_centre("340000", Kind.PENSION)
    assert isinstance(who, Guarded)
    who.look_up = die  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        registry.look_up("340000", Kind.PENSION, person, CALLER)
    ((*_, result, reason, milliseconds),) = rows(services)
    assert (result, reason, milliseconds) == (None, None, None)


def test_without_a_database_for_the_trace_nobody_is_asked(
    build: Build, sandbox: SandboxProcess, person: Insured
) -> None:
    gone = Database("postgresql://nobody@/nothing?host=/nowhere", pool_size=1)
    registry = build(database=gone)
    assert registry.look_up("340000", Kind.PENSION, person, CALLER) == Unavailable("demo_bus_province", "down")
    assert registry.check_pin("340000", person, "258036", CALLER) == Unavailable("demo_bus_province", "down")
    assert sandbox.asked("pension-province") == 0
    gone.close()


def test_no_transaction_is_open_while_a_system_is_asked(
    build: Build, sandbox: SandboxProcess, person: Insured, services: Services
) -> None:
    registry = build()
    sandbox.turn("pension-province", "hang")
    with ThreadPoolExecutor(2) as threads:
        asked = [
            threads.submit(registry.look_up, "340000", Kind.PENSION, person, CALLER, 5.0),
            threads.submit(registry.check_pin, "340000", person, "918273", CALLER, 5.0),
        ]
        eventually(lambda: sandbox.asked("pension-province") == 2)
        with services.database.pool.connection() as connection:
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%'"
            )
            assert connection.execute(query).fetchone() == (0,)
        sandbox.turn("pension-province", "normal")
        assert all(one.result() for one in asked)


def test_figures_count_systems_and_results_and_name_nobody(build: Build, person: Insured) -> None:
    labels = {"system": "demo_bus_province", "kind": "pension", "result": "found", "reason": ""}
    before = REGISTRY.get_sample_value("social_insurance_answers_total", labels) or 0.0
    build().look_up("340000", Kind.PENSION, person, CALLER)
    assert REGISTRY.get_sample_value("social_insurance_answers_total", labels) == before + 1
    assert person.id_number not in generate_latest(REGISTRY).decode()


# one system hangs


def test_one_system_that_hangs_costs_the_others_nothing(build: Build, sandbox: SandboxProcess, person: Insured) -> None:
    """Thirty callers to each of three systems at once, one of which answers nobody: the others are through first."""
    registry = build({"systems.demo_medical.at_once": 4, "systems.demo_medical.failures_until_rest": 100})
    sandbox.turn("medical", "hang")
    ended: list[tuple[Kind, Answer]] = []
    others_done = threading.Semaphore(0)

    def ask(kind: Kind) -> None:
        answer = registry.look_up("340000", kind, person, CALLER)
        ended.append((kind, answer))
        if kind is not Kind.MEDICAL:
            others_done.release()

    with ThreadPoolExecutor(48) as threads:
        hanging = [threads.submit(ask, Kind.MEDICAL) for _ in range(30)]
        eventually(lambda: sandbox.asked("medical") == 4)
        for _ in range(30):
            threads.submit(ask, Kind.PENSION)
            threads.submit(ask, Kind.CARD)
        assert all(others_done.acquire(timeout=30) for _ in range(60))
        # At this moment whoever the hanging system keeps is still kept, and no more than its places.
        assert sum(not one.done() for one in hanging) == 4
        sandbox.turn("medical", "normal")
    by_kind = {kind: [answer for asked, answer in ended if asked is kind] for kind in Kind}
    assert all(isinstance(answer, Found | Unavailable) for answer in by_kind[Kind.PENSION] + by_kind[Kind.CARD])
    for kind in (Kind.PENSION, Kind.CARD):
        away = {answer.reason for answer in by_kind[kind] if isinstance(answer, Unavailable)}
        assert away <= {"busy"} and any(isinstance(answer, Found) for answer in by_kind[kind])
    medical = [answer.reason for answer in by_kind[Kind.MEDICAL] if isinstance(answer, Unavailable)]
    assert medical.count("busy") == 26 and sandbox.asked("medical") <= 8


def test_a_system_that_is_down_rests_and_the_menu_hears_of_it(
    build: Build, sandbox: SandboxProcess, person: Insured
) -> None:
    registry = build()
    other = build()
    sandbox.turn("card-province", "error")
    for _ in range(5):
        assert isinstance(registry.look_up("340000", Kind.CARD, person, CALLER), Unavailable)
    asked = sandbox.asked("card-province")
    answer = other.look_up("340000", Kind.CARD, person, CALLER)
    assert isinstance(answer, Unavailable) and answer.until == other.is_resting("340000", Kind.CARD)
    assert answer.until is not None and sandbox.asked("card-province") == asked
    assert other.is_resting("340000", Kind.PENSION) is None and other.is_resting("341700", Kind.CARD) is None


# PINs


def test_a_right_pin_is_right(build: Build, population: Population, person: Insured, services: Services) -> None:
    pin = wang(population).pin or ""
    assert build().check_pin("340000", person, pin, CALLER) == PinChecked(PinVerdict.RIGHT, 4)
    ((*told, _, result, reason, _),) = rows(services)
    assert (told[4:6], result, reason) == (["demo_bus_province", "pin"], "right", None)


def test_a_wrong_one_says_how_many_are_left_and_then_it_is_locked(
    build: Build, population: Population, person: Insured, sandbox: SandboxProcess, services: Services
) -> None:
    registry = build()
    left = [registry.check_pin("340000", person, "918273", CALLER) for _ in range(5)]
    assert left == [PinChecked(PinVerdict.WRONG, n) for n in (4, 3, 2, 1, 0)]
    pin, asked = wang(population).pin or "", sandbox.asked("pension-province")
    locked = registry.check_pin("340000", person, pin, CALLER)
    assert isinstance(locked, Locked) and timedelta(hours=23) < locked.until - utc_now() <= timedelta(hours=24)
    assert sandbox.asked("pension-province") == asked and rows(services)[-1][7] == "locked"
    services.live_store.flushall()
    assert isinstance(registry.check_pin("340100", person, pin, STAFF), Locked)
    with services.database.pool.connection() as connection:
        connection.execute("UPDATE pin_failure SET at = at - interval '24 hours'")
    assert registry.check_pin("340000", person, pin, CALLER) == PinChecked(PinVerdict.RIGHT, 4)


def test_a_right_one_begins_the_count_anew(build: Build, population: Population, person: Insured) -> None:
    registry, pin = build(), wang(population).pin or ""
    for _ in range(3):
        for _ in range(4):
            registry.check_pin("340000", person, "918273", CALLER)
        assert registry.check_pin("340000", person, pin, CALLER) == PinChecked(PinVerdict.RIGHT, 0)


def test_a_pin_that_anybody_can_guess_is_initial_though_the_system_calls_it_right(
    build: Build, services: Services, person: Insured
) -> None:
    registry = build()
    who = registry.for_centre("340000", Kind.PENSION)
    assert isinstance(who, Guarded)
    who.check = lambda person, pin, seconds: PinVerdict.RIGHT  # type: ignore[method-assign]
    for pin in ("123456", person.id_number[6:12], person.id_number[-6:]):
        assert registry.check_pin("340000", person, pin, CALLER) == PinChecked(PinVerdict.INITIAL, 4)


def test_a_wrong_one_that_anybody_can_guess_stays_wrong(build: Build, person: Insured) -> None:
    assert build().check_pin("340000", person, "123456", CALLER) == PinChecked(PinVerdict.WRONG, 4)


@pytest.mark.parametrize("mode", [("down", {}), ("wrong", {"twist": "types"})])
def test_what_nobody_judged_does_not_count(
    mode: tuple[str, dict[str, Any]], build: Build, sandbox: SandboxProcess, person: Insured
) -> None:
    registry = build()
    sandbox.turn("pension-province", mode[0], **mode[1])
    for _ in range(3):
        assert isinstance(registry.check_pin("340000", person, "918273", CALLER), Unavailable | Unknown)
    sandbox.turn("pension-province", "normal")
    assert registry.check_pin("340000", person, "918273", CALLER) == PinChecked(PinVerdict.WRONG, 4)


def test_who_never_set_one_uses_up_no_tries(build: Build, population: Population) -> None:
    nobody_set = next(p for p in population.people if p.pin is None and p.pensions)
    registry = build()
    for _ in range(7):
        assert registry.check_pin("340000", Insured(nobody_set.id_number), "918273", CALLER) == PinChecked(
            PinVerdict.NOT_SET, 4
        )


def test_numbers_of_nobody_lock_the_telephone(build: Build, sandbox: SandboxProcess, person: Insured) -> None:
    registry = build()
    for n in range(10):
        nobody = Insured(f"11010119000101{n:03d}X")
        told = registry.check_pin("340000", nobody, "918273", CALLER)
        assert isinstance(told, PinChecked) and told.verdict is PinVerdict.NOT_FOUND
    assert isinstance(registry.check_pin("340000", person, "918273", CALLER), Locked)
    assert registry.check_pin("340000", person, "918273", STAFF) == PinChecked(PinVerdict.WRONG, 4)


def test_many_guesses_at_once_ask_the_system_no_more_than_allowed(
    build: Build, sandbox: SandboxProcess, person: Insured
) -> None:
    registry = build({"systems.demo_bus_province.at_once": 16})
    with ThreadPoolExecutor(16) as threads:
        told = list(threads.map(lambda n: registry.check_pin("340000", person, f"9182{n:02d}", CALLER, 8.0), range(40)))
    assert sandbox.asked("pension-province") == 5
    assert sum(isinstance(one, PinChecked) for one in told) == 5
    assert sum(isinstance(one, Locked) for one in told) == 35


def test_where_nobody_knows_pins_nobody_is_asked(build: Build, person: Insured) -> None:
    registry = build({"defaults.pin": {"closed": "没有查询密码"}})
    assert registry.check_pin("340000", person, "918273", CALLER) == Unavailable("", "closed")


# health


def test_staff_see_how_every_system_is(build: Build, sandbox: SandboxProcess, person: Insured, today: date) -> None:
    registry = build()
    registry.look_up("341200", Kind.PENSION, person, STAFF)
    sandbox.turn("pension-hefei", "down")
    sandbox.turn("card-hefei", "error")
    told = {one.name: one for one in registry.health(["340000", "340100", "341200"])}
    assert len(told) == 6
    assert (told["demo_medical"].state, told["demo_medical"].sentence) == ("up", "正常")
    assert (told["demo_bus_hefei"].state, told["demo_bus_hefei"].sentence) == ("down", "连不上")
    assert told["demo_card_hefei"].state == "down"
    assert told["demo_tables"].sentence == f"正常，数据截至{today - timedelta(days=1):%Y-%m-%d}"
    assert told["demo_tables"].answers == (("341200", "pension"),)
    assert told["demo_bus_province"].answers == (
        ("340000", "pension"), ("340000", "pin"), ("340100", "pin"), ("341200", "pin"),
    )  # fmt: skip


def test_a_resting_system_is_told_with_the_time(build: Build, sandbox: SandboxProcess, person: Insured) -> None:
    registry = build({"systems.demo_medical.failures_until_rest": 1})
    sandbox.turn("medical", "error")
    registry.look_up("340000", Kind.MEDICAL, person, STAFF)
    (medical,) = [one for one in registry.health() if one.name == "demo_medical"]
    assert medical.state == "resting" and medical.until and "先不去问" in medical.sentence


def test_looking_does_not_ask_again_and_again(build: Build, sandbox: SandboxProcess) -> None:
    registry = build()
    for _ in range(5):
        registry.health()
    assert sandbox.asked("card-province", "wsdl") == 1


def test_looking_at_a_system_that_hangs_comes_back(build: Build, sandbox: SandboxProcess) -> None:
    registry = build()
    sandbox.turn("medical", "hang")
    told = {one.name: one.state for one in registry.health()}
    assert told["demo_medical"] in ("down", "unknown") and told["demo_card_province"] == "up"


# a changed file


def test_a_changed_system_is_built_anew_and_the_others_are_kept(build: Build, services: Services) -> None:
    registry = build({})
    before = {kind: registry.for_centre("340000", kind) for kind in Kind}
    registry._keeper._clock = lambda: float("inf")
    _folder(replace(services.settings), {"systems.demo_medical.at_once": 3})
    after = {kind: registry.for_centre("340000", kind) for kind in Kind}
    assert after[Kind.CARD] is before[Kind.CARD] and after[Kind.PENSION] is before[Kind.PENSION]
    medical = after[Kind.MEDICAL]
    assert isinstance(medical, Guarded) and medical is not before[Kind.MEDICAL] and medical.system.at_once == 3


def test_somebody_elsewhere_is_found_with_their_place(build: Build, population: Population) -> None:
    elsewhere = next(p for p in population.people if p.shows and p.name == "王强")
    registry = build()
    answer = registry.look_up("340000", Kind.PENSION, Insured(elsewhere.id_number), CALLER)
    assert isinstance(answer, Found) and answer.place == "340200"
    assert isinstance(registry.look_up("340100", Kind.PENSION, Insured(elsewhere.id_number), CALLER), NotFound)


def test_every_question_is_told_in_the_log_without_whom(
    build: Build, person: Insured, everything_logged: io.StringIO
) -> None:
    before = everything_logged.tell()
    build().look_up("340000", Kind.PENSION, person, CALLER)
    line = everything_logged.getvalue()[before:]
    assert "'event': 'looked_up'" in line and "'result': 'found'" in line and person.id_number[-4:] not in line

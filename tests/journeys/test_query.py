"""Key 1 on real processes: heard in the browser, beside systems that hang or are down, through processes that die."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext

from integrations.database_url import psycopg_url
from integrations.embedded import postgres_in
from integrations.sandbox.records import Person
from tests.journeys.browser import Phone, open_browser
from tests.journeys.conftest import always_open_config
from tests.journeys.console import Console
from tests.journeys.query_stage import (
    ASKED_FOR_ID,
    ASKED_FOR_PIN,
    HEFEI,
    LI_FANG,
    MEDICAL,
    NO_ANSWER,
    OURS,
    PENSION,
    PENSION_SYSTEM,
    PIN_AWAY,
    WANG_FANG,
    WANG_QIANG,
    WUHU,
    QueryCaller,
    QueryStage,
    each_on_its_own,
    has_a_medical_account_in_hefei,
    medical_amount,
    pays_in_wuhu,
    pension_amount,
)
from tests.running import RunningHotline
from tests.waiting import eventually

HEARD = 0.01
HANGING, MEDICAL_CALLERS, MENU_STEPS = 10, 3, 200


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("query")
    config = always_open_config(folder / "config")
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(config)).wait_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def _stage(hotline: RunningHotline) -> Iterator[QueryStage]:
    """In the end, while everything still runs, nobody's number is found anywhere."""
    stage = QueryStage(hotline)
    yield stage
    assert stage.leaks() == []


@pytest.fixture
def stage(_stage: QueryStage) -> QueryStage:
    _stage.as_new()
    return _stage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[], BrowserContext]]:
    opened: list[BrowserContext] = []

    def make() -> BrowserContext:
        opened.append(browser.new_context(viewport={"width": 1366, "height": 768}, permissions=["microphone"]))
        return opened[-1]

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def phone(hotline: RunningHotline, open_page: Callable[[], BrowserContext]) -> Iterator[Phone]:
    phone = Phone(open_page().new_page(), f"http://127.0.0.1:{hotline.port}")
    yield phone
    assert phone.errors == []


# in the browser


def ask_in_the_browser(phone: Phone, person: Person, dialled: str = WUHU) -> None:
    """Key 1, the pension, the ID number and the PIN, each when it was asked for."""
    assert person.pin is not None
    phone.dial(dialled, "13855112345")
    phone.hears("查社保")
    phone.press("1")
    # Not at its first word: the same key again so soon would be an echo.
    phone.hears("养老保险，请按一")
    phone.press(PENSION)
    phone.hears(ASKED_FOR_ID)
    phone.press(person.id_number.replace("X", "*"))
    phone.hears(ASKED_FOR_PIN)
    phone.press(person.pin)


def held_by(phone: Phone) -> str:
    """All digits and keys that the page holds: what it shows, its fields, address, title and storage."""
    texts = phone.page.evaluate(
        """() => [document.body.innerText, ...[...document.querySelectorAll("input")].map((field) => field.value),
            ...[...document.querySelectorAll("*")].flatMap((one) => Object.values(one.dataset)),
            ...Object.values(localStorage), ...Object.values(sessionStorage), location.href, document.title]"""
    )
    return "|".join("".join(key for key in text if key in "0123456789*X") for text in texts)


def holds_nothing_of(phone: Phone, person: Person) -> bool:
    held = held_by(phone)
    return not any(secret in held for secret in (person.id_number, person.id_number.replace("X", "*"), person.pin))


def test_a_balance_is_heard_in_the_browser_and_nothing_of_what_was_keyed_stays_in_the_page(
    phone: Phone, stage: QueryStage
) -> None:
    wang_fang = stage.person(WANG_FANG)
    ask_in_the_browser(phone, wang_fang)
    # Insured with the province: handed over, and nothing is keyed again.
    phone.hears(pension_amount(wang_fang), 40.0)
    phone.until(lambda: phone.loudness > HEARD)
    assert stage.switches.asked(PENSION_SYSTEM, wang_fang.id_number) > 0
    assert holds_nothing_of(phone, wang_fang)
    # What was shown comes back with the call; what was keyed does not.
    phone.page.reload()
    phone.until(lambda: phone.state == "live")
    assert holds_nothing_of(phone, wang_fang)
    phone.hang_up()
    phone.until(lambda: phone.state == "ended")
    assert holds_nothing_of(phone, wang_fang)


def test_a_number_keyed_where_none_was_asked_for_does_not_stay_either(phone: Phone, stage: QueryStage) -> None:
    li_fang = stage.person(LI_FANG)
    phone.dial(WUHU)
    phone.hears("您好")
    phone.press(li_fang.id_number.replace("X", "*"))
    phone.hang_up()
    phone.until(lambda: phone.state == "ended")
    assert holds_nothing_of(phone, li_fang)


def test_a_number_that_ends_with_x_is_keyed_with_the_star(stage: QueryStage) -> None:
    li_fang = stage.person(LI_FANG)
    caller = stage.ring().ask(PENSION).prove(li_fang)
    assert pension_amount(li_fang) in caller.until_told()
    caller.hang_up()


# one system hangs


def test_one_hanging_system_costs_nobody_else_anything(stage: QueryStage) -> None:
    in_wuhu = stage.people(HANGING, pays_in_wuhu)
    in_hefei = stage.people(MEDICAL_CALLERS, has_a_medical_account_in_hefei)
    asking = stage.together(stage.proven, in_wuhu)
    medical = stage.together(lambda person: stage.proven(person, HEFEI, MEDICAL), in_hefei)
    others = [stage.ring() for _ in range(4)]

    stage.switches.turn(PENSION_SYSTEM, "hang")
    told: list[str] = []
    hung = [threading.Thread(target=lambda one=one: told.append(one.ask_again(PENSION).until_told())) for one in asking]
    for thread in hung:
        thread.start()
    # A process asks one system eight things at once; whoever comes on top of that is told at once.
    eventually(lambda: len(told) + sum(one.is_told_to_wait for one in asking) == HANGING)
    told_before = len(told)
    looked_up = stage.together(lambda one: one.ask_again(MEDICAL).until_told(), medical)
    # Nobody has waited for the system that hangs: it has let nobody go yet.
    told_meanwhile = len(told)
    seconds = press_keys(others, MENU_STEPS)
    for thread in hung:
        thread.join()

    assert told_meanwhile == told_before < HANGING
    for person, heard in zip(in_hefei, looked_up, strict=True):
        assert medical_amount(person) in heard
    assert len(told) == HANGING and all(NO_ANSWER in heard for heard in told)
    assert not any(pension_amount(person) in heard for person, heard in zip(in_wuhu, told, strict=True))
    print(f"menu steps beside it: p99 {1000 * sorted(seconds)[int(0.99 * len(seconds)) - 1]:.1f} ms")
    for one in (*asking, *medical, *others):
        one.hang_up()


def press_keys(callers: list[QueryCaller], count: int) -> list[float]:
    """So many menu steps, of each caller in turn; how long each took."""
    seconds = []
    for step in range(count):
        caller = callers[step % len(callers)]
        began = time.perf_counter()
        caller.press("*" if step // len(callers) % 2 else "2")
        seconds.append(time.perf_counter() - began)
        assert caller.heard[-1] and not caller.is_over
    return seconds


# everything is down


def test_with_all_systems_down_key_1_tells_the_truth_and_the_rest_of_the_line_works(stage: QueryStage) -> None:
    person, *others = stage.people(3, pays_in_wuhu)
    before = stage.proven(person)
    stage.switches.all_down()
    assert NO_ANSWER in before.ask_again(PENSION).until_told()
    for other in others:
        caller = stage.ring().ask(PENSION).prove(other)
        assert PIN_AWAY in caller.until_told()
        caller.key("*").key("*")
        assert "请按一" in "".join(caller.heard[-12:])
        caller.key("2").key("1")
        assert any("一共" in sentence for sentence in caller.heard)
        caller.hang_up()
    # It comes back, and the same call hears the amount.
    stage.as_new()
    assert pension_amount(person) in before.ask_again(PENSION).until_told()
    before.hang_up()


# processes die


def begins_to_look(stage: QueryStage, person: Person, milliseconds: int) -> QueryCaller:
    """A caller who has been told that we are looking."""
    caller = stage.proven(person, post=each_on_its_own)
    stage.switches.turn(PENSION_SYSTEM, "slow", ms=milliseconds)
    caller.ask_again(PENSION)
    assert caller.is_told_to_wait
    return caller


def goes_on(stage: QueryStage, caller: QueryCaller, person: Person) -> None:
    """The call is where it was: what was asked for is heard when it is asked for again."""
    stage.as_new()
    assert pension_amount(person) in caller.ask_again(PENSION).until_told()
    caller.hang_up()


def test_web_processes_killed_in_a_slow_look_up_leave_the_caller_with_the_truth(stage: QueryStage) -> None:
    [person] = stage.people(1, pays_in_wuhu)
    caller = begins_to_look(stage, person, 3000)
    stage.kill_web_processes()
    heard = caller.until_told()
    assert pension_amount(person) in heard or OURS in heard
    goes_on(stage, caller, person)


def test_redis_killed_in_a_slow_look_up_leaves_the_caller_with_the_truth(stage: QueryStage) -> None:
    [person] = stage.people(1, pays_in_wuhu)
    caller = begins_to_look(stage, person, 3000)
    stage.redis().kill()
    heard = caller.until_told()
    assert pension_amount(person) in heard or OURS in heard
    goes_on(stage, caller, person)


def test_redis_frozen_in_a_slow_look_up_leaves_the_caller_with_the_truth(stage: QueryStage) -> None:
    [person] = stage.people(1, pays_in_wuhu)
    caller = begins_to_look(stage, person, 3000)
    with stage.redis_frozen():
        heard = caller.until_told()
    assert pension_amount(person) in heard or OURS in heard
    goes_on(stage, caller, person)


# a consultant


def test_a_consultant_sees_the_proof_and_the_same_amount(
    phone: Phone, stage: QueryStage, open_page: Callable[[], BrowserContext]
) -> None:
    wang_qiang = stage.person(WANG_QIANG)
    desk = Console(open_page(), phone.page.url.removesuffix("/phone"), "wuhu01").go_online()
    ask_in_the_browser(phone, wang_qiang)
    phone.hears(pension_amount(wang_qiang), 40.0)
    phone.press("0")
    desk.answers()
    identity: Any = desk.page.locator("#identity")
    desk.until(lambda: "身份已按键核对 · 证件尾号 9995" in identity.inner_text())
    desk.click("look-up")
    desk.page.select_option("#look-up-purpose", "enquiry")
    desk.page.click('#look-up-kinds [data-kind="pension"]')
    desk.until(lambda: "90,162元" in desk.page.inner_text("#look-up-result"))
    assert wang_qiang.id_number not in desk.page.content()
    phone.hang_up()
    desk.until(lambda: desk.state == "wrap_up")
    desk.wraps_up()
    assert desk.errors == []


def test_what_would_be_left_in_this_installation_would_be_found(stage: QueryStage, hotline: RunningHotline) -> None:
    wang_fang = stage.person(WANG_FANG)
    assert stage.leaks() == []
    left = hotline.var_dir / "left.log"
    with psycopg.connect(psycopg_url(postgres_in(hotline.var_dir).url), autocommit=True) as connection:
        try:
            left.write_text(f"Digits={wang_fang.pin}", encoding="utf-8")
            connection.execute("CREATE TABLE left_over AS SELECT %s::text AS number", (wang_fang.id_number,))
            assert len(stage.leaks()) == 2
        finally:
            left.unlink()
            connection.execute("DROP TABLE IF EXISTS left_over")

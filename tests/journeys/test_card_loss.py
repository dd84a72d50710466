"""Key 6 on real processes: a card is frozen in the browser, and a write whose processes were killed is found out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from integrations.database_url import psycopg_url
from integrations.embedded import postgres_in
from integrations.sandbox.records import Card
from integrations.services import utc_now
from integrations.work_calendar import in_shanghai
from ivr.words import full_day, speakable, spell_digits
from tests.journeys.browser import Phone, open_browser
from tests.journeys.conftest import always_open_config
from tests.journeys.query_stage import (
    ASKED_FOR_ID,
    ASKED_FOR_PIN,
    WANG_QIANG,
    WUHU,
    QueryStage,
    each_on_its_own,
)
from tests.journeys.test_query import held_by, holds_nothing_of
from tests.running import RunningHotline
from tests.waiting import comes_true, eventually
from voicemail.freeze import LEASE

WANG_NA = "340302199402289985"
WRITE = "allDsjk"
HEFEI, PROVINCE = "card-hefei", "card-province"
CONFIRM, LAST_WORDS = "确定挂失，请按六", "再听一遍，请按九"
DONE = "挂失好了"
SLOW_MS = 9000
AGAIN_SECONDS = 2.5
# The lease, the worker's round, and a machine that does much else.
FOUND_OUT_SECONDS = LEASE.total_seconds() + 90


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("loss")
    config = always_open_config(folder / "config")
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(config)).wait_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def stage(hotline: RunningHotline) -> Iterator[QueryStage]:
    """In the end, while everything still runs, nobody's number is found anywhere."""
    stage = QueryStage(hotline)
    stage.as_new()
    yield stage
    assert stage.leaks() == []


def rows(stage: QueryStage, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(psycopg_url(postgres_in(stage.hotline.var_dir).url), autocommit=True) as connection:
        return connection.execute(sql, values).fetchall()


def counted(stage: QueryStage, system: str, card: Card) -> dict[str, int]:
    """What came for a card at the sandbox."""
    told = stage.switches._do("writes", system=system, card=card.number)
    return {word: number for word, number in told.items() if number}


@pytest.fixture(scope="module")
def killed(stage: QueryStage) -> str:
    """A call in whose slow write all web processes and the worker were killed."""
    caller = stage.ring(WUHU, post=each_on_its_own).key("6").prove(stage.person(WANG_QIANG))
    for _ in range(20):
        if CONFIRM in "".join(caller.heard[-6:]):
            break
        caller.wait()
    stage.switches.turn(PROVINCE, "slow", ms=SLOW_MS, operation=WRITE)
    caller.key("6")
    eventually(lambda: counted(stage, PROVINCE, stage.person(WANG_QIANG).cards[0]).get("received") == 1)
    stage.kill_web_processes()
    stage.hotline.child("worker").kill()
    assert rows(stage, "SELECT status FROM card_freeze WHERE call_sid = %s", caller.sid) == [("writing",)]
    stage.switches.turn(PROVINCE, "normal")
    eventually(lambda: stage.hotline.get("/readyz")[0] == 200, 60.0)
    caller.hang_up()
    assert not any(DONE in sentence for sentence in caller.heard)
    return caller.sid


@pytest.fixture
def phone(hotline: RunningHotline) -> Iterator[Phone]:
    with open_browser() as browser:
        page = browser.new_context(viewport={"width": 1366, "height": 768}, permissions=["microphone"]).new_page()
        phone = Phone(page, f"http://127.0.0.1:{hotline.port}")
        yield phone
        assert phone.errors == []


def presses_until_it_counts(phone: Phone, key: str, words: str) -> None:
    """The question is said to its end before any key counts; whoever presses sooner presses again."""
    for _ in range(8):
        phone.press(key)
        if comes_true(lambda: any(words in caption for caption in phone.captions), AGAIN_SECONDS):
            return
    raise AssertionError(f"{words} is not heard: {phone.captions[-6:]}")


def test_a_card_is_frozen_in_the_browser_and_its_receipt_and_its_last_day_are_heard(
    killed: str, phone: Phone, stage: QueryStage
) -> None:
    """While the worker waits for the lease of the write whose processes were killed."""
    wang_na = stage.person(WANG_NA)
    _, card = wang_na.cards
    phone.dial(WUHU, "13855112345")
    phone.hears("社保卡挂失，请按六")
    phone.press("6")
    phone.hears(ASKED_FOR_ID, 60.0)
    phone.press(wang_na.id_number)
    phone.hears(ASKED_FOR_PIN)
    phone.press(wang_na.pin or "")
    # Insured and with cards in Hefei: handed over, and nothing is keyed again.
    phone.hears(f"尾号{spell_digits(card.number[-4:])}，徽商银行的，请按二", 60.0)
    phone.press("2")
    phone.hears(CONFIRM, 60.0)
    assert counted(stage, HEFEI, card) == {}
    phone.hears(LAST_WORDS, 60.0)
    presses_until_it_counts(phone, "6", DONE)
    [(receipt, until)] = rows(stage, "SELECT receipt, until FROM card_freeze WHERE centre = '340100'")
    phone.hears(f"受理号{spell_digits(receipt, 3)}")
    today = in_shanghai(utc_now()).date()
    # By the system's own clock, which may have passed midnight since.
    assert until - today in (timedelta(days=6), timedelta(days=7))
    phone.hears(speakable(f"停到{full_day(until, today)}"))
    assert counted(stage, HEFEI, card) == {"received": 1, "frozen": 1} and counted(stage, HEFEI, wang_na.cards[0]) == {}
    assert holds_nothing_of(phone, wang_na) and card.number not in held_by(phone)
    phone.hang_up()


def test_a_write_whose_processes_were_killed_is_found_out_by_the_worker_and_never_written_again(
    killed: str, stage: QueryStage
) -> None:
    def found() -> list[tuple[Any, ...]]:
        sql = "SELECT status, person_sealed, due_at IS NOT NULL, cleared_at FROM card_freeze"
        return rows(stage, f"{sql} WHERE call_sid = %s AND ended_at IS NOT NULL AND callback_id IS NOT NULL", killed)

    # Somebody was left without an answer, so it is on the list, and they are rung.
    assert eventually(found, FOUND_OUT_SECONDS) == [("done", None, True, None)]
    card = stage.person(WANG_QIANG).cards[0]
    assert counted(stage, PROVINCE, card) == {"received": 1, "frozen": 1}

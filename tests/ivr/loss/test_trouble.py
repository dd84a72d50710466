"""Key 6 while the card system is in trouble: nobody hears that it is done unless it is, and nobody freezes twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.sandbox.records import Person
from ivr.asked import Asked
from ivr.commands import Command
from ivr.service import Line
from ivr.verbs import Say
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.conftest import MONDAY_TEN, Clock
from tests.ivr.loss.conftest import Calls, Cards, Counted
from tests.ivr.loss.loser import CLAIMS, DOING, DONE, FIRST, PROVEN, Loser
from tests.ivr.loss.test_what_is_heard import BANKS_KEY, TO_MENU, WRITE, outcome, without_a_way_on
from tests.ivr.loss.truth import until
from tests.ivr.query.asker import FILLER
from tests.ivr.query.conftest import HASTY, HEFEI, PATIENT, WUHU, be_patient
from tests.ivr.query.test_repeats import AtOnce, Twice, follow
from tests.ivr.test_webhooks import database_away
from tests.queueing.line_scene import _SEAT
from tests.waiting import eventually
from voicemail.card_loss import CardLoss

Rows = Callable[..., list[tuple[Any, ...]]]
NOT_KNOWN = "请注意：系统没有回话，现在不知道办成没有。请不要重复办。"
DOWN = "社保卡系统现在连不上，没有挂失。银行的钱，请先打银行电话。"
PENDING = "办的正在核实，还没有结果。您不用再办，也不要当成已经办好。"


def claims(line: Line, loser: Loser) -> set[str]:
    """What was said in a call as a fact, from the call's own record."""
    said: set[str] = set()
    with line.store() as store:
        turn = 1
        while (verbs := store.reply(loser.sid, turn)) is not None:
            said |= {prompt for verb in verbs for prompt in _prompts(verb)}
            turn += 1
    return said & set(CLAIMS)


def _prompts(verb: Any) -> list[str]:
    inside = [prompt for one in getattr(verb, "prompts", ()) for prompt in _prompts(one)]
    return [verb.prompt, *inside] if isinstance(verb, Say) else inside


def test_the_record_of_a_call_shows_what_was_claimed(calls: Calls, whose: Cards, line: Line) -> None:
    """An ear that hears nothing proves nothing."""
    assert claims(line, calls(HEFEI).loses(whose()[0]).confirms()) == {"loss_done"}
    assert claims(line, calls(HEFEI).loses(whose("formal")[0])) == {"loss_formal"}


@pytest.fixture
def a_seat(line: Line, rows: Rows) -> None:
    """Hefei has a consultant, who rings people back."""
    rows(_SEAT, "2001", "王芳", HEFEI, [], [], "browser", None)
    line.duty.forget()


def not_known(loser: Loser, line: Line) -> bool:
    return loser.said[0].startswith(NOT_KNOWN) and claims(line, loser) == set()


def test_where_nobody_rings_whoever_is_not_told_is_asked_to_ring(
    calls: Calls, whose: Cards, sandbox: SandboxProcess, line: Line, rows: Rows
) -> None:
    loser = calls(HEFEI).loses(whose()[0])
    sandbox.turn("card-hefei", "lost")
    loser.confirms()
    assert not_known(loser, line) and "以后再打来问" in loser.said[0]
    assert rows("SELECT count(*) FROM callback") == [(0,)]


def test_a_lost_answer_is_told_as_not_known_and_the_second_call_hears_that_it_is_asked_after(
    calls: Calls, whose: Cards, counted: Counted, sandbox: SandboxProcess, line: Line, rows: Rows, a_seat: None
) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    sandbox.turn("card-hefei", "lost")
    loser.confirms()
    assert not_known(loser, line)
    assert "打给您，尾号二三四五。银行的钱，请马上打银行电话。" in loser.said[0] and loser.said[1] == BANKS_KEY
    loser.clock.tick(20)
    loser.hang_up()
    assert outcome(rows, loser) == "callback_requested"
    sandbox.turn("card-hefei", "normal")
    second = calls(HEFEI).loses(person)
    assert second.said[0] == PROVEN and second.said[1].endswith(PENDING) and claims(line, second) == set()
    assert counted(card) == {"received": 1, "frozen": 1}
    assert rows("SELECT source, number_tail FROM callback") == [("card_loss", "2345")]
    [(status, callback, due)] = rows("SELECT status, callback_id IS NOT NULL, due_at IS NOT NULL FROM card_freeze")
    assert (status, callback, due) == ("unknown", True, True)


def test_once_it_was_found_out_the_next_call_hears_it_from_the_card(
    calls: Calls, whose: Cards, counted: Counted, sandbox: SandboxProcess, line: Line, loss: CardLoss
) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    sandbox.turn("card-hefei", "lost")
    loser.confirms()
    sandbox.turn("card-hefei", "normal")
    loser.clock.tick(100)
    assert loss.sweep() == 1
    second = calls(HEFEI).loses(person)
    assert any(sentence.startswith("已经临时挂失，停到") for sentence in second.said)
    assert counted(card) == {"received": 1, "frozen": 1}


@pytest.mark.parametrize(
    ("mode", "how"),
    [("lost", {}), ("half", {}), ("wrong", {"twist": "types"}), ("wrong", {"twist": "html"})],
)
def test_a_lost_answer_is_looked_up_at_once_and_told_as_done_by_the_cards_own_state(
    mode: str,
    how: dict[str, str],
    calls: Calls,
    whose: Cards,
    counted: Counted,
    sandbox: SandboxProcess,
) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    sandbox.turn("card-hefei", mode, operation=WRITE, **how)
    loser.confirms()
    assert loser.said[:2] == [DONE, until(sandbox.today + timedelta(days=7), sandbox.today)]
    assert counted(card) == {"received": 1, "frozen": 1}


@pytest.mark.parametrize("mode", ["down", "error", "hang"])
def test_a_write_that_nobody_has_heard_is_told_as_not_known(
    mode: str,
    calls: Calls,
    whose: Cards,
    counted: Counted,
    sandbox: SandboxProcess,
    line: Line,
    loss: CardLoss,
    hurried: None,
    rows: Rows,
) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    sandbox.turn("card-hefei", mode)
    loser.confirms()
    assert not_known(loser, line) and counted(card) == {}
    sandbox.turn("card-hefei", "normal")
    line.services.live_store.flushall()
    loser.clock.tick(100)
    loss.sweep()
    assert rows("SELECT status, person_sealed FROM card_freeze") == [("not_done", None)]
    # It was not done, and can be done now.
    assert calls(HEFEI).loses(person).confirms().said[0] == DONE and counted(card) == {"received": 1, "frozen": 1}


def test_a_system_that_is_down_beforehand_is_told_before_anything_is_asked_of_it(
    calls: Calls, whose: Cards, sandbox: SandboxProcess
) -> None:
    sandbox.turn("card-hefei", "down")
    loser = calls(HEFEI).loses(whose()[0])
    assert without_a_way_on(loser.said)[:2] == [PROVEN, DOWN] and loser.said[-1] == TO_MENU
    assert sandbox.asked("card-hefei", WRITE) == 0


def test_a_withheld_number_is_told_when_to_call_again(
    calls: Calls, whose: Cards, sandbox: SandboxProcess, line: Line, rows: Rows, loss: CardLoss
) -> None:
    person, _ = whose()
    loser = calls("340000", caller="anonymous").loses(person)
    sandbox.turn("card-hefei", "lost")
    loser.confirms()
    assert not_known(loser, line) and "以后再打来问。" in loser.said[0]
    loss.sweep()
    assert rows("SELECT count(*) FROM callback") == [(0,)]
    assert rows("SELECT due_at IS NOT NULL, cleared_at FROM card_freeze") == [(True, None)]


def test_rows_out_of_reach_are_not_told_as_nothing_done(calls: Calls, whose: Cards, line: Line) -> None:
    """It was done, and whoever asks for it cannot see that."""
    loser = calls(HEFEI).loses(whose()[0]).confirms()
    with line.store() as store:
        session = store.read(loser.sid)
    assert session is not None
    moment, flow = line.almanac.moment(session.centre, line.services.now()), line.flow(session.centre, session.menu)
    command = Command("card_state-99", "card_state")
    asked = Asked(line.services, line.waiting, line.callbacks, loser.sid, command, session, moment, flow)
    perform = line.asking.actions["card_state"].perform
    assert perform(asked).name == "done"
    with database_away(line):
        assert perform(asked).name == "unanswered"


# slow, late and doubled


def test_who_waits_is_told_that_it_is_worked_on_and_cannot_leave(
    calls: Calls, whose: Cards, counted: Counted, sandbox: SandboxProcess, line: Line
) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    be_patient(line, HASTY)
    sandbox.turn("card-hefei", "slow", ms=600, operation=WRITE)
    loser.press("6")
    assert loser.heard[loser.mark :] == [DOING] and loser.is_looking
    mark = len(loser.heard)
    for key in ("0", "*", "6"):
        loser.press(key)
        assert loser.is_looking or DONE in loser.heard[mark:]
    be_patient(line, PATIENT)
    loser.waits()
    assert DONE in loser.heard[mark:] and counted(card) == {"received": 1, "frozen": 1}


def test_no_answer_in_all_the_rounds_is_told_as_not_known_and_the_answer_is_kept_all_the_same(
    calls: Calls, whose: Cards, counted: Counted, sandbox: SandboxProcess, line: Line, rows: Rows
) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    be_patient(line, HASTY)
    sandbox.turn("card-hefei", "slow", ms=2500, operation=WRITE)
    loser.confirms()
    assert not_known(loser, line)
    eventually(lambda: rows("SELECT status FROM card_freeze") == [("done",)])
    assert counted(card) == {"received": 1, "frozen": 1}
    # Somebody was promised to be rung, so it stays on the list.
    assert rows("SELECT due_at IS NOT NULL, callback_id IS NOT NULL, cleared_at FROM card_freeze") == [
        (True, True, None)
    ]


@dataclass
class LoserTwice(Loser, Twice):
    """The carrier asks everything twice, one after the other."""


@dataclass
class LoserAtOnce(Loser, AtOnce):
    """The carrier asks everything twice, at the same instant."""


def leads_to(loser: Loser, repeated: str, document: str) -> bool:
    """The same document; or one in between, after which nothing can be pressed, that leads there."""
    for _ in range(4):
        if repeated == document:
            return True
        assert any(words in repeated for words in (FILLER, DOING, FIRST, PROVEN)) or "<Say" not in repeated, repeated
        repeated = follow(loser, repeated)
    return repeated == document


def test_every_webhook_may_come_twice(
    calls: Calls, whose: Cards, counted: Counted, sandbox: SandboxProcess, rows: Rows
) -> None:
    person, card = whose()
    loser = calls(HEFEI, kind=LoserTwice).loses(person).confirms()
    assert loser.said[0] == DONE and counted(card) == {"received": 1, "frozen": 1}
    assert isinstance(loser, LoserTwice) and len(loser.second) >= 6
    assert all(leads_to(loser, repeated, document) for document, repeated in loser.second)
    assert counted(card) == {"received": 1, "frozen": 1} and rows("SELECT count(*) FROM card_freeze") == [(1,)]


def test_two_webhooks_at_once_freeze_once(calls: Calls, whose: Cards, counted: Counted, rows: Rows) -> None:
    person, card = whose()
    loser = calls(HEFEI, kind=LoserAtOnce).loses(person).confirms()
    assert DONE in loser.said and counted(card) == {"received": 1, "frozen": 1}
    assert rows("SELECT count(*) FROM card_freeze") == [(1,)]


def test_late_webhooks_freeze_nothing(
    calls: Calls, whose: Cards, counted: Counted, rows: Rows, sandbox: SandboxProcess
) -> None:
    """The whole of a call again, before and after its end."""
    person, card = whose()
    loser = calls(HEFEI).loses(person).confirms()
    history = list(loser.history)
    for url, form, document in history:
        assert leads_to(loser, loser.request(url, form)[1], document)
    loser.hang_up()
    for url, form, _ in history[1:]:
        assert loser.request(url, form)[0] == 200
    assert counted(card) == {"received": 1, "frozen": 1} and sandbox.asked("card-hefei", WRITE) == 1
    assert rows("SELECT count(*) FROM card_freeze") == [(1,)]


# hanging up


def test_who_hangs_up_before_the_key_that_means_it_has_frozen_nothing(
    calls: Calls, whose: Cards, counted: Counted, rows: Rows
) -> None:
    person, card = whose()
    keys = ["6", person.id_number, person.pin or "", "9", "2"]
    for pressed in range(len(keys) + 1):
        loser = calls(HEFEI)
        for key in keys[:pressed]:
            loser.press(key)
            loser.waits()
        action = loser.waiting.verb.attrib["action"] if loser.waiting else ""
        loser.hang_up()
        # The key that was on its way.
        if action:
            assert loser.request(action, {"Digits": "6"})[0] == 200
    assert counted(card) == {} and rows("SELECT count(*) FROM card_freeze") == [(0,)]
    assert rows("SELECT count(*) FROM call_session") == [(0,)]


def test_who_hangs_up_while_it_is_written_has_frozen_it_once_and_the_end_is_kept(
    calls: Calls, whose: Cards, counted: Counted, sandbox: SandboxProcess, line: Line, rows: Rows, loss: CardLoss
) -> None:
    person, card = whose()
    loser = calls(HEFEI).loses(person)
    be_patient(line, HASTY)
    sandbox.turn("card-hefei", "slow", ms=400, operation=WRITE)
    loser.press("6")
    assert loser.is_looking
    loser.hang_up()
    eventually(lambda: rows("SELECT status FROM card_freeze") == [("done",)])
    assert counted(card) == {"received": 1, "frozen": 1}
    assert loss.sweep() == 0


def test_who_hangs_up_while_nobody_knows_is_rung_all_the_same(
    calls: Calls, whose: Cards, sandbox: SandboxProcess, line: Line, rows: Rows, loss: CardLoss, hurried: None
) -> None:
    person, _ = whose()
    loser = calls(HEFEI).loses(person)
    be_patient(line, HASTY)
    sandbox.turn("card-hefei", "hang")
    loser.press("6")
    loser.hang_up()
    eventually(lambda: rows("SELECT status FROM card_freeze WHERE looks = 1") == [("unknown",)])
    loss.sweep()
    assert rows("SELECT due_at IS NOT NULL, callback_id IS NOT NULL FROM card_freeze") == [(True, True)]


# no PIN


@pytest.fixture
def person(whose: Cards) -> Person:
    return whose()[0]


class TestInHours:
    """Wuhu on a Monday, with a desk telephone."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock(MONDAY_TEN)

    def test_who_has_no_pin_finds_a_person(self, calls: Calls, person: Person, sandbox: SandboxProcess) -> None:
        loser = calls(WUHU).press("6").press(person.id_number)
        loser.press("12").press("12").press("12")
        assert "没有密码也能办。现在请咨询员核对您的身份。" in loser.heard
        assert loser.waiting is not None and loser.waiting.verb.tag == "Dial"
        assert sandbox.asked("card-province", WRITE) == 0


class TestAtNight:
    def test_where_nobody_ever_rings_nothing_is_promised(self, calls: Calls, person: Person, rows: Rows) -> None:
        loser = calls(HEFEI).press("6").press(person.id_number)
        loser.press("12").press("12").press("12")
        assert loser.said == [
            "现在没有人工，电话里核对不了。请先打银行电话，冻结银行的钱。",
            BANKS_KEY,
            TO_MENU,
        ]
        assert rows("SELECT count(*) FROM callback") == [(0,)]

    @pytest.fixture
    def clock(self, today: Any) -> Clock:
        return Clock(datetime.combine(today, MONDAY_TEN.time(), MONDAY_TEN.tzinfo).replace(hour=23))

    def test_who_has_no_pin_gets_the_first_callback_and_the_banks_lines(
        self, calls: Calls, person: Person, rows: Rows, sandbox: SandboxProcess, a_seat: None
    ) -> None:
        loser = calls(HEFEI).press("6").press(person.id_number)
        loser.press("12").press("12").press("12")
        assert loser.said[0] == "现在没有人工，电话里核对不了。请先打银行电话，冻结银行的钱。"
        assert "我们第一个打给您，尾号二三四五。" in loser.said[1] and loser.said[2] == BANKS_KEY
        loser.press("2")
        assert "徽商银行，九六五八八" in loser.said[0]
        loser.clock.tick(30)
        loser.hang_up()
        assert rows("SELECT number_tail, slot_from IS NOT NULL FROM callback") == [("2345", True)]
        assert rows("SELECT count(*) FROM card_freeze") == [(0,)] and outcome(rows, loser) == "callback_requested"

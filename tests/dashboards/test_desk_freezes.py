"""A consultant freezes a card: who may, what is shown before, what is told after, and that it is written once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from dashboards.console.desk_freezes import AT_THE_COUNTER, CLOSED, NO_SUCH_CARD, NOT_KEYED, NOT_LOOKED_UP
from dashboards.console.desk_talk import NOT_TALKING, NOT_YOUR_TALK
from dashboards.console.look_up_words import full_date
from integrations.sandbox.records import Person
from queueing.desk import AgentDesk
from tests.dashboards.console_app import HEFEI01, HEFEI02, ConsoleApp
from tests.dashboards.freeze_app import FREEZE, ORAL, cards, do, freeze_rows, offered, writes
from tests.dashboards.look_up_app import audit, hefei_talk, prove, province_talk, somebody
from tests.integrations.sandbox_process import SandboxProcess
from voicemail.card_loss import CardLoss


@pytest.fixture(autouse=True)
def no_card_is_frozen(sandbox: SandboxProcess) -> None:
    sandbox.reset(cards=True)


@pytest.fixture
def wang(app: ConsoleApp, sandbox: SandboxProcess) -> Person:
    """Of Hefei: her first card is reported lost for good, her second is normal. She has proven who she is."""
    person = somebody(sandbox, "王娜")
    prove(app, "CA1", person.id_number)
    return person


# what may be done


def test_a_normal_card_may_be_frozen_and_a_formal_report_offers_nothing(app: ConsoleApp, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    first, second = cards(visitor, offer)
    assert first is None and second is not None
    number = wang.cards[1].number
    assert (second["action"], second["action_zh"], second["name"]) == ("freeze", "挂失", f"尾号{number[-4:]}")
    assert second["who"] == f"证件尾号{wang.id_number[-4:]}，已按键核对" and second["proof"] == "keypad"
    words = "".join(second["lines"])
    assert "银行的钱没有停" in words and "徽商银行 96588" in words
    day = app.line.services.now().date()
    assert (
        f"最早到{full_date(day + timedelta(days=7))}" in words or f"最早到{full_date(day + timedelta(days=8))}" in words
    )
    assert number not in str(second) and wang.id_number not in str(second)


def test_a_frozen_card_may_be_released_where_the_city_lifts_it_by_telephone(
    app: ConsoleApp, sandbox: SandboxProcess
) -> None:
    prove(app, "CA1", somebody(sandbox, "李秀英").id_number)
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    assert card["action"] == "release"
    told = do(visitor, offer, card).get_json()
    assert told["result"] == "done" and "恢复办成了" in told["sentence"]
    assert writes(sandbox, "hefei", somebody(sandbox, "李秀英"))["released"] == 1


def test_elsewhere_a_frozen_card_offers_nothing_and_is_refused(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    prove(app, "CA1", somebody(sandbox, "李秀英").id_number)
    visitor, offer = province_talk(app)
    assert cards(visitor, offer) == [None]
    response = do(visitor, offer, {"action": "release", "key": "0" * 32})
    assert (response.status_code, response.get_json()["error"]) == (409, AT_THE_COUNTER)


def test_where_no_system_takes_freezes_there_is_none(app: ConsoleApp) -> None:
    talk = app.talk("wuhu01", "CA1", "340200")
    app.write("UPDATE offer SET centre = '341700' WHERE id = %s", talk)
    response = do(app.at("wuhu01"), talk, {"action": "freeze", "key": "0" * 32})
    if app.services.social_insurance.takes_freezes("341700"):
        assert response.status_code == 409
    else:
        assert (response.status_code, response.get_json()["error"]) == (409, CLOSED)
    assert freeze_rows(app) == []


# who may


def test_only_the_consultant_in_that_talk_may(app: ConsoleApp, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    other = do(app.at(HEFEI02), offer, card)
    assert (other.status_code, other.get_json()["error"]) == (403, NOT_YOUR_TALK)
    AgentDesk(app.line.waiting).hang_up(app.seat(HEFEI01), offer)
    late = do(visitor, offer, card)
    assert (late.status_code, late.get_json()["error"]) == (409, NOT_TALKING)
    assert freeze_rows(app) == []


def test_without_the_form_token_nothing_is_written(app: ConsoleApp, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    body = {"offer": offer, "action": "freeze", "card": card["key"], "proof": "keypad"}
    assert visitor.act(FREEZE, body, token="wrong").status_code == 400
    assert freeze_rows(app) == []


@pytest.mark.parametrize("asked", [[], ["name"], ["name", "name"], ["name", "shoe size"], "name+unit", [1, 2]])
def test_who_is_not_proven_by_keypad_is_asked_two_things(app: ConsoleApp, sandbox: SandboxProcess, asked: Any) -> None:
    number = somebody(sandbox, "王娜").id_number
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer, id_number=number)
    assert card["proof"] == "oral"
    assert do(visitor, offer, card, proof="oral", asked=asked, id_number=number).status_code == 422
    assert freeze_rows(app) == []


def test_what_was_asked_is_on_the_trail_and_the_number_is_not(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    person = somebody(sandbox, "王娜")
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer, id_number=person.id_number)
    told = do(visitor, offer, card, id_number=person.id_number, **ORAL)
    assert told.get_json()["result"] == "done" and person.id_number not in told.get_data(as_text=True)
    assert ("card_freeze", "console_freeze:oral:name+unit") in [(row[4], row[1]) for row in audit(app)]
    assert freeze_rows(app) == [("freeze", "done", "console", HEFEI01, "340100")]
    (entry,) = app.audit("card_freeze")
    assert entry[:2] == (HEFEI01, "340100") and entry[2].startswith("freeze ")


def test_a_number_that_was_not_looked_up_in_this_talk_is_refused(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer, id_number=somebody(sandbox, "王娜").id_number)
    other = do(visitor, offer, card, id_number=somebody(sandbox, "李秀英").id_number, **ORAL)
    assert (other.status_code, other.get_json()["error"]) == (409, NOT_LOOKED_UP)
    assert freeze_rows(app) == [] and len(audit(app)) == 1


def test_a_proof_by_keypad_must_still_be_there(app: ConsoleApp, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    app.write("DELETE FROM call_session")
    response = do(visitor, offer, card)
    assert (response.status_code, response.get_json()["error"]) == (409, NOT_KEYED) and freeze_rows(app) == []


def test_a_card_of_another_talk_or_made_up_is_not_found(app: ConsoleApp, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    offered(visitor, offer)
    response = do(visitor, offer, {"action": "freeze", "key": "0" * 32})
    assert (response.status_code, response.get_json()["error"]) == (409, NO_SUCH_CARD) and freeze_rows(app) == []


# what is told


def test_done_in_hefei_tells_receipt_day_and_bank(app: ConsoleApp, sandbox: SandboxProcess, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    told = do(visitor, offer, offered(visitor, offer)).get_json()
    receipt, until = app.rows("SELECT receipt, until FROM card_freeze")[0]
    assert told["result"] == "done" and "挂失办成了" in told["sentence"]
    assert f"受理号 {receipt}" in told["lines"] and any(f"停到{full_date(until)}" in line for line in told["lines"])
    assert "96588" in told["lines"][-1] and writes(sandbox, "hefei", wang)["frozen"] == 1
    assert offered(visitor, offer)["action"] == "release"


def test_done_at_the_province_tells_the_earliest_day(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    prove(app, "CA1", somebody(sandbox, "王芳").id_number)
    visitor, offer = province_talk(app)
    told = do(visitor, offer, offered(visitor, offer)).get_json()
    assert told["result"] == "done" and any("停到哪一天系统没有说，最早" in line for line in told["lines"])


def test_pressed_again_it_is_written_once_and_told_as_before(
    app: ConsoleApp, sandbox: SandboxProcess, wang: Person
) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    first, second = (do(visitor, offer, card).get_json() for _ in range(2))
    assert first == second and writes(sandbox, "hefei", wang)["received"] == 1 and len(freeze_rows(app)) == 1
    assert len(app.audit("card_freeze")) == 1


def test_four_at_once_write_once(app: ConsoleApp, sandbox: SandboxProcess, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    sandbox.turn("card-hefei", "slow", ms=700, operation="allDsjk")
    visitors = [visitor, *(app.at(HEFEI01) for _ in range(3))]
    with ThreadPoolExecutor(4) as threads:
        told = [answer.get_json()["result"] for answer in threads.map(lambda one: do(one, offer, card), visitors)]
    assert set(told) <= {"done", "pending"} and "done" in told
    assert writes(sandbox, "hefei", wang)["received"] == 1 and len(freeze_rows(app)) == 1


def test_after_a_release_the_same_talk_may_freeze_again(app: ConsoleApp, sandbox: SandboxProcess, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    for action in ("freeze", "release", "freeze"):
        card = offered(visitor, offer)
        assert card["action"] == action and do(visitor, offer, card).get_json()["result"] == "done"
    assert writes(sandbox, "hefei", wang)["frozen"] == 2 and offered(visitor, offer)["action"] == "release"


def test_a_lost_answer_that_the_card_itself_gives_is_done(
    app: ConsoleApp, sandbox: SandboxProcess, wang: Person
) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    sandbox.turn("card-hefei", "lost", operation="allDsjk")
    assert do(visitor, offer, card).get_json()["result"] == "done"
    assert writes(sandbox, "hefei", wang)["received"] == 1


def test_unknown_says_not_to_repeat_it_and_by_when_the_caller_is_told(
    app: ConsoleApp, sandbox: SandboxProcess, wang: Person
) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    # Nor does the card itself say, when it is asked behind the write.
    sandbox.turn("card-hefei", "hang", operation="allDsjk")
    told = do(visitor, offer, card).get_json()
    ((status, due_at),) = app.rows("SELECT status, due_at FROM card_freeze")
    assert (status, told["result"]) == ("unknown", "unknown") and due_at is not None
    assert "不要重复办" in told["sentence"] and "最晚" in told["sentence"]
    assert "96588" in told["lines"][-1]
    # Pressed again it is told as unknown, and not written.
    again = do(visitor, offer, card).get_json()
    assert again["result"] == "unknown" and len(freeze_rows(app)) == 1
    assert writes(sandbox, "hefei", wang)["received"] <= 1


def test_the_callback_is_booked_once_the_talk_is_over(app: ConsoleApp, sandbox: SandboxProcess, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    sandbox.turn("card-hefei", "hang", operation="allDsjk")
    do(visitor, offer, card)
    AgentDesk(app.line.waiting).hang_up(app.seat(HEFEI01), offer)
    app.write("UPDATE queue_entry SET status = 'ended', ended_at = %s WHERE ended_at IS NULL", app.clock())
    CardLoss(app.services, app.line.callbacks).sweep()
    assert app.rows("SELECT callback_id IS NOT NULL FROM card_freeze") == [(True,)]


def test_without_a_number_the_caller_is_told_when_to_ring_again(
    app: ConsoleApp, sandbox: SandboxProcess, wang: Person
) -> None:
    offer = app.talk(HEFEI01, "CA1", caller="")
    visitor = app.at(HEFEI01)
    card = offered(visitor, offer)
    sandbox.turn("card-hefei", "hang", operation="allDsjk")
    assert "以后再打12333问结果" in do(visitor, offer, card).get_json()["sentence"]


def test_a_system_that_is_away_is_told_as_not_written(app: ConsoleApp, sandbox: SandboxProcess, wang: Person) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    sandbox.turn("card-hefei", "down")
    told = do(visitor, offer, card).get_json()
    assert told["result"] == "not_sent" and "没有往系统里写" in told["sentence"] and freeze_rows(app) == []


def test_another_call_with_the_card_hears_that_one_is_under_way(
    app: ConsoleApp, sandbox: SandboxProcess, wang: Person
) -> None:
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    sealer = app.services.sealer
    app.write(
        "INSERT INTO card_freeze (centre, action, status, person_hash, card_hash, call_sid, door, asked_by, asked_at, "
        "lease_until, sent_at) "
        "VALUES ('340100', 'freeze', 'writing', %s, %s, 'CAother', 'keypad', 'caller', %s, %s, %s)",
        *(sealer.fingerprint(wang.id_number), sealer.fingerprint(f"card:{wang.cards[1].number}")),
        *(app.clock(), app.clock() + timedelta(seconds=30), app.clock()),
    )
    told = do(visitor, offer, card).get_json()
    assert told["result"] == "pending" and "不要重复办" in told["sentence"]
    assert writes(sandbox, "hefei", wang)["received"] == 0

"""What staff read of a freeze: nothing is called done that is not, and the bank's money is never forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from dashboards.console.freeze_words import (
    ASKED,
    STATUSES,
    bank_words,
    card_words,
    deed_for,
    end_words,
    looked_words,
    pending_words,
    unknown_words,
    until_short,
    until_words,
    what_stops,
    why,
)
from dashboards.console.look_up_words import why_words
from integrations.social_insurance.contract import CardAction, CardFile
from voicemail.freeze import OPEN
from voicemail.freeze import STATUSES as ALL

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CARD = CardFile("normal", "340100", "1234", "徽商银行", "96588", ref="Y900012341")
FREEZE, RELEASE = CardAction.FREEZE, CardAction.RELEASE


@pytest.mark.parametrize(
    ("status", "can_release", "deed"),
    [
        ("normal", True, FREEZE), ("inactive", False, FREEZE), ("bank_frozen", True, FREEZE), ("frozen", True, RELEASE),
        ("frozen", False, None), ("lost", True, None), ("cancelled", True, None), ("making", True, None),
        ("unknown", True, None),
    ],
)  # fmt: skip
def test_what_may_be_done_with_a_card(status: str, can_release: bool, deed: CardAction | None) -> None:
    assert deed_for(replace(CARD, status=status), can_release) is deed  # type: ignore[arg-type]
    assert deed_for(replace(CARD, status=status, ref=""), can_release) is None  # type: ignore[arg-type]


def test_the_money_is_said_not_to_be_stopped_unless_the_bank_has_stopped_it() -> None:
    assert "银行的钱没有停。请来电人自己打徽商银行 96588" in "".join(what_stops(FREEZE, card_words(CARD, ())))
    stopped = card_words(replace(CARD, status="bank_frozen"), ())
    assert "银行已经停了" in bank_words(FREEZE, stopped)
    unknown = card_words(replace(CARD, bank=None, bank_phone=None), ())
    assert "发卡银行的电话" in bank_words(FREEZE, unknown) and unknown.name == "尾号1234"
    known = card_words(replace(CARD, bank_phone=None), (("徽商银行", "40088"),))
    assert known.bank_phone == "40088" and "恢复以后" in what_stops(RELEASE, known)[0]


@pytest.mark.parametrize("status", [status for status in ALL if status not in OPEN])
@pytest.mark.parametrize("action", ["freeze", "release"])
def test_only_done_and_already_sound_like_it(action: str, status: str) -> None:
    words = end_words(action, status, "该卡已注销。", False)
    assert ("没有办成" not in words) == (status in ("done", "already"))
    assert ("该卡已注销。" in words) == (status == "refused") and "。。" not in words


def test_every_status_has_a_word_and_a_symbol() -> None:
    assert set(STATUSES) == set(ALL) and all(all(parts) for parts in STATUSES.values())


def test_unknown_never_says_done_and_always_not_to_repeat() -> None:
    due = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    booked = unknown_words("freeze", due, True, True, NOW)
    assert "还不知道" in booked and "不要重复办" in booked and "最晚今天上午10点半给来电人回电" in booked
    assert "待核实" in unknown_words("freeze", due, True, False, NOW)
    assert "以后再打12333" in unknown_words("freeze", due, False, False, NOW)
    assert "不要重复办" in pending_words("freeze", NOW, NOW)
    assert "不要重复办" in looked_words("freeze", "unknown") and "没有办成" in looked_words("freeze", "not_done")


def test_a_day_is_sure_or_the_earliest() -> None:
    day = date(2026, 11, 29)
    assert until_words(day, True).startswith("停到2026年11月29日") and "最早2026年11月29日" in until_words(day, False)
    assert (until_short(day, True), until_short(day, False), until_short(None, False)) == (
        "到11月29日", "最早11月29日", "",
    )  # fmt: skip
    assert until_words(None, True) == ""


def test_why_fits_the_trail_and_is_read_back() -> None:
    assert why(FREEZE, "oral", ("unit", "name")) == "console_freeze:oral:name+unit"
    assert why(FREEZE, "keypad", ()) == "console_freeze:keypad"
    assert len(why(RELEASE, "oral", tuple(ASKED))) <= 64
    assert why_words("console_freeze:oral:name+unit") == "挂失，口头核对"
    assert why_words("console_release:keypad") == "恢复，按键核对"
    assert why_words("console_card:deed:oral") == "挂失、恢复前再看一次卡，口头核对"
    assert why_words("card_after_unknown") == "核实办成没有"

"""What may follow what, and what may be said of a freeze: done only by the card system's own word."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.social_insurance.contract import (
    AwayReason,
    CardAction,
    CardFile,
    CardStatus,
    Rejected,
    Unavailable,
    Unknown,
    WriteAnswer,
    Written,
)
from integrations.work_calendar import SHANGHAI, WorkCalendar
from voicemail.freeze import (
    ALREADY,
    DONE,
    MOVES,
    NOT_DONE,
    NOT_SENT,
    OPEN,
    REFUSED,
    SETTLES,
    STATUSES,
    TOLD_WITHIN,
    UNKNOWN,
    WRITING,
    Told,
    answer_due,
    earliest_end,
    next_look,
    told_by,
    told_by_card,
)

NOON = datetime(2026, 9, 28, 12, tzinfo=SHANGHAI)
DAY = date(2026, 10, 5)
FREEZE, RELEASE = CardAction.FREEZE, CardAction.RELEASE
REASONS: tuple[AwayReason, ...] = get_args(AwayReason)
CARD_STATUSES: tuple[CardStatus, ...] = get_args(CardStatus)

ANSWERS: dict[str, tuple[WriteAnswer, Told]] = {
    "done": (Written("s", True, DAY, "100001"), Told(DONE, DAY, "100001")),
    "done and no more": (Written("s", True), Told(DONE)),
    "so before": (Written("s", False), Told(ALREADY)),
    "so before, with its day": (Written("s", False, DAY), Told(ALREADY, DAY)),
    "a sentence": (Rejected("s", "该卡已注销，不能挂失"), Told(REFUSED, reason="该卡已注销，不能挂失")),
    "unreadable": (Unknown("s", "ERR missing"), Told(UNKNOWN)),
    **{f"{reason}, not heard": (Unavailable("s", reason), Told(NOT_SENT)) for reason in REASONS},
    **{f"{reason}, perhaps heard": (Unavailable("s", reason, None, True), Told(UNKNOWN)) for reason in REASONS},
}


@pytest.mark.parametrize("words", ANSWERS)
def test_only_the_systems_own_word_makes_it_done(words: str) -> None:
    answer, told = ANSWERS[words]
    assert told_by(answer) == told


@given(
    st.one_of(
        st.builds(Unavailable, st.just("s"), st.sampled_from(REASONS), st.none(), st.booleans()),
        st.builds(Unknown, st.just("s"), st.text()),
        st.builds(Rejected, st.just("s"), st.text()),
    )
)
def test_whatever_else_is_answered_is_never_done(answer: WriteAnswer) -> None:
    told = told_by(answer)
    assert told.status not in (DONE, ALREADY) and told.until is None and told.receipt is None


# What the card's own state says of an unknown freeze, and of an unknown release: at once, and when it had its time.
BY_CARD: dict[CardStatus, tuple[tuple[str | None, str | None], tuple[str | None, str | None]]] = {
    "frozen": ((DONE, DONE), (None, NOT_DONE)),
    "lost": ((DONE, DONE), (None, NOT_DONE)),
    "normal": ((None, NOT_DONE), (DONE, DONE)),
    "inactive": ((None, NOT_DONE), (DONE, DONE)),
    "bank_frozen": ((None, NOT_DONE), (DONE, DONE)),
    "cancelled": ((None, NOT_DONE), (None, NOT_DONE)),
    "making": ((None, NOT_DONE), (None, NOT_DONE)),
    "unknown": ((None, None), (None, None)),
}


def test_every_state_of_a_card_stands_in_the_table() -> None:
    assert set(BY_CARD) == set(CARD_STATUSES)


@pytest.mark.parametrize("status", CARD_STATUSES)
@pytest.mark.parametrize("action", [FREEZE, RELEASE])
def test_the_card_itself_says_what_became_of_it(status: CardStatus, action: CardAction) -> None:
    at_once, in_time = BY_CARD[status][0 if action is FREEZE else 1]
    card = CardFile(status, "340100", frozen_until=DAY if status == "frozen" else None)
    for seconds, expected in (
        (0.0, at_once),
        (SETTLES.total_seconds() - 0.001, at_once),
        (SETTLES.total_seconds(), in_time),
        (86_400.0, in_time),
    ):
        told = told_by_card(action, card, NOON, NOON + timedelta(seconds=seconds))
        assert (told.status if told else None) == expected, seconds
        if told is not None and expected == DONE and action is FREEZE:
            assert (told.until, told.is_formal) == (card.frozen_until, status == "lost")


def test_what_was_sent_later_than_now_is_not_called_undone() -> None:
    """A clock that was set back."""
    assert told_by_card(FREEZE, CardFile("normal", "340100"), NOON + timedelta(hours=1), NOON) is None


def test_an_open_write_ends_and_an_ended_one_does_not_open_again() -> None:
    assert set(MOVES) == set(OPEN) == {WRITING, UNKNOWN}
    assert set(STATUSES) == set(MOVES) | {status for ends in MOVES.values() for status in ends}
    assert all(WRITING not in ends for ends in MOVES.values()) and UNKNOWN not in MOVES[UNKNOWN]
    # Whoever has just written cannot say yet that it was not done.
    assert NOT_DONE not in MOVES[WRITING] and NOT_DONE in MOVES[UNKNOWN]


@pytest.mark.parametrize("words", ANSWERS)
def test_what_an_answer_means_may_follow_a_write(words: str) -> None:
    assert told_by(ANSWERS[words][0]).status in MOVES[WRITING]


def test_it_is_asked_after_soon_and_then_less_often() -> None:
    gaps = [(next_look(looks, NOON) - NOON).total_seconds() for looks in range(7)]
    assert gaps == [20, 60, 120, 300, 300, 300, 300]


def test_natural_days_run_through_a_holiday_and_working_days_do_not() -> None:
    add = WorkCalendar().add_workdays
    monday = date(2026, 9, 28)
    assert earliest_end(monday, 7, "natural", add) == date(2026, 10, 5)
    # 1 to 7 October are off, 10 October is worked: 29, 30, 8, 9, 10, 12, 13.
    assert earliest_end(monday, 7, "working", add) == date(2026, 10, 13)
    assert earliest_end(date(2026, 12, 30), 5, "natural", add) == date(2027, 1, 4)


@given(st.dates(date(2026, 1, 1), date(2026, 11, 30)), st.sampled_from([5, 7, 10, 15]))
def test_working_days_never_end_sooner_than_natural_ones(day: date, days: int) -> None:
    add = WorkCalendar().add_workdays
    assert earliest_end(day, days, "working", add) >= earliest_end(day, days, "natural", add) > day


@pytest.mark.parametrize(
    ("opens_in", "told_in"),
    [(None, TOLD_WITHIN), (timedelta(0), TOLD_WITHIN), (timedelta(hours=11), timedelta(hours=11) + TOLD_WITHIN),
     (timedelta(minutes=-5), TOLD_WITHIN)],
)  # fmt: skip
def test_the_caller_is_told_in_half_an_hour_of_hours_in_which_people_are_rung(
    opens_in: timedelta | None, told_in: timedelta
) -> None:
    opens_at = NOON + opens_in if opens_in is not None else None
    assert answer_due(NOON, opens_at) == NOON + told_in

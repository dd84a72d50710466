"""The words of a text message, and the number in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from integrations.text_messages import LONGEST_TEXT
from queueing.callback_text import as_dialled, number_to_ring, unreached_text
from queueing.centre import Centre, FeatureSetting
from queueing.centre_file import read_centres

HEFEI, WUHU = "340100", "340200"
PROVINCE = "340000"
RUNG_AT = datetime(2026, 11, 23, 2, 5, tzinfo=UTC)


@pytest.fixture
def centres() -> dict[str, Centre]:
    """As shipped, with key 7 open."""
    return {
        code: replace(centre, features={**centre.features, "progress": FeatureSetting(True)})
        for code, centre in read_centres(None).items()
    }


def with_shown(centres: dict[str, Centre], code: str, number: str | None) -> dict[str, Centre]:
    callbacks = replace(centres[code].callbacks, shown_number=number)
    return {**centres, code: replace(centres[code], callbacks=callbacks)}


def test_the_words_are_those_of_the_script_in_shanghai_time(centres: dict[str, Centre]) -> None:
    assert unreached_text(centres, WUHU, RUNG_AT) == (
        "12333于11月23日10:05给您回电未接通，您的事还在，打055312333按7可接着办。"
    )


def test_a_closed_key_is_not_named(centres: dict[str, Centre]) -> None:
    shut = replace(centres[WUHU], features={**centres[WUHU].features, "progress": FeatureSetting(False, "未开通")})
    words = unreached_text({**centres, WUHU: shut}, WUHU, RUNG_AT)
    assert words == "12333于11月23日10:05给您回电未接通，您的事还在，打055312333可接着办。"


def test_the_key_that_counts_is_that_of_the_centre_which_the_number_reaches(centres: dict[str, Centre]) -> None:
    features = {**centres[PROVINCE].features, "progress": FeatureSetting(False, "未开通")}
    shut = {**centres, PROVINCE: replace(centres[PROVINCE], features=features)}
    # Hefei's callers come in at the province's desk.
    assert "打055112333可接着办" in unreached_text(shut, HEFEI, RUNG_AT)
    assert "打055312333按7可接着办" in unreached_text(shut, WUHU, RUNG_AT)


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("+8655312333", "+8655312333"),
        ("+8655112333", "+8655112333"),  # another of ours
        ("+864008812333", "+8655312333"),  # of which we do not know where it leads
        (None, "+8655312333"),
    ],
)
def test_the_number_is_one_that_reaches_us(centres: dict[str, Centre], shown: str | None, number: str) -> None:
    assert number_to_ring(with_shown(centres, WUHU, shown), WUHU) == number


def test_a_centre_without_a_number_of_its_own_has_the_hotlines(centres: dict[str, Centre]) -> None:
    assert number_to_ring(with_shown(centres, HEFEI, None), HEFEI) == "12333"
    assert number_to_ring(centres, "349999") == "12333"
    assert unreached_text({}, HEFEI, RUNG_AT) == "12333于11月23日10:05给您回电未接通，您的事还在，打12333可接着办。"


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("+8655112333", "055112333"),
        ("+8655162345678", "055162345678"),
        ("+8613855112345", "13855112345"),
        ("+864008812333", "4008812333"),
        ("12333", "12333"),
    ],
)
def test_numbers_are_written_as_people_dial_them(number: str, dialled: str) -> None:
    assert as_dialled(number) == dialled


def test_every_centres_words_fit_into_a_text(centres: dict[str, Centre]) -> None:
    assert len(centres) == 17
    for code in centres:
        assert len(unreached_text(centres, code, RUNG_AT)) <= 67 < LONGEST_TEXT  # one part, even

"""The five thousand: valid, recognisable, and every case of the field among them many times."""

from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from stdnum.cn.ric import calc_check_digit

from integrations.sandbox.people import Population, build_population
from integrations.sandbox.places import CITIES, PLACES
from integrations.sandbox.records import Card, Medical, Pension, Person
from integrations.settings import PROJECT_DIR

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def everybody() -> Population:
    return build_population(TODAY)


def numbered(population: Population) -> list[Person]:
    """Those whose number has eighteen characters; the others have an old foreigner's."""
    return [person for person in population.people if len(person.id_number) == 18]


def pensions(population: Population) -> list[Pension]:
    return [pension for person in population.people for pension in person.pensions]


def medical(population: Population) -> list[Medical]:
    return [one for person in population.people for one in person.medical]


def cards(population: Population) -> list[Card]:
    return [card for person in population.people for card in person.cards]


def test_there_are_five_thousand_and_no_two_share_a_number(everybody: Population) -> None:
    assert len(everybody.people) == 5000
    assert len({person.id_number for person in everybody.people}) == 5000
    assert len({person.person_number for person in everybody.people}) == 5000
    assert len({card.number for card in cards(everybody)}) == len(cards(everybody))


def test_the_same_seed_and_day_make_the_same_people(everybody: Population) -> None:
    assert build_population(TODAY).people == everybody.people
    assert build_population(TODAY, seed=2).people != everybody.people


def test_their_numbers_do_not_change_with_the_day(everybody: Population) -> None:
    tomorrow = build_population(date(2026, 11, 23), 200)
    assert [p.id_number for p in tomorrow.people[:14]] == [p.id_number for p in everybody.people[:14]]


def test_every_check_character_and_every_birth_date_is_right(everybody: Population) -> None:
    for person in numbered(everybody):
        number = person.id_number
        assert calc_check_digit(number) == number[17]
        assert date(int(number[6:10]), int(number[10:12]), int(number[12:14])) == person.born
        assert person.born >= date(1930, 1, 1)
        assert int(number[16]) % 2 == int(person.sex) % 2


def test_everybody_is_recognisably_made_up(everybody: Population) -> None:
    assert {person.id_number[14:17] for person in numbered(everybody)} == {"996", "997", "998", "999"}


def test_about_one_number_in_eleven_ends_with_x(everybody: Population) -> None:
    ends = sum(person.id_number.endswith("X") for person in everybody.people)
    assert 5000 / 11 * 0.85 < ends < 5000 / 11 * 1.15


def begins(*prefixes: str) -> Callable[[Person], bool]:
    return lambda person: person.id_number.startswith(prefixes)


CASES: dict[str, Callable[[Person], bool]] = {
    "a prefecture abolished in the nineties": begins("3421", "3422", "3423", "3424", "3425", "3426", "3427", "3429"),
    "a place code with an impossible birth year": lambda p: p.id_number[:6] == "340102" and p.born.year < 1980,
    "a county or district that is no more": begins("340221", "340721", "341402", "340101"),
    "a foreigner with a card of eighteen digits": begins("9"),
    "a foreigner whose number begins with letters": lambda p: p.id_number[:3].isalpha() and len(p.id_number) == 15,
    "from Hong Kong, Macao or Taiwan": begins("810000", "820000", "830000"),
    "insured in a city that is not the number's": lambda p: (
        bool(p.pensions) and p.id_number[:4] != p.pensions[0].place[:4] and p.pensions[0].place in CITIES
    ),
    "medical insurance in another province": lambda p: bool(p.medical) and not p.medical[0].place.startswith("34"),
    "several pension insurances": lambda p: len(p.pensions) == 2,
    "several at two places": lambda p: len({pension.place for pension in p.pensions}) == 2,
    "several medical insurances": lambda p: len(p.medical) == 2,
    "no pension insurance": lambda p: not p.pensions,
    "a child": lambda p: p.born.year > 2010,
    "no medical insurance": lambda p: not p.medical,
    "nothing known to the card system": lambda p: p.making is None,
    "two cards": lambda p: len(p.cards) == 2,
    "a card that could not be made": lambda p: p.making is not None and p.making.valid_tag.startswith("-"),
    "no PIN": lambda p: p.pin is None,
    "the initial PIN of the birth month": lambda p: p.pin_is_initial and p.pin == f"{p.born:%Y%m}",
    "the initial PIN of the card": lambda p: p.pin_is_initial and p.pin in [card.number[-6:] for card in p.cards],
    "an own PIN": lambda p: p.pin is not None and not p.pin_is_initial,
    "a card made elsewhere than the insurance": lambda p: bool(p.pensions and p.card_place != p.pensions[0].place),
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_occurs_many_times(everybody: Population, case: str) -> None:
    assert sum(map(CASES[case], everybody.people)) >= 10


def test_every_centre_has_insured_people_of_both_kinds(everybody: Population) -> None:
    by_place = Counter((pension.place, pension.scheme) for pension in pensions(everybody))
    assert all(by_place[(place, scheme)] >= 10 for place in PLACES for scheme in ("110", "170"))
    assert {place for place, _ in by_place} == set(PLACES)


def test_every_pension_status_occurs(everybody: Population) -> None:
    residents = Counter((p.aac008, p.aac031) for p in pensions(everybody) if p.scheme == "170")
    assert {("1", "1"), ("2", "2"), ("1", "3"), ("2", "3"), ("4", "3"), ("3", "2")} == set(residents)
    others = Counter((p.scheme, p.aac031, p.retired) for p in pensions(everybody) if p.scheme != "170")
    expected = {("110", "1", "0"), ("110", "2", "0"), ("110", "3", "0"), ("110", "3", "1"), ("110", "9", "0")}
    assert expected | {("120", "1", "0"), ("120", "3", "1")} == set(others)
    assert min(*residents.values(), *others.values()) >= 10


def test_whoever_draws_has_a_month_and_nobody_else(everybody: Population) -> None:
    for pension in pensions(everybody):
        draws = pension.retired == "1" or (
            pension.scheme == "170" and (pension.aac008, pension.aac031) in {("1", "3"), ("2", "3")}
        )
        assert (pension.benefit is not None) == draws
        if pension.benefit:
            assert pension.benefit.amount_fen > 10_000 and pension.benefit.month <= "202610"


def test_every_medical_status_occurs_and_a_true_zero_too(everybody: Population) -> None:
    statuses = Counter(one.status for one in medical(everybody))
    assert set(statuses) == {"1", "2", "4", "0", "9", ""} and min(statuses.values()) >= 10
    assert {one.kind for one in medical(everybody)} == {"310", "390"}
    assert sum(one.balance_fen == 0 and one.kind == "310" for one in medical(everybody)) >= 10
    assert all((one.paused_since is not None) == (one.status in ("2", "4")) for one in medical(everybody))
    shapes = Counter(one.place[4:] for one in medical(everybody) if one.place.startswith("34"))
    # The city whole, the city's own, and counties.
    assert shapes["00"] >= 10 and shapes["99"] >= 10 and shapes["23"] >= 10
    assert "340000" not in {one.place for one in medical(everybody)}


def test_every_card_status_and_every_step_of_making_occurs(everybody: Population) -> None:
    statuses = Counter(card.status for card in cards(everybody))
    expected = {"normal", "temporary", "formal", "cancelled", "bank_only", "inactive", "strange"}
    assert set(statuses) == expected and min(statuses.values()) >= 10
    steps = Counter(len(p.making.days) for p in everybody.people if p.making and not p.cards)
    assert set(steps) == set(range(1, 8)) and min(steps.values()) >= 10
    assert {p.making.valid_tag for p in everybody.people if p.making} == {"0", "-1", "-2", "-3", "-4"}


def test_no_step_lies_in_the_future_or_before_the_one_before(everybody: Population) -> None:
    for person in everybody.people:
        days = person.making.days if person.making else ()
        assert list(days) == sorted(days) and all(day <= TODAY for day in days)


def test_figures_fit_the_age(everybody: Population) -> None:
    for person in everybody.people:
        for pension in person.pensions:
            assert 0 < pension.months_paid <= (TODAY.year - person.born.year - 16) * 12
            assert pension.account_as_of < TODAY


def test_the_demo_persons_can_be_keyed_but_for_the_one_who_cannot(everybody: Population) -> None:
    demo = [person for person in everybody.people if person.shows]
    assert len(demo) == 14 and demo == list(everybody.people[:14])
    assert [p.name for p in demo if not p.id_number.removesuffix("X").isdigit()] == ["SCHMIDT ANNA"]
    assert [p.id_number[-1] for p in demo].count("X") == 1
    assert all(p.pin is None or (len(p.pin) == 6 and p.pin.isdigit()) for p in everybody.people)


def test_the_readme_lists_the_demo_persons_as_they_are(everybody: Population) -> None:
    readme = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
    for person in everybody.people[:14]:
        assert f"| {person.name} | {person.id_number} | {person.pin or 'none'} |" in readme


def test_a_small_x_and_blanks_find_the_same_person(everybody: Population) -> None:
    person = next(p for p in everybody.people if p.id_number.endswith("X"))
    assert everybody.find(f" {person.id_number.lower()} ") is person
    assert everybody.find("340103198503089984") is None

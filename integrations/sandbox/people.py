"""Five thousand made-up insured persons, the same for the same seed and day.

Every case of the field occurs many times: ID numbers with today's, old and abolished place codes, of foreigners and of
people from Hong Kong, Macao and Taiwan; people insured elsewhere than their number says, or in another province;
drawing, paused and ended; several insurances; every status; cards lost, frozen, cancelled, being made and failed.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from integrations.sandbox.demo import demo_people
from integrations.sandbox.ids import (
    MADE_UP_SEQUENCES,
    old_permanent_resident_number,
    permanent_resident_number,
    resident_number,
)
from integrations.sandbox.lives import Life
from integrations.sandbox.names import FOREIGN_NAMES, GIVEN, SURNAMES, TWO_CHARACTER_SURNAMES
from integrations.sandbox.places import (
    ABOLISHED_CODES,
    ANACHRONISTIC_CODE,
    CODES_TODAY,
    COUNTRIES,
    PERMIT_CODES,
    PROVINCE,
)
from integrations.sandbox.records import Card, Making, Person

HOW_MANY, SEED = 5000, 12333
EARLIEST = date(1930, 1, 1)


class Population:
    """Everybody, findable by ID number and by card number."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = tuple(people)
        self._by_id = {person.id_number: person for person in self.people}
        self._by_card = {card.number: (person, card) for person in self.people for card in person.cards}

    def find(self, id_number: str) -> Person | None:
        """Somebody by ID number; a small x counts as X."""
        return self._by_id.get(id_number.strip().upper())

    def find_card(self, card_number: str) -> tuple[Person, Card] | None:
        """A card and whose it is."""
        return self._by_card.get(card_number.strip().upper())

    def somebody_else(self, person: Person) -> Person:
        """Another person, always the same one for the same person."""
        place = self.people.index(person)
        return self.people[(place + 1) % len(self.people)]


def build_population(today: date, how_many: int = HOW_MANY, seed: int = SEED) -> Population:
    """The demo persons, then made-up ones until there are `how_many`."""
    people = list(demo_people(today))
    taken = {person.id_number for person in people}
    maker = _Maker(Life(Random(seed), today), taken)
    while len(people) < how_many:
        people.append(maker.make(len(people) + 1))
    return Population(people)


class _Maker:
    def __init__(self, life: Life, taken: set[str]) -> None:
        self._life = life
        self._chance = life.chance
        self._taken = taken

    def make(self, number: int) -> Person:
        sex = self._chance.choice("12")
        place = self._life.place()
        born, id_number, name = self._fresh(sex, place)
        age = self._life.today.year - born.year
        pensions = self._life.pensions(age, place)
        medical = self._life.medical(age, place, pensions)
        cards = self._life.cards(number)
        making = self._life.making(cards)
        pin, is_initial = self._pin(born, cards)
        person_number = f"34{number:012d}"
        return Person(
            id_number, name, sex, born, person_number, self._card_place(place, making), pin, is_initial,
            pensions, medical, cards, making,
        )  # fmt: skip

    def _born(self) -> date:
        latest = self._life.today - timedelta(days=365)
        return EARLIEST + timedelta(days=self._chance.randrange((latest - EARLIEST).days))

    def _card_place(self, place: str, making: Making | None) -> str:
        # A card stays where it was made when its holder moves on.
        return self._life.place() if making and self._chance.random() < 0.08 else place

    def _fresh(self, sex: str, place: str) -> tuple[date, str, str]:
        """A birth date, a number nobody has yet, and the name that goes with it."""
        while True:
            born = self._born()
            id_number, name = self._identity(sex, born, place)
            if id_number not in self._taken:
                self._taken.add(id_number)
                return born, id_number, name

    def _identity(self, sex: str, born: date, place: str) -> tuple[str, str]:
        sequence = self._chance.choice(MADE_UP_SEQUENCES[sex])
        roll = self._chance.random()
        if roll < 0.015:
            country = self._chance.choice(COUNTRIES)[0]
            return permanent_resident_number("34", country, born, sequence), self._chance.choice(FOREIGN_NAMES)
        if roll < 0.025:
            letters = self._chance.choice(COUNTRIES)[1]
            number = old_permanent_resident_number(letters, "3401", born, self._chance.randrange(100))
            return number, self._chance.choice(FOREIGN_NAMES)
        code = self._chance.choice(PERMIT_CODES) if roll < 0.035 else self._place_code(place, born)
        return resident_number(code, born, sequence), self._name(sex)

    def _place_code(self, place: str, born: date) -> str:
        city = place if place != PROVINCE and self._chance.random() < 0.7 else self._chance.choice(list(CODES_TODAY))
        if born.year < 1996 and self._chance.random() < 0.3:
            anachronistic = (ANACHRONISTIC_CODE,) if city == "340100" else ()
            return self._chance.choice(ABOLISHED_CODES[city] + anachronistic)
        return self._chance.choice(CODES_TODAY[city])

    def _name(self, sex: str) -> str:
        rare = self._chance.random() < 0.01
        surname = self._chance.choice(TWO_CHARACTER_SURNAMES if rare else SURNAMES)
        return surname + self._chance.choice(GIVEN[sex])

    def _pin(self, born: date, cards: tuple[Card, ...]) -> tuple[str | None, bool]:
        """Their own, the initial one (birth month, or the end of the card's number), or none."""
        roll = self._chance.random()
        if roll < 0.2:
            return None, False
        if roll < 0.4:
            by_card = bool(cards) and roll < 0.3
            return (cards[0].number[-6:] if by_card else f"{born:%Y%m}"), True
        return f"{self._chance.randrange(10**6):06d}", False

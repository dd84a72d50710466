"""How a made-up person came to be insured: pensions, medical insurance and cards, drawn by chance and by age."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from integrations.sandbox.names import EMPLOYERS, FAILURES
from integrations.sandbox.places import (
    BANKS,
    CODES_TODAY,
    OTHER_PROVINCES,
    PLACES,
    PROVINCE,
    PROVINCE_MEDICAL,
    place_name,
)
from integrations.sandbox.records import (
    MAKING_STEPS,
    MEDICAL_EMPLOYEE,
    MEDICAL_RESIDENT,
    PENSION_EMPLOYEE,
    PENSION_OFFICE,
    PENSION_RESIDENT,
    Benefit,
    Card,
    Making,
    Medical,
    Pension,
)

PENSION_AGE, WORKING_AGE = 60, 18
What = TypeVar("What")
# scheme, AAC008, AAC031, AAC084; several together are somebody with several insurances.
Plan = tuple[tuple[str, str, str, str], ...]
PAYING, PAUSED, ENDED = ("1", "1", "0"), ("2", "2", "0"), ("4", "3", "0")
DRAWING_EMPLOYEE = ("1", "3", "1")
WHILE_WORKING: tuple[tuple[Plan, int], ...] = (
    (((PENSION_EMPLOYEE, *PAYING),), 45),
    (((PENSION_EMPLOYEE, *PAUSED),), 10),
    (((PENSION_EMPLOYEE, *ENDED),), 3),
    (((PENSION_EMPLOYEE, "1", "9", "0"),), 2),
    (((PENSION_OFFICE, *PAYING),), 6),
    (((PENSION_RESIDENT, *PAYING),), 15),
    (((PENSION_RESIDENT, *PAUSED),), 6),
    (((PENSION_EMPLOYEE, *PAUSED), (PENSION_RESIDENT, *PAYING)), 6),
    (((PENSION_EMPLOYEE, *ENDED), (PENSION_EMPLOYEE, *PAYING)), 4),
    ((), 5),
)
WHEN_OLD: tuple[tuple[Plan, int], ...] = (
    (((PENSION_EMPLOYEE, *DRAWING_EMPLOYEE),), 42),
    (((PENSION_OFFICE, *DRAWING_EMPLOYEE),), 8),
    (((PENSION_RESIDENT, "1", "3", "0"),), 30),
    (((PENSION_RESIDENT, "2", "3", "0"),), 5),
    (((PENSION_RESIDENT, "4", "3", "0"),), 4),
    # A pair that no table explains.
    (((PENSION_RESIDENT, "3", "2", "0"),), 2),
    (((PENSION_EMPLOYEE, *DRAWING_EMPLOYEE), (PENSION_RESIDENT, "4", "3", "0")), 4),
    ((), 5),
)
MEDICAL_STATUSES = (("1", 78), ("2", 10), ("4", 5), ("0", 4), ("9", 2), ("", 1))
CARD_STATUSES = (
    ("normal", 78), ("temporary", 4), ("formal", 6), ("cancelled", 4), ("bank_only", 3), ("inactive", 4),
    ("strange", 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Life:
    """Chance and today: everything drawn from here is the same for the same seed and the same day."""

    chance: Random
    today: date

    def place(self) -> str:
        """Where somebody is insured: the capital and the province's own desk have more people than others."""
        return self.chance.choice((*PLACES, "340100", "340100", PROVINCE))

    def pensions(self, age: int, place: str) -> tuple[Pension, ...]:
        """None for children; else one plan, whose second insurance is at another place half of the time."""
        if age < WORKING_AGE:
            return ()
        plan = self.pick(WHEN_OLD if age >= PENSION_AGE else WHILE_WORKING)
        places = [place, self.place() if self.chance.random() < 0.5 else place]
        return tuple(self.pension(age, where, *codes) for where, codes in zip(places, plan, strict=False))

    def pension(self, age: int, place: str, scheme: str, aac008: str, aac031: str, retired: str) -> Pension:
        """One insurance with figures that fit the age and the scheme."""
        is_resident = scheme == PENSION_RESIDENT
        longest = max(1, min(age, PENSION_AGE) - WORKING_AGE) * 12
        paid = self.chance.randint(1, min(longest, 190 if is_resident else 420))
        deemed = self.chance.randint(1, 96) if age > 55 and not is_resident else 0
        account = paid * self.chance.randint(*((1_000, 30_000) if is_resident else (18_000, 68_000)))
        draws = retired == "1" or (is_resident and aac031 == "3" and aac008 in ("1", "2"))
        benefit = self._benefit(is_resident, is_suspended=aac008 == "2") if draws else None
        as_of = date(self.today.year - 1, 12, 31) if is_resident else end_of_last_month(self.today)
        return Pension(scheme, place, aac008, aac031, retired, paid, deemed, account, as_of, benefit)

    def _benefit(self, is_resident: bool, is_suspended: bool) -> Benefit:
        amount = self.chance.randint(*((21_500, 46_000) if is_resident else (168_000, 860_000)))
        month = end_of_last_month(self.today)
        if is_suspended:
            month = end_of_last_month(month - timedelta(days=150))
        way = self.chance.choice(("1", "1", "1", "1", "2", "3"))
        return Benefit(f"{month:%Y%m}", amount, way)

    def medical(self, age: int, place: str, pensions: tuple[Pension, ...]) -> tuple[Medical, ...]:
        """Usually one, by the kind of work; sometimes a paused one besides, none, or one in another province."""
        roll = self.chance.random()
        if roll < 0.04:
            return ()
        where = self.chance.choice(OTHER_PROVINCES) if roll < 0.08 else self.medical_place(place)
        works = any(p.scheme != PENSION_RESIDENT and p.aac031 != "2" for p in pensions)
        first = self.one_medical(MEDICAL_EMPLOYEE if works else MEDICAL_RESIDENT, where, self.pick(MEDICAL_STATUSES))
        if roll > 0.90 and age >= WORKING_AGE:
            other = MEDICAL_RESIDENT if works else MEDICAL_EMPLOYEE
            return (first, self.one_medical(other, self.medical_place(self.place()), "2"))
        return (first,)

    def medical_place(self, place: str) -> str:
        """As the national platform writes it: the province as 349900, a city whole, as its own 99, or as a county."""
        if place == PROVINCE:
            return PROVINCE_MEDICAL
        return self.chance.choice((place, place, f"{place[:4]}99", self.chance.choice(CODES_TODAY[place])))

    def one_medical(self, kind: str, place: str, status: str) -> Medical:
        """One insurance; residents have no personal account, so theirs is a true zero."""
        since = self.today - timedelta(days=self.chance.randint(200, 8000))
        paused = self.today - timedelta(days=self.chance.randint(10, 199)) if status in ("2", "4") else None
        balance = self.chance.randint(0, 900_000) if kind == MEDICAL_EMPLOYEE and self.chance.random() > 0.05 else 0
        town = place_name(place)
        employer = self.chance.choice(EMPLOYERS).format(town) if kind == MEDICAL_EMPLOYEE else f"{town}居民参保库"
        return Medical(kind, place, status, balance, since, paused, employer)

    def cards(self, number: int) -> tuple[Card, ...]:
        """None, one or two; the numbers are made from the person's own."""
        count = self.pick(((0, 12), (1, 76), (2, 12)))
        return tuple(self.card(number * 2 + which) for which in range(count))

    def card(self, number: int) -> Card:
        status = self.pick(CARD_STATUSES)
        bank = self.chance.choice(BANKS)[0]
        account = f"62{bank}{self.chance.randrange(10**12):012d}"
        return Card(card_number(number), bank, account, status, number % 7 + 1 if status == "temporary" else 0)

    def making(self, cards: tuple[Card, ...]) -> Making | None:
        """How the newest card came to be, or how far it is; None for somebody who never applied."""
        if cards:
            steps = len(MAKING_STEPS) if cards[-1].status != "inactive" else len(MAKING_STEPS) - 1
            return self.made(steps, cards[-1].bank, self.chance.randint(60, 3000))
        if self.chance.random() < 0.2:
            return None
        bank = self.chance.choice(BANKS)[0]
        if self.chance.random() < 0.25:
            tag, reason = self.chance.choice(FAILURES)
            return self.made(self.chance.randint(1, 4), bank, 30, tag, reason)
        return self.made(self.chance.randint(1, len(MAKING_STEPS) - 1), bank, 30)

    def made(self, steps: int, bank: str, days_ago: int, valid_tag: str = "0", remarks: str = "") -> Making:
        days = tuple(self.today - timedelta(days=max(days_ago - 3 * step, 0)) for step in range(steps))
        return Making(days, bank, valid_tag, remarks)

    def pick(self, weighted: tuple[tuple[What, int], ...]) -> What:
        """One of them, as often as its weight says."""
        return self.chance.choices([what for what, _ in weighted], [weight for _, weight in weighted])[0]


def card_number(number: int) -> str:
    """A card number of the made-up series: Y and eight digits, no two alike."""
    return f"Y{number * 61_000_003 % 10**8:08d}"


def end_of_last_month(day: date) -> date:
    """The last day of the month before."""
    return day.replace(day=1) - timedelta(days=1)

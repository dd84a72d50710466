"""What the sandbox knows of a person: one record, told by every system in its own shape."""

from dataclasses import dataclass
from datetime import date

PENSION_EMPLOYEE, PENSION_OFFICE, PENSION_RESIDENT = "110", "120", "170"
MEDICAL_EMPLOYEE, MEDICAL_RESIDENT = "310", "390"
# Where a card is in being made, in order: the fields of getAZ03.
MAKING_STEPS = (
    "APPLYTIME", "BANKTIME0", "BANKFINISHTIME0", "INSURETIME", "INSUREFINISHTIME", "PROVINCETIME", "CITYTIME",
    "GETTIME",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Benefit:
    """One month's pension. Money in fen; `way` is AAE145: 1 bank, 2 post, 3 employer."""

    month: str
    amount_fen: int
    way: str


@dataclass(frozen=True, slots=True)
class Pension:
    """One pension insurance. Codes as the systems store them; `account_as_of` is what the principal is true for."""

    scheme: str
    place: str
    aac008: str
    aac031: str
    # AAC084: "1" for an employee who has retired.
    retired: str
    months_paid: int
    months_deemed: int
    account_fen: int
    account_as_of: date
    benefit: Benefit | None = None


@dataclass(frozen=True, slots=True)
class Medical:
    """One medical insurance. `status` is psn_insu_stas; the place may be a county of the city."""

    kind: str
    place: str
    status: str
    balance_fen: int
    since: date
    paused_since: date | None
    employer: str


@dataclass(frozen=True, slots=True)
class Card:
    """One social-security card. `status` is a word of ours: each deployment has its own code for it."""

    number: str
    bank: str
    account: str
    # normal, temporary (lost), formal (lost), cancelled, bank_only (frozen), inactive, strange
    status: str
    # Days from today until a temporary loss ends; 0 for any other card.
    days_left: int = 0


@dataclass(frozen=True, slots=True)
class Making:
    """The newest card in being made: as many times as steps done, and the failure if it failed (negative VALIDTAG)."""

    days: tuple[date, ...]
    bank: str
    valid_tag: str = "0"
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up. `pin` is None when no query PIN was ever set; `pin_is_initial` when nobody changed it."""

    id_number: str
    name: str
    sex: str
    born: date
    person_number: str
    card_place: str
    pin: str | None
    pin_is_initial: bool
    pensions: tuple[Pension, ...]
    medical: tuple[Medical, ...]
    cards: tuple[Card, ...]
    making: Making | None
    # Wang Fang's case, for the index page; empty for the many.
    shows: str = ""


def yuan(fen: int) -> str:
    """Money as these systems write it: yuan with two decimals."""
    return f"{fen // 100}.{fen % 100:02d}"

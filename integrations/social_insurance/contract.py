"""What every business system answers, whatever its own shape: one contract for all connectors.

Pure. Nothing here shows personal data in repr() or str(): a person is "**************0123", a file is its class alone.
Money is in fen, dates are dates, and None always means "the system did not say".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeVar

from integrations.errors import IntegrationError


class Kind(StrEnum):
    """What can be asked for."""

    PENSION = "pension"
    MEDICAL = "medical"
    CARD = "card"


Scheme = Literal["employee", "resident", "office"]
PensionStatus = Literal["paying", "paused", "drawing", "suspended", "ended", "unknown"]
MedicalStatus = Literal["none", "normal", "paused", "ended", "unknown"]
# "frozen" is the timed freeze by telephone, "lost" the formal report; "bank_frozen": only the bank's side is stopped;
# "making": there is no card yet, only an order.
CardStatus = Literal["normal", "lost", "frozen", "cancelled", "inactive", "bank_frozen", "making", "unknown"]
StepName = Literal["applied", "bank", "made", "city", "collected"]
STEPS: tuple[StepName, ...] = ("applied", "bank", "made", "city", "collected")
# slow: no answer in time; down: no connection, or it says itself that it cannot; busy: too many ask at once;
# closed: not connected here; refused: it does not let us in.
AwayReason = Literal["slow", "down", "busy", "closed", "refused"]


class _Masked:
    """A value that shows nothing of itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


@dataclass(frozen=True, slots=True, repr=False)
class Insured:
    """Who is asked for: an ID number of 18 characters with an upper-case X, and a name where one is known."""

    id_number: str
    name: str = ""

    @property
    def masked(self) -> str:
        """What may be shown and said, such as "尾号0123"."""
        return f"尾号{self.id_number[-4:]}"

    def __repr__(self) -> str:
        return f"Insured({self})"

    def __str__(self) -> str:
        return "*" * (len(self.id_number) - 4) + self.id_number[-4:]


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why a person's data is asked for; goes into the audit row.

    `who` is "caller" or a user name, `why` a word such as "query_pension". `caller_hash` is the fingerprint of the
    calling number, None when it is not shown: wrong PINs are counted by it too.
    """

    who: str
    call_sid: str | None
    why: str
    caller_hash: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PensionFile(_Masked):
    """One pension insurance of a person. `benefit_month` is "YYYYMM"; `place` six digits, from the answer alone."""

    scheme: Scheme
    status: PensionStatus
    place: str
    months_paid: int | None = None
    months_deemed: int | None = None
    months_total: int | None = None
    account_fen: int | None = None
    account_as_of: date | None = None
    benefit_month: str | None = None
    benefit_fen: int | None = None
    # Chinese, as it is said: "银行发放".
    benefit_way: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class MedicalFile(_Masked):
    """One medical insurance of a person. `kind` is the system's code: "310" employee, "390" resident, or another."""

    kind: str
    status: MedicalStatus
    place: str
    balance_fen: int | None = None
    since: date | None = None
    paused_since: date | None = None
    employer: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of making a card; `at` None: not reached, as far as the system says."""

    name: StepName
    at: date | None


@dataclass(frozen=True, slots=True, repr=False)
class CardFile(_Masked):
    """One social security card, or the order for one.

    `progress` holds all of STEPS in order, is empty when there is no order, and None when the system could not say.
    `failed_reason`: making it failed; "" when the reason is not told. `ref` is for a later write, never shown or said.
    """

    status: CardStatus
    place: str
    number_tail: str | None = None
    bank: str | None = None
    bank_phone: str | None = None
    frozen_until: date | None = None
    progress: tuple[Step, ...] | None = None
    failed_reason: str | None = None
    ref: str = ""


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Found(Generic[T_co]):
    """At least one item. `as_of`: the day for which it is true; `place`: the place of insurance, of the first item."""

    items: tuple[T_co, ...]
    as_of: date
    place: str
    system: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The system answered that it has nobody of this number."""

    system: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer. `until`: nobody will be asked again before, None when that is not known.

    `may_have_heard`: the question left us, so a write may have been done all the same.
    """

    system: str
    reason: AwayReason
    until: datetime | None = None
    may_have_heard: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """An answer that nobody can read as a fact. `reason` is English, names the field and holds no data."""

    system: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The system refused, in its own sentence: Chinese, and long runs of digits are taken out of it."""

    system: str
    reason: str


File = PensionFile | MedicalFile | CardFile
Answer = Found[PensionFile] | Found[MedicalFile] | Found[CardFile] | NotFound | Unavailable | Unknown | Rejected


class CardAction(StrEnum):
    """What can be written by telephone: the timed freeze of the social-security function, and its release."""

    FREEZE = "freeze"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Written:
    """The system's own word that it is so. `is_new`: by this write (00); else it was so before (01).

    `until`: the last day of the freeze, as far as the system says; `receipt` its number for the write.
    """

    system: str
    is_new: bool
    until: date | None = None
    receipt: str | None = None


# Rejected: it was not done. Unavailable: not done, unless it `may_have_heard`. Unknown: nobody can tell.
WriteAnswer = Written | Rejected | Unavailable | Unknown


class PinVerdict(StrEnum):
    """What a system says of a query PIN. INITIAL: right, but never changed, so it opens nothing alone."""

    RIGHT = "right"
    WRONG = "wrong"
    INITIAL = "initial"
    NOT_SET = "not_set"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class PinChecked:
    """A verdict, and how many wrong tries are left before it is locked."""

    verdict: PinVerdict
    tries_left: int


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many wrong PINs, for this person or from this telephone: the system was not asked."""

    until: datetime


PinAnswer = PinChecked | Locked | Unavailable | Unknown


class Away(IntegrationError):
    """A system gave no answer. `was_sent` False: it cannot even have heard the question.

    `is_connection` True: no connection came about, or it broke; a question that changes nothing may be asked again.
    """

    def __init__(
        self, reason: AwayReason, detail: str = "", *, was_sent: bool = True, is_connection: bool = False
    ) -> None:
        super().__init__(detail or reason)
        self.reason: AwayReason = reason
        self.was_sent = was_sent
        self.is_connection = is_connection


class Connector(Protocol):
    """One business system. Thread-safe; connects when first used, so after a fork."""

    name: str
    kind: Kind

    def look_up(self, person: Insured, deadline_seconds: float) -> Answer:
        """Ask for a person; answers within about the deadline. Raises Away."""

    def probe(self) -> bool:
        """Whether the system is there, asked without anybody's data; within about two seconds."""

    def note(self) -> str:
        """What staff should know of its data, in Chinese; "" for nothing."""

    def close(self) -> None:
        """Close its connections; the next use opens new ones."""


class CardWriter(Protocol):
    """A card system that takes writes."""

    name: str

    def write(
        self, action: CardAction, person: Insured, card_ref: str, deadline_seconds: float
    ) -> Written | Rejected | Unknown:
        """Freeze or release one card. Never repeats by itself. Raises Away."""


class PinChecker(Protocol):
    """A system that knows query PINs."""

    name: str

    def check(self, person: Insured, pin: str, deadline_seconds: float) -> PinVerdict | Unknown:
        """Ask whether the PIN is right. Raises Away."""


def result_class(answer: Answer | PinAnswer | WriteAnswer) -> str:
    """The word for audit rows and figures: "found", "not_found", ...; of a PIN its verdict, of a write "done"."""
    if isinstance(answer, PinChecked):
        return answer.verdict.value
    if isinstance(answer, Written):
        return "done" if answer.is_new else "already"
    words = {NotFound: "not_found", Unavailable: "unavailable", Unknown: "unknown", Rejected: "rejected"}
    return words.get(type(answer), "locked" if isinstance(answer, Locked) else "found")

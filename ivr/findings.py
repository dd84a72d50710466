"""What a business system found, as sentences: the same ones on the telephone and on the console.

Pure. A sentence is a prompt of the menu with its words; what the system did not say has a sentence of its own or is
left out, and is never filled in. Amounts, dates and masked numbers are written as `ivr.words` speaks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from integrations.social_insurance.contract import CardFile, File, Found, MedicalFile, PensionFile
from ivr.words import full_day, full_month, spell_digits, years_and_months, yuan

SCHEMES = {"employee": "职工养老保险", "resident": "城乡居民养老保险", "office": "机关事业单位养老保险"}
EMPLOYEE_MEDICAL, RESIDENT_MEDICAL = "310", "390"
MEDICAL_KINDS = {EMPLOYEE_MEDICAL: "职工医保", RESIDENT_MEDICAL: "居民医保"}
# Of an order for a card: the sentence for the last step that was reached.
STEP_PROMPTS = {
    "applied": "card_applied",
    "bank": "card_at_bank",
    "made": "card_made",
    "city": "card_arrived",
    "collected": "card_collected",
}
# All that may be said here: the menu check wants a sentence for each.
PROMPTS = (
    *(f"pension_{status}" for status in ("paying", "paused", "drawing", "suspended", "ended", "unknown")),
    *("pension_paid", "pension_deemed", "pension_total", "pension_account", "pension_account_unsure"),
    *("pension_benefit", "pension_benefit_unsure"),
    *(f"medical_{status}" for status in ("none", "normal", "paused", "ended", "unknown")),
    *("medical_balance", "medical_balance_unsure"),
    *(f"card_{status}" for status in ("normal", "lost", "frozen", "cancelled", "inactive", "bank_frozen", "unknown")),
    *("card_bank", "card_failed", "card_order_unsure", *STEP_PROMPTS.values()),
    *("insured_place", "issued_place", "true_today", "true_on"),
)
Spell = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A prompt and the words in it; None: not known, and then the prompt's `instead` is said."""

    prompt: str
    words: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One insurance or card: what it is called in a list, and all that is said of it."""

    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Centres by their codes, as they are spoken of; a place of insurance belongs to one of them or to none."""

    names: Mapping[str, str]
    province: str

    def centre_of(self, place: str) -> str | None:
        """The centre of six digits of a place; None outside the province. A district belongs to its city."""
        if place[:2] != self.province[:2]:
            return None
        city = f"{place[:4]}00"
        return city if city in self.names else self.province

    def name(self, place: str) -> str | None:
        centre = self.centre_of(place)
        return self.names.get(centre) if centre else None


def describe(
    found: Found[PensionFile] | Found[MedicalFile] | Found[CardFile],
    today: date,
    places: Places,
    spell: Spell = spell_digits,
) -> tuple[Finding, ...]:
    """All that was found, in the system's order. `spell` writes digits of numbers: for the ear, or as they are."""
    return tuple(_finding(item, found.as_of, today, places, spell) for item in found.items)


def _finding(item: File, as_of: date, today: date, places: Places, spell: Spell) -> Finding:
    if isinstance(item, PensionFile):
        title, said = SCHEMES[item.scheme], _pension(item, today)
    elif isinstance(item, MedicalFile):
        title, said = MEDICAL_KINDS.get(item.kind, "另一种医保"), _medical(item, today)
    else:
        tail = spell(item.number_tail) if item.number_tail else None
        title, said = f"尾号{tail}的社保卡" if tail else "正在办的社保卡", _card(item, today, spell)
    where = "issued_place" if isinstance(item, CardFile) else "insured_place"
    sentences = [*said, Sentence(where, {"place": places.name(item.place)})]
    if as_of == today:
        sentences.append(Sentence("true_today", {}))
    else:
        sentences.append(Sentence("true_on", {"as_of": full_day(as_of, today)}))
    return Finding(title, tuple(Sentence(s.prompt, {"insurance": title, **s.words}) for s in sentences))


def _pension(item: PensionFile, today: date) -> Iterable[Sentence]:
    yield Sentence(f"pension_{item.status}", {})
    if item.months_paid is not None:
        yield Sentence("pension_paid", {"months": years_and_months(item.months_paid)})
    if item.months_deemed:
        yield Sentence("pension_deemed", {"months": years_and_months(item.months_deemed)})
    if item.months_total is not None and item.months_total != item.months_paid:
        yield Sentence("pension_total", {"months": years_and_months(item.months_total)})
    if item.status in ("drawing", "suspended"):
        yield from _benefit(item, today)
    elif item.account_fen is not None and item.account_as_of is not None:
        day = full_day(item.account_as_of, today)
        yield Sentence("pension_account", {"day": day, "amount": yuan(item.account_fen)})
    elif item.status in ("paying", "paused"):
        yield Sentence("pension_account_unsure", {})


def _benefit(item: PensionFile, today: date) -> Iterable[Sentence]:
    if item.benefit_fen is None or item.benefit_month is None:
        if item.status == "drawing":
            yield Sentence("pension_benefit_unsure", {})
        return
    words = {
        "month": full_month(item.benefit_month, today),
        "amount": yuan(item.benefit_fen),
        "way": item.benefit_way,
    }
    yield Sentence("pension_benefit", words)


def _medical(item: MedicalFile, today: date) -> Iterable[Sentence]:
    paused = full_day(item.paused_since, today) if item.paused_since else None
    yield Sentence(f"medical_{item.status}", {"day": paused})
    if item.balance_fen is not None:
        # Residents have no account of their own: a nought there says nothing.
        if item.balance_fen or item.kind != RESIDENT_MEDICAL:
            yield Sentence("medical_balance", {"amount": yuan(item.balance_fen)})
    elif item.kind != RESIDENT_MEDICAL and item.status != "none":
        yield Sentence("medical_balance_unsure", {})


def _card(item: CardFile, today: date, spell: Spell) -> Iterable[Sentence]:
    bank = {"bank": item.bank, "bank_phone": _phone(item.bank_phone, spell) if item.bank_phone else None}
    if item.status == "making":
        yield from _order(item, today)
        return
    until = full_day(item.frozen_until, today) if item.frozen_until else None
    yield Sentence(f"card_{item.status}", {"day": until, **bank})
    if item.bank and item.status not in ("bank_frozen", "cancelled"):
        yield Sentence("card_bank", bank)


def _phone(number: str, spell: Spell) -> str:
    """A bank's line of five digits is said in one breath, longer numbers with rests."""
    return spell(number) if len(number) > 5 else "".join(map(spell, number))


def _order(item: CardFile, today: date) -> Iterable[Sentence]:
    if item.failed_reason is not None:
        yield Sentence("card_failed", {"reason": item.failed_reason or None})
        return
    reached = [step for step in item.progress or () if step.at is not None]
    if not reached:
        yield Sentence("card_order_unsure", {})
        return
    last = reached[-1]
    yield Sentence(STEP_PROMPTS[last.name], {"day": full_day(last.at, today) if last.at else None})


def to_plain(findings: Iterable[Finding]) -> list[list[object]]:
    """As plain lists, to be sealed with the call."""
    return [[f.title, [[s.prompt, dict(s.words)] for s in f.sentences]] for f in findings]


def from_plain(plain: Iterable[list[object]]) -> tuple[Finding, ...]:
    """What `to_plain` made."""
    return tuple(
        Finding(str(title), tuple(Sentence(prompt, words) for prompt, words in sentences))  # type: ignore[attr-defined]
        for title, sentences in plain
    )

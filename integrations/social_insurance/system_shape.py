"""What each adapter needs to be told of its system, so that a file can be proven before anything is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from integrations.social_insurance.contract import CardStatus, Kind, MedicalStatus, PensionStatus, Scheme

# Phrases in a system's own sentence, and what each means: nobody of this number; it does not let us in; it cannot now.
NOT_FOUND, REFUSED, DOWN = "not_found", "refused", "down"
PHRASES = (NOT_FOUND, REFUSED, DOWN)


@dataclass(frozen=True, slots=True)
class Shape:
    """One adapter's needs. In `settings` None is one that must be given, in `codes` a table that may hold any words."""

    kind: Kind
    address_schemes: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    settings: Mapping[str, str | None] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    # Whether it can also be asked for query PINs.
    knows_pins: bool = False


@dataclass(frozen=True, slots=True)
class System:
    """One business system as the file describes it. `secrets` holds names of variables, never values."""

    name: str
    label: str
    adapter: str
    address: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timeout_seconds: int = 8
    at_once: int = 8
    failures_until_rest: int = 5
    rest_seconds: int = 30
    ca_file: str | None = None
    # Of a card system whose names are not those of the shipped description.
    wsdl_file: str | None = None

    @property
    def kind(self) -> Kind:
        return SHAPES[self.adapter].kind

    def table(self, name: str) -> Mapping[str, str]:
        """What its codes of one table mean; empty when the file does not say."""
        return self.codes.get(name, {})


def meaning_of(system: System, complaint: str) -> str | None:
    """Which of the deployment's own phrases a sentence holds; None for any other sentence."""
    for meaning, phrases in system.phrases.items():
        if any(phrase in complaint for phrase in phrases):
            return meaning
    return None


WEB = ("http://", "https://")
_PENSION_CODES: dict[str, tuple[str, ...] | None] = {
    "scheme": get_args(Scheme),
    "resident_status": get_args(PensionStatus),
    "status": get_args(PensionStatus),
    "benefit_way": None,
}
SHAPES: Mapping[str, Shape] = {
    "medical": Shape(
        Kind.MEDICAL,
        WEB,
        secrets=("sign_key",),
        optional_secrets=("cipher_key",),
        settings={
            "institution": None,
            "institution_name": None,
            "treating_place": None,
            "receiving_system": None,
            "insured_place": "",
            "device": "",
            "device_safety": "",
            "operator_type": "1",
            "operator": "12333",
            "operator_name": "12333",
            "sign_in_number": "",
        },
        codes={"result": ("done", "failed", "refused"), "status": get_args(MedicalStatus)},
    ),
    "card": Shape(
        Kind.CARD,
        WEB,
        secrets=("password",),
        settings={"user": None, "place": ""},
        codes={"status": get_args(CardStatus), "bank": None, "bank_phone": None},
    ),
    "pension_bus": Shape(
        Kind.PENSION,
        WEB,
        secrets=("token",),
        settings={
            "app_key": None,
            "digest": "sha256",
            "person_service": None,
            "benefit_service": "",
            "pin_service": "",
        },
        codes={
            "result": ("done", "not_found", "failed", "refused", "down"),
            **_PENSION_CODES,
            "pin": ("right", "wrong", "initial", "not_set"),
        },
        knows_pins=True,
    ),
    "pension_tables": Shape(
        Kind.PENSION,
        ("{database}", "postgresql://"),
        # The whole address with its password.
        optional_secrets=("address",),
        settings={
            "user": "",
            "schema": "exchange",
            "finished_state": "1",
        },
        codes=_PENSION_CODES,
    ),
}

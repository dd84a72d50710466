"""What a business system has found, written in a line: `card status=normal place=340100 | card status=lost ...`."""

from __future__ import annotations

from datetime import date
from typing import Any

from integrations.social_insurance.contract import STEPS, CardFile, Found, MedicalFile, PensionFile, Step

KINDS: dict[str, Any] = {"pension": PensionFile, "medical": MedicalFile, "card": CardFile}
DATES = ("as_of", "account_as_of", "since", "paused_since", "frozen_until")


def found_of(written: str, today: date) -> Found[Any]:
    """The answer of a system. `as_of=` is the day of the data, else today; `steps=applied:2026-09-01,...`."""
    as_of, items = today, []
    for part in written.split("|"):
        kind, *pairs = part.split()
        values = dict(_value(*pair.split("=", 1)) for pair in pairs)
        as_of = values.pop("as_of", as_of)
        items.append(KINDS[kind](**values))
    return Found(tuple(items), as_of, items[0].place, "demo")


def _value(name: str, text: str) -> tuple[str, Any]:
    if name == "steps":
        reached = dict(step.split(":") for step in text.split(",") if step)
        return "progress", tuple(Step(s, date.fromisoformat(reached[s]) if s in reached else None) for s in STEPS)
    if name in DATES:
        return name, date.fromisoformat(text)
    return name, int(text) if name.endswith("_fen") or name.startswith("months_") else text

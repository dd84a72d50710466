"""What the random runs call wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.soak.line import HEALED, overtaken

NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)


def place(entry: int, arrived: float, offered: float | None, rules: tuple[str, ...] = (), ended: float = 90) -> Any:
    """A row of one line; times in seconds after nine."""
    moments = [None if at is None else NINE + timedelta(seconds=at) for at in (arrived, ended, offered)]
    return (entry, "340200", "pension", "mandarin", moments[0], moments[1], list(rules), moments[2])


@pytest.mark.parametrize(
    ("later", "broken_at", "is_told"),
    [
        (place(2, 4, 30), None, True),
        # Within one moment, after the other one, by a rule, or never.
        (place(2, 0.5, 30), None, False),
        (place(2, 4, 60), None, False),
        (place(2, 4, 30, ("slow",)), None, False),
        (place(2, 4, None), None, False),
        # What a killed process left undone was being found; long ago; only afterwards.
        (place(2, 4, 30), 25, False),
        (place(2, 4, 30), 29 - HEALED.total_seconds(), True),
        (place(2, 4, 30), 31, True),
    ],
)
def test_who_came_later_is_offered_later(later: Any, broken_at: float | None, is_told: bool) -> None:
    broken = []
    if broken_at is not None:
        since = NINE + timedelta(seconds=broken_at)
        broken.append((since, since + HEALED))
    found = overtaken([place(1, 0, 50), later], broken)
    assert bool(found) is is_told
    assert not found or "2 was offered before 1" in found[0]

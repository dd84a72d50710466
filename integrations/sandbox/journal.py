"""The journal: what was asked of each system and what became of it, so that "asked once" can be proven.

Nobody is named in full: entries show the last four characters, and counting by person goes by a digest.
"""

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

from integrations.sandbox.ids import mask
from integrations.sandbox.wire import Question, utc_now

KEPT, LONGEST = 2000, 40
# What became of a request that is still being answered.
OPEN = "…"


@dataclass(slots=True)
class Entry:
    """One request. `result` is the system's own code, or what the switch did."""

    at: datetime
    system: str
    operation: str
    about: str
    fault: str
    result: str = OPEN


@dataclass(slots=True)
class WriteCount:
    """What came for one card: requests, and how many froze it, found it so already, released it, were refused."""

    received: int = 0
    frozen: int = 0
    already: int = 0
    released: int = 0
    refused: int = 0


@dataclass(slots=True)
class Journal:
    """The last requests, and counts of all of them since the start or the last clearing."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _by_person: Counter[tuple[str, str, bytes]] = field(default_factory=Counter, repr=False)
    _writes: dict[bytes, WriteCount] = field(default_factory=dict, repr=False)

    def note(self, system: str, question: Question, fault: str) -> Entry:
        """A request has come; its result is filled in when there is one."""
        # Whatever stands where a number should: short, and fit to be shown.
        shown = mask(question.about[-LONGEST:]).encode("ascii", "replace").decode()
        entry = Entry(utc_now(), system, question.operation, shown, fault)
        self.entries.append(entry)
        self.counts[(system, question.operation)] += 1
        if question.about:
            self._by_person[(system, question.operation, _digest(question.about))] += 1
        return entry

    def asked(self, system: str, operation: str = "", about: str = "") -> int:
        """How often: of one system, perhaps one operation, perhaps about one ID or card number."""
        if about:
            found = self._by_person.items()
            who = _digest(about)
            return sum(n for (s, o, w), n in found if s == system and operation in ("", o) and w == who)
        return sum(n for (s, o), n in self.counts.items() if s == system and operation in ("", o))

    def writes(self, system: str, card_number: str) -> WriteCount:
        """The counts of one card in one system; changing them is the card system's business."""
        return self._writes.setdefault(_digest(f"{system} {card_number}"), WriteCount())

    def clear(self) -> None:
        """Forget everything that was asked."""
        for kept in (self.entries, self.counts, self._by_person, self._writes):
            kept.clear()


def _digest(number: str) -> bytes:
    return hashlib.blake2b(number.strip().upper().encode("utf-8", "replace"), digest_size=8).digest()

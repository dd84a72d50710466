"""The waiting line in Redis: who is next, for which seat, decided by one script at a time.

Everything here can be rebuilt from the rows (`queueing.rebuild`), and a claim is only a hint: the offer exists when
its row commits. Every script names the epoch of the line it believes in, so that after Redis lost its data nobody
works on half a line. All methods raise redis.RedisError when Redis is away or holds no line (LineLost); whoever calls
goes on with the rows. What each script keeps is told in `lua/line.lua`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from redis import Redis, RedisError
from redis.commands.core import Script

from queueing.routing import QueueKey, Seat, Waiting

# One hash tag, so that a cluster keeps the whole line in one place.
TAG = "{line}:"
EPOCH_KEY = f"{TAG}epoch"
# What holds an entry: nothing, an offer, or else the token of a claim.
WAITING, OFFERED = "", "offered"
RECOVERED_AT_ONCE = 100
SCANNED_AT_ONCE = 2000
_FREE = ""
_GONE = "gone"
_LUA = Path(__file__).with_name("lua")
_SCRIPTS = ("join", "leave", "ahead", "count", "free", "gone", "take", "settle", "recover", "scan")
_EPOCH_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class LineLost(RedisError):
    """Redis is there, but holds no line: it waits to be rebuilt from the rows."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry and a seat that nobody else can claim until the lease ends. `token` and `epoch` tell it from others."""

    entry_id: int
    agent_id: int
    token: str
    epoch: str


@dataclass(frozen=True, slots=True)
class Profile:
    """All that seats with the same abilities may draw from: class -> microseconds its callers must have waited.

    `text` is the same as the script reads it, where nobody had these abilities before.
    """

    key: str
    waits: dict[str, int]
    text: str


class LiveQueue:
    """The line. Safe to share between threads; any number of processes may do anything at the same time."""

    def __init__(self, live_store: Redis) -> None:
        self.live_store = live_store
        self._epoch = ""
        self._scripts = {name: self._load(name) for name in _SCRIPTS}

    def epoch(self) -> str:
        """The epoch of the line that is in Redis now. Raises LineLost when there is none."""
        found = self.live_store.get(EPOCH_KEY)
        if not found:
            raise LineLost("there is no line in Redis")
        return found.decode() if isinstance(found, bytes) else str(found)

    def is_built(self) -> bool:
        """Whether there is a line at all."""
        return bool(self.live_store.exists(EPOCH_KEY))

    def join(self, entry: Waiting, is_offered: bool = False) -> bool:
        """Put an entry at its place, or move it there: after a transfer, a lost talk, or an offer that came to nothing.

        With `is_offered` it cannot be claimed, and only counts for those behind it. Say what the row says: a claim on
        it loses it. True when it was not in the line; repeating changes nothing.
        """
        hold = OFFERED if is_offered else WAITING
        member, record = entry_member(entry.entry_id), entry_record(entry)
        return bool(self._run("join", member, *record, hold))

    def leave(self, entry_id: int) -> bool:
        """Take an entry out: it is connected, or gone. False when it was not in the line."""
        return bool(self._run("leave", entry_member(entry_id)))

    def ahead(self, entry_id: int) -> int | None:
        """How many of the same centre come first, those being offered included; None for one not in the line."""
        found = int(self._run("ahead", entry_member(entry_id)))
        return None if found < 0 else found

    def count(self, centre: str) -> int:
        """How many entries of a centre are waiting or being offered."""
        return int(self._run("count", centre))

    def agent_free(self, seat: Seat, lines: Iterable[QueueKey]) -> bool:
        """A seat is free from `idle_since`, to draw from `lines` (`routing.queues_for`).

        Say what the row says: a claim on it loses it. True when it was not in the line; repeating changes nothing.
        """
        profile = profile_of(tuple(lines))
        return bool(self._run("free", agent_member(seat.agent_id), *seat_record(seat), profile.key, profile.text))

    def agent_gone(self, agent_id: int) -> bool:
        """A seat is not free. False when it was not in the line."""
        return bool(self._run("gone", agent_member(agent_id)))

    def next_pairs(self, limit: int, now: datetime, lease: timedelta) -> list[Claim]:
        """Claim up to `limit` pairs: the longest idle seat first, each with the first entry that it may take now."""
        return self._take(limit, now, lease, "")

    def claim(self, agent_id: int, now: datetime, lease: timedelta) -> Claim | None:
        """Claim the first entry that this seat may take now; None when there is none or the seat is not free."""
        found = self._take(1, now, lease, agent_member(agent_id))
        return found[0] if found else None

    def confirm(self, claim: Claim) -> bool:
        """The offer's row has committed: the seat is no longer free; the entry counts until `leave` or `join`.

        False when the claim no longer stood (its lease ran out, or the line was built anew): rows win, and
        whatever is wrong in Redis is mended by the next claim that fails, or by `reconcile`.
        """
        return self._settle(claim, OFFERED, _GONE)

    def give_back(self, claim: Claim, entry_back: bool, agent_back: bool) -> bool:
        """No offer was made. What comes back has its old place; what does not is no longer in the line.

        False when the claim no longer stood: then nothing is changed.
        """
        return self._settle(claim, WAITING if entry_back else _GONE, _FREE if agent_back else _GONE)

    def recover(self, now: datetime) -> list[Claim]:
        """End the claims whose lease has run out, a hundred at most: whoever made them is dead or slow.

        What they held has its old place again. The answer is for the log.
        """
        epoch, reply = self._run_in_epoch("recover", stamp(now), RECOVERED_AT_ONCE)
        return list(_claims(reply, epoch))

    def entry_holds(self) -> dict[int, str]:
        """Every entry in the line, with what holds it. Read piece by piece, while others work on."""
        return self._holds("entry")

    def seat_holds(self) -> dict[int, str]:
        """Every seat in the line, with the claim that holds it or nothing."""
        return self._holds("seat")

    def _holds(self, name: str) -> dict[int, str]:
        found: dict[int, str] = {}
        epoch, cursor = self.epoch(), "0"
        while True:
            now_epoch, (next_cursor, page) = self._run_in_epoch("scan", name, cursor, SCANNED_AT_ONCE)
            if now_epoch != epoch:
                raise LineLost("the line was built anew while it was being read")
            for member, hold in (line.split(" ") for line in page.decode().splitlines()):
                found[int(member)] = hold
            cursor = next_cursor.decode()
            if cursor == "0":
                return found

    def _take(self, limit: int, now: datetime, lease: timedelta, only: str) -> list[Claim]:
        nonce = secrets.token_hex(8)
        epoch, reply = self._run_in_epoch("take", stamp(now), stamp(now + lease), nonce, limit, only)
        return list(_claims(reply, epoch))

    def _settle(self, claim: Claim, entry_to: str, seat_to: str) -> bool:
        reply = self._scripts["settle"](keys=[EPOCH_KEY], args=[claim.epoch, claim.token, entry_to, seat_to])
        if isinstance(reply, bytes):
            # The claim was of a line that is no more, and so is what it held.
            self.epoch()
            return False
        return bool(reply)

    def _run(self, script: str, *args: str | int) -> Any:
        return self._run_in_epoch(script, *args)[1]

    def _run_in_epoch(self, script: str, *args: str | int) -> tuple[str, Any]:
        for _ in range(2):
            epoch = self._epoch or self.epoch()
            reply = self._scripts[script](keys=[EPOCH_KEY], args=[epoch, *args])
            if not isinstance(reply, bytes):
                self._epoch = epoch
                return epoch, reply
            # Somebody has built the line anew.
            self._epoch = ""
        raise LineLost("the line is being rebuilt")

    def _load(self, name: str) -> Script:
        return self.live_store.register_script(lua("line") + lua(name))


def lua(name: str) -> str:
    """The text of a script."""
    return (_LUA / f"{name}.lua").read_text(encoding="utf-8")


def stamp(at: datetime) -> int:
    """Microseconds since 1970, exactly: the line's order is that of the rows."""
    return (at - _EPOCH_BEGAN) // _MICROSECOND


def entry_member(entry_id: int) -> str:
    """Of equal length, since Redis puts members of equal rank in the order of their letters."""
    return f"{entry_id:019d}"


def agent_member(agent_id: int) -> str:
    return f"{agent_id:010d}"


def class_key(centre: str, skill: str, language: str) -> str:
    return f"{centre}|{skill}|{language}"


def entry_record(entry: Waiting) -> tuple[int, int, str]:
    """(rank, arrived, class)"""
    return stamp(entry.rank_at), stamp(entry.arrived_at), class_key(*entry.line)


def seat_record(seat: Seat) -> tuple[int, int]:
    """(idle since, cooling until or 0)"""
    return stamp(seat.idle_since), stamp(seat.cool_until) if seat.cool_until else 0


@lru_cache(maxsize=2048)
def profile_of(lines: tuple[QueueKey, ...]) -> Profile:
    """What seats with these lines have in common; the key says it all, so equal ones have equal keys."""
    waits = {class_key(*line[:3]): line.minimum_wait_seconds * 1_000_000 for line in lines}
    text = " ".join(f"{line} {wait}" for line, wait in sorted(waits.items()))
    return Profile(hashlib.sha1(text.encode()).hexdigest()[:16], waits, text)


def _claims(reply: list[bytes], epoch: str) -> Iterator[Claim]:
    for entry, agent, token in zip(*[iter(reply)] * 3, strict=True):
        yield Claim(int(entry), int(agent), token.decode(), epoch)

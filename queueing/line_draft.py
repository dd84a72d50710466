"""A whole line written to Redis at once, seen by nobody until it is published."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable

from redis import Redis

from queueing.live_queue import (
    EPOCH_KEY,
    OFFERED,
    TAG,
    agent_member,
    entry_member,
    entry_record,
    lua,
    profile_of,
    seat_record,
)
from queueing.routing import QueueKey, Seat, Waiting

Zsets = dict[str, dict[str, int]]


class LineDraft:
    """A line under a new epoch. Add everything, then `publish`. Every method raises redis.RedisError.

    Its keys carry its epoch, so a draft that is given up never mixes with a line.
    """

    def __init__(self, live_store: Redis) -> None:
        self.epoch = secrets.token_hex(8)
        self.entries = 0
        self.seats = 0
        self._live_store = live_store
        self._publish = live_store.register_script(lua("publish"))
        self._heads: dict[str, int] = {}
        self._longest_idle: dict[str, int] = {}
        # Whoever empties Redis takes it away, and half a line is not published.
        live_store.set(self._key("building"), 1)

    def add_entries(self, entries: Iterable[tuple[Waiting, bool]]) -> None:
        """Add entries, each with whether it is being offered; a few thousand at a time."""
        records: dict[str, str] = {}
        zsets: Zsets = defaultdict(dict)
        for entry, is_offered in entries:
            member = entry_member(entry.entry_id)
            rank, arrived, line = entry_record(entry)
            records[member] = f"{rank} {arrived} {line} {OFFERED if is_offered else ''}"
            zsets[f"centre:{entry.centre}"][member] = rank
            if not is_offered:
                zsets[f"class:{line}"][member] = rank
                self._heads[line] = min(rank, self._heads.get(line, rank))
        self.entries += len(records)
        self._write("entry", records, zsets)

    def add_seats(self, seats: Iterable[tuple[Seat, Iterable[QueueKey]]]) -> None:
        """Add free seats, each with the lines it may draw from."""
        records: dict[str, str] = {}
        zsets: Zsets = defaultdict(dict)
        for seat, lines in seats:
            member, profile = agent_member(seat.agent_id), profile_of(tuple(lines))
            idle, cool = seat_record(seat)
            records[member] = f"{idle} {cool} {profile.key} "
            if cool:
                zsets["cooling"][member] = cool
            else:
                zsets[f"idle:{profile.key}"][member] = idle
                self._longest_idle[profile.key] = min(idle, self._longest_idle.get(profile.key, idle))
            zsets[f"profile:{profile.key}"] |= profile.waits
        self.seats += len(records)
        self._write("seat", records, zsets)

    def publish(self) -> bool:
        """Make it the line. False when Redis lost some of it meanwhile: then it is to be written again."""
        self._write("", {}, {"waiting": self._heads, "free": self._longest_idle})
        return bool(self._publish(keys=[EPOCH_KEY], args=[self.epoch, self.entries, self.seats]))

    def discard_others(self) -> None:
        """Remove what earlier lines and drafts have left."""
        kept = (EPOCH_KEY.encode(), self._key("").encode())
        for key in self._live_store.scan_iter(f"{TAG}*", count=1000):
            if not key.startswith(kept):
                self._live_store.unlink(key)

    def _write(self, name: str, records: dict[str, str], zsets: Zsets) -> None:
        with self._live_store.pipeline(transaction=False) as pipeline:
            if records:
                pipeline.hset(self._key(name), mapping=records)
            for zset, members in zsets.items():
                kind, _, profile = zset.partition(":")
                if members:
                    pipeline.zadd(self._key(zset), members)
                if kind == "profile":
                    for line in members:
                        pipeline.sadd(self._key(f"serving:{line}"), profile)
            pipeline.execute()

    def _key(self, name: str) -> str:
        return f"{TAG}{self.epoch}:{name}"

"""Word that something changed in the line or on a seat. Losing one is harmless: listeners also look by themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from redis import Redis, RedisError

from integrations.live_store import build_live_store

log = structlog.get_logger(__name__)

CHANNEL = "hotline:changed"


@dataclass(frozen=True, slots=True)
class Notice:
    """Where something changed. `agent_id` is None when it concerns the line of the centre and no one seat."""

    centre: str
    agent_id: int | None = None


def publish(live_store: Redis, centre: str, agent_id: int | None = None) -> None:
    """Tell everyone who listens; call it after the commit. Nobody is told while Redis is away."""
    try:
        live_store.publish(CHANNEL, json.dumps({"centre": centre, "agent": agent_id}))
    except RedisError as error:
        log.warning("notice_not_published", centre=centre, agent=agent_id, reason=type(error).__name__)


def listen(redis_url: str, timeout_seconds: float = 2.0) -> Iterator[Notice | None]:
    """Notices as they come, for ever; None whenever it is time to look without one.

    That is once at the start, after `timeout_seconds` of silence, and after a lost connection, when some may have been
    missed. Redis away: None at every timeout.
    """
    with build_live_store(redis_url) as live_store:
        while True:
            began = time.monotonic()
            try:
                yield from _notices(live_store, timeout_seconds)
            except RedisError as error:
                log.warning("notices_not_heard", reason=type(error).__name__)
            yield None
            # Nothing to do until Redis is back but to look at the usual pace.
            time.sleep(max(0.0, began + timeout_seconds - time.monotonic()))


def _notices(live_store: Redis, timeout_seconds: float) -> Iterator[Notice | None]:
    with live_store.pubsub() as channel:
        channel.subscribe(CHANNEL)
        while True:
            message = channel.get_message(timeout=timeout_seconds)
            if not message or message["type"] != "message":
                # Silence, or a connection is new: some may have been missed.
                yield None
            elif notice := _read(message["data"]):
                yield notice


def _read(data: bytes) -> Notice | None:
    try:
        said = json.loads(data)
        return Notice(str(said["centre"]), None if said["agent"] is None else int(said["agent"]))
    except (ValueError, KeyError, TypeError):
        log.warning("notice_not_understood")
        return None

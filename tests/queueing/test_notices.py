"""Word that something changed: heard when Redis is there, harmless when it is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from integrations.embedded import EmbeddedValkey
from integrations.live_store import build_live_store
from queueing.notices import CHANNEL, Notice, listen, publish
from tests.waiting import eventually


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path / "valkey")
    server.prepare()
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def live_store(server: EmbeddedValkey) -> Iterator[Redis]:
    with build_live_store(server.url) as live_store:
        yield live_store


def listening(server: EmbeddedValkey) -> Iterator[Notice | None]:
    """A listener that the server has heard of."""
    notices = listen(server.url, timeout_seconds=0.2)
    assert next(notices) is None
    return notices


def heard(notices: Iterator[Notice | None]) -> Notice | None:
    """The next notice, whatever silence there is before it."""
    return next(notice for notice in notices if notice)


def test_everyone_who_listens_hears_where_something_changed(server: EmbeddedValkey, live_store: Redis) -> None:
    listeners = [listening(server), listening(server)]
    publish(live_store, "340100", 17)
    publish(live_store, "340200", None)
    for listener in listeners:
        assert [heard(listener), heard(listener)] == [Notice("340100", 17), Notice("340200")]
        assert next(listener) is None


def test_what_is_no_notice_is_passed_over(server: EmbeddedValkey, live_store: Redis) -> None:
    notices = listening(server)
    for nonsense in ("", "{", "[]", '{"centre": "340100"}', '{"centre": "340100", "agent": "x"}', b"\xff"):
        live_store.publish(CHANNEL, nonsense)
    publish(live_store, "340100", 1)
    assert heard(notices) == Notice("340100", 1)


def test_a_restart_of_redis_is_survived_on_both_sides(server: EmbeddedValkey, live_store: Redis) -> None:
    notices = listening(server)
    server.stop()
    publish(live_store, "340100", 1)
    began = time.monotonic()
    assert [next(notices) for _ in range(5)] == [None] * 5
    # At its usual pace, and not in a frenzy.
    assert 0.5 < time.monotonic() - began < 30
    server.start()
    server.wait_ready()
    eventually(lambda: next(notices) is None and live_store.pubsub_numsub(CHANNEL) == [(CHANNEL.encode(), 1)])
    publish(live_store, "340100", 2)
    assert heard(notices) == Notice("340100", 2)

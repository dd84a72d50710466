"""What staff are told of a system, and how seldom it is looked at for that."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from integrations.social_insurance.health import FRESH_SECONDS, CachedProbe, judge

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("is_there", "until", "note", "told"),
    [
        (True, None, "", ("up", "正常")),
        (True, None, "数据截至2026-11-21", ("up", "正常，数据截至2026-11-21")),
        (False, None, "", ("down", "连不上")),
        (None, None, "", ("unknown", "还没有探测过")),
        (True, NOW + timedelta(seconds=30), "", ("resting", "连续没有应答，先不去问，10:00:30以后有人查询时再试")),
        (False, NOW - timedelta(hours=1), "", ("resting", "连续没有应答，先不去问，10:00:00以后有人查询时再试")),
    ],
)
def test_the_state_is_a_sentence(
    is_there: bool | None, until: datetime | None, note: str, told: tuple[str, str]
) -> None:
    assert judge(is_there, until, NOW, note) == told


class Looked:
    def __init__(self) -> None:
        self.times, self.now, self.is_there = 0, 100.0, True

    def probe(self) -> bool:
        self.times += 1
        return self.is_there


def test_what_was_seen_counts_for_a_while() -> None:
    looked = Looked()
    probe = CachedProbe(looked.probe, lambda: looked.now)
    assert (probe.last, probe.look(), probe.look(), looked.times) == (None, True, True, 1)
    looked.is_there = False
    looked.now += FRESH_SECONDS - 0.1
    assert (probe.look(), looked.times) == (True, 1)
    looked.now += 0.2
    assert (probe.look(), probe.last, looked.times) == (False, False, 2)


def test_one_thread_looks_and_the_others_do_not_wait() -> None:
    inside, leave = threading.Event(), threading.Event()

    def hang() -> bool:
        inside.set()
        return leave.wait(10)

    probe = CachedProbe(hang)
    thread = threading.Thread(target=probe.look)
    thread.start()
    assert inside.wait(10) and probe.look() is None
    leave.set()
    thread.join()
    assert probe.look() is True


def test_a_probe_that_breaks_is_no_sign_of_life() -> None:
    def broken() -> bool:
        raise RuntimeError

    assert CachedProbe(broken).look() is False

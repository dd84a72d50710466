"""Random walks through the life of callbacks on real rows: whatever comes, one ending for each, and nobody forgotten.

A failure names its seed and every step. WALK_SEED repeats one walk, WALKS and WALK_STEPS make more or longer ones.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from integrations.services import Services
from ivr.library import load_centres
from tests.queueing.callback_walk import Walk

WALKS, STEPS = 12, 40


@pytest.fixture
def walk(services: Services) -> Iterator[Walk]:
    walk = Walk.through(services, dict(load_centres(None)))
    yield walk
    walk.close()


def test_no_order_of_events_loses_a_callback_or_ends_it_twice(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    first = int(os.environ.get("WALK_SEED") or random.randrange(10**9))
    count = 1 if "WALK_SEED" in os.environ else int(os.environ.get("WALKS", WALKS))
    for seed in range(first, first + count):
        walk.walk(seed, int(os.environ.get("WALK_STEPS", STEPS)))
    with capsys.disabled():
        print(f"\nwalks from seed {first}: {count}, {walk.steps} steps; {dict(walk.ended)}")
    assert sum(walk.ended.values()) > 0

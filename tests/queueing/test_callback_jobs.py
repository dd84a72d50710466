"""Waking callbacks by RQ: every job may run twice, at once, or never."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from rq import Queue, SimpleWorker

from integrations.task_queue import DEFAULT_QUEUE, set_job_settings
from queueing.callback_jobs import wake_callback, wake_due_callbacks
from queueing.callback_sweeps import NOT_WOKEN_AFTER
from tests.queueing.callback_scene import LI_QIANG, CallbackScene
from tests.queueing.test_callbacks import THREE_PM, scene

__all__ = ["scene"]


@pytest.fixture
def due(scene: CallbackScene) -> CallbackScene:
    """Wang Fang is to be rung now, Li Qiang this afternoon; nobody is there yet."""
    set_job_settings(scene.services.settings, scene.services)
    scene.books("wang", source="menu")
    scene.books("li", slot=THREE_PM, number=LI_QIANG, source="menu")
    scene.tick_clock(21)
    return scene


def run_jobs(scene: CallbackScene) -> None:
    worker = SimpleWorker([Queue(DEFAULT_QUEUE, connection=scene.services.live_store)])
    worker.work(burst=True, logging_level="ERROR")


def places(scene: CallbackScene) -> list[tuple[str, int]]:
    return scene.rows(
        "SELECT status, (SELECT count(*) FROM queue_entry WHERE callback_id = callback.id) FROM callback ORDER BY id"
    )


def test_a_worker_wakes_whoever_is_due_and_nobody_else(due: CallbackScene) -> None:
    wake_due_callbacks()
    run_jobs(due)
    assert places(due) == [("waiting", 1), ("scheduled", 0)]
    due.seat("1001")
    due.works()
    assert due.callback().status == "dialling"


def test_every_job_twice_is_once(due: CallbackScene) -> None:
    wake_due_callbacks()
    wake_due_callbacks()
    run_jobs(due)
    wake_callback(due.callback().id)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(wake_callback, [due.callback().id] * 8))
    assert places(due) == [("waiting", 1), ("scheduled", 0)]


def test_what_no_worker_has_woken_a_dispatcher_wakes(due: CallbackScene) -> None:
    due.passes(NOT_WOKEN_AFTER / timedelta(seconds=1) + 1)
    assert places(due) == [("waiting", 1), ("scheduled", 0)]


def test_an_emptied_redis_loses_nobody(due: CallbackScene) -> None:
    wake_due_callbacks()
    due.services.live_store.flushall()
    run_jobs(due)
    assert places(due)[0] == ("scheduled", 0)
    wake_due_callbacks()
    run_jobs(due)
    due.services.live_store.flushall()
    due.seat("1001")
    due.works()
    assert due.callback().status == "dialling"


def test_a_job_for_nothing_does_nothing(due: CallbackScene) -> None:
    wake_callback(999)
    assert places(due) == [("scheduled", 0), ("scheduled", 0)]

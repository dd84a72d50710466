"""The process that makes offers. Any number may run, any may die: what one leaves undone another takes up.

The live line proposes a pair, the rows decide. While Redis is away, or its line is being rebuilt, the pairs are found
from the rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from redis import RedisError

from integrations.heartbeats import DISPATCHER, Pulse
from integrations.services import Services
from queueing.callback_attempts import CallbackAttempts
from queueing.callback_sweeps import CallbackSweeper
from queueing.carrier_tasks import CarrierTasks
from queueing.centre import Centre
from queueing.entries import read_entry
from queueing.line import WaitingLine
from queueing.live_queue import Claim, LineLost
from queueing.notices import listen
from queueing.offers import make_offer, may_be_offered
from queueing.rebuild import SETTLED_AFTER, rebuild, reconcile
from queueing.routing import Waiting, assign
from queueing.seats import read_available, routing_seat
from queueing.sweeps import Sweeper
from queueing.tasks import Task, take_tasks

log = structlog.get_logger(__name__)
TICK_SECONDS = 0.25
SWEEP_SECONDS = 1.0
RECONCILE_SECONDS = 10.0
MOST_OFFERS_AT_ONCE = 50
OFFERS_BETWEEN_TASKS = 5
# A claim is settled within milliseconds; after this it was made by a process that died.
LEASE = timedelta(seconds=5)
# The carrier takes one request a thread; more only wait in its own queue.
CARRIER_THREADS = 8
DATABASE_AWAY = (psycopg.OperationalError, PoolTimeout)
_WAITING = """
SELECT id, centre, skill, language, joined_at, rank_at, rules FROM queue_entry
WHERE status = 'waiting' ORDER BY rank_at, id LIMIT 5000
"""


class Dispatcher:
    """`tick` once, or `run` until told to stop."""

    def __init__(self, line: WaitingLine) -> None:
        self.line = line
        self._sweeper = Sweeper(line)
        self._callbacks = CallbackAttempts(line)
        self._callback_sweeper = CallbackSweeper(self._callbacks)
        self._tasks = CarrierTasks(line)
        self._threads = ThreadPoolExecutor(CARRIER_THREADS, thread_name_prefix="carrier")
        self._running: dict[int, Future[None]] = {}
        self._asking: Future[int] | None = None
        self._wake = threading.Event()
        self._redis_run, self._is_in_doubt = "", True
        self._next_sweep = self._next_reconcile = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`; woken by notices, and by the tick when one was lost."""
        threading.Thread(target=self._listen, args=(stop,), daemon=True).start()
        log.info("dispatcher_ready")
        pulse = Pulse(self.line.services.live_store, DISPATCHER)
        while not stop.is_set():
            pulse.beat()
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()
            try:
                self.tick()
            except DATABASE_AWAY as error:
                log.error("dispatcher_without_database", error=type(error).__name__)
                stop.wait(1.0)
            except Exception:
                # One bad row must not stop the line of everybody.
                log.exception("dispatcher_round_failed")
                stop.wait(TICK_SECONDS)
        pulse.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def tick(self) -> int:
        """One round: what time has ended, offers, the carrier's tasks; how many offers were made."""
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            self._sweeper.sweep()
            self._callback_sweeper.sweep()
            self._recover()
            self._ask_about_talks()
        if now >= self._next_reconcile:
            self._next_reconcile = now + RECONCILE_SECONDS
            self._reconcile()
        if self._is_in_doubt:
            self._look_whether_redis_is_the_same()
        made = self.make_offers()
        self.start_tasks()
        return made

    def _look_whether_redis_is_the_same(self) -> None:
        """One that was away has missed what it was told meanwhile: before it proposes anybody it hears of the rows."""
        try:
            run = str(self.line.services.live_store.info("server")["run_id"])
            if run != self._redis_run:
                self._reconcile(settled_after=timedelta(0))
            self._redis_run, self._is_in_doubt = run, False
        except RedisError as error:
            log.warning("redis_not_asked", error=type(error).__name__)

    def make_offers(self) -> int:
        """Offer whoever is first to whoever is free; how many offers were made."""
        try:
            claims = self.line.live.next_pairs(MOST_OFFERS_AT_ONCE, self.line.services.now(), LEASE)
        except LineLost:
            self._rebuild()
            return self._offer_from_rows()
        except RedisError as error:
            log.warning("offers_from_rows", error=type(error).__name__)
            self._redis_run, self._is_in_doubt = "", True
            return self._offer_from_rows()
        made = 0
        for claim in claims:
            made += self._offer_claimed(claim)
            # Those who were paired first shall not wait for the rest.
            if made % OFFERS_BETWEEN_TASKS == 0:
                self.start_tasks()
        return made

    def _offer_claimed(self, claim: Claim) -> int:
        made = self._make(claim.entry_id, claim.agent_id)
        try:
            if made:
                self.line.live.confirm(claim)
            else:
                self.line.live.give_back(claim, entry_back=False, agent_back=False)
        except RedisError as error:
            log.warning("claim_not_settled", error=type(error).__name__)
        if not made:
            # One of the two was still there for it: the rows say which.
            self.line.tell_live_again(claim.entry_id, claim.agent_id)
        return made

    def _make(self, entry_id: int, agent_id: int) -> int:
        services = self.line.services
        now = services.now()
        try:
            with services.database.pool.connection() as connection:
                entry = read_entry(connection, entry_id)
            if entry is None:
                return 0
            if entry.is_to_be_dialled:
                offer = self._callbacks.offer(entry, agent_id)
            else:
                with self.line.transaction() as connection:
                    ring_seconds = self.line.rules(entry.centre).ring_seconds
                    offer = make_offer(connection, entry_id, agent_id, now, ring_seconds)
        except psycopg.errors.UniqueViolation:
            # Another dispatcher was first.
            return 0
        if offer is None:
            return 0
        self.line.offer_changed(offer)
        return 1

    def _offer_from_rows(self) -> int:
        services = self.line.services
        now = services.now()
        with services.database.pool.connection() as connection:
            seats = [routing_seat(seat) for seat in read_available(connection) if may_be_offered(seat, now)]
            rows = connection.execute(_WAITING).fetchall() if seats else []
        waiting = [_waiting(*row) for row in rows]
        pairs = assign(seats, waiting, now, *self.line.routing_rules())
        return sum(self._make(entry.entry_id, seat.agent_id) for seat, entry in pairs[:MOST_OFFERS_AT_ONCE])

    def start_tasks(self) -> int:
        """Hand due tasks to the threads, as many as are idle; how many."""
        self._running = {number: work for number, work in self._running.items() if not work.done()}
        room = CARRIER_THREADS - len(self._running)
        due = self._due_tasks(room) if room else []
        for task in due:
            self._running[task.id] = self._threads.submit(self._perform, task)
        return len(due)

    def _due_tasks(self, most: int) -> list[Task]:
        services = self.line.services
        with services.database.pool.connection() as connection, connection.transaction():
            return take_tasks(connection, services.now(), most)

    def finish_tasks(self) -> None:
        """Wait for the tasks that were started; for tests, and for the end."""
        for work in list(self._running.values()):
            work.result()

    def _perform(self, task: Task) -> None:
        try:
            self._tasks.perform(task)
        except DATABASE_AWAY as error:
            # Its lease runs out, and somebody takes it again.
            log.error("task_without_database", kind=task.kind, error=type(error).__name__)
        except Exception:
            log.exception("task_failed", kind=task.kind, offer=task.offer_id)
        self._wake.set()

    def _listen(self, stop: threading.Event) -> None:
        for notice in listen(self.line.services.settings.redis_url or ""):
            if notice is None:
                # Silence, or a connection that was lost.
                self._is_in_doubt = True
            self._wake.set()
            if stop.is_set():
                return

    def _rebuild(self) -> None:
        try:
            rebuild(self.line.services, self.line.live, self.line.lines_of)
        except RedisError as error:
            log.warning("line_not_rebuilt", error=type(error).__name__)

    def _ask_about_talks(self) -> None:
        """Beside the rounds: a carrier that does not answer must hold up nobody else."""
        if self._asking is None or self._asking.done():
            self._asking = self._threads.submit(self._ask_the_carrier)

    def _ask_the_carrier(self) -> int:
        return self._sweeper.ask_about_talks() + self._callback_sweeper.ask_about_attempts()

    def _recover(self) -> None:
        """Put back what a dispatcher held that died."""
        try:
            self.line.live.recover(self.line.services.now())
        except RedisError:
            # Told, and dealt with, where offers are made.
            return

    def _reconcile(self, settled_after: timedelta = SETTLED_AFTER) -> None:
        try:
            reconcile(self.line.services, self.line.live, self.line.lines_of, settled_after)
        except LineLost:
            self._rebuild()
        except RedisError as error:
            log.warning("line_not_reconciled", error=type(error).__name__)


def run_dispatcher(services: Services, centres: Callable[[], Mapping[str, Centre]], stop: threading.Event) -> None:
    """Serve until `stop`."""
    Dispatcher(WaitingLine(services, centres)).run(stop)


def _waiting(
    entry_id: int, centre: str, skill: str, language: str, arrived_at: datetime, rank_at: datetime, rules: list[str]
) -> Waiting:
    return Waiting(entry_id, centre, skill, language, arrived_at, rank_at, tuple(rules))

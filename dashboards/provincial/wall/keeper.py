"""Who makes the wallboard's snapshots, and how they come to every process that shows them.

One process leads: it holds a lock of the database on a connection of its own, which goes with its life, and makes a
snapshot a second, however many watch. All others hand on what it puts into Redis. Where nothing comes, because Redis is
away or the leader hangs, a process makes its own every five seconds, and says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import orjson
import psycopg
import structlog
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout
from redis import Redis, RedisError

from dashboards.provincial.wall.alarms import note_alarms
from dashboards.provincial.wall.facts_of_today import FactsOfToday
from dashboards.provincial.wall.snapshot import DIRECT, Snapshot, Wall
from integrations.database import KEEPALIVES, BoundedConnection
from integrations.database_url import psycopg_url
from integrations.errors import HotlineError
from integrations.live_store import build_live_store
from ivr.service import Line

log = structlog.get_logger(__name__)
KEY, CHANNEL = "wall:snapshot", "wall:made"
EVERY_SECONDS = 1.0
ALARM_SECONDS = 5.0
# So long without a snapshot, and a process makes one itself, as often as that.
DIRECT_SECONDS = 5.0
# A new process gives the leader so long to be heard.
GRACE_SECONDS = 2.0
# Nobody shows a snapshot of yesterday as the present.
KEPT_SECONDS = 3600
NO_DATABASE = (psycopg.OperationalError, PoolTimeout)

_LEAD = "SELECT pg_try_advisory_lock(hashtext('wallboard'))"
_STILL = "SELECT true"

# A new snapshot; None: there is none, and the last one stands still.
Tell = Callable[[Snapshot | None], None]


class WallKeeper:
    """The wallboard of one process: leads when nobody else does, and tells its own pages in any case."""

    def __init__(self, line: Line, tell: Tell) -> None:
        self._line = line
        self._tell = tell
        self._wall, self._facts = Wall(line), FactsOfToday(line)
        self._built_at: datetime | None = None
        self._alone = threading.Lock()
        self._alarms_at = float("-inf")
        self._lock = threading.Lock()
        self._newest = ""
        self._heard_at = time.monotonic() - DIRECT_SECONDS + GRACE_SECONDS
        self._tried_at = float("-inf")
        self.is_leading = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the wallboard as long as the block runs."""
        stop = threading.Event()
        leading, relaying = (
            threading.Thread(target=work, args=(stop,), name="wall", daemon=True) for work in (self.lead, self.relay)
        )
        leading.start()
        relaying.start()
        try:
            yield
        finally:
            stop.set()
            # What it has begun it ends.
            leading.join(timeout=EVERY_SECONDS)

    def lead(self, stop: threading.Event) -> None:
        """Wait to be the only one, and make a snapshot a second as long as the lock is held. Until `stop`."""
        while not stop.is_set():
            try:
                with self._own_connection() as connection:
                    self._lead_on(connection, stop)
            except Exception as error:
                # Whatever it was: somebody has to lead when it is over.
                _tell_log("wall_not_led", error)
            finally:
                self.is_leading = False
            stop.wait(EVERY_SECONDS)

    def _own_connection(self) -> psycopg.Connection:
        url = psycopg_url(self._line.services.database.url)
        return BoundedConnection.connect(make_conninfo(url, **KEEPALIVES), autocommit=True)

    def _lead_on(self, connection: psycopg.Connection, stop: threading.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            # The lock is held for as long as its connection answers.
            if _is_true(connection, _STILL if self.is_leading else _LEAD):
                if not self.is_leading:
                    log.info("wall_leader")
                self.is_leading = True
                self.turn()
            # A slow database is not asked more often than it answers.
            stop.wait(max(0.0, began + EVERY_SECONDS - time.monotonic(), (time.monotonic() - began) / 2))

    def turn(self) -> None:
        """Bring the facts up to date, make a snapshot, hand it on. Never raises."""
        now = self._line.services.now()
        self._freshen(now)
        try:
            snapshot = self._wall.snapshot(now, self._built_at)
        except Exception as error:
            _tell_log("wall_not_made", error)
            return
        self._hand_on(snapshot)
        self._take(snapshot)
        if time.monotonic() - self._alarms_at >= ALARM_SECONDS:
            self._alarms_at = time.monotonic()
            note_alarms(self._line, snapshot, now)

    def _freshen(self, now: datetime) -> None:
        try:
            with self._alone:
                self._built_at = self._facts.bring_up_to_date(now)
        except Exception as error:
            # The snapshot then says by how much its figures are behind.
            _tell_log("facts_not_brought_up_to_date", error)

    def _hand_on(self, snapshot: Snapshot) -> None:
        data, live_store = orjson.dumps(snapshot), self._line.services.live_store
        try:
            live_store.set(KEY, data, ex=KEPT_SECONDS)
            live_store.publish(CHANNEL, data)
        except RedisError as error:
            log.warning("wall_not_handed_on", reason=type(error).__name__)
            snapshot["relay"] = DIRECT

    def relay(self, stop: threading.Event) -> None:
        """Tell the pages what the leader hands on, and make it here where nothing comes. Until `stop`."""
        with build_live_store(self._line.services.settings.redis_url or "") as live_store:
            while not stop.is_set():
                try:
                    self._listen(live_store, stop)
                except RedisError as error:
                    log.warning("wall_not_heard", reason=type(error).__name__)
                except Exception as error:
                    _tell_log("wall_not_told", error)
                self._help_oneself()
                stop.wait(EVERY_SECONDS)

    def _listen(self, live_store: Redis, stop: threading.Event) -> None:
        with live_store.pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(CHANNEL)
            while not stop.is_set():
                message = channel.get_message(timeout=EVERY_SECONDS / 2)
                # A leader has told its own pages.
                if message and message["type"] == "message" and not self.is_leading:
                    with suppress(orjson.JSONDecodeError):
                        self._take(orjson.loads(message["data"]))
                self._help_oneself()

    def _help_oneself(self) -> None:
        now = time.monotonic()
        if min(now - self._heard_at, now - self._tried_at) < DIRECT_SECONDS:
            return
        self._tried_at = now
        at = self._line.services.now()
        self._freshen(at)
        try:
            self._take(self._wall.snapshot(at, self._built_at, DIRECT))
        except Exception as error:
            _tell_log("wall_stands_still", error)
            self._tell(None)

    def _take(self, snapshot: Snapshot) -> None:
        """Tell the pages, unless they know a newer one: a leader that was held up may still say an old word.

        Where nothing newer comes any more the clock was set back, and the older word is the newest.
        """
        with self._lock:
            if snapshot["at"] < self._newest and time.monotonic() - self._heard_at < DIRECT_SECONDS:
                return
            self._newest, self._heard_at = snapshot["at"], time.monotonic()
            self._tell(snapshot)


def read_newest(live_store: Redis) -> Snapshot | None:
    """What the leader handed on last; None when there is nothing, or Redis is away."""
    try:
        data = live_store.get(KEY)
        return dict(orjson.loads(data)) if isinstance(data, bytes) else None
    except (RedisError, ValueError):
        return None


def _is_true(connection: psycopg.Connection, sql: str) -> bool:
    row = connection.execute(sql).fetchone()
    return bool(row and row[0])


def _tell_log(event: str, error: Exception) -> None:
    is_known = isinstance(error, NO_DATABASE)
    log.error(event, error_id=HotlineError().error_id, error=type(error).__name__, exc_info=not is_known)

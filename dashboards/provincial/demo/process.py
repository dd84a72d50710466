"""The process of a demo: fills in the made-up year, then plays two cities that push what happens to them.

They are real pushes from outside: signed, over HTTP, to the same door as everybody's. Each city pushes its own totals
of a day too; one of them tells of a call less than it counted, so that there is something to reconcile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from dashboards.provincial.cities.keys import CityKeys
from dashboards.provincial.cities.push_client import Sender
from dashboards.provincial.cities.signature import read_secret
from dashboards.provincial.demo.city_calls import calls_of
from dashboards.provincial.demo.history import fill_in, fill_today
from dashboards.provincial.demo.staffing import midnight
from dashboards.provincial.played import PLAYER
from integrations.services import Services
from integrations.work_calendar import WorkCalendar, in_shanghai
from ivr.outcome import PRECEDENCE
from ivr.service import Line
from queueing.centre import Centre

log = structlog.get_logger(__name__)
# Huangshan and Chizhou; the second one forgets a call.
CITIES = ("341000", "341700")
FORGETFUL = "341700"
BY = PLAYER
# Days before today that the cities tell of call by call; what was before is in the history.
DAYS_BACK = 3
PUSH_SECONDS = 15.0
STALE_MINUTES = 15
# At night nobody rings for hours: then a city says that there was nothing.
WORD_AFTER = timedelta(minutes=5)
LONGEST_CALL = timedelta(hours=2)
_CITY = """
INSERT INTO city_system (centre, since, stale_minutes) VALUES (%s, %s, %s) ON CONFLICT (centre) DO NOTHING
"""
_SINCE = "SELECT centre, (since AT TIME ZONE 'Asia/Shanghai')::date FROM city_system WHERE centre = ANY(%s)"
_TOLD_TO = """
SELECT centre, (greatest(newest_at, since) AT TIME ZONE 'Asia/Shanghai')::date FROM city_system WHERE centre = ANY(%s)
"""
Row = dict[str, Any]


def run_demo(line: Line, url: str, stop: threading.Event) -> None:
    """Until `stop`. `url`: where the hotline is, as the cities see it."""
    services, centres, calendar = line.services, line.keeper.library().centres, line.timetable.calendar
    cities = [code for code in CITIES if code in centres]
    since, told_to = enter_cities(services, cities), told_until(services, cities)
    players = [City(centres[code], calendar, make_sender(services, code, url, stop)) for code in cities]
    for player in players:
        player.tell_earlier_days(services.now(), told_to[player.centre.code], stop.is_set)
    filled_on: date | None = None
    while not stop.is_set():
        now = services.now()
        today = in_shanghai(now).date()
        for player in players:
            player.tell_today(now)
        fill_today(services.database, centres, calendar, now, cities)
        if filled_on != today:
            most = services.settings.demo_history_days
            days = fill_in(services.database, centres, calendar, today, most, since, _say_progress, stop.is_set)
            log.info("demo_history_filled", days=days)
            filled_on = today
        stop.wait(PUSH_SECONDS)


def _say_progress(done: int, months: int) -> None:
    log.info("demo_history", months_done=done, months=months)


def enter_cities(services: Services, cities: Sequence[str]) -> dict[str, date]:
    """The cities as ones with systems of their own, with the day since which they tell of themselves."""
    begin = midnight(in_shanghai(services.now()).date() - timedelta(days=DAYS_BACK))
    with services.database.pool.connection() as connection:
        for code in cities:
            connection.execute(_CITY, (code, begin, STALE_MINUTES))
        return dict(connection.execute(_SINCE, (list(cities),)).fetchall())


def told_until(services: Services, cities: Sequence[str]) -> dict[str, date]:
    """The day up to which each has told: a demo that stood still for weeks has as much to make up for."""
    with services.database.pool.connection() as connection:
        return dict(connection.execute(_TOLD_TO, (list(cities),)).fetchall())


def make_sender(services: Services, centre: str, url: str, stop: threading.Event) -> Sender:
    """A city's own program with a new key; those of earlier runs count no more."""
    keys = CityKeys(services)
    for key in keys.of_centre(centre):
        if key.made_by == BY and key.revoked_at is None:
            keys.revoke(key.id, BY)
    key_id, secret = keys.make(centre, BY)
    return Sender(url, centre, key_id, read_secret(secret), lambda seconds: _wait(stop, seconds), _say)


def _wait(stop: threading.Event, seconds: float) -> None:
    stop.wait(seconds)


def _say(sentence: str) -> None:
    log.info("demo_city", said=sentence)


@dataclass
class City:
    """One city's system: it knows its calls, and tells of each once it has ended."""

    centre: Centre
    calendar: WorkCalendar
    sender: Sender
    _told_until: datetime | None = None
    _spoke_at: datetime | None = None
    _calls: dict[date, list[Row]] = field(default_factory=dict)

    def tell_earlier_days(self, now: datetime, told_to: date, is_over: Callable[[], bool] = lambda: False) -> None:
        """The calls of the last days, and of all since `told_to`, and what they came to.

        Told again at each start, which changes nothing.
        """
        today = in_shanghai(now).date()
        for back in range(max(DAYS_BACK, (today - told_to).days), 0, -1):
            if is_over():
                return
            day = today - timedelta(days=back)
            calls = self._of(day)
            told, noon = calls, len(calls) // 2
            if self.centre.code == FORGETFUL and back == 1:
                told = calls[:noon] + calls[noon + 1 :]
            # One that runs over midnight is told when it has ended.
            self._send("calls", [call for call in told if datetime.fromisoformat(call["ended_at"]) <= now])
            self._tell_total(day)

    def tell_today(self, now: datetime) -> None:
        """The calls that have ended since it last told, and what a day that is over came to."""
        today = in_shanghai(now).date()
        since = self._told_until or midnight(today)
        first, last_day = (in_shanghai(at).date() for at in (since - LONGEST_CALL, since))
        days = _days(first, today)
        ended = [
            call for day in days for call in self._of(day) if since < datetime.fromisoformat(call["ended_at"]) <= now
        ]
        if ended or self._spoke_at is None or now - self._spoke_at >= WORD_AFTER:
            if not self._send("calls", ended):
                return
            self._spoke_at = now
        for day in _days(last_day, today)[:-1]:
            self._tell_total(day)
        self._told_until = now

    def _tell_total(self, day: date) -> None:
        self._send("totals", [{"day": day.isoformat(), **totals_of(self._of(day))}])

    def _of(self, day: date) -> list[Row]:
        if day not in self._calls:
            self._calls = {known: calls for known, calls in self._calls.items() if (day - known).days < 2}
            self._calls[day] = calls_of(self.centre, day, self.calendar)
        return self._calls[day]

    def _send(self, kind: str, rows: list[Row]) -> bool:
        answer = self.sender.send(kind, list(rows), partial=False)
        if answer.status != 200:
            log.warning("demo_city_refused", centre=self.centre.code, kind=kind, status=answer.status)
        return answer.status == 200


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def totals_of(calls: Sequence[Row]) -> dict[str, int]:
    """What a day came to, by the city's own count."""
    counts = {outcome: sum(call["outcome"] == outcome for call in calls) for outcome in PRECEDENCE}
    return {"received": len(calls), **{outcome: count for outcome, count in counts.items() if count}}

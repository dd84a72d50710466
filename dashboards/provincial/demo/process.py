"""The process of a demo: fills in the made-up year, then plays two cities that push what happens to them.

They are real pushes from outside: signed, over HTTP, to the same door as everybody's. Each city pushes its own totals
of a day too; one of them tells of a call less than it counted, so that there is something to reconcile.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
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
from integrations.services import Services
from integrations.work_calendar import WorkCalendar, in_shanghai
from ivr.outcome import PRECEDENCE
from ivr.service import Line
from queueing.centre import Centre

log = structlog.get_logger(__name__)
# Huangshan and Chizhou; the second one forgets a call.
CITIES = ("341000", "341700")
FORGETFUL = "341700"
BY = "(demo)"
# Days before today that the cities tell of call by call; what was before is in the history.
DAYS_BACK = 3
PUSH_SECONDS = 15.0
STALE_MINUTES = 15
_CITY = """
INSERT INTO city_system (centre, since, stale_minutes) VALUES (%s, %s, %s) ON CONFLICT (centre) DO NOTHING
"""
_SINCE = "SELECT centre, (since AT TIME ZONE 'Asia/Shanghai')::date FROM city_system WHERE centre = ANY(%s)"
Row = dict[str, Any]


def run_demo(line: Line, url: str, stop: threading.Event) -> None:
    """Until `stop`. `url`: where the hotline is, as the cities see it."""
    services, centres, calendar = line.services, line.keeper.library().centres, line.timetable.calendar
    cities = [code for code in CITIES if code in centres]
    since = enter_cities(services, cities)
    players = [City(centres[code], calendar, make_sender(services, code, url, stop)) for code in cities]
    for player in players:
        player.tell_earlier_days(in_shanghai(services.now()).date())
    filled_on: date | None = None
    while not stop.is_set():
        now = services.now()
        today = in_shanghai(now).date()
        for player in players:
            player.tell_today(now)
        fill_today(services.database, centres, calendar, now, cities)
        if filled_on != today:
            most = services.settings.demo_history_days
            days = fill_in(services.database, centres, calendar, today, most, since, _say_progress)
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
    _calls: dict[date, list[Row]] = field(default_factory=dict)

    def tell_earlier_days(self, today: date) -> None:
        """The calls of the last days, and what they came to; told again at each start, which changes nothing."""
        for back in range(DAYS_BACK, 0, -1):
            day = today - timedelta(days=back)
            calls = self._of(day)
            told = calls[:-1] if self.centre.code == FORGETFUL and back == 1 else calls
            self._send("calls", told)
            self._send("totals", [{"day": day.isoformat(), **totals_of(calls)}])

    def tell_today(self, now: datetime) -> None:
        """The calls that have ended since it last told, those that ran over midnight too."""
        today = in_shanghai(now).date()
        since = self._told_until or midnight(today)
        days = sorted({in_shanghai(since).date(), today})
        ended = [
            call for day in days for call in self._of(day) if since < datetime.fromisoformat(call["ended_at"]) <= now
        ]
        if not ended or self._send("calls", ended):
            self._told_until = now

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


def totals_of(calls: Sequence[Row]) -> dict[str, int]:
    """What a day came to, by the city's own count."""
    counts = {outcome: sum(call["outcome"] == outcome for call in calls) for outcome in PRECEDENCE}
    return {"received": len(calls), **{outcome: count for outcome, count in counts.items() if count}}

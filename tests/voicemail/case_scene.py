"""Cases on the real database with a clock that tests set: a desk, the callers' line, and the sweeps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from integrations.services import Services
from integrations.work_calendar import SHANGHAI
from queueing.centre import Centre
from queueing.timetable import Timetable
from voicemail.case_adoption import CaseAdoption
from voicemail.case_clock import CaseClock
from voicemail.case_desk import CaseDesk, Doer
from voicemail.case_line import CaseLine
from voicemail.case_rows import Case, CaseEventRow, NewCase, open_case, read_case, read_history
from voicemail.case_sweeps import CaseSweeper

HEFEI, WUHU, PROVINCE = "340100", "340200", "340000"
WANG_FANGS, LI_QIANGS = "+8613855112345", "+8613955167890"
TUESDAY = datetime(2026, 3, 10, 10, tzinfo=SHANGHAI)
_SEAT = "INSERT INTO agent (number, name, centre) VALUES (%s, %s, %s) RETURNING id"
_MESSAGE = """
INSERT INTO message (call_sid, turn, kind, centre, source, status, begun_at, ended_at, case_id, number_sealed,
                     number_hash, number_tail, caller_hash)
VALUES (%s, 1, %s, %s, 'key', 'kept', %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
_NOTICE = """
INSERT INTO calendar_notice (year, days, entered_by, entered_at) VALUES (%s, %s, '李强', now())
ON CONFLICT (year) DO UPDATE SET days = excluded.days
"""


@dataclass
class CaseScene:
    """`at` is the clock. 1023 and 1024 are seats of Hefei, 2023 is one of Wuhu."""

    services: Services
    centres: dict[str, Centre]
    at: datetime = TUESDAY
    seats: dict[str, int] = field(default_factory=dict)
    opened: int = 0

    def __post_init__(self) -> None:
        self.services = replace(self.services, now=lambda: self.at)
        self.look_anew()
        for number, name, centre in (("1023", "王芳", HEFEI), ("1024", "李强", HEFEI), ("2023", "李娜", WUHU)):
            self.seats[number] = self.one(_SEAT, number, name, centre)

    def look_anew(self) -> None:
        """As the processes of the next minute see the calendar."""
        timetable = Timetable(self.services, lambda: self.centres)
        self.clock = CaseClock(lambda: self.centres, timetable)
        self.desk, self.line = CaseDesk(self.services, self.clock), CaseLine(self.services, self.clock)
        self.sweeper = CaseSweeper(self.services, self.clock)
        self.adoption = CaseAdoption(self.services, self.clock)

    # people

    def doer(self, number: str) -> Doer:
        return Doer(number, self.seats[number])

    @property
    def supervisor(self) -> Doer:
        return Doer("hefei", is_supervisor=True)

    # cases

    def opens(
        self,
        kind: str = "message",
        centre: str = HEFEI,
        at: datetime | None = None,
        telephone: str = WANG_FANGS,
        **values: Any,
    ) -> int:
        """A caller leaves something."""
        self.opened += 1
        opened_at = at or self.at
        promise = self.clock.promise(kind, centre, opened_at)
        sealer = self.services.sealer
        if telephone:
            fingerprint = sealer.fingerprint(telephone)
            values = {
                "number_sealed": sealer.seal(telephone, "case.number"),
                "number_hash": fingerprint,
                "number_tail": telephone[-4:],
                "caller_hash": fingerprint,
            } | values
        new = NewCase(
            kind=kind,
            centre=centre,
            source="key",
            call_sid=f"CA{self.opened:032x}",
            opened_at=opened_at,
            workdays=promise.workdays,
            **({"origin": f"test:{self.opened}"} | promise.columns | values),
        )
        with self.services.database.pool.connection() as connection, connection.transaction():
            case_id = open_case(connection, new)
        assert case_id is not None
        return case_id

    def message(self, case_id: int, kind: str = "message", at: datetime | None = None) -> int:
        """A message that is kept on a case."""
        self.opened += 1
        case, begun = self.case(case_id), at or self.at
        shared = (case.number_sealed, case.number_hash, case.number_tail, case.caller_hash)
        return self.one(_MESSAGE, f"CM{self.opened:032x}", kind, case.centre, begun, begun, case_id, *shared)

    def taken(self, number: str = "1023", **values: Any) -> int:
        """A case that a consultant has."""
        case_id = self.opens(**values)
        self.desk.take(case_id, self.seats[number], self.doer(number))
        return case_id

    def answers(self, case_id: int, kind: str = "call", by: str = "1023") -> None:
        """A reply is delivered now."""
        with self.services.database.pool.connection() as connection, connection.transaction():
            self.desk.note_delivered(connection, case_id, kind, self.at, by, "")

    def case(self, case_id: int) -> Case:
        with self.services.database.pool.connection() as connection:
            case = read_case(connection, case_id)
        assert case is not None
        return case

    def history(self, case_id: int) -> list[CaseEventRow]:
        with self.services.database.pool.connection() as connection:
            return read_history(connection, case_id)

    def events(self, case_id: int) -> list[str]:
        return [event.event for event in self.history(case_id)]

    def due(self, case_id: int) -> str:
        """`2026-03-13 17:30`, on the Shanghai clock."""
        due_at = self.case(case_id).due_at
        assert due_at is not None
        return f"{due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"

    # time

    def now_is(self, text: str) -> None:
        """The clock, written on the Shanghai clock."""
        self.at = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)

    def passes(self, **how: float) -> None:
        self.at += timedelta(**how)

    def sweeps_until(self, text: str, every: timedelta = timedelta(minutes=15)) -> None:
        """The clock goes on, and the sweep runs as it does every so often."""
        until = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
        while self.at < until:
            self.at = min(self.at + every, until)
            self.sweeper.sweep()

    def notice(self, year: int, off: dict[date, str], work: tuple[date, ...] = ()) -> None:
        """An administrator enters a year's notice."""
        days = {
            "off": {day.isoformat(): name for day, name in off.items()},
            "work": [day.isoformat() for day in work],
        }
        self.rows_of(_NOTICE, year, Jsonb(days))
        self.look_anew()

    # rows

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def rows_of(self, sql: str, *values: Any) -> None:
        with self.services.database.pool.connection() as connection:
            connection.execute(sql, values)

    def one(self, sql: str, *values: Any) -> int:
        return int(self.rows(sql, *values)[0][0])

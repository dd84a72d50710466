"""Whose cases somebody sees: those of the own centres.

A report is confidential: its owner, whoever stands in for the owner, the centre's supervisor and the province see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from dashboards.console.errors import Refused
from dashboards.models import CONSULTANT, PROVINCIAL, SUPERVISOR
from dashboards.staff import StaffMember
from voicemail.case_rows import stands_for

NO_SUCH_CASE = "没有这一件。"
# Reports are confidential; who was judged does not read who judged.
SEES_REPORTS = (SUPERVISOR, PROVINCIAL)
VISIBLE = """w.centre = ANY(%(centres)s)
  AND (w.kind <> 'report' OR %(sees_reports)s OR w.owner_id = ANY(%(seats)s))
  AND (w.kind <> 'low_rating' OR %(sees_ratings)s OR w.owner_id = ANY(%(seats)s))"""
_ONE = f"SELECT w.* FROM work_order w WHERE w.id = %(id)s AND {VISIBLE}"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who looks at cases: the centres in scope, the own seat, and the seats stood in for now."""

    member: StaffMember
    centres: tuple[str, ...]
    deputy_of: tuple[int, ...] = ()

    @property
    def seat(self) -> int | None:
        return self.member.agent_id

    @property
    def seats(self) -> list[int]:
        """The own seat and those stood in for."""
        return [*([self.seat] if self.seat is not None else []), *self.deputy_of]

    @property
    def is_head(self) -> bool:
        """A supervisor: acts on all of the own centre's."""
        return self.member.role == SUPERVISOR

    def values(self) -> dict[str, Any]:
        """What VISIBLE asks for."""
        return {
            "centres": list(self.centres),
            "seat": self.seat,
            "seats": self.seats,
            "sees_reports": self.member.role in SEES_REPORTS,
            "sees_ratings": self.member.role != CONSULTANT,
        }


def reader_of(connection: Connection[Any], member: StaffMember, centres: tuple[str, ...], now: datetime) -> Reader:
    """The reader with whom they stand in for at this moment."""
    if member.agent_id is None:
        return Reader(member, centres)
    _, *others = stands_for(connection, member.agent_id, now)
    return Reader(member, centres, tuple(others))


def find_case(connection: Connection[Any], case_id: int, reader: Reader) -> dict[str, Any]:
    """The row of work_order. Raises Refused (404) for one that is not there, or not the reader's to see."""
    cursor = connection.cursor(row_factory=dict_row)
    row = cursor.execute(_ONE, {"id": case_id, **reader.values()}).fetchone()
    if row is None:
        raise Refused(404, NO_SUCH_CASE)
    return row

"""Who does something about a case, as the service behind the pages wants to know it, and that service."""

from __future__ import annotations

from dashboards.staff import StaffMember
from dashboards.staff_area import SETS_DUTY
from ivr.service import Line
from voicemail.case_clock import CaseClock
from voicemail.case_desk import CaseDesk, Doer


def doer_of(member: StaffMember) -> Doer:
    """Somebody signed in; supervisors, and those who see all centres, decide what consultants do not."""
    return Doer(member.username, member.agent_id, member.role in SETS_DUTY)


def case_desk(line: Line) -> CaseDesk:
    """The deeds of staff, by the centres and hours that the line goes by."""
    return CaseDesk(line.services, CaseClock(lambda: line.keeper.library().centres, line.timetable))

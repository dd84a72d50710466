"""What time and other pages do to cases: RQ wakes, the rows say which. May run twice, at once, or late."""

from __future__ import annotations

from integrations.task_queue import Periodic, job_services
from voicemail.case_adoption import CaseAdoption
from voicemail.case_clock import case_clock_of
from voicemail.case_sweeps import CaseSweeper

LOOK_EVERY_SECONDS = 60
ADOPT_EVERY_SECONDS = 60
RECKON_EVERY_SECONDS = 600


def look_after_cases() -> None:
    """Remind, and say what is overdue."""
    services = job_services()
    CaseSweeper(services, case_clock_of(services)).sweep()


def reckon_cases_anew() -> None:
    """Move due dates for which a calendar notice has come."""
    services = job_services()
    CaseSweeper(services, case_clock_of(services)).reckon_anew()


def adopt_cases() -> None:
    """Open cases for what other pages have on their lists, and close those that were cleared there."""
    services = job_services()
    CaseAdoption(services, case_clock_of(services)).sweep()


PERIODIC = (
    Periodic(look_after_cases, LOOK_EVERY_SECONDS),
    Periodic(adopt_cases, ADOPT_EVERY_SECONDS),
    Periodic(reckon_cases_anew, RECKON_EVERY_SECONDS),
)

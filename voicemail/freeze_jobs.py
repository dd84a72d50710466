"""Asking after freezes of which nobody knows the end: RQ wakes, the rows say which. May run twice, at once, or late."""

from __future__ import annotations

from integrations.services import Services
from integrations.task_queue import Periodic, job_services
from queueing.callbacks import Callbacks
from queueing.centre_file import read_centres
from queueing.line import WaitingLine
from voicemail.card_loss import CardLoss
from voicemail.freeze_reminders import remind_by_text

LOOK_EVERY_SECONDS = 10
REMIND_EVERY_SECONDS = 1800


def card_loss_of(services: Services) -> CardLoss:
    """The service for a process without menus."""
    centres = read_centres(services.settings.config_dir)
    return CardLoss(services, Callbacks(WaitingLine(services, lambda: centres)))


def remind_of_ends() -> None:
    """Text those whose freeze ends today or tomorrow."""
    remind_by_text(job_services())


def look_after_freezes() -> None:
    """Ask after every unknown write that is due, and book what was promised."""
    card_loss_of(job_services()).sweep()


PERIODIC = (Periodic(look_after_freezes, LOOK_EVERY_SECONDS), Periodic(remind_of_ends, REMIND_EVERY_SECONDS))

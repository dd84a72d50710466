"""Whoever has a card frozen is reminded before it lifts itself, since from then on a finder can use the card.

By text message where a channel is connected; else the freeze stays on the console's list of those that end, until
somebody has rung the caller.
"""

from __future__ import annotations

from datetime import date, timedelta

import structlog

from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.text_messages import can_be_texted
from integrations.work_calendar import in_shanghai
from queueing.centre import Centre
from queueing.centre_file import read_centres
from queueing.timetable import Timetable
from voicemail.freeze_rows import NUMBER_CONTEXT, FreezeRow, expiring_freezes, note_reminded

log = structlog.get_logger(__name__)
# The last day of the freeze and the day before.
DAYS_BEFORE = timedelta(days=1)


def reminder_text(row: FreezeRow, ends: date, counter: str) -> str:
    """What is texted; no name and no whole number, since anybody may read it."""
    last_day = f"{'' if row.until else '最早'}{ends.month}月{ends.day}日"
    return (
        f"【12333】您尾号{row.card_tail or '不详'}的社保卡，电话挂失到{last_day}为止，以后自动恢复使用。"
        f"要接着停，请在这之前带身份证到{counter}办正式挂失。"
    )


def remind_by_text(services: Services) -> int:
    """Text everybody whose freeze ends; how many. Without a channel nobody, and at night nobody."""
    if not services.texts.can_send:
        return 0
    now = services.now()
    today = in_shanghai(now).date()
    centres = read_centres(services.settings.config_dir)
    timetable = Timetable(services, lambda: centres)
    with services.database.pool.connection() as connection:
        rows = expiring_freezes(connection, today, today + DAYS_BEFORE)
    return sum(_remind(services, row, centres) for row in rows if timetable.is_decent(row.centre, now))


def _remind(services: Services, row: FreezeRow, centres: dict[str, Centre]) -> bool:
    centre = centres.get(row.centre)
    ends = row.until or row.earliest
    if row.number_sealed is None or ends is None or centre is None:
        return False
    number = services.sealer.open(bytes(row.number_sealed), NUMBER_CONTEXT)
    if not can_be_texted(number):
        return False
    try:
        services.texts.send(number, reminder_text(row, ends, centre.counter))
    except IntegrationError as error:
        log.warning("freeze_reminder_not_sent", freeze=row.id, error_id=error.error_id)
        return False
    # Only now: a reminder twice does no harm, one that was never sent does.
    with services.database.pool.connection() as connection:
        note_reminded(connection, row.id, services.now())
    log.info("freeze_reminded", freeze=row.id)
    return True

"""Whether every talk of a day has its recording, and every recording its talk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import structlog

from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.task_queue import job_services
from integrations.work_calendar import SHANGHAI
from queueing.recording_rows import COPIED, HOME, LOST
from queueing.recording_told import ABSENT, COMPLETED, IN_PROGRESS

log = structlog.get_logger(__name__)
MOST_NAMED = 20

_LEGS = """
SELECT offer.id, row.recording_sid, row.status, row.storage_key
FROM offer LEFT JOIN talk_recording AS row ON row.offer_id = offer.id
WHERE offer.connected_at >= %(since)s AND offer.connected_at < %(until)s
  AND offer.made_at > %(since)s - interval '1 day' AND offer.made_at < %(until)s
ORDER BY offer.connected_at, offer.id
"""
_KNOWN = "SELECT recording_sid FROM talk_recording WHERE recording_sid = ANY(%s)"


@dataclass
class Reconciliation:
    """A day in Shanghai. `legs` = stored + waiting + absent + lost + missing, each leg in one of them, by offer."""

    day: date
    legs: int = 0
    stored: list[str] = field(default_factory=list)
    # Going on, or still to be brought home.
    waiting: list[str] = field(default_factory=list)
    # The carrier says that there was nothing to record, or has none.
    absent: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    # Nothing is known yet.
    missing: list[str] = field(default_factory=list)
    # Keys in the storage that no row knows.
    orphans: list[str] = field(default_factory=list)
    # Keys of rows that are not in the storage.
    vanished: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nobody has to look: every leg has its recording or a reason, every file its row."""
        return not (self.lost or self.missing or self.orphans or self.vanished)


def reconcile_recordings() -> None:
    """Job: compare yesterday and today, and say what does not fit."""
    services = job_services()
    today = services.now().astimezone(SHANGHAI).date()
    for day in (today - timedelta(days=1), today):
        try:
            found = reconcile(services, day)
        except IntegrationError as error:
            log.warning("recordings_not_reconciled", day=str(day), reason=str(error))
            return
        figures = Counter({name: len(value) for name, value in vars(found).items() if isinstance(value, list)})
        log.info("recordings_reconciled", day=str(day), legs=found.legs, **figures)
        for name in ("lost", "orphans", "vanished"):
            if names := getattr(found, name):
                log.error("recordings_do_not_fit", day=str(day), what=name, which=names[:MOST_NAMED])


def reconcile(services: Services, day: date) -> Reconciliation:
    """Compare the talks that began on a day in Shanghai with the rows, and the rows with the storage.

    Raises StorageAway.
    """
    # The storage first: what is put meanwhile cannot look like an orphan, since its row comes before it.
    keys = services.storage.list(f"talks/{day:%Y/%m/%d}/")
    found = Reconciliation(day)
    since = datetime.combine(day, time(), SHANGHAI)
    with services.database.pool.connection() as connection:
        legs = connection.execute(_LEGS, {"since": since, "until": since + timedelta(days=1)}).fetchall()
        sids = {key: key.rpartition("/")[2].removesuffix(".wav") for key in keys}
        known = {row[0] for row in connection.execute(_KNOWN, (list(sids.values()),)).fetchall()}
    groups = {
        HOME: found.stored,
        COPIED: found.stored,
        COMPLETED: found.waiting,
        IN_PROGRESS: found.waiting,
        ABSENT: found.absent,
        LOST: found.lost,
        None: found.missing,
    }
    for offer_id, _, status, key in legs:
        found.legs += 1
        groups[status].append(offer_id)
        if key is not None and key not in sids and not services.storage.exists(key):
            found.vanished.append(key)
    found.orphans = [key for key, sid in sids.items() if sid not in known]
    return found

"""Messages on the real database, Redis and storage, with a carrier called for real and a clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from psycopg.rows import dict_row
from rq import Queue

from integrations.services import Services
from integrations.task_queue import FILES_QUEUE
from integrations.work_calendar import SHANGHAI
from queueing.centre import Centre
from queueing.timetable import Timetable
from tests.integrations.carrier_stand_in import CarrierStandIn, sid
from tests.sound_files import Sound, saved
from voicemail.message_files import bring_home
from voicemail.message_jobs import sweep
from voicemail.messages import Begin, Messages

HEFEI = "340100"
# A Friday night; three working days later it is Wednesday, where Hefei closes at half past five.
FRIDAY_NIGHT = datetime(2026, 3, 6, 21, 30, tzinfo=SHANGHAI)
WEDNESDAY_CLOSE = datetime(2026, 3, 11, 17, 30, tzinfo=SHANGHAI)
WANG_FANGS, LI_QIANGS = "+8613855112345", "+8613955167890"
CALL, FIRST, SECOND, THIRD = sid("CA", 17), sid("RE", 1), sid("RE", 2), sid("RE", 3)


@cache
def voice(seconds: int) -> Sound:
    """Somebody speaks: tones of many harmonics that glide, rise and fall, four a second."""
    times = np.arange(1600) / 8000
    phase = 2 * np.pi * np.cumsum(120 + 60 * times) / 8000
    syllable = 0.05 * sum(np.sin(each * phase) / each**0.3 for each in range(1, 16)) * np.hanning(1600)
    return np.tile(np.concatenate([syllable, np.zeros(400)]), 4 * seconds)


@dataclass
class Mailbox:
    """What the hotline keeps of messages, and the carrier that it asks. `at` is the hotline's clock."""

    services: Services
    centres: dict[str, Centre]
    stand_in: CarrierStandIn
    folder: Path
    at: datetime = FRIDAY_NIGHT

    def __post_init__(self) -> None:
        self.services = replace(self.services, now=lambda: self.at)
        self.messages = self.messages_with()

    def messages_with(self, **adapters: Any) -> Messages:
        """Messages as a process has them of which some adapters are others."""
        services = replace(self.services, **adapters)
        return Messages(services, lambda: self.centres, Timetable(services, lambda: self.centres))

    # what is said

    def begin(self, **values: Any) -> int:
        usual = {"call_sid": CALL, "turn": 4, "kind": "message", "centre": HEFEI, "source": "closed"}
        known = {"number": WANG_FANGS, "caller_hash": self.services.sealer.fingerprint(WANG_FANGS)}
        return self.messages.begin(Begin(**(usual | known | values)))

    def record(self, recording: str = FIRST, seconds: int = 10, sound: Sound | None = None, **more: Any) -> str:
        """The carrier has a recording in which somebody speaks."""
        if not {"file", "body", "huge"} & more.keys():
            more["file"] = str(saved(self.folder / f"{recording}.wav", voice(seconds) if sound is None else sound))
        call = more.pop("call", CALL)
        return self.stand_in.add_recording(int(recording[2:], 16), call, seconds, **more)

    def leave(self, seconds: int = 10, **values: Any) -> int:
        """A message spoken, recorded and kept; nothing has been fetched yet."""
        message_id = self.begin(**values)
        self.record(seconds=seconds)
        self.passes(seconds=seconds)
        assert self.messages.keep(message_id, FIRST, seconds) is not None
        return message_id

    def form(self, status: str = "completed", seconds: int = 10, recording: str = FIRST, **more: str) -> dict[str, str]:
        told = {"RecordingSid": recording, "RecordingStatus": status, "CallSid": CALL}
        return told | ({"RecordingDuration": str(seconds)} if status == "completed" else {}) | more

    # what happens

    def passes(self, **time: float) -> None:
        self.at += timedelta(**time)

    def woken(self) -> list[str]:
        return [job.args[0] for job in Queue(FILES_QUEUE, connection=self.services.live_store).jobs]

    def work(self, services: Services | None = None) -> None:
        """A worker does what it was woken for."""
        queue = Queue(FILES_QUEUE, connection=self.services.live_store)
        woken, _ = self.woken(), queue.empty()
        for recording in woken:
            bring_home(services or self.services, recording)

    def sweep(self) -> list[str]:
        return sweep(self.messages)

    def goes_on(self, rounds: int) -> None:
        """Minutes pass, with sweeps and workers."""
        for _ in range(rounds):
            self.passes(minutes=6)
            self.sweep()
            self.work()

    def closes(self) -> None:
        """Every open case is closed, as of its opening."""
        self.rows(
            "UPDATE work_order SET status = 'closed', closed_at = opened_at, closed_reason = '来电人撤回', "
            "closed_by = '王芳', look_at = NULL WHERE status = 'open' RETURNING id"
        )

    def forgets(self) -> None:
        """All that was said until now; what the carrier was asked wrongly is not forgotten."""
        assert self.stand_in.control()["violations"] == []
        self.stand_in.clear()
        self.services.live_store.flushdb()
        with self.services.database.pool.connection() as connection:
            for table in ("transcript", "message_recording", "case_event", "message", "work_order"):
                connection.execute(f"DELETE FROM {table}")
        for key in self.stored():
            self.services.storage.delete(key)

    # what the rows say

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with self.services.database.pool.connection() as connection:
            return connection.cursor(row_factory=dict_row).execute(sql, values).fetchall()

    def cases(self) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM work_order ORDER BY id")

    def case(self) -> dict[str, Any]:
        [only] = self.cases()
        return only

    def message(self) -> dict[str, Any]:
        [only] = self.rows("SELECT * FROM message ORDER BY id")
        return only

    def takes(self) -> dict[str, dict[str, Any]]:
        return {row["recording_sid"]: row for row in self.rows("SELECT * FROM message_recording")}

    def take(self) -> dict[str, Any]:
        [only] = self.takes().values()
        return only

    def history(self) -> list[str]:
        return [row["event"] for row in self.rows("SELECT event FROM case_event ORDER BY id")]

    def at_carrier(self) -> list[str]:
        return sorted(self.stand_in.control()["recordings"])

    def stored(self) -> list[str]:
        return self.services.storage.list("messages/")

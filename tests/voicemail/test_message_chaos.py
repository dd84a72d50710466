"""Whatever is lost, late, repeated or killed: every message is on the list once, with its date, its last take ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.live_store import build_live_store
from integrations.services import Services
from integrations.telephony.client import CarrierClient
from integrations.work_calendar import SHANGHAI
from tests.integrations.carrier_stand_in import sid
from tests.integrations.s3_server import storage_at
from tests.queueing.mortal import Fate, Killed, MortalCarrier, MortalDatabase
from tests.running import free_port
from tests.sound_files import saved
from tests.voicemail.message_scene import (
    FIRST,
    FRIDAY_NIGHT,
    SECOND,
    THIRD,
    WEDNESDAY_CLOSE,
    Mailbox,
    voice,
)
from voicemail.message_files import bring_home
from voicemail.message_jobs import ask_again
from voicemail.retention import delete_old_voices

NUMBERS = count(1000)


@dataclass(frozen=True)
class Spoken:
    """A take, and what becomes of the carrier's words about it: seconds of delay, -1 for lost; repeats come later."""

    seconds: int
    began: int
    ended: int
    action: int
    repeats: tuple[int, ...]


DELAYS = st.integers(-1, 90)
SPOKEN = st.builds(Spoken, st.sampled_from([0, 1, 2, 9, 40]), DELAYS, DELAYS, DELAYS, st.tuples(DELAYS, DELAYS))


@given(takes=st.lists(SPOKEN, min_size=1, max_size=3), has_hung_up=st.booleans())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_message_ends_on_the_list_once(mailbox: Mailbox, takes: list[Spoken], has_hung_up: bool) -> None:
    mailbox.forgets()
    mailbox.at = FRIDAY_NIGHT
    call = sid("CA", next(NUMBERS))
    message_id = mailbox.begin(call_sid=call)
    events, counted = told_of(mailbox, message_id, call, takes, has_hung_up)
    for at, event in sorted(events, key=lambda each: each[0]):
        mailbox.at = at
        event()
    mailbox.at = FRIDAY_NIGHT + timedelta(minutes=20)
    mailbox.sweep()
    ask_again(mailbox.messages)
    mailbox.goes_on(2)

    status, number_of_cases = ("kept", 1) if counted else ("empty", 0)
    assert mailbox.message()["status"] == status
    assert [case["due_at"] for case in mailbox.cases()] == [WEDNESDAY_CLOSE] * number_of_cases
    assert mailbox.history().count("opened") == number_of_cases
    takes_left = [recording for recording, take in mailbox.takes().items() if take["storage_key"]]
    assert takes_left == counted[-1:] == [Path(key).stem for key in mailbox.stored()]
    assert mailbox.at_carrier() == []


def told_of(
    mailbox: Mailbox, message_id: int, call: str, takes: list[Spoken], has_hung_up: bool
) -> tuple[list[tuple[datetime, Callable[[], Any]]], list[str]]:
    """What the carrier says and when, and the recordings that are long enough, in their order."""
    events: list[tuple[datetime, Callable[[], Any]]] = []
    counted, start = [], FRIDAY_NIGHT + timedelta(seconds=5)
    for take in takes:
        number = next(NUMBERS)
        recording, seconds = sid("RE", number), take.seconds
        ended = start + timedelta(seconds=seconds)
        form = {"RecordingSid": recording, "CallSid": call, "RecordingStartTime": format_datetime(start)}
        status = "completed" if seconds else "absent"
        over = form | {"RecordingStatus": status} | ({"RecordingDuration": str(seconds)} if seconds else {})

        def tell(form: dict[str, str]) -> Callable[[], Any]:
            return lambda: mailbox.messages.note_status(message_id, form)

        def act(recording: str, seconds: int) -> Callable[[], Any]:
            return lambda: mailbox.messages.keep(message_id, recording, seconds)

        delays = [(start, take.began, tell(form | {"RecordingStatus": "in-progress"}))]
        delays += [(ended, delay, tell(over)) for delay in (take.ended, *take.repeats)]
        is_last = take is takes[-1]
        if seconds and not (is_last and has_hung_up):
            # The next take is asked for by the answer to this one's action.
            delays += [(ended, 1, act(recording, seconds)), (ended, take.action, act(recording, seconds))]
        events += [(since + timedelta(seconds=delay), event) for since, delay, event in delays if delay >= 0]
        if seconds:
            kept = {"file": str(spoken(mailbox.folder, seconds)), "start_time": format_datetime(start)}
            mailbox.stand_in.add_recording(number, call, seconds, **kept)
        counted += [recording] * (seconds >= 2)
        start = ended + timedelta(seconds=10)
    return events, counted


def spoken(folder: Path, seconds: int) -> Path:
    path = folder / f"{seconds}.wav"
    return path if path.exists() else saved(path, voice(max(seconds, 3)))


# death


class MortalStorage:
    """At whose door one may die."""

    def __init__(self, storage: Any, fate: Fate) -> None:
        self._storage, self._fate = storage, fate

    def __getattr__(self, name: str) -> Any:
        def ask(*values: Any) -> Any:
            self._fate.instant()
            answer = getattr(self._storage, name)(*values)
            self._fate.instant()
            return answer

        return ask


class Carrier(MortalCarrier):
    def fetch_recording(self, *values: Any) -> int:
        self._fate.instant()
        size = super().fetch_recording(*values)
        self._fate.instant()
        return size


def mortal(mailbox: Mailbox, fate: Fate) -> Services:
    services = mailbox.services
    return replace(
        services,
        database=MortalDatabase(services.database, fate),
        carrier=Carrier(services.settings, fate),
        storage=MortalStorage(services.storage, fate),  # type: ignore[arg-type]
    )


def at_every_instant(mailbox: Mailbox, deed: Callable[[Services, int, str], None], check: Callable[[str], None]) -> int:
    """Do something for a new message again and again, dying one instant later each time; how many deaths that made."""
    for deaths in range(100):
        mailbox.at = FRIDAY_NIGHT
        fate, number = Fate(), next(NUMBERS)
        services, call, recording = mortal(mailbox, fate), sid("CA", number), sid("RE", number)
        mailbox.forgets()
        message_id = mailbox.begin(call_sid=call)
        mailbox.record(recording, call=call, start_time=format_datetime(FRIDAY_NIGHT))
        fate.die_after(deaths)
        try:
            deed(services, message_id, recording)
        except Killed:
            fate.live_on()
            mailbox.passes(minutes=20)
            mailbox.goes_on(3)
            check(recording)
            continue
        check(recording)
        return deaths
    raise AssertionError("it never ended")


def is_home(mailbox: Mailbox) -> Callable[[str], None]:
    def check(recording: str) -> None:
        assert (mailbox.case()["status"], mailbox.case()["due_at"]) == ("open", WEDNESDAY_CLOSE)
        take = mailbox.take()
        assert (take["status"], take["lease_until"], take["error"]) == ("home", None, None)
        assert mailbox.stored() == [take["storage_key"]] and mailbox.at_carrier() == []
        assert mailbox.rows("SELECT recording_sid, status FROM transcript") == [
            {"recording_sid": recording, "status": "waiting"}
        ]

    return check


def test_killed_at_any_instant_a_message_comes_home(mailbox: Mailbox) -> None:
    def deed(services: Services, message_id: int, recording: str) -> None:
        mailbox.messages_with(database=services.database).keep(message_id, recording, 10)
        bring_home(services, recording)

    deaths = at_every_instant(mailbox, deed, is_home(mailbox))
    assert deaths > 15


def test_killed_at_any_instant_a_superseded_take_goes(mailbox: Mailbox) -> None:
    def deed(services: Services, message_id: int, recording: str) -> None:
        mailbox.messages.keep(message_id, recording, 10)
        bring_home(mailbox.services, recording)
        mailbox.passes(minutes=1)
        call = recording.replace("RE", "CA")
        mailbox.record(SECOND, call=call, start_time=format_datetime(mailbox.at))
        mailbox.messages_with(database=services.database).keep(message_id, SECOND, 10)
        bring_home(services, SECOND)
        bring_home(services, recording)

    def check(recording: str) -> None:
        if len(mailbox.takes()) == 1:
            # Killed before the second take was known to anybody: an hour later it is asked for.
            ask_again(mailbox.messages)
            mailbox.goes_on(2)
        first, second = mailbox.takes()[recording], mailbox.takes()[SECOND]
        assert (first["is_superseded"], first["storage_key"], second["status"]) == (True, None, "home")
        assert mailbox.stored() == [second["storage_key"]] and mailbox.at_carrier() == []
        assert mailbox.history() == ["opened"]

    assert at_every_instant(mailbox, deed, check) > 20


def test_killed_at_any_instant_an_old_voice_goes(mailbox: Mailbox) -> None:
    def deed(services: Services, message_id: int, recording: str) -> None:
        mailbox.messages.keep(message_id, recording, 10)
        bring_home(mailbox.services, recording)
        mailbox.closes()
        mailbox.at = datetime(2028, 4, 1, 10, tzinfo=SHANGHAI)
        delete_old_voices(mailbox.messages_with(database=services.database))
        bring_home(services, recording)

    def check(recording: str) -> None:
        delete_old_voices(mailbox.messages)
        mailbox.goes_on(2)
        take = mailbox.take()
        assert take["deleted_at"] is not None and (take["storage_key"], take["peaks"]) == (None, None)
        assert mailbox.stored() == [] and mailbox.rows("SELECT * FROM transcript") == []
        assert mailbox.history() == ["opened", "deleted_voice"]

    assert at_every_instant(mailbox, deed, check) > 8


@pytest.mark.parametrize("away", ["storage", "carrier", "redis"])
def test_an_outage_loses_no_message(mailbox: Mailbox, away: str) -> None:
    nowhere = mailbox.folder / "mount"
    nowhere.mkdir()
    adapters: dict[str, Any] = {
        "storage": {"storage": storage_at(nowhere.as_uri())},
        "carrier": {
            "carrier": CarrierClient(replace(mailbox.services.settings, gateway_url=f"ws://127.0.0.1:{free_port()}"))
        },
        "redis": {"live_store": build_live_store(f"redis://127.0.0.1:{free_port()}")},
    }
    nowhere.rmdir()
    lame = mailbox.messages_with(**adapters[away])
    for number, recording in enumerate((FIRST, SECOND, THIRD), 1):
        call = sid("CA", number)
        message_id = mailbox.begin(call_sid=call)
        mailbox.record(recording, call=call, start_time=format_datetime(mailbox.at))
        assert lame.keep(message_id, recording, 10) is not None
        mailbox.work(lame.services)
    assert [case["due_at"] for case in mailbox.cases()] == [WEDNESDAY_CLOSE] * 3
    mailbox.goes_on(3)
    assert {take["status"] for take in mailbox.takes().values()} == {"home"} and len(mailbox.stored()) == 3

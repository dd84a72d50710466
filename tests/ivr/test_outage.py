"""The outage journal: nothing in it is lost, doubled or readable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from integrations.sealer import Sealer
from ivr.outage import ENDED, RANG, STILL_TRYING, Missed, OutageJournal
from tests.ivr.conftest import MONDAY_TEN


@pytest.fixture
def journal(tmp_path: Path) -> OutageJournal:
    return OutageJournal(tmp_path / "outage", Sealer(b"d" * 32, b"h" * 32))


def missed(kind: str, sid: str, seconds: int = 0) -> Missed:
    at = (MONDAY_TEN + timedelta(seconds=seconds)).isoformat()
    return Missed(kind, sid, at, "completed", "+8613855112345", "12333")


def test_what_was_written_comes_back_once(journal: OutageJournal) -> None:
    events = [missed(RANG, "CA1"), missed(ENDED, "CA1", 9)]
    for event in events:
        journal.write(event)
    with journal.taken(MONDAY_TEN) as taken:
        assert taken == events
    with journal.taken(MONDAY_TEN) as taken:
        assert taken == []


def test_an_error_while_entering_forgets_nothing(journal: OutageJournal) -> None:
    journal.write(missed(ENDED, "CA1"))
    with pytest.raises(ZeroDivisionError), journal.taken(MONDAY_TEN) as taken:
        assert len(taken) == 1
        raise ZeroDivisionError
    assert journal.waiting() == 1


def test_a_ring_that_may_still_be_answered_stays(journal: OutageJournal) -> None:
    journal.write(missed(RANG, "CA1"))
    journal.write(missed(ENDED, "CA2"))
    with journal.taken(MONDAY_TEN + timedelta(seconds=30)) as taken:
        assert [event.call_sid for event in taken] == ["CA2"]
    with journal.taken(MONDAY_TEN + STILL_TRYING) as taken:
        assert [event.call_sid for event in taken] == ["CA1"]
    assert journal.waiting() == 0


def test_no_number_can_be_read_from_the_disk(journal: OutageJournal, tmp_path: Path) -> None:
    journal.write(missed(RANG, "CA1"))
    [file] = (tmp_path / "outage").iterdir()
    assert b"13855112345" not in file.read_bytes()
    assert file.parent.stat().st_mode & 0o077 == 0

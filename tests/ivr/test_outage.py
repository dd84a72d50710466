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


def ripe(journal: OutageJournal, seconds: float = 0) -> list[Missed]:
    return [found for _, found in journal.ripe(MONDAY_TEN + timedelta(seconds=seconds))]


def test_what_was_written_comes_back_in_order_until_it_is_forgotten(journal: OutageJournal) -> None:
    events = [missed(RANG, "CA1"), missed(ENDED, "CA1", 9)]
    for event in reversed(events):
        journal.write(event)
    assert ripe(journal) == ripe(journal) == events
    for path, _ in list(journal.ripe(MONDAY_TEN)):
        journal.forget(path)
    assert ripe(journal) == [] and journal.waiting() == 0


def test_a_ring_that_may_still_be_answered_stays(journal: OutageJournal) -> None:
    journal.write(missed(RANG, "CA1"))
    journal.write(missed(ENDED, "CA2"))
    assert [found.call_sid for found in ripe(journal, 30)] == ["CA2"]
    assert {found.call_sid for found in ripe(journal, STILL_TRYING.total_seconds())} == {"CA1", "CA2"}


@pytest.mark.parametrize("content", [b"", b"{", b'{"kind": "rang"}', b"\xff", b"[]", b'{"caller": "zz"}'])
def test_a_file_that_cannot_be_read_is_set_aside_and_holds_up_nothing(
    journal: OutageJournal, tmp_path: Path, content: bytes
) -> None:
    journal.write(missed(ENDED, "CA1"))
    (tmp_path / "outage" / "0000.json").write_bytes(content)
    assert [found.call_sid for found in ripe(journal)] == ["CA1"]
    assert (journal.waiting(), journal.set_aside()) == (1, 1)


def test_half_a_file_after_a_power_cut_is_never_read(journal: OutageJournal, tmp_path: Path) -> None:
    journal.write(missed(ENDED, "CA1"))
    (tmp_path / "outage" / "0000.new").write_bytes(b'{"kind"')
    assert len(ripe(journal)) == 1 and journal.set_aside() == 0


def test_no_number_can_be_read_from_the_disk(journal: OutageJournal, tmp_path: Path) -> None:
    journal.write(missed(RANG, "CA1"))
    [file] = (tmp_path / "outage").iterdir()
    assert b"13855112345" not in file.read_bytes()
    assert file.parent.stat().st_mode & 0o077 == 0

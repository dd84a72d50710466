"""A caller who was dissatisfied is on the centre's list, with a date and, where it is known, a number to ring."""

from __future__ import annotations

import pytest

from queueing.line import Rated
from tests.voicemail.case_scene import HEFEI, WANG_FANGS, CaseScene
from voicemail.case_rows import Case, case_of_origin
from voicemail.cases import attach_comment, open_low_rating

OFFER = "offer-1"
_ENTRY = """
INSERT INTO queue_entry (call_sid, centre, caller_hash, caller_tail, caller_region, caller_sealed, arrived_at,
                         joined_at, rank_at, status, ended_at, end_reason)
VALUES ('CA1', %s, %s, %s, '安徽省合肥市', %s, %s, %s, %s, 'ended', %s, 'served') RETURNING id
"""
_OFFER = """
INSERT INTO offer (id, entry_id, agent_id, call_sid, centre, status, made_at, ring_until, ended_at, end_reason)
VALUES (%s, %s, %s, 'CA1', %s, 'ended', %s, %s, %s, 'caller')
"""


@pytest.fixture
def talk(cases: CaseScene) -> Rated:
    """A talk of a caller who waited in the line, and was not satisfied."""
    sealer, at = cases.services.sealer, cases.at
    known = (sealer.fingerprint(WANG_FANGS), WANG_FANGS[-4:], sealer.seal(WANG_FANGS, "callback.number"))
    entry = cases.one(_ENTRY, HEFEI, *known, at, at, at, at)
    cases.rows_of(_OFFER, OFFER, entry, cases.seats["1023"], HEFEI, at, at, at)
    return Rated(OFFER, "CA1", HEFEI, 5)


def opened(cases: CaseScene) -> Case:
    with cases.services.database.pool.connection() as connection:
        case = case_of_origin(connection, f"rating:{OFFER}")
    assert case is not None
    return case


def test_a_dissatisfied_caller_is_a_case_once_with_a_date_and_the_number_sealed_anew(
    cases: CaseScene, talk: Rated
) -> None:
    open_low_rating(cases.services, talk, cases.clock)
    open_low_rating(cases.services, talk)
    case = opened(cases)
    assert (case.kind, case.status, case.source, case.due_policy) == ("low_rating", "open", "survey", "reply")
    assert cases.due(case.id) == "2026-03-13 17:30" and cases.events(case.id) == ["opened"]
    assert cases.services.sealer.open(bytes(case.number_sealed or b""), "case.number") == WANG_FANGS
    assert (case.number_tail, case.caller_region) == ("2345", "安徽省合肥市")
    assert case.number_hash == case.caller_hash
    assert cases.rows("SELECT count(*) FROM work_order") == [(1,)]


def test_a_number_that_cannot_be_read_any_more_hides_no_case(cases: CaseScene, talk: Rated) -> None:
    cases.rows_of("UPDATE queue_entry SET caller_sealed = %s", b"\x01" + b"0" * 40)
    open_low_rating(cases.services, talk)
    assert opened(cases).number_sealed is None and opened(cases).caller_hash is not None


def test_what_the_caller_said_about_it_stays_the_first(cases: CaseScene, talk: Rated) -> None:
    open_low_rating(cases.services, talk)
    attach_comment(cases.services, OFFER, "RE1")
    attach_comment(cases.services, OFFER, "RE2")
    assert opened(cases).comment_sid == "RE1"

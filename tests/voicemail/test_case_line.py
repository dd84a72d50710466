"""What callers hear of their cases and do with them by key."""

from __future__ import annotations

import pytest

from tests.voicemail.case_scene import LI_QIANGS, WANG_FANGS, CaseScene
from voicemail.anonymity import bound_hash

ID_NUMBER = "340103198503089983"


def hash_of(cases: CaseScene, telephone: str) -> bytes:
    return cases.services.sealer.fingerprint(telephone)


def test_a_case_is_found_by_its_number_from_the_telephone_that_opened_it_only(cases: CaseScene) -> None:
    case_id = cases.opens()
    found = cases.line.of_number(case_id, hash_of(cases, WANG_FANGS))
    assert found is not None and (found.id, found.kind, found.status) == (case_id, "message", "open")
    assert found.due_at == cases.case(case_id).due_at
    assert cases.line.of_number(case_id, hash_of(cases, LI_QIANGS)) is None
    assert cases.line.of_number(case_id, None) is None
    for unknown in (case_id + 1, 0, -1, 10**30):
        assert cases.line.of_number(unknown, hash_of(cases, WANG_FANGS)) is None


def test_the_number_that_is_to_be_answered_finds_it_as_well(cases: CaseScene) -> None:
    case_id = cases.opens(caller_hash=hash_of(cases, LI_QIANGS))
    assert cases.line.of_number(case_id, hash_of(cases, WANG_FANGS)) is not None
    assert cases.line.of_number(case_id, hash_of(cases, LI_QIANGS)) is not None


def test_the_number_of_a_merged_case_leads_to_the_one_that_it_is_part_of(cases: CaseScene) -> None:
    first, second = cases.opens(), cases.taken()
    cases.desk.merge(first, second, cases.doer("1023"))
    found = cases.line.of_number(first, hash_of(cases, WANG_FANGS))
    assert found is not None and found.id == second
    assert cases.line.urge(first, "CA1") and cases.case(second).urges == 1


def test_what_staff_keep_for_themselves_is_not_told(cases: CaseScene) -> None:
    case_id = cases.opens(kind="callback")
    assert cases.line.of_number(case_id, hash_of(cases, WANG_FANGS)) is None


def test_a_person_hears_of_open_cases_and_of_those_answered_lately_newest_first(cases: CaseScene) -> None:
    person = cases.services.social_insurance.person_hash(ID_NUMBER)
    old, answered, waits = (cases.taken(person_hash=person) for _ in range(3))
    cases.opens()
    cases.answers(old)
    cases.passes(days=5)
    cases.answers(answered)
    cases.passes(days=3)
    assert [view.id for view in cases.line.of_person(ID_NUMBER)] == [waits, answered]
    assert [view.can_reopen for view in cases.line.of_person(ID_NUMBER)] == [False, True]
    assert cases.line.of_person("340102195806159993") == []


def test_a_report_is_found_by_its_number_from_its_telephone_though_nobody_is_known(cases: CaseScene) -> None:
    report, secret = cases.opens("report"), cases.opens("report", is_anonymous=True)
    caller = hash_of(cases, WANG_FANGS)
    bound = bound_hash(cases.services.sealer, secret, caller)
    cases.rows("UPDATE work_order SET caller_hash = %s, number_hash = NULL WHERE id = %s RETURNING 1", bound, secret)
    assert cases.line.of_number(report, caller) is not None and cases.line.of_number(secret, caller) is not None
    assert cases.line.of_number(secret, hash_of(cases, LI_QIANGS)) is None


def test_nobody_ends_a_report_by_key(cases: CaseScene) -> None:
    """The telephone may be whoever was reported's as well."""
    report = cases.opens("report")
    assert not cases.line.answered(report, "CA1") and cases.case(report).is_active


def test_urging_counts_once_a_day(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.now_is("2026-03-10 23:50")
    assert cases.line.urge(case_id, "CA1") and not cases.line.urge(case_id, "CA2")
    view = cases.line.of_number(case_id, hash_of(cases, WANG_FANGS))
    assert view is not None and view.urged_today
    cases.passes(minutes=20)
    assert cases.line.urge(case_id, "CA3")
    assert cases.case(case_id).urges == 2 and cases.events(case_id) == ["opened", "urged", "urged"]
    cases.answers(case_id)
    cases.passes(days=1)
    assert not cases.line.urge(case_id, "CA4")


def test_a_supervisor_who_urges_takes_nothing_from_the_caller(cases: CaseScene) -> None:
    case_id = cases.taken()
    cases.desk.urge(case_id, cases.supervisor, "请今天答复")
    assert cases.line.urge(case_id, "CA1") and cases.case(case_id).urges == 2


def test_the_callers_own_word_stops_the_clock(cases: CaseScene) -> None:
    case_id = cases.opens()
    assert cases.line.answered(case_id, "CA1") and cases.line.answered(case_id, "CA1")
    case = cases.case(case_id)
    assert (case.status, case.reply_kind) == ("replied", "caller")
    assert [(one.actor, one.event) for one in cases.history(case_id)][1:] == [("caller", "replied")]
    unanswered = cases.taken()
    cases.desk.close(unanswered, "withdrawn", "", cases.doer("1023"))
    assert not cases.line.answered(unanswered, "CA1")


def test_the_caller_asks_again_within_seven_days(cases: CaseScene) -> None:
    case_id, late = cases.taken(), cases.taken()
    for one in (case_id, late):
        cases.answers(one)
        cases.desk.close(one, "answered", "", cases.doer("1023"))
    assert not cases.line.reopen(77, "CA1")
    # Tuesday is not counted; the seventh day ends at midnight.
    cases.now_is("2026-03-17 23:59")
    assert cases.line.reopen(case_id, "CA1") and not cases.line.reopen(case_id, "CA1")
    assert cases.due(case_id) == "2026-03-20 17:30" and cases.case(case_id).closed_at is None
    cases.now_is("2026-03-18 00:00")
    assert not cases.line.reopen(late, "CA1")


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_judgement_is_one_of_five_keys(cases: CaseScene, score: int) -> None:
    case_id = cases.opens()
    cases.answers(case_id)
    cases.line.rate(case_id, score)
    assert cases.case(case_id).satisfaction is None


def test_a_reply_is_judged_and_the_last_word_counts(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.line.rate(case_id, 1)
    assert cases.case(case_id).satisfaction is None
    cases.answers(case_id)
    for score in (2, 2, 4):
        cases.line.rate(case_id, score)
    assert cases.case(case_id).satisfaction == 4 and cases.events(case_id).count("satisfaction") == 2

"""What other pages have on their lists for a person is a case as well, until it is cleared there."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from integrations.task_queue import set_job_settings
from tests.voicemail.case_scene import HEFEI, LI_QIANGS, WANG_FANGS, CaseScene
from voicemail.case_jobs import PERIODIC, look_after_cases
from voicemail.case_rows import Case, case_of_origin

_FREEZE = """
INSERT INTO card_freeze (centre, action, status, person_hash, card_hash, call_sid, door, asked_by, number_sealed,
                         number_tail, asked_at, due_at)
VALUES (%s, 'freeze', 'unknown', %s, %s, 'CA1', 'keypad', 'caller', %s, %s, %s, %s) RETURNING id
"""
_CALLBACK = """
INSERT INTO callback (centre, skill, number_sealed, number_hash, number_tail, asker_hash, source, call_sid, arrived_at,
                      rank_at, asked_at, status, promised_until, breached_at, ended_at, end_reason)
VALUES (%s, 'card', %s, %s, %s, %s, %s, 'CA2', %s, %s, %s, 'ended', %s, %s, %s, %s) RETURNING id
"""
_CLEAR = "UPDATE {} SET cleared_at = %s, cleared_by = 'hefei', cleared_reason = '已联系本人' WHERE id = %s"


def freezes(cases: CaseScene, due_in: timedelta | None = timedelta(minutes=30)) -> int:
    """A freeze of which nobody knows the end."""
    sealed = cases.services.sealer.seal(WANG_FANGS, "card_freeze.number")
    due_at = cases.at + due_in if due_in else None
    card = cases.services.sealer.fingerprint(f"card:{cases.at}")
    return cases.one(_FREEZE, HEFEI, b"person", card, sealed, WANG_FANGS[-4:], cases.at, due_at)


def callback(cases: CaseScene, reason: str = "unreached", source: str = "line", **times: datetime | None) -> int:
    """Somebody who was to be rung, and was not, or too late."""
    sealer, at = cases.services.sealer, cases.at
    number = (sealer.seal(LI_QIANGS, "callback.number"), sealer.fingerprint(LI_QIANGS), LI_QIANGS[-4:])
    asker = sealer.fingerprint(WANG_FANGS)
    promised, breached = times.get("promised"), times.get("breached")
    return cases.one(_CALLBACK, HEFEI, *number, asker, source, at, at, at, promised, breached, at, reason)


def clear(cases: CaseScene, table: str, row_id: int) -> None:
    cases.rows_of(_CLEAR.format(table), cases.at, row_id)


def case_of(cases: CaseScene, origin: str) -> Case | None:
    with cases.services.database.pool.connection() as connection:
        return case_of_origin(connection, origin)


def there_is(cases: CaseScene, origin: str) -> Case:
    case = case_of(cases, origin)
    assert case is not None
    return case


def number_of(cases: CaseScene, case: Case) -> str:
    return cases.services.sealer.open(bytes(case.number_sealed or b""), "case.number")


def test_a_freeze_that_needs_a_person_is_a_case_due_when_its_caller_was_to_be_told(cases: CaseScene) -> None:
    freeze = freezes(cases)
    done = freezes_done(cases)
    assert cases.adoption.sweep() == 1 and cases.adoption.sweep() == 0
    case = there_is(cases, f"card_freeze:{freeze}")
    assert (case.kind, case.centre, case.source, case.due_policy) == ("card_freeze", HEFEI, "system", None)
    assert case.due_at == cases.at + timedelta(minutes=30) and case.opened_at == cases.at
    assert number_of(cases, case) == WANG_FANGS and bytes(case.person_hash or b"") == b"person"
    assert case_of(cases, f"card_freeze:{done}") is None


def freezes_done(cases: CaseScene) -> int:
    cases.passes(seconds=1)
    freeze = freezes(cases, None)
    cases.passes(seconds=-1)
    return freeze


def test_it_ends_when_its_own_page_has_cleared_it_whoever_has_it(cases: CaseScene) -> None:
    freeze = freezes(cases)
    cases.adoption.sweep()
    case = there_is(cases, f"card_freeze:{freeze}")
    cases.desk.take(case.id, cases.seats["1023"], cases.doer("1023"))
    assert cases.adoption.sweep() == 0
    clear(cases, "card_freeze", freeze)
    assert cases.adoption.sweep() == 1 and cases.adoption.sweep() == 0
    ended = cases.case(case.id)
    assert (ended.status, ended.closed_by, ended.closed_reason) == ("closed", "system", "在原页面办结：已联系本人")
    assert cases.events(case.id) == ["opened", "taken", "closed"]


def test_whoever_could_not_be_rung_back_is_a_case_by_the_rule_of_replies(cases: CaseScene) -> None:
    row = callback(cases)
    cases.adoption.sweep()
    case = there_is(cases, f"callback:{row}")
    assert (case.kind, case.due_policy, case.desk, case.number_tail) == ("callback", "reply", "card", LI_QIANGS[-4:])
    assert cases.due(case.id) == "2026-03-13 17:30" and number_of(cases, case) == LI_QIANGS
    assert bytes(case.caller_hash or b"") == cases.services.sealer.fingerprint(WANG_FANGS)
    assert bytes(case.number_hash or b"") == cases.services.sealer.fingerprint(LI_QIANGS)


def test_a_promise_that_was_broken_is_overdue_at_once(cases: CaseScene) -> None:
    promised = cases.at - timedelta(hours=1)
    row = callback(cases, "served", promised=promised, breached=cases.at)
    cases.adoption.sweep()
    case = there_is(cases, f"callback:{row}")
    assert (case.due_at, case.due_policy) == (promised, None)
    cases.sweeper.sweep()
    assert cases.case(case.id).is_overdue and cases.events(case.id) == ["opened", "overdue"]


def test_what_is_rung_for_a_case_is_no_second_one_and_who_was_reached_is_none(cases: CaseScene) -> None:
    callback(cases, source="case")
    callback(cases, "served")
    callback(cases, "caller_cancelled")
    assert cases.adoption.sweep() == 0
    assert cases.rows("SELECT id FROM work_order") == []


def test_a_callback_that_is_on_the_list_again_is_the_same_case_again(cases: CaseScene) -> None:
    row = callback(cases)
    cases.adoption.sweep()
    clear(cases, "callback", row)
    cases.adoption.sweep()
    case = there_is(cases, f"callback:{row}")
    assert case.status == "closed"
    cases.passes(days=1)
    cases.rows_of("UPDATE callback SET cleared_at = NULL, cleared_by = NULL, cleared_reason = NULL WHERE id = %s", row)
    assert cases.adoption.sweep() == 1 and cases.adoption.sweep() == 0
    again = cases.case(case.id)
    assert (again.status, again.reopened) == ("open", 1) and cases.due(case.id) == "2026-03-16 17:30"
    assert cases.rows("SELECT count(*) FROM work_order") == [(1,)]


def test_two_sweeps_at_once_open_one_case_each(cases: CaseScene) -> None:
    for _ in range(6):
        freezes(cases)
        cases.passes(seconds=1)
    changed: list[int] = []
    threads = [threading.Thread(target=lambda: changed.append(cases.adoption.sweep())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(changed) == 6 and cases.rows("SELECT count(*) FROM work_order") == [(6,)]


def test_one_that_was_sealed_with_a_key_of_before_is_a_case_without_its_number(cases: CaseScene) -> None:
    freeze = freezes(cases)
    values: tuple[Any, ...] = (b"\x01" + b"0" * 40, freeze)
    cases.rows_of("UPDATE card_freeze SET number_sealed = %s WHERE id = %s", *values)
    assert cases.adoption.sweep() == 1
    case = there_is(cases, f"card_freeze:{freeze}")
    assert (case.number_sealed, case.number_tail) == (None, WANG_FANGS[-4:])


def test_the_workers_jobs_adopt_remind_and_reckon(cases: CaseScene) -> None:
    set_job_settings(cases.services.settings, cases.services)
    freeze = freezes(cases)
    case_id = cases.opens()
    cases.rows_of("UPDATE work_order SET due_at = due_at - interval '1 day' WHERE id = %s", case_id)
    cases.passes(hours=1)
    for job in PERIODIC:
        job.func()
    look_after_cases()
    assert cases.events(there_is(cases, f"card_freeze:{freeze}").id) == ["opened", "overdue"]
    assert cases.events(case_id) == ["opened", "due_moved"]

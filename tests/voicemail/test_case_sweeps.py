"""Time and cases: reminders at work only, the supervisor's list, the province, and a calendar that comes late."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import pytest

from integrations.work_calendar import SHANGHAI
from tests.voicemail.case_scene import HEFEI, WUHU, CaseScene
from voicemail.case_sweeps import MOST_AT_ONCE

STEPS = ("reminded", "overdue", "escalated")
NEW_YEAR = {date(2027, 1, day): "元旦" for day in range(1, 5)}
OTHERS = {date(2027, 5, day): "劳动节" for day in range(1, 6)} | {date(2027, 10, day): "国庆节" for day in range(1, 8)}


def steps(cases: CaseScene, case_id: int) -> list[tuple[str, int | None, str]]:
    """What time did to a case: the event, its level, and when."""
    return [
        (one.event, (one.detail or {}).get("level"), f"{one.at.astimezone(SHANGHAI):%m-%d %H:%M}")
        for one in cases.history(case_id)
        if one.event in STEPS
    ]


def test_a_case_that_nobody_answers_climbs_from_reminder_to_province(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.sweeps_until("2026-03-19 12:00")
    assert steps(cases, case_id) == [
        ("reminded", 1, "03-12 09:30"),
        ("reminded", 2, "03-12 16:30"),
        ("reminded", 3, "03-13 09:00"),
        ("overdue", 4, "03-13 17:30"),
        ("escalated", 5, "03-16 17:30"),
    ]
    case = cases.case(case_id)
    assert (case.level, case.look_at, case.is_overdue, case.breached_at) == (5, None, True, case.due_at)


def test_a_case_that_was_answered_or_closed_is_left_alone(cases: CaseScene) -> None:
    answered, closed = cases.taken(), cases.taken()
    cases.answers(answered)
    cases.desk.close(closed, "withdrawn", "", cases.doer("1023"))
    cases.sweeps_until("2026-03-18 12:00", timedelta(hours=5))
    assert steps(cases, answered) == [] and steps(cases, closed) == []


def test_what_was_answered_ends_by_itself_when_the_caller_can_ask_no_longer(cases: CaseScene) -> None:
    ids = [cases.taken(kind=kind) for kind in ("message", "report", "low_rating", "complaint")]
    cases.desk.decide(ids[1], "accepted", "", cases.doer("1023"))
    for case_id in ids:
        cases.answers(case_id, "caller" if case_id == ids[3] else "call")
    cases.sweeps_until("2026-03-17 23:45", timedelta(hours=6))
    assert {cases.case(case_id).status for case_id in ids} == {"replied"}
    cases.now_is("2026-03-18 00:00")
    assert cases.sweeper.sweep() == 4 and cases.sweeper.sweep() == 0
    found = [cases.case(case_id) for case_id in ids]
    assert {(case.status, case.closed_by, case.closed_at) for case in found} == {("closed", "system", cases.at)}
    assert found[0].closed_reason == "已答复办结：答复后7天内没有再来问"
    assert found[3].closed_reason == "已答复办结：来电人说已经答复，没有作受理决定"
    assert cases.history(ids[0])[-1].detail == {"reason": "answered"}


def test_what_was_answered_ends_however_many_there_are(cases: CaseScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicemail.case_sweeps.MOST_AT_ONCE", 2)
    ids = [cases.opens() for _ in range(5)]
    for case_id in ids:
        cases.answers(case_id)
    cases.passes(days=8)
    assert cases.sweeper.sweep() == 5
    assert {cases.case(case_id).status for case_id in ids} == {"closed"}


def test_what_has_a_page_of_its_own_ends_there_and_not_by_itself(cases: CaseScene) -> None:
    case_id = cases.taken(kind="card_freeze")
    cases.answers(case_id)
    cases.passes(days=30)
    assert cases.sweeper.sweep() == 0
    assert (cases.case(case_id).status, cases.case(case_id).look_at) == ("replied", None)


def test_a_clock_that_stood_still_makes_up_with_one_step(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.now_is("2026-03-24 10:00")
    assert cases.sweeper.sweep() == 1
    assert cases.sweeper.sweep() == 0
    assert steps(cases, case_id) == [("escalated", 5, "03-24 10:00")]
    assert cases.case(case_id).is_overdue


def test_nobody_is_reminded_at_night_or_on_a_day_off(cases: CaseScene) -> None:
    case_id = cases.opens(at=datetime(2026, 3, 11, 10, tzinfo=SHANGHAI))
    # Due on Monday; the sweep comes back on Saturday night.
    cases.now_is("2026-03-14 23:00")
    cases.sweeper.sweep()
    assert steps(cases, case_id) == []
    cases.sweeps_until("2026-03-16 09:00")
    assert steps(cases, case_id) == [("reminded", 3, "03-16 09:00")]


def test_what_is_late_is_written_down_at_night_and_the_province_hears_of_it_in_the_morning(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.now_is("2026-03-21 02:00")
    cases.sweeper.sweep()
    assert steps(cases, case_id) == [("overdue", 4, "03-21 02:00")]
    cases.sweeps_until("2026-03-23 10:00")
    assert steps(cases, case_id)[1:] == [("escalated", 5, "03-23 09:00")]


def test_what_a_supervisor_has_explained_does_not_go_to_the_province(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.sweeps_until("2026-03-13 18:00")
    cases.desk.clear(case_id, "要等省厅批复，已告知来电人", cases.supervisor)
    cases.sweeps_until("2026-03-18 12:00", timedelta(hours=1))
    assert [event for event, _, _ in steps(cases, case_id)][-1] == "overdue"
    assert not cases.case(case_id).is_overdue and cases.case(case_id).look_at is None


def test_a_case_that_was_handed_on_and_not_taken_is_on_the_list_there(cases: CaseScene) -> None:
    case_id = cases.opens(kind="complaint")
    cases.desk.transfer(case_id, WUHU, "", cases.supervisor, "参保地在芜湖")
    cases.sweeps_until("2026-03-12 18:00")
    case = cases.case(case_id)
    assert (case.centre, case.is_overdue, case.breached_at) == (WUHU, True, case.desk_due_at)
    assert ("overdue", 4, "03-11 17:30") in steps(cases, case_id)
    assert ("escalated", 5, "03-12 17:30") in steps(cases, case_id)
    # The caller's own date is another matter.
    cases.desk.take(case_id, cases.seats["2023"], cases.doer("2023"))
    cases.desk.clear(case_id, "值班表漏排", cases.supervisor)
    cases.sweeps_until("2026-03-17 18:00")
    assert steps(cases, case_id)[-1] == ("overdue", 4, "03-17 17:30")
    assert cases.case(case_id).is_overdue and cases.case(case_id).breached_at == cases.case(case_id).due_at


def test_a_case_that_was_handed_on_and_taken_is_not(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.desk.transfer(case_id, WUHU, "", cases.supervisor, "参保地在芜湖")
    cases.desk.take(case_id, cases.seats["2023"], cases.doer("2023"))
    cases.sweeps_until("2026-03-12 12:00")
    assert steps(cases, case_id) == [("reminded", 1, "03-12 09:30")]


def test_a_reopened_case_is_reminded_of_anew(cases: CaseScene) -> None:
    case_id = cases.taken()
    cases.sweeps_until("2026-03-13 12:00", timedelta(hours=1))
    cases.answers(case_id)
    assert cases.line.reopen(case_id, "CA2")
    cases.sweeps_until("2026-03-18 20:00", timedelta(hours=1))
    assert [(event, level) for event, level, _ in steps(cases, case_id)][-4:] == [
        ("reminded", 1), ("reminded", 2), ("reminded", 3), ("overdue", 4),
    ]  # fmt: skip


def test_any_number_of_sweeps_at_once_take_each_step_once(cases: CaseScene) -> None:
    case_ids = [cases.opens() for _ in range(10)]
    cases.now_is("2026-03-13 17:40")
    threads = [threading.Thread(target=cases.sweeper.sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert all(steps(cases, case_id) == [("overdue", 4, "03-13 17:40")] for case_id in case_ids)


def test_one_that_cannot_be_looked_at_keeps_none_of_the_others_waiting(
    cases: CaseScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = cases.opens(), cases.opens()
    # Counted from something that is no moment.
    cases.rows_of('UPDATE case_event SET detail = detail || \'{"counted_from": "gestern"}\' WHERE case_id = %s', broken)
    cases.now_is("2026-03-13 17:40")
    assert cases.sweeper.sweep() == 1
    assert [event for event, _, _ in steps(cases, fine)] == ["overdue"]
    look_at = cases.case(broken).look_at
    assert look_at is not None and look_at > cases.at
    cases.rows_of("UPDATE work_order SET due_at = due_at - interval '1 day' WHERE id = %s", fine)
    assert cases.sweeper.reckon_anew() == 1 and cases.due(fine) == "2026-03-13 17:30"


def test_every_case_that_is_due_is_looked_at_however_many_there_are(
    cases: CaseScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicemail.case_sweeps.MOST_AT_ONCE", 2)
    case_ids = [cases.opens() for _ in range(5)]
    cases.now_is("2026-03-13 17:40")
    assert cases.sweeper.sweep() == 5
    assert all(cases.case(case_id).is_overdue for case_id in case_ids)


# days


@pytest.mark.parametrize(
    ("left", "due"),
    [
        ("2026-02-13 16:00", "2026-02-25 17:30"),
        ("2026-02-15 11:00", "2026-02-26 17:30"),
        ("2026-09-30 17:00", "2026-10-10 17:30"),
        ("2026-03-10 22:30", "2026-03-13 17:30"),
    ],
)
def test_the_days_of_the_spring_festival_and_others_are_those_of_the_calendar(
    cases: CaseScene, left: str, due: str
) -> None:
    cases.now_is(left)
    case_id = cases.opens()
    assert cases.due(case_id) == due
    cases.sweeps_until(f"{due[:10]} 23:00", timedelta(hours=3))
    days = {when[:5] for _, _, when in steps(cases, case_id)}
    # Nobody is reminded on the days off of the festival.
    assert not days & {f"02-{day}" for day in range(15, 24)} and not days & {f"10-0{day}" for day in range(1, 8)}


def test_a_message_of_the_30th_of_december_is_reckoned_anew_when_the_notice_comes(cases: CaseScene) -> None:
    cases.now_is("2026-12-30 16:00")
    case_id, answered = cases.opens(), cases.opens()
    assert cases.due(case_id) == "2027-01-05 17:30" and cases.case(case_id).due_is_provisional
    cases.answers(answered)
    assert cases.sweeper.reckon_anew() == 0
    cases.now_is("2026-12-31 10:00")
    cases.notice(2027, NEW_YEAR | OTHERS, (date(2027, 1, 9),))
    assert cases.sweeper.reckon_anew() == 1
    assert cases.sweeper.reckon_anew() == 0
    assert cases.due(case_id) == "2027-01-06 17:30" and not cases.case(case_id).due_is_provisional
    moved = cases.history(case_id)[-1]
    assert moved.event == "due_moved" and moved.detail is not None
    assert [datetime.fromisoformat(moved.detail[end]).astimezone(SHANGHAI).day for end in ("from", "to")] == [5, 6]
    assert cases.due(answered) == "2027-01-05 17:30"
    cases.sweeps_until("2027-01-06 17:00")
    assert [event for event, _, _ in steps(cases, case_id)] == ["reminded"] * 3


def test_a_date_that_was_missed_by_a_wrong_calendar_was_not_missed(cases: CaseScene) -> None:
    cases.now_is("2026-12-30 16:00")
    case_id = cases.opens()
    cases.sweeps_until("2027-01-05 18:00", timedelta(hours=1))
    assert cases.case(case_id).is_overdue
    cases.notice(2027, NEW_YEAR | OTHERS, (date(2027, 1, 9),))
    cases.sweeper.reckon_anew()
    assert cases.case(case_id).breached_at is None and cases.case(case_id).level < 4
    cases.sweeps_until("2027-01-06 18:00", timedelta(minutes=30))
    assert cases.case(case_id).breached_at == cases.case(case_id).due_at


def test_a_reopened_and_a_merged_case_are_reckoned_from_where_their_days_were_counted(cases: CaseScene) -> None:
    cases.now_is("2026-12-28 10:00")
    reopened, merged, target = cases.taken(), cases.taken(), None
    cases.answers(reopened)
    cases.now_is("2026-12-30 10:00")
    target = cases.taken()
    cases.desk.reopen(reopened, cases.doer("1023"), "没讲清楚")
    cases.desk.merge(merged, target, cases.doer("1023"))
    assert (cases.due(reopened), cases.due(target)) == ("2027-01-05 17:30", "2026-12-31 17:30")
    cases.notice(2027, NEW_YEAR | OTHERS, (date(2027, 1, 9),))
    assert cases.sweeper.reckon_anew() == 1
    assert (cases.due(reopened), cases.due(target)) == ("2027-01-06 17:30", "2026-12-31 17:30")


def test_what_is_promised_by_itself_is_not_reckoned_and_what_had_no_date_gets_one(cases: CaseScene) -> None:
    by_itself = cases.opens(due_policy=None, due_at=datetime(2026, 3, 10, 23, tzinfo=SHANGHAI))
    old = cases.opens()
    cases.rows_of("UPDATE work_order SET due_at = NULL, due_policy = NULL WHERE id = %s", old)
    assert cases.sweeper.reckon_anew() == 1
    assert (cases.due(by_itself), cases.due(old)) == ("2026-03-10 23:00", "2026-03-13 17:30")


def test_every_case_is_reckoned_however_many_there_are(cases: CaseScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicemail.case_sweeps.MOST_AT_ONCE", 2)
    assert MOST_AT_ONCE > 2
    cases.now_is("2026-12-30 16:00")
    case_ids = [cases.opens(centre=HEFEI) for _ in range(5)]
    cases.notice(2027, NEW_YEAR | OTHERS, (date(2027, 1, 9),))
    assert cases.sweeper.reckon_anew() == 5
    assert {cases.due(case_id) for case_id in case_ids} == {"2027-01-06 17:30"}

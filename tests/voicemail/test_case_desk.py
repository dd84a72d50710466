"""What staff do with cases: who has one, who answers it, and what the history keeps of it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.errors import HotlineError
from integrations.work_calendar import SHANGHAI
from tests.voicemail.case_scene import HEFEI, LI_QIANGS, PROVINCE, WUHU, CaseScene
from voicemail.case_desk import Doer
from voicemail.case_moves import CaseNotYours, CaseRefused, CaseWords, NoSuchCase
from voicemail.case_rows import joined_ids, stands_for
from voicemail.work_order import EVENTS_ZH, STATUSES

LI_QIANG, NOBODY = {"telephone": LI_QIANGS}, {"telephone": ""}
REASONS = ("answered", "withdrawn", "duplicate", "other")


def refused(deed: Callable[[], Any], kind: type[HotlineError] = CaseRefused) -> str:
    """The sentence of a refusal."""
    with pytest.raises(kind) as caught:
        deed()
    return caught.value.sentence


# whose it is


def test_the_first_who_takes_a_case_owns_it_and_the_second_is_told(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.desk.take(case_id, cases.seats["1023"], cases.doer("1023"))
    assert refused(lambda: cases.desk.take(case_id, cases.seats["1024"], cases.doer("1024"))) == "已由1023王芳接办。"
    # Pressed twice.
    assert cases.desk.take(case_id, cases.seats["1023"], cases.doer("1023")).owner_id == cases.seats["1023"]
    assert cases.events(case_id) == ["opened", "taken"]


def test_of_two_at_the_same_moment_one_owns_the_case(cases: CaseScene) -> None:
    case_ids = [cases.opens() for _ in range(5)]
    outcomes: list[tuple[int, str]] = []
    start = threading.Barrier(2)

    def take(number: str) -> None:
        for case_id in case_ids:
            start.wait(5)
            try:
                cases.desk.take(case_id, cases.seats[number], cases.doer(number))
                outcomes.append((case_id, number))
            except CaseRefused as error:
                outcomes.append((case_id, error.sentence))

    threads = [threading.Thread(target=take, args=(number,)) for number in ("1023", "1024")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for case_id in case_ids:
        (owner,) = cases.rows("SELECT number, name FROM agent WHERE id = %s", cases.case(case_id).owner_id)
        told = sorted(word for one, word in outcomes if one == case_id)
        assert told == sorted([owner[0], f"已由{owner[0]}{owner[1]}接办。"])
        assert cases.events(case_id) == ["opened", "taken"]


def test_a_seat_of_another_centre_has_no_case_of_this_one(cases: CaseScene) -> None:
    case_id = cases.opens()
    take = lambda: cases.desk.take(case_id, cases.seats["2023"], cases.doer("2023"))  # noqa: E731
    assert "不在这一条所属的中心" in refused(take, CaseNotYours)
    assert refused(lambda: cases.desk.take(77, cases.seats["1023"], cases.doer("1023")), NoSuchCase) == "没有这一条。"


def test_only_who_has_a_case_goes_on_with_it(cases: CaseScene) -> None:
    desk, other = cases.desk, cases.doer("1024")
    case_id = cases.taken("1023", kind="complaint")
    for deed in (
        lambda: desk.release(case_id, other),
        lambda: desk.assign(case_id, cases.seats["1024"], other),
        lambda: desk.transfer(case_id, WUHU, "", other, "芜湖的事"),
        lambda: desk.decide(case_id, "accepted", "", other),
        lambda: desk.close(case_id, "withdrawn", "", other),
    ):
        assert refused(deed, CaseNotYours) == "这一条由1023王芳在办，不能替办。"
    assert cases.events(case_id) == ["opened", "taken"]
    nobodys = cases.opens()
    assert refused(lambda: desk.close(nobodys, "withdrawn", "", other)) == "还没有人接办，请先接办。"


def test_a_supervisor_gives_a_case_to_somebody_and_takes_it_back(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.desk.assign(case_id, cases.seats["1023"], cases.supervisor)
    cases.desk.assign(case_id, cases.seats["1024"], cases.supervisor)
    assert cases.case(case_id).owner_id == cases.seats["1024"]
    cases.desk.release(case_id, cases.supervisor)
    cases.desk.release(case_id, cases.supervisor)
    assert (cases.case(case_id).status, cases.case(case_id).owner_id) == ("open", None)
    assert cases.events(case_id) == ["opened", "assigned", "assigned", "released"]
    assert cases.history(case_id)[2].note == "交给1024李强"


def test_a_deputy_does_what_the_owner_may_while_it_lasts(cases: CaseScene) -> None:
    case_id, other = cases.taken("1023", kind="complaint"), cases.doer("1024")
    cases.desk.set_deputy(cases.seats["1023"], cases.seats["1024"], cases.at + timedelta(days=1), cases.doer("1023"))
    with cases.services.database.pool.connection() as connection:
        mine = stands_for(connection, cases.seats["1024"], cases.at)
        assert mine == [cases.seats["1024"], cases.seats["1023"]]
    cases.desk.decide(case_id, "refused", "不属于人社部门", other)
    cases.passes(days=1)
    assert "1023王芳在办" in refused(lambda: cases.desk.release(case_id, other), CaseNotYours)
    cases.desk.set_deputy(cases.seats["1023"], cases.seats["1024"], None, cases.supervisor)
    cases.desk.release(case_id, other)
    assert cases.desk.end_deputy(cases.seats["1023"], cases.supervisor)
    assert not cases.desk.end_deputy(cases.seats["1023"], cases.supervisor)


def test_a_deputy_is_a_colleague_chosen_by_oneself_or_a_supervisor(cases: CaseScene) -> None:
    mine, other, wuhus = cases.seats["1023"], cases.seats["1024"], cases.seats["2023"]
    set_deputy = cases.desk.set_deputy
    assert "本人或值班长" in refused(lambda: set_deputy(mine, other, None, cases.doer("1024")), CaseNotYours)
    assert "中心" in refused(lambda: set_deputy(mine, wuhus, None, cases.doer("1023")), CaseNotYours)
    assert "另一位" in refused(lambda: set_deputy(mine, mine, None, cases.doer("1023")), CaseWords)
    assert "晚于现在" in refused(lambda: set_deputy(mine, other, cases.at, cases.doer("1023")), CaseWords)


# handed on


def test_a_case_that_is_handed_on_keeps_the_callers_date_and_gets_one_to_be_taken_by(cases: CaseScene) -> None:
    case_id = cases.taken()
    before = cases.case(case_id)
    cases.desk.transfer(case_id, WUHU, "pension", cases.doer("1023"), "参保地在芜湖")
    case = cases.case(case_id)
    assert (case.status, case.owner_id, case.centre, case.first_centre, case.desk) == (
        "open", None, WUHU, HEFEI, "pension",
    )  # fmt: skip
    assert case.due_at == before.due_at
    assert case.desk_due_at == datetime(2026, 3, 11, 17, 30, tzinfo=SHANGHAI)
    cases.desk.take(case_id, cases.seats["2023"], cases.doer("2023"))
    assert cases.case(case_id).desk_due_at is None
    assert cases.events(case_id) == ["opened", "taken", "transferred", "taken"]


def test_a_case_is_handed_on_with_a_reason_and_to_somewhere_else(cases: CaseScene) -> None:
    case_id, by = cases.taken(), cases.doer("1023")
    assert refused(lambda: cases.desk.transfer(case_id, WUHU, "", by, " "), CaseWords) == "请写明为什么转办。"
    assert "已经在那里" in refused(lambda: cases.desk.transfer(case_id, HEFEI, "", by, "转"))
    assert refused(lambda: cases.desk.transfer(case_id, "349999", "", by, "转"), CaseWords) == "没有这个中心。"


# the clock


def test_only_a_delivered_reply_stops_the_clock(cases: CaseScene) -> None:
    case_id = cases.taken(kind="complaint")
    cases.desk.note(case_id, "已联系窗口", cases.doer("1024"))
    cases.desk.decide(case_id, "accepted", "", cases.doer("1023"))
    assert cases.case(case_id).replied_at is None and cases.case(case_id).is_active
    cases.passes(hours=1)
    cases.answers(case_id)
    case = cases.case(case_id)
    assert (case.status, case.reply_kind, case.replied_at) == ("replied", "call", cases.at)
    assert (case.level, case.look_at, case.breached_at, case.owner_id) == (0, cases.at, None, cases.seats["1023"])
    # Told twice.
    cases.passes(hours=1)
    cases.answers(case_id, "text")
    assert cases.case(case_id).reply_kind == "call" and cases.events(case_id).count("replied") == 1


def test_a_late_reply_stays_late(cases: CaseScene) -> None:
    case_id = cases.taken()
    cases.passes(days=6)
    cases.answers(case_id)
    case = cases.case(case_id)
    assert (case.status, case.breached_at, case.is_overdue) == ("replied", case.due_at, True)
    cases.desk.clear(case_id, "线路中断一天", cases.supervisor)
    assert not cases.case(case_id).is_overdue and cases.case(case_id).breached_at == case.due_at
    assert refused(lambda: cases.desk.clear(case_id, "再来", cases.supervisor)) == "这一条不在超期名单里。"


def test_an_anonymous_report_is_answered_by_its_decision(cases: CaseScene) -> None:
    secret = cases.taken(kind="report", is_anonymous=True, **NOBODY)
    cases.desk.decide(secret, "accepted", "已转监察大队", cases.doer("1023"))
    assert (cases.case(secret).status, cases.case(secret).reply_kind) == ("replied", "decision")
    named = cases.taken(kind="report")
    cases.desk.decide(named, "accepted", "", cases.doer("1023"))
    assert cases.case(named).status == "owned"


@pytest.mark.parametrize("kind", ["complaint", "report"])
def test_a_call_before_the_decision_is_written_down_and_stops_no_clock(cases: CaseScene, kind: str) -> None:
    case_id = cases.taken(kind=kind)
    cases.answers(case_id)
    assert (cases.case(case_id).status, cases.case(case_id).replied_at) == ("owned", None)
    last = cases.history(case_id)[-1]
    assert (last.event, last.note) == ("noted", "已经联系上，还没有决定受理不受理，期限照算")


def test_the_callers_own_word_stops_the_clock_of_a_complaint_without_a_decision(cases: CaseScene) -> None:
    case_id = cases.taken(kind="complaint")
    cases.answers(case_id, "caller", "caller")
    assert cases.case(case_id).status == "replied"


def test_a_report_that_is_taken_up_again_is_decided_again(cases: CaseScene) -> None:
    secret, by = cases.taken(kind="report", is_anonymous=True, **NOBODY), cases.doer("1023")
    cases.desk.decide(secret, "refused", "查无此单位", by)
    cases.desk.reopen(secret, cases.supervisor, "单位找到了")
    case, last = cases.case(secret), cases.history(secret)[-1]
    assert (case.decision, case.decided_at, case.decision_reason, case.is_active) == (None, None, None, True)
    assert last.detail is not None and last.detail["decision"] == "refused"
    assert last.detail["decision_reason"] == "查无此单位" and last.detail["decided_at"] == last.detail["replied_at"]
    cases.desk.take(secret, cases.seats["1023"], by)
    cases.desk.decide(secret, "accepted", "", by)
    assert (cases.case(secret).status, cases.case(secret).decision) == ("replied", "accepted")


def test_a_decision_is_made_once_and_refused_with_a_reason(cases: CaseScene) -> None:
    case_id, by = cases.taken(kind="complaint"), cases.doer("1023")
    assert "理由" in refused(lambda: cases.desk.decide(case_id, "refused", " ", by), CaseWords)
    cases.desk.decide(case_id, "refused", "不属于人社部门", by)
    assert refused(lambda: cases.desk.decide(case_id, "accepted", "", by)) == "已经决定不予受理。"
    assert "不用作受理决定" in refused(lambda: cases.desk.decide(cases.taken(), "accepted", "", by), CaseWords)


def test_a_case_is_closed_with_a_reason_that_fits(cases: CaseScene) -> None:
    case_id, by = cases.taken(), cases.doer("1023")
    assert "还没有答复" in refused(lambda: cases.desk.close(case_id, "answered", "", by))
    assert "值班长" in refused(lambda: cases.desk.close(case_id, "unreachable", "", by))
    cases.answers(case_id)
    cases.desk.close(case_id, "answered", "电话里都讲清楚了", by)
    cases.desk.close(case_id, "answered", "", by)
    case = cases.case(case_id)
    assert (case.status, case.closed_by, case.closed_reason) == ("closed", "1023", "已答复办结：电话里都讲清楚了")
    assert cases.events(case_id)[-2:] == ["replied", "closed"]


@pytest.mark.parametrize(("kind", "page"), [("card_freeze", "“挂失”"), ("callback", "“回电”")])
def test_what_has_a_page_of_its_own_is_closed_there(cases: CaseScene, kind: str, page: str) -> None:
    case_id = cases.taken(kind=kind)
    assert page in refused(lambda: cases.desk.close(case_id, "withdrawn", "", cases.supervisor))


def test_a_delivery_that_is_heard_of_after_closing_is_kept(cases: CaseScene) -> None:
    case_id = cases.taken()
    cases.desk.close(case_id, "unreachable", "", cases.supervisor)
    cases.answers(case_id, "text", "system")
    assert (cases.case(case_id).status, cases.case(case_id).reply_kind) == ("closed", "text")


def test_reopening_counts_the_days_anew_and_keeps_a_breach_that_nobody_explained(cases: CaseScene) -> None:
    by, case_id, cleared = cases.doer("1023"), cases.taken(), cases.taken()
    cases.passes(days=6)
    for one in (case_id, cleared):
        cases.answers(one)
    cases.desk.clear(cleared, "人手不够", cases.supervisor)
    assert refused(lambda: cases.desk.reopen(case_id, by, ""), CaseWords) == "请写明为什么重新办理。"
    for one in (case_id, cleared):
        cases.desk.reopen(one, by, "答复有误")
    case = cases.case(case_id)
    assert (case.status, case.owner_id, case.replied_at, case.reopened) == ("open", None, None, 1)
    assert cases.due(case_id) == "2026-03-19 17:30"
    assert case.is_overdue and not cases.case(cleared).is_overdue
    assert cases.case(cleared).breached_at is None
    assert "不用重新办理" in refused(lambda: cases.desk.reopen(case_id, cases.supervisor, "再来"))


def test_supervising_and_urging_are_in_the_history(cases: CaseScene) -> None:
    case_id = cases.taken()
    for on in (True, True, False):
        cases.desk.supervise(case_id, on, Doer("xinxi", is_supervisor=True), "省厅关注")
    cases.desk.urge(case_id, cases.supervisor, "请今天答复")
    assert cases.events(case_id)[2:] == ["supervised", "unsupervised", "urged"]
    assert (cases.case(case_id).urges, cases.case(case_id).supervised_at) == (1, None)


def test_another_subject_than_the_suggested_one_is_kept_for_the_rules(cases: CaseScene) -> None:
    case_id = cases.opens(
        subject="card-apply", subject_by="words", suggested_subject="card-apply", suggested_because="补卡"
    )
    cases.desk.set_subject(case_id, "pension-pay", cases.doer("1023"))
    cases.desk.set_subject(case_id, "pension-pay", cases.doer("1023"))
    assert (cases.case(case_id).subject, cases.case(case_id).subject_by) == ("pension-pay", "staff")
    assert cases.rows("SELECT case_id, by, suggested, because, chosen FROM subject_correction") == [
        (case_id, "1023", "card-apply", "补卡", "pension-pay")
    ]


def test_a_corrected_transcript_keeps_who_and_when(cases: CaseScene) -> None:
    case_id = cases.opens()
    message = cases.message(case_id)
    cases.rows_of(
        "INSERT INTO message_recording (recording_sid, message_id, call_sid, status, started_at) "
        "VALUES ('RE1', %s, 'CA1', 'home', now())",
        message,
    )
    assert "还没有转写" in refused(lambda: cases.desk.correct("RE1", "我要补卡", cases.doer("1023")))
    cases.rows_of(
        "INSERT INTO transcript (recording_sid, status, made_at, said) VALUES ('RE1', 'done', now(), '我要不卡')"
    )
    cases.desk.correct("RE1", "我要补卡", cases.doer("1023"))
    assert cases.rows("SELECT said, corrected_text, corrected_by, corrected_at FROM transcript") == [
        ("我要不卡", "我要补卡", "1023", cases.at)
    ]
    assert cases.events(case_id) == ["opened", "corrected"]
    assert refused(lambda: cases.desk.correct("RE2", "没有", cases.doer("1023")), NoSuchCase) == "没有这段录音。"


def test_numbers_of_persons_are_not_written_down(cases: CaseScene) -> None:
    case_id = cases.opens()
    cases.desk.note(case_id, "身份证 340103198503089983，电话 13855112345", cases.doer("1023"))
    assert cases.history(case_id)[-1].note == "身份证 [id]，电话 *******2345"


# one matter, or two


def test_merged_cases_are_one_with_the_earlier_date_and_all_that_was_said(cases: CaseScene) -> None:
    first = cases.opens()
    early = cases.message(first)
    cases.passes(days=1)
    second = cases.taken()
    late = cases.message(second)
    cases.desk.merge(first, second, cases.doer("1023"))
    assert cases.due(second) == "2026-03-13 17:30"
    assert (cases.case(first).status, cases.case(first).merged_into) == ("merged", second)
    with cases.services.database.pool.connection() as connection:
        assert joined_ids(connection, second) == [first, second]
    assert set(cases.events(second)) == {"opened", "taken", "merged"}
    assert refused(lambda: cases.desk.take(first, cases.seats["1023"], cases.doer("1023"))) == (
        f"这一条已并入{second}，请到那一条去办。"
    )
    # What is delivered to the one is delivered to the other.
    cases.answers(first)
    assert cases.case(second).status == "replied"
    assert cases.rows("SELECT id, case_id FROM message ORDER BY id") == [(early, first), (late, second)]


def test_two_callers_are_not_merged_but_by_a_supervisor(cases: CaseScene) -> None:
    first, second = cases.taken(), cases.taken(**LI_QIANG)
    assert "另一位会没人答复" in refused(lambda: cases.desk.merge(first, second, cases.doer("1023")), CaseNotYours)
    cases.desk.merge(first, second, cases.supervisor)
    secret, report = cases.taken(kind="report", is_anonymous=True, **NOBODY), cases.taken(kind="report")
    assert "另一位会没人答复" in refused(lambda: cases.desk.merge(secret, report, cases.supervisor), CaseNotYours)


@pytest.mark.parametrize(
    ("kind", "target", "is_allowed"),
    [
        ("message", "message", True),
        ("report", "report", True),
        ("report", "message", False),
        ("message", "report", False),
        ("complaint", "message", False),
        ("low_rating", "message", False),
        ("callback", "message", True),
        ("message", "callback", False),
    ],
)
def test_only_one_kind_is_merged_so_that_nothing_is_read_or_ended_by_others(
    cases: CaseScene, kind: str, target: str, is_allowed: bool
) -> None:
    one, other = cases.taken(kind=kind), cases.taken(kind=target)
    if is_allowed:
        cases.desk.merge(one, other, cases.doer("1023"))
        assert cases.case(one).merged_into == other
    else:
        assert "同一种" in refused(lambda: cases.desk.merge(one, other, cases.doer("1023")))


@pytest.mark.parametrize("kind", ["report", "low_rating"])
def test_what_was_added_to_something_confidential_stays_so_when_it_is_split(cases: CaseScene, kind: str) -> None:
    case_id = cases.taken(kind=kind)
    cases.message(case_id)
    new = cases.desk.split(case_id, cases.message(case_id), cases.doer("1023"))
    assert cases.case(new).kind == kind


def test_what_waits_is_not_merged_into_what_was_answered(cases: CaseScene) -> None:
    waits, answered = cases.taken(), cases.taken()
    cases.answers(answered)
    assert "反过来并" in refused(lambda: cases.desk.merge(waits, answered, cases.doer("1023")))
    cases.desk.merge(answered, waits, cases.doer("1023"))
    assert cases.case(waits).is_active


def test_a_breach_moves_to_the_case_that_goes_on(cases: CaseScene) -> None:
    late = cases.taken()
    cases.passes(days=7)
    cases.sweeper.sweep()
    target = cases.taken()
    cases.desk.merge(late, target, cases.doer("1023"))
    assert cases.case(target).is_overdue and not cases.case(late).is_overdue
    assert cases.case(target).due_at == cases.case(late).due_at


def test_a_message_that_is_another_matter_becomes_a_case_of_its_own(cases: CaseScene) -> None:
    case_id, by = cases.taken(), cases.doer("1023")
    only = cases.message(case_id)
    assert "只有这一段留言" in refused(lambda: cases.desk.split(case_id, only, by))
    cases.passes(days=1)
    complaint = cases.message(case_id, kind="complaint")
    other = cases.message(case_id)
    cases.passes(days=1)
    apart = cases.desk.split(case_id, complaint, by)
    assert (cases.case(apart).kind, cases.due(apart)) == ("complaint", "2026-03-18 17:30")
    new = cases.desk.split(case_id, other, by)
    assert (cases.case(new).kind, cases.due(new), cases.case(new).number_tail) == (
        "message", "2026-03-16 17:30", "2345",
    )  # fmt: skip
    assert cases.rows("SELECT case_id FROM message WHERE id = %s", other) == [(new,)]
    # Together again after all, and apart once more.
    cases.desk.merge(new, case_id, by)
    again = cases.desk.split(case_id, other, by)
    assert again not in (case_id, new) and cases.rows("SELECT case_id FROM message WHERE id = %s", other) == [(again,)]


def test_two_that_merge_each_other_at_once_do_not_lock_each_other_out(cases: CaseScene) -> None:
    one, two = cases.taken(), cases.taken()
    start, outcomes = threading.Barrier(2), []

    def merge(case_id: int, into: int) -> None:
        start.wait(5)
        try:
            cases.desk.merge(case_id, into, cases.supervisor)
            outcomes.append("merged")
        except CaseRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=merge, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["merged", "refused"]


# anything in any order


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_done_in_whatever_order_a_case_is_in_one_state_and_has_a_date(cases: CaseScene, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    ids = [cases.opens(kind=kind) for kind in ("message", "complaint", "report", "message")]
    for case_id in ids[:2]:
        cases.message(case_id)
        cases.message(case_id)
    delivered: set[int] = set()
    for _ in range(120):
        case_id, before = chance.choice(ids), {one: cases.case(one).replied_at for one in ids}
        name = chance.choice(sorted(_deeds(cases, chance, case_id, ids)))
        try:
            _deeds(cases, chance, case_id, ids)[name]()
        except HotlineError as error:
            assert error.sentence
        if name in ("deliver", "answered"):
            delivered |= {one for one in ids if cases.case(one).replied_at and not before[one]}
        cases.passes(hours=chance.choice((0, 1, 5, 30)))
        cases.sweeper.sweep()
        _check(cases, ids, before, name)
    assert delivered


def _deeds(cases: CaseScene, chance: random.Random, case_id: int, ids: list[int]) -> dict[str, Callable[[], object]]:
    number = chance.choice(["1023", "1024", "2023"])
    by = chance.choice([cases.doer(number), cases.supervisor])
    desk, line, seat = cases.desk, cases.line, cases.seats[number]

    def split() -> None:
        messages = cases.rows("SELECT id FROM message WHERE case_id = %s", case_id)
        ids.append(desk.split(case_id, messages[0][0] if messages else 0, by))

    return {
        "take": lambda: desk.take(case_id, seat, by),
        "assign": lambda: desk.assign(case_id, seat, by),
        "release": lambda: desk.release(case_id, by),
        "transfer": lambda: desk.transfer(case_id, chance.choice([HEFEI, WUHU, PROVINCE]), "", by, "转"),
        "note": lambda: desk.note(case_id, "记", by),
        "decide": lambda: desk.decide(case_id, chance.choice(["accepted", "refused"]), "因为", by),
        "deliver": lambda: cases.answers(case_id),
        "answered": lambda: line.answered(case_id, "CA1"),
        "urge": lambda: line.urge(case_id, "CA1"),
        "rate": lambda: line.rate(case_id, chance.randint(0, 6)),
        "close": lambda: desk.close(
            case_id, chance.choice(["answered", "withdrawn", "duplicate", "other"]), "因为", by
        ),
        "reopen": lambda: desk.reopen(case_id, by, "再办"),
        "ask_again": lambda: line.reopen(case_id, "CA1"),
        "supervise": lambda: desk.supervise(case_id, chance.random() < 0.5, by),
        "clear": lambda: desk.clear(case_id, "说明", by),
        "merge": lambda: desk.merge(case_id, chance.choice(ids), by),
        "split": split,
    }


def _check(cases: CaseScene, ids: list[int], before: dict[int, datetime | None], name: str) -> None:
    for case_id in ids:
        case, history = cases.case(case_id), [one for one in cases.history(case_id) if one.case_id == case_id]
        assert case.status in STATUSES and case.due_at is not None
        assert (case.status == "owned") <= (case.owner_id is not None) and (case.status == "open") <= (
            not case.owner_id
        )
        assert {one.event for one in history} <= EVENTS_ZH.keys() and history[0].event == "opened"
        assert case.is_active <= (case.replied_at is None)
        # Looked at again unless everybody knows: it waits for its explanation, or was explained.
        assert case.is_active <= (case.look_at is not None or case.level == 5 or case.breached_at is not None)
        if case.replied_at is not None and before.get(case_id) is None:
            assert name in ("deliver", "answered", "decide")
        replies = [one.event for one in history if one.event in ("replied", "reopened")]
        if case.replied_at is not None:
            assert replies[-1] == "replied"
        assert case.reopened == replies.count("reopened")
        if case.status == "merged":
            assert case.merged_into in ids and case.look_at is None

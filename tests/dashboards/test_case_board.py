"""The supervisors' page of cases: what is counted how, which lists have what, and who stands in for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from dashboards.console.case_figures import OnTime, total
from dashboards.console.deputies_api import NO_SUCH_SEAT, NOT_THEIRS, OTHER_CENTRE, SAME_PERSON, WRONG_DAY
from integrations.work_calendar import in_shanghai
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, Console, ConsoleApp
from tests.dashboards.message_app import HEFEI, WUHU, case, reply
from voicemail.work_order import CLOSE_REASONS_ZH, SOURCE_CLEARED

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def board(visitor: Console, centre: str = "") -> dict[str, Any]:
    response = visitor.client.get("/console/cases/board/data", query_string={"centre": centre} if centre else {})
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def ids(found: dict[str, Any], name: str) -> list[int]:
    return [row["id"] for row in found["lists"][name]["rows"]]


def due_ago(app: ConsoleApp, ago: timedelta = DAY, **values: Any) -> int:
    """A case whose date has passed."""
    return case(app, due_at=app.clock() - ago, **values)


def closed(app: ConsoleApp, reason: str, ago: timedelta = DAY, **values: Any) -> int:
    at = app.clock() - ago - HOUR
    ended = {"status": "closed", "closed_at": at, "closed_by": "hefei", "closed_reason": CLOSE_REASONS_ZH[reason]}
    return due_ago(app, ago, **ended | values)


def replied(app: ConsoleApp, late: timedelta, ago: timedelta = DAY, **values: Any) -> int:
    """Answered so much after its date, or before it."""
    return due_ago(app, ago, status="replied", replied_at=app.clock() - ago + late, reply_kind="call", **values)


def breached(app: ConsoleApp, **values: Any) -> dict[str, Any]:
    return {"breached_at": app.clock() - HOUR, **values}


def happened(app: ConsoleApp, case_id: int, event: str, **detail: Any) -> None:
    app.write(
        "INSERT INTO case_event (case_id, at, actor, event, detail) VALUES (%s, %s, 'system', %s, %s)",
        *(case_id, app.clock(), event, Jsonb(detail)),
    )


def failed(app: ConsoleApp, case_id: int, following: str) -> None:
    """A try was in vain, and the rules said what comes next."""
    happened(app, case_id, "reply_failed", next=following)


# the on-time rate


def test_a_rate_of_nothing_is_no_figure() -> None:
    assert OnTime().rate is None and total([]) == OnTime()
    assert total([OnTime(2, 1), OnTime(2, 2)]).rate == 0.75 and OnTime(3, 1).late == 2


def test_every_case_that_was_due_counts_once_in_time_or_late(console: ConsoleApp) -> None:
    replied(console, -HOUR)
    replied(console, timedelta(0))
    replied(console, HOUR)
    due_ago(console)
    due_ago(console, status="owned", owner_id=console.seat(HEFEI01))
    due_ago(console, due_is_provisional=True)
    # Answered and closed since.
    closed(console, "answered", replied_at=console.clock() - DAY - HOUR, reply_kind="text")
    # Closed without an answer: the promise was not kept.
    closed(console, "withdrawn")
    closed(console, "unreachable")
    found = board(console.at("hefei"))
    assert found["all"]["week"] == {"due": 9, "in_time": 3, "late": 6, "rate": 3 / 9}


def test_what_was_no_question_counts_nowhere(console: ConsoleApp) -> None:
    target = due_ago(console)
    at = console.clock() - DAY - HOUR
    due_ago(console, status="merged", merged_into=target, closed_at=at, closed_reason="并案")
    closed(console, "not_a_message")
    closed(console, "duplicate", closed_reason="重复：昨天那条")
    case(console)
    # Nobody asked about these, but somebody answered.
    closed(console, "duplicate", replied_at=at, reply_kind="call")
    assert board(console.at("hefei"))["all"]["month"] == {"due": 2, "in_time": 1, "late": 1, "rate": 0.5}


def test_what_has_a_page_of_its_own_is_in_time_when_it_was_cleared_there(console: ConsoleApp) -> None:
    closed(console, SOURCE_CLEARED, kind="card_freeze")
    closed(console, SOURCE_CLEARED, kind="callback", closed_at=console.clock())
    assert board(console.at("hefei"))["all"]["week"]["in_time"] == 1


def test_the_days_are_those_of_shanghai_and_of_the_due_date(console: ConsoleApp) -> None:
    today = in_shanghai(console.clock()).date()
    replied(console, -HOUR, ago=HOUR)
    replied(console, HOUR, ago=3 * HOUR)
    # 00:10 on the Shanghai clock, still yesterday by UTC.
    since_midnight = console.clock() - in_shanghai(console.clock()).replace(hour=0, minute=10)
    due_ago(console, since_midnight)
    replied(console, -HOUR, ago=since_midnight + timedelta(minutes=20))
    for days in (6, 7, 29, 30):
        replied(console, -HOUR, ago=days * DAY)
    found = board(console.at("hefei"))
    assert (found["all"]["week"]["due"], found["all"]["month"]["due"]) == (5, 7)
    days = {day["day"]: (day["due"], day["in_time"], day["late"]) for day in found["days"]}
    assert len(days) == 30 and list(days)[-1] == today.isoformat()
    assert days[today.isoformat()] == (3, 1, 2) and days[(today - DAY).isoformat()] == (1, 1, 0)
    assert days[(today - 2 * DAY).isoformat()] == (0, 0, 0)


def test_nothing_due_gives_no_rate(console: ConsoleApp) -> None:
    case(console)
    found = board(console.at("hefei"))
    assert found["all"]["week"] == {"due": 0, "in_time": 0, "late": 0, "rate": None}


# counts and lists


def test_every_open_case_is_in_one_list_by_who_has_it(console: ConsoleApp) -> None:
    now, seat = console.clock(), console.seat(HEFEI01)
    free = case(console)
    handed = case(console, desk_due_at=now + DAY)
    case(console, status="owned", owner_id=seat)
    today = case(console, status="owned", owner_id=seat, due_at=now + HOUR)
    case(console, status="replied", replied_at=now, reply_kind="call", due_at=now + HOUR)
    found = board(console.at("hefei"))
    counts = {name: found["all"][name] for name in ("active", "owned", "unowned", "handed", "due_today", "overdue")}
    assert counts == {"active": 4, "owned": 2, "unowned": 1, "handed": 1, "due_today": 1, "overdue": 0}
    assert (ids(found, "unowned"), ids(found, "handed"), ids(found, "due_today")) == ([free], [handed], [today])
    assert found["lists"]["due_today"]["rows"][0]["owner"] == "1001赵磊"


def test_an_overdue_case_stays_listed_until_somebody_says_why(console: ConsoleApp) -> None:
    now = console.clock()
    # Nobody has looked since it was due, and there is nothing to clear yet.
    unseen = due_ago(console, HOUR)
    late = due_ago(console, 2 * DAY, **breached(console))
    answered = replied(console, HOUR, 3 * DAY, **breached(console))
    explained = {"cleared_at": now, "cleared_by": "hefei", "cleared_reason": "在等税务回复"}
    cleared = due_ago(console, 4 * DAY, **breached(console), **explained)
    replied(console, HOUR, 5 * DAY, **breached(console), **explained)
    found = board(console.at("hefei"))
    assert ids(found, "overdue") == [answered, late, unseen, cleared]
    assert [row["may_clear"] for row in found["lists"]["overdue"]["rows"]] == [True, True, False, False]
    assert (found["all"]["overdue"], found["all"]["to_clear"], found["lists"]["overdue"]["total"]) == (3, 2, 4)
    shown = found["lists"]["overdue"]["rows"][-1]
    assert (shown["cleared_by"], shown["cleared_reason"]) == ("刘洋", "在等税务回复")


def test_a_case_that_no_call_and_no_text_reached_waits_for_a_decision(console: ConsoleApp) -> None:
    again, stuck, later, answered, reopened, closed_since = (case(console) for _ in range(6))
    for one in (again, stuck, later, answered, reopened, closed_since):
        # Where no text can go out, three calls are enough; by what was tried alone nobody could tell.
        reply(console, one, "no_answer")
        failed(console, one, "again" if one == again else "supervisor")
    failed(console, later, "again")
    happened(console, answered, "replied")
    happened(console, reopened, "reopened")
    happened(console, stuck, "urged")
    console.write(
        "UPDATE work_order SET status = 'closed', closed_at = now(), closed_reason = '重复' WHERE id = %s", closed_since
    )
    found = board(console.at("hefei"))
    assert ids(found, "to_decide") == [stuck] and found["all"]["to_decide"] == 1
    centres = {row["code"]: row["to_decide"] for row in board(console.at("xinxi"))["centres"]}
    assert centres[HEFEI] == 1 and centres[WUHU] == 0


def test_what_was_told_to_the_province_is_counted_until_somebody_says_why(console: ConsoleApp) -> None:
    told = due_ago(console, 3 * DAY, level=5, **breached(console))
    explained = {"cleared_at": console.clock(), "cleared_by": "hefei", "cleared_reason": "在等税务回复"}
    due_ago(console, 3 * DAY, level=5, **breached(console), **explained)
    due_ago(console, DAY, level=4, **breached(console))
    for username in ("hefei", "xinxi"):
        found = board(console.at(username))
        assert found["all"]["with_province"] == 1
        assert [row["id"] for row in found["lists"]["overdue"]["rows"] if row["is_with_province"]] == [told]
    assert "已报省厅" in console.at("hefei").page("/cases/board")


def test_each_person_has_their_own_figures(console: ConsoleApp) -> None:
    mine = {"status": "owned", "owner_id": console.seat(HEFEI01)}
    case(console, **mine)
    due_ago(console, **mine)
    case(console, due_at=console.clock() + HOUR, **mine)
    replied(console, -HOUR, ago=20 * DAY, owner_id=console.seat(HEFEI01))
    people = {row["id"]: row for row in board(console.at("hefei"))["people"]}
    row = people[console.seat(HEFEI01)]
    assert (row["owned"], row["due_today"], row["overdue"]) == (3, 1, 1)
    assert row["month"] == {"due": 2, "in_time": 1, "late": 1, "rate": 0.5} and row["deputy"] is None
    assert people[console.seat(HEFEI02)]["month"]["rate"] is None


def test_the_province_sees_all_centres_the_worst_first(console: ConsoleApp) -> None:
    due_ago(console, centre=WUHU)
    due_ago(console, centre=WUHU)
    replied(console, -HOUR)
    found = board(console.at("xinxi"))
    assert [row["code"] for row in found["centres"][:2]] == [WUHU, "340000"] and len(found["centres"]) == 17
    assert found["centres"][0]["name"] == "芜湖" and found["centres"][0]["week"]["rate"] == 0.0
    assert found["all"]["overdue"] == 2 and found["all"]["week"]["rate"] == 1 / 3 and found["people"] == []
    one = board(console.at("xinxi"), HEFEI)
    assert one["centres"] == [] and one["all"]["overdue"] == 0 and len(one["people"]) == 2


def test_supervisors_see_their_own_centre_and_consultants_nothing(console: ConsoleApp) -> None:
    due_ago(console, centre=WUHU)
    supervisor = console.at("hefei")
    assert board(supervisor)["all"]["overdue"] == 0
    assert supervisor.client.get(f"/console/cases/board/data?centre={WUHU}").status_code == 403
    consultant = console.at(HEFEI01)
    assert consultant.client.get("/console/cases/board/data").status_code == 403
    assert consultant.client.get("/cases/board").status_code == 403
    assert "/cases/board" not in consultant.page("/cases")
    page = supervisor.page("/cases/board")
    assert "按时办结率＝" in page and page.count('aria-current="page"') == 1


def test_who_runs_the_machines_sees_no_reports_and_so_not_this_page(console: ConsoleApp) -> None:
    case(console, kind="report")
    administrator = console.at("guanli")
    for path in ("/cases/board", "/console/cases/board/data", f"/console/cases/board/data?centre={HEFEI}"):
        assert administrator.client.get(path).status_code == 403
    assert "/cases/board" not in administrator.page("/status") and "/cases/board" in console.at("xinxi").page("/status")
    body = {"agent_id": console.seat(HEFEI01), "deputy_id": console.seat(HEFEI02)}
    assert administrator.act("deputies", body).status_code == 403
    assert administrator.act(f"deputies/{body['agent_id']}/end").status_code == 403


# deputies


def test_a_deputy_is_set_until_a_day_and_ended(console: ConsoleApp) -> None:
    agent, deputy = console.seat(HEFEI01), console.seat(HEFEI02)
    supervisor = console.at("hefei")
    today = in_shanghai(console.clock()).date()
    body = {"agent_id": agent, "deputy_id": deputy, "until": (today + DAY).isoformat()}
    assert supervisor.act("deputies", body).status_code == 200
    shown = {row["id"]: row["deputy"] for row in board(supervisor)["people"]}
    assert shown[agent] == {"id": deputy, "name": "1002吴涛", "until": f"{today + DAY}T16:00:00+00:00"}
    console.clock.forward(days=2)
    supervisor = console.at("hefei")
    assert {row["id"]: row["deputy"] for row in board(supervisor)["people"]}[agent] is None
    assert supervisor.act("deputies", {**body, "until": ""}).status_code == 200
    assert supervisor.act(f"deputies/{agent}/end").status_code == 200
    entry = ("hefei", HEFEI, f"deputy of seat {agent}")
    assert console.audit("deputy_set") == [entry, entry] and console.audit("deputy_ended") == [entry]
    assert {row["id"]: row["deputy"] for row in board(supervisor)["people"]}[agent] is None


def test_a_deputy_has_to_make_sense(console: ConsoleApp) -> None:
    agent, deputy, stranger = (console.seat(name) for name in (HEFEI01, HEFEI02, WUHU01))
    supervisor = console.at("hefei")
    answers: list[tuple[dict[str, Any], int, str]] = [
        ({"agent_id": agent, "deputy_id": agent}, 422, SAME_PERSON),
        ({"agent_id": agent, "deputy_id": stranger}, 403, NOT_THEIRS),
        ({"agent_id": agent, "deputy_id": 99999}, 404, NO_SUCH_SEAT),
        ({"agent_id": agent, "deputy_id": deputy, "until": "2026-11-19"}, 422, WRONG_DAY),
        ({"agent_id": agent, "deputy_id": deputy, "until": "soon"}, 422, WRONG_DAY),
    ]
    for body, status, sentence in answers:
        response = supervisor.act("deputies", body)
        assert (response.status_code, response.get_json()["error"]) == (status, sentence)
    abroad = console.at("xinxi").act("deputies", {"agent_id": agent, "deputy_id": stranger})
    assert (abroad.status_code, abroad.get_json()["error"]) == (422, OTHER_CENTRE)
    assert console.at(HEFEI01).act("deputies", {"agent_id": deputy, "deputy_id": agent}).status_code == 403
    assert supervisor.act("deputies", {"agent_id": "1", "deputy_id": True}).status_code == 422

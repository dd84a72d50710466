"""The page of freezes: what is on it for whom, and what may be done about it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from dashboards.console.freeze_deeds import HAS_ENDED, NOT_ENDED, NOT_URGENT, REMINDED_ALREADY
from dashboards.console.look_up_words import MOST_ORAL
from integrations.work_calendar import in_shanghai
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, Console, ConsoleApp
from tests.dashboards.freeze_app import do, ends_on, enter, offered, urgent
from tests.dashboards.look_up_app import ask, hefei_talk, prove, somebody
from tests.integrations.sandbox_process import SandboxProcess


def data(visitor: Console, **query: object) -> dict:
    response = visitor.client.get("/console/freezes/data", query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def ids(rows: list[dict]) -> list[int]:
    return [row["id"] for row in rows]


# what is shown


def test_urgent_ones_come_by_when_they_are_due(console: ConsoleApp) -> None:
    late, soon, ended = (
        urgent(console, minutes=-5), urgent(console, minutes=20), urgent(console, "done", minutes=5)
    )  # fmt: skip
    enter(console, "done")
    found = data(console.at(HEFEI01))
    assert ids(found["urgent"]) == [late, ended, soon]
    assert found["badge"] == {"urgent": 3, "overdue": 1}
    may = [(row["may"]["look"], row["may"]["clear"]) for row in found["urgent"]]
    assert may == [(True, False), (False, True), (True, False)]


def test_a_row_says_what_it_is_and_no_number(console: ConsoleApp) -> None:
    enter(console, "done", door="console", asked_by=HEFEI01, receipt="LS0007", number_tail="7391", card_tail="4019")
    (row,) = data(console.at(HEFEI01))["recent"]
    name = console.rows("SELECT name FROM staff_user WHERE username = %s", HEFEI01)[0][0]
    shown = {row[key] for key in ("card", "action_zh", "door_zh", "who", "status_zh", "receipt", "bank")}
    assert shown == {"尾号4019", "挂失", "工作台", name, "办成", "LS0007", "徽商银行"}
    assert row["until_zh"].startswith("最早") and "7391" not in str(row)


def test_a_consultant_sees_the_own_centre_and_the_province_all(console: ConsoleApp) -> None:
    hefei, wuhu = urgent(console), urgent(console, centre="340200")
    assert ids(data(console.at(WUHU01))["urgent"]) == [wuhu]
    for username in ("xinxi", "guanli"):
        found = data(console.at(username))
        assert sorted(ids(found["urgent"])) == [hefei, wuhu] and found["badge"]["urgent"] == 2
        assert not any(row["may"]["look"] for row in found["urgent"])
    assert ids(data(console.at("guanli"), centre="340200")["urgent"]) == [wuhu]
    assert console.at(HEFEI01).client.get("/console/freezes/data?centre=340200").status_code == 403


def test_what_ends_today_or_tomorrow_is_listed_until_somebody_was_reminded(console: ConsoleApp) -> None:
    today = in_shanghai(console.clock()).date()
    first = ends_on(console, today)
    second = ends_on(console, today + timedelta(days=1))
    ends_on(console, today + timedelta(days=2))
    ends_on(console, today, centre="340200")
    visitor = console.at("hefei")
    found = data(visitor)
    assert ids(found["expiring"]) == [first, second] and found["can_text"] is False
    assert visitor.act(f"freezes/{first}/reminded").get_json()["said"] == "记下了：已提醒。"
    assert ids(data(visitor)["expiring"]) == [second]
    again = visitor.act(f"freezes/{first}/reminded")
    assert (again.status_code, again.get_json()["error"]) == (409, REMINDED_ALREADY)
    assert console.audit("freeze_reminded") == [("hefei", "340100", f"freeze {first}")]


def test_filters_narrow_the_last_thirty_days_alone(console: ConsoleApp) -> None:
    waits = urgent(console)
    refused = enter(console, "refused", reason="卡已注销")
    released = enter(console, action="release")
    enter(console, asked_at=console.clock() - timedelta(days=31))
    visitor = console.at(HEFEI01)
    assert ids(data(visitor)["recent"]) == [released, refused, waits]
    assert ids(data(visitor, status="refused")["recent"]) == [refused]
    found = data(visitor, action="release")
    assert ids(found["recent"]) == [released] and found["total"] == 1 and ids(found["urgent"]) == [waits]
    assert visitor.client.get("/console/freezes/data?status=nonsense").status_code == 404


def test_the_page_the_badge_and_the_floor_know_of_the_urgent_ones(console: ConsoleApp) -> None:
    urgent(console)
    visitor = console.at("hefei")
    page = visitor.page("/freezes")
    assert 'id="urgent"' in page and re.search(r'href="/freezes"[^>]*aria-current', page)
    assert visitor.client.get("/console/freezes/badge").get_json() == {"urgent": 1, "overdue": 0}
    assert [centre["freezes_urgent"] for centre in visitor.floor()["centres"]] == [1]
    assert console.app.test_client().get("/console/freezes/data").status_code == 401
    assert console.app.test_client().get("/freezes").status_code in (302, 303)


# what is done


def test_it_is_cleared_with_a_reason_once_it_has_ended(console: ConsoleApp) -> None:
    waits, ended = urgent(console), urgent(console, "done")
    visitor = console.at(HEFEI01)
    early = visitor.act(f"freezes/{waits}/clear", {"reason": "told"})
    assert (early.status_code, early.get_json()["error"]) == (409, NOT_ENDED)
    assert visitor.act(f"freezes/{ended}/clear", {"reason": "other", "words": ""}).status_code == 422
    assert visitor.act(f"freezes/{ended}/clear", {"reason": "told", "words": "家属接的"}).status_code == 200
    assert console.rows("SELECT cleared_by, cleared_reason FROM card_freeze WHERE id = %s", ended) == [
        (HEFEI01, "已经把结果告诉来电人：家属接的")
    ]
    again = visitor.act(f"freezes/{ended}/clear", {"reason": "told"})
    assert (again.status_code, again.get_json()["error"]) == (409, NOT_URGENT)
    assert console.audit("freeze_cleared") == [(HEFEI01, "340100", f"freeze {ended}")]
    assert ids(data(visitor)["urgent"]) == [waits]


@pytest.mark.parametrize("deed", ["look", "clear", "reminded"])
def test_only_who_works_at_the_centre_does_something(console: ConsoleApp, deed: str) -> None:
    row = urgent(console, "done", until=in_shanghai(console.clock()).date())
    body = {"reason": "told"}
    assert console.at(WUHU01).act(f"freezes/{row}/{deed}", body).status_code == 403
    assert console.at("guanli").act(f"freezes/{row}/{deed}", body).status_code == 403
    assert console.at(HEFEI01).act(f"freezes/{row}/{deed}", body, token="wrong").status_code == 400
    assert console.at(HEFEI01).act(f"freezes/{row + 1}/{deed}", body).status_code == 404
    assert console.rows("SELECT cleared_at, reminded_at FROM card_freeze") == [(None, None)]
    assert console.audit("freeze_looked", "freeze_cleared", "freeze_reminded") == []


def test_another_look_finds_out_how_the_card_stands(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    sandbox.reset(cards=True)
    prove(app, "CA1", somebody(sandbox, "王娜").id_number)
    visitor, offer = hefei_talk(app)
    card = offered(visitor, offer)
    sandbox.turn("card-hefei", "hang", operation="allDsjk")
    assert do(visitor, offer, card).get_json()["result"] == "unknown"
    ((row,),) = app.rows("SELECT id FROM card_freeze")
    said = visitor.act(f"freezes/{row}/look").get_json()["said"]
    assert "还是没有查清" in said
    app.write("UPDATE card_freeze SET sent_at = %s", app.clock() - timedelta(minutes=3))
    # Whatever the clock of the service says, it is later than when it was sent.
    said = visitor.act(f"freezes/{row}/look").get_json()["said"]
    assert "没有办成" in said and ids(data(visitor)["urgent"]) == [row]
    ended = visitor.act(f"freezes/{row}/look")
    assert (ended.status_code, ended.get_json()["error"]) == (409, HAS_ENDED)
    assert app.audit("freeze_looked") == [(HEFEI01, "340100", f"freeze {row}")] * 2


# typed ID numbers


def test_after_sixty_typed_numbers_in_an_hour_the_next_is_refused(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    number = somebody(sandbox, "王娜").id_number
    visitor, offer = hefei_talk(app)
    app.write(
        "INSERT INTO look_up_audit (at, who, why, centre, system, kind, person_hash) SELECT %s, %s, "
        "'console_pension:enquiry:oral', '340100', 's', 'pension', 'p' FROM generate_series(1, %s)",
        *(app.clock() - timedelta(minutes=30), HEFEI01, MOST_ORAL - 1),
    )
    assert ask(visitor, offer, "card", id_number=number).status_code == 200
    refused = ask(visitor, offer, "card", id_number=number)
    assert refused.status_code == 429 and f"最多{MOST_ORAL}次" in refused.get_json()["error"]
    prove(app, "CA1", number)
    assert ask(visitor, offer, "card").status_code == 200
    app.write("DELETE FROM call_session")
    app.write("UPDATE look_up_audit SET at = at - interval '31 minutes'")
    assert ask(visitor, offer, "card", id_number=number).status_code == 200


def test_the_limit_is_each_users_own(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    number = somebody(sandbox, "王娜").id_number
    visitor, offer = hefei_talk(app)
    app.write(
        "INSERT INTO look_up_audit (at, who, why, centre, system, kind, person_hash) SELECT %s, %s, "
        "'console_pension:enquiry:oral', '340100', 's', 'pension', 'p' FROM generate_series(1, %s)",
        *(app.clock(), HEFEI02, MOST_ORAL),
    )
    assert ask(visitor, offer, "card", id_number=number).status_code == 200

"""What can be done at the desk, by whom, and what is said when it cannot."""

import json
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from dashboards.console.wrap_up import HIDDEN, LONGEST_NOTE, without_secrets
from integrations.database import Database
from integrations.gateway.tokens import check_token
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, Console, ConsoleApp

ACTIONS: dict[str, dict[str, Any]] = {
    "sign-in": {}, "sign-out": {}, "ready": {}, "finish": {}, "heartbeat": {}, "break": {"reason": "meal"},
    "phone-token": {}, "reject": {"offer": "x"}, "hang-up": {"offer": "x"}, "hold": {"offer": "x", "on": True},
    "transfer": {"offer": "x", "centre": "340100", "skill": ""}, "wrap-up": {"offer": "x", "note": "n"},
    "guides/mark": {"guide": "guide/card-apply", "verdict": "wrong"},
}  # fmt: skip
OF_AN_OFFER = ("reject", "hang-up", "hold", "transfer", "wrap-up")
LOOKS = ("desk", "guides?q=", "guides/guide/card-apply")


def sentence(response: TestResponse) -> str:
    answer = response.get_json()
    assert set(answer) >= {"error", "error_id"}
    return str(answer["error"])


def state(response: TestResponse) -> str:
    assert response.status_code == 200, response.get_data(as_text=True)
    answer = response.get_json()
    assert answer["ok"] is True
    return str(answer["desk"]["agent"]["state"])


def test_a_shift_from_sign_in_to_sign_out(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)
    assert state(at.act("sign-in")) == "available"
    assert state(at.act("break", {"reason": "meeting"})) == "break"
    assert at.desk()["agent"]["reason_zh"] == "会议"
    assert state(at.act("ready")) == "available"
    assert state(at.act("sign-out")) == "logged_out"
    assert state(at.act("sign-out")) == "logged_out"


def test_a_break_wished_for_in_a_talk_comes_with_its_end(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    desk = at.act("break", {"reason": "short"}).get_json()["desk"]
    assert (desk["agent"]["state"], desk["agent"]["next_reason"]) == ("on_call", "short")
    assert desk["agent"]["next_reason_zh"] == "小休"
    assert state(at.act("hang-up", {"offer": offer})) == "wrap_up"
    assert state(at.act("finish")) == "break"


def test_a_break_needs_a_reason_of_the_list(console: ConsoleApp) -> None:
    console.on_duty(HEFEI01)
    response = console.at(HEFEI01).act("break", {"reason": "nap"})
    assert response.status_code == 422 and "用餐" in sentence(response)


def test_what_the_state_does_not_allow_is_said_and_changes_nothing(console: ConsoleApp) -> None:
    console.talk()
    at = console.at(HEFEI01)
    response = at.act("sign-out")
    assert response.status_code == 409 and sentence(response)
    assert at.desk()["agent"]["state"] == "on_call"


def test_a_rejected_ring_goes_on_to_the_next(console: ConsoleApp) -> None:
    offer = console.ring(console.on_duty(HEFEI01), console.wait())
    assert state(console.at(HEFEI01).act("reject", {"offer": offer})) == "available"
    assert console.rows("SELECT status FROM queue_entry") == [("waiting",)]


def test_a_transfer_keeps_the_callers_place(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    console.on_duty(WUHU01)
    arrived = console.rows("SELECT arrived_at FROM queue_entry")
    console.clock.forward(seconds=30)
    where = {"offer": offer, "centre": "340200", "skill": "card", "language": "wuhu"}
    assert state(at.act("transfer", where)) == "wrap_up"
    assert console.rows("SELECT centre, skill, language, status FROM queue_entry") == [
        ("340200", "card", "wuhu", "waiting")
    ]
    assert console.rows("SELECT arrived_at FROM queue_entry") == arrived


def test_nobody_is_transferred_to_where_nobody_is(console: ConsoleApp) -> None:
    offer = console.talk()
    response = console.at(HEFEI01).act("transfer", {"offer": offer, "centre": "341800", "skill": ""})
    assert response.status_code == 409 and "没有咨询员" in sentence(response)
    assert console.rows("SELECT status FROM offer") == [("connected",)]


@pytest.mark.parametrize(
    "where", [{"centre": "999999"}, {"centre": "340100", "skill": "love"}, {"centre": "340100", "language": "xx"}]
)
def test_a_transfer_to_nowhere_is_refused(console: ConsoleApp, where: dict[str, str]) -> None:
    offer = console.talk()
    response = console.at(HEFEI01).act("transfer", {"offer": offer, **where})
    assert response.status_code == 422 and sentence(response)
    assert console.rows("SELECT status FROM offer") == [("connected",)]


def test_while_the_carrier_is_away_hold_says_so_and_the_talk_goes_on(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    response = at.act("hold", {"offer": offer, "on": True})
    assert response.status_code == 503 and sentence(response)
    assert at.desk()["offer"]["status"] == "connected" and at.desk()["offer"]["held_since"] is None


def test_a_page_that_lives_says_so(console: ConsoleApp) -> None:
    console.on_duty(HEFEI01)
    console.clock.forward(seconds=60)
    at = console.at(HEFEI01)
    assert at.desk()["agent"]["heartbeat_ok"] is False
    assert at.act("heartbeat").get_json() == {"ok": True}
    assert at.desk()["agent"]["heartbeat_ok"] is True


def test_the_pages_telephone_gets_a_ticket_for_its_seat(console: ConsoleApp) -> None:
    ticket = console.at(HEFEI01).act("phone-token").get_json()
    settings = console.services.settings
    assert check_token(settings.secret_key, ticket["token"], console.clock()) == f"agent-{console.seat(HEFEI01)}"
    assert ticket["url"] == f"{settings.gateway_url}/phone"


# The sheet


def saved(console: ConsoleApp) -> tuple[Any, ...]:
    return tuple(console.rows("SELECT subject, disposition, note FROM wrap_up")[0])


def test_the_sheet_is_saved_as_it_is_typed(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    at.act("wrap-up", {"offer": offer, "note": "问退"})
    assert saved(console) == (None, None, "问退")
    at.act("wrap-up", {"offer": offer, "subject": "pension-retirement", "note": "问退休"})
    desk = at.act("wrap-up", {"offer": offer, "disposition": "answered"}).get_json()["desk"]
    assert saved(console) == ("pension-retirement", "answered", "问退休")
    sheet = desk["wrap_up"]
    assert (sheet["subject"], sheet["disposition"], sheet["note"]) == ("pension-retirement", "answered", "问退休")
    at.act("wrap-up", {"offer": offer, "subject": None})
    assert saved(console) == (None, "answered", "问退休")


def test_a_sheet_can_be_finished_after_the_seat_went_on(console: ConsoleApp) -> None:
    offer, at = console.ended_talk(), console.at(HEFEI01)
    at.act("finish")
    assert at.act("wrap-up", {"offer": offer, "subject": "card-apply"}).status_code == 200
    console.clock.forward(minutes=31)
    late = at.act("wrap-up", {"offer": offer, "subject": "card-loss"})
    assert late.status_code == 409 and "半小时" in sentence(late)
    assert saved(console)[0] == "card-apply"


@pytest.mark.parametrize(
    "sheet", [{"subject": "love"}, {"subject": 7}, {"disposition": "x"}, {"note": "长" * (LONGEST_NOTE + 1)}]
)
def test_a_sheet_with_what_there_is_not_is_refused(console: ConsoleApp, sheet: dict[str, Any]) -> None:
    offer = console.talk()
    response = console.at(HEFEI01).act("wrap-up", {"offer": offer, **sheet})
    assert response.status_code == 422 and sentence(response)
    assert console.rows("SELECT count(*) FROM wrap_up") == [(0,)]


def test_no_talk_no_sheet(console: ConsoleApp) -> None:
    offer = console.ring(console.on_duty(HEFEI01), console.wait())
    assert console.at(HEFEI01).act("wrap-up", {"offer": offer, "note": "x"}).status_code == 409


def test_id_and_card_numbers_are_not_kept_in_notes() -> None:
    note = "身份证340102195801011234，卡6217 0012 3456 7890，回电13855112345，末尾X号34010219580101123X"
    assert without_secrets(note) == f"身份证{HIDDEN}，卡{HIDDEN}，回电13855112345，末尾X号{HIDDEN}"


# Who may do what


@pytest.mark.parametrize("action", ACTIONS)
def test_without_a_session_every_action_says_so_as_json(console: ConsoleApp, action: str) -> None:
    stranger = Console(console.app.test_client())
    response = stranger.client.post(f"/console/{action}", json=ACTIONS[action])
    assert response.status_code == 401 and sentence(response).startswith("登录已过期")
    assert response.get_json()["login"] == "/login"


@pytest.mark.parametrize("look", [*LOOKS, "floor/data", "recordings/x"])
def test_without_a_session_nothing_is_shown(console: ConsoleApp, look: str) -> None:
    assert console.app.test_client().get(f"/console/{look}").status_code == 401


def test_an_expired_session_is_told_before_an_old_token(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    token = at.token()
    console.clock.forward(hours=9)
    response = at.act("hang-up", {"offer": offer}, token)
    assert response.status_code == 401 and "通话不受影响" in sentence(response)
    assert console.rows("SELECT status FROM offer") == [("connected",)]


def test_a_session_ended_elsewhere_is_over_here(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)
    console.write("UPDATE staff_user SET session_epoch = session_epoch + 1 WHERE username = 'hefei01'")
    assert at.act("ready").status_code == 401


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_without_the_pages_token_nothing_is_done(console: ConsoleApp, action: str, token: str) -> None:
    at = console.at(HEFEI01)
    response = at.act(action, ACTIONS[action], token)
    assert response.status_code == 400 and "刷新" in sentence(response)
    assert console.rows("SELECT count(*) FROM agent_shift") == [(0,)]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("username", ["hefei", "xinxi"])
def test_who_has_no_seat_does_nothing_here(console: ConsoleApp, action: str, username: str) -> None:
    response = console.at(username).act(action, ACTIONS[action])
    # A supervisor may have a seat, a provincial user may not.
    expected = 409 if username == "hefei" else 403
    assert response.status_code == expected and sentence(response)


def test_a_consultant_without_a_seat_is_told_whom_to_ask(console: ConsoleApp) -> None:
    console.write("UPDATE staff_user SET agent_id = NULL WHERE username = 'hefei01'")
    at = console.at(HEFEI01)
    response = at.client.get("/console/desk")
    assert response.status_code == 409 and "值班长" in sentence(response)
    page = at.client.get("/console")
    assert page.status_code == 403 and "还没有对应的坐席" in page.get_data(as_text=True)


def test_a_seat_that_was_closed_can_do_nothing(console: ConsoleApp) -> None:
    console.write("UPDATE agent SET is_active = false")
    at = console.at(HEFEI01)
    assert at.act("sign-in").status_code == 409
    assert at.client.get("/console/desk").status_code == 409


@pytest.mark.parametrize("action", OF_AN_OFFER)
@pytest.mark.parametrize("username", [HEFEI02, WUHU01])
def test_somebody_elses_caller_is_left_alone(console: ConsoleApp, action: str, username: str) -> None:
    offer = console.talk(HEFEI01)
    console.on_duty(username)
    response = console.at(username).act(action, {**ACTIONS[action], "offer": offer})
    assert response.status_code == 403 and "不在您的坐席上" in sentence(response)
    assert console.rows("SELECT status, held_since FROM offer") == [("connected", None)]
    assert console.rows("SELECT count(*) FROM wrap_up") == [(0,)]


@pytest.mark.parametrize("action", OF_AN_OFFER)
@pytest.mark.parametrize("offer", ["", "unknown", "x\x00y", "长" * 70, 7, None, ["a"]])
def test_an_offer_that_there_is_not_is_no_error_of_ours(console: ConsoleApp, action: str, offer: Any) -> None:
    console.on_duty(HEFEI01)
    response = console.at(HEFEI01).act(action, {**ACTIONS[action], "offer": offer})
    assert response.status_code in (404, 422) and sentence(response)


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b"\xff"])
@pytest.mark.parametrize("action", ["break", "wrap-up", "hold"])
def test_a_body_that_is_no_object_is_refused_with_a_sentence(console: ConsoleApp, action: str, body: bytes) -> None:
    at = console.at(HEFEI01)
    headers = {"X-CSRF-Token": at.token()}
    response = at.client.post(f"/console/{action}", data=body, content_type="application/json", headers=headers)
    assert response.status_code == 422 and sentence(response)


def test_a_one_time_password_is_changed_first(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)
    console.write("UPDATE staff_user SET must_change_password = true WHERE username = 'hefei01'")
    response = at.client.get("/console/desk")
    assert response.status_code == 403 and "密码" in sentence(response)


def test_an_address_that_there_is_not_and_a_wrong_method_answer_json(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)
    assert at.client.get("/console/guides/guide/none").status_code == 404
    assert sentence(at.client.get("/console/guides/guide/none"))


def test_without_the_database_the_desk_says_that_the_call_goes_on(
    console: ConsoleApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = console.at(HEFEI01)
    token = at.token()
    gone = Database("postgresql+psycopg://postgres@/hotline?host=/no/such/folder")
    monkeypatch.setattr(Database, "pool", property(lambda self: gone._open_pool()))
    response = at.act("ready", token=token)
    assert response.status_code == 503 and "通话不受影响" in sentence(response)


def test_the_pages_are_for_those_who_work_there(console: ConsoleApp) -> None:
    assert console.app.test_client().get("/console").location == "/login?next=/console"
    assert console.at("xinxi").client.get("/console").status_code == 403
    assert console.at(HEFEI01).client.get("/console/floor").status_code == 403


def test_the_pages_are_given_what_they_need(console: ConsoleApp) -> None:
    response = console.at(HEFEI01).client.get("/console")
    assert response.status_code == 200
    settings, policy = console.services.settings, response.headers["Content-Security-Policy"]
    stream, gateway = f"http://localhost:{settings.stream_port}", settings.gateway_url
    assert policy.endswith(f"connect-src 'self' {stream} {gateway}")
    page = response.get_data(as_text=True)
    config = json.loads(re.search(r'id="console-config">(.+?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert config["stream_url"] == f"{stream}/events"
    assert [row["name"] for row in config["break_reasons"]] == ["用餐", "培训", "会议", "小休"]
    assert config["subjects"][0]["subjects"][0]["initials"] == "cbdj"
    assert len(config["centres"]) == 17 and config["dispositions"][0] == {"key": "answered", "name": "当场答复"}
    assert {row["key"] for row in config["skills"]} >= {"", "pension"} and config["languages"][0]["name"] == "普通话"
    assert set(config["figures"]) == set(console.at(HEFEI01).desk()["today"])


def test_the_floors_page_is_given_its_centres(console: ConsoleApp) -> None:
    response = console.at("hefei").client.get("/console/floor")
    assert response.status_code == 200
    stream = f"http://localhost:{console.services.settings.stream_port}"
    assert f"connect-src 'self' {stream}" in response.headers["Content-Security-Policy"]
    assert f"{stream}/events?floor=1" in response.get_data(as_text=True)


def test_the_navigation_leads_everybody_to_their_place(console: ConsoleApp) -> None:
    assert 'href="/console"' in console.at(HEFEI01).page("/status")
    supervisor = console.at("hefei").page("/status")
    assert 'href="/console/floor"' in supervisor and 'href="/console"' not in supervisor

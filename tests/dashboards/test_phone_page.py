"""The phone page: who gets it, what it may talk to, and who gets a token."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from dashboards.auth import auth_blueprint
from dashboards.phone.numbers import CALLERS, dialled_choices
from dashboards.phone.page import phone_blueprint
from dashboards.phone.token_limit import MOST_IN_A_MINUTE
from dashboards.web_app import build_flask
from integrations.gateway.lines import address_of
from integrations.gateway.tokens import check_token
from integrations.phone_numbers import parse_caller
from integrations.services import Services
from ivr.library import load_centres
from queueing.centre import centre_for_dialled
from tests.dashboards.staff_app import StaffApp, Visitor, text_of

GATEWAY = "ws://127.0.0.1:12334"


def visitor(staff: StaffApp, live_store: Redis | None = None, **settings: Any) -> Visitor:
    """A browser in front of the phone page, with these settings."""
    chosen = replace(staff.services.settings, gateway_url=GATEWAY, **{"carrier_is_gateway": True} | settings)
    services: Services = replace(staff.services, settings=chosen, live_store=live_store or staff.services.live_store)
    app = build_flask(chosen)
    app.register_blueprint(auth_blueprint(services))
    app.register_blueprint(phone_blueprint(services))
    return Visitor(app.test_client())


def csrf_of(client: FlaskClient) -> str:
    found = re.search(r'data-csrf="([^"]+)"', text_of(client.get("/phone")))
    assert found
    return found[1]


def ask_token(browser: Visitor, csrf: str, **more: Any) -> Any:
    return browser.client.post("/phone/token", data={"csrf_token": csrf}, **more)


@pytest.fixture
def dead_store() -> Iterator[Redis]:
    store = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    yield store
    store.close()


def test_in_a_demo_anybody_may_dial(staff: StaffApp) -> None:
    page = visitor(staff).page("/phone")
    assert 'id="dial"' in page and "phone/phone.js" in page
    assert "<script>" not in page and "style=" not in page


def test_otherwise_only_staff_may_dial(staff: StaffApp) -> None:
    response = visitor(staff, demo=False).get("/phone")
    assert (response.status_code, response.location) == (302, "/login?next=/phone")


def test_staff_may_dial_and_find_the_phone_in_the_header(
    staff: StaffApp, monkeypatch: pytest.MonkeyPatch, demo_hash: str
) -> None:
    # The published password is no password outside a demo, so it gets another name here.
    monkeypatch.setattr("dashboards.auth.DEMO_PASSWORD", "")
    browser = visitor(staff, demo=False)
    assert browser.log_in("hefei").status_code == 303
    page = browser.page("/phone")
    assert 'id="dial"' in page
    assert '<a href="/phone" aria-current="page">电话</a>' in page
    token = ask_token(browser, csrf_of(browser.client)).get_json()["token"]
    assert check_token(staff.services.settings.secret_key, token, staff.clock()) == "user:hefei"


def test_a_token_needs_a_sign_in_outside_a_demo(staff: StaffApp) -> None:
    browser = visitor(staff, demo=False)
    login = re.search(r'name="csrf_token" value="([^"]+)"', browser.page("/login"))
    assert login
    assert ask_token(browser, login[1]).status_code == 302


def test_the_login_page_offers_the_phone_in_a_demo_only(staff: StaffApp) -> None:
    assert "试拨 12333" in visitor(staff).page("/login")
    assert "试拨 12333" not in visitor(staff, demo=False).page("/login")


def test_the_page_may_talk_to_this_site_and_the_gateway_alone(staff: StaffApp) -> None:
    browser = visitor(staff)
    policy = browser.get("/phone").headers["Content-Security-Policy"]
    assert f"connect-src 'self' {GATEWAY}" in policy.split("; ")
    assert "unsafe" not in policy and "*" not in policy
    # Every other page keeps the policy of the house.
    assert "connect-src" not in browser.get("/login").headers["Content-Security-Policy"]


def test_a_token_opens_the_gateway_once(staff: StaffApp) -> None:
    browser = visitor(staff)
    response = ask_token(browser, csrf_of(browser.client))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.get_json()["url"] == f"{GATEWAY}/phone"
    assert check_token(staff.services.settings.secret_key, response.get_json()["token"], staff.clock()) == "demo"


def test_a_token_for_a_number_lets_calls_to_it_ring(staff: StaffApp) -> None:
    browser = visitor(staff)
    csrf = csrf_of(browser.client)
    for choice in CALLERS[1:]:
        response = browser.client.post("/phone/token", data={"csrf_token": csrf, "number": choice.number})
        caller = check_token(staff.services.settings.secret_key, response.get_json()["token"], staff.clock())
        assert caller == f"number:{choice.number}" and address_of(caller) == choice.number


@pytest.mark.parametrize(
    "number",
    ["12333", "+8655312333", "13855112345", "+861385511234", "agent-17", "+86", "+865652212345", "+1 202 555 0100"],
)
def test_no_token_for_a_number_that_is_nobodys_or_the_hotlines_own(staff: StaffApp, number: str) -> None:
    browser = visitor(staff)
    form = {"csrf_token": csrf_of(browser.client), "number": number}
    response = browser.client.post("/phone/token", data=form, headers={"Accept": "application/json"})
    assert response.status_code == 422 and "token" not in (response.get_json(silent=True) or {})


def test_another_site_gets_no_token(staff: StaffApp) -> None:
    browser = visitor(staff)
    csrf = csrf_of(browser.client)
    assert browser.client.post("/phone/token").status_code == 400
    assert ask_token(browser, "guessed").status_code == 400
    # Somebody else's page does not share the session.
    assert ask_token(visitor(staff), csrf).status_code == 400
    assert browser.client.get("/phone/token").status_code == 405


def test_too_many_tokens_in_a_minute_are_refused(staff: StaffApp) -> None:
    browser = visitor(staff)
    csrf = csrf_of(browser.client)
    codes = [ask_token(browser, csrf).status_code for _ in range(MOST_IN_A_MINUTE + 1)]
    assert codes == [200] * MOST_IN_A_MINUTE + [429]
    elsewhere = ask_token(browser, csrf, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 200
    staff.clock.forward(minutes=1)
    assert ask_token(browser, csrf).status_code == 200


def test_without_redis_nobody_is_refused(staff: StaffApp, dead_store: Redis) -> None:
    browser = visitor(staff, live_store=dead_store)
    assert ask_token(browser, csrf_of(browser.client)).status_code == 200


def test_with_a_carrier_the_page_says_so_and_gives_no_token(staff: StaffApp) -> None:
    browser = visitor(staff, carrier_is_gateway=False)
    response = browser.get("/phone")
    assert "由运营商接入" in text_of(response) and "phone.js" not in text_of(response)
    assert "connect-src" not in response.headers["Content-Security-Policy"]
    csrf = csrf_of(visitor(staff).client)
    assert ask_token(browser, csrf).status_code in (400, 404)


def test_the_list_holds_every_number_of_every_centre(staff: StaffApp) -> None:
    centres = load_centres(None)
    offered = [choice.number for choice in dialled_choices(centres)]
    assert offered[0] == "12333"
    assert sorted(offered) == sorted(number for centre in centres.values() for number in centre.numbers)
    assert all(centre_for_dialled(centres, number) for number in offered)
    page = visitor(staff).page("/phone")
    assert '<option value="+8655312333" data-shown="0553 12333">0553 12333　芜湖</option>' in page


def test_callers_are_from_where_they_say() -> None:
    told = [(choice.label, parse_caller(choice.number)) for choice in CALLERS]
    assert [(label, caller.kind, caller.region) for label, caller in told] == [
        ("不显示号码", "withheld", None),
        ("合肥手机", "mobile", "安徽省合肥市"),
        ("阜阳座机 0558", "landline", "安徽省阜阳市或亳州市"),
        ("芜湖座机 0553", "landline", "安徽省芜湖市"),
    ]

"""What the tests of accounts share: the pages of accounts and users, an installation that is no demo, and codes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import unescape

import pyotp
from werkzeug.test import TestResponse

from dashboards.auth import auth_blueprint
from dashboards.own_account import account_blueprint
from dashboards.status_page import status_blueprint
from dashboards.users_page import users_blueprint
from dashboards.web_app import build_flask
from ivr.service import Line
from tests.dashboards.staff_app import StaffApp, Visitor, text_of

PASSWORD = "long enough and secret"


def with_accounts(staff: StaffApp) -> StaffApp:
    """The staff pages with /users."""
    staff.app.register_blueprint(users_blueprint(staff.line))
    return staff


def outside_a_demo(staff: StaffApp, password_hash: str) -> StaffApp:
    """The same users in an installation that is no demo; everybody's password is PASSWORD."""
    staff.write("UPDATE staff_user SET password_hash = %s", password_hash)
    services = replace(staff.services, settings=replace(staff.services.settings, demo=False))
    line = Line(services, staff.line.keeper)
    app = build_flask(services.settings)
    for blueprint in (auth_blueprint(services), account_blueprint(services), status_blueprint(line)):
        app.register_blueprint(blueprint)
    return with_accounts(StaffApp(app, services, line, staff.clock))


def code_at(staff: StaffApp, secret: str, steps: int = 0) -> str:
    """The code of the present step of the test's clock, or of one before or after it."""
    return pyotp.TOTP(secret).at(staff.clock(), counter_offset=steps)


def shown_secret(page: str) -> str:
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert found, page
    return found[1].replace(" ", "")


def set_up(staff: StaffApp, visitor: Visitor) -> str:
    """Set up the second factor of somebody who is halfway through the sign-in; the secret."""
    secret = shown_secret(visitor.page("/login/set-up"))
    response = enter_code(visitor, code_at(staff, secret), "/login/set-up")
    assert response.status_code == 303 and response.location == "/status", text_of(response)
    return secret


def give_second_factor(staff: StaffApp, username: str) -> str:
    """A second factor without the page that sets it up; the secret."""
    secret = pyotp.random_base32()
    sealed = staff.services.sealer.seal(secret, "staff.totp")
    staff.write(
        "UPDATE staff_user SET totp_sealed = %s, totp_since = %s WHERE username = %s", sealed, staff.clock(), username
    )
    return secret


def halfway(staff: StaffApp, username: str, password: str = PASSWORD) -> Visitor:
    """Somebody whose password was right and who is asked for a code."""
    visitor = staff.visitor()
    response = visitor.log_in(username, password)
    assert (response.status_code, response.location) == (303, "/login/code"), text_of(response)
    return visitor


def enter_code(visitor: Visitor, code: str, path: str = "/login/code") -> TestResponse:
    return visitor.post(path, {"code": code}, token_from=path)


def alert_of(response: TestResponse) -> str:
    """The sentence of the page's alert."""
    found = re.search(r'role="alert".*?</span>(.*?)</p>', text_of(response), re.DOTALL)
    assert found, text_of(response)
    return unescape(found[1])


def said(visitor: Visitor, response: TestResponse) -> str:
    """What the page behind a redirect says was done."""
    assert response.status_code == 303, text_of(response)
    page = visitor.get(response.location.split("#")[0])
    found = re.search(r'role="status">.*?</span>(.*?)</p>', text_of(page), re.DOTALL)
    assert found, text_of(page)
    return unescape(found[1])


def all_at_once(deeds: Sequence[Callable[[], TestResponse]]) -> list[TestResponse]:
    """The answers to requests that are made at the same instant."""
    barrier, answers = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], TestResponse]) -> None:
        barrier.wait(10)
        answers.append(deed())

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def audit(staff: StaffApp) -> list[tuple[str, str, str | None, str]]:
    """What was done besides signing in: by whom, what, where, to what."""
    found = staff.rows("SELECT username, action, centre, subject FROM audit_entry WHERE action <> 'login' ORDER BY id")
    return [(row[0], row[1], row[2], row[3]) for row in found]

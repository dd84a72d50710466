"""Signing in, staying in, and whose centres are whose."""

from dataclasses import replace
from typing import Any

import pytest

from dashboards.auth import auth_blueprint, centres_in_scope, check_password, is_local_path
from dashboards.demo import DEMO_PASSWORD, DEMO_USERS, seed_demo_users
from dashboards.models import ADMINISTRATOR, CONSULTANT, PROVINCIAL, SUPERVISOR
from dashboards.passwords import hash_password, is_right_password
from dashboards.staff import StaffMember
from dashboards.staff_area import entry_of
from dashboards.web_app import build_flask
from tests.dashboards.staff_app import StaffApp, text_of

CODES = ("340000", "340100", "340200")


def member(role: str, centre: str | None) -> StaffMember:
    return StaffMember(1, "x", "王芳", role, centre, 0)


@pytest.mark.parametrize(
    ("role", "centre", "expected"),
    [
        (CONSULTANT, "340100", ("340100",)),
        (SUPERVISOR, "340200", ("340200",)),
        # A centre that is no longer configured.
        (SUPERVISOR, "349900", ()),
        (PROVINCIAL, None, CODES),
        (ADMINISTRATOR, None, CODES),
    ],
)
def test_everybody_has_their_own_centre_and_the_province_has_all(
    role: str, centre: str | None, expected: tuple[str, ...]
) -> None:
    assert centres_in_scope(member(role, centre), CODES) == expected


def test_a_password_is_kept_as_argon2id() -> None:
    kept = hash_password("correct horse")
    assert kept.startswith("$argon2id$")
    assert is_right_password("correct horse", kept)
    assert not is_right_password("wrong horse", kept)
    assert not is_right_password("correct horse", None)
    assert not is_right_password("correct horse", "no hash at all")


def test_signing_in_leads_to_the_status_page(staff: StaffApp) -> None:
    visitor = staff.visitor()
    response = visitor.log_in("hefei")
    assert (response.status_code, response.location) == (303, "/status")
    assert "刘洋" in visitor.page("/status")
    assert ("hefei", "login", "340100") in staff.rows("SELECT username, action, centre FROM audit_entry")


def test_a_consultant_comes_to_the_desk(staff: StaffApp) -> None:
    assert staff.visitor().log_in("hefei01").location == "/console"
    assert staff.visitor().log_in("hefei01", next="/status").location == "/status"


def test_who_is_not_signed_in_is_asked_to_and_comes_back(staff: StaffApp) -> None:
    visitor = staff.visitor()
    response = visitor.get("/status/340100?x=1")
    assert (response.status_code, response.location) == (302, "/login?next=/status/340100?x%3D1")
    assert visitor.log_in("hefei", next="/status/340100?x=1").location == "/status/340100?x=1"


@pytest.mark.parametrize(
    "path",
    ["https://evil.cn", "//evil.cn", "/\\evil.cn", "\\\\evil.cn", "/\t/evil.cn", "javascript:alert(1)", "duty", ""],
)
def test_only_addresses_of_this_site_are_gone_to_after_signing_in(staff: StaffApp, path: str) -> None:
    assert not is_local_path(path)
    assert staff.visitor().log_in("hefei", next=path).location == "/status"


def test_an_unknown_name_a_wrong_password_and_a_locked_account_get_the_same_answer(staff: StaffApp) -> None:
    visitor = staff.visitor()
    unknown = visitor.log_in("nobody", "x")
    wrong = visitor.log_in("hefei", "x")
    for _ in range(4):
        visitor.log_in("hefei", "x")
    locked = visitor.log_in("hefei")
    answers = {(r.status_code, text_of(r).split('role="alert"')[1].split("</p>")[0]) for r in (unknown, wrong, locked)}
    assert len(answers) == 1 and unknown.status_code == 401


def test_five_wrong_passwords_lock_for_fifteen_minutes(staff: StaffApp) -> None:
    visitor = staff.visitor()
    for _ in range(5):
        visitor.log_in("hefei", "wrong")
    assert visitor.log_in("hefei").status_code == 401
    staff.clock.forward(minutes=14, seconds=59)
    assert visitor.log_in("hefei").status_code == 401
    staff.clock.forward(seconds=1)
    assert visitor.log_in("hefei").status_code == 303
    actions = [row[0] for row in staff.rows("SELECT action FROM audit_entry ORDER BY id")]
    assert actions == ["login_locked", "login"]


def test_four_wrong_passwords_are_forgotten_after_the_right_one(staff: StaffApp) -> None:
    for _ in range(2):
        visitor = staff.visitor()
        for _ in range(4):
            assert visitor.log_in("hefei", "wrong").status_code == 401
        assert visitor.log_in("hefei").status_code == 303


def test_others_are_not_locked_out_with_one(staff: StaffApp) -> None:
    for _ in range(5):
        staff.visitor().log_in("hefei", "wrong")
    assert staff.visitor().log_in("wuhu").status_code == 303


@pytest.mark.parametrize("username", ["", "\x00", "x" * 5000, "' OR 1=1 --"])
def test_an_impossible_name_is_only_a_wrong_name(staff: StaffApp, username: str) -> None:
    assert staff.visitor().log_in(username).status_code == 401


def test_a_session_ends_after_eight_hours_of_rest_but_not_of_work(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    for _ in range(3):
        staff.clock.forward(hours=7)
        assert visitor.get("/status").status_code == 200
    staff.clock.forward(hours=8)
    assert visitor.get("/status").status_code == 302


def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    for _ in range(2):
        staff.clock.forward(hours=4)
        visitor.get("/status", headers={"X-Background": "1"})
    assert visitor.get("/status").status_code == 302


@pytest.mark.parametrize("change", ["session_epoch = session_epoch + 1", "is_active = false"])
def test_a_session_can_be_ended_from_elsewhere(staff: StaffApp, change: str) -> None:
    visitor = staff.signed_in("hefei")
    staff.write(f"UPDATE staff_user SET {change} WHERE username = 'hefei'")
    assert visitor.get("/status").status_code == 302


def test_signing_in_begins_a_new_session(staff: StaffApp) -> None:
    visitor = staff.visitor()
    visitor.get("/login")
    with visitor.client.session_transaction() as session:
        before = session["csrf"]
        session["planted"] = "by somebody else"
    visitor.log_in("hefei")
    visitor.get("/status")
    with visitor.client.session_transaction() as session:
        assert "planted" not in session and session["csrf"] != before


def test_signing_out_needs_a_post_and_ends_the_session(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    assert visitor.get("/logout").status_code == 405
    assert visitor.post("/logout", {}).location == "/login"
    assert visitor.get("/status").status_code == 302


@pytest.mark.parametrize("form", [{}, {"csrf_token": ""}, {"csrf_token": "guessed"}, {"csrf_token": "错"}])
@pytest.mark.parametrize("path", ["/logout", "/duty/notices", "/duty/notices/1/withdraw", "/login"])
def test_a_form_without_its_token_changes_nothing_and_says_so(staff: StaffApp, path: str, form: dict[str, str]) -> None:
    visitor = staff.signed_in("hefei")
    response = visitor.client.post(path, data=form)
    assert response.status_code == 400 and "这次提交没有生效" in text_of(response)
    assert visitor.get("/status").status_code == 200


def test_a_token_of_another_session_is_refused(staff: StaffApp) -> None:
    other = staff.signed_in("wuhu")
    other.get("/status")
    with other.client.session_transaction() as session:
        token = session["csrf"]
    response = staff.signed_in("hefei").client.post("/logout", data={"csrf_token": token})
    assert response.status_code == 400


def test_every_page_says_how_it_is_guarded(staff: StaffApp) -> None:
    views = staff.app.view_functions
    assert [name for name, view in views.items() if not getattr(view, "guarded_by", "")] == []
    public = {name for name, view in views.items() if view.guarded_by == "public"}  # type: ignore[attr-defined]
    assert public == {"static", "auth.login", "auth.log_in"}


def test_demo_users_are_entered_once_and_left_alone(staff: StaffApp) -> None:
    staff.write("UPDATE staff_user SET name = '周杰' WHERE username = 'hefei'")
    seed_demo_users(staff.services)
    users = dict(staff.rows("SELECT username, name FROM staff_user"))
    assert len(users) == len(DEMO_USERS) and users["hefei"] == "周杰"


def not_demo(staff: StaffApp) -> Any:
    return replace(staff.services, settings=replace(staff.services.settings, demo=False))


def test_outside_a_demo_no_demo_user_is_entered(staff: StaffApp) -> None:
    staff.write("DELETE FROM staff_user")
    seed_demo_users(not_demo(staff))
    assert staff.rows("SELECT 1 FROM staff_user") == []


def test_outside_a_demo_the_published_password_opens_nothing(staff: StaffApp) -> None:
    services = not_demo(staff)
    assert check_password(services, "hefei", DEMO_PASSWORD) is None
    app = build_flask(services.settings)
    app.register_blueprint(auth_blueprint(services))
    assert DEMO_PASSWORD not in app.test_client().get("/login").get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/cases", "/cases"),
        ("/cases/1001", "/cases"),
        ("/cases/board", "/cases/board"),
        ("/province", "/province"),
        ("/province/explore", "/province/explore"),
        ("/province/calls/CA1", "/province/explore"),
        ("/province/report", "/province/explore"),
        ("/casesx", ""),
        ("/account", ""),
    ],
)
def test_the_header_shows_where_one_is(path: str, entry: str) -> None:
    assert entry_of(path) == entry

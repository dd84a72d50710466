"""Users and seats: who may change what, and that nothing is lost, half-written or done unseen."""

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from dashboards.demo import DEMO_SEATS, DEMO_USERS, seed_demo_users
from dashboards.staff import ROLE_NAMES
from dashboards.user_rules import ROLE_WORDS
from tests.dashboards.accounts import (
    all_at_once,
    audit,
    give_second_factor,
    said,
    with_accounts,
)
from tests.dashboards.staff_app import StaffApp, Visitor, text_of

NUMBER = "13855112345"
NEW_USER = {"username": "hefei03", "name": "周杰", "role": "consultant", "centre": "340100"}
SEAT = {"number": "1009", "skills": ["pension", "card"], "languages": ["hefei"], "door": "browser", "telephone": ""}


@pytest.fixture
def people(staff: StaffApp) -> StaffApp:
    return with_accounts(staff)


@pytest.fixture
def admin(people: StaffApp) -> Visitor:
    return people.signed_in("guanli")


def id_of(people: StaffApp, username: str) -> int:
    return int(people.rows("SELECT id FROM staff_user WHERE username = %s", username)[0][0])


def page_of(people: StaffApp, username: str) -> str:
    return f"/users/{id_of(people, username)}"


def version(page: str, form: str) -> str:
    found = re.search(rf'/{form}".*?name="version" value="([0-9a-f]+)"', page, re.DOTALL)
    assert found, page
    return found[1]


def send(people: StaffApp, visitor: Visitor, username: str, form: str, values: dict[str, Any]) -> TestResponse:
    """Fill in one of the forms of a user's page as it is now, unless `values` brings an older version."""
    path = page_of(people, username)
    given = {"version": version(visitor.page(path), form), **values} if form in ("profile", "seat") else values
    return visitor.post(f"{path}/{form}", given, token_from=path)


def user(people: StaffApp, username: str, columns: str) -> tuple[Any, ...]:
    return tuple(people.rows(f"SELECT {columns} FROM staff_user WHERE username = %s", username)[0])


def seat(people: StaffApp, number: str, columns: str) -> tuple[Any, ...]:
    return tuple(people.rows(f"SELECT {columns} FROM agent WHERE number = %s", number)[0])


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row">.*?<small>(\S+)</small>', page)


def one_time_password(page: str) -> str:
    found = re.search(r'class="secret">([a-z0-9-]+)<', page)
    assert found, page
    return found[1]


# The list


def test_an_administrator_sees_everybody(people: StaffApp, admin: Visitor) -> None:
    assert sorted(listed(admin.page("/users"))) == sorted(row[0] for row in DEMO_USERS)


def test_a_supervisor_sees_the_consultants_of_the_own_centre_and_changes_nothing(people: StaffApp) -> None:
    visitor = people.signed_in("hefei")
    page = visitor.page("/users")
    assert listed(page) == ["hefei01", "hefei02"] and "养老" in page and "工号 1001" in page
    assert "/users/new" not in page and page_of(people, "hefei01") not in page
    assert listed(visitor.page("/users?centre=340200&state=all")) == ["hefei01", "hefei02"]
    assert listed(visitor.page("/users?role=administrator")) == []
    path = page_of(people, "hefei01")
    assert visitor.get(path).status_code == visitor.get("/users/new").status_code == 403
    for deed in ("profile", "seat", "deactivate", "reset-password", "reset-second-factor", "unlock"):
        assert visitor.post(f"{path}/{deed}", {}, token_from="/users").status_code == 403, deed
    assert visitor.post("/users", NEW_USER, token_from="/users").status_code == 403
    assert audit(people) == []


@pytest.mark.parametrize("username", ["xinxi", "hefei01"])
def test_others_have_no_users_page(people: StaffApp, username: str) -> None:
    visitor = people.signed_in(username)
    assert visitor.get("/users").status_code == 403 and "/users" not in visitor.page("/status")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=wuhu0", {"wuhu01", "wuhu02"}),
        ("q=%E5%88%98", {"hefei"}),
        ("q=2002", {"wuhu02"}),
        ("q=WUHU02", {"wuhu02"}),
        ("centre=340100", {"hefei", "hefei01", "hefei02"}),
        ("centre=340100&role=consultant", {"hefei01", "hefei02"}),
        ("state=inactive", {"wuhu03"}),
        ("state=locked", {"wuhu02"}),
        ("q=%25", set()),
        ("q=%00&centre=x&role=x&state=x", {row[0] for row in DEMO_USERS} - {"wuhu03"}),
    ],
)
def test_the_list_can_be_filtered(people: StaffApp, admin: Visitor, query: str, expected: set[str]) -> None:
    people.write("UPDATE staff_user SET is_active = false WHERE username = 'wuhu03'")
    people.write(
        "UPDATE staff_user SET locked_until = %s::timestamptz + interval '1 minute' WHERE username = 'wuhu02'",
        people.clock(),
    )
    page = admin.page(f"/users?{query}")
    assert set(listed(page)) == expected
    assert ("没有符合条件的人" in page) == (not expected)


def test_a_centre_without_consultants_says_so(people: StaffApp) -> None:
    people.write("UPDATE staff_user SET is_active = false WHERE role = 'consultant'")
    assert "还没有咨询员" in people.signed_in("hefei").page("/users")


# Adding, and one-time passwords


def test_a_new_user_gets_a_one_time_password_that_is_shown_once(people: StaffApp, admin: Visitor) -> None:
    response = admin.post("/users", NEW_USER, token_from="/users/new")
    assert (response.status_code, response.location) == (303, page_of(people, "hefei03"))
    page = admin.page(response.location)
    password = one_time_password(page)
    assert "只显示这一次" in page and "还没有坐席" in page and "周杰已加入" in page
    assert password not in admin.page(response.location)
    assert password not in str(people.rows("SELECT * FROM staff_user")) + str(audit(people))
    visitor = people.visitor()
    assert visitor.log_in("hefei03", password).status_code == 303
    assert visitor.get("/status").location == "/account"
    assert [entry[:3] for entry in audit(people)] == [("guanli", "user_added", "340100")]


def test_a_one_time_password_is_not_shown_on_another_page(people: StaffApp, admin: Visitor) -> None:
    admin.post("/users", NEW_USER, token_from="/users/new")
    assert "只显示这一次" not in admin.page(page_of(people, "hefei01"))
    assert "只显示这一次" not in admin.page(page_of(people, "hefei03"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"username": "hefei01"}, "已经有人用了"),
        ({"username": "Hefei03"}, "小写字母开头"),
        ({"username": "赵磊"}, "小写字母开头"),
        ({"username": ""}, "小写字母开头"),
        ({"name": " "}, "请写姓名"),
        ({"name": "周杰13855112345"}, "不要写号码"),
        ({"role": "root"}, "请选择角色"),
        ({"centre": ""}, "要属于一个中心"),
        ({"centre": "999999"}, "要属于一个中心"),
    ],
)
def test_what_was_typed_is_kept_when_a_user_is_refused(
    people: StaffApp, admin: Visitor, change: dict[str, str], sentence: str
) -> None:
    response = admin.post("/users", {**NEW_USER, **change}, token_from="/users/new")
    page = text_of(response)
    assert response.status_code == 422 and sentence in page and 'aria-invalid="true"' in page
    assert f'value="{change.get("username", "hefei03")}"' in page
    assert people.rows("SELECT count(*) FROM staff_user") == [(len(DEMO_USERS),)] and audit(people) == []


def test_of_two_who_add_the_same_name_one_does(people: StaffApp, admin: Visitor) -> None:
    other = people.signed_in("guanli")
    answers = all_at_once(
        [lambda v=visitor: v.post("/users", NEW_USER, token_from="/users/new") for visitor in (admin, other)]  # type: ignore[misc]
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]


def test_a_reset_password_is_new_shown_once_and_ends_the_sessions(people: StaffApp, admin: Visitor) -> None:
    theirs = people.signed_in("hefei01")
    for _ in range(5):
        people.visitor().log_in("hefei01", "wrong")
    response = send(people, admin, "hefei01", "reset-password", {})
    password = one_time_password(admin.page(response.location))
    assert "现在是一次性密码" in admin.page(response.location)
    assert theirs.get("/status").status_code == 302
    assert people.visitor().log_in("hefei01").status_code == 401
    assert people.visitor().log_in("hefei01", password).status_code == 303
    assert audit(people)[-1] == ("guanli", "password_reset", "340100", f"staff_user {id_of(people, 'hefei01')}")


def test_a_lost_telephone_is_forgotten_by_another_administrator(people: StaffApp, admin: Visitor) -> None:
    give_second_factor(people, "hefei01")
    assert "已重设" in said(admin, send(people, admin, "hefei01", "reset-second-factor", {}))
    assert user(people, "hefei01", "totp_sealed, totp_since, totp_last_step, session_epoch") == (None, None, None, 1)
    assert "已经是这样了" in said(admin, send(people, admin, "hefei01", "reset-second-factor", {}))
    assert [entry[1] for entry in audit(people)] == ["second_factor_reset"]


def test_an_account_can_be_unlocked(people: StaffApp, admin: Visitor) -> None:
    for _ in range(5):
        people.visitor().log_in("hefei01", "wrong")
    assert "锁定中" in admin.page(page_of(people, "hefei01"))
    assert "已解除锁定" in said(admin, send(people, admin, "hefei01", "unlock", {}))
    assert people.visitor().log_in("hefei01").status_code == 303
    assert [entry[1] for entry in audit(people)] == ["login_locked", "user_unlocked"]


# Changing


def test_a_changed_role_counts_at_once_and_needs_a_new_sign_in(people: StaffApp, admin: Visitor) -> None:
    theirs = people.signed_in("hefei01")
    form = {"name": "赵磊", "role": "supervisor", "centre": "340200"}
    assert "资料已保存" in said(admin, send(people, admin, "hefei01", "profile", form))
    assert theirs.get("/status").status_code == 302
    assert user(people, "hefei01", "role, centre") == ("supervisor", "340200")
    assert seat(people, "1001", "is_active, centre") == (False, "340200")
    subject = f"staff_user {id_of(people, 'hefei01')}: role consultant -> supervisor, centre 340100 -> 340200"
    assert audit(people) == [("guanli", "user_changed", "340200", subject)]
    form["role"] = "consultant"
    send(people, admin, "hefei01", "profile", form)
    assert seat(people, "1001", "is_active, centre") == (True, "340200")


def test_a_new_name_keeps_the_session_and_is_said_by_the_seat_too(people: StaffApp, admin: Visitor) -> None:
    theirs = people.signed_in("hefei01")
    send(people, admin, "hefei01", "profile", {"name": "赵小磊", "role": "consultant", "centre": "340100"})
    assert theirs.get("/status").status_code == 200
    assert seat(people, "1001", "name, is_active, state") == ("赵小磊", True, "logged_out")
    assert audit(people)[0][3].endswith(": name") and "赵" not in audit(people)[0][3]


def test_a_role_that_sees_all_has_no_centre(people: StaffApp, admin: Visitor) -> None:
    send(people, admin, "hefei", "profile", {"name": "刘洋", "role": "provincial", "centre": "340100"})
    assert user(people, "hefei", "role, centre") == ("provincial", None)


def test_a_form_that_somebody_else_was_quicker_than_saves_nothing_and_says_what_changed(
    people: StaffApp, admin: Visitor
) -> None:
    path = page_of(people, "hefei01")
    old = version(admin.page(path), "profile")
    first = {"name": "赵石", "role": "consultant", "centre": "340200"}
    send(people, people.signed_in("guanli"), "hefei01", "profile", first)
    mine = {"name": "赵小磊", "role": "consultant", "centre": "340100", "version": old}
    response = admin.post(f"{path}/profile", mine, token_from=path)
    page = text_of(response)
    assert response.status_code == 409 and "姓名“赵石”，中心“芜湖”" in page and 'value="赵小磊"' in page
    assert user(people, "hefei01", "name, centre") == ("赵石", "340200")
    again = {**mine, "version": version(page, "profile")}
    assert admin.post(f"{path}/profile", again, token_from=path).status_code == 303
    assert user(people, "hefei01", "name, centre") == ("赵小磊", "340100")


@pytest.mark.parametrize("form", ["profile", "seat"])
def test_a_form_without_a_version_saves_nothing(people: StaffApp, admin: Visitor, form: str) -> None:
    path = page_of(people, "hefei01")
    values = {**SEAT, "name": "周杰", "role": "consultant", "centre": "340100"}
    assert admin.post(f"{path}/{form}", values, token_from=path).status_code == 409
    assert audit(people) == []


def test_a_deactivated_user_is_out_at_once_with_the_seat(people: StaffApp, admin: Visitor) -> None:
    theirs = people.signed_in("hefei01")
    assert "已停用" in said(admin, send(people, admin, "hefei01", "deactivate", {}))
    assert theirs.get("/status").status_code == 302
    assert people.visitor().log_in("hefei01").status_code == 401
    assert seat(people, "1001", "is_active") == (False,)
    assert "已经是这样了" in said(admin, send(people, admin, "hefei01", "deactivate", {}))
    assert "已启用" in said(admin, send(people, admin, "hefei01", "activate", {}))
    assert theirs.get("/status").status_code == 302
    assert people.visitor().log_in("hefei01").status_code == 303
    assert seat(people, "1001", "is_active") == (True,)
    assert [entry[1] for entry in audit(people)] == ["user_deactivated", "user_activated"]


def sign_in_seat(people: StaffApp, number: str, state: str) -> None:
    people.write("UPDATE agent SET state = %s, state_since = %s WHERE number = %s", state, people.clock(), number)
    people.write(
        "INSERT INTO agent_shift (agent_id, began_at) SELECT id, state_since FROM agent WHERE number = %s", number
    )
    people.write(
        "INSERT INTO agent_interval (shift_id, agent_id, state, since) "
        "SELECT id, agent_id, %s, began_at FROM agent_shift",
        state,
    )


@pytest.mark.parametrize("state", ["available", "break", "away", "wrap_up"])
def test_a_seat_that_goes_is_signed_out_of_the_line_first(people: StaffApp, admin: Visitor, state: str) -> None:
    sign_in_seat(people, "1001", state)
    people.clock.forward(minutes=5)
    send(people, admin, "hefei01", "deactivate", {})
    assert seat(people, "1001", "state, is_active") == ("logged_out", False)
    assert people.rows("SELECT ended_at FROM agent_shift") == [(people.clock(),)]
    assert people.rows("SELECT until FROM agent_interval") == [(people.clock(),)]


@pytest.mark.parametrize("state", ["reserved", "on_call", "hold"])
@pytest.mark.parametrize("form", ["deactivate", "profile"])
def test_nobody_is_taken_away_from_a_caller(people: StaffApp, admin: Visitor, state: str, form: str) -> None:
    sign_in_seat(people, "1001", state)
    values = {"name": "赵磊", "role": "supervisor", "centre": "340100"}
    assert "等这通电话结束" in said(admin, send(people, admin, "hefei01", form, values))
    assert seat(people, "1001", "state, is_active") == (state, True)
    assert user(people, "hefei01", "is_active, role") == (True, "consultant") and audit(people) == []


# Not yourself, and not the last one


@pytest.mark.parametrize("deed", ["deactivate", "reset-password", "reset-second-factor"])
def test_nobody_locks_themselves_out(people: StaffApp, admin: Visitor, deed: str) -> None:
    give_second_factor(people, "guanli")
    page = admin.page(page_of(people, "guanli"))
    assert f"/{deed}" not in page and "这是您自己的账号" in page
    assert "自己的账号不能在这里" in said(admin, send(people, admin, "guanli", deed, {}))
    assert user(people, "guanli", "is_active, totp_sealed IS NULL, must_change_password") == (True, False, False)


def test_an_administrator_cannot_give_up_the_role_but_can_change_the_name(people: StaffApp, admin: Visitor) -> None:
    form = {"name": "李强", "role": "provincial", "centre": ""}
    assert "自己的账号不能在这里改角色" in said(admin, send(people, admin, "guanli", "profile", form))
    assert "资料已保存" in said(
        admin, send(people, admin, "guanli", "profile", {**form, "name": "李小强", "role": "administrator"})
    )
    assert user(people, "guanli", "name, role") == ("李小强", "administrator")


def second_administrator(people: StaffApp) -> Visitor:
    people.write("UPDATE staff_user SET role = 'administrator' WHERE username = 'xinxi'")
    return people.signed_in("xinxi")


def test_two_administrators_cannot_take_each_other_s_rights_away(people: StaffApp, admin: Visitor) -> None:
    other = second_administrator(people)
    for _ in range(3):
        deeds = [(admin, "xinxi"), (other, "guanli")]
        answers = all_at_once(
            [lambda v=v, w=who: send(people, v, w, "deactivate", {}) for v, who in deeds]  # type: ignore[misc]
        )
        assert len(answers) == 2
        active = people.rows("SELECT count(*) FROM staff_user WHERE role = 'administrator' AND is_active")
        assert active == [(1,)]
        people.write("UPDATE staff_user SET is_active = true, session_epoch = 0 WHERE role = 'administrator'")


def test_who_has_just_lost_the_rights_changes_nothing_more(people: StaffApp, admin: Visitor) -> None:
    other = second_administrator(people)
    path = page_of(people, "hefei01")
    other.page(path)
    people.write("UPDATE staff_user SET role = 'provincial' WHERE username = 'xinxi'")
    assert other.post(f"{path}/deactivate", {}, token_from="/status").status_code == 403
    assert user(people, "hefei01", "is_active") == (True,)


# Seats


def test_a_seat_is_made_and_changed(people: StaffApp, admin: Visitor) -> None:
    admin.post("/users", NEW_USER, token_from="/users/new")
    assert "坐席已保存" in said(admin, send(people, admin, "hefei03", "seat", SEAT))
    columns = "name, centre, skills, languages, door, telephone_sealed, state, is_active"
    assert seat(people, "1009", columns) == (
        "周杰", "340100", ["pension", "card"], ["hefei"], "browser", None, "logged_out", True,
    )  # fmt: skip
    agent_id = user(people, "hefei03", "agent_id")[0]
    send(people, admin, "hefei03", "seat", {**SEAT, "number": "1010", "skills": [], "languages": []})
    assert seat(people, "1010", "id, skills, languages") == (agent_id, [], [])
    row = id_of(people, "hefei03")
    assert [(entry[1], entry[3]) for entry in audit(people)][1:] == [
        ("seat_added", f"staff_user {row}: skills pension,card, languages hefei, browser"),
        ("seat_changed", f"staff_user {row}: skills -, languages -, browser"),
    ]


def test_a_telephone_number_is_sealed_shown_by_its_tail_and_forgotten_when_not_rung(
    people: StaffApp, admin: Visitor
) -> None:
    form = {**SEAT, "number": "1001", "door": "telephone", "telephone": "138 5511 2345"}
    send(people, admin, "hefei01", "seat", form)
    sealed, tail = seat(people, "1001", "telephone_sealed, telephone_tail")
    assert people.services.sealer.open(sealed, "agent.telephone") == f"+86{NUMBER}" and tail == "2345"
    page = admin.page(page_of(people, "hefei01")) + admin.page("/users")
    assert "尾号 2345" in page and "5511" not in page and "5511" not in str(audit(people))
    send(people, admin, "hefei01", "seat", {**form, "telephone": "", "skills": ["labour"]})
    assert seat(people, "1001", "telephone_sealed, telephone_tail, skills") == (sealed, "2345", ["labour"])
    send(people, admin, "hefei01", "seat", {**form, "door": "browser", "telephone": ""})
    assert seat(people, "1001", "door, telephone_sealed, telephone_tail") == ("browser", None, None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": "12"}, "3到8位数字"),
        ({"number": "１００９"}, "3到8位数字"),
        ({"number": "1002"}, "这个工号已经有人用了"),
        ({"skills": ["pension", "x"]}, "请从列出的里面选"),
        ({"languages": ["latin"]}, "请从列出的里面选"),
        ({"door": ""}, "请选择接听方式"),
        ({"door": "telephone"}, "请写接听电话的号码"),
        ({"door": "telephone", "telephone": "12333"}, "这个号码打不通"),
        ({"door": "telephone", "telephone": "+1 212 555 0100"}, "这个号码打不通"),
    ],
)
@pytest.mark.parametrize("username", ["hefei01", "hefei03"])
def test_what_was_typed_is_kept_when_a_seat_is_refused(
    people: StaffApp, admin: Visitor, username: str, change: dict[str, Any], sentence: str
) -> None:
    admin.post("/users", NEW_USER, token_from="/users/new")
    response = send(people, admin, username, "seat", {**SEAT, **change})
    page = text_of(response)
    assert response.status_code == 422 and sentence in page and 'aria-invalid="true"' in page
    assert f'value="{change.get("number", "1009")}"' in page
    assert 'value="pension" checked' in page and ('value="card" checked' in page) == ("skills" not in change)
    assert people.rows("SELECT count(*) FROM agent") == [(len(DEMO_SEATS),)]
    assert seat(people, "1001", "skills") == (DEMO_SEATS["hefei01"][1],)


def test_a_stale_seat_form_saves_nothing_and_says_what_changed(people: StaffApp, admin: Visitor) -> None:
    path = page_of(people, "hefei01")
    old = version(admin.page(path), "seat")
    send(people, people.signed_in("guanli"), "hefei01", "seat", {**SEAT, "number": "1011"})
    response = admin.post(f"{path}/seat", {**SEAT, "version": old, "number": "1001"}, token_from=path)
    assert response.status_code == 409 and "工号“1011”" in text_of(response)
    assert people.rows("SELECT count(*) FROM agent WHERE number = '1001'") == [(0,)]


def test_of_two_who_give_the_same_number_one_does(people: StaffApp, admin: Visitor) -> None:
    other = people.signed_in("guanli")
    deeds = [(admin, "hefei01"), (other, "wuhu01")]
    answers = all_at_once(
        [lambda v=v, w=who: send(people, v, w, "seat", SEAT) for v, who in deeds]  # type: ignore[misc]
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]


def test_only_consultants_have_seats(people: StaffApp, admin: Visitor) -> None:
    path = page_of(people, "hefei")
    assert 'id="seat"' not in admin.page(path)
    assert admin.post(f"{path}/seat", {**SEAT, "version": "x"}, token_from=path).status_code == 409
    assert people.rows("SELECT count(*) FROM agent") == [(len(DEMO_SEATS),)]


# Everything else


@pytest.mark.parametrize("path", ["/users/999", "/users/99999999999", "/users/x"])
def test_a_user_who_does_not_exist_is_not_found(people: StaffApp, admin: Visitor, path: str) -> None:
    assert admin.get(path).status_code == 404
    assert admin.post(f"{path}/deactivate", {}, token_from="/users").status_code == 404


def test_forms_need_their_token(people: StaffApp, admin: Visitor) -> None:
    path = page_of(people, "hefei01")
    for address in ("/users", f"{path}/profile", f"{path}/seat", f"{path}/deactivate", f"{path}/reset-password"):
        assert admin.client.post(address, data={}).status_code == 400


def test_nothing_is_written_when_the_trail_cannot_be(people: StaffApp, admin: Visitor) -> None:
    people.write("ALTER TABLE audit_entry ADD CONSTRAINT broken CHECK (action !~ '^(user|seat)') NOT VALID")
    try:
        assert admin.post("/users", NEW_USER, token_from="/users/new").status_code == 500
        assert send(people, admin, "hefei01", "deactivate", {}).status_code == 500
        assert send(people, admin, "hefei01", "seat", SEAT).status_code == 500
    finally:
        people.write("ALTER TABLE audit_entry DROP CONSTRAINT broken")
    assert people.rows("SELECT count(*) FROM staff_user WHERE is_active") == [(len(DEMO_USERS),)]
    assert people.rows("SELECT count(*) FROM agent WHERE number = '1009' OR NOT is_active") == [(0,)]


def test_every_demo_consultant_has_a_seat_and_no_one_else(people: StaffApp) -> None:
    seats = people.rows(
        "SELECT u.username, a.number, a.skills, a.centre = u.centre FROM staff_user u JOIN agent a ON a.id = u.agent_id"
    )
    assert {row[0]: row[1] for row in seats} == {name: number for name, (number, _, _) in DEMO_SEATS.items()}
    assert all(row[3] for row in seats)
    assert {row[0] for row in DEMO_USERS if row[2] == "consultant"} == set(DEMO_SEATS)
    by_centre: dict[str, set[str]] = {}
    for centre, skills in people.rows("SELECT centre, skills FROM agent"):
        by_centre.setdefault(centre, set()).update(skills)
    assert all(len(skills) == 5 for skills in by_centre.values())


def test_seats_are_seeded_once_and_left_alone(people: StaffApp) -> None:
    people.write("UPDATE agent SET number = '1111', skills = '{}' WHERE number = '1001'")
    people.write("UPDATE staff_user SET agent_id = NULL, role = 'supervisor' WHERE username = 'wuhu01'")
    seed_demo_users(people.services)
    assert seat(people, "1111", "skills") == ([],)
    assert people.rows("SELECT count(*) FROM agent") == [(len(DEMO_SEATS),)]
    assert user(people, "wuhu01", "agent_id") == (None,)


def test_the_words_for_roles_are_the_same_everywhere() -> None:
    assert ROLE_WORDS == ROLE_NAMES

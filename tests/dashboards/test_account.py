"""One's own account: a new password, the second factor, and the sessions that end with them."""

import pytest
from werkzeug.test import TestResponse

from dashboards.demo import DEMO_PASSWORD
from dashboards.password_rules import COMMON, password_problem
from dashboards.passwords import hash_password
from tests.dashboards.accounts import (
    PASSWORD,
    all_at_once,
    audit,
    code_at,
    enter_code,
    give_second_factor,
    halfway,
    outside_a_demo,
    said,
    set_up,
    shown_secret,
    with_accounts,
)
from tests.dashboards.staff_app import StaffApp, Visitor, text_of

NEW = "三个词 连起来 就够长"


@pytest.fixture
def people(staff: StaffApp) -> StaffApp:
    return with_accounts(staff)


def change(visitor: Visitor, old: str = DEMO_PASSWORD, new: str = NEW, again: str | None = None) -> TestResponse:
    form = {"old": old, "new": new, "again": new if again is None else again}
    return visitor.post("/account/password", form, token_from="/account")


@pytest.mark.parametrize(
    "password", [NEW, "correct horse battery", "Shebao-kefu-hao-2027", "x9#kQ2!mZ7", "王芳的猫叫小花真的很胖"]
)
def test_long_passwords_are_fine_whatever_they_are_made_of(password: str) -> None:
    assert password_problem(password, "hefei01") == ""


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "请输入新密码"),
        ("short pass"[:9], "至少10个字符，现在是9个"),
        ("x" * 5 + "y" * 196, "最多200个字符"),
        ("my-HeFei01-secret", "不能有用户名"),
        ("13855112345", "不能只有数字"),
        ("2026-11-21 12333", "不能只有数字"),
        ("Password123", "太常见"),
        ("12333-demo!", "太常见"),
        ("Anhui12333", "太常见"),
        ("1qaz2wsx3edc", "太常见"),
        ("Woaini1314520", "太常见"),
        ("qwertyuiop", "太常见"),
        ("zyxwvutsrqpon", "太常见"),
        ("aaaaaaaaaaaa", "太常见"),
        ("abc1abc1abc1", "太常见"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, sentence: str) -> None:
    assert sentence in password_problem(password, "hefei01")


def test_the_common_ones_are_written_as_they_are_compared() -> None:
    assert all(word == word.casefold() for word in COMMON)


def test_a_new_password_counts_at_once_and_ends_the_other_sessions(people: StaffApp) -> None:
    visitor, other = people.signed_in("hefei01"), people.signed_in("hefei01")
    assert "密码已经换好" in said(visitor, change(visitor))
    assert visitor.get("/status").status_code == 200 and other.get("/status").status_code == 302
    assert people.visitor().log_in("hefei01").status_code == 401
    assert people.visitor().log_in("hefei01", NEW).status_code == 303
    assert [entry[:2] for entry in audit(people)] == [("hefei01", "password_changed")]
    kept = people.rows("SELECT password_hash FROM staff_user WHERE username = 'hefei01'")[0][0]
    assert kept.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"old": "wrong"}, "现在的密码不对"),
        ({"new": "short"}, "至少10个字符"),
        ({"again": "something else"}, "两次输入的不一样"),
        ({"new": DEMO_PASSWORD}, "太常见"),
        ({"new": "hefei01-hefei01"}, "不能有用户名"),
    ],
)
def test_a_refused_password_changes_nothing_and_is_not_sent_back(
    people: StaffApp, form: dict[str, str], sentence: str
) -> None:
    visitor = people.signed_in("hefei01")
    response = change(visitor, **form)
    page = text_of(response)
    assert response.status_code == 422 and sentence in page and 'aria-invalid="true"' in page
    assert NEW not in page and people.visitor().log_in("hefei01").status_code == 303


def test_the_present_password_is_not_a_new_one(people: StaffApp) -> None:
    visitor = people.signed_in("hefei01")
    change(visitor)
    response = change(visitor, old=NEW, new=NEW)
    assert response.status_code == 422 and "和现在的密码一样" in text_of(response)


def test_the_present_password_cannot_be_guessed_from_a_session(people: StaffApp) -> None:
    visitor = people.signed_in("hefei01")
    for _ in range(5):
        wrong = change(visitor, old="guess")
    locked = change(visitor)
    assert wrong.status_code == locked.status_code == 422 and text_of(wrong) == text_of(locked)
    assert people.visitor().log_in("hefei01").status_code == 401
    people.clock.forward(minutes=15)
    assert change(visitor).status_code == 303


def test_of_two_new_passwords_at_the_same_time_one_counts(people: StaffApp) -> None:
    visitors = [people.signed_in("hefei01") for _ in range(2)]
    news = ["the first new password", "the second new password"]
    answers = all_at_once(
        [lambda v=visitor, n=new: change(v, new=n) for visitor, new in zip(visitors, news, strict=True)]  # type: ignore[misc]
    )
    assert len(answers) == 2
    assert [people.visitor().log_in("hefei01", new).status_code for new in news].count(303) == 1
    assert [visitor.get("/status").status_code for visitor in visitors].count(200) == 1
    assert len(audit(people)) == 1


def test_a_one_time_password_is_replaced_before_anything_else(people: StaffApp) -> None:
    people.write("UPDATE staff_user SET must_change_password = true WHERE username = 'hefei'")
    visitor = people.signed_in("hefei")
    for path in ("/status", "/duty", "/users", "/account/second-factor"):
        assert visitor.get(path).location == "/account", path
    assert visitor.post("/duty/keys", {}, token_from="/account").location == "/account"
    page = visitor.page("/account")
    assert "一次性密码" in page and "两步验证" not in page
    assert change(visitor).status_code == 303
    assert visitor.get("/duty").status_code == 200


def test_who_has_a_one_time_password_may_leave(people: StaffApp) -> None:
    people.write("UPDATE staff_user SET must_change_password = true WHERE username = 'hefei'")
    visitor = people.signed_in("hefei")
    assert visitor.post("/logout", {}, token_from="/account").location == "/login"
    assert visitor.get("/account").status_code == 302


def test_signing_out_everywhere_ends_every_session_and_signing_out_only_this_one(people: StaffApp) -> None:
    here, there = people.signed_in("hefei01"), people.signed_in("hefei01")
    here.post("/logout", {})
    assert there.get("/status").status_code == 200
    here = people.signed_in("hefei01")
    response = here.post("/account/sign-out-everywhere", {}, token_from="/account")
    assert response.location == "/login" and "登录都已退出" in here.page("/login")
    assert [visitor.get("/status").status_code for visitor in (here, there)] == [302, 302]
    assert [entry[1] for entry in audit(people)] == ["logout", "sessions_ended"]


def test_anybody_may_set_up_a_second_factor(people: StaffApp) -> None:
    visitor, other = people.signed_in("hefei01"), people.signed_in("hefei01")
    secret = shown_secret(visitor.page("/account/second-factor"))
    form = {"old": DEMO_PASSWORD, "code": code_at(people, secret)}
    sentence = said(visitor, visitor.post("/account/second-factor", form, token_from="/account/second-factor"))
    assert "两步验证已经设好" in sentence and "已启用" in visitor.page("/account")
    assert other.get("/status").status_code == 302
    people.clock.forward(seconds=30)
    code = code_at(people, secret)
    assert enter_code(halfway(people, "hefei01", DEMO_PASSWORD), code).status_code == 303


@pytest.mark.parametrize(
    ("form", "sentence"),
    [({"old": "wrong"}, "现在的密码不对"), ({"code": "000000"}, "验证码不对"), ({"code": ""}, "验证码不对")],
)
def test_a_second_factor_needs_the_password_and_its_first_code(
    people: StaffApp, form: dict[str, str], sentence: str
) -> None:
    visitor = people.signed_in("hefei01")
    secret = shown_secret(visitor.page("/account/second-factor"))
    given = {"old": DEMO_PASSWORD, "code": code_at(people, secret), **form}
    response = visitor.post("/account/second-factor", given, token_from="/account/second-factor")
    assert response.status_code == 422 and sentence in text_of(response)
    assert shown_secret(text_of(response)) == secret
    assert people.rows("SELECT count(*) FROM staff_user WHERE totp_sealed IS NOT NULL") == [(0,)]


def with_second_factor(people: StaffApp) -> tuple[Visitor, str]:
    secret = give_second_factor(people, "hefei01")
    visitor = halfway(people, "hefei01", DEMO_PASSWORD)
    assert enter_code(visitor, code_at(people, secret)).status_code == 303
    people.clock.forward(minutes=1)
    return visitor, secret


def test_a_new_telephone_needs_the_old_one(people: StaffApp) -> None:
    visitor, old = with_second_factor(people)
    new = shown_secret(visitor.page("/account/second-factor"))
    form = {"old": DEMO_PASSWORD, "code": code_at(people, new), "old_code": "000000"}
    refused = visitor.post("/account/second-factor", form, token_from="/account/second-factor")
    assert refused.status_code == 422 and "请等下一个" in text_of(refused)
    form["old_code"] = code_at(people, old)
    assert visitor.post("/account/second-factor", form, token_from="/account/second-factor").status_code == 303
    people.clock.forward(minutes=1)
    again = halfway(people, "hefei01", DEMO_PASSWORD)
    assert enter_code(again, code_at(people, old)).status_code == 401
    assert enter_code(again, code_at(people, new)).status_code == 303


def test_a_second_factor_can_be_removed_where_none_is_needed(people: StaffApp) -> None:
    visitor, secret = with_second_factor(people)
    form = {"old": DEMO_PASSWORD, "old_code": "000000"}
    assert visitor.post("/account/second-factor/remove", form, token_from="/account").status_code == 422
    form["old_code"] = code_at(people, secret)
    assert visitor.post("/account/second-factor/remove", form, token_from="/account").status_code == 303
    assert people.visitor().log_in("hefei01").location == "/console"
    assert [entry[1] for entry in audit(people)] == ["second_factor_removed"]


def test_an_administrator_outside_a_demo_replaces_it_and_never_removes_it(staff: StaffApp) -> None:
    house = outside_a_demo(staff, hash_password(PASSWORD))
    visitor = house.visitor()
    visitor.log_in("guanli", PASSWORD)
    secret = set_up(house, visitor)
    page = visitor.page("/account")
    assert "不能停用" in page and "/account/second-factor/remove" not in page
    house.clock.forward(minutes=1)
    form = {"old": PASSWORD, "old_code": code_at(house, secret)}
    visitor.post("/account/second-factor/remove", form, token_from="/account")
    assert house.rows("SELECT totp_sealed IS NULL FROM staff_user WHERE username = 'guanli'") == [(False,)]


def test_the_account_page_is_for_everybody_signed_in(people: StaffApp) -> None:
    for username in ("guanli", "xinxi", "hefei", "hefei01"):
        assert people.signed_in(username).get("/account").status_code == 200
    assert people.visitor().get("/account").location == "/login?next=/account"


def test_an_offered_secret_belongs_to_one_person(people: StaffApp) -> None:
    visitor = people.signed_in("hefei01")
    visitor.page("/account/second-factor")
    with visitor.client.session_transaction() as session:
        offered = session["offered_secret"]
    other = people.signed_in("hefei")
    with other.client.session_transaction() as session:
        session["offered_secret"] = offered
    assert other.get("/account/second-factor").status_code == 500

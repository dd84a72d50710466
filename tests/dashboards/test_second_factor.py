"""The second factor: nobody is signed in before the code is right, and a code opens once."""

import base64
import json
import zlib
from datetime import UTC, datetime

import pytest

from dashboards.demo import DEMO_PASSWORD
from dashboards.passwords import hash_password
from dashboards.second_factor import in_groups, matching_step, new_secret, qr_code
from tests.dashboards.accounts import (
    PASSWORD,
    alert_of,
    all_at_once,
    audit,
    code_at,
    enter_code,
    give_second_factor,
    halfway,
    outside_a_demo,
    set_up,
    shown_secret,
    with_accounts,
)
from tests.dashboards.staff_app import StaffApp, Visitor, text_of

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def house(staff: StaffApp, password_hash: str) -> StaffApp:
    """An installation that is no demo."""
    return outside_a_demo(staff, password_hash)


def first_sign_in(house: StaffApp) -> Visitor:
    visitor = house.visitor()
    response = visitor.log_in("guanli", PASSWORD)
    assert (response.status_code, response.location) == (303, "/login/set-up")
    return visitor


# RFC 6238, appendix B: the last six of the eight digits.
@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(RFC_SECRET, code, at) == seconds // 30


@pytest.mark.parametrize("typed", ["287082", " 287 082 ", "２８７０８２", "287\u00a0082"])
def test_a_code_may_be_typed_with_spaces_and_wide_digits(typed: str) -> None:
    assert matching_step(RFC_SECRET, typed, datetime.fromtimestamp(59, UTC)) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870820", "28708a", "٢٨٧٠٨٢", "\x00", "2" * 100_000, "-87082"])
def test_what_is_no_code_is_only_a_wrong_code(typed: str) -> None:
    assert matching_step(RFC_SECRET, typed, datetime.fromtimestamp(59, UTC)) is None


def test_a_secret_has_160_bits_and_is_shown_in_groups_of_four() -> None:
    secret = new_secret()
    assert len(base64.b32decode(secret)) == 20 and secret != new_secret()
    assert in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
    assert qr_code(secret, "guanli").startswith("<svg") and "<script" not in qr_code(secret, "<script>")


def test_an_administrator_sets_it_up_before_the_first_session(house: StaffApp) -> None:
    visitor = first_sign_in(house)
    assert visitor.get("/status").status_code == 302
    page = visitor.page("/login/set-up")
    secret = shown_secret(page)
    assert "<svg" in page and in_groups(secret) in page
    wrong = enter_code(visitor, code_at(house, secret, 5), "/login/set-up")
    assert wrong.status_code == 422 and shown_secret(text_of(wrong)) == secret
    assert visitor.get("/status").status_code == 302
    assert set_up(house, visitor) == secret
    assert "李强" in visitor.page("/status")
    sealed = house.rows("SELECT totp_sealed, totp_since FROM staff_user WHERE username = 'guanli'")
    assert house.services.sealer.open(sealed[0][0], "staff.totp") == secret and sealed[0][1] == house.clock()
    assert [action for _, action, _, _ in audit(house)] == ["second_factor_set"]
    assert house.rows("SELECT count(*) FROM audit_entry WHERE action = 'login'") == [(1,)]


def test_the_cookie_does_not_tell_the_offered_secret(house: StaffApp) -> None:
    visitor = first_sign_in(house)
    secret = shown_secret(visitor.page("/login/set-up"))
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    body = cookie.value.split(".")[1] if cookie.value.startswith(".") else cookie.value.split(".")[0]
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    kept = json.loads(zlib.decompress(raw) if cookie.value.startswith(".") else raw)
    assert "offered_secret" in kept and secret not in json.dumps(kept)
    assert secret.encode() not in base64.b64decode(kept["offered_secret"])


def test_afterwards_the_code_comes_after_the_password(house: StaffApp) -> None:
    secret = give_second_factor(house, "guanli")
    visitor = house.visitor()
    assert visitor.log_in("guanli", PASSWORD, next="/status/340100").location == "/login/code"
    assert visitor.get("/status").status_code == 302 and "李强" not in visitor.page("/login/code")
    assert visitor.get("/login/set-up").location == "/login/code"
    response = enter_code(visitor, code_at(house, secret))
    assert (response.status_code, response.location) == (303, "/status/340100")
    assert visitor.get("/status").status_code == 200
    assert visitor.get("/login/code").status_code == 302


def test_a_code_opens_once(house: StaffApp) -> None:
    secret = give_second_factor(house, "guanli")
    code = code_at(house, secret)
    assert enter_code(halfway(house, "guanli"), code).status_code == 303
    again = halfway(house, "guanli")
    assert enter_code(again, code).status_code == 401
    house.clock.forward(seconds=30)
    assert enter_code(again, code).status_code == 401
    assert enter_code(again, code_at(house, secret)).status_code == 303


def test_the_code_that_set_it_up_does_not_open_as_well(house: StaffApp) -> None:
    secret = set_up(house, first_sign_in(house))
    visitor = halfway(house, "guanli")
    assert enter_code(visitor, code_at(house, secret)).status_code == 401
    assert enter_code(visitor, code_at(house, secret, -1)).status_code == 401
    assert enter_code(visitor, code_at(house, secret, 1)).status_code == 303


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_a_clock_may_be_one_step_off(house: StaffApp, steps: int, status: int) -> None:
    secret = give_second_factor(house, "guanli")
    assert enter_code(halfway(house, "guanli"), code_at(house, secret, steps)).status_code == status


def test_wrong_codes_and_wrong_passwords_lock_together_and_the_right_password_forgets_none(house: StaffApp) -> None:
    secret = give_second_factor(house, "guanli")
    for _ in range(2):
        assert house.visitor().log_in("guanli", "wrong").status_code == 401
    waiting = halfway(house, "guanli")
    for _ in range(2):
        assert enter_code(halfway(house, "guanli"), "000000").status_code == 401
    assert enter_code(waiting, "000000").status_code == 401
    assert enter_code(waiting, code_at(house, secret)).status_code == 401
    assert house.visitor().log_in("guanli", PASSWORD).status_code == 401
    assert [action for _, action, _, _ in audit(house)] == ["login_locked"]
    house.clock.forward(minutes=15)
    assert enter_code(halfway(house, "guanli"), code_at(house, secret)).status_code == 303
    assert house.rows("SELECT failed_logins FROM staff_user WHERE username = 'guanli'") == [(0,)]


def test_a_wrong_code_a_used_one_and_a_locked_account_get_the_same_answer(house: StaffApp) -> None:
    secret = give_second_factor(house, "guanli")
    used = code_at(house, secret)
    enter_code(halfway(house, "guanli"), used)
    visitor = halfway(house, "guanli")
    answers = [enter_code(visitor, code) for code in (used, "000000", "", "x" * 50)]
    for _ in range(4):
        enter_code(visitor, "000000")
    answers += [enter_code(visitor, code_at(house, secret, 1)), enter_code(visitor, "000000")]
    assert len({(answer.status_code, alert_of(answer)) for answer in answers}) == 1


def test_of_two_with_the_same_code_at_the_same_time_one_gets_in(house: StaffApp) -> None:
    secret = give_second_factor(house, "guanli")
    for _ in range(3):
        visitors = [halfway(house, "guanli") for _ in range(3)]
        for visitor in visitors:
            visitor.page("/login/code")
        code = code_at(house, secret)
        answers = all_at_once([lambda v=visitor, c=code: enter_code(v, c) for visitor in visitors])  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [303, 401, 401]
        house.clock.forward(minutes=1)


def test_of_two_who_set_it_up_at_the_same_time_one_secret_counts(house: StaffApp) -> None:
    visitors = [first_sign_in(house) for _ in range(2)]
    secrets = [shown_secret(visitor.page("/login/set-up")) for visitor in visitors]
    assert secrets[0] != secrets[1]
    answers = all_at_once(
        [
            lambda v=visitor, s=secret: enter_code(v, code_at(house, s), "/login/set-up")  # type: ignore[misc]
            for visitor, secret in zip(visitors, secrets, strict=True)
        ]
    )
    assert sorted(answer.location for answer in answers) == ["/login", "/status"]
    assert [visitor.get("/status").status_code for visitor in visitors].count(200) == 1


@pytest.mark.parametrize(
    "change", ["session_epoch = session_epoch + 1", "is_active = false", "totp_sealed = NULL, session_epoch = 9"]
)
def test_who_is_halfway_starts_again_when_the_account_was_changed(house: StaffApp, change: str) -> None:
    secret = give_second_factor(house, "guanli")
    visitor = halfway(house, "guanli")
    visitor.page("/login/code")
    house.write(f"UPDATE staff_user SET {change} WHERE username = 'guanli'")
    response = visitor.post("/login/code", {"code": code_at(house, secret)}, token_from="/login")
    assert (response.status_code, response.location) == (303, "/login")
    assert visitor.get("/status").status_code == 302


def test_halfway_lasts_ten_minutes(house: StaffApp) -> None:
    secret = give_second_factor(house, "guanli")
    visitor = halfway(house, "guanli")
    house.clock.forward(minutes=9, seconds=59)
    assert visitor.get("/login/code").status_code == 200
    house.clock.forward(seconds=1)
    response = visitor.get("/login/code")
    assert (response.status_code, response.location) == (303, "/login")
    assert "从密码重新开始" in visitor.page("/login")
    assert code_at(house, secret) not in visitor.page("/login")


@pytest.mark.parametrize("path", ["/login/code", "/login/set-up"])
def test_the_pages_of_the_code_are_for_nobody_else(house: StaffApp, path: str) -> None:
    visitor = house.visitor()
    assert visitor.get(path).location == "/login"
    assert visitor.post(path, {"code": "123456"}, token_from="/login").location == "/login"
    give_second_factor(house, "guanli")
    assert halfway(house, "guanli").client.post(path, data={"code": "123456"}).status_code == 400


def test_others_need_none(house: StaffApp) -> None:
    for username, home in (("xinxi", "/status"), ("hefei", "/status"), ("hefei01", "/console")):
        assert house.visitor().log_in(username, PASSWORD).location == home


def test_in_a_demo_an_administrator_is_asked_only_after_setting_it_up(staff: StaffApp) -> None:
    with_accounts(staff)
    assert staff.visitor().log_in("guanli").location == "/status"
    assert "演示中管理员不用两步验证" in staff.visitor().page("/login")
    secret = give_second_factor(staff, "guanli")
    assert enter_code(halfway(staff, "guanli", DEMO_PASSWORD), code_at(staff, secret)).location == "/status"


def test_outside_a_demo_nothing_is_said_of_it(house: StaffApp) -> None:
    assert "演示" not in house.visitor().page("/login")

"""The first administrator of an installation, and the way back in for the last one, from the command line."""

import argparse
import re

import pytest

from dashboards.passwords import hash_password
from dashboards.staff_commands import OPERATOR, run_staff_command, staff_arguments
from tests.dashboards.accounts import (
    PASSWORD,
    audit,
    code_at,
    enter_code,
    give_second_factor,
    halfway,
    outside_a_demo,
    set_up,
)
from tests.dashboards.staff_app import StaffApp

NEW = "three words are enough"


@pytest.fixture
def house(staff: StaffApp) -> StaffApp:
    return outside_a_demo(staff, hash_password(PASSWORD))


def run(house: StaffApp, *words: str) -> int:
    parser = argparse.ArgumentParser()
    staff_arguments(parser)
    return run_staff_command(house.services, parser.parse_args(words))


def one_time_password(said: str) -> str:
    found = re.search(r"^    (\S+)$", said, re.MULTILINE)
    assert found, said
    return found[1]


def test_the_first_administrator_of_an_empty_installation(house: StaffApp, capsys: pytest.CaptureFixture[str]) -> None:
    house.write("DELETE FROM staff_user")
    assert run(house, "add", "wangfang", "--name", "王芳") == 0
    password = one_time_password(capsys.readouterr().out)
    visitor = house.visitor()
    assert visitor.log_in("wangfang", password).location == "/login/set-up"
    set_up(house, visitor)
    assert visitor.get("/users").location == "/account"
    form = {"old": password, "new": NEW, "again": NEW}
    assert visitor.post("/account/password", form, token_from="/account").status_code == 303
    assert "王芳" in visitor.page("/users")
    assert audit(house)[0][:3] == (OPERATOR, "user_added", None)
    assert password not in str(audit(house))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "guanli"], "已经有人用了"),
        (["add", "Wang Fang"], "小写字母开头"),
        (["add", "wangfang", "--name", ""], "请写姓名"),
        (["reset-second-factor", "nobody"], "没有“nobody”这个在用的用户"),
        (["reset-password", "nobody"], "没有“nobody”这个在用的用户"),
    ],
)
def test_what_cannot_be_done_is_said(
    house: StaffApp, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert run(house, *words) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err and captured.out == "" and audit(house) == []


def test_the_last_administrator_who_lost_the_telephone(house: StaffApp, capsys: pytest.CaptureFixture[str]) -> None:
    secret = give_second_factor(house, "guanli")
    for _ in range(5):
        enter_code(halfway(house, "guanli"), "000000")
    assert run(house, "reset-second-factor", "guanli") == 0
    assert "重新设置" in capsys.readouterr().out
    visitor = house.visitor()
    assert visitor.log_in("guanli", PASSWORD).location == "/login/set-up"
    assert set_up(house, visitor) != secret
    assert (OPERATOR, "second_factor_reset") in [entry[:2] for entry in audit(house)]


def test_the_last_administrator_who_lost_the_password(house: StaffApp, capsys: pytest.CaptureFixture[str]) -> None:
    secret = give_second_factor(house, "guanli")
    assert run(house, "reset-password", "guanli") == 0
    visitor = halfway(house, "guanli", one_time_password(capsys.readouterr().out))
    assert enter_code(visitor, code_at(house, secret)).status_code == 303
    assert visitor.get("/status").location == "/account"
    assert house.visitor().log_in("guanli", PASSWORD).status_code == 401

"""Who somebody is: a number and a PIN by keypad, wrong ones counted for the person and for the telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from integrations.sandbox.ids import resident_number
from integrations.sandbox.records import Person
from integrations.social_insurance.keeper import SHIPPED_FILE, SystemsKeeper
from ivr.service import Line
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.conftest import MONDAY_TEN, Clock
from tests.ivr.query.asker import PENSION, Asker
from tests.ivr.query.conftest import HEFEI, PROVINCE, WUHU, Rings
from tests.ivr.query.test_trouble import PIN_SERVICE, hears_only
from tests.ivr.query.truth import PROVEN

Somebody = Callable[[str], Person]
Rows = Callable[..., list[tuple[Any, ...]]]
WRONG = "918273"
# Neither points to a city of the province.
OTHER_TELEPHONE = "+8613800138001"
NOBODY = resident_number("110101", date(1990, 1, 1), "001")
NO_TRIES = "密码不对，试错太多，先锁住了。"


def pins_asked(sandbox: SandboxProcess, person: Person) -> int:
    return sandbox.asked("pension-province", PIN_SERVICE, person.id_number)


def locks(rings: Rings, person: Person, **more: Any) -> Asker:
    """Five wrong PINs in one call."""
    asker = rings(PROVINCE, **more).asks(PENSION).press(person.id_number)
    for left in ("四", "三", "两", "一"):
        assert asker.press(WRONG).waits().said == [
            f"密码不对，还可以试{left}次。",
            "请按六位查询密码。忘了，请等一下，有别的办法。",
        ]
    hears_only(asker.press(WRONG).waits(), NO_TRIES)
    return asker


def is_locked(asker: Asker) -> bool:
    return asker.said[0].startswith("密码试错太多，先锁住了，明天") and asker.said[0].endswith("后再试。")


def test_a_wrong_pin_is_told_with_the_tries_that_are_left(rings: Rings, somebody: Somebody) -> None:
    person = somebody("王芳")
    asker = rings(PROVINCE).asks(PENSION).proves(person, WRONG)
    assert asker.said[0] == "密码不对，还可以试四次。"
    assert asker.press(person.pin or "").waits().said[0] == PROVEN


def test_after_five_wrong_ones_nobody_is_asked_any_more(
    rings: Rings, somebody: Somebody, sandbox: SandboxProcess, line: Line
) -> None:
    person = somebody("王芳")
    locks(rings, person)
    assert pins_asked(sandbox, person) == 5
    # Redis holds nothing of it.
    line.services.live_store.flushall()
    for telephone in ("", OTHER_TELEPHONE):
        asker = rings(PROVINCE, caller=telephone).asks(PENSION).proves(person)
        assert is_locked(asker), asker.said
    assert pins_asked(sandbox, person) == 5


def test_whoever_shares_the_telephone_is_not_locked_until_ten(
    rings: Rings, somebody: Somebody, sandbox: SandboxProcess
) -> None:
    locks(rings, somebody("王芳"))
    other = somebody("李强")
    assert rings(PROVINCE).asks(PENSION).proves(other).said[0] == PROVEN
    locks(rings, somebody("李军"))
    # Ten from this telephone: whoever comes next is locked there, and nowhere else.
    assert is_locked(rings(PROVINCE).asks(PENSION).proves(other))
    assert rings(PROVINCE, caller=OTHER_TELEPHONE).asks(PENSION).proves(other).said[0] == PROVEN
    assert pins_asked(sandbox, other) == 2


def test_whoever_withholds_the_number_is_locked_by_person_alone(rings: Rings, somebody: Somebody) -> None:
    locks(rings, somebody("王芳"), caller="anonymous")
    assert rings(PROVINCE, caller="anonymous").asks(PENSION).proves(somebody("李强")).said[0] == PROVEN
    assert is_locked(rings(PROVINCE).asks(PENSION).proves(somebody("王芳")))


def test_an_initial_pin_opens_nothing(rings: Rings, somebody: Somebody, sandbox: SandboxProcess) -> None:
    asker = rings(PROVINCE).asks(PENSION).proves(somebody("李军"))
    counter = "安徽省政务服务中心的人社窗口"
    hears_only(asker, f"这是初始密码，不安全，电话里不能用它查。要改密码，请带身份证到{counter}。")
    assert sandbox.asked("pension-province", "SI_PENSION_PERSON") == 0


def test_an_initial_pin_that_the_system_takes_for_right_opens_nothing_either(
    rings: Rings, somebody: Somebody, line: Line, tmp_path: Path, rows: Rows
) -> None:
    """It is printed on the card, which whoever found it holds; some systems do not tell it from another."""
    written = yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8"))
    written["systems"]["demo_bus_province"]["codes"]["pin"]["3"] = "right"
    (tmp_path / SHIPPED_FILE.name).write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    line.services.social_insurance._keeper = SystemsKeeper(tmp_path)
    asker = rings(PROVINCE).asks(PENSION).proves(somebody("李军"))
    assert asker.said[0].startswith("这是初始密码")
    assert rows("SELECT kind, result FROM look_up_audit") == [("pin", "initial")]


def test_who_never_set_a_pin_is_told_how(rings: Rings, somebody: Somebody) -> None:
    asker = rings(HEFEI).asks(PENSION).proves(somebody("王艳"))
    hears_only(asker, "您还没有设查询密码。要设密码，请带身份证到合肥市政务服务中心的人社窗口。")


def test_a_number_of_nobody_is_told_as_such(rings: Rings, sandbox: SandboxProcess, rows: Rows) -> None:
    asker = rings(PROVINCE).asks(PENSION).press(NOBODY).press(WRONG).waits()
    hears_only(asker, "用这个号码，没有查到参保记录。")
    # It is no secret of a person, and yet a guess of this telephone.
    assert [row[0] for row in rows("SELECT person_hash FROM pin_failure")] == [None]


def test_an_old_number_of_fifteen_digits_finds_help_at_once(rings: Rings, sandbox: SandboxProcess) -> None:
    asker = rings(WUHU).asks(PENSION).press("340202850308998")
    assert asker.said[0] == "十五位的老号码，电话里核对不了。"
    assert sandbox.state()["counts"] == []


class TestInHours:
    """Wuhu on a Monday, with a desk telephone."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock(MONDAY_TEN)

    def rings_the_desk(self, asker: Asker) -> bool:
        return asker.waiting is not None and asker.waiting.verb.tag == "Dial"

    def test_the_third_mistake_finds_a_person(self, rings: Rings) -> None:
        asker = rings(WUHU).asks(PENSION)
        assert asker.press("340103198503089984").said == ["号码不对，可能按错了一位，请再按一次。"]
        assert asker.press("3401031985030899").said == ["只收到十六位，身份证号是十八位，请再按一次。"]
        asker.press("340103198503089985")
        assert asker.said[0] == "没关系，我请咨询员帮您。" and self.rings_the_desk(asker)

    def test_the_third_pin_that_is_too_short_finds_a_person(
        self, rings: Rings, somebody: Somebody, sandbox: SandboxProcess
    ) -> None:
        asker = rings(WUHU).asks(PENSION).press(somebody("王芳").id_number)
        for keys in ("123", "1234"):
            assert asker.press(keys).said == ["密码是六位，请再按一次。"]
        asker.press("*2580#")
        assert self.rings_the_desk(asker) and sandbox.state()["counts"] == []

    @pytest.mark.parametrize("keyed", [(), ("340103198503089983",)])
    def test_pressing_nothing_is_the_call_for_help(self, keyed: tuple[str, ...], rings: Rings) -> None:
        asker = rings(WUHU).asks(PENSION)
        for number in keyed:
            asker.press(number)
        mark = len(asker.heard)
        # The first digit has ten seconds, and five more.
        asker.wait().wait()
        assert "没关系，我请咨询员帮您。" in asker.heard[mark:] and self.rings_the_desk(asker)

    def test_who_is_helped_leaves_no_number_behind(self, rings: Rings, line: Line) -> None:
        """The consultant asks anew; what was keyed by somebody who could not go on proves nothing."""
        asker = rings(WUHU).asks(PENSION).press("340103198503089983")
        asker.press("12").press("12").press("12")
        with line.store() as store:
            session = store.read(asker.sid)
        assert session is not None and "id_number" not in session.private

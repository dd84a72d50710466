"""Our own call to a caller, by the carrier's signed webhooks: a person, a machine, nobody, somebody else, too late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from dashboards.call_counts import count_calls
from dashboards.console.desk_rows import _HISTORY
from ivr.callback_calls import CallbackCalls
from ivr.ledger import prove
from ivr.ring import Ring
from ivr.service import Line
from tests.caller import Caller
from tests.ivr.callbacks.conftest import WUHU, WUHU_NUMBER
from tests.ivr.callbacks.telephones import RungTelephone
from tests.queueing.callback_scene import LI_QIANG, WANG_FANG, CallbackScene

Rings = Callable[..., Caller]
Rung = Callable[..., RungTelephone]
HELLO = "您好，芜湖市人社局幺二三三三给您回电。今天上午十点您打过我们的电话。"
# Anything of these would tell the matter to whoever picks up.
MATTERS = ("养老", "医保", "社保卡", "失业", "工伤", "劳动", "投诉", "挂失", "退休")


@pytest.fixture
def dialled(busy: int, rings: Rings, rung: Rung, scene: CallbackScene) -> RungTelephone:
    """A caller has listened to something about pensions and asked to be rung; now the telephone rings."""
    rings().press("2").press("1").press("*").press("*").press("7").press("2").press("1").press("1")
    scene.desk.ready(busy)
    scene.comes_due(30)
    return rung()


def request(scene: CallbackScene) -> tuple[Any, ...]:
    """status, end_reason, attempts of the only request."""
    [row] = scene.rows("SELECT status, end_reason, attempts FROM callback")
    return tuple(row)


def call(scene: CallbackScene, telephone: RungTelephone) -> tuple[Any, ...]:
    """direction, dialled, caller_tail, outcome of the call's row."""
    [row] = scene.rows("SELECT direction, dialled, caller_tail, outcome FROM call WHERE call_sid = %s", telephone.sid)
    return tuple(row)


def last(telephone: RungTelephone) -> ElementTree.Element:
    return ElementTree.fromstring(telephone.documents[-1])


def test_whoever_picks_up_hears_who_calls_and_nothing_of_the_matter(dialled: RungTelephone) -> None:
    dialled.picks_up()
    assert dialled.heard == [
        HELLO,
        "来电显示的号码是零五五三幺二三三三。",
        "我们不会要密码、验证码，也不会让您转账。",
        "方便，请按一，或者说一声“好”；不方便，请按二，换个时间；打错了，请按三。",
    ]
    (gather, redirect) = last(dialled)
    assert gather.attrib["input"] == "dtmf speech" and gather.attrib["speechTimeout"] == "2"
    assert gather.attrib["language"] == "cmn-Hans-CN" and redirect.tag == "Redirect"
    assert not any(matter in dialled.documents[-1] for matter in MATTERS)


@pytest.mark.parametrize("yes", ["1", "0", "voice"])
def test_a_yes_leads_to_the_talk_and_the_judgement(
    dialled: RungTelephone, scene: CallbackScene, busy: int, yes: str
) -> None:
    dialled.picks_up()
    assert scene.rows("SELECT status FROM callback_attempt") == [("answered",)]
    dialled.says() if yes == "voice" else dialled.press(yes)
    assert request(scene)[0] == "live"
    assert scene.rows("SELECT call_sid, status FROM queue_entry WHERE ended_at IS NULL") == [(dialled.sid, "offered")]
    if yes != "0":
        assert dialled.heard[-1] == "马上有人跟您说话，请不要挂机。"
    scene.works()
    offer = scene.offer("2001") or ""
    assert scene.line.accept(offer, scene.leg("2001")) is not None
    dialled._go(f"{dialled.base_url}/ivr/connect?offer={offer}", {"CallStatus": "in-progress"})
    assert any("工号二零零幺为您服务，通话录音。" in words for words in dialled.heard)
    assert f">offer-{offer}</Conference>" in dialled.documents[-1]
    scene.desk.hang_up(busy, offer)
    scene.works()
    dialled._go(f"{dialled.base_url}/ivr/after?offer={offer}", {"CallStatus": "in-progress"})
    dialled.press("1")
    assert "谢谢您的评价。" in dialled.heard and dialled.is_over
    assert request(scene) == ("ended", "served", 1)
    assert call(scene, dialled) == ("outbound-api", WUHU_NUMBER, "2345", "answered")


def test_silence_is_asked_once_more_and_then_treated_as_a_machine(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.picks_up().wait()
    assert dialled.heard[-2:] == [HELLO, "方便，请按一，或者说一声“好”；不方便，请按二，换个时间；打错了，请按三。"]
    dialled.wait()
    assert dialled.heard[-1] == "幺二三三三打过电话，今天中午十二点再打一次，不用回拨。" and dialled.is_over
    assert scene.history() == ["silent"] and request(scene) == ("scheduled", None, 1)
    assert scene.state("2001") == ("available", None)


def test_a_voice_counts_at_the_second_asking_too(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.picks_up().wait().says("喂")
    assert request(scene)[0] == "live"


def test_not_now_is_asked_for_another_time(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.picks_up().press("2")
    slot = scene.callbacks.slots(WUHU)[1].since
    dialled.press("2")
    assert dialled.heard[-2:] == ["好的，今天上午十一点到十一点半再打给您。", "再见。"] and dialled.is_over
    assert scene.callback().slot_from == slot and scene.history() == ["later"]
    assert call(scene, dialled)[3] == "callback_requested" and scene.state("2001") == ("available", None)


def test_somebody_else_is_not_rung_again(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.picks_up().press("3")
    assert dialled.heard[-2:] == ["对不起，打扰了。", "再见。"]
    assert request(scene) == ("ended", "wrong_number", 1)


def test_a_machine_is_told_when_we_ring_again_whatever_it_was_being_asked(
    dialled: RungTelephone, scene: CallbackScene
) -> None:
    dialled.picks_up().press("2")
    address = f"{dialled.base_url}/ivr/callback?attempt={dialled.attempt}&machine=1"
    first, again = dialled.request(address, {}), dialled.request(address, {})
    assert first == again
    (say, hangup) = ElementTree.fromstring(first[1])
    assert (say.tag, hangup.tag) == ("Say", "Hangup")
    assert say.text == "幺二三三三打过电话，今天中午十二点再打一次，不用回拨。"
    assert scene.history() == ["machine"] and request(scene)[0] == "scheduled"
    assert scene.rows("SELECT count(*) FROM call_step WHERE kind = 'called_back'") == [(2,)]


def test_a_machine_that_is_told_before_anything_was_said(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.picks_up(machine=True)
    assert dialled.heard == ["幺二三三三打过电话，今天中午十二点再打一次，不用回拨。"]
    assert scene.history() == ["machine"]


def test_the_last_machine_is_promised_nothing(dialled: RungTelephone, scene: CallbackScene) -> None:
    scene.rows("UPDATE callback SET attempts = 3 RETURNING id")
    dialled.picks_up().picks_up(machine=True)
    assert dialled.heard[-1] == "幺二三三三打过电话。"
    assert request(scene)[:2] == ("ended", "unreached")


@pytest.mark.parametrize("moment", ["confirmed", "in the talk"])
def test_whoever_has_agreed_is_no_machine_any_more(dialled: RungTelephone, scene: CallbackScene, moment: str) -> None:
    dialled.picks_up().press("1")
    if moment == "in the talk":
        scene.works()
        offer = scene.offer("2001") or ""
        scene.line.accept(offer, scene.leg("2001"))
        dialled._go(f"{dialled.base_url}/ivr/connect?offer={offer}", {"CallStatus": "in-progress"})
    document = dialled.documents[-1]
    dialled.picks_up(machine=True)
    assert dialled.documents[-1] == document and request(scene)[0] == "live"


def test_a_machine_at_the_instant_of_the_key_does_not_hang_up_on_a_person(
    dialled: RungTelephone, scene: CallbackScene, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm = line.callbacks.confirm
    documents = []

    def confirm_while_told(attempt: str, call_sid: str) -> bool:
        monkeypatch.setattr(line.callbacks, "confirm", confirm)
        ring = Ring(call_sid, WANG_FANG, WUHU_NUMBER, "in-progress", "outbound-api")
        documents.append(line.callback_calls.answer(ring, attempt, is_machine=True))
        return confirm(attempt, call_sid)

    dialled.picks_up()
    monkeypatch.setattr(line.callbacks, "confirm", confirm_while_told)
    dialled.press("1")
    assert "打过电话" not in documents[0] and "<Redirect" in documents[0]
    assert request(scene)[0] == "live" and dialled.heard[-1] == "马上有人跟您说话，请不要挂机。"


def test_a_repeated_webhook_gets_the_same_document(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.picks_up()
    first = dialled.documents[-1]
    dialled.picks_up()
    assert dialled.documents[-1] == first
    dialled.press("2")
    status, document = dialled.request(f"{dialled.base_url}/ivr/callback?attempt={dialled.attempt}", {})
    assert (status, document) == (200, first)
    assert scene.rows("SELECT count(*) FROM call_step WHERE turn = 1 AND call_sid = %s", dialled.sid) == [(1,)]


def test_who_picks_up_too_late_hears_an_apology(dialled: RungTelephone, scene: CallbackScene) -> None:
    assert scene.callbacks.cancel(scene.callback().id) == "cancelled"
    dialled.picks_up()
    assert dialled.heard == ["对不起，打扰您了，这个回电不用接了。要找我们，请打幺二三三三。", "再见。"]
    assert dialled.is_over and call(scene, dialled)[0] == "outbound-api"


def test_an_attempt_that_never_was_hears_an_apology_too(dialled: RungTelephone) -> None:
    dialled.attempt = "nobody"
    dialled.picks_up()
    assert dialled.heard[0].startswith("对不起，打扰您了")


def test_cancelled_while_we_ask(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.picks_up()
    assert scene.callbacks.cancel(scene.callback().id) == "cancelled"
    dialled.press("1")
    assert dialled.heard[-2:] == ["对不起，打扰您了，这个回电不用接了。要找我们，请打幺二三三三。", "再见。"]


def test_a_consultants_callback_does_not_claim_that_somebody_rang(busy: int, scene: CallbackScene, rung: Rung) -> None:
    scene.books("desk", number=LI_QIANG, source="desk", centre=WUHU)
    scene.desk.ready(busy)
    scene.comes_due(30)
    assert rung(LI_QIANG).picks_up().heard[0] == "您好，芜湖市人社局幺二三三三给您回电。"


def test_slow_callers_are_asked_slowly(busy: int, rings: Rings, scene: CallbackScene, rung: Rung) -> None:
    rings().press("8").press("7").press("2").press("1").press("1")
    scene.desk.ready(busy)
    scene.comes_due(30)
    assert "75%" in rung().picks_up().documents[-1]


# faults


@contextmanager
def once_away(line: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The first webhook that comes now finds no database."""
    answer = line.callback_calls.answer

    def away(*_: Any) -> str:
        monkeypatch.setattr(line.callback_calls, "answer", answer)
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(line.callback_calls, "answer", away)
    yield


@pytest.mark.parametrize("is_machine", [False, True])
def test_an_outage_keeps_the_attempt(
    dialled: RungTelephone, line: Line, monkeypatch: pytest.MonkeyPatch, is_machine: bool
) -> None:
    if is_machine:
        dialled.picks_up()
    with once_away(line, monkeypatch):
        dialled.picks_up(machine=is_machine)
    assert "对不起，系统出了问题" in "".join(dialled.heard)
    assert dialled.heard[-1].startswith("幺二三三三打过电话" if is_machine else "方便，请按一")


@pytest.mark.parametrize("is_machine", [False, True])
def test_the_fallback_makes_it_again(dialled: RungTelephone, scene: CallbackScene, is_machine: bool) -> None:
    if is_machine:
        dialled.picks_up()
    failed = f"{dialled.base_url}/ivr/callback?attempt={dialled.attempt}" + ("&machine=1" if is_machine else "")
    dialled._go(f"{dialled.base_url}/ivr/fallback", {"ErrorUrl": failed, "ErrorCode": "11200"})
    assert dialled.heard[-1].startswith("幺二三三三打过电话" if is_machine else "方便，请按一")


def test_the_fallback_in_an_outage_keeps_the_attempt(
    dialled: RungTelephone, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"ErrorUrl": f"{dialled.base_url}/ivr/callback?attempt={dialled.attempt}", "ErrorCode": "11200"}
    with once_away(line, monkeypatch):
        dialled._go(f"{dialled.base_url}/ivr/fallback", failed)
    assert dialled.heard[-1].startswith("方便，请按一")


def test_a_call_of_ours_that_nobody_knows_is_given_no_menu(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled._go(f"{dialled.base_url}/ivr/fallback", {"ErrorCode": "11200"})
    assert dialled.heard[0].startswith("对不起，打扰您了") and dialled.is_over


# the ledger


def test_calls_of_ours_are_not_received_ones(
    dialled: RungTelephone, rings: Rings, scene: CallbackScene, line: Line
) -> None:
    with line.store() as store:
        proof = prove(store._connection, scene.at - timedelta(hours=1), scene.at + timedelta(hours=1))
    before = count_calls(line.services.database, [WUHU], scene.at)
    dialled.picks_up()
    for hang_up in (False, True):
        if hang_up:
            dialled.hang_up()
        with line.store() as store:
            again = prove(store._connection, scene.at - timedelta(hours=1), scene.at + timedelta(hours=1))
        assert again.holds and again == proof
        assert count_calls(line.services.database, [WUHU], scene.at) == before
    assert call(scene, dialled)[3] == "abandoned_in_menu" and scene.history() == ["hung_up"]


def test_a_call_of_ours_that_passes_for_a_received_one_is_named(
    dialled: RungTelephone, scene: CallbackScene, line: Line
) -> None:
    dialled.picks_up()
    scene.rows("UPDATE call SET direction = 'inbound' WHERE call_sid = %s RETURNING 1", dialled.sid)
    with line.store() as store:
        proof = prove(store._connection, scene.at - timedelta(hours=1), scene.at + timedelta(hours=1))
    assert not proof.holds and proof.contradictions["打来的和我们打出去的记混了"] == (dialled.sid,)


def test_a_carrier_that_does_not_say_which_way_changes_nothing(dialled: RungTelephone, scene: CallbackScene) -> None:
    address = f"{dialled.base_url}/ivr/callback?attempt={dialled.attempt}"
    dialled._go(address, {"CallStatus": "in-progress", "Direction": "inbound"})
    assert call(scene, dialled)[:3] == ("outbound-api", WUHU_NUMBER, "2345")


def test_a_telephone_that_rings_in_vain_leaves_no_call(dialled: RungTelephone, scene: CallbackScene) -> None:
    dialled.hang_up("no-answer")
    assert scene.rows("SELECT count(*) FROM call WHERE call_sid = %s", dialled.sid) == [(0,)]
    assert scene.history() == ["no_answer"]


def test_a_caller_of_ours_who_was_turned_away_is_journalled_as_ours(
    dialled: RungTelephone, scene: CallbackScene, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = line.callback_calls.answer

    def away(*_: Any) -> str:
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(line.callback_calls, "answer", away)
    dialled.picks_up()
    assert "系统正在抢修" in dialled.heard[-1]
    monkeypatch.setattr(line.callback_calls, "answer", answer)
    scene.tick_clock(300)
    line.missed.enter()
    with line.store() as store:
        assert prove(store._connection, scene.at - timedelta(hours=1), scene.at + timedelta(hours=1)).holds
    assert scene.rows("SELECT count(*) FROM call WHERE call_sid = %s", dialled.sid) == [(0,)]


def test_the_line_has_one_of_these(line: Line) -> None:
    assert isinstance(line.callback_calls, CallbackCalls)


@pytest.mark.parametrize(
    ("talked", "seen"), [(False, ["callback_requested"]), (True, ["answered", "callback_requested"])]
)
def test_the_consultant_sees_a_call_of_ours_once_somebody_has_talked_in_it(
    dialled: RungTelephone, scene: CallbackScene, talked: bool, seen: list[str]
) -> None:
    dialled.picks_up()
    if talked:
        dialled.press("1")
        scene.works()
        offer = scene.offer("2001") or ""
        scene.line.accept(offer, scene.leg("2001"))
        dialled._go(f"{dialled.base_url}/ivr/connect?offer={offer}", {"CallStatus": "in-progress"})
    dialled.hang_up()
    values = {"ids": ["now"], "hashes": [scene.callbacks.fingerprint(WANG_FANG)], "sids": ["CAnow"], "most": 5}
    with scene.services.database.pool.connection() as connection:
        found = connection.execute(_HISTORY, values).fetchall()
    assert [outcome for _, _, outcome, _, _ in found] == seen

"""A consultant asks a business system about the caller: who may, for what, and what is told and kept of it."""

from __future__ import annotations

import pytest
import structlog

from dashboards.console.desk_talk import NOT_TALKING, NOT_YOUR_TALK, OTHER_PERSON
from dashboards.console.look_up_words import NOT_A_FACT, full_date
from integrations.database import Database
from integrations.social_insurance.id_number import check_character
from queueing.desk import AgentDesk
from tests.dashboards.console_app import HEFEI01, HEFEI02, ConsoleApp
from tests.dashboards.look_up_app import (
    PATH,
    PROVINCE01,
    ask,
    audit,
    hefei_talk,
    prove,
    province_talk,
    somebody,
)
from tests.integrations.sandbox_process import SandboxProcess

NOBODY = "11010119000101001" + check_character("11010119000101001")


# what is shown of the identity


def test_who_has_proven_nothing_is_shown_as_such(app: ConsoleApp) -> None:
    visitor, _ = hefei_talk(app)
    assert visitor.desk()["offer"]["identity"] is None


def test_a_keyed_number_alone_proves_nothing(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    prove(app, "CA1", somebody(sandbox, "王芳").id_number, proven=None)
    visitor, _ = hefei_talk(app)
    assert visitor.desk()["offer"]["identity"] is None


def test_only_the_tail_of_a_proven_number_reaches_the_page(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    number = somebody(sandbox, "李芳").id_number
    prove(app, "CA1", number)
    offer = app.ring(app.on_duty(HEFEI01), app.wait())
    visitor = app.at(HEFEI01)
    desk = visitor.desk()
    assert (desk["offer"]["id"], desk["offer"]["identity"]) == (offer, {"tail": number[-4:]})
    assert number[-4:].endswith("X") and number[:14] not in visitor.get("/console/desk").get_data(as_text=True)


def test_what_was_proven_between_the_offer_and_the_talk_is_seen(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    number = somebody(sandbox, "王芳").id_number
    seat = app.on_duty(HEFEI01)
    visitor = app.at(HEFEI01)
    offer = app.ring(seat, app.wait())
    assert visitor.desk()["offer"]["identity"] is None
    prove(app, "CA1", number)
    app.write("UPDATE offer SET status = 'accepted', accepted_at = %s WHERE id = %s", app.clock(), offer)
    assert visitor.desk()["offer"]["identity"] == {"tail": number[-4:]}


# the form


def test_the_form_names_what_the_centre_has(app: ConsoleApp) -> None:
    visitor, offer = hefei_talk(app)
    form = visitor.get(f"/console/{PATH}?offer={offer}").get_json()
    assert [(kind["name"], kind["state"]) for kind in form["kinds"]] == [
        ("养老保险", "open"), ("医保", "open"), ("社保卡", "open"),
    ]  # fmt: skip
    assert [purpose["name"] for purpose in form["purposes"]] == [
        "解答来电人本人询问", "核对办理进度", "更正或投诉处理",
    ]  # fmt: skip


def test_what_is_referred_or_closed_says_so_and_is_not_asked(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    wuhu, chizhou = app.talk("wuhu01", "CA1", "340200"), app.talk("wuhu02", "CA2", "340200")
    app.write("UPDATE offer SET centre = '341700' WHERE id = %s", chizhou)
    first, second = app.at("wuhu01"), app.at("wuhu02")
    kinds = {kind["key"]: kind for kind in first.get(f"/console/{PATH}?offer={wuhu}").get_json()["kinds"]}
    assert (kinds["medical"]["state"], kinds["medical"]["sentence"]) == ("refer", "请打 12393")
    kinds = {kind["key"]: kind for kind in second.get(f"/console/{PATH}?offer={chizhou}").get_json()["kinds"]}
    assert (kinds["card"]["state"], kinds["card"]["sentence"]) == ("closed", "社保卡系统还在联调")
    answer = ask(first, wuhu, "medical").get_json()
    assert answer["result"] == "refer" and "12393" in answer["sentence"]
    answer = ask(second, chizhou, "card").get_json()
    assert answer["result"] == "closed" and "社保卡系统还在联调" in answer["sentence"]
    assert audit(app) == []


# who may ask


@pytest.mark.parametrize("who", [HEFEI02, PROVINCE01])
def test_somebody_who_is_not_in_the_talk_is_refused(app: ConsoleApp, sandbox: SandboxProcess, who: str) -> None:
    _, offer = hefei_talk(app)
    response = ask(app.at(who), offer, id_number=somebody(sandbox, "王芳").id_number)
    assert (response.status_code, response.get_json()["error"]) == (403, NOT_YOUR_TALK)
    assert app.at(who).get(f"/console/{PATH}?offer={offer}").status_code == 403
    assert audit(app) == []


def test_after_the_talk_nobody_is_asked_about_any_more(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    visitor, offer = hefei_talk(app)
    AgentDesk(app.line.waiting).hang_up(app.seat(HEFEI01), offer)
    assert visitor.desk()["agent"]["state"] == "wrap_up"
    response = ask(visitor, offer, id_number=somebody(sandbox, "王芳").id_number)
    assert (response.status_code, response.get_json()["error"]) == (409, NOT_TALKING) and audit(app) == []


def test_a_ring_is_no_talk_yet(app: ConsoleApp) -> None:
    offer = app.ring(app.on_duty(HEFEI01), app.wait())
    assert ask(app.at(HEFEI01), offer, id_number="340103198503089988").status_code == 409


def test_strangers_supervisors_without_a_seat_and_pages_without_the_token_are_refused(app: ConsoleApp) -> None:
    visitor, offer = hefei_talk(app)
    assert app.app.test_client().post(f"/console/{PATH}", json={"offer": offer}).status_code == 401
    assert visitor.act(PATH, {"offer": offer}, token="wrong").status_code == 400
    assert ask(app.at("hefei"), offer).status_code == 409
    assert ask(app.at("guanli"), offer).status_code == 403
    assert ask(visitor, "no-such-offer").status_code == 404
    assert audit(app) == []


# what must be said


@pytest.mark.parametrize("change", [{"purpose": ""}, {"purpose": "curiosity"}, {"kind": "pin"}, {"id_number": 340103}])
def test_without_a_purpose_or_with_nonsense_nobody_is_asked(
    app: ConsoleApp, change: dict[str, object], sandbox: SandboxProcess
) -> None:
    visitor, offer = hefei_talk(app)
    whole = {"offer": offer, "kind": "pension", "purpose": "enquiry", "id_number": somebody(sandbox, "王芳").id_number}
    response = visitor.act(PATH, whole | change)
    assert response.status_code == 422 and audit(app) == []


@pytest.mark.parametrize(
    ("keyed", "words"),
    [
        ("", "请填来电人的身份证号"),
        ("34010319850308998", "少了"),
        ("3401031985030899888", "多了"),
        ("340103198513089988", "出生日期不对"),
        ("340103198503089980", "有一位错了"),
        ("340103850308998", "15位的旧号码"),
        ("DEU340176093027", "字母开头的证件号"),
    ],
)
def test_what_is_no_number_is_said_in_a_sentence_that_does_not_repeat_it(
    app: ConsoleApp, keyed: str, words: str
) -> None:
    visitor, offer = hefei_talk(app)
    with structlog.testing.capture_logs() as logs:
        response = ask(visitor, offer, id_number=keyed)
    assert response.status_code == 422 and words in response.get_json()["error"]
    assert "console_refused" in repr(logs)
    assert not keyed or keyed not in f"{logs!r}{response.get_data(as_text=True)}"
    assert audit(app) == []


# what is answered


def test_an_oral_number_is_asked_with_who_and_why_and_never_comes_back(
    app: ConsoleApp, sandbox: SandboxProcess
) -> None:
    wang = somebody(sandbox, "王芳")
    visitor, offer = province_talk(app)
    with structlog.testing.capture_logs() as logs:
        response = ask(visitor, offer, id_number=f" {wang.id_number[:6]} {wang.id_number[6:]} ")
    answer = response.get_json()
    assert answer["result"] == "found" and answer["system"] == "全省养老服务总线（演示）"
    (finding,) = answer["findings"]
    assert (finding["title"], finding["place_zh"]) == ("职工养老保险", "参保地 省本级")
    assert any("正在正常缴费" in words for words in finding["sentences"])
    assert any("72,836.45元" in words for words in finding["sentences"])
    assert answer["as_of_zh"] == full_date(sandbox.today)
    assert wang.id_number not in response.get_data(as_text=True)
    assert "looked_up" in repr(logs) and wang.id_number not in repr(logs)
    assert audit(app) == [("shengji01", "console_pension:enquiry:oral", "CA1", "340000", "pension", "found")]


def test_a_number_typed_at_full_width_is_the_same_number(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    wide = somebody(sandbox, "李芳").id_number.lower().translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789x"})
    visitor, offer = province_talk(app)
    assert ask(visitor, offer, id_number=wide).get_json()["result"] == "found"


def test_who_has_proven_it_by_keypad_is_asked_for_without_typing(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    wang = somebody(sandbox, "王娜")
    prove(app, "CA1", wang.id_number)
    visitor, offer = hefei_talk(app)
    response = ask(visitor, offer, "card", purpose="progress")
    cards = response.get_json()["findings"]
    assert len(cards) == 2 and {card["place_zh"] for card in cards} == {"发卡地 合肥"}
    # For the eye digits stay digits.
    assert any(wang.cards[0].number[-4:] in card["title"] for card in cards)
    assert wang.id_number not in response.get_data(as_text=True)
    assert audit(app) == [("hefei01", "console_card:progress:keypad", "CA1", "340100", "card", "found")]


def test_instead_of_who_has_proven_it_nobody_else_is_asked_for(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    prove(app, "CA1", somebody(sandbox, "王芳").id_number)
    visitor, offer = province_talk(app)
    response = ask(visitor, offer, id_number=somebody(sandbox, "李强").id_number)
    assert (response.status_code, response.get_json()["error"]) == (409, OTHER_PERSON) and audit(app) == []


def test_somebody_insured_elsewhere_is_told_with_the_place_of_the_answer(
    app: ConsoleApp, sandbox: SandboxProcess
) -> None:
    visitor, offer = province_talk(app)
    answer = ask(visitor, offer, "medical", id_number=somebody(sandbox, "王丽").id_number).get_json()
    assert answer["findings"][0]["place_zh"] == "参保地 省外（320104）"


def test_nobody_of_that_number_is_not_told_as_not_insured(app: ConsoleApp) -> None:
    visitor, offer = province_talk(app)
    answer = ask(visitor, offer, id_number=NOBODY).get_json()
    assert (answer["result"], answer["findings"]) == ("not_found", []) and "请核对号码" in answer["sentence"]


@pytest.mark.parametrize(
    ("mode", "result", "words"),
    [
        ({"mode": "down"}, "unavailable", "现在连不上"),
        ({"mode": "error"}, "unavailable", "现在连不上"),
        ({"mode": "wrong", "twist": "broken"}, "unknown", "看不明白"),
    ],
)
def test_trouble_is_told_as_what_it_is(
    app: ConsoleApp, sandbox: SandboxProcess, mode: dict[str, str], result: str, words: str
) -> None:
    sandbox.turn("pension-province", **mode)
    visitor, offer = province_talk(app)
    answer = ask(visitor, offer, id_number=somebody(sandbox, "王芳").id_number).get_json()
    assert (answer["result"], answer["findings"], answer["as_of_zh"]) == (result, [], "")
    assert words in answer["sentence"] and NOT_A_FACT in answer["sentence"]
    assert audit(app)[-1][-1] == result


def test_a_system_that_rests_says_so_on_its_button_and_may_be_tried(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    visitor, offer = province_talk(app)
    sandbox.turn("pension-province", "error")
    for _ in range(5):
        ask(visitor, offer, id_number=somebody(sandbox, "王芳").id_number)
    form = visitor.get(f"/console/{PATH}?offer={offer}").get_json()
    pension = form["kinds"][0]
    assert pension["state"] == "resting" and "以后再试" in pension["sentence"]


def test_no_transaction_is_open_while_a_system_is_asked(
    app: ConsoleApp, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    in_hand: list[int] = []
    registry = type(app.services.social_insurance)
    ask_it = registry.look_up

    def look_up(self: object, *args: object, **more: object) -> object:
        stats = database.pool.get_stats()
        in_hand.append(stats["pool_size"] - stats["pool_available"])
        return ask_it(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(registry, "look_up", look_up)
    visitor, offer = province_talk(app)
    assert ask(visitor, offer, id_number=somebody(sandbox, "王芳").id_number).status_code == 200
    assert in_hand == [0]

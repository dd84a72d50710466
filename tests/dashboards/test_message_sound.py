"""A message's voice: who hears it, in which parts, what trace that leaves, and what is said when there is none."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.console import message_words as words
from dashboards.console.message_sound import HAS_NUMBER, NOT_FOR_ALL, NOT_THEIRS, TOO_LONG
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, Console, ConsoleApp
from tests.dashboards.message_app import TEXT, WORDS, case, voice, wav_of


def sound(visitor: Console, sid: str = "RE1", **headers: str) -> Any:
    return visitor.client.get(f"/console/messages/{sid}/sound", headers=headers)


def data(visitor: Console, sid: str = "RE1") -> dict[str, Any]:
    response = visitor.client.get(f"/console/messages/{sid}/data")
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def history(app: ConsoleApp, event: str) -> list[tuple[int, str]]:
    return app.rows("SELECT case_id, actor FROM case_event WHERE event = %s ORDER BY id", event)


# the sound


def test_the_browser_gets_the_part_that_it_asks_for(console: ConsoleApp) -> None:
    voice(console, case(console))
    visitor, whole = console.at(HEFEI01), wav_of()
    response = sound(visitor)
    assert (response.status_code, response.mimetype, response.data) == (200, "audio/wav", whole)
    assert response.headers["Accept-Ranges"] == "bytes" and response.headers["Cache-Control"] == "no-store"
    part = sound(visitor, Range="bytes=44-143")
    assert (part.status_code, part.data) == (206, whole[44:144])
    assert part.headers["Content-Range"] == f"bytes 44-143/{len(whole)}"
    assert sound(visitor, Range="bytes=-10").data == whole[-10:]
    assert sound(visitor, Range=f"bytes={len(whole)}-").status_code == 416


def test_listening_is_noted_once_in_ten_minutes_and_stops_no_clock(console: ConsoleApp) -> None:
    case_id = case(console)
    voice(console, case_id)
    before = console.rows("SELECT * FROM work_order WHERE id = %s", case_id)
    visitor = console.at(HEFEI01)
    for _ in range(3):
        assert sound(visitor, Range="bytes=0-99").status_code == 206
    assert console.audit("message_heard") == [(HEFEI01, "340100", "message_recording RE1")]
    assert history(console, "listened") == [(case_id, HEFEI01)]
    sound(console.at(HEFEI02))
    console.clock.forward(minutes=11)
    sound(visitor)
    assert history(console, "listened") == [(case_id, HEFEI01), (case_id, HEFEI02), (case_id, HEFEI01)]
    assert len(console.audit("message_heard")) == 3
    assert console.rows("SELECT * FROM work_order WHERE id = %s", case_id) == before


def test_only_the_centre_and_the_province_hear_it(console: ConsoleApp) -> None:
    voice(console, case(console))
    refused = sound(console.at(WUHU01))
    assert (refused.status_code, refused.get_json()["error"]) == (403, NOT_THEIRS)
    assert console.app.test_client().get("/console/messages/RE1/sound").status_code == 401
    assert sound(console.at("xinxi")).status_code == 200
    assert sound(console.at(HEFEI01), "RE2").status_code == 404
    assert [username for username, _, _ in console.audit("message_heard")] == ["xinxi"]


def test_a_report_is_for_its_owner_the_deputy_and_those_above(console: ConsoleApp) -> None:
    owner = console.seat(HEFEI01)
    voice(console, case(console, kind="report", status="owned", owner_id=owner))
    other = console.at(HEFEI02)
    for path in ("sound", "data"):
        refused = other.client.get(f"/console/messages/RE1/{path}")
        assert (refused.status_code, refused.get_json()["error"]) == (403, NOT_FOR_ALL)
    assert other.act("messages/RE1/correct", {"text": "听到的话"}).status_code == 403
    for username in (HEFEI01, "hefei", "xinxi"):
        assert sound(console.at(username)).status_code == 200
    assert sound(console.at("wuhu")).status_code == 403
    set_by = console.at("hefei").act("deputies", {"agent_id": owner, "deputy_id": console.seat(HEFEI02), "until": ""})
    assert set_by.status_code == 200
    assert sound(other).status_code == 200


def test_a_message_is_heard_in_the_case_that_its_own_became_part_of(console: ConsoleApp) -> None:
    now, target = console.clock(), case(console)
    merged = {"status": "merged", "merged_into": target, "closed_at": now, "closed_reason": "并案"}
    voice(console, case(console, **merged))
    assert sound(console.at(HEFEI01)).status_code == 200
    assert history(console, "listened") == [(target, HEFEI01)]


@pytest.mark.parametrize(
    ("take", "status", "state"),
    [
        ({"status": "completed", "storage_key": None, "error": "CarrierAway"}, 409, words.ON_ITS_WAY),
        ({"status": "in-progress", "storage_key": None}, 409, words.ON_ITS_WAY),
        ({"status": "unusable", "storage_key": None, "error": "too_long"}, 410, words.UNUSABLE),
        ({"status": "lost", "storage_key": None, "error": "CallGone"}, 410, words.LOST),
        ({"status": "absent", "storage_key": None}, 410, words.ABSENT),
    ],
)
def test_what_cannot_be_heard_is_explained(console: ConsoleApp, take: dict[str, Any], status: int, state: str) -> None:
    voice(console, case(console), **take)
    visitor = console.at(HEFEI01)
    response = sound(visitor)
    sentence = words.sound_sentence(state, take.get("error"))
    assert (response.status_code, response.get_json()["error"]) == (status, sentence) and sentence
    shown = data(visitor)
    assert (shown["state"], shown["sentence"], shown["src"]) == (state, sentence, "")
    assert history(console, "listened") == []


def test_a_voice_deleted_by_the_rule_is_said_to_be_so(console: ConsoleApp) -> None:
    voice(console, case(console), storage_key=None, deleted_at=console.clock())
    response = sound(console.at(HEFEI01))
    assert (response.status_code, response.get_json()["error"]) == (410, words.SOUND_ZH[words.DELETED])


def test_a_file_that_is_not_there_leaves_no_trace_of_listening(console: ConsoleApp) -> None:
    voice(console, case(console))
    console.services.storage.delete("messages/RE1.wav")
    assert sound(console.at(HEFEI01)).status_code == 404
    assert console.audit("message_heard") == []


def test_a_take_spoken_anew_is_nobodys(console: ConsoleApp) -> None:
    voice(console, case(console), is_superseded=True)
    assert sound(console.at(HEFEI01)).status_code == 404


def test_the_comment_on_a_talk_comes_from_our_storage_once_it_is_there(console: ConsoleApp) -> None:
    case_id = case(console, kind="low_rating", comment_sid="RE1")
    voice(console, case_id)
    supervisor = console.at("hefei")
    response = supervisor.client.get(f"/console/cases/{case_id}/comment", headers={"Range": "bytes=0-3"})
    assert (response.status_code, response.data) == (206, b"RIFF")
    console.write("UPDATE message_recording SET status = 'unusable', storage_key = NULL, error = 'corrupt'")
    response = supervisor.client.get(f"/console/cases/{case_id}/comment")
    assert (response.status_code, response.get_json()["error"]) == (410, "这段录音不能播放：文件坏了。")


# the words


def test_the_player_is_told_everything_but_the_sound(console: ConsoleApp) -> None:
    case_id = case(console)
    voice(console, case_id, words=WORDS)
    shown = data(console.at(HEFEI01))
    assert (shown["case_id"], shown["seconds"], shown["peaks"]) == (case_id, 12, [0, 128, 255])
    assert (shown["words"], shown["text"], shown["corrected"]) == (WORDS, TEXT, None)
    assert (shown["state"], shown["sentence"], shown["transcript"]["sentence"]) == ("ready", "", "")
    assert shown["src"] == "/console/messages/RE1/sound"
    assert console.audit("message_read") == [(HEFEI01, "340100", "message_recording RE1")]


def test_a_number_said_in_pieces_is_hidden_word_by_word(console: ConsoleApp) -> None:
    said = [["证件", 0, 1, 0.9], ["三四零一零二", 1, 2, 0.9], ["一九五八零三零六", 2, 3, 0.9], ["一二三四", 3, 4, 0.9]]
    voice(console, case(console), words=said)
    shown = data(console.at(HEFEI01))
    assert [word[0] for word in shown["words"]] == ["证件", "＊" * 6, "＊" * 8, "＊" * 4]
    assert shown["text"] == f"证件{'＊' * 18}"


def test_a_correction_is_kept_beside_what_was_recognised(console: ConsoleApp) -> None:
    case_id = case(console)
    voice(console, case_id, words=WORDS)
    visitor = console.at(HEFEI01)
    response = visitor.act("messages/RE1/correct", {"text": " 您好，我想问养老金。\n"})
    told = response.get_json()
    assert response.status_code == 200 and told["corrected"]["text"] == "您好，我想问养老金。"
    name = console.rows("SELECT name FROM staff_user WHERE username = %s", HEFEI01)[0][0]
    assert told["corrected"]["by"] == name and told["words"] == WORDS
    assert history(console, "corrected") == [(case_id, HEFEI01)]
    assert console.audit("message_corrected") == [(HEFEI01, "340100", "message RE1")]
    assert visitor.act("messages/RE1/correct", {"text": "字" * 5000}).status_code == 200
    assert visitor.act("messages/RE1/correct", {"text": "改"}, token="wrong").status_code == 400
    for username in (WUHU01, "xinxi"):
        assert console.at(username).act("messages/RE1/correct", {"text": "改"}).status_code == 403
    assert data(console.at("xinxi"))["can_correct"] is False


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "请写下听到的话。"),
        (None, "请写下听到的话。"),
        ("字" * 5001, TOO_LONG),
        ("我的身份证号是 340102195803061234", HAS_NUMBER),
        ("卡号六二二八四八零四零二五六四八九零零一八", HAS_NUMBER),
    ],
)
def test_what_may_not_be_kept_is_refused_with_a_sentence(console: ConsoleApp, text: Any, sentence: str) -> None:
    voice(console, case(console), words=WORDS)
    response = console.at(HEFEI01).act("messages/RE1/correct", {"text": text})
    assert (response.status_code, response.get_json()["error"]) == (422, sentence)
    assert data(console.at(HEFEI01))["corrected"] is None


@pytest.mark.parametrize(
    "text", ["打我手机13855112345", "0551-12345678", "2026年11月20日 第1002号", "一二三四五六七八九十"]
)
def test_a_telephone_number_or_a_date_is_no_secret(text: str) -> None:
    assert not words.has_long_number(text) and words.without_long_numbers(text) == text

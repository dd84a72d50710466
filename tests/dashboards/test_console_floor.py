"""The supervisor's floor: everybody's state, the line, what waits to be cleared; and talks to listen to."""

import io
import wave
from typing import Any

import pytest

from dashboards.console.floor_view import FloorView, steady_floor
from dashboards.console.marks import Scope
from queueing.line import Rated
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, Console, ConsoleApp
from voicemail.cases import attach_comment, open_low_rating
from voicemail.subjects_file import load_subjects


def test_a_supervisor_sees_the_seats_and_the_line_of_the_own_centre(console: ConsoleApp) -> None:
    console.talk(HEFEI01, "CA1")
    console.on_duty(WUHU01)
    console.clock.forward(seconds=10)
    console.wait("CA2", skill="labour", is_slow=True)
    console.wait("CA3", "340200")
    console.clock.forward(seconds=45)
    floor = console.at("hefei").floor()
    states = [(agent["number"], agent["state_zh"]) for agent in floor["agents"]]
    assert states == [("1001", "通话"), ("1002", "离线")]
    (caller,) = floor["line"]
    assert (caller["position"], caller["waited_seconds"], caller["status_zh"]) == (1, 45, "等待")
    assert caller["caller"] == {"masked": "****2345", "region": "安徽合肥"} and caller["is_slow"] is True
    assert (caller["skill_zh"], caller["language_zh"]) == ("劳动关系和工伤", "普通话")
    (centre,) = floor["centres"]
    assert (centre["code"], centre["name"], centre["waiting"], centre["longest_wait_seconds"]) == (
        "340100",
        "合肥",
        1,
        45,
    )
    assert (centre["signed_in"], centre["available"], centre["on_call"]) == (1, 0, 1)


def test_the_province_sees_all_centres(console: ConsoleApp) -> None:
    console.wait("CA1", "340100")
    console.wait("CA2", "340200")
    for username in ("xinxi", "guanli"):
        floor = console.at(username).floor()
        assert len(floor["centres"]) == 17 and len(floor["agents"]) == 6
        assert [row["centre_name"] for row in floor["line"]] == ["合肥", "芜湖"]


def test_the_order_is_that_of_the_line(console: ConsoleApp) -> None:
    for n in range(3):
        console.wait(f"CA{n}")
        console.clock.forward(seconds=5)
    console.write(
        "UPDATE queue_entry SET rank_at = rank_at - interval '1 day', rules = '{dropped}' WHERE call_sid = 'CA2'"
    )
    rows = console.at("hefei").floor()["line"]
    assert [(row["position"], row["rules_zh"]) for row in rows] == [(1, ["断线回来"]), (2, []), (3, [])]


def test_a_seat_that_helps_out_says_whom(console: ConsoleApp) -> None:
    console.talk(WUHU01, "CA1", "340100")
    seat = next(agent for agent in console.at("wuhu").floor()["agents"] if agent["number"] == "2001")
    assert seat["helps_zh"] == "合肥"
    # The caller has left Hefei's line, and the seat is none of Hefei's.
    assert console.at("hefei").floor()["line"] == []


def test_a_silent_page_and_misses_are_seen(console: ConsoleApp) -> None:
    seat = console.on_duty(HEFEI01)
    console.write("UPDATE agent SET misses = 2 WHERE id = %s", seat)
    console.clock.forward(seconds=16)
    agent = console.at("hefei").floor()["agents"][0]
    assert (agent["misses"], agent["heartbeat_ok"]) == (2, False)


def test_a_long_line_is_counted_whole_and_shown_in_part(console: ConsoleApp) -> None:
    console.call("CA")
    console.write(
        "INSERT INTO queue_entry (call_sid, centre, arrived_at, joined_at, rank_at) "
        "SELECT 'CA' || n, '340100', now, now, now FROM generate_series(1, 150) n, (SELECT %s::timestamptz AS now) t",
        console.clock(),
    )
    floor = console.at("hefei").floor()
    assert len(floor["line"]) == 100 and floor["centres"][0]["waiting"] == 150


def test_waiting_goes_on_without_a_new_floor(console: ConsoleApp) -> None:
    console.wait()
    view = FloorView(console.line, load_subjects(None, console.line.keeper.library().content.pieces()))
    scope = Scope(("340100",), sees_all=False)

    def floor() -> dict[str, Any]:
        return steady_floor(view.floor(view.look(scope.centres), scope))

    before = floor()
    console.clock.forward(seconds=9)
    assert floor() == before
    console.on_duty(HEFEI01)
    assert floor() != before


@pytest.mark.parametrize("username", [HEFEI01, WUHU01])
def test_the_floor_is_not_for_consultants(console: ConsoleApp, username: str) -> None:
    at = console.at(username)
    for path in ("floor/data", "recordings/x", "cases/1001/comment"):
        assert at.client.get(f"/console/{path}").status_code == 403
    assert at.act("cases/1001/close", {"reason": "好"}).status_code == 403


# Dissatisfied callers


def dissatisfied(console: ConsoleApp, score: int = 5) -> str:
    offer = console.ended_talk()
    console.write(
        "INSERT INTO rating (offer_id, call_sid, agent_id, centre, score, at) "
        "SELECT id, call_sid, agent_id, centre, %s, %s FROM offer WHERE id = %s",
        *(score, console.clock(), offer),
    )
    open_low_rating(console.services, Rated(offer, "CA1", "340100", score))
    return offer


def test_a_case_is_on_the_list_until_closed_with_a_reason(console: ConsoleApp) -> None:
    offer = dissatisfied(console)
    console.at(HEFEI01).act("wrap-up", {"offer": offer, "subject": "card-apply", "note": "等了三个月"})
    supervisor = console.at("hefei")
    (case,) = supervisor.floor()["cases"]
    assert (case["score_zh"], case["number"], case["talk_seconds"]) == ("非常不满意", "1001", 90)
    assert (case["subject_zh"], case["note"], case["caller"]["masked"]) == (
        "社会保障卡：申领和制卡进度", "等了三个月", "****2345",
    )  # fmt: skip
    assert (case["has_comment"], case["has_recording"]) == (False, False)
    assert supervisor.act(f"cases/{case['id']}/close", {}).status_code == 422
    assert supervisor.act(f"cases/{case['id']}/close", {"reason": "已回电道歉，卡已寄出"}).status_code == 200
    assert supervisor.act(f"cases/{case['id']}/close", {"reason": "再来"}).status_code == 409
    assert supervisor.floor()["cases"] == []
    assert console.rows("SELECT closed_by, closed_reason FROM work_order") == [("hefei", "已回电道歉，卡已寄出")]
    assert console.audit("case_closed") == [("hefei", "340100", f"work_order {case['id']}")]


def test_another_citys_case_is_neither_seen_nor_closed(console: ConsoleApp) -> None:
    dissatisfied(console)
    wuhu = console.at("wuhu")
    assert wuhu.floor()["cases"] == []
    assert wuhu.act("cases/1001/close", {"reason": "好"}).status_code == 403
    assert wuhu.client.get("/console/cases/1001/comment").status_code == 403
    for unknown in (77, 10**30):
        assert console.at("xinxi").act(f"cases/{unknown}/close", {"reason": "好"}).status_code == 404
    assert len(console.at("xinxi").floor()["cases"]) == 1


def test_the_pages_token_is_needed_to_clear(console: ConsoleApp) -> None:
    dissatisfied(console)
    assert console.at("hefei").act("cases/1001/close", {"reason": "好"}, token="").status_code == 400
    assert Console(console.app.test_client()).act("marks/1/clear", {"reason": "好"}).status_code == 401


def test_a_comment_that_was_not_left_is_said_not_to_be_there(console: ConsoleApp) -> None:
    offer = dissatisfied(console)
    supervisor = console.at("hefei")
    response = supervisor.client.get("/console/cases/1001/comment")
    assert response.status_code == 404 and "没有留下" in response.get_json()["error"]
    attach_comment(console.services, offer, "RE" + "0" * 32)
    assert supervisor.floor()["cases"][0]["has_comment"] is True
    # Nobody answers for the carrier here.
    assert supervisor.client.get("/console/cases/1001/comment").status_code == 503


# Listening to talks


def wav(seconds: float = 0.5) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(b"\x01\x02\x03\x04" * int(8000 * seconds))
    return written.getvalue()


def recorded(console: ConsoleApp, username: str = HEFEI01, centre: str = "340100") -> tuple[str, bytes]:
    offer, sound = console.ended_talk(username, centre=centre), wav()
    console.services.storage.put("talks/2026/11/20/RE1.wav", sound)
    console.write(
        "INSERT INTO talk_recording (recording_sid, offer_id, call_sid, status, started_at, storage_key, stored_at) "
        "VALUES ('RE1', %s, 'CA1', 'stored', %s, 'talks/2026/11/20/RE1.wav', %s)",
        *(offer, console.clock(), console.clock()),
    )
    return offer, sound


def test_a_supervisor_listens_and_it_is_entered_once(console: ConsoleApp) -> None:
    offer, sound = recorded(console)
    client = console.at("hefei").client
    response = client.get(f"/console/recordings/{offer}")
    assert (response.status_code, response.content_type, response.data) == (200, "audio/wav", sound)
    # A player asks for the rest after a pause.
    part = client.get(f"/console/recordings/{offer}", headers={"Range": "bytes=44-143"})
    assert (part.status_code, part.data) == (206, sound[44:144])
    assert part.headers["Content-Range"] == f"bytes 44-143/{len(sound)}"
    assert console.audit("recording_heard") == [("hefei", "340100", f"offer {offer}")]
    console.clock.forward(minutes=11)
    client.get(f"/console/recordings/{offer}")
    assert len(console.audit("recording_heard")) == 2


def test_other_cities_hear_nothing(console: ConsoleApp) -> None:
    offer, _ = recorded(console)
    assert console.at("wuhu").client.get(f"/console/recordings/{offer}").status_code == 403
    assert console.at("xinxi").client.get(f"/console/recordings/{offer}").status_code == 200
    assert console.audit("recording_heard") == [("xinxi", "340100", f"offer {offer}")]


def test_a_helping_seats_supervisor_hears_what_was_said_there(console: ConsoleApp) -> None:
    offer, _ = recorded(console, WUHU01, "340100")
    for username in ("wuhu", "hefei"):
        assert console.at(username).client.get(f"/console/recordings/{offer}").status_code == 200


def test_what_is_not_kept_is_said_so(console: ConsoleApp) -> None:
    client = console.at("hefei").client
    offer = console.ended_talk(HEFEI02)
    response = client.get(f"/console/recordings/{offer}")
    assert response.status_code == 404 and "没有录音" in response.get_json()["error"]
    for unknown in ("none", "%00", "x" * 300):
        assert client.get(f"/console/recordings/{unknown}").status_code == 404
    offer_two = recorded_elsewhere(console)
    assert client.get(f"/console/recordings/{offer_two}").status_code == 404
    assert console.audit("recording_heard") == []


def recorded_elsewhere(console: ConsoleApp) -> str:
    """A talk whose file is gone from the storage."""
    offer = console.ended_talk(HEFEI01, "CA9")
    console.write(
        "INSERT INTO talk_recording (recording_sid, offer_id, call_sid, status, started_at, storage_key, stored_at) "
        "VALUES ('RE9', %s, 'CA9', 'stored', %s, 'talks/gone.wav', %s)",
        *(offer, console.clock(), console.clock()),
    )
    return offer

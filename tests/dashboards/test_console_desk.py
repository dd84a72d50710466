"""The desk of a consultant: what it shows of seat, caller, talk, line and day."""

from datetime import timedelta
from typing import Any

from dashboards.console.desk_view import DeskView, steady
from queueing.desk import AgentDesk
from tests.dashboards.console_app import CALLER, HEFEI01, HEFEI02, WUHU01, ConsoleApp, build_console_app
from voicemail.subjects_file import load_subjects


def test_a_seat_that_nobody_signed_in_at_is_offline(console: ConsoleApp) -> None:
    desk = console.at(HEFEI01).desk()
    agent = desk["agent"]
    assert (agent["state"], agent["state_zh"], agent["reason_zh"]) == ("logged_out", "离线", None)
    assert (agent["number"], agent["centre_name"], agent["door"]) == ("1001", "合肥", "browser")
    assert agent["skills_zh"] == ["综合", "养老", "医保", "社保卡"] and agent["languages_zh"] == ["普通话", "合肥话"]
    assert agent["heartbeat_ok"] is False
    assert desk["offer"] is None and desk["wrap_up"] is None
    assert desk["line"] == {
        "waiting": 0, "longest_wait_seconds": None, "oldest_at": None, "available": 0, "on_call": 0, "callbacks": 0,
    }  # fmt: skip


def test_a_ring_shows_who_calls_and_for_how_long_they_waited(console: ConsoleApp) -> None:
    seat = console.on_duty(HEFEI01)
    entry = console.wait(skill="pension", language="hefei", is_slow=True)
    console.clock.forward(seconds=75)
    offer_id = console.ring(seat, entry)
    offer = console.at(HEFEI01).desk()["offer"]
    assert (offer["id"], offer["status"]) == (offer_id, "reserved")
    assert offer["caller"] == {"masked": "138****2345", "region": "安徽合肥", "is_slow": True, "rules_zh": []}
    assert (offer["skill_zh"], offer["language_zh"], offer["centre_name"]) == ("养老", "合肥话", "合肥")
    assert offer["waited_seconds"] == 75


def test_a_number_is_never_shown_whole(console: ConsoleApp) -> None:
    console.talk()
    response = console.at(HEFEI01).client.get("/console/desk").get_data(as_text=True)
    assert CALLER.removeprefix("+86") not in response


def test_a_withheld_number_is_said_to_be_one(console: ConsoleApp) -> None:
    console.talk(caller="")
    offer = console.at(HEFEI01).desk()["offer"]
    assert offer["caller"]["masked"] == "号码未显示" and offer["caller"]["region"] == ""
    assert offer["history"] == []


def test_what_was_pressed_in_the_menu_is_said_in_words(console: ConsoleApp) -> None:
    console.call("CA1")
    console.steps(
        "CA1", ("main", None), ("topics", "2"), ("listen", "1"), ("listen", None), ("topics", "*"), ("main", "*"),
        ("guide_topics", "3"), ("guide_list", "3"), ("main", "0"),
    )  # fmt: skip
    console.talk(skill="card")
    desk = console.at(HEFEI01).desk()
    asked = desk["offer"]["asked_zh"]
    assert asked[0].startswith("听政策录音：养老（") and asked[0].count("、") == 1
    assert asked[1:] == ["问怎么办事：社保卡", "转人工"]
    # What was listened to last comes first, then what the skill is about.
    assert desk["wrap_up"]["suggested"][0].startswith("pension-") and len(desk["wrap_up"]["suggested"]) == 5
    assert any(key.startswith("card-") for key in desk["wrap_up"]["suggested"])


def test_history_shows_the_callers_last_five_calls_and_what_they_were_about(console: ConsoleApp) -> None:
    first = console.ended_talk(HEFEI02, "CAold")
    console.at(HEFEI02).act("wrap-up", {"offer": first, "subject": "card-loss"})
    console.write("UPDATE call SET outcome = 'answered', ended_at = %s WHERE call_sid = 'CAold'", console.clock())
    for n in range(6):
        console.clock.forward(hours=1)
        console.call(f"CA{n}", "340200", outcome="abandoned_in_queue", ended_at=console.clock())
    console.call("CAother", caller="+8613955100000", outcome="answered", ended_at=console.clock())
    console.clock.forward(hours=1)
    console.talk(HEFEI01, "CAnew")
    history = console.at(HEFEI01).desk()["offer"]["history"]
    assert len(history) == 5
    assert {row["outcome_zh"] for row in history} == {"排队中放弃"} and history[0]["centre_name"] == "芜湖"
    console.write("DELETE FROM call WHERE centre = '340200'")
    # Facts about a caller are worked out once an offer, so this is seen with the next one.
    AgentDesk(console.line.waiting).hang_up(console.seat(HEFEI01), _open_offer(console))
    AgentDesk(console.line.waiting).finish_wrap_up(console.seat(HEFEI01))
    console.ring(console.on_duty(HEFEI01), console.wait("CAagain"))
    subjects = [row["subject_zh"] for row in console.at(HEFEI01).desk()["offer"]["history"]]
    assert subjects == [None, "社会保障卡：挂失和解除挂失"]


def _open_offer(console: ConsoleApp) -> str:
    return str(console.rows("SELECT id FROM offer WHERE status = 'connected'")[0][0])


def test_who_takes_over_reads_what_the_first_one_wrote(console: ConsoleApp) -> None:
    offer = console.talk(HEFEI01)
    console.on_duty(HEFEI02)
    at = console.at(HEFEI01)
    at.act("wrap-up", {"offer": offer, "subject": "wages-arrears", "note": "工地在包河，欠三个月"})
    assert at.act("transfer", {"offer": offer, "centre": "340100", "skill": "labour"}).status_code == 200
    entry = console.rows("SELECT id FROM queue_entry")[0][0]
    console.ring(console.seat(HEFEI02), entry)
    handed = console.at(HEFEI02).desk()["offer"]["handed"]
    assert [(row["number"], row["subject_zh"], row["note"]) for row in handed] == [
        ("1001", "工资和欠薪：拖欠工资投诉", "工地在包河，欠三个月")
    ]


def test_the_sheet_is_open_while_talking_and_has_a_clock_afterwards(console: ConsoleApp) -> None:
    offer = console.talk()
    at = console.at(HEFEI01)
    sheet = at.desk()["wrap_up"]
    assert (sheet["offer_id"], sheet["since"], sheet["auto_finish_at"]) == (offer, None, None)
    console.clock.forward(seconds=90)
    desk = at.act("hang-up", {"offer": offer}).get_json()["desk"]
    assert desk["offer"] is None and desk["agent"]["state_zh"] == "话后整理"
    assert desk["wrap_up"]["since"] == console.clock().isoformat()
    assert desk["wrap_up"]["auto_finish_at"] == (console.clock() + timedelta(seconds=60)).isoformat()
    desk = at.act("finish").get_json()["desk"]
    assert desk["wrap_up"] is None and desk["agent"]["state"] == "available"


def test_a_ring_has_no_sheet(console: ConsoleApp) -> None:
    console.ring(console.on_duty(HEFEI01), console.wait())
    assert console.at(HEFEI01).desk()["wrap_up"] is None


def test_a_caller_of_a_helped_centre_says_which(console: ConsoleApp) -> None:
    console.talk(WUHU01, "CA1", "340100")
    desk = console.at(WUHU01).desk()
    assert (desk["agent"]["centre_name"], desk["offer"]["centre_name"]) == ("芜湖", "合肥")
    # The line is that of the own centre.
    assert desk["line"]["on_call"] == 1


def test_the_line_of_the_own_centre_is_counted(console: ConsoleApp) -> None:
    console.on_duty(HEFEI02)
    console.wait("CA1")
    console.clock.forward(seconds=30)
    console.wait("CA2")
    console.wait("CA3", "340200")
    console.talk(HEFEI01, "CA4")
    line = console.at(HEFEI01).desk()["line"]
    assert (line["waiting"], line["longest_wait_seconds"]) == (2, 30)
    assert (line["available"], line["on_call"]) == (1, 1)


def test_todays_figures_are_those_of_the_seat_and_the_day(console: ConsoleApp) -> None:
    console.ended_talk(HEFEI01, "CA1", seconds=100)
    console.clock.forward(seconds=20)
    at = console.at(HEFEI01)
    at.act("finish")
    console.ended_talk(HEFEI01, "CA2", seconds=200)
    console.clock.forward(seconds=40)
    at.act("finish")
    console.ended_talk(HEFEI02, "CA3", seconds=500)
    at.act("break", {"reason": "meal"})
    console.clock.forward(seconds=600)
    console.write(
        "INSERT INTO rating (offer_id, call_sid, agent_id, centre, score, at) "
        "SELECT id, call_sid, agent_id, centre, CASE call_sid WHEN 'CA1' THEN 1 ELSE 4 END, %s FROM offer",
        console.clock(),
    )
    today = at.desk()["today"]
    assert today == {
        "answered": 2, "talk_seconds_mean": 150, "wrap_up_seconds_mean": 30, "missed": 0, "rejected": 0,
        "break_seconds": 600, "signed_in_seconds": 100 + 20 + 200 + 40 + 500 + 600, "rating_mean": 2.5, "ratings": 2,
    }  # fmt: skip


def test_figures_begin_anew_at_midnight_in_shanghai(console: ConsoleApp) -> None:
    at = console.at(HEFEI01)
    console.ended_talk(HEFEI01, "CA1")
    at.act("finish")
    at.act("break", {"reason": "short"})
    # 00:10 of the next day in Hefei.
    console.clock.at = console.clock.at.replace(hour=16, minute=10, second=0)
    today = console.at(HEFEI01).desk()["today"]
    assert (today["answered"], today["talk_seconds_mean"], today["ratings"], today["rating_mean"]) == (0, None, 0, None)
    assert today["break_seconds"] == today["signed_in_seconds"] == 600


def test_rejected_and_missed_calls_are_counted_apart(console: ConsoleApp) -> None:
    seat, at = console.on_duty(HEFEI01), console.at(HEFEI01)
    offer = console.ring(seat, console.wait())
    desk = at.act("reject", {"offer": offer}).get_json()["desk"]
    assert (desk["today"]["rejected"], desk["today"]["missed"]) == (1, 0)
    assert desk["agent"]["state"] == "available" and desk["agent"]["cool_until"]


def test_looking_at_a_caller_is_entered_once_however_often_it_is_shown(console: ConsoleApp) -> None:
    offer = console.talk()
    at = console.at(HEFEI01)
    for _ in range(3):
        at.desk()
    assert console.audit("caller_shown") == [("hefei01", "340100", f"offer {offer}")]
    # Another process of the same installation enters it no second time.
    other = build_console_app(console.services, console.line.keeper, console.clock)
    other.at(HEFEI01).desk()
    assert console.audit("caller_shown") == [("hefei01", "340100", f"offer {offer}")]


def test_no_caller_no_entry(console: ConsoleApp) -> None:
    console.on_duty(HEFEI01)
    console.at(HEFEI01).desk()
    assert console.audit("caller_shown") == []


def test_many_desks_are_read_in_one_go(console: ConsoleApp) -> None:
    for n, username in enumerate((HEFEI01, HEFEI02, WUHU01)):
        console.talk(username, f"CA{n}", "340200" if username == WUHU01 else "340100")
    tree = load_subjects(None, console.line.keeper.library().content.pieces())
    seats = [console.seat(username) for username in (HEFEI01, HEFEI02, WUHU01)]
    look = DeskView(console.line, tree).look(seats, ["340100", "340200"])
    desks: list[dict[str, Any]] = [look.desk(seat) or {} for seat in seats]
    assert [desk["agent"]["id"] for desk in desks] == seats
    assert [desk["line"]["on_call"] for desk in desks] == [2, 2, 1]
    assert look.desk(9999) is None


def test_time_going_on_is_no_change(console: ConsoleApp) -> None:
    console.wait("CAwaiting")
    console.talk()
    at = console.at(HEFEI01)
    before = steady(at.desk())
    console.clock.forward(seconds=7)
    assert steady(at.desk()) == before
    console.wait("CAnext")
    assert steady(at.desk()) != before

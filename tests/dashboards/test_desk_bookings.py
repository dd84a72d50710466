"""A consultant books a callback for the caller of a talk, during it or while writing the notes."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from queueing.callback_booking import NUMBER_CONTEXT
from tests.dashboards.callback_app import AT_THREE, LI_QIANG, asks, comes_due, dials, picks_up
from tests.dashboards.console_app import CALLER, HEFEI01, HEFEI02, Console, ConsoleApp


def form(at: Console, offer: str, more: str = "") -> dict[str, Any]:
    response = at.client.get("/console/booking", query_string={"offer": offer, "more": more})
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def book(at: Console, offer: str, slot: str | None = AT_THREE.isoformat(), **more: Any) -> TestResponse:
    return at.act("book", {"offer": offer, "slot": slot, **more})


def sentence(response: TestResponse) -> str:
    return str(response.get_json()["error"])


def numbers(console: ConsoleApp) -> list[str]:
    sealer = console.services.sealer
    return [
        sealer.open(bytes(sealed), NUMBER_CONTEXT)
        for (sealed,) in console.rows("SELECT number_sealed FROM callback ORDER BY id")
    ]


def test_a_callback_is_booked_in_a_talk(console: ConsoleApp) -> None:
    offer, at = console.talk(skill="pension", language="hefei", is_slow=True), console.at(HEFEI01)
    shown = form(at, offer)
    assert (shown["caller"]["masked"], shown["can_ring"], shown["booked_zh"]) == ("138****2345", True, None)
    assert len(shown["slots"]) == 3 and len(form(at, offer, "1")["slots"]) > 3
    said = book(at, offer, note=" 查缴费明细 ").get_json()["said"]
    assert "今天15:00到15:30" in said
    row = console.rows(
        "SELECT centre, skill, language, is_slow, source, note, slot_from, owner_id, call_sid FROM callback"
    )
    assert row == [
        ("340100", "pension", "hefei", True, "desk", "查缴费明细", AT_THREE, console.seat(HEFEI01), "CA1")
    ]  # fmt: skip
    assert numbers(console) == [CALLER]
    # The talk goes on, and the note is shown when it rings.
    assert at.desk()["offer"]["status"] == "connected"
    (callback,) = console.rows("SELECT id FROM callback")[0]
    assert console.audit("callback_booked") == [("hefei01", "340100", f"callback {callback}")]
    assert form(at, offer)["booked_zh"] == "今天15:00到15:30"


def test_after_the_talk_the_turn_may_be_enough(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    assert form(at, offer)["can_be_next"] is False
    refused = book(at, offer, slot="")
    assert refused.status_code == 422 and "选一个时间" in sentence(refused)
    at.act("hang-up", {"offer": offer})
    assert form(at, offer)["can_be_next"] is True
    assert "轮到就打" in book(at, offer, slot="").get_json()["said"]
    assert console.rows("SELECT slot_from FROM callback") == [(None,)]


def test_twice_is_once(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    assert book(at, offer).status_code == 200
    assert book(at, offer).status_code == 200
    other = book(at, offer, slot=form(at, offer)["slots"][0]["from"])
    assert other.status_code == 409 and "今天15:00到15:30" in sentence(other)
    assert console.rows("SELECT count(*) FROM callback") == [(1,)]


def test_a_number_that_has_one_is_told_when(console: ConsoleApp) -> None:
    asks(console, slot=AT_THREE)
    offer, at = console.talk(), console.at(HEFEI01)
    response = book(at, offer)
    assert response.status_code == 409 and "今天15:00到15:30" in sentence(response)


def test_another_number_may_be_given(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    assert book(at, offer, number="139 5516 7890").status_code == 200
    assert numbers(console) == [LI_QIANG]


def test_a_withheld_number_has_to_be_asked_for(console: ConsoleApp) -> None:
    offer, at = console.talk(caller=""), console.at(HEFEI01)
    shown = form(at, offer)
    assert (shown["can_ring"], shown["caller"]["masked"]) == (False, "号码未显示")
    refused = book(at, offer)
    assert refused.status_code == 422 and "问清楚" in sentence(refused)
    assert book(at, offer, number="0551-62345678").status_code == 200
    assert numbers(console) == ["+8655162345678"]


@pytest.mark.parametrize("number", ["110", "12333", "62345678", "abc", "+12025550123"])
def test_what_cannot_be_rung_is_refused(console: ConsoleApp, number: str) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    refused = book(at, offer, number=number)
    assert refused.status_code == 422 and "打不通" in sentence(refused)
    assert console.rows("SELECT count(*) FROM callback") == [(0,)]


def test_a_full_half_hour_is_said_to_be_full(console: ConsoleApp) -> None:
    for n in range(console.line.waiting.callback_rules("340100").slot_capacity):
        asks(console, f"+861385510000{n}", slot=AT_THREE)
    offer, at = console.talk(), console.at(HEFEI01)
    refused = book(at, offer)
    assert refused.status_code == 409 and "约满" in sentence(refused)


def test_one_telephone_cannot_ask_for_ever(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    most = console.line.waiting.callback_rules("340100").most_open_per_caller
    for n in range(most):
        assert book(at, offer, number=f"1385510000{n}").status_code == 200
    refused = book(at, offer)
    assert refused.status_code == 409 and "太多" in sentence(refused)


def test_the_talk_of_a_callback_may_lead_to_the_next_one(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    attempt = dials(console, HEFEI01, callback)
    picks_up(console, attempt)
    (offer,) = console.rows("SELECT offer_id FROM callback_attempt")[0]
    line = console.line.waiting
    assert line.accept(offer, "CAleg") and line.connect(offer, f"CA{attempt.id}")
    at = console.at(HEFEI01)
    shown = form(at, offer)
    assert (shown["caller"]["masked"], shown["can_ring"], shown["booked_zh"]) == ("138****2345", True, None)
    assert book(at, offer, note="下午再说").status_code == 200
    assert numbers(console) == [CALLER, CALLER]
    assert console.rows("SELECT status, note FROM callback ORDER BY id") == [("ended", ""), ("scheduled", "下午再说")]


def test_numbers_of_ids_and_cards_are_not_kept_in_the_note(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    assert book(at, offer, note="身份证340102195801011234").status_code == 200
    assert "3401021958" not in console.rows("SELECT note FROM callback")[0][0]
    assert book(at, offer, note="长" * 301).status_code == 422


# Who may


def test_somebody_elses_caller_is_left_alone(console: ConsoleApp) -> None:
    offer = console.talk(HEFEI01)
    at = console.at(HEFEI02)
    assert book(at, offer).status_code == 403
    assert at.client.get(f"/console/booking?offer={offer}").status_code == 403
    assert book(at, "nothing").status_code == 404
    assert at.client.get("/console/booking?offer=%00").status_code == 422
    assert console.rows("SELECT count(*) FROM callback") == [(0,)]


def test_a_ring_and_a_talk_of_long_ago_book_nothing(console: ConsoleApp) -> None:
    ring = console.ring(console.on_duty(HEFEI01), console.wait())
    assert book(console.at(HEFEI01), ring).status_code == 409
    offer = console.ended_talk(HEFEI02, "CA2")
    at = console.at(HEFEI02)
    at.act("finish")
    console.clock.forward(minutes=31)
    late = book(console.at(HEFEI02), offer)
    assert late.status_code == 409 and "半小时" in sentence(late)


@pytest.mark.parametrize("username", ["xinxi", "hefei"])
def test_who_has_no_seat_books_nothing(console: ConsoleApp, username: str) -> None:
    offer = console.talk()
    assert book(console.at(username), offer).status_code == (409 if username == "hefei" else 403)


@pytest.mark.parametrize("slot", ["soon", "2026-11-20T15:00", 5, ["a"]])
def test_a_time_that_is_none_is_refused(console: ConsoleApp, slot: Any) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    assert book(at, offer, slot=slot).status_code == 422


def test_without_the_pages_token_nothing_is_booked(console: ConsoleApp) -> None:
    offer, at = console.talk(), console.at(HEFEI01)
    assert at.act("book", {"offer": offer, "slot": AT_THREE.isoformat()}, token="").status_code == 400
    assert console.app.test_client().post("/console/book", json={}).status_code == 401
    assert console.rows("SELECT count(*) FROM callback") == [(0,)]

"""The waiting line from joining to the end of the talk, on the real database, Redis and a carrier to call."""

from __future__ import annotations

import pytest

from queueing.agent import IllegalMove
from queueing.desk import NotNow
from queueing.webhooks import note_leg_status
from tests.queueing.line_scene import HEFEI, WUHU, Scene, changed_rules


def test_the_first_caller_rings_at_the_longest_idle_seat(scene: Scene) -> None:
    scene.seat("1001")
    scene.seat("1002")
    assert scene.joins("Wang Fang").kind == "free"
    scene.works()
    assert scene.caller_of("1001") == "Wang Fang" and scene.state("1001") == ("reserved", None)
    assert scene.offer("1002") is None
    (form,) = scene.asked("CreateCall")
    assert form["To"] == f"client:agent-{scene.seats['1001']}"
    assert form["Url"].endswith(f"/ivr/agent?offer={scene.offer('1001')}")


def test_callers_are_offered_in_the_order_in_which_they_came(scene: Scene) -> None:
    for name in ("one", "two", "three"):
        with changed_rules(scene, HEFEI, most_waiting=9):
            scene.seat(name) if name == "one" else None
            scene.joins(name)
    scene.works()
    order = [scene.caller_of("one")]
    for _ in range(2):
        scene.answers("one")
        scene.desk.hang_up(scene.seats["one"], scene.offer("one") or "")
        scene.desk.finish_wrap_up(scene.seats["one"])
        scene.passes(1)
        order.append(scene.caller_of("one"))
    assert order == ["one", "two", "three"]


def test_a_talk_goes_from_the_answer_to_the_judgement(scene: Scene) -> None:
    agent = scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    assert scene.state("1001") == ("on_call", None) and scene.entry("Wang Fang") == ("connected", None)
    sent_to = [form.get("Url", "") for form in scene.asked("UpdateCall")]
    assert any(url.endswith(f"/ivr/connect?offer={scene.offer('1001')}") for url in sent_to)
    assert scene.line.after_talk(scene.calls["Wang Fang"]) == "talking"
    offer = scene.offer("1001") or ""
    scene.desk.hang_up(agent, offer)
    scene.works()
    assert scene.state("1001") == ("wrap_up", None)
    assert scene.entry("Wang Fang") == ("ended", "served")
    assert scene.line.after_talk(scene.calls["Wang Fang"]) == "finished"
    assert any(form.get("Url", "").endswith(f"/ivr/after?offer={offer}") for form in scene.asked("UpdateCall"))
    rated = scene.line.rate(scene.calls["Wang Fang"], offer, 4)
    assert rated is not None and (rated.score, rated.centre) == (4, HEFEI)
    # The first judgement counts; a repeated webhook changes nothing.
    assert scene.line.rate(scene.calls["Wang Fang"], offer, 1) == rated


def test_a_rejected_call_goes_to_the_next_and_cools_down(scene: Scene) -> None:
    first, _ = scene.seat("1001"), scene.seat("1002")
    scene.joins("Wang Fang")
    scene.works()
    scene.desk.reject(first, scene.offer("1001") or "")
    scene.works()
    assert scene.caller_of("1002") == "Wang Fang"
    assert scene.state("1001") == ("available", None)
    scene.joins("Li Qiang")
    scene.works()
    assert scene.offer("1001") is None
    scene.passes(16)
    assert scene.caller_of("1001") == "Li Qiang"


def test_a_rejected_call_does_not_ring_the_only_seat_for_ever(scene: Scene) -> None:
    agent = scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.desk.reject(agent, scene.offer("1001") or "")
    scene.works()
    assert scene.offer("1001") is None
    assert scene.looks("Wang Fang").kind != "gone"
    scene.passes(16)
    assert scene.caller_of("1001") == "Wang Fang"


def test_three_misses_in_a_row_set_the_seat_away_visibly(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    for _ in range(3):
        scene.passes(16)
        assert scene.offer("1001"), "it rings"
        scene.carrier_says("1001", "no-answer")
    assert scene.state("1001") == ("away", "no_answer")
    scene.passes(60)
    assert scene.offer("1001") is None and scene.entry("Wang Fang") == ("waiting", None)
    scene.desk.ready(scene.seats["1001"])
    scene.passes(1)
    assert scene.caller_of("1001") == "Wang Fang"


def test_a_ring_that_nobody_reports_on_is_a_lease_that_expires(scene: Scene) -> None:
    scene.seat("1001")
    scene.seat("1002")
    scene.joins("Wang Fang")
    scene.works()
    scene.passes(23)
    assert scene.offer("1001") is None and scene.caller_of("1002") == "Wang Fang"


def test_a_caller_who_does_not_come_releases_the_seat(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    offer = scene.offer("1001") or ""
    assert scene.line.accept(offer, scene.leg("1001"))
    scene.passes(6)
    assert scene.rows("SELECT status FROM offer WHERE id = %s", offer) == [("released",)]
    assert scene.line.connect(offer, scene.calls["Wang Fang"]) is None
    assert scene.entry("Wang Fang")[0] == "waiting"


def test_hanging_up_cancels_the_ring(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    leg = scene.leg("1001")
    scene.hangs_up("Wang Fang")
    scene.works()
    assert scene.state("1001") == ("available", None)
    assert scene.entry("Wang Fang") == ("ended", "hung_up")
    assert scene.stand_in.control()["calls"][leg]["status"] == "canceled"
    assert scene.line.accept(scene.rows("SELECT id FROM offer")[0][0], leg) is None


def test_a_key_before_the_accept_wins_and_after_it_loses(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    assert scene.line.leave(scene.calls["Wang Fang"])
    assert scene.offer("1001") is None and scene.entry("Wang Fang") == ("ended", "left")
    scene.joins("Li Qiang")
    scene.passes(1)
    assert scene.line.accept(scene.offer("1001") or "", scene.leg("1001"))
    assert not scene.line.leave(scene.calls["Li Qiang"])
    assert scene.entry("Li Qiang")[0] == "offered"


def test_a_caller_already_gone_frees_the_seat_without_a_miss(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene._carrier_has(scene.calls["Wang Fang"], "completed")
    assert scene.line.accept(scene.offer("1001") or "", scene.leg("1001"))
    scene.works()
    assert scene.state("1001") == ("available", None)
    assert scene.rows("SELECT misses, cool_until FROM agent") == [(0, None)]
    assert scene.entry("Wang Fang") == ("ended", "hung_up")


def test_a_lost_leg_puts_the_caller_to_the_front(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    scene.tick_clock(60)
    scene.joins("Li Qiang")
    scene.joins("Zhao Min", is_slow=True)
    scene.leg_ends("1001")
    assert scene.state("1001") == ("wrap_up", None)
    assert scene.line.after_talk(scene.calls["Wang Fang"]) == "dropped"
    scene.seat("1002")
    scene.works()
    assert scene.caller_of("1002") == "Wang Fang"


def test_a_telephone_that_is_put_down_has_finished(scene: Scene) -> None:
    scene.seat("1001", telephone="+8613855112345")
    scene.joins("Wang Fang")
    scene.works()
    assert scene.asked("CreateCall")[0]["To"] == "+8613855112345"
    scene.answers("1001")
    scene.leg_ends("1001")
    assert scene.line.after_talk(scene.calls["Wang Fang"]) == "finished"


def test_a_transfer_keeps_the_place_and_goes_to_the_other_skill(scene: Scene) -> None:
    agent = scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    arrived = scene.rows("SELECT arrived_at FROM queue_entry")
    scene.seat("2001", centre=WUHU, skills=("card",))
    scene.joins("Li Qiang", centre=WUHU, skill="card")
    scene.desk.transfer(agent, scene.offer("1001") or "", WUHU, "card")
    scene.works()
    assert scene.line.after_talk(scene.calls["Wang Fang"]) == "transferred"
    assert scene.caller_of("2001") == "Wang Fang"
    assert scene.rows("SELECT arrived_at FROM queue_entry WHERE skill = 'card' ORDER BY id LIMIT 1") == arrived


def test_nobody_is_transferred_to_where_nobody_is(scene: Scene) -> None:
    agent = scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    with pytest.raises(NotNow) as refused:
        scene.desk.transfer(agent, scene.offer("1001") or "", WUHU)
    assert "没有人接" in refused.value.sentence
    assert scene.state("1001") == ("on_call", None)


def test_a_silent_page_is_set_away_and_its_ring_goes_on(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    assert scene.offer("1001")
    scene.passes(16, alive=False)
    assert scene.state("1001") == ("away", "no_heartbeat")
    assert scene.entry("Wang Fang") == ("waiting", None)


def test_a_break_wished_for_in_a_talk_comes_after_the_notes(scene: Scene) -> None:
    agent = scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    scene.desk.take_break(agent, "meal")
    assert scene.state("1001") == ("on_call", None)
    scene.desk.hang_up(agent, scene.offer("1001") or "")
    scene.passes(61)
    assert scene.state("1001") == ("break", "meal")
    with pytest.raises(NotNow) as refused:
        scene.desk.take_break(agent, "nap")
    assert "休息的原因" in refused.value.sentence


def test_intervals_add_up_to_the_shift(scene: Scene) -> None:
    agent = scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.passes(7)
    scene.answers("1001")
    scene.passes(100)
    scene.desk.hang_up(agent, scene.offer("1001") or "")
    scene.passes(30)
    scene.desk.finish_wrap_up(agent)
    scene.desk.take_break(agent, "short")
    scene.passes(300)
    scene.desk.ready(agent)
    scene.passes(5)
    scene.desk.sign_out(agent)
    (total,) = scene.rows("SELECT sum(until - since), count(*) FROM agent_interval")
    assert total[0] == scene.rows("SELECT ended_at - began_at FROM agent_shift")[0][0]
    assert scene.rows("SELECT count(*) FROM agent_interval WHERE until IS NULL") == [(0,)]


def test_nobody_signs_out_with_a_caller_on_the_line(scene: Scene) -> None:
    agent = scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    with pytest.raises(IllegalMove):
        scene.desk.sign_out(agent)


def test_each_end_of_waiting_has_its_own_word(scene: Scene) -> None:
    assert scene.joins("nobody there").kind == "nobody_in"
    agent = scene.seat("1001")
    scene.desk.take_break(agent, "meal")
    with changed_rules(scene, HEFEI, most_waiting=1):
        assert scene.joins("first").kind == "next"
        assert scene.joins("one too many").kind == "full"
    assert scene.looks("first", is_staffed=False).kind == "after_hours"
    scene.tick_clock(30 * 60)
    assert scene.looks("first").kind == "limit" and scene.entry("first") == ("ended", "limit")
    scene.joins("second")
    scene.desk.sign_out(agent)
    scene.tick_clock(3)
    assert scene.looks("second", is_staffed=False).kind == "closed" and scene.entry("second") == ("ended", "closed")


def test_joining_twice_is_joining_once(scene: Scene) -> None:
    scene.desk.take_break(scene.seat("1001"), "meal")
    scene.joins("Wang Fang")
    scene.joins("Wang Fang")
    assert scene.rows("SELECT count(*) FROM queue_entry") == [(1,)]


def test_a_returning_caller_gets_what_was_waited_before(scene: Scene) -> None:
    scene.desk.take_break(scene.seat("1001"), "meal")
    scene.joins("first", number="13855112345")
    scene.tick_clock(300)
    scene.joins("other")
    scene.hangs_up("first")
    scene.tick_clock(60)
    scene.joins("again", number="13855112345")
    assert scene.rows("SELECT rules FROM queue_entry ORDER BY id DESC LIMIT 1") == [(["returning"],)]
    scene.desk.ready(scene.seats["1001"])
    scene.works()
    # It came 60 s later and had waited 300 s before.
    assert scene.caller_of("1001") == "again"


def test_a_neighbour_helps_after_a_while(scene: Scene) -> None:
    from dataclasses import replace

    scene.centres[WUHU] = replace(scene.centres[WUHU], helps=(HEFEI,))
    scene.seat("2001", centre=WUHU)
    scene.joins("Wang Fang")
    scene.works()
    assert scene.offer("2001") is None
    scene.passes(91)
    assert scene.caller_of("2001") == "Wang Fang"


def test_positions_are_told_and_never_get_worse(scene: Scene) -> None:
    scene.desk.take_break(scene.seat("1001"), "meal")
    looks = [scene.joins(name) for name in ("a", "b", "c")]
    assert [(look.kind, look.ahead) for look in looks] == [("next", 0), ("unsure", 1), ("unsure", 2)]
    scene.joins("slow", is_slow=True)
    # A rule moved somebody ahead: the position is not said.
    assert scene.looks("c").ahead is None
    scene.hangs_up("a")
    scene.hangs_up("slow")
    assert scene.looks("c").ahead == 1


def test_a_hang_up_reported_by_the_consultants_leg_first_is_no_dropped_talk(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    scene._carrier_has(scene.calls["Wang Fang"], "completed")
    scene.leg_ends("1001")
    assert scene.entry("Wang Fang") == ("ended", "served")
    assert scene.rows("SELECT status FROM offer") == [("finished",)]


def test_a_redirect_that_is_repeated_does_not_take_the_caller_out_of_the_next_talk(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    first = scene.offer("1001")
    scene.seat("1002")
    scene.leg_ends("1001")
    scene.answers("1002")
    scene.rows("UPDATE carrier_task SET done_at = NULL WHERE kind = 'move_caller' AND offer_id = %s RETURNING 1", first)
    before = len(scene.asked("UpdateCall"))
    scene.works()
    assert len(scene.asked("UpdateCall")) == before
    assert scene.caller_of("1002") == "Wang Fang"


def test_trouble_of_the_carrier_is_no_miss_of_the_consultant(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    for _ in range(4):
        scene.stand_in.fail("CreateCall", "400", "400")
        scene.passes(16)
    assert scene.state("1001")[0] != "away"
    assert scene.rows("SELECT misses FROM agent") == [(0,)]


def test_one_row_that_cannot_be_ended_holds_up_nobody_else(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    # A seat that is not where its offer has it: whatever led to that, ending the offer is illegal.
    scene.rows("UPDATE agent SET state = 'break', reason = 'meal' WHERE number = '1001' RETURNING 1")
    scene.rows("UPDATE offer SET status = 'ringing', ring_until = now() - interval '1 year' RETURNING 1")
    scene.rows("UPDATE offer SET agent_call_sid = NULL, status = 'accepted', accepted_at = %s RETURNING 1", scene.at)
    scene.seat("2001", centre=WUHU)
    scene.joins("Li Qiang", centre=WUHU)
    scene.passes(8)
    assert scene.caller_of("2001") == "Li Qiang"


def test_somebody_whose_waiting_ends_is_not_offered_at_that_moment(scene: Scene) -> None:
    scene.desk.take_break(scene.seat("1001"), "meal")
    scene.joins("Wang Fang")
    scene.tick_clock(30 * 60)
    assert scene.looks("Wang Fang").kind == "limit"
    scene.desk.ready(scene.seats["1001"])
    scene.passes(1)
    assert scene.offer("1001") is None


def test_a_caller_who_still_hears_the_line_is_fetched_into_a_talk_that_has_begun(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    scene.answers("1001")
    before = len(scene.asked("UpdateCall"))
    assert scene.looks("Wang Fang").kind == "free"
    scene.works()
    assert [form["Url"].rpartition("/")[2] for form in scene.asked("UpdateCall")[before:]] == [
        f"connect?offer={scene.offer('1001')}"
    ]


def test_being_connected_is_not_promised_when_nobody_free_has_the_skill(scene: Scene) -> None:
    scene.seat("1001", skills=("pension",))
    assert scene.joins("Wang Fang", skill="medical").kind != "free"
    assert scene.joins("Li Qiang", skill="pension").kind != "gone"


def test_an_accepted_call_outlives_a_page_that_falls_silent(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.works()
    assert scene.line.accept(scene.offer("1001") or "", scene.leg("1001"))
    scene.rows("UPDATE agent SET heartbeat_at = %s - interval '1 minute' RETURNING 1", scene.at)
    scene.works()
    assert scene.line.connect(scene.offer("1001") or "", scene.calls["Wang Fang"]) is not None


def test_a_ring_for_somebody_who_has_gone_is_ended_when_it_is_heard_of(scene: Scene) -> None:
    scene.seat("1001")
    scene.joins("Wang Fang")
    scene.dispatcher.make_offers()
    offer = scene.offer("1001") or ""
    scene.hangs_up("Wang Fang")
    scene.works()
    leg = scene.stand_in.add_call(77, "ringing", f"client:agent-{scene.seats['1001']}")
    note_leg_status(scene.line, offer, leg, "ringing")
    scene.works()
    assert scene.stand_in.control()["calls"][leg]["status"] == "canceled"


def test_a_cancelled_ring_keeps_the_seat_where_it_stood(scene: Scene) -> None:
    scene.seat("1001")
    scene.seat("1002")
    scene.joins("Wang Fang")
    scene.works()
    scene.hangs_up("Wang Fang")
    scene.joins("Li Qiang")
    scene.works()
    assert scene.caller_of("1001") == "Li Qiang"


def test_a_break_of_hours_is_nobody_at_work(scene: Scene) -> None:
    scene.desk.take_break(scene.seat("1001"), "meal")
    scene.tick_clock(3 * 3600)
    assert scene.joins("Wang Fang").kind == "nobody_in"

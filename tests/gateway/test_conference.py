"""<Dial><Conference>, and what is done to its participants from outside.

| attribute              | default | proven by                                                               |
|------------------------|---------|-------------------------------------------------------------------------|
| startConferenceOnEnter | true    | test_it_waits_for_two_and_for_one_who_may_start_it                      |
| endConferenceOnExit    | false   | test_it_ends_with_whoever_ends_it, test_the_last_to_leave_ends_it       |
| beep                   | true    | test_who_hears_a_beep                                                   |
| muted                  | false   | test_whoever_comes_muted_is_not_heard                                   |
| waitUrl, waitMethod    | silence | test_music_until_it_starts, ..._silence_where_there_is_none             |
| maxParticipants        | 250     | test_a_full_conference_is_not_joined                                    |
| participantLabel       | none    | test_a_label_is_used_once                                               |
| statusCallback(Event)  | none    | test_everything_is_told_in_order, ..._only_what_was_asked_for           |
| action                 | next    | test_after_a_conference_the_action_hears_that_it_was_answered           |
| timeLimit              | 14400   | test_a_part_ends_at_its_time_limit                                      |
| hangupOnStar           | false   | test_the_star_key_leaves_where_it_may                                   |
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from integrations.gateway.call import Call
from integrations.gateway.conference import BEEP_SECONDS, Conference
from integrations.gateway.frames import FRAME_BYTES
from integrations.gateway.leg import HungUp
from integrations.gateway.scripted import Act, ScriptedLeg
from integrations.gateway.talk import Goto
from integrations.gateway.webhooks import Answer
from tests.gateway.scene import BASE, Asked, Reply, Stage, document, on_stage, speech

EVENTS = (
    'statusCallback="/queueing/conference" statusCallbackEvent="start end join leave mute hold modify announcement"'
)
SURVEY = document("<Say>请评价</Say>")
CALLER, AGENT = "+8613800138000", "+8613855112345"
Steps = Callable[[Stage, "Room"], Awaitable[None]]


def room(attributes: str = "", dial: str = 'action="/ivr/after"', name: str = "offer-7") -> str:
    return document(
        f'<Dial {dial}><Conference beep="false" {attributes}>{name}</Conference></Dial>', "<Say>下一步</Say>"
    )


class Room:
    """Who takes part; each comes with a document of their own."""

    def __init__(self, stage: Stage, documents: dict[str, Reply]) -> None:
        self.stage = stage
        self._documents = documents
        self.legs: dict[str, ScriptedLeg] = {}
        self.calls: dict[str, Call] = {}

    async def enter(self, who: str, first: Reply | None = None, *acts: Act) -> ScriptedLeg:
        self._documents[who] = room(EVENTS) if first is None else first
        self.calls[who], self.legs[who] = self.stage.dial(*acts, caller=who)
        await asyncio.sleep(0.1)
        return self.legs[who]

    @property
    def conference(self) -> Conference:
        return self.stage.calls.conferences.all()[0]

    def part(self, who: str) -> Any:
        return self.conference.participants[self.calls[who].sid]

    def events(self) -> list[str]:
        return [asked.form["StatusCallbackEvent"] for asked in self.reports()]

    def reports(self) -> list[Asked]:
        return self.stage.hotline.at("/queueing/conference")


def meet(steps: Steps, **replies: Reply) -> Room:
    documents: dict[str, Reply] = {}

    async def first(asked: Asked) -> Answer:
        return Answer(200, str(documents[asked.form["From"]]))

    async def scene(stage: Stage) -> Room:
        meeting = Room(stage, documents)
        await steps(stage, meeting)
        await stage.calls.end_all(5)
        await stage.close()
        return meeting

    return on_stage(scene, {"incoming": first, "after": SURVEY, "/queueing/conference": document(), **replies})


def seconds_heard(leg: ScriptedLeg, since: float = 0.0) -> float:
    """How much sound of others the leg was sent."""
    return sum(len(frame) for at, frame in leg.sent if at >= since) / 16000


async def say(leg: ScriptedLeg, seconds: float = 1.0) -> None:
    """A voice, at its natural pace."""
    sound = speech(seconds)
    for at in range(0, len(sound), FRAME_BYTES):
        leg.hear(sound[at : at + FRAME_BYTES])
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)


def test_two_hear_each_other() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller, agent = await meeting.enter(CALLER), await meeting.enter(AGENT)
        await say(caller, 1.0)
        await say(agent, 0.5)
        assert (seconds_heard(agent), seconds_heard(caller)) == (
            pytest.approx(1.0, abs=0.05),
            pytest.approx(0.5, abs=0.05),
        )

    meet(steps)


def test_it_waits_for_two_and_for_one_who_may_start_it() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        waits = room('startConferenceOnEnter="false"')
        caller, other = await meeting.enter(CALLER, waits), await meeting.enter("+861", waits)
        await say(caller)
        assert meeting.conference.status == "init" and seconds_heard(other) == 0
        await meeting.enter(AGENT)
        await say(caller)
        assert meeting.conference.status == "in-progress" and seconds_heard(other) == pytest.approx(1.0, abs=0.05)

    meet(steps)


def test_it_ends_with_whoever_ends_it() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller, agent = await meeting.enter(CALLER), await meeting.enter(AGENT, room('endConferenceOnExit="true"'))
        meeting.calls[AGENT].end()
        await asyncio.sleep(0.1)
        conference = meeting.conference
        assert (conference.status, conference.ended_by) == ("completed", meeting.calls[AGENT].sid)
        assert conference.reason_ended == "participant-with-end-conference-on-exit-left"
        assert caller.captions == ["请评价"] and agent.ended == "completed"

    meeting = meet(steps)
    assert meeting.events() == ["participant-join", "participant-join", "conference-start", "participant-leave",
                                "participant-leave", "conference-end"]  # fmt: skip
    reasons = [asked.form.get("ReasonParticipantLeft") for asked in meeting.reports()][3:5]
    assert reasons == ["participant_hung_up", "moderator_ended_conference"]


def test_the_last_to_leave_ends_it() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER)
        await meeting.enter(AGENT)
        meeting.calls[AGENT].end()
        await asyncio.sleep(0.1)
        assert meeting.conference.status == "in-progress"
        meeting.calls[CALLER].end()
        await asyncio.sleep(0.1)
        assert meeting.conference.reason_ended == "last-participant-left"

    meet(steps)


def test_a_name_is_a_new_conference_after_the_end() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER)
        first = meeting.conference.sid
        meeting.conference.end()
        await asyncio.sleep(0.1)
        await meeting.enter(AGENT)
        assert meeting.conference.sid != first and stage.calls.conferences.find(first) is not None

    meet(steps)


@pytest.mark.parametrize(
    ("beep", "enter", "leave"), [("true", 1, 1), ("false", 0, 0), ("onEnter", 1, 0), ("onExit", 0, 1)]
)
def test_who_hears_a_beep(beep: str, enter: int, leave: int) -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER)
        beeps = document(f'<Dial><Conference beep="{beep}">offer-7</Conference></Dial>')
        agent = await meeting.enter(AGENT, beeps)
        await asyncio.sleep(1)
        assert seconds_heard(caller) == pytest.approx(enter * BEEP_SECONDS, abs=0.02)
        assert seconds_heard(agent) == seconds_heard(caller)
        began = asyncio.get_running_loop().time()
        meeting.calls[AGENT].end()
        await asyncio.sleep(1)
        assert seconds_heard(caller, began) == pytest.approx(leave * BEEP_SECONDS, abs=0.02)

    meet(steps)


def test_beeps_are_the_default() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER)
        await meeting.enter(AGENT, document("<Dial><Conference>offer-7</Conference></Dial>"))
        await asyncio.sleep(1)
        assert seconds_heard(caller) > 0

    meet(steps)


def test_whoever_comes_muted_is_not_heard() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller, agent = await meeting.enter(CALLER), await meeting.enter(AGENT, room('muted="true"'))
        await say(agent)
        assert seconds_heard(caller) == 0
        meeting.conference.mute(meeting.part(AGENT), False)
        await say(agent)
        assert seconds_heard(caller) == pytest.approx(1.0, abs=0.05)

    meet(steps)


def test_music_until_it_starts() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER, room('waitUrl="/ivr/wait" waitMethod="GET"'))
        await asyncio.sleep(20)
        assert caller.captions == ["请稍候"] * 4
        await meeting.enter(AGENT)
        heard = len(caller.heard)
        await asyncio.sleep(20)
        assert len(caller.heard) == heard and stage.hotline.at("/ivr/wait")[0].method == "GET"

    wait = document("<Say>请稍候</Say>", '<Pause length="5"/>', "<Redirect/>")
    meet(steps, wait=wait)


def test_silence_where_there_is_none() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        for who, attributes in ((CALLER, ""), (AGENT, 'waitUrl=""')):
            leg = await meeting.enter(who, room(f'startConferenceOnEnter="false" {attributes}'))
            await asyncio.sleep(10)
            assert leg.heard == []

    meet(steps)


def test_a_full_conference_is_not_joined() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER, room('maxParticipants="2"'))
        await meeting.enter(AGENT)
        late = await meeting.enter("+861")
        assert len(meeting.conference.participants) == 2 and late.captions == ["请评价"]
        assert stage.hotline.at("/ivr/after")[0].form["DialCallStatus"] == "failed"

    meet(steps)


def test_a_label_is_used_once() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER, room('participantLabel="customer"'))
        late = await meeting.enter(AGENT, room('participantLabel="customer"'))
        assert meeting.conference.find("customer") is meeting.part(CALLER) and late.captions == ["请评价"]

    meet(steps)


def test_everything_is_told_in_order() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER, room(f'{EVENTS} participantLabel="customer"'))
        await meeting.enter(AGENT, room("statusCallback='/ivr/nobody' statusCallbackEvent='join'"))
        conference, caller = meeting.conference, meeting.part(CALLER)
        conference.mute(caller, True)
        conference.mute(caller, True)
        conference.mute(caller, False)
        conference.hold(caller, None)
        conference.unhold(caller)
        conference.modify(caller, True, None)
        conference.kick(caller)

    meeting = meet(steps)
    assert meeting.events() == [
        "participant-join", "participant-join", "conference-start", "participant-mute", "participant-unmute",
        "participant-hold", "participant-unhold", "participant-modify", "participant-leave", "participant-leave",
        "conference-end",
    ]  # fmt: skip
    forms = [asked.form for asked in meeting.reports()]
    assert [form["SequenceNumber"] for form in forms] == [str(number) for number in range(1, 12)]
    assert {form["FriendlyName"] for form in forms} == {"offer-7"} and len(
        {form["ConferenceSid"] for form in forms}
    ) == 1
    held = forms[5]
    assert held["CallSid"] == meeting.calls[CALLER].sid and held["ParticipantLabel"] == "customer"
    assert (held["Hold"], held["Muted"], held["StartConferenceOnEnter"], held["EndConferenceOnExit"]) == (
        "true", "false", "true", "false",
    )  # fmt: skip
    assert forms[-1]["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-kicked"
    assert forms[-1]["CallSidEndingConference"] == meeting.calls[CALLER].sid and "CallSid" not in forms[-1]


def test_only_what_was_asked_for_is_told() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER, room('statusCallback="/queueing/conference" statusCallbackEvent="start end"'))
        await meeting.enter(AGENT)

    assert meet(steps).events() == ["conference-start", "conference-end"]


def test_a_report_that_nobody_takes_holds_up_the_next_but_not_the_talk() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller, agent = await meeting.enter(CALLER), await meeting.enter(AGENT)
        await say(caller)
        assert seconds_heard(agent) == pytest.approx(1.0, abs=0.05)
        assert set(meeting.events()) == {"participant-join"}
        await asyncio.sleep(30)

    meeting = meet(steps, **{"/queueing/conference": [Answer(503, "")] * 4 + [document()]})  # type: ignore[dict-item]
    assert meeting.events()[4:7] == ["participant-join", "participant-join", "conference-start"]


def test_after_a_conference_the_action_hears_that_it_was_answered() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER)
        await meeting.enter(AGENT, room(dial=""))
        meeting.conference.end()
        await asyncio.sleep(0.1)
        [asked] = stage.hotline.at("/ivr/after")
        dial = {name: value for name, value in asked.form.items() if name.startswith("Dial")}
        assert dial == {"DialCallStatus": "answered"}
        assert meeting.legs[AGENT].captions == ["下一步"]
        assert meeting.conference.reason_ended == "conference-ended-via-api"

    meet(steps)


def test_a_part_ends_at_its_time_limit() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER, room(dial='action="/ivr/after" timeLimit="30"'))
        await asyncio.sleep(29)
        assert caller.captions == []
        await asyncio.sleep(2)
        assert caller.captions == ["请评价"]

    meet(steps)


def test_the_star_key_leaves_where_it_may() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        leaves = await meeting.enter(CALLER, room(dial='action="/ivr/after" hangupOnStar="true"'))
        stays = await meeting.enter(AGENT)
        for leg in (leaves, stays):
            leg.push_digit("1")
            leg.push_digit("*")
        await asyncio.sleep(1)
        assert leaves.captions == ["请评价"] and stays.captions == []

    meet(steps)


def test_keys_of_the_talk_are_for_no_later_question() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER)
        await meeting.enter(AGENT)
        caller.push_digit("1")
        meeting.conference.end()
        await asyncio.sleep(10)
        assert caller.captions == ["没有按键"] and seconds_heard(meeting.legs[AGENT]) == 0

    question = document('<Gather action="/ivr/key" numDigits="1" timeout="3"/>', "<Say>没有按键</Say>")
    meet(steps, after=question)


def test_a_caller_who_is_sent_elsewhere_leaves() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER)
        await meeting.enter(AGENT)
        meeting.calls[CALLER].redirect(f"{BASE}/ivr/other", "POST")
        await asyncio.sleep(0.1)
        assert caller.captions == ["别处"] and list(meeting.conference.participants) == [meeting.calls[AGENT].sid]
        assert stage.hotline.at("/ivr/after") == []

    meeting = meet(steps, other=document("<Say>别处</Say>"))
    left = next(asked.form for asked in meeting.reports() if asked.form["StatusCallbackEvent"] == "participant-leave")
    assert (left["ReasonParticipantLeft"], left["ParticipantCallStatus"]) == (
        "participant_updated_via_api",
        "in-progress",
    )


HOLD = document("<Say>请不要挂机</Say>", '<Pause length="9"/>', "<Redirect/>")


def hold(meeting: Room, who: str, path: str = "/ivr/hold") -> None:
    meeting.conference.hold(meeting.part(who), Goto(BASE + path, "GET"))


def test_whoever_is_held_hears_music_and_nobody_and_is_not_heard() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller, agent = await meeting.enter(CALLER), await meeting.enter(AGENT)
        hold(meeting, CALLER)
        await asyncio.gather(say(caller, 25), say(agent, 25))
        assert seconds_heard(caller) == seconds_heard(agent) == 0
        assert caller.captions == ["请不要挂机"] * 3 and agent.captions == []
        [first, *_] = stage.hotline.at("/ivr/hold")
        assert first.method == "GET" and first.form["ConferenceSid"] == meeting.conference.sid
        meeting.conference.unhold(meeting.part(CALLER))
        await asyncio.gather(say(caller), say(agent))
        assert seconds_heard(caller) == pytest.approx(1.0, abs=0.05) and len(caller.captions) == 3

    meet(steps, hold=HOLD)


def test_music_that_sends_nowhere_ends_in_silence() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER)
        await meeting.enter(AGENT)
        hold(meeting, CALLER)
        await asyncio.sleep(60)
        assert caller.captions == ["请不要挂机"]

    meet(steps, hold=document("<Say>请不要挂机</Say>"))


def test_music_that_runs_in_circles_keeps_nobody_busy() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER)
        await meeting.enter(AGENT)
        hold(meeting, CALLER)
        await asyncio.sleep(60)
        assert len(stage.hotline.at("/ivr/hold")) <= 61

    meet(steps, hold=document("<Redirect/>"))


def test_music_comes_back_when_the_hotline_does() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER)
        await meeting.enter(AGENT)
        hold(meeting, CALLER)
        await asyncio.sleep(12)
        assert caller.captions == ["请不要挂机"]

    meet(steps, hold=[Answer(502, ""), Answer(502, ""), HOLD])


def test_without_music_holding_is_silence() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller, agent = await meeting.enter(CALLER), await meeting.enter(AGENT)
        meeting.conference.hold(meeting.part(CALLER), None)
        await say(agent)
        assert seconds_heard(caller) == 0 and caller.heard == []

    meet(steps)


def test_whoever_leaves_while_held_hears_no_more_music() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller = await meeting.enter(CALLER)
        await meeting.enter(AGENT)
        hold(meeting, CALLER)
        await asyncio.sleep(0.5)
        meeting.calls[CALLER].redirect(f"{BASE}/ivr/other", "POST")
        await asyncio.sleep(30)
        assert caller.captions == ["请不要挂机", "别处"] and len(stage.hotline.at("/ivr/hold")) == 1

    meet(steps, hold=HOLD, other=document("<Say>别处</Say>", '<Pause length="60"/>'))


def test_whoever_hangs_up_while_held_has_left() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        await meeting.enter(CALLER, None, Act(at=5, hang_up=True))
        await meeting.enter(AGENT)
        hold(meeting, CALLER)
        await asyncio.sleep(30)
        assert list(meeting.conference.participants) == [meeting.calls[AGENT].sid]
        assert len(stage.hotline.at("/ivr/hold")) == 1

    meet(steps, hold=HOLD)


def test_an_announcement_is_for_one() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        caller, agent = await meeting.enter(CALLER), await meeting.enter(AGENT)
        meeting.conference.announce(meeting.part(CALLER), Goto(f"{BASE}/ivr/news"))
        await say(agent, 1.0)
        assert caller.captions == ["通话将被录音保存备查"] and agent.captions == [] and seconds_heard(caller) == 0
        await asyncio.sleep(5)
        await say(agent, 1.0)
        assert seconds_heard(caller) == pytest.approx(1.0, abs=0.05)

    meeting = meet(steps, news=document("<Say>通话将被录音保存备查</Say>"))
    assert "announcement-end" in meeting.events()


def test_twenty_conferences_at_once() -> None:
    async def steps(stage: Stage, meeting: Room) -> None:
        pairs = []
        for number in range(20):
            name = f"offer-{number}"
            first = await meeting.enter(f"+861{number:03}", room(name=name))
            pairs.append((first, await meeting.enter(f"+862{number:03}", room(name=name))))
        # Each pair says something of a length of its own.
        await asyncio.gather(*(say(first, 0.2 + number / 10) for number, (first, _) in enumerate(pairs)))
        for number, (first, second) in enumerate(pairs):
            assert seconds_heard(second) == pytest.approx(0.2 + number / 10, abs=0.05) and seconds_heard(first) == 0
        assert stage.calls.conferences.live_count == 20
        assert stage.exchange.clock.figures.late_frames == 0

    meet(steps)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_everybody_comes_and_leaves_once(seed: int) -> None:
    chance = random.Random(seed)

    async def steps(stage: Stage, meeting: Room) -> None:
        people = ["+861", "+862", "+863"]
        for _ in range(60):
            who = chance.choice(people)
            call = meeting.calls.get(who)
            if call is None or call.is_over:
                await meeting.enter(who, room(f'{EVENTS} endConferenceOnExit="{chance.choice(["true", "false"])}"'))
            elif call.sid not in (parts := meeting.conference.participants):
                call.redirect(f"{BASE}/ivr/incoming", "POST")
            else:
                conference, part = meeting.conference, parts[call.sid]
                chance.choice([
                    lambda c=conference, p=part: c.hold(p, Goto(f"{BASE}/ivr/hold", "GET")),
                    lambda c=conference, p=part: c.hold(p, None),
                    lambda c=conference, p=part: c.unhold(p),
                    lambda c=conference, p=part: c.mute(p, chance.random() < 0.5),
                    lambda c=conference, p=part: c.announce(p, Goto(f"{BASE}/ivr/hold")),
                    lambda c=conference, p=part: c.kick(p),
                    conference.end,
                    call.end,
                    lambda leg=meeting.legs[who]: leg.interrupt(HungUp()),
                    lambda c=call: c.redirect(f"{BASE}/ivr/other", "POST"),
                    lambda leg=meeting.legs[who]: leg.push_digit("5"),
                ])()  # fmt: skip
            # Some things happen at once, others seconds apart.
            await asyncio.sleep(chance.choice([0, 0, 0.01, 0.5, 3]))

    meeting = meet(steps, hold=HOLD, other=document('<Pause length="60"/>'))
    assert meeting.stage.calls.live_count == meeting.stage.calls.conferences.live_count == 0
    inside: dict[str, set[str]] = {}
    numbers: dict[str, list[int]] = {}
    ended = set()
    for form in (asked.form for asked in meeting.reports()):
        sid, event = form["ConferenceSid"], form["StatusCallbackEvent"]
        numbers.setdefault(sid, []).append(int(form["SequenceNumber"]))
        assert sid not in ended
        if event == "participant-join":
            assert form["CallSid"] not in inside.setdefault(sid, set())
            inside[sid].add(form["CallSid"])
        elif event == "participant-leave":
            inside[sid].remove(form["CallSid"])
        elif event == "conference-end":
            assert inside[sid] == set()
            ended.add(sid)
    assert ended == set(inside) and all(each == list(range(1, len(each) + 1)) for each in numbers.values())

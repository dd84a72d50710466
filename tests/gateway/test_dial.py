"""<Dial> of telephones.

| attribute            | default          | proven by                                                        |
|----------------------|------------------|------------------------------------------------------------------|
| action, method       | next verb        | test_without_an_action_..., test_the_action_can_be_asked_with_get|
| timeout              | 30               | test_what_the_action_is_told                                     |
| timeLimit            | 14400            | test_a_talk_ends_at_its_time_limit                               |
| callerId             | the caller       | test_the_telephone_sees_the_caller, ..._another_number           |
| hangupOnStar         | false            | test_the_star_key_ends_the_talk_where_it_may, ..._not_otherwise  |
| answerOnBridge       | false            | test_a_caller_may_hear_it_ring_until_somebody_comes              |
| record               | do-not-record    | test_call_recording                                              |
| url (noun)           | none             | test_whoever_picks_up_hears_a_document_first, ..._may_decline    |
| statusCallback(noun) | none             | test_the_telephones_states_are_told                              |

| at the telephone     | DialCallStatus, proven by test_what_the_action_is_told                              |
|----------------------|-------------------------------------------------------------------------------------|
| talked               | completed                                                                           |
| rejected, engaged    | busy                                                                                |
| not picked up        | no-answer                                                                           |
| not registered       | failed                                                                              |
| cancelled by REST    | canceled                                                                            |
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from integrations.gateway.call import Call
from integrations.gateway.calls import Calls
from integrations.gateway.frames import ringback
from integrations.gateway.scripted import Act, ScriptedLeg
from tests.gateway.scene import BASE, Outside, Scene, Script, document, ring, speech

AGENT, HOME = "client:agent-17", "+8613855112345"
PICK_UP = Act(wait=3, pick_up=True)
AFTER = document("<Say>谢谢</Say>")


def dial(nouns: str = "<Client>agent-17</Client>", attributes: str = "") -> str:
    return document(f'<Dial action="/ivr/step" {attributes}>{nouns}</Dial>')


def play(
    first: str, telephones: Mapping[str, Script], *acts: Act, outside: Outside | None = None, **more: str
) -> Scene:
    replies = {"incoming": first, "step": AFTER, "/queueing/leg": document(), **more}
    return ring(replies, *acts, outside=outside, telephones=telephones)


def told(scene: Scene) -> dict[str, str]:
    """What the action was told of the dialling."""
    [asked] = scene.hotline.at("/ivr/step")
    return {name: value for name, value in asked.form.items() if name.startswith(("Dial", "Recording"))}


def child(scene: Scene) -> Call:
    [found] = [call for call in scene.calls.all() if call.parent_sid == scene.call.sid]
    return found


def test_both_sides_hear_each_other() -> None:
    talk = [PICK_UP, Act(wait=1, speech=speech(1)), Act(wait=2, hang_up=True)]
    scene = play(dial(), {AGENT: talk}, Act(at=4, speech=speech(0.5)))
    agent = scene.telephones.leg(AGENT)
    assert sum(len(frame) for _, frame in scene.leg.sent) == pytest.approx(len(speech(1)), abs=700)
    assert sum(len(frame) for _, frame in agent.sent) == pytest.approx(len(speech(0.5)), abs=700)
    assert scene.leg.captions == ["谢谢"] and agent.ended == "completed"


def test_the_action_hears_how_it_went() -> None:
    scene = play(dial(), {AGENT: [PICK_UP, Act(wait=42, hang_up=True)]})
    assert told(scene) == {
        "DialCallStatus": "completed",
        "DialCallSid": child(scene).sid,
        "DialCallDuration": "42",
        "DialBridged": "true",
    }
    assert child(scene).direction == "outbound-dial"


@pytest.mark.parametrize(
    ("script", "status", "seconds"),
    [([Act(wait=2, decline=True)], "busy", 2), ("busy", "busy", 0), ([], "no-answer", 30), (None, "failed", 0)],
)
def test_what_the_action_is_told(script: Script | None, status: str, seconds: int) -> None:
    scene = play(dial(), {} if script is None else {AGENT: script})
    assert (told(scene)["DialCallStatus"], told(scene)["DialBridged"]) == (status, "false")
    assert scene.hotline.at("/ivr/step")[0].at == pytest.approx(seconds) and scene.leg.captions == ["谢谢"]


def test_one_that_is_cancelled_from_outside_is_told_so() -> None:
    async def cancel(calls: Calls, call: Call, leg: ScriptedLeg) -> None:
        await asyncio.sleep(5)
        next(other for other in calls.all() if other.parent_sid == call.sid).end("completed")

    scene = play(dial(), {AGENT: []}, outside=cancel)
    assert told(scene)["DialCallStatus"] == "canceled"


def test_the_time_it_rings_is_the_documents() -> None:
    scene = play(dial(attributes='timeout="12"'), {AGENT: []})
    assert scene.hotline.at("/ivr/step")[0].at == pytest.approx(12)


def test_without_an_action_the_next_verb_is_performed() -> None:
    scene = play(document("<Dial><Client>agent-17</Client></Dial>", "<Say>没有人</Say>"), {AGENT: "busy"})
    assert scene.leg.captions == ["没有人"]


def test_the_action_can_be_asked_with_get() -> None:
    scene = play(dial(attributes='method="GET"'), {AGENT: "busy"})
    assert scene.hotline.at("/ivr/step")[0].method == "GET"


def test_a_talk_ends_at_its_time_limit() -> None:
    scene = play(dial(attributes='timeLimit="60"'), {AGENT: [PICK_UP]})
    assert told(scene)["DialCallDuration"] == "60" and scene.telephones.leg(AGENT).ended == "completed"


def test_the_telephone_sees_the_caller() -> None:
    scene = play(dial(), {AGENT: [PICK_UP, Act(wait=1, hang_up=True)]})
    assert child(scene).caller == "+8613800138000" and child(scene).dialled == AGENT


def test_the_telephone_sees_another_number_where_the_document_says_so() -> None:
    scene = play(dial(attributes='callerId="12333"'), {AGENT: [PICK_UP, Act(wait=1, hang_up=True)]})
    assert child(scene).caller == "12333"


def test_a_client_is_told_the_documents_parameters() -> None:
    client = '<Client><Identity>agent-17</Identity><Parameter name="offer" value="7"/></Client>'
    scene = play(dial(client), {AGENT: [PICK_UP, Act(wait=1, hang_up=True)]})
    invitation = scene.telephones.leg(AGENT).invitation
    assert invitation is not None and invitation.parameters == {"offer": "7"}


def test_the_star_key_ends_the_talk_where_it_may() -> None:
    scene = play(dial(attributes='hangupOnStar="true"'), {AGENT: [PICK_UP]}, Act(at=8, keys="12*3"))
    assert told(scene)["DialCallDuration"] == "5" and scene.telephones.leg(AGENT).ended == "completed"


def test_the_star_key_does_not_otherwise() -> None:
    scene = play(dial(), {AGENT: [PICK_UP, Act(wait=20, hang_up=True)]}, Act(at=8, keys="*"))
    assert told(scene)["DialCallDuration"] == "20"


def test_keys_of_the_talk_are_for_no_later_question() -> None:
    after = document('<Gather action="/ivr/other" numDigits="1" timeout="3"/>', "<Say>没有按键</Say>")
    replies = {"incoming": dial(), "step": after}
    telephones = {AGENT: [PICK_UP, Act(wait=10, hang_up=True)]}
    scene = ring(replies, Act(at=5, keys="777"), telephones=telephones)
    assert scene.leg.captions == ["没有按键"]


def test_the_caller_hears_it_ring() -> None:
    scene = play(dial(), {AGENT: [Act(wait=7, pick_up=True), Act(wait=5, hang_up=True)]})
    seconds = len(ringback()) / 16000
    assert [heard.seconds for heard in scene.leg.heard[:2]] == [seconds, pytest.approx(7 - seconds)]


def test_a_caller_may_hear_it_ring_until_somebody_comes() -> None:
    """Not answered until then: the caller's own telephone makes the tone, and nothing is charged."""
    scene = play(dial(attributes='answerOnBridge="true"'), {AGENT: [PICK_UP, Act(wait=5, hang_up=True)]})
    answered = next(asked for asked in scene.hotline.at("/ivr/status") if asked.form["CallStatus"] == "in-progress")
    assert answered.at == pytest.approx(3) and scene.leg.captions == ["谢谢"]


def test_a_caller_who_was_never_answered_has_cancelled() -> None:
    scene = play(dial(attributes='answerOnBridge="true"'), {AGENT: []}, Act(wait=5, hang_up=True))
    assert scene.call.status == "canceled" and child(scene).status == "canceled"


def test_whoever_picks_up_hears_a_document_first() -> None:
    whisper = document("<Say>合肥来电</Say>")
    noun = '<Client url="/ivr/whisper">agent-17</Client>'
    talk = [PICK_UP, Act(after="合肥来电", wait=5, hang_up=True)]
    scene = play(dial(noun), {AGENT: talk}, Act(at=3.2, speech=speech(0.3)), Act(wait=2, speech=speech(1)),
                 whisper=whisper)  # fmt: skip
    agent = scene.telephones.leg(AGENT)
    assert agent.captions == ["合肥来电"] and told(scene)["DialBridged"] == "true"
    # What the caller said meanwhile was for nobody.
    assert sum(len(frame) for _, frame in agent.sent) == pytest.approx(len(speech(1)), abs=700)


def test_whoever_picked_up_may_decline() -> None:
    whisper = document('<Gather numDigits="1" action="/ivr/taken" timeout="5"/>', "<Hangup/>")
    noun = '<Number url="/ivr/whisper">+8613855112345</Number>'
    scene = play(dial(noun), {HOME: [PICK_UP]}, whisper=whisper)
    assert (told(scene)["DialCallStatus"], told(scene)["DialBridged"]) == ("completed", "false")
    assert scene.leg.sent == []


def test_the_telephones_states_are_told() -> None:
    events = 'statusCallback="/queueing/leg" statusCallbackEvent="initiated ringing answered completed"'
    scene = play(dial(f"<Client {events}>agent-17</Client>"), {AGENT: [PICK_UP, Act(wait=1, hang_up=True)]})
    reports = scene.hotline.at("/queueing/leg")
    assert [report.form["CallStatus"] for report in reports] == ["initiated", "ringing", "in-progress", "completed"]
    assert {report.form["ParentCallSid"] for report in reports} == {scene.call.sid}


@pytest.mark.parametrize("at", [1.0, 10.0])
def test_a_caller_who_hangs_up_ends_the_other_side(at: float) -> None:
    scene = play(dial(), {AGENT: [PICK_UP]}, Act(at=at, hang_up=True))
    assert scene.telephones.leg(AGENT).ended == ("canceled" if at < 3 else "completed")
    assert scene.seconds == pytest.approx(at) and scene.call.status == "completed"


@pytest.mark.parametrize("at", [1.0, 10.0])
def test_a_caller_who_is_sent_elsewhere_leaves_the_other_side(at: float) -> None:
    async def redirect(calls: Calls, call: Call, leg: ScriptedLeg) -> None:
        await asyncio.sleep(at)
        call.redirect(f"{BASE}/ivr/other", "POST")

    scene = play(dial(), {AGENT: [PICK_UP]}, outside=redirect, other=document("<Say>别处</Say>"))
    assert scene.leg.captions == ["别处"] and scene.hotline.at("/ivr/step") == []
    assert scene.telephones.leg(AGENT).ended == ("canceled" if at < 3 else "completed")


def test_the_other_side_can_be_sent_elsewhere_and_the_caller_goes_on() -> None:
    async def redirect(calls: Calls, call: Call, leg: ScriptedLeg) -> None:
        await asyncio.sleep(10)
        next(other for other in calls.all() if other.parent_sid == call.sid).redirect(f"{BASE}/ivr/other", "POST")

    scene = play(dial(), {AGENT: [PICK_UP]}, outside=redirect, other=document("<Say>别处</Say>"))
    assert scene.telephones.leg(AGENT).captions == ["别处"] and scene.leg.captions == ["谢谢"]
    assert "DialCallDuration" not in told(scene)


def test_of_several_the_first_to_pick_up_wins() -> None:
    nouns = "<Client>agent-17</Client><Client>agent-18</Client><Number>+8613855112345</Number>"
    telephones = {AGENT: [Act(wait=9, pick_up=True)], "client:agent-18": "busy", HOME: [PICK_UP]}
    scene = play(dial(nouns), telephones, Act(at=20, hang_up=True))
    assert scene.telephones.leg(AGENT).ended == "canceled" and scene.telephones.leg(HOME).ended == "completed"


def test_of_several_in_vain_the_likeliest_reason_is_told() -> None:
    nouns = "<Client>agent-17</Client><Client>agent-18</Client>"
    scene = play(dial(nouns), {AGENT: [Act(wait=2, decline=True)], "client:agent-18": []})
    assert told(scene) == {"DialCallStatus": "no-answer", "DialBridged": "false"}


def test_without_a_free_line_the_action_hears_that_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.gateway.calls.MOST_LIVE_CALLS", 1)
    scene = play(dial(), {AGENT: [PICK_UP]})
    assert told(scene) == {"DialCallStatus": "failed", "DialBridged": "false"}

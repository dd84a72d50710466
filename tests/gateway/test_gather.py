"""<Gather> on a leg.

| attribute          | default  | proven by                                                       |
|--------------------|----------|-----------------------------------------------------------------|
| input              | dtmf     | test_twiml_reader                                               |
| action             | same URL | test_without_action_the_same_document_is_asked_for_again        |
| method             | POST     | test_digits_can_be_sent_with_get                                |
| timeout            | 5        | test_the_time_out_starts_after_the_prompt, ..._with_every_digit |
| numDigits          | any      | test_it_ends_at_the_last_digit, test_any_number_of_digits       |
| finishOnKey        | #        | test_the_finishing_key_is_not_a_digit, ..._no_finishing_key     |
| actionOnEmptyResult| false    | test_nothing_pressed_..., test_an_empty_result_...              |
"""

from __future__ import annotations

import asyncio

import pytest

from integrations.gateway.scripted import Act
from integrations.gateway.webhooks import Answer
from tests.gateway.scene import Asked, Scene, document, ring

ELEVEN = "请按一咨询，请按二查询"
PROMPT_SECONDS = len(ELEVEN) / 4.2
GOODBYE = document("<Say>再见</Say>")


def gather(attributes: str = "", prompt: str = f"<Say>{ELEVEN}</Say>", then: str = "<Say>没有按键</Say>") -> str:
    return document(f'<Gather action="/ivr/step" {attributes}>{prompt}</Gather>', then)


def play(menu: str, *acts: Act) -> Scene:
    return ring({"incoming": menu, "step": GOODBYE}, *acts)


def digits(scene: Scene) -> list[str]:
    return [asked.form["Digits"] for asked in scene.hotline.at("/ivr/step")]


def during(keys: str, wait: float = 0.5, **more: float) -> Act:
    return Act(after=ELEVEN, until_end=False, wait=wait, keys=keys, **more)  # type: ignore[arg-type]


def test_the_first_digit_stops_the_prompt() -> None:
    scene = play(gather('numDigits="4"'), during("1234"))
    assert scene.leg.heard[0].seconds == pytest.approx(0.5)
    assert digits(scene) == ["1234"]


def test_it_ends_at_the_last_digit() -> None:
    scene = play(gather('numDigits="2"'), during("12"))
    assert scene.hotline.at("/ivr/step")[0].at == pytest.approx(0.5 + 0.2)


def test_any_number_of_digits() -> None:
    assert digits(play(gather(), during("123456789012345678#"))) == ["123456789012345678"]


def test_the_time_out_starts_after_the_prompt() -> None:
    scene = play(gather('timeout="7"'))
    assert scene.leg.captions == [ELEVEN, "没有按键"]
    assert scene.leg.heard[1].began_at == pytest.approx(PROMPT_SECONDS + 7, abs=0.01)


def test_the_time_out_starts_anew_with_every_digit() -> None:
    # Three seconds between the keys, with five allowed: twelve in all.
    scene = play(gather('numDigits="9"'), during("12345", gap=3))
    [asked] = scene.hotline.at("/ivr/step")
    assert asked.form["Digits"] == "12345" and asked.at == pytest.approx(0.5 + 4 * 3 + 5)


def test_partial_digits_are_submitted_on_time_out() -> None:
    assert digits(play(gather('numDigits="18"'), during("34"))) == ["34"]


def test_the_finishing_key_is_not_a_digit() -> None:
    assert digits(play(gather('finishOnKey="*"'), during("1#2*"))) == ["1#2"]


def test_any_of_several_finishing_keys() -> None:
    assert digits(play(gather('finishOnKey="*#"'), during("12#"))) == ["12"]


def test_no_finishing_key() -> None:
    assert digits(play(gather('finishOnKey="" numDigits="3"'), during("1#*"))) == ["1#*"]


def test_nothing_pressed_goes_on_with_the_next_verb() -> None:
    scene = play(gather())
    assert digits(scene) == [] and scene.leg.captions[-1] == "没有按键"


def test_only_the_finishing_key_is_nothing() -> None:
    scene = play(gather(), during("#"))
    assert digits(scene) == [] and scene.leg.captions[-1] == "没有按键"


@pytest.mark.parametrize("keys", ["", "#"])
def test_an_empty_result_goes_to_the_action_when_wanted(keys: str) -> None:
    assert digits(play(gather('actionOnEmptyResult="true"'), during(keys))) == [""]


def test_digits_typed_ahead_are_kept_across_the_webhook() -> None:
    menus = {"incoming": gather('numDigits="1"'), "step": [gather('numDigits="2"', "<Say>第二层</Say>"), GOODBYE]}
    scene = ring(menus, during("123", gap=0.0))
    assert digits(scene) == ["1", "23"]
    # The second menu was not even begun.
    assert scene.leg.captions == [ELEVEN, "再见"]


def test_digits_typed_ahead_can_come_while_the_webhook_is_slow() -> None:
    async def slow(asked: Asked) -> Answer:
        await asyncio.sleep(4)
        return Answer(200, gather('numDigits="1"', "<Say>第二层</Say>"))

    scene = ring({"incoming": gather('numDigits="1"'), "step": [slow, GOODBYE]}, during("1"), Act(wait=2, keys="7"))
    assert digits(scene) == ["1", "7"] and "第二层" not in scene.leg.captions


@pytest.mark.parametrize("before", ["<Say>请听好</Say>", "<Play>/a.wav</Play>"])
def test_say_and_play_outside_gather_clear_what_was_typed(before: str) -> None:
    second = document(before, '<Gather action="/ivr/step" timeout="3"><Say>第二层</Say></Gather>')
    scene = ring(
        {"incoming": gather('numDigits="1"'), "step": [second, GOODBYE]}, during("12", gap=0.0), Act(wait=0.4, keys="3")
    )
    assert digits(scene) == ["1"] and "第二层" in scene.leg.captions


def test_a_pause_outside_gather_keeps_what_was_typed() -> None:
    second = document("<Pause/>", '<Gather action="/ivr/step" numDigits="1"/>')
    assert digits(ring({"incoming": gather('numDigits="1"'), "step": [second, GOODBYE]}, during("12"))) == ["1", "2"]


def test_a_pause_inside_gather_is_ended_by_a_key() -> None:
    scene = play(
        gather('numDigits="1"', f'<Say>{ELEVEN}</Say><Pause length="60"/>'), Act(after=ELEVEN, wait=2, keys="5")
    )
    assert digits(scene) == ["5"] and scene.seconds < 10


def test_a_gather_without_prompts_waits_in_silence() -> None:
    scene = play(gather("", ""))
    assert scene.leg.heard[0].began_at == pytest.approx(5)


def test_without_action_the_same_document_is_asked_for_again() -> None:
    menu = document(f"<Gather numDigits='1'><Say>{ELEVEN}</Say></Gather>")
    scene = ring({"incoming": [menu, GOODBYE]}, during("8"))
    assert [asked.form.get("Digits") for asked in scene.hotline.at("/ivr/incoming")] == [None, "8"]


def test_digits_can_be_sent_with_get() -> None:
    scene = play(gather('numDigits="1" method="GET"'), during("3"))
    [asked] = scene.hotline.at("/ivr/step")
    assert (asked.method, asked.form["Digits"], asked.form["CallSid"]) == ("GET", "3", scene.call.sid)


def test_the_telephone_is_told_which_keys_are_wanted() -> None:
    scene = play(gather('numDigits="4" finishOnKey="*" timeout="8"'))
    assert scene.leg.events == [{"type": "gather", "digits": 4, "finish": "*", "timeout": 8}]


def test_a_caller_who_hangs_up_in_the_prompt_asks_for_nothing_more() -> None:
    scene = play(gather(), Act(after=ELEVEN, until_end=False, wait=1, hang_up=True))
    assert digits(scene) == [] and scene.call.status == "completed"
    assert scene.leg.heard[0].seconds == pytest.approx(1)


def test_time_does_not_run_while_the_network_is_away() -> None:
    scene = play(
        gather('timeout="5"'), Act(after=ELEVEN, wait=3, lose=True), Act(wait=20, find=True), Act(wait=4, keys="6#")
    )
    assert digits(scene) == ["6"]

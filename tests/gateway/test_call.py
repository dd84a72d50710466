"""A call from ring to end: documents followed, failures survived, the hotline told.

| situation                                   | what the carrier does                                   |
|---------------------------------------------|---------------------------------------------------------|
| connection fails                            | once more, with the same idempotency token              |
| status not 200, 15 s without answer, no XML | fallback URL with ErrorCode and ErrorUrl                |
| fallback fails too                          | an apology, then the call has failed                    |
| Redirect, Hangup, end of document           | another document; hang-up; hang-up                      |
| Reject as the first verb                    | not answered: busy or no-answer                         |
| ended from outside, hung up while ringing   | completed; canceled                                     |
"""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime

import pytest

from integrations.gateway.call import MOVES, Call
from integrations.gateway.calls import Calls, LinesBusy
from integrations.gateway.interpreter import APOLOGY
from integrations.gateway.scripted import Act, ScriptedLeg
from integrations.gateway.webhooks import Answer
from tests.gateway.scene import ACCOUNT, Asked, document, ring

MENU = document('<Gather action="/ivr/step" numDigits="1"><Say>请按键</Say></Gather>')
GOODBYE = document("<Say>再见</Say>", "<Hangup/>", "<Say>不会说到</Say>")
PRESS_1 = Act(after="请按键", until_end=False, wait=0.2, keys="1")


def after(seconds: float, answer: str) -> object:
    async def reply(asked: Asked) -> Answer:
        await asyncio.sleep(seconds)
        return Answer(200, answer)

    return reply


def test_every_webhook_carries_the_calls_parameters() -> None:
    scene = ring({"incoming": MENU, "step": GOODBYE}, PRESS_1)
    incoming, step = scene.hotline.documents_asked()
    assert incoming.form == {
        "CallSid": scene.call.sid,
        "AccountSid": ACCOUNT,
        "From": "+8613800138000",
        "To": "12333",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
    }
    assert step.form == incoming.form | {"CallStatus": "in-progress", "Digits": "1"}
    assert scene.call.sid.startswith("CA") and len(scene.call.sid) == 34
    assert incoming.headers["I-Twilio-Idempotency-Token"] != step.headers["I-Twilio-Idempotency-Token"]


def test_the_hotline_is_told_of_every_state() -> None:
    scene = ring({"incoming": document('<Pause length="42"/>')})
    reports = scene.hotline.at("/ivr/status")
    assert scene.hotline.statuses == ["initiated", "ringing", "in-progress", "completed"]
    assert [report.form["SequenceNumber"] for report in reports] == ["0", "1", "2", "3"]
    assert [("CallDuration" in report.form) for report in reports] == [False, False, False, True]
    assert reports[-1].form["CallDuration"] == "42"
    begun, ended = (parsedate_to_datetime(reports[number].form["Timestamp"]) for number in (0, -1))
    assert (ended - begun).total_seconds() == 42


def test_nothing_after_hangup_is_performed() -> None:
    scene = ring({"incoming": GOODBYE})
    assert scene.leg.captions == ["再见"] and scene.leg.ended == "completed"


def test_redirect_goes_on_with_another_document() -> None:
    scene = ring({"incoming": document("<Redirect>/ivr/other</Redirect>", "<Say>不会说到</Say>"), "other": GOODBYE})
    assert scene.leg.captions == ["再见"]


def test_a_redirect_can_use_get() -> None:
    scene = ring({"incoming": document('<Redirect method="GET">/ivr/other</Redirect>'), "other": GOODBYE})
    assert scene.hotline.documents_asked()[1].method == "GET"


def test_a_redirect_to_another_host_is_a_failure() -> None:
    first = document("<Redirect>https://elsewhere.example.cn/ivr/incoming</Redirect>")
    scene = ring({"incoming": first, "fallback": GOODBYE})
    assert scene.hotline.at("/ivr/fallback")[0].form["ErrorCode"] == "11100"


def test_a_call_that_runs_in_circles_is_ended() -> None:
    scene = ring({"incoming": document("<Redirect>/ivr/incoming</Redirect>")})
    assert len(scene.hotline.documents_asked()) == 1000
    assert scene.leg.captions == [APOLOGY] and scene.call.status == "failed"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_rejected_call_is_not_answered(reason: str, status: str) -> None:
    scene = ring({"incoming": document(f'<Reject reason="{reason}"/>')})
    assert not scene.leg.is_answered and scene.leg.ended == scene.call.status == status
    assert scene.hotline.statuses == ["initiated", "ringing", status]
    assert scene.hotline.at("/ivr/status")[-1].form["CallDuration"] == "0"


def test_rejecting_after_the_answer_is_a_hang_up() -> None:
    scene = ring({"incoming": document("<Pause/>", "<Reject/>")})
    assert scene.leg.is_answered and scene.call.status == "completed"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Answer(500, "<html>oh</html>"), "11200"),
        (Answer(404, ""), "11200"),
        (Answer(204, ""), "11200"),
        (Answer(302, ""), "11200"),
        (Answer(200, "not xml"), "12100"),
        (Answer(200, "<Response><Sing/></Response>"), "12200"),
        (Answer(200, "<Response>" + " " * 70_000 + "</Response>"), "11750"),
        (after(20, GOODBYE), "11200"),
        (ConnectionError("refused"), "11205"),
    ],
)
def test_a_failed_document_goes_to_the_fallback(trouble: object, code: str) -> None:
    scene = ring({"incoming": MENU, "step": trouble, "fallback": GOODBYE}, PRESS_1)  # type: ignore[dict-item]
    [fallback] = scene.hotline.at("/ivr/fallback")
    assert fallback.form["ErrorCode"] == code
    assert fallback.form["ErrorUrl"] == "https://hotline.example.cn/ivr/step"
    assert "Digits" not in fallback.form
    assert scene.leg.captions[-1] == "再见" and scene.call.status == "completed"


def test_a_slow_document_is_waited_for_fifteen_seconds() -> None:
    scene = ring({"incoming": MENU, "step": after(14.9, GOODBYE)}, PRESS_1)  # type: ignore[dict-item]
    assert scene.hotline.at("/ivr/fallback") == [] and scene.leg.captions[-1] == "再见"
    scene = ring({"incoming": MENU, "step": after(20, GOODBYE), "fallback": GOODBYE}, PRESS_1)  # type: ignore[dict-item]
    assert scene.hotline.at("/ivr/fallback")[0].at == pytest.approx(0.2 + 15)


def test_a_failed_connection_is_tried_once_more_with_the_same_token() -> None:
    scene = ring({"incoming": [ConnectionError("refused"), GOODBYE]})
    first, second = scene.hotline.at("/ivr/incoming")
    assert first.form == second.form
    assert first.headers["I-Twilio-Idempotency-Token"] == second.headers["I-Twilio-Idempotency-Token"]
    assert scene.call.status == "completed"


def test_an_error_is_not_tried_again() -> None:
    scene = ring({"incoming": Answer(500, ""), "fallback": GOODBYE})
    assert len(scene.hotline.at("/ivr/incoming")) == 1


def test_without_a_fallback_either_the_caller_hears_an_apology() -> None:
    scene = ring({"incoming": Answer(500, ""), "fallback": Answer(500, "")})
    assert scene.leg.captions == [APOLOGY]
    assert scene.hotline.statuses == ["initiated", "ringing", "in-progress", "failed"]


def test_a_caller_who_hangs_up_while_it_rings_has_cancelled() -> None:
    scene = ring({"incoming": after(10, GOODBYE)}, Act(wait=2, hang_up=True))  # type: ignore[dict-item]
    assert scene.hotline.statuses == ["initiated", "ringing", "canceled"]
    assert scene.seconds == pytest.approx(2)


def test_a_caller_who_hangs_up_while_the_hotline_thinks_is_gone_at_once() -> None:
    scene = ring({"incoming": MENU, "step": after(14, GOODBYE)}, PRESS_1, Act(wait=1, hang_up=True))  # type: ignore[dict-item]
    assert scene.call.status == "completed" and scene.seconds == pytest.approx(1.2)


def test_the_end_is_told_until_the_hotline_takes_it() -> None:
    replies = [Answer(204, "")] * 3 + [ConnectionError("restarting")] * 8 + [Answer(204, "")]
    scene = ring({"incoming": document(), "status": replies})
    finals = [asked for asked in scene.hotline.at("/ivr/status") if asked.form["CallStatus"] == "completed"]
    # Each try is two connections; with the waits between them the hotline had seven seconds.
    assert len(finals) == 9 and finals[-1].at == pytest.approx(1 + 2 + 4 + 8)


def test_a_reports_trouble_does_not_hold_up_the_call() -> None:
    scene = ring({"incoming": document("<Pause/>"), "status": after(14, "")})  # type: ignore[dict-item]
    assert scene.seconds == pytest.approx(1)
    assert scene.hotline.statuses == ["initiated", "ringing", "in-progress", "completed"]


def test_a_live_call_can_be_sent_elsewhere() -> None:
    async def redirect(calls: Calls, call: Call, leg: ScriptedLeg) -> None:
        await asyncio.sleep(0.3)
        call.redirect("https://hotline.example.cn/ivr/connect", "POST")

    first = document("<Say>这是一段很长的等待音乐</Say>")
    scene = ring({"incoming": first, "connect": GOODBYE}, outside=redirect)
    assert scene.leg.captions == ["这是一段很长的等待音乐", "再见"]
    assert scene.leg.heard[0].seconds == pytest.approx(0.3)


def test_a_call_can_be_sent_elsewhere_while_a_webhook_is_asked() -> None:
    async def redirect(calls: Calls, call: Call, leg: ScriptedLeg) -> None:
        await asyncio.sleep(2)
        call.redirect("https://hotline.example.cn/ivr/connect", "POST")

    scene = ring({"incoming": MENU, "step": after(10, MENU), "connect": GOODBYE}, PRESS_1, outside=redirect)  # type: ignore[dict-item]
    assert scene.leg.captions == ["请按键", "再见"]


def test_the_end_of_the_gateway_ends_every_call() -> None:
    async def stop(calls: Calls, call: Call, leg: ScriptedLeg) -> None:
        await asyncio.sleep(5)
        await calls.end_all(6)
        with pytest.raises(LinesBusy):
            calls.start(ScriptedLeg(), "", "12333")

    scene = ring({"incoming": document('<Pause length="600"/>')}, outside=stop)
    assert scene.hotline.statuses[-1] == "completed" and scene.leg.ended == "completed"
    assert scene.hotline.at("/ivr/status")[-1].form["CallDuration"] == "5"


def test_a_forgotten_call_ends_after_four_hours() -> None:
    forever = document('<Pause length="3600"/>', "<Redirect>/ivr/incoming</Redirect>")
    scene = ring({"incoming": forever})
    assert scene.seconds == pytest.approx(4 * 3600) and scene.call.status == "completed"


def test_an_error_of_ours_ends_the_call_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def explode(self: ScriptedLeg, pcm: bytes, caption: str = "") -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(ScriptedLeg, "play", explode)
    scene = ring({"incoming": MENU})
    assert scene.call.status == "failed" and scene.hotline.statuses[-1] == "failed"


def test_no_final_state_can_be_left() -> None:
    finals = {"completed", "canceled", "busy", "no-answer", "failed"}
    assert not finals & {state for state, _ in MOVES}
    assert set(MOVES.values()) == finals | {"ringing", "in-progress"}

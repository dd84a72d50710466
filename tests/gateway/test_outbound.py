"""Calls that the hotline orders: rung, answered or not, and told of.

| what happens at the telephone              | the call's statuses                                   |
|--------------------------------------------|-------------------------------------------------------|
| picked up, document heard to its end       | initiated ringing in-progress completed               |
| picked up, then the line is put down       | initiated ringing in-progress completed               |
| rejected                                   | initiated ringing busy                                |
| engaged                                    | initiated busy                                        |
| not picked up in Timeout seconds           | initiated ringing no-answer                           |
| its page is frozen                         | initiated no-answer                                   |
| nobody has registered it                   | initiated failed, at once                             |
| cancelled by the hotline while it rings    | initiated ringing canceled                            |
| no document at Url, nor at FallbackUrl     | initiated ringing in-progress failed, after an apology|
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from integrations.gateway.documents import Callback
from integrations.gateway.interpreter import APOLOGY
from integrations.gateway.outbound import OutboundCall
from integrations.gateway.reports import EVERY_EVENT
from integrations.gateway.scripted import Act
from integrations.gateway.talk import Goto
from integrations.gateway.webhooks import Answer
from tests.gateway.scene import BASE, Asked, Replies, Script, Stage, document, on_stage

AGENT = "client:agent-17"
LEG = f"{BASE}/queueing/leg"
TELL_ALL = Callback(LEG, "POST", EVERY_EVENT)
HELLO = document("<Say>有来电</Say>", '<Pause length="10"/>')
PICK_UP = Act(wait=3, pick_up=True)
Steps = Callable[[Stage, OutboundCall], Awaitable[None]]


async def nothing(stage: Stage, call: OutboundCall) -> None:
    """Nobody interferes."""


def order(
    script: Script | None,
    steps: Steps = nothing,
    replies: Replies | None = None,
    callback: Callback = TELL_ALL,
    **more: object,
) -> tuple[OutboundCall, list[Asked], Stage]:
    """One ordered call to its end; what its callback was told."""

    async def scene(stage: Stage) -> tuple[OutboundCall, list[Asked], Stage]:
        call = stage.order(AGENT, callback=callback, **more)
        await steps(stage, call)
        await call.wait_until_over(20_000)
        await stage.close()
        return call, stage.hotline.at("/queueing/leg"), stage

    paths = {"agent": HELLO, "/queueing/leg": document(), **(replies or {})}
    telephones: Mapping[str, Script] = {} if script is None else {AGENT: script}
    return on_stage(scene, paths, telephones)


def statuses(reports: list[Asked]) -> list[str]:
    return [report.form["CallStatus"] for report in reports]


def test_whoever_picks_up_gets_the_document() -> None:
    call, reports, stage = order([PICK_UP])
    assert statuses(reports) == ["initiated", "ringing", "in-progress", "completed"]
    [asked] = stage.hotline.at("/ivr/agent")
    assert asked.at == pytest.approx(3) and asked.form["CallStatus"] == "in-progress"
    assert (asked.form["Direction"], asked.form["To"], asked.form["From"]) == ("outbound-api", AGENT, "12333")
    assert stage.telephones.leg(AGENT).captions == ["有来电"]
    assert reports[-1].form["CallDuration"] == str(call.seconds) == "11"
    assert [report.form["SequenceNumber"] for report in reports] == ["0", "1", "2", "3"]


def test_the_telephone_is_told_who_calls_and_what_about() -> None:
    _, _, stage = order([PICK_UP], parameters={"offer": "7"})
    invitation = stage.telephones.leg(AGENT).invitation
    assert invitation is not None and (invitation.caller, invitation.parameters) == ("12333", {"offer": "7"})


@pytest.mark.parametrize(
    ("script", "expected", "seconds"),
    [
        ([Act(wait=2, decline=True)], ["initiated", "ringing", "busy"], 2),
        ("busy", ["initiated", "busy"], 0),
        ([], ["initiated", "ringing", "no-answer"], 20),
        ("frozen", ["initiated", "no-answer"], 20),
        (None, ["initiated", "failed"], 0),
        ([PICK_UP, Act(wait=5, hang_up=True)], ["initiated", "ringing", "in-progress", "completed"], 8),
    ],
)
def test_what_becomes_of_it(script: Script | None, expected: list[str], seconds: int) -> None:
    call, reports, _ = order(script, seconds=20)
    assert statuses(reports) == expected and call.status == expected[-1]
    assert call.ended_at is not None and (call.ended_at - call.created_at).total_seconds() == pytest.approx(seconds)


def test_only_the_events_that_were_asked_for_are_told() -> None:
    _, reports, _ = order([PICK_UP], callback=Callback(LEG, "POST", ("answered", "completed")))
    assert statuses(reports) == ["in-progress", "completed"]
    # The numbers are those of everything that happened.
    assert [report.form["SequenceNumber"] for report in reports] == ["2", "3"]


def test_without_a_callback_nobody_is_told() -> None:
    call, reports, stage = order([PICK_UP], callback=Callback())
    assert call.status == "completed" and reports == [] and stage.hotline.at("/ivr/status") == []


def test_a_final_status_is_told_until_it_is_taken() -> None:
    replies: Replies = {"/queueing/leg": [*[Answer(204, "")] * 3, Answer(503, ""), Answer(503, ""), Answer(204, "")]}
    _, reports, _ = order([PICK_UP], replies=replies)
    assert statuses(reports)[3:] == ["completed"] * 3


@pytest.mark.parametrize("at", [0.0, 2.0])
def test_a_call_that_rings_is_cancelled_at_once(at: float) -> None:
    async def cancel(stage: Stage, call: OutboundCall) -> None:
        await asyncio.sleep(at)
        call.end("completed")

    call, reports, stage = order([Act(wait=10, pick_up=True)], cancel)
    assert call.status == "canceled" and statuses(reports)[-1] == "canceled"
    assert all(leg.ended == "canceled" for leg in stage.telephones.rung.get(AGENT, []))


def test_a_live_call_is_sent_elsewhere() -> None:
    async def redirect(stage: Stage, call: OutboundCall) -> None:
        assert not call.can_be_redirected
        await asyncio.sleep(5)
        assert call.can_be_redirected
        call.redirect(f"{BASE}/ivr/other", "POST")

    _, _, stage = order([PICK_UP], redirect, {"other": document("<Say>别处</Say>")})
    assert stage.telephones.leg(AGENT).captions == ["有来电", "别处"]


def test_the_time_limit_counts_from_the_answer() -> None:
    call, _, _ = order([PICK_UP], replies={"agent": document('<Pause length="600"/>')}, limit=30.0)
    assert call.seconds == 30 and call.status == "completed"


def test_without_a_document_the_fallback_is_asked() -> None:
    fallback = Goto(f"{BASE}/ivr/spare", "GET")
    replies: Replies = {"agent": Answer(500, ""), "spare": document("<Say>备用</Say>")}
    call, _, stage = order([PICK_UP], replies=replies, fallback=fallback)
    [asked] = stage.hotline.at("/ivr/spare")
    assert asked.method == "GET" and asked.form["ErrorCode"] == "11200"
    assert stage.telephones.leg(AGENT).captions == ["备用"] and call.status == "completed"


def test_without_any_document_there_is_an_apology() -> None:
    call, reports, stage = order([PICK_UP], replies={"agent": Answer(500, "")})
    assert stage.telephones.leg(AGENT).captions == [APOLOGY] and stage.hotline.at("/ivr/fallback") == []
    assert call.status == "failed" and statuses(reports)[-1] == "failed"

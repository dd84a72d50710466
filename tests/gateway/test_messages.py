"""Text messages, over real HTTP: taken in the carrier's shape, shown on the page that has the number, and reported."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from integrations.gateway.rest_messages import CREATE, FILTERS
from tests.gateway.contract import check, parameters
from tests.gateway.pages import Pages, pages_of
from tests.gateway.real_gateway import Place, eventually, real_gateway
from tests.gateway.test_rest_api import AUTH, BASE, client, get

NUMBER, NOBODY = "+8613855112345", "+8613955100000"
TEXT = "安徽省12333答复您的留言（编号1001）：您的养老金资格认证已经通过。"
PATH = "/voicemail/text"
Steps = Callable[[Place, Pages], Awaitable[None]]


def at_a_gateway(folder: Path, steps: Steps) -> None:
    async def scene() -> None:
        async with real_gateway(folder, {}) as place, pages_of(place) as pages:
            await steps(place, pages)

    asyncio.run(scene())


async def send(place: Place, to: str = NUMBER, body: str = TEXT, **more: Any) -> Any:
    """Send a text with the carrier's own client."""
    more.setdefault("status_callback", f"{place.hotline.base}{PATH}?r=7")
    return await asyncio.to_thread(lambda: client(place).messages.create(to=to, from_="12333", body=body, **more))


def told(place: Place) -> list[str]:
    """What the hotline has been told, in its order."""
    return [form["MessageStatus"] for form in place.hotline.forms(PATH)]


def test_a_text_is_shown_on_the_page_that_has_the_number_and_reported(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered(f"number:{NUMBER}")
        sent = await send(place)
        assert (sent.status, sent.to, sent.body) == ("queued", NUMBER, TEXT)
        shown = await page.until("text")
        assert (shown["from"], shown["text"]) == ("12333", TEXT) and shown["at"].startswith("20")
        await eventually(lambda: told(place) == ["queued", "sent", "delivered"])
        last = place.hotline.forms(PATH)[-1]
        assert (last["MessageSid"], last["SmsSid"], last["To"], last["From"]) == (sent.sid, sent.sid, NUMBER, "12333")
        assert "ErrorCode" not in last and place.hotline.forged == 0

    at_a_gateway(tmp_path, steps)


def test_a_text_to_a_number_that_nobody_has_is_not_delivered(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        await pages.registered(f"number:{NUMBER}")
        sent = await send(place, NOBODY)
        await eventually(lambda: told(place) == ["queued", "sent", "undelivered"])
        assert place.hotline.forms(PATH)[-1]["ErrorCode"] == "30003"
        found = await asyncio.to_thread(client(place).messages(sent.sid).fetch)
        assert (found.status, found.error_code) == ("undelivered", 30003)

    at_a_gateway(tmp_path, steps)


def test_without_an_address_for_reports_the_text_is_shown_all_the_same(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered(f"number:{NUMBER}")
        await send(place, status_callback=None)
        assert (await page.until("text"))["text"] == TEXT
        assert place.hotline.asked == []

    at_a_gateway(tmp_path, steps)


def test_messages_have_the_shape_of_the_carriers_schema(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        await pages.registered(f"number:{NUMBER}")
        first, second = await send(place, NOBODY), await send(place, body="长" * 135)
        await eventually(lambda: len(told(place)) == 6)
        for sid in (first.sid, second.sid):
            check(await get(place, f"{BASE}/Messages/{sid}.json"), "api.v2010.account.message")
        listed = await get(place, f"{BASE}/Messages.json?PageSize=10")
        check(listed, "ListMessageResponse")
        assert [one["sid"] for one in listed["messages"]] == [second.sid, first.sid]
        assert [one["num_segments"] for one in listed["messages"]] == ["3", "1"]
        only = await asyncio.to_thread(lambda: client(place).messages.list(to=NOBODY))
        assert [one.sid for one in only] == [first.sid]

    at_a_gateway(tmp_path, steps)


def test_every_parameter_is_one_of_the_carriers() -> None:
    assert parameters("CreateMessage") >= CREATE
    assert parameters("ListMessage") >= FILTERS


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "12333", "Body": TEXT}, 21604),
        ({"To": "13855112345", "From": "12333", "Body": TEXT}, 21211),
        ({"To": NUMBER, "Body": TEXT}, 21603),
        ({"To": NUMBER, "From": "12333"}, 21602),
        ({"To": NUMBER, "From": "12333", "Body": "长" * 1601}, 21617),
        ({"To": NUMBER, "From": "12333", "Body": TEXT, "StatusCallback": "http://elsewhere.example.cn/"}, 20001),
        ({"To": NUMBER, "From": "12333", "Body": TEXT, "MediaUrl": "http://elsewhere.example.cn/"}, 20001),
    ],
)
def test_what_cannot_be_sent_is_refused_in_the_carriers_numbers(
    tmp_path: Path, form: dict[str, str], code: int
) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        async with place.session.post(f"{place.http}{BASE}/Messages.json", data=form, headers=AUTH) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, code)

    at_a_gateway(tmp_path, steps)


def test_nobody_without_the_accounts_token_sends_anything(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered(f"number:{NUMBER}")
        with pytest.raises(TwilioRestException) as refused:
            await asyncio.to_thread(lambda: client(place, "wrong").messages.create(to=NUMBER, from_="12333", body=TEXT))
        assert refused.value.status == 401
        assert not any(event["type"] == "text" for event in page.events)

    at_a_gateway(tmp_path, steps)

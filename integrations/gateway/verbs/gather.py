"""<Gather>: keys, with prompts that the first key ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from integrations.gateway.documents import Gather
from integrations.gateway.leg import HungUp, Interrupted
from integrations.gateway.talk import Goto, Talk
from integrations.gateway.verbs.prompt import play_prompt


async def perform_gather(verb: Gather, talk: Talk) -> Goto | None:
    """Digits go to the action; none at all goes on with the next verb, unless the action wants that too."""
    talk.leg.notice(
        {"type": "gather", "digits": verb.num_digits, "finish": verb.finish_on_key, "timeout": verb.timeout}
    )
    await _prompt_until_key(verb, talk)
    digits = await _collect(verb, talk)
    if not digits and not verb.action_on_empty_result:
        return None
    return Goto(verb.action, verb.method, {"Digits": digits})


async def _prompt_until_key(verb: Gather, talk: Talk) -> None:
    """Play the prompts; the first key, also one typed ahead, ends them at once."""
    if not verb.prompts:
        return
    key = asyncio.ensure_future(talk.leg.digit_typed())
    # With keys typed ahead no prompt even begins.
    await asyncio.sleep(0)
    prompts = None if key.done() else asyncio.ensure_future(_play_all(verb, talk))
    tasks = {key} if prompts is None else {key, prompts}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            await _end(task)


async def _play_all(verb: Gather, talk: Talk) -> None:
    for prompt in verb.prompts:
        await play_prompt(prompt, talk)


async def _end(task: asyncio.Future[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, HungUp, Interrupted):
        await task


async def _collect(verb: Gather, talk: Talk) -> str:
    """Keys until there are enough, the finishing key comes, or none follows in time."""
    digits = ""
    while verb.num_digits is None or len(digits) < verb.num_digits:
        digit = await talk.leg.next_digit(verb.timeout)
        if digit is None or digit in verb.finish_on_key:
            break
        digits += digit
    return digits

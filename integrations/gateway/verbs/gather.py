"""<Gather>: keys, with prompts that the first key ends.

With input="dtmf speech" a voice counts too. Nothing recognises words here: whoever speaks for 0.4 s ends the prompts,
and `speechTimeout` of silence after that (auto: 1 s) ends the input, with SpeechResult （有声音） and Confidence 0.0. A
key that comes before that wins, whatever was said. Whoever does not stop speaking is not waited for beyond 10 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from integrations.gateway.documents import Gather
from integrations.gateway.leg import HungUp, Interrupted
from integrations.gateway.talk import Goto, Talk
from integrations.gateway.verbs.prompt import play_prompt
from integrations.gateway.voice_ear import LONGEST_GAP_SECONDS, VoiceEar

# What a voice is told as, since nobody knows what it said.
A_VOICE = {"SpeechResult": "（有声音）", "Confidence": "0.0"}
LONGEST_SPEECH_SECONDS = 10.0


async def perform_gather(verb: Gather, talk: Talk) -> Goto | None:
    """What came goes to the action; nothing at all goes on with the next verb, unless the action wants that too."""
    speech = {"speech": True} if verb.hears_speech else {}
    talk.leg.notice(
        {"type": "gather", "digits": verb.num_digits, "finish": verb.finish_on_key, "timeout": verb.timeout, **speech}
    )
    given = await (_listen_too(verb, talk) if verb.hears_speech else _only_keys(verb, talk))
    if not any(given.values()) and not verb.action_on_empty_result:
        return None
    return Goto(verb.action, verb.method, given)


async def _only_keys(verb: Gather, talk: Talk) -> dict[str, str]:
    await _prompt_until(verb, talk, talk.leg.digit_typed())
    return {"Digits": await _collect(verb, talk, await talk.leg.next_digit(verb.timeout))}


async def _listen_too(verb: Gather, talk: Talk) -> dict[str, str]:
    ear = VoiceEar(asyncio.get_running_loop().time)
    talk.leg.tap(ear)
    try:
        await _prompt_until(verb, talk, talk.leg.digit_typed(), ear.spoke.wait())
        return await _key_or_voice(verb, talk, ear)
    finally:
        talk.leg.untap(ear)


async def _key_or_voice(verb: Gather, talk: Talk, ear: VoiceEar) -> dict[str, str]:
    """Keys once the first has come, a voice once it has ended; neither in time is no digits."""
    key = await _key_before_voice(verb, talk, ear)
    while key is None and (patience := _patience(verb, ear)) > 0:
        key = await talk.leg.next_digit(patience)
    if key is not None:
        return {"Digits": await _collect(verb, talk, key)}
    return dict(A_VOICE) if ear.spoke.is_set() else {"Digits": ""}


async def _key_before_voice(verb: Gather, talk: Talk, ear: VoiceEar) -> str | None:
    """The first key; None when somebody has spoken before it, or nobody did anything in time."""
    key = asyncio.ensure_future(talk.leg.next_digit(verb.timeout))
    voice = asyncio.ensure_future(ear.spoke.wait())
    try:
        await asyncio.wait((key, voice), return_when=asyncio.FIRST_COMPLETED)
        return key.result() if key.done() else None
    finally:
        for wait in (key, voice):
            await _end(wait)


def _patience(verb: Gather, ear: VoiceEar) -> float:
    """For how long the end of what is said need not be decided; a sound may still grow into a voice."""
    if not ear.spoke.is_set():
        return LONGEST_GAP_SECONDS if ear.is_amid_sound else 0.0
    return min(verb.speech_timeout - ear.quiet_seconds, LONGEST_SPEECH_SECONDS - ear.sounding_seconds)


async def _prompt_until(verb: Gather, talk: Talk, *enders: Coroutine[Any, Any, Any]) -> None:
    """Play the prompts; the first key, also one typed ahead, or a voice ends them at once."""
    waits = [asyncio.ensure_future(ender) for ender in enders]
    try:
        if not verb.prompts:
            return
        # With keys typed ahead no prompt even begins.
        await asyncio.sleep(0)
        if not any(wait.done() for wait in waits):
            waits.append(asyncio.ensure_future(_play_all(verb, talk)))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            if wait.done():
                wait.result()
    finally:
        for wait in waits:
            await _end(wait)


async def _play_all(verb: Gather, talk: Talk) -> None:
    for prompt in verb.prompts:
        await play_prompt(prompt, talk)


async def _end(task: asyncio.Future[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, HungUp, Interrupted):
        await task


async def _collect(verb: Gather, talk: Talk, digit: str | None) -> str:
    """Keys from this first one on, until there are enough, the finishing key comes, or none follows in time."""
    digits = ""
    while digit is not None and digit not in verb.finish_on_key:
        digits += digit
        if len(digits) == verb.num_digits:
            break
        digit = await talk.leg.next_digit(verb.timeout)
    return digits

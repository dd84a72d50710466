"""Verbs rendered as TwiML: the only place that knows the carrier's markup."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from twilio.twiml.voice_response import Gather as GatherElement
from twilio.twiml.voice_response import Say as SayElement
from twilio.twiml.voice_response import VoiceResponse

from integrations.telephony.urls import DIALLED, RECORDED, SILENCE, CarrierUrls
from ivr.verbs import Dial, Gather, Hangup, Pause, Record, Redirect, Say, Verb, is_private
from ivr.words import speakable

LANGUAGE = "zh-CN"
# Pasted into a notice from a word processor, one of these would make the whole document unreadable.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A talk of more than this is a forgotten telephone.
LONGEST_TALK_SECONDS = 4 * 3600


def render(verbs: tuple[Verb, ...], urls: CarrierUrls, turn: int, call_sid: str = "") -> str:
    """The document of a turn. The same verbs, addresses and turn give the same bytes."""
    if is_private(verbs):
        # Digits that were keyed in stay in no cache.
        return _render.__wrapped__(verbs, urls, turn, call_sid)
    if any(isinstance(verb, Dial) for verb in verbs):
        return _render(verbs, urls, turn, call_sid)
    return _render(verbs, urls, turn, "")


# Most callers hear the same documents: rendering costs more than everything else in a step.
@lru_cache(maxsize=4096)
def _render(verbs: tuple[Verb, ...], urls: CarrierUrls, turn: int, call_sid: str) -> str:
    response = VoiceResponse()
    for verb in verbs:
        _append(response, verb, urls, turn, call_sid)
    return str(response)


def _append(parent: Any, verb: Verb, urls: CarrierUrls, turn: int, call_sid: str) -> None:
    match verb:
        case Say() if verb.recorded:
            parent.play(urls.prompt(verb.prompt, verb.text))
        case Say():
            _say(parent, verb)
        case Pause():
            parent.pause(length=verb.seconds)
        case Gather():
            gather = GatherElement(
                action=urls.step(turn),
                num_digits=verb.num_digits,
                finish_on_key=verb.finish_on_key,
                timeout=verb.timeout,
            )
            for prompt in verb.prompts:
                _append(gather, prompt, urls, turn, call_sid)
            parent.append(gather)
        case Record():
            parent.record(
                action=urls.step(turn, RECORDED),
                max_length=verb.max_seconds,
                timeout=verb.silence,
                finish_on_key=verb.finish_on_key,
                play_beep=True,
            )
        case Dial():
            dial = parent.dial(action=urls.step(turn, DIALLED), timeout=verb.timeout, time_limit=LONGEST_TALK_SECONDS)
            dial.number(
                verb.number,
                status_callback=urls.desk(call_sid),
                status_callback_event="answered completed",
            )
        case Redirect():
            parent.redirect(urls.step(turn, SILENCE))
        case Hangup():
            parent.hangup()


def _say(parent: Any, verb: Say) -> None:
    # Digits that were keyed in stay in no cache.
    said = speakable.__wrapped__(verb.text) if verb.private else speakable(verb.text)
    text = _NOT_XML.sub("", said)
    if not text.strip():
        return
    if not verb.slow:
        parent.say(text, language=LANGUAGE)
        return
    element = SayElement(language=LANGUAGE)
    element.prosody(text, rate="75%")
    parent.append(element)


def apology(text: str, come_back_to: str | None) -> str:
    """A document for when nothing else works: a sentence, then the same request again, or a goodbye."""
    response = VoiceResponse()
    response.say(_NOT_XML.sub("", speakable(text)), language=LANGUAGE)
    if come_back_to:
        response.pause(length=4)
        response.redirect(come_back_to)
    else:
        response.hangup()
    return str(response)

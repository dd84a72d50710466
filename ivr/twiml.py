"""Verbs rendered as TwiML: the only place that knows the carrier's markup."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from twilio.twiml.voice_response import Gather as GatherElement
from twilio.twiml.voice_response import Say as SayElement
from twilio.twiml.voice_response import VoiceResponse

from integrations.telephony.urls import DIALLED, RECORDED, SILENCE, CarrierUrls
from ivr.verbs import (
    Dial,
    Gather,
    Hangup,
    Join,
    Music,
    Pause,
    Record,
    Redirect,
    Say,
    Take,
    Verb,
    is_of_one_call,
    is_private,
)
from ivr.words import speakable

LANGUAGE = "zh-CN"
# A machine's greeting goes on after a short rest, and its beep is to be noticed before the rest counts as an answer.
SPEECH = {"input": "dtmf speech", "language": "cmn-Hans-CN", "speech_timeout": "2"}
# Pasted into a notice from a word processor, one of these would make the whole document unreadable.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A talk of more than this is a forgotten telephone.
LONGEST_TALK_SECONDS = 4 * 3600


def render(verbs: tuple[Verb, ...], urls: CarrierUrls, turn: int, call_sid: str = "") -> str:
    """The document of a turn. The same verbs, addresses and turn give the same bytes."""
    if is_private(verbs) or is_of_one_call(verbs):
        # Digits that were keyed in stay in no cache; what nobody else hears would only fill it.
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
            speech = SPEECH if verb.speech else {}
            gather = GatherElement(
                action=urls.step(turn),
                num_digits=verb.num_digits,
                finish_on_key=verb.finish_on_key,
                timeout=verb.timeout,
                **speech,
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
                **_told_of(verb.message_id, urls),
            )
        case Dial():
            dial = parent.dial(action=urls.step(turn, DIALLED), timeout=verb.timeout, time_limit=LONGEST_TALK_SECONDS)
            dial.number(
                verb.number,
                status_callback=urls.desk(call_sid),
                status_callback_event="answered completed",
            )
        case Music():
            parent.play(urls.music)
        case Take():
            parent.play(urls.take(verb.token))
        case Join():
            _join(parent, urls, verb.offer_id, urls.step(turn, DIALLED), is_caller=True)
        case Redirect():
            parent.redirect(urls.step(turn, SILENCE))
        case Hangup():
            parent.hangup()


def _told_of(message_id: str, urls: CarrierUrls) -> dict[str, str]:
    """Where the carrier tells what becomes of a message's recording."""
    if not message_id:
        return {}
    return {
        "recording_status_callback": urls.message(int(message_id)),
        "recording_status_callback_event": "in-progress completed absent",
    }


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


def _join(parent: Any, urls: CarrierUrls, offer_id: str, action: str | None, is_caller: bool) -> None:
    """The talk of an offer. Only the caller's leaving ends it, so that a consultant can hand a caller on."""
    dial = parent.dial(action=action, time_limit=LONGEST_TALK_SECONDS)
    dial.conference(
        f"offer-{offer_id}",
        start_conference_on_enter=True,
        end_conference_on_exit=is_caller,
        beep="false",
        wait_url="",
        max_participants=10,
        status_callback=urls.conference(offer_id),
        status_callback_event="start end join leave",
    )


def agent_joins(urls: CarrierUrls, offer_id: str) -> str:
    """The document of a consultant who has accepted: into the talk, where the caller comes in a moment."""
    response = VoiceResponse()
    _join(response, urls, offer_id, None, is_caller=False)
    return str(response)


def agent_asked(urls: CarrierUrls, offer_id: str, text: str) -> str:
    """The document for a consultant's telephone: whoever picked it up must press 1, since it may be a machine."""
    response = VoiceResponse()
    for _ in range(2):
        gather = GatherElement(action=urls.agent(offer_id, pressed=True), num_digits=1, timeout=5, finish_on_key="")
        gather.say(_NOT_XML.sub("", speakable(text)), language=LANGUAGE)
        response.append(gather)
    response.hangup()
    return str(response)


def holding(urls: CarrierUrls, text: str) -> str:
    """What a caller on hold hears, over and over."""
    response = VoiceResponse()
    response.say(_NOT_XML.sub("", speakable(text)), language=LANGUAGE)
    response.play(urls.music)
    response.redirect(urls.hold)
    return str(response)


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

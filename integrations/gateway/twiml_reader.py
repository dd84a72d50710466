"""A document's text -> its verbs. Pure: nothing is fetched, nothing is done."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

from integrations.gateway.attributes import Attributes, Place, only_text
from integrations.gateway.dial_reader import RECORDING_EVENTS, read_dial
from integrations.gateway.documents import (
    EVERY_KEY,
    NOT_XML,
    BadDocument,
    Gather,
    Hangup,
    Pause,
    Play,
    Prompt,
    Record,
    Redirect,
    Reject,
    Say,
    Verb,
)

LONGEST_DOCUMENT = 64 * 1024
LONGEST_PAUSE_SECONDS = 3600
MOST_LOOPS = 1000
# How long a silence ends what is said when the document leaves it to the carrier, or does not say.
AUTO_SPEECH_TIMEOUT = 1
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
_PERCENT = re.compile(r"(\d{1,3})%", re.ASCII)


def read_document(text: str, url: str, base: str) -> tuple[Verb, ...]:
    """The verbs of the document that `url` answered; `base` is the hotline's public address.

    Raises BadDocument when it is too long, is no XML, or holds a verb, an attribute or an address outside the
    contract.
    """
    if len(text.encode()) > LONGEST_DOCUMENT:
        raise BadDocument("the document is longer than 64 kB", 11750)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        # Entities can make a small document huge; no document of ours needs one.
        raise BadDocument("the document declares entities", NOT_XML)
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise BadDocument(f"the document is not XML: {error}", NOT_XML) from error
    if root.tag != "Response":
        raise BadDocument("the document is no <Response>", NOT_XML)
    place = Place(url, base)
    return tuple(_read(element, place, _READERS) for element in root)


def _read(element: ET.Element, place: Place, readers: dict[str, Callable[..., Verb]]) -> Verb:
    reader = readers.get(element.tag)
    if reader is None:
        raise BadDocument(f"<{element.tag}> is not a verb that can be used here")
    attributes = Attributes(element, place)
    verb = reader(element, attributes, place)
    attributes.close()
    return verb


def _say(element: ET.Element, attributes: Attributes, place: Place) -> Say:
    rate = 1.0
    for child in element:
        if child.tag != "prosody" or len(child):
            raise BadDocument(f"<{child.tag}> cannot be used in <Say>")
        inner = Attributes(child, place)
        rate = _rate(inner.text("rate", "100%"))
        inner.close()
    return Say(
        text=" ".join("".join(element.itertext()).split()),
        language=attributes.text("language"),
        voice=attributes.text("voice"),
        loop=attributes.integer("loop", 1, 0, MOST_LOOPS),
        rate=rate,
    )


def _rate(written: str) -> float:
    percent = _PERCENT.fullmatch(written)
    rate = int(percent[1]) / 100 if percent else _RATES.get(written, 0.0)
    if not 0.2 <= rate <= 3.0:
        raise BadDocument("<prosody> has an impossible rate")
    return rate


def _play(element: ET.Element, attributes: Attributes, place: Place) -> Play:
    digits = attributes.text("digits")
    if set(digits) - set(EVERY_KEY + "wW"):
        raise BadDocument("<Play> has impossible digits")
    written = only_text(element)
    if not written and not digits:
        raise BadDocument("<Play> has neither an address nor digits")
    url = place.resolve(written) if written else ""
    return Play(url, attributes.integer("loop", 1, 0, MOST_LOOPS), digits)


def _pause(element: ET.Element, attributes: Attributes, place: Place) -> Pause:
    return Pause(attributes.integer("length", 1, 0, LONGEST_PAUSE_SECONDS))


def _gather(element: ET.Element, attributes: Attributes, place: Place) -> Gather:
    # Keys are always heard: nobody who speaks only is to be left without a way on.
    wanted = attributes.choice("input", "dtmf", ("dtmf", "dtmf speech", "speech dtmf"))
    prompts: list[Prompt] = []
    for child in element:
        prompt = _read(child, place, _PROMPT_READERS)
        assert isinstance(prompt, Prompt)
        prompts.append(prompt)
    return Gather(
        action=attributes.own_url("action") or place.url,
        method=attributes.method(),
        timeout=attributes.integer("timeout", 5, 0, 600),
        num_digits=attributes.optional_integer("numDigits", 1, 1000),
        finish_on_key=attributes.keys("finishOnKey", "#"),
        action_on_empty_result=attributes.boolean("actionOnEmptyResult", False),
        prompts=tuple(prompts),
        hears_speech="speech" in wanted,
        speech_timeout=attributes.integer_or_auto("speechTimeout", AUTO_SPEECH_TIMEOUT, 1, 60),
        language=attributes.text("language"),
    )


def _record(element: ET.Element, attributes: Attributes, place: Place) -> Record:
    only_text(element)
    return Record(
        action=attributes.own_url("action") or place.url,
        method=attributes.method(),
        max_length=attributes.integer("maxLength", 3600, 1, 14400),
        timeout=attributes.integer("timeout", 5, 1, 600),
        finish_on_key=attributes.keys("finishOnKey", EVERY_KEY),
        play_beep=attributes.boolean("playBeep", True),
        trim=attributes.choice("trim", "do-not-trim", ("do-not-trim", "trim-silence")) == "trim-silence",
        callback=attributes.own_url_or_none("recordingStatusCallback"),
        callback_events=attributes.events("recordingStatusCallbackEvent", "completed", RECORDING_EVENTS),
        callback_method=attributes.method("recordingStatusCallbackMethod"),
    )


def _redirect(element: ET.Element, attributes: Attributes, place: Place) -> Redirect:
    # An empty address is the document's own.
    return Redirect(place.resolve_own(only_text(element)), attributes.method())


def _hangup(element: ET.Element, attributes: Attributes, place: Place) -> Hangup:
    return Hangup()


def _reject(element: ET.Element, attributes: Attributes, place: Place) -> Reject:
    return Reject(attributes.choice("reason", "rejected", ("rejected", "busy")))


_PROMPT_READERS: dict[str, Callable[..., Verb]] = {"Say": _say, "Play": _play, "Pause": _pause}
_READERS: dict[str, Callable[..., Verb]] = {
    **_PROMPT_READERS,
    "Gather": _gather,
    "Record": _record,
    "Redirect": _redirect,
    "Hangup": _hangup,
    "Reject": _reject,
    "Dial": read_dial,
}

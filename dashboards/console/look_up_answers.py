"""An answer of a business system as JSON for the page: the sentences of the telephone, with digits as digits."""

from __future__ import annotations

from typing import Any

import structlog

from dashboards.console.look_up_words import full_date, no_answer_words
from integrations.social_insurance.contract import Answer, CardFile, File, Found, result_class
from integrations.work_calendar import in_shanghai
from ivr.findings import Finding, Places, Sentence, describe
from ivr.flow import Flow
from ivr.service import Line
from queueing.centre import PROVINCE

log = structlog.get_logger(__name__)
NO_SENTENCE = "还有一项，这个中心的菜单里没有写怎么说。"
PLACE_NOT_SAID = "系统没有说"
# The page says these over the sentences.
SAID_ABOVE = ("insured_place", "issued_place", "true_today")


def answer_json(line: Line, centre: str, answer: Answer, label: str) -> dict[str, Any]:
    """`result` is the word of the trail; `findings` have titles, sentences and places, `sentence` is for all others."""
    now = line.services.now()
    told: dict[str, Any] = {
        "result": result_class(answer),
        "system": label,
        "sentence": no_answer_words(answer, label, now),
        "findings": [],
        "as_of_zh": "",
    }
    if not isinstance(answer, Found):
        return told
    places = _places(line)
    found = describe(answer, in_shanghai(now).date(), places, spell=str)
    flow = line.flow(centre)
    items: tuple[File, ...] = answer.items
    findings = [
        {"title": finding.title, "sentences": _sentences(flow, finding), "place_zh": _place(places, item)}
        for finding, item in zip(found, items, strict=True)
    ]
    return told | {"findings": findings, "as_of_zh": full_date(answer.as_of)}


def _places(line: Line) -> Places:
    centres = line.keeper.library().centres
    return Places({code: centre.short_name for code, centre in centres.items()}, PROVINCE)


def _place(places: Places, item: File) -> str:
    """`参保地 合肥`; outside the province the code, which is all that is known."""
    known = places.name(item.place) or (f"省外（{item.place}）" if item.place else PLACE_NOT_SAID)
    return f"{'发卡地' if isinstance(item, CardFile) else '参保地'} {known}"


def _sentences(flow: Flow, finding: Finding) -> list[str]:
    kept = (sentence for sentence in finding.sentences if sentence.prompt not in SAID_ABOVE)
    return [words for sentence in kept if (words := _words(flow, sentence))]


def _words(flow: Flow, sentence: Sentence) -> str:
    try:
        return flow.fill(sentence.prompt, sentence.words)[1]
    except KeyError:
        # A menu without key 1 need not have its prompts.
        log.warning("prompt_missing", prompt=sentence.prompt, menu=flow.name)
        return NO_SENTENCE

"""Call scripts: whole calls as transcripts, one file a call.

    centre 340000 at 2026-11-23 10:00 from 13855112345     the call; more headers: desk, notice, closing
    people in                                               consultants are signed in; `people out`: none of them is
    shut progress                                           this key is closed by hand
    shown nothing                                           no number to be shown is agreed with the carrier
    called person asked_when=今天上午10点多                 our own call to a caller; machine, late
    < welcome guess_one                                     the prompts of a document, in order
    > 1                                                     a key; `> -` is silence, `> [dial busy]` an event
    > [answer wait ahead=3]                                 the answer to a command, with its words
    > [finds pension status=paying place=340100 | ...]      what a business system has found, item by item; `as_of=`
    > [cards card status=normal place=340100 ref=1 | ...]   the cards that were found for somebody who lost one
    > [machine] and > [spoke]                               what the carrier hears in our call
    > [recorded 9] and > [recorded 9 hung_up]               so many seconds were said after the beep
    = self_served                                           the outcome

The session is written as JSON and read again before every step, as between two webhooks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import orjson

from integrations.work_calendar import SHANGHAI
from ivr.duty import DutyBoard, Notice
from ivr.events import CalledBack, CommandAnswered, Connected, DialEnded, Event, Recorded, Recovered, Spoke, TalkEnded
from ivr.findings import Finding, Places, Sentence, describe, to_plain
from ivr.library import Library
from ivr.loss_actions import plain_card
from ivr.nodes.cards import CARDS
from ivr.nodes.findings import FINDINGS
from ivr.session import Session, Step
from ivr.verbs import Hangup
from ivr.walk import Walk, spoken
from queueing.centre import PROVINCE, FeatureSetting
from queueing.opening_hours import Closing
from tests.call_scripts.found import found_of

FOLDER = Path(__file__).parent
SILENCE, HANG_UP = "-", "hangup"


@dataclass
class ScriptedWalk(Walk):
    """A walk whose session is JSON between the steps; remembers where it has been."""

    nodes: set[str] = field(default_factory=set)
    prompts: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    @property
    def pending(self) -> str:
        """The command that the call waits for."""
        return self.session.pending if self.session else ""

    def findings(self, kind: str, written: str) -> tuple[Finding, ...]:
        """What a script's business system says, in the sentences of the product."""
        if kind == "rejects":
            return (Finding("", (Sentence("query_rejected", {"reason": written}),)),)
        today = self.at.date()
        places = Places({code: centre.short_name for code, centre in self.library.centres.items()}, PROVINCE)
        return describe(found_of(written, today), today, places)

    def is_called(self, who: str, words: dict[str, str | None]) -> Step:
        """We have rung, and somebody or something picks up."""
        event = CalledBack(self.at, self._moment(self.centre), "attempt1", who, words)
        return self.apply(Session(centre=self.centre), event)

    def apply(self, session: Session, event: Event) -> Step:
        stored = orjson.loads(session.to_json(orjson.dumps))
        read = Session.from_dict(stored)
        read.private = dict(session.private)
        assert read == session
        step = super().apply(read, event)
        self.nodes.add(step.session.node)
        self.prompts.update(say.prompt for say in spoken(step.verbs))
        self.said.extend(say.text for say in spoken(step.verbs))
        return step


@dataclass(frozen=True)
class Script:
    name: str
    header: dict[str, str]
    lines: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Script:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        headers = [line for line in lines if line[0] not in "<>="]
        header: dict[str, str] = {}
        for line in headers:
            header |= _header(line)
        return cls(path.stem, header, tuple(line for line in lines if line[0] in "<>="))

    def play(self, library: Library) -> tuple[list[str], ScriptedWalk]:
        """The transcript as it really goes, with this script's keys."""
        walk = self._walk(library)
        called = self.header.get("called")
        heard = [_heard(walk.is_called(*_answer(called)) if called else walk.ring())]
        for line in self.lines:
            if not line.startswith(">"):
                continue
            key = line[1:].strip()
            heard.append(line)
            if key == HANG_UP:
                break
            heard.append(_heard(self._do(walk, key)))
        heard.append(f"= {walk.hang_up()}")
        return heard, walk

    def _walk(self, library: Library) -> ScriptedWalk:
        header = self.header
        at = datetime.fromisoformat(header["at"]).replace(tzinfo=SHANGHAI)
        day = timedelta(days=1)
        notice = Notice(None, header["notice"], at - day, at + day, "王芳") if "notice" in header else None
        closing = Closing(at - day, at + day, header["closing"]) if "closing" in header else None
        shut = {(header["centre"], header["shut"]): (False, "试验")} if "shut" in header else {}
        board = DutyBoard(
            features=shut,
            notices=(notice,) if notice else (),
            closings={header["centre"]: (closing,)} if closing else {},
            seats={header["centre"]: header["people"] == "in"} if "people" in header else {},
        )
        changed = with_desk(library, header["desk"]) if "desk" in header else library
        changed = _without_shown_numbers(changed) if "shown" in header else changed
        return ScriptedWalk(changed, header["centre"], at, header.get("from", ""), board=board)

    @staticmethod
    def _do(walk: ScriptedWalk, key: str) -> Step:
        if not key.startswith("["):
            return walk.press("" if key == SILENCE else key)
        kind, _, value = key.strip("[]").partition(" ")
        if kind == "dial":
            return walk.happens(DialEnded, value)
        if kind == "answer":
            return walk.happens(CommandAnswered, walk.pending, *_answer(value))
        if kind == "cards":
            kept = orjson.dumps([plain_card(card) for card in found_of(value, walk.at.date()).items]).decode()
            return walk.happens(CommandAnswered, walk.pending, "found", {}, (), {CARDS: kept})
        if kind in ("finds", "rejects"):
            private = {FINDINGS: orjson.dumps(to_plain(walk.findings(kind, value))).decode()}
            name = "found" if kind == "finds" else "rejected"
            return walk.happens(CommandAnswered, walk.pending, name, {}, (), private)
        if kind == "connected":
            return walk.happens(Connected, "offer1", value)
        if kind == "talk_ended":
            return walk.happens(TalkEnded, "offer1")
        if kind == "recorded":
            seconds, _, how = value.partition(" ")
            return walk.happens(Recorded, "RE1", int(seconds), how == "hung_up")
        if kind == "machine":
            return walk.happens(CalledBack, "attempt1", "machine")
        if kind == "spoke":
            return walk.happens(Spoke)
        if kind == "wait":
            walk.at += timedelta(seconds=float(value))
            return walk.press("")
        assert kind == "recovered"
        return walk.happens(Recovered)


def _answer(written: str) -> tuple[str, dict[str, str | None]]:
    """`position_and_time ahead=3 wait=4到6分钟`"""
    name, *words = written.split()
    pairs = [word.partition("=") for word in words]
    return name, {key: value for key, _, value in pairs}


def _header(line: str) -> dict[str, str]:
    if line.startswith("centre "):
        code, _, rest = line.removeprefix("centre ").partition(" at ")
        at, _, caller = rest.partition(" from ")
        return {"centre": code.strip(), "at": at.strip()} | ({"from": caller.strip()} if caller else {})
    name, _, value = line.partition(" ")
    return {name: value}


def _heard(step: Step) -> str:
    groups = [(prompt, len(list(group))) for prompt, group in groupby(say.prompt for say in spoken(step.verbs))]
    # Slowly, each sentence is a Say of its own: the prompt is named once.
    names = [
        prompt if count == 1 or prompt not in ("guide_option", "cb_slot", "found_option") else f"{prompt}*{count}"
        for prompt, count in groups
    ]
    if any(isinstance(verb, Hangup) for verb in step.verbs):
        names.append("[hangup]")
    return " ".join(["<", *names])


def with_desk(library: Library, number: str) -> Library:
    centres = {
        code: replace(centre, desk_number=number, features={**centre.features, "human": FeatureSetting(True)})
        for code, centre in library.centres.items()
    }
    return replace(library, centres=centres)


def _without_shown_numbers(library: Library) -> Library:
    centres = {
        code: replace(centre, callbacks=replace(centre.callbacks, shown_number=None))
        for code, centre in library.centres.items()
    }
    return replace(library, centres=centres)

"""The workbench of one `advance`: through it nodes speak, wait, mark and ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ivr.commands import Command
from ivr.verbs import Gather, Music, Pause, Say, Take, Verb
from ivr.words import speaking_seconds

if TYPE_CHECKING:
    from ivr.events import Event
    from ivr.flow import Flow
    from ivr.session import Session

_SENTENCE = re.compile(r"[^。？！]+[。？！]?")
# A condition on a word of the call, not on the moment.
WORD = "word:"


class Turn:
    """One event at one call, and what has become of it so far."""

    def __init__(self, flow: Flow, session: Session, event: Event) -> None:
        self.flow = flow
        self.session = session
        self.event = event
        self.moment = event.moment
        self.prompts: list[Say | Pause | Music | Take] = []
        self.verbs: list[Verb] = []
        self.commands: list[Command] = []
        # Keyed in with this event, for the command that follows in this step; it is in no session.
        self.secret = ""

    def say(self, prompt_id: str, private: bool = False, **words: str | None) -> None:
        """Add a sentence; a prompt whose words are not all known gives way to its `instead`."""
        prompt, text = self.flow.fill(prompt_id, self._words(words))
        if not text:
            return
        slow = self.session.slow
        # Slowly, every sentence is followed by a rest.
        sentences = [part for part in _SENTENCE.findall(text) if part.strip()] if slow else [text]
        # A recording has one speed: slowly, the synthetic voice speaks.
        recorded = prompt.recorded and not slow
        says = [Say(prompt.id, sentence, slow, private, recorded) for sentence in sentences]
        spoken = [piece for say in says for piece in ((say, Pause(1)) if slow else (say,))]
        if prompt.barge:
            self.prompts.extend(spoken)
            return
        # Said outside the Gather, so that no key cuts it short; what was queued before it comes first.
        self.verbs.extend([*self.prompts, *spoken])
        self.prompts = []

    def say_first(self, unsaid: tuple[Say, ...]) -> None:
        """Sentences that were due before; what no key may cut short stays so."""
        for say in unsaid:
            prompt = self.flow.prompts.get(say.prompt)
            (self.prompts if prompt is None or prompt.barge else self.verbs).append(say)

    def is_true(self, condition: str) -> bool:
        """A condition of a sentence or a key: of the moment, or `word:NAME`, that this word is known of the call."""
        if condition.startswith(WORD):
            return bool(self._words({}).get(condition.removeprefix(WORD)))
        return self.moment.is_true(condition)

    def _words(self, words: Mapping[str, str | None]) -> dict[str, str | None]:
        session = self.session
        known: dict[str, str | None] = dict(self.moment.words)
        for position, name in enumerate(session.guess_names[:2], start=1):
            known[f"guess_{position}"] = name
        known.update(session.words)
        known.update(words)
        return known

    def wait_for_keys(
        self, num_digits: int | None = 1, timeout: int = 5, finish_on_key: str = "", speech: bool = False
    ) -> None:
        """End the document with a wait; afterwards the carrier comes back with keys, a voice or silence."""
        timeout += 3 if self.session.slow else 0
        self.verbs.append(Gather(tuple(self.prompts), num_digits, finish_on_key, timeout, speech))
        self.prompts = []

    def end_with(self, verb: Verb) -> None:
        """Say what is queued and end the document with a verb other than a wait for keys."""
        self.verbs.extend(self.prompts)
        self.prompts = []
        self.verbs.append(verb)

    @property
    def is_silent(self) -> bool:
        """Whether nothing was said in this document yet."""
        return not self.prompts and not self.verbs

    def ask(self, name: str, arguments: dict[str, str], filler: str = "") -> None:
        """Ask something of others; what was keyed in secret goes along, once."""
        self.session.commands += 1
        command = Command(f"{name}-{self.session.commands}", name, arguments, self.secret, filler)
        self.secret = ""
        self.session.pending = command.id
        self.commands.append(command)

    def starts_playing(self, seconds: float) -> None:
        """Content begins now; whether it was heard is told by when the next event comes."""
        self.session.playing_since = self.event.at.timestamp()
        self.session.playing_seconds = seconds

    def prompt_seconds(self) -> float:
        return sum(speaking_seconds(p.text, p.slow) for p in self.prompts if isinstance(p, Say))

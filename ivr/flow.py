"""A menu as the engine sees it: nodes, prompts and content, proven by `ivr.check` before it gets here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ivr.content import Content

if TYPE_CHECKING:
    from ivr.session import Session
    from ivr.turn import Turn


# An `instead` that says: without its words this sentence is left out.
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A sentence of the script. `barge` False: no key cuts it short. `instead`: said when a word is unknown."""

    id: str
    text: str
    barge: bool = True
    instead: str = ""
    line: int = 0
    file: str = ""
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A prompt in a node's script, said when all of its conditions hold."""

    prompt: str
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A way out of a node: `label` is for the picture, `key` the key that takes it, if any."""

    target: str
    label: str = ""
    key: str = ""
    confirms: bool = False


@dataclass(frozen=True, kw_only=True)
class Node:
    """One place in a menu. Its kind's module in `ivr/nodes` says what it does.

    `enter` speaks and either returns the next node's id or, having ended the document with a wait, None.
    `resume` gets the event that ended the wait and returns the node to enter.
    """

    id: str
    line: int = 0
    file: str = ""
    # A name for the picture and the status page.
    title: str = ""
    kind: ClassVar[str]
    waits: ClassVar[bool] = True

    def enter(self, turn: Turn) -> str | None:
        raise NotImplementedError

    def resume(self, turn: Turn) -> str:
        raise NotImplementedError

    def recover(self, turn: Turn) -> str:
        """Where the call goes on after an error of ours at this node: here again, unless that would do harm."""
        return self.id

    def is_entering(self, session: Session) -> bool:
        """Whether a number is being keyed in now, so that 0, 9 and * are data."""
        return False

    def edges(self) -> Iterable[Edge]:
        return ()

    def passes(self) -> Iterable[str]:
        """The nodes that may be entered from here before anybody can press a key."""
        return () if self.waits else (edge.target for edge in self.edges())

    def prompt_ids(self) -> Iterable[str]:
        return ()

    def problems(self, flow: Flow) -> Iterable[str]:
        """Sentences about what only this kind of node can get wrong."""
        return ()

    def lines(self, turn: Turn, lines: Iterable[Line]) -> None:
        for line in lines:
            if all(turn.is_true(condition) for condition in line.when):
                turn.say(line.prompt)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A whole menu. `human` is where key 0 goes, `last_resort` where silence, wrong keys and trouble end."""

    name: str
    title: str
    start: str
    human: str
    last_resort: str
    tops: tuple[str, ...]
    nodes: Mapping[str, Node]
    prompts: Mapping[str, Prompt]
    content: Content = field(default_factory=Content)
    file: str = ""
    # Where a call goes when a consultant has accepted it; "" in a menu without a waiting line.
    talk: str = ""
    # Where a call begins that we have made to a caller; "" in a menu that makes none.
    callback: str = ""
    # Nodes of the file that could not be read, and whether all of it could: a flow that is not whole is only checked.
    unread: frozenset[str] = frozenset()
    is_whole: bool = True

    def fill(self, prompt_id: str, words: Mapping[str, str | None]) -> tuple[Prompt, str]:
        """The prompt and its text with the braces filled; the `instead` of one whose words are not all known.

        An empty text means: nothing true can be said here, so nothing is.
        """
        prompt = self.prompts[prompt_id]
        if "{" not in prompt.text:
            return prompt, prompt.text
        try:
            return prompt, prompt.text.format_map(_Known(words))
        except _UnknownWord:
            return (prompt, "") if prompt.instead in ("", NOTHING) else self.fill(prompt.instead, words)


class _UnknownWord(Exception):
    pass


class _Known(dict[str, str | None]):
    """Refuses to fill a brace with nothing."""

    def __getitem__(self, name: str) -> str:
        value = super().get(name)
        if not value:
            raise _UnknownWord(name)
        return value


# Sentences that the engine itself says, or its webhooks in trouble, in every menu.
ENGINE_PROMPTS = (
    "silence_1",
    "wrong_key",
    "wrong_key_3",
    "closed_key",
    "recovered",
    "goodbye",
    "opt_0",
    "opt_back",
    "failure",
    "failure_all",
)
# And those of a menu that leads to consultants.
TALK_PROMPTS = ("hold", "agent_press_1", "agent_too_late")

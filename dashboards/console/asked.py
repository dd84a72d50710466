"""What a caller pressed before asking for a person, in words: `听政策录音：养老（多大年纪退休）`.

Pure: the rows of the call's steps and the menu that the caller went through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from ivr.flow import Flow
from ivr.nodes.catalogue import CatalogueNode
from ivr.nodes.menu import MenuNode
from ivr.nodes.playlist import NEXT, PREVIOUS, PlaylistNode

MOST_PATHS = 6
HUMAN_KEY = "0"
SILENCE = "silence"
# What is said there is confidential: whoever takes the call next need not know that the caller was there.
CONFIDENTIAL = "complaint_which"
_PRESS = re.compile(r"[，,]?请按.*$|。$")


@dataclass(frozen=True, slots=True)
class StepRow:
    """One event of the call: the centre and node where the call rested after it, and the keys that led there."""

    centre: str
    kind: str
    node: str
    keys: str | None


@dataclass(frozen=True)
class Asked:
    """`paths` newest last; `pieces` are the contents that were listened to, such as `guide/card-apply`."""

    paths: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()


@dataclass
class _Path:
    """Choices made one below the other: the menu of each and its words."""

    choices: list[tuple[str, str]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def words(self) -> str:
        named = "：".join(label for _, label in self.choices)
        return f"{named}（{'、'.join(self.heard)}）" if self.heard else named


def asked_of(flow_of: Callable[[str], Flow], steps: Iterable[StepRow], day: date) -> Asked:
    """Follow a call's steps, in order, through the menus of its centres; what a menu no longer has says nothing."""
    walk = _Walk(flow_of, day)
    for step in steps:
        walk.take(step)
    paths = [words for path in walk.paths if (words := path.words())]
    return Asked(tuple(dict.fromkeys(paths))[-MOST_PATHS:], tuple(dict.fromkeys(walk.pieces)))


class _Walk:
    def __init__(self, flow_of: Callable[[str], Flow], day: date) -> None:
        self._flow_of = flow_of
        self._flow = flow_of("")
        self._day = day
        self._node = ""
        self._content = ""
        self._item = 0
        self._is_hidden = False
        self.paths: list[_Path] = []
        self.pieces: list[str] = []

    def take(self, step: StepRow) -> None:
        before = self._flow.nodes.get(self._node)
        if isinstance(before, PlaylistNode):
            self._skip(step)
        elif step.keys and isinstance(before, MenuNode):
            self._choose(before, step.keys)
        elif step.keys and isinstance(before, CatalogueNode):
            self._choose_guide(before, step.keys)
        arrives = step.node != self._node
        self._flow, self._node = self._flow_of(step.centre), step.node
        if arrives:
            self._is_hidden = step.node == CONFIDENTIAL or (self._is_hidden and step.node not in self._flow.tops)
        if isinstance(self._flow.nodes.get(step.node), PlaylistNode):
            if arrives:
                self._item = 0
            self._listen()

    def _skip(self, step: StepRow) -> None:
        if step.kind == SILENCE or step.keys == NEXT:
            self._item += 1
        elif step.keys == PREVIOUS:
            self._item = max(0, self._item - 1)
        elif step.keys == HUMAN_KEY:
            self._add(self._node, "转人工", is_top=True)

    def _choose(self, menu: MenuNode, key: str) -> None:
        is_top = menu.id in self._flow.tops
        option = next((option for option in menu.options if option.key == key), None)
        if option is None:
            if key == HUMAN_KEY:
                self._add(menu.id, "转人工", is_top=True)
            return
        self._content = option.content or self._content
        prompt = self._flow.prompts.get(option.say)
        is_told = option.to != CONFIDENTIAL and not self._is_hidden
        if is_told and prompt is not None and "{" not in prompt.text:
            self._add(menu.id, _PRESS.sub("", prompt.text), is_top)

    def _choose_guide(self, node: CatalogueNode, key: str) -> None:
        kind, _, name = self._content.partition("/")
        guides = self._flow.content.guides
        subject = guides[name].subject if kind == "guide" and name in guides else name
        listed = self._flow.content.guides_on(subject, self._day)
        if key == HUMAN_KEY:
            self._add(node.id, "转人工", is_top=True)
        elif key.isdigit() and 1 <= int(key) <= len(listed):
            guide = listed[int(key) - 1]
            self._content = f"guide/{guide.id}"
            self._add(node.id, guide.title)

    def _listen(self) -> None:
        """Note the piece that plays now; of a guide, the guide itself."""
        kind, _, _ = self._content.partition("/")
        tracks = self._flow.content.tracks(self._content, self._day)
        if self._item >= len(tracks):
            return
        if kind == "guide":
            self.pieces.append(self._content)
            return
        track = tracks[self._item]
        self.pieces.append(f"recording/{track.id}")
        if self.paths and track.title not in self.paths[-1].heard:
            self.paths[-1].heard.append(track.title)

    def _add(self, menu: str, label: str, is_top: bool = False) -> None:
        """A choice in a menu: a new path at the top, else one below what was chosen above it."""
        above = [] if is_top or not self.paths else _above(self.paths[-1].choices, menu)
        path = _Path([*above, (menu, label)])
        if self.paths and path.choices[:-1] == self.paths[-1].choices and not self.paths[-1].heard:
            self.paths.pop()
        self.paths.append(path)


def _above(choices: Sequence[tuple[str, str]], menu: str) -> list[tuple[str, str]]:
    """The choices that lead to a menu, without an earlier one in the same menu."""
    for at, (chosen_in, _) in enumerate(choices):
        if chosen_in == menu:
            return list(choices[:at])
    return list(choices)

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Flow, Node
from ivr.turn import Turn
from queueing.opening_hours import HoursState

YES_NO = ("yes", "no")
# What may be asked, and all the answers there are; a branch must have a route for each.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "hours": tuple(state.value for state in HoursState),
    "human": ("line", "desk", "none", "closed"),
    "guess": ("none", "one", "two"),
    # Whether the caller stands in the waiting line; whether the centre is at work for everything, not on duty only.
    "in_line": YES_NO,
    "staffed": YES_NO,
}


@dataclass(frozen=True, kw_only=True)
class BranchNode(Node):
    """Goes one way or another without a word.

    `by` is hours, human, guess (centres the number may belong to), in_line, staffed, `feature:NAME` (yes, no) or
    `fact:NAME` (any value that a node stored; needs `otherwise`).
    Example: {kind: branch, by: human, routes: {desk: dial_desk, none: nobody, closed: closed_zero}}
    """

    kind: ClassVar[str] = "branch"
    waits: ClassVar[bool] = False
    by: str
    routes: Mapping[str, str]
    otherwise: str = ""

    def enter(self, turn: Turn) -> str:
        return self.routes.get(self._answer(turn)) or self.otherwise

    def _answer(self, turn: Turn) -> str:
        kind, _, name = self.by.partition(":")
        hours = turn.moment.hours
        if kind == "hours":
            return hours.state.value
        if kind == "human":
            return turn.moment.human
        if kind == "feature":
            return _yes_or_no(turn.moment.is_open(name))
        if kind == "in_line":
            return _yes_or_no(bool(turn.session.in_line_since))
        if kind == "staffed":
            return _yes_or_no(hours.is_staffed and not hours.urgent_only)
        if kind == "fact":
            return turn.session.facts.get(name, "")
        return ("none", "one", "two")[min(len(turn.session.guesses), 2)]

    def edges(self) -> Iterable[Edge]:
        for answer, target in self.routes.items():
            yield Edge(target, answer)
        if self.otherwise:
            yield Edge(self.otherwise, "otherwise")

    def problems(self, flow: Flow) -> Iterable[str]:
        kind, _, name = self.by.partition(":")
        if kind == "fact" and name:
            if not self.otherwise:
                yield "按 fact 分路要有 otherwise"
            return
        answers = YES_NO if kind == "feature" and name else QUESTIONS.get(self.by)
        if answers is None:
            yield f"by “{self.by}”不认识，可以用 {'、'.join(QUESTIONS)}、feature:名字、fact:名字"
            return
        missing = [] if self.otherwise else [answer for answer in answers if answer not in self.routes]
        if missing:
            yield f"缺少去处：{'、'.join(missing)}"
        extra = [answer for answer in self.routes if answer not in answers]
        if extra:
            yield f"没有这样的情况：{'、'.join(extra)}"


def _yes_or_no(claim: bool) -> str:
    return YES_NO[0] if claim else YES_NO[1]

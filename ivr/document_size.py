"""The longest document that a menu can produce, against the carrier's limit."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from integrations.telephony.urls import CarrierUrls
from ivr.check import example_moment
from ivr.content import SUBJECTS
from ivr.events import Recovered
from ivr.flow import Flow
from ivr.nodes.say import SayNode
from ivr.nodes.slots import MOST_SLOTS, slot_words
from ivr.problem import Problem
from ivr.session import Session, advance
from ivr.turn import Turn
from ivr.twiml import render
from queueing.opening_hours import HoursState

# The carrier refuses a longer document.
MOST_BYTES = 64_000
_URLS = CarrierUrls("https://" + "x" * 80)


def check_size(flow: Flow, today: date) -> list[Problem]:
    """Each node that waits is presented at its longest: after an apology, everything open, at either speed.

    What nodes that do not wait may say on the way to it comes in the same document. Expects a flow without loops.
    """
    problems = []
    moment = example_moment(HoursState.OPEN, today, has_human=True)
    event = Recovered(datetime(2026, 9, 15, 9, tzinfo=ZoneInfo("Asia/Shanghai")), moment)
    on_the_way = _said_on_the_way(flow, Turn(flow, Session(centre="340000", slow=True), event))
    for node in flow.nodes.values():
        if not node.waits:
            continue
        longest = on_the_way(node.id) + max(
            len(render(advance(flow, session, event).verbs, _URLS, 1, "CA" + "0" * 32).encode())
            for session in _sessions(flow, node.id, node.kind, today)
        )
        if longest > MOST_BYTES:
            problems.append(Problem(node.file, node.line, f"“{node.id}”念的话太长：{longest}字节，最多{MOST_BYTES}"))
    return problems


def _said_on_the_way(flow: Flow, turn: Turn) -> Callable[[str], int]:
    """For a node, the most bytes of sentences that can precede its own in one document."""
    before: dict[str, list[str]] = {}
    for node in flow.nodes.values():
        for target in node.passes():
            before.setdefault(target, []).append(node.id)

    def own(node_id: str) -> int:
        node = flow.nodes[node_id]
        turn.prompts, turn.verbs = [], []
        for prompt_id in node.prompt_ids() if isinstance(node, SayNode) else ():
            turn.say(prompt_id)
        return len(render((*turn.verbs, *turn.prompts), _URLS, 1).encode())

    @cache
    def longest(node_id: str) -> int:
        return max((longest(previous) + own(previous) for previous in before.get(node_id, ())), default=0)

    return longest


def _sessions(flow: Flow, node_id: str, kind: str, today: date) -> Iterator[Session]:
    # Slowly there is more markup, but a menu may have a shorter slow twin.
    yield Session(centre="340000", node=node_id)
    yield Session(centre="340000", node=node_id, slow=True)
    if kind == "slots":
        spoken = "2月24日，星期二，下午3点半到4点"
        offered = (slot_words(spoken, "2026-02-24T15:30:00+08:00", position) for position in range(1, MOST_SLOTS + 1))
        yield Session(centre="340000", node=node_id, slow=True, words=dict(ChainMap(*offered)))
    if kind not in ("playlist", "catalogue"):
        return
    keys = [f"{shelf}/{subject}" for shelf in ("recordings", "guides") for subject in SUBJECTS]
    for key in (*keys, *(f"guide/{guide}" for guide in flow.content.guides)):
        for item in range(max(1, len(flow.content.tracks(key, today)))):
            yield Session(centre="340000", node=node_id, slow=True, content=key, item=item)

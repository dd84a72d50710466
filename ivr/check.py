"""A menu is proven before it is used: all problems at once, each with file, line and a sentence.

Static rules look at the graph of nodes; `silent_callers` then dials it: somebody who never presses a key, from every
node and in every state of the day, must come to an end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ivr.commands import CommandKind
from ivr.events import Silence
from ivr.flow import Edge, Flow, Node
from ivr.moment import CLOSED, FLAGS, KINDS, WORDS, Feature, Moment
from ivr.nodes.catalogue import CatalogueNode
from ivr.nodes.command import CommandNode
from ivr.nodes.menu import MenuNode
from ivr.problem import Problem, did_you_mean
from ivr.session import Session, advance
from ivr.verbs import Hangup
from queueing.features import FEATURES
from queueing.opening_hours import HoursAt, HoursState

DEEPEST_LEVEL = 3
# The feature with which callers are rung.
CALLBACKS = "progress"
# Silence, a slow repeat, silence again, the way to a person: more than this is going round in circles.
SILENT_STEPS = 60


def check_flow(
    flow: Flow, open_features: Iterable[str], commands: Mapping[str, CommandKind], today: date
) -> list[Problem]:
    """Everything wrong with a flow. `open_features`: those that some centre has opened."""
    problems: list[Problem] = []
    opened = set(open_features)

    def wrong(node: Node | None, sentence: str) -> None:
        where = f"“{node.id}”" if node else ""
        problems.append(Problem(flow.file if node is None else node.file, node.line if node else 1, where + sentence))

    _check_targets(flow, wrong)
    has_holes = bool(problems) or not flow.is_whole
    _check_prompts(flow, wrong)
    for node in flow.nodes.values():
        for sentence in node.problems(flow):
            wrong(node, sentence)
        if isinstance(node, CommandNode):
            for sentence in node.command_problems(commands):
                wrong(node, sentence)
    _check_keys(flow, opened, wrong)
    if flow.talk and not flow.callback and CALLBACKS in opened:
        wrong(None, f"已经开通“{FEATURES[CALLBACKS]}”，却没有写打给来电人时从哪里开始(callback)")
    if has_holes:
        # What follows would only repeat that.
        return problems
    _check_reachable(flow, wrong)
    _check_quick_loops(flow, wrong)
    _check_dead_ends(flow, wrong)
    _check_levels(flow, wrong)
    _check_writes(flow, commands, wrong)
    if not problems:
        _check_silence(flow, today, wrong)
    return problems


Wrong = Callable[[Node | None, str], None]


def _check_targets(flow: Flow, wrong: Wrong) -> None:
    known = flow.nodes.keys() | flow.unread
    for name, target in (
        ("start", flow.start),
        ("human", flow.human),
        ("last_resort", flow.last_resort),
        ("talk", flow.talk),
        ("callback", flow.callback),
    ):
        if target and target not in known:
            wrong(None, f"{name} “{target}”没有这个节点{did_you_mean(target, known)}")
    for top in flow.tops:
        if top not in flow.unread and not isinstance(flow.nodes.get(top), MenuNode):
            wrong(None, f"tops 里的“{top}”不是菜单{did_you_mean(top, flow.nodes)}")
    for node in flow.nodes.values():
        for edge in node.edges():
            if edge.target not in known:
                wrong(node, f"要去的“{edge.target}”没有这个节点{did_you_mean(edge.target, known)}")


def _check_prompts(flow: Flow, wrong: Wrong) -> None:
    for node in flow.nodes.values():
        for prompt_id in node.prompt_ids():
            if prompt_id not in flow.prompts:
                wrong(node, f"要念的“{prompt_id}”没有这句话{did_you_mean(prompt_id, flow.prompts)}")


def _reached(flow: Flow, starts: Iterable[str]) -> set[str]:
    found, stack = set(), list(starts)
    while stack:
        node_id = stack.pop()
        if node_id not in found:
            found.add(node_id)
            stack.extend(edge.target for edge in flow.nodes[node_id].edges())
    return found


def _check_reachable(flow: Flow, wrong: Wrong) -> None:
    found = _reached(flow, filter(None, (flow.start, flow.human, flow.last_resort, flow.talk, flow.callback)))
    for node in flow.nodes.values():
        if node.id not in found:
            wrong(node, "没有任何一个键或分支走得到")


def _check_quick_loops(flow: Flow, wrong: Wrong) -> None:
    """A ring of nodes that do not wait would never let the caller speak."""
    done: dict[str, bool] = {}

    def visit(node_id: str) -> None:
        if node_id in done:
            if not done[node_id]:
                wrong(flow.nodes[node_id], "在不等按键的节点之间转圈，永远停不下来")
            return
        done[node_id] = False
        for target in flow.nodes[node_id].passes():
            visit(target)
        done[node_id] = True

    for node_id in flow.nodes:
        visit(node_id)


def _check_dead_ends(flow: Flow, wrong: Wrong) -> None:
    """From everywhere there is a way to a spoken goodbye, or to another menu's."""
    come_to_end = _leading_to(flow, ("hangup", "handover"))
    if flow.last_resort in come_to_end:
        # Where somebody can press keys, silence leads to the last resort.
        come_to_end |= _leading_to(flow, ("menu", "catalogue"))
    for node in flow.nodes.values():
        if node.id not in come_to_end:
            wrong(node, "走不到结束，是死路")
    if flow.last_resort not in come_to_end:
        wrong(flow.nodes[flow.last_resort], "是最后的去处，却走不到结束")


def _leading_to(flow: Flow, kinds: Collection[str]) -> set[str]:
    """The nodes of these kinds, and all from which there is a way to one of them."""
    ways_back: dict[str, list[str]] = {}
    for node in flow.nodes.values():
        for edge in node.edges():
            ways_back.setdefault(edge.target, []).append(node.id)
    found: set[str] = set()
    stack = [node.id for node in flow.nodes.values() if node.kind in kinds]
    while stack:
        node_id = stack.pop()
        if node_id not in found:
            found.add(node_id)
            stack.extend(ways_back.get(node_id, ()))
    return found


def _through(flow: Flow, edge: Edge, seen: set[str] | None = None) -> set[str]:
    """The waiting nodes that an edge leads to, through nodes that do not wait."""
    seen = set() if seen is None else seen
    if edge.target in seen:
        return set()
    seen.add(edge.target)
    node = flow.nodes[edge.target]
    if node.waits:
        return {node.id}
    return set().union(*(_through(flow, way, seen) for way in node.edges()))


def _check_levels(flow: Flow, wrong: Wrong) -> None:
    """By the shortest way: what is one key away is not deep because a longer way leads there, too."""
    levels: dict[str, int] = {}
    queue = deque((top, 1) for top in flow.tops)
    while queue:
        node_id, level = queue.popleft()
        if node_id in levels:
            continue
        levels[node_id] = level
        for edge in flow.nodes[node_id].edges():
            for target in _through(flow, edge):
                if isinstance(flow.nodes[target], MenuNode | CatalogueNode):
                    queue.append((target, level + 1))
                else:
                    queue.appendleft((target, level))
    for node_id, level in levels.items():
        if level > DEEPEST_LEVEL:
            wrong(flow.nodes[node_id], f"在第{level}层，最多{DEEPEST_LEVEL}层")


def _check_keys(flow: Flow, open_features: set[str], wrong: Wrong) -> None:
    for node in flow.nodes.values():
        if not isinstance(node, MenuNode):
            continue
        for option in node.options:
            if option.feature in open_features and not option.to:
                wrong(node, f"的键{option.key}已经开通“{FEATURES[option.feature]}”，后面却什么都没有")
            # What has expired closes its key while the menu runs, and must not keep the menu from loading.
            if option.content and option.to and not flow.content.knows(option.content):
                wrong(node, f"的键{option.key}要播“{option.content}”，这里面一份内容都没有")


def _check_writes(flow: Flow, commands: Mapping[str, CommandKind], wrong: Wrong) -> None:
    """A write is reached only by a confirming key, and that key is not the one that led to the question."""
    writers = {
        node.id
        for node in flow.nodes.values()
        if isinstance(node, CommandNode) and node.do in commands and commands[node.do].writes
    }
    if not writers:
        return
    entries = (
        (flow.start, "一打进来"),
        (flow.human, "按0"),
        (flow.last_resort, "一直不按键"),
        (flow.callback, "一接通"),
    )
    for entry, how in (entry for entry in entries if entry[0]):
        for target in _through(flow, Edge(entry)) & writers:
            wrong(flow.nodes[target], f"没有确认就会写到别的系统：{how}就到了这里")
    keys_into: dict[str, set[str]] = {}
    ways = [(node, edge, _through(flow, edge)) for node in flow.nodes.values() if node.waits for edge in node.edges()]
    for _, edge, targets in ways:
        for target in targets:
            keys_into.setdefault(target, set()).add(edge.key)
    for node, edge, targets in ways:
        for target in targets & writers:
            if not edge.confirms:
                wrong(node, f"没有确认就会写到别的系统(“{target}”)")
            elif edge.key in keys_into.get(node.id, set()):
                wrong(node, f"的确认键{edge.key}和前一步选它的键相同，一个键被听成两次就会误办")


def example_moment(state: HoursState, today: date, has_human: bool, everything: bool = True) -> Moment:
    """A moment for trying a menu out: every word known, everything open or everything closed."""
    staffed = state in (HoursState.OPEN, HoursState.MAKEUP_DAY, HoursState.CLOSING_SOON, HoursState.NOON_DUTY)
    hours = HoursAt(
        state=state,
        is_staffed=staffed,
        urgent_only=False,
        next_opening=datetime(2026, 9, 15, 9, tzinfo=ZoneInfo("Asia/Shanghai")),
        closes_in_minutes=10,
        holiday="春节",
        reason="停电",
        provisional=False,
    )
    features = {name: Feature(everything) for name in FEATURES} | {"human": Feature(has_human)}
    words: dict[str, str | None] = {name: "某某某某" * 3 for name in (*WORDS, *FLAGS)}
    answers = dict.fromkeys(KINDS, "asks" if everything else CLOSED)
    return Moment("340000", today, hours, features, words, "+8655100000000" if has_human else None, answers=answers)


def _check_silence(flow: Flow, today: date, wrong: Wrong) -> None:
    at = datetime(2026, 9, 15, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    moments = [example_moment(state, today, has_human) for state in HoursState for has_human in (True, False)]
    for node in flow.nodes.values():
        endless = (m for m in moments if node.waits and not _ends_in_silence(flow, node, Silence(at, m)))
        if moment := next(endless, None):
            wrong(node, f"来电人一直不按键时没有结束(时段：{moment.hours.state.value})")


def _ends_in_silence(flow: Flow, node: Node, silence: Silence) -> bool:
    if node.kind == "handover":
        return True
    session = Session(centre="340000", node=node.id)
    for _ in range(SILENT_STEPS):
        step = advance(flow, session, silence)
        session = step.session
        if any(isinstance(verb, Hangup) for verb in step.verbs):
            return True
    return False

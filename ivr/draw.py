"""A menu as an SVG that a manager can read: boxes for places, rows for keys, grey for what is not open.

Columns run from the first ring to the right. A place is drawn once; other ways to it name it instead of crossing
the picture with lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from ivr.draw_words import EXAMPLES, KIND_TITLES, LABELS, LABELS_OF
from ivr.flow import Edge, Flow, Node
from ivr.moment import Moment
from ivr.nodes import keys
from ivr.nodes.branch import BranchNode
from ivr.nodes.catalogue import CatalogueNode
from ivr.nodes.collect import CollectNode
from ivr.nodes.command import CommandNode
from ivr.nodes.dial import DialNode
from ivr.nodes.handover import HandoverNode
from ivr.nodes.hangup import HangupNode
from ivr.nodes.menu import MenuNode
from ivr.nodes.playlist import PlaylistNode
from ivr.nodes.rate import RateNode
from ivr.nodes.record import RecordNode
from ivr.nodes.say import SayNode
from ivr.nodes.talk import TalkNode
from ivr.nodes.wait import WaitNode
from ivr.turn import WORD

COLUMN, BOX, ROW, HEAD, GAP, MARGIN = 350, 290, 26, 34, 22, 40
CHARACTERS = 19
# Kinds whose own sentences are shown beside the ways out.
SPEAKING = (DialNode, HandoverNode, HangupNode, RecordNode, CollectNode, TalkNode, RateNode, WaitNode)
# A place that so many others lead to is drawn apart, and named where they do.
MANY = 4
COLOURS = {"menu": "#0b5d8a", "branch": "#6b7280", "playlist": "#2f7d4f", "end": "#8a4b0b"}


def _leads_on(node: Node) -> bool:
    return any(True for _ in node.edges())


class _Shown(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "〔…〕"


@dataclass
class Row:
    """One line of a box: a key or a case, its words, where it leads."""

    key: str
    text: str
    target: str = ""
    is_open: bool = True
    y: float = 0.0


@dataclass
class Box:
    node: Node
    title: str
    colour: str
    rows: list[Row]
    column: int
    y: float = 0.0
    children: list[Box] = field(default_factory=list)

    @property
    def height(self) -> float:
        return HEAD + ROW * len(self.rows) + 8


class Drawing:
    """Lays one flow out for one centre's moment."""

    def __init__(self, flow: Flow, moment: Moment) -> None:
        self.flow, self.moment = flow, moment
        self.boxes: dict[str, Box] = {}
        self.rooms = self._find_rooms()
        self.starts = [self._box(room, 0) for room in self.rooms]
        bottom = float(MARGIN + 60)
        for start in self.starts:
            bottom = self._place(start, bottom) + GAP
        self.height = max(box.y + box.height for box in self.boxes.values()) + MARGIN
        self.width = MARGIN * 2 + COLUMN * (1 + max(box.column for box in self.boxes.values()))

    def _find_rooms(self) -> list[str]:
        """Where the drawing begins anew, at the left: where calls come in, and what many ways lead to."""
        flow = self.flow
        entries = filter(None, (flow.start, flow.human, flow.last_resort, flow.talk, flow.callback))
        ways = Counter(
            target
            for node in flow.nodes.values()
            if not isinstance(node, SayNode)
            for target in {self._through(edge.target)[0] for edge in node.edges()} - {node.id}
        )
        many = [node_id for node_id, count in ways.items() if count >= MANY and _leads_on(flow.nodes[node_id])]
        return list(dict.fromkeys([*(self._through(entry)[0] for entry in entries), *many]))

    def _through(self, node_id: str) -> tuple[str, str]:
        """The first node that is not a mere sentence, and the sentences on the way."""
        words = ""
        seen = set()
        while isinstance(node := self.flow.nodes[node_id], SayNode) and node_id not in seen:
            seen.add(node_id)
            words += "".join(self._text(line.prompt) for line in node.say)
            node_id = node.to
        return node_id, words

    def _text(self, prompt_id: str) -> str:
        """A sentence with the centre's own words; what depends on the call is shown in 〔〕."""
        words = {name: value for name, value in self.moment.words.items() if value} | EXAMPLES
        return self.flow.prompts[prompt_id].text.format_map(_Shown(words))

    def _box(self, node_id: str, column: int) -> Box:
        """A box and, breadth first, those it leads to."""
        first = self._new_box(node_id, column)
        queue = [first]
        while queue:
            box = queue.pop(0)
            for row in box.rows:
                if row.target and row.target not in self.boxes and row.target not in self.rooms:
                    child = self._new_box(row.target, box.column + 1)
                    box.children.append(child)
                    queue.append(child)
        return first

    def _new_box(self, node_id: str, column: int) -> Box:
        node = self.flow.nodes[node_id]
        title = node.title or f"{KIND_TITLES[type(node)]} {node.id}"
        kind = node.kind if node.kind in COLOURS else "end"
        colour = COLOURS["playlist"] if isinstance(node, CatalogueNode | PlaylistNode) else COLOURS[kind]
        box = Box(node, title, colour, list(self._rows(node)), column)
        self.boxes[node_id] = box
        return box

    def _rows(self, node: Node) -> Iterator[Row]:
        if isinstance(node, MenuNode):
            yield from self._menu_rows(node)
            return
        if isinstance(node, SPEAKING):
            keyed = {edge.label for edge in node.edges() if edge.key}
            for prompt_id in node.prompt_ids():
                if prompt_id not in keyed:
                    yield Row("", self._text(prompt_id))
        if isinstance(node, PlaylistNode):
            yield Row("1", "下一段")
            yield Row("2", "上一段")
            yield Row("9", "再听一遍")
        if isinstance(node, CatalogueNode):
            target, _ = self._through(node.to)
            yield Row("1-8", "按标题选一件", target)
        elif not isinstance(node, PlaylistNode):
            for edge in node.edges():
                yield self._edge_row(node, edge)

    def _edge_row(self, node: Node, edge: Edge) -> Row:
        target, words = self._through(edge.target)
        if edge.key and edge.label in self.flow.prompts:
            return Row(edge.key, self._text(edge.label).split("，请按")[0], target)
        asked = node.by if isinstance(node, BranchNode) else node.do if isinstance(node, CommandNode) else node.kind
        label = LABELS_OF.get(asked, {}).get(edge.label) or LABELS.get(edge.label, edge.label)
        if edge.key == keys.BACK:
            return Row(edge.key, label or "返回", target)
        return Row("", f"{label}：{words}" if words else label, target)

    def _menu_rows(self, node: MenuNode) -> Iterator[Row]:
        for line in node.say:
            yield Row("", self._text(line.prompt))
        for option in node.options:
            text = self._text(option.say).split("，请按")[0] if option.say else self._said_for(node, option.key)
            is_open = bool(option.to) and (not option.feature or self.moment.is_open(option.feature))
            is_open = is_open and (not option.content or self.flow.content.has(option.content, self.moment.today))
            # What hangs on a word of the call may come true.
            of_moment = [condition for condition in option.when if not condition.startswith(WORD)]
            is_open = is_open and all(self.moment.is_true(condition) for condition in of_moment)
            if option.feature and not self.moment.is_open(option.feature):
                text = f"{text}（没有开通）"
            target = self._through(option.to)[0] if option.to else ""
            yield Row(option.key, text, target, is_open)
        for key, label, extra in (
            ("", "说一声", node.voice),
            ("", "不按键", node.silence),
            ("*", "返回", node.back),
            ("", "慢速版", node.slow),
        ):
            if extra:
                yield Row(key, label, self._through(extra)[0])

    def _said_for(self, node: MenuNode, key: str) -> str:
        """What a sentence that names several keys says of this one; nothing, when none names it."""
        said = "".join(self._text(line.prompt) for line in (*node.say, *node.after))
        found = re.search(rf"([^，。；：！？]+)，请按{re.escape(key)}", said)
        return found[1] if found else "（不念）"

    def _place(self, box: Box, top: float) -> float:
        """Give a box and those to its right their heights; the bottom of all of them."""
        box.y = top
        bottom = top
        for child in box.children:
            bottom = self._place(child, bottom) + GAP
        lowest = max(top + box.height, bottom - GAP if box.children else top)
        for n, row in enumerate(box.rows):
            row.y = box.y + HEAD + ROW * n + ROW / 2
        return lowest

    def svg(self, title: str) -> str:
        """The whole picture as text."""
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:.0f} {self.height:.0f}" '
            f'width="{self.width:.0f}" height="{self.height:.0f}" '
            "font-family=\"'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif\">",
            f"<title>{escape(title)}</title>",
            f'<rect width="{self.width:.0f}" height="{self.height:.0f}" fill="#f7f8fa"/>',
            f'<text x="{MARGIN}" y="{MARGIN + 8}" font-size="24" font-weight="700" fill="#14202b">'
            f"{escape(title)}</text>",
            f'<text x="{MARGIN}" y="{MARGIN + 34}" font-size="13" fill="#5b6770">'
            "到处都能按：0 转人工，9 重听，* 返回。灰色的键现在没有开通，不念；没有咨询员在线时，0 也不念。</text>",
        ]
        parts.extend(line for box in self.boxes.values() for line in self._lines(box))
        parts.extend(part for box in self.boxes.values() for part in self._shape(box))
        parts.append("</svg>\n")
        return "\n".join(parts)

    @staticmethod
    def _x(box: Box) -> float:
        return MARGIN + box.column * COLUMN

    def _lines(self, box: Box) -> Iterator[str]:
        drawn = {child.node.id for child in box.children}
        for row in box.rows:
            if row.target not in drawn:
                continue
            drawn.discard(row.target)
            child = self.boxes[row.target]
            x1, x2, y2 = self._x(box) + BOX, self._x(child), child.y + HEAD / 2
            middle = (x1 + x2) / 2
            dash = "" if row.is_open else ' stroke-dasharray="4 4"'
            yield (
                f'<path d="M{x1:.0f},{row.y:.0f} C{middle:.0f},{row.y:.0f} {middle:.0f},{y2:.0f} {x2:.0f},{y2:.0f}" '
                f'fill="none" stroke="#9aa7b1" stroke-width="1.5"{dash}/>'
            )

    def _shape(self, box: Box) -> Iterator[str]:
        x = self._x(box)
        yield (
            f'<rect x="{x}" y="{box.y:.0f}" width="{BOX}" height="{box.height:.0f}" rx="8" fill="#fff" '
            f'stroke="{box.colour}" stroke-width="1.5"/>'
        )
        outline = f"M{x},{box.y + 8:.0f} a8,8 0 0 1 8,-8 h{BOX - 16} a8,8 0 0 1 8,8 v{HEAD - 12} h-{BOX} z"
        yield f'<path d="{outline}" fill="{box.colour}"/>'
        yield (
            f'<text x="{x + 12}" y="{box.y + 18:.0f}" font-size="14" font-weight="700" fill="#fff">'
            f"{escape(box.title)}</text>"
        )
        drawn = {child.node.id for child in box.children}
        for row in box.rows:
            yield from self._row(x, row, row.target in drawn)
            drawn.discard(row.target)

    def _row(self, x: float, row: Row, has_line: bool) -> Iterator[str]:
        ink = "#14202b" if row.is_open else "#a3adb5"
        left = x + 12
        if row.key:
            width = 12 + 10 * len(row.key)
            fill = "#0b5d8a" if row.is_open else "#c8cfd4"
            yield f'<rect x="{left}" y="{row.y - 9:.0f}" width="{width}" height="18" rx="4" fill="{fill}"/>'
            yield (
                f'<text x="{left + width / 2:.0f}" y="{row.y + 4.5:.1f}" font-size="12" font-weight="700" '
                f'text-anchor="middle" fill="#fff">{escape(row.key)}</text>'
            )
            left += width + 8
        elsewhere = f"→ {self.boxes[row.target].title}" if row.target and not has_line else ""
        room = CHARACTERS - (2 if row.key else 0) - (len(elsewhere) * 0.8 if elsewhere else 0)
        text = row.text if len(row.text) <= room else row.text[: max(2, int(room) - 1)] + "…"
        yield (
            f'<text x="{left:.0f}" y="{row.y + 4.5:.1f}" font-size="13" fill="{ink}">'
            f"<title>{escape(row.text)}</title>{escape(text)}</text>"
        )
        if elsewhere:
            yield (
                f'<text x="{x + BOX - 10:.0f}" y="{row.y + 4.5:.1f}" font-size="11" text-anchor="end" '
                f'fill="#5b6770">{escape(elsewhere)}</text>'
            )


def draw(flow: Flow, moment: Moment, title: str) -> str:
    """The flow as SVG, with keys grey that are closed at that moment."""
    return Drawing(flow, moment).svg(title)

"""A menu as an SVG that a manager can read: boxes for places, rows for keys, grey for what is not open.

Columns run from the first ring to the right. A place is drawn once; other ways to it name it instead of crossing
the picture with lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from ivr.flow import Flow, Node
from ivr.moment import Moment
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

COLUMN, BOX, ROW, HEAD, GAP, MARGIN = 350, 290, 26, 34, 22, 40
CHARACTERS = 19
COLOURS = {"menu": "#0b5d8a", "branch": "#6b7280", "playlist": "#2f7d4f", "end": "#8a4b0b"}
LABELS = {
    "open": "上班",
    "makeup_day": "调休上班",
    "closing_soon": "快下班",
    "noon_closed": "午休",
    "noon_duty": "午间值班",
    "night": "下班",
    "night_duty": "夜间值班",
    "weekend": "周末",
    "holiday": "节假日",
    "closed_exceptionally": "临时停止",
    "line": "有咨询员在线",
    "desk": "有值班电话",
    "none": "没有人",
    "closed": "不在上班时间",
    "otherwise": "其他",
    "ok": "好",
    "answered": "接通",
    "failed": "没接通",
    "yes": "开通",
    "no": "没有开通",
    "free": "马上有人",
    "next": "下一个",
    "position_and_time": "位次和时间",
    "time_only": "只说时间",
    "unsure": "说不准",
    "longer": "比说的久",
    "after_hours": "下班还有人",
    "nobody_in": "没有人在线",
    "full": "排满了",
    "limit": "等满上限",
    "gone": "已不在排队",
    "left": "离开排队",
    "too_late": "已有人接",
    "finished": "说完了",
    "dropped": "断线了",
    "transferred": "转接",
    "talking": "还在通话",
    "thanked": "满意",
    "unsatisfied": "不满意",
    "kept": "记下了",
    "late": "没有结果",
    "empty": "没有声音",
}
GUESS_LABELS = {"none": "听不出是哪里", "one": "像是一个市的", "two": "像是两个市的"}
# Words that are only known when somebody rings.
EXAMPLES = {
    "next_opening": "〔下次上班〕",
    "closes_in": "〔几〕",
    "holiday": "〔节日〕",
    "closing_reason": "〔原因〕",
    "guess_1": "〔甲市〕",
    "guess_2": "〔乙市〕",
    "ahead": "〔几〕",
    "wait": "〔几分钟〕",
    "agent_number": "〔工号〕",
}
KIND_TITLES = {
    MenuNode: "菜单",
    BranchNode: "分路",
    PlaylistNode: "播放",
    CatalogueNode: "目录",
    DialNode: "拨值班电话",
    HandoverNode: "转到别的中心",
    HangupNode: "结束",
    RecordNode: "录音",
    CollectNode: "输入号码",
    CommandNode: "查询",
    WaitNode: "排队",
    TalkNode: "通话",
    RateNode: "评价",
}


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
        self.starts = [self._box(self._through(flow.start)[0], 0)]
        for extra in filter(None, (flow.human, flow.last_resort, flow.talk)):
            target = self._through(extra)[0]
            if target not in self.boxes:
                self.starts.append(self._box(target, 0))
        bottom = float(MARGIN + 60)
        for start in self.starts:
            bottom = self._place(start, bottom) + GAP
        self.height = max(box.y + box.height for box in self.boxes.values()) + MARGIN
        self.width = MARGIN * 2 + COLUMN * (1 + max(box.column for box in self.boxes.values()))

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
                if row.target and row.target not in self.boxes:
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
        if isinstance(node, DialNode | HandoverNode | HangupNode | RecordNode | TalkNode | RateNode | WaitNode):
            for prompt_id in node.prompt_ids():
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
                target, words = self._through(edge.target)
                labels = GUESS_LABELS if isinstance(node, BranchNode) and node.by == "guess" else LABELS
                label = labels.get(edge.label, edge.label)
                yield Row("", f"{label}：{words}" if words else label, target)

    def _menu_rows(self, node: MenuNode) -> Iterator[Row]:
        for line in node.say:
            yield Row("", self._text(line.prompt))
        for option in node.options:
            text = self._text(option.say).split("，请按")[0] if option.say else "（不念）"
            is_open = bool(option.to) and (not option.feature or self.moment.is_open(option.feature))
            is_open = is_open and (not option.content or self.flow.content.has(option.content, self.moment.today))
            is_open = is_open and all(self.moment.is_true(condition) for condition in option.when)
            if option.feature and not self.moment.is_open(option.feature):
                text = f"{text}（没有开通）"
            target = self._through(option.to)[0] if option.to else ""
            yield Row(option.key, text, target, is_open)
        for key, label, extra in (
            ("", "不按键", node.silence),
            ("*", "返回", node.back),
            ("", "慢速版", node.slow),
        ):
            if extra:
                yield Row(key, label, self._through(extra)[0])

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

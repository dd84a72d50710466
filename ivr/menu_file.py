"""From a menu file to a `Flow`: every field is read by its type, and every misspelling is a sentence with a line."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from functools import lru_cache
from typing import Any, get_type_hints

from ivr.content import Content
from ivr.flow import ENGINE_PROMPTS, NOTHING, TALK_PROMPTS, Flow, Line, Node, Prompt
from ivr.moment import ANSWERS, CONDITIONS, FLAGS, KINDS, WORDS
from ivr.nodes import NODE_KINDS
from ivr.nodes.menu import Option
from ivr.problem import Problem, did_you_mean
from ivr.yaml_file import Block
from queueing.features import FEATURES

_HEAD_TYPES: dict[str, type] = {
    **dict.fromkeys(("menu", "title", "start", "human", "last_resort", "talk", "callback"), str),
    "tops": list,
    **dict.fromkeys(("nodes", "prompts"), Block),
}
_EXAMPLES: dict[type, str] = {str: "一个名字", list: "[名字, 名字]", Block: "“名字: 内容”的形式"}
# Said in the place of a prompt that cannot be, so that the rest of the menu can be checked, too.
_UNUSABLE = "？"
HEAD = ("menu", "title", "extends", "start", "human", "last_resort", "talk", "callback", "tops", "nodes", "prompts")


def build_prompts(blocks: list[tuple[str, Block]], problems: list[Problem]) -> dict[str, Prompt]:
    """Prompts by id; later blocks (a menu's own words, a centre's own words) override earlier ones."""
    prompts: dict[str, Prompt] = {}
    for file, block in blocks:
        for prompt_id, value in block.items():
            line = block.lines.get(prompt_id, block.line)
            if isinstance(value, str) and prompt_id in prompts:
                # Other words for the same sentence: it stays a notice, and still gives way to the same `instead`.
                prompts[prompt_id] = replace(prompts[prompt_id], text=value.strip(), line=line, file=file)
                continue
            prompts[prompt_id] = _prompt(prompt_id, value, file, line, problems)
    unusable = [prompt for prompt in prompts.values() if not _check_words(prompt, prompts, problems)]
    return prompts | {prompt.id: replace(prompt, text=_UNUSABLE, instead="") for prompt in unusable}


def _prompt(prompt_id: str, value: Any, file: str, line: int, problems: list[Problem]) -> Prompt:
    if isinstance(value, str):
        return Prompt(prompt_id, value.strip(), file=file, line=line)
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        problems.append(Problem(file, line, f"话“{prompt_id}”要么是一句文字，要么有 text"))
        return Prompt(prompt_id, _UNUSABLE, file=file, line=line)
    for name in value:
        if name not in ("text", "barge", "instead"):
            problems.append(
                Problem(
                    file,
                    line,
                    f"话“{prompt_id}”里不认识“{name}”{did_you_mean(name, ('text', 'barge', 'instead'))}",
                )
            )
    barge, instead = value.get("barge", True), value.get("instead", "")
    if not isinstance(barge, bool):
        problems.append(Problem(file, line, f"话“{prompt_id}”的“barge”要写 true 或 false，现在是 {barge!r}"))
    return Prompt(prompt_id, value["text"].strip(), bool(barge), str(instead), line, file)


def _check_words(prompt: Prompt, prompts: Mapping[str, Prompt], problems: list[Problem]) -> bool:
    """Whether the prompt can be said; if not, `problems` says why."""
    before = len(problems)
    try:
        braces = [found for found in string.Formatter().parse(prompt.text) if found[1] is not None]
    except ValueError:
        problems.append(Problem(prompt.file, prompt.line, f"话“{prompt.id}”的大括号没有配对"))
        return False
    if not prompt.text:
        problems.append(Problem(prompt.file, prompt.line, f"话“{prompt.id}”是空的"))
    names = [name or "" for _, name, _, _ in braces]
    if any(form or conversion for _, _, form, conversion in braces):
        problems.append(Problem(prompt.file, prompt.line, f"话“{prompt.id}”的大括号里只能写一个词的名字"))
    for name in names:
        if name not in WORDS:
            problems.append(
                Problem(
                    prompt.file,
                    prompt.line,
                    f"话“{prompt.id}”要填“{name}”，没有这个词{did_you_mean(name, WORDS)}",
                )
            )
    unsure = [name for name in names if WORDS.get(name) and name in _WORLD_WORDS]
    if unsure and not prompt.instead:
        problems.append(
            Problem(
                prompt.file,
                prompt.line,
                f"话“{prompt.id}”的“{unsure[0]}”可能不知道，要写 instead(说不准时念哪一句)",
            )
        )
    seen, at = {prompt.id}, prompt.instead
    while at and at != NOTHING:
        if at not in prompts:
            problems.append(Problem(prompt.file, prompt.line, f"instead “{at}”没有这句话{did_you_mean(at, prompts)}"))
            break
        if at in seen:
            problems.append(Problem(prompt.file, prompt.line, f"instead 转了一圈又回到“{at}”"))
            break
        seen.add(at)
        at = prompts[at].instead
    return len(problems) == before


# Words of the world may be unknown; those that a node fills in itself never are.
_WORLD_WORDS = {
    "next_opening",
    "closes_in",
    "holiday",
    "closing_reason",
    "notice",
    "guess_1",
    "guess_2",
    "ahead",
    "wait",
    "agent_number",
    "number_tail",
    "shown_number",
    "callback_slot",
    "callback_at",
    "callback_ahead",
    "asked_when",
    "next_try",
    "locked_until",
    "insured_place",
    "way",
    "place",
    "bank",
    "bank_phone",
    "earliest",
    "receipt",
    "answer_by",
    "banks",
    "card_tail",
}


def merge(base: Block, overlay: Block) -> Block:
    """A centre's menu over the one it extends: nodes and prompts replace those of the same name."""
    merged = Block(overlay.line)
    merged.update({**base, **overlay})
    merged.pop("extends", None)
    merged.lines.update({**base.lines, **overlay.lines})
    for part in ("nodes", "prompts"):
        block = Block(overlay.line)
        for source in (base.get(part), overlay.get(part)):
            if isinstance(source, Block):
                block.update(source)
                block.lines.update(source.lines)
        # Not a mapping at all: left as it is, for `build_flow` to say so.
        merged[part] = block if isinstance(overlay.get(part, block), Block) else overlay[part]
    return merged


def build_flow(
    head: Block, file: str, prompts: Mapping[str, Prompt], content: Content, problems: list[Problem]
) -> Flow | None:
    """The flow of one merged menu file, not whole when parts of it could not be read; None when it has no nodes."""
    before = len(problems)
    for name in head:
        if name not in HEAD:
            problems.append(Problem(file, head.lines.get(name, 1), f"不认识“{name}”{did_you_mean(name, HEAD)}"))
    for name in ("title", "start", "human", "last_resort", "tops", "nodes"):
        if not head.get(name):
            problems.append(Problem(file, head.line, f"缺少“{name}”"))
    for name, wanted in _HEAD_TYPES.items():
        if head.get(name) and not isinstance(head[name], wanted):
            line, example = head.lines.get(name, 1), _EXAMPLES[wanted]
            problems.append(Problem(file, line, f"“{name}”要写{example}，现在是 {head[name]!r}"[:200]))
    nodes: dict[str, Node] = {}
    node_blocks = head.get("nodes")
    if isinstance(node_blocks, Block):
        for node_id, value in node_blocks.items():
            source = value.file if isinstance(value, Block) else file
            node = _node(node_id, value, source, node_blocks.lines[node_id], problems)
            if node is not None:
                nodes[node_id] = node
    for prompt_id in (*ENGINE_PROMPTS, *(TALK_PROMPTS if head.get("talk") else ())):
        if prompt_id not in prompts:
            problems.append(Problem(file, head.line, f"缺少引擎要念的话“{prompt_id}”"))
    if not nodes:
        return None
    tops = head.get("tops")
    return Flow(
        name=str(head.get("menu", "")),
        title=str(head.get("title", "")),
        start=str(head.get("start", "")),
        human=str(head.get("human", "")),
        last_resort=str(head.get("last_resort", "")),
        talk=str(head.get("talk", "")),
        callback=str(head.get("callback", "")),
        tops=tuple(str(top) for top in tops) if isinstance(tops, list) else (),
        nodes=nodes,
        prompts=prompts,
        content=content,
        file=file,
        unread=frozenset(node_blocks or ()) - nodes.keys(),
        is_whole=len(problems) == before,
    )


@lru_cache
def _field_types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _node(node_id: str, value: Any, file: str, line: int, problems: list[Problem]) -> Node | None:
    kind = value.get("kind") if isinstance(value, Block) else None
    if not isinstance(value, Block) or str(kind) not in NODE_KINDS:
        hint = did_you_mean(str(kind), NODE_KINDS) if kind else f"，可以用 {'、'.join(NODE_KINDS)}"
        problems.append(Problem(file, line, f"节点“{node_id}”的 kind “{kind}”不认识{hint}"))
        return None
    kind_class = NODE_KINDS[str(kind)]
    reader = _Reader(file, line, node_id, problems)
    values = reader.fields(kind_class, value, extra=("kind",), own=("id", "line", "file"))
    if values is None:
        return None
    return kind_class(id=node_id, line=line, file=file, **values)


class _Reader:
    """Reads one node's fields, or one option's, by the types of the dataclass that it becomes."""

    def __init__(self, file: str, line: int, where: str, problems: list[Problem]) -> None:
        self.file, self.line, self.where, self.problems = file, line, where, problems

    def wrong(self, sentence: str, line: int | None = None) -> None:
        self.problems.append(Problem(self.file, line or self.line, f"“{self.where}”{sentence}"))

    def fields(
        self, target: type, block: Block, extra: tuple[str, ...] = (), own: tuple[str, ...] = ()
    ) -> dict[str, Any] | None:
        before = len(self.problems)
        known = {f.name: f for f in fields(target) if f.name not in own}
        for name in block:
            if name not in known and name not in extra:
                self.wrong(f"里不认识“{name}”{did_you_mean(name, known)}", block.lines.get(name))
        types = _field_types(target)
        values = {
            name: self.value(types[name], block[name], name, block.lines.get(name, self.line))
            for name in known
            if name in block
        }
        for name, field in known.items():
            if name not in block and field.default is MISSING and field.default_factory is MISSING:
                self.wrong(f"缺少“{name}”", block.line)
        return values if len(self.problems) == before else None

    def value(self, hint: Any, value: Any, name: str, line: int) -> Any:
        if hint == tuple[Line, ...]:
            return tuple(self.script_line(item, name, line) for item in self.listed(value))
        if hint == tuple[Option, ...]:
            return tuple(self.option(item, line) for item in self.listed(value))
        if hint == tuple[str, ...]:
            items = tuple(str(item) for item in self.listed(value))
            if name == "when":
                self.conditions(items, line)
            return items
        if hint == Mapping[str, str]:
            if not isinstance(value, dict):
                self.wrong(f"的“{name}”要写成“情况: 去处”", line)
                return {}
            return {str(key): str(target) for key, target in value.items()}
        if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
            wanted = {str: "文字", int: "整数", bool: "true 或 false"}[hint]
            quote = "，键请加引号" if name == "key" else ""
            self.wrong(f"的“{name}”要写{wanted}，现在是 {value!r}{quote}", line)
            return hint()
        return value

    @staticmethod
    def listed(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value]

    def script_line(self, item: Any, name: str, line: int) -> Line:
        if isinstance(item, str):
            return Line(item)
        if isinstance(item, Block) and isinstance(item.get("say"), str) and set(item) <= {"say", "when"}:
            when = tuple(str(condition) for condition in self.listed(item.get("when", [])))
            self.conditions(when, item.line)
            return Line(item["say"], when)
        self.wrong(f"的“{name}”里，每一句写话的名字，或者 {{say: 名字, when: 条件}}", getattr(item, "line", line))
        return Line("")

    def conditions(self, conditions: tuple[str, ...], line: int) -> None:
        for condition in conditions:
            kind, _, name = condition.partition(":")
            known = {
                "open": FEATURES,
                "word": {**WORDS, **dict.fromkeys(FLAGS)},
                ANSWERS.rstrip(":"): dict.fromkeys(KINDS),
            }.get(kind, {})
            if condition not in CONDITIONS and name not in known:
                hint = did_you_mean(name, known) if known else did_you_mean(condition, CONDITIONS)
                self.wrong(f"的条件“{condition}”不认识{hint}", line)

    def option(self, item: Any, line: int) -> Option:
        if not isinstance(item, Block):
            self.wrong("的选项要写成 {key: ..., say: ..., to: ...}", line)
            return Option("")
        values = self.fields(Option, item, own=("line",))
        feature = item.get("feature")
        if feature and str(feature) not in FEATURES:
            self.wrong(f"的 feature “{feature}”不认识{did_you_mean(str(feature), FEATURES)}", item.line)
        return Option(**values, line=item.line) if values is not None else Option("")

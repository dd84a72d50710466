"""YAML with line numbers, so that every problem can say where it is; and a first check that it is what it seems."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import yaml
from yaml.reader import ReaderError

from ivr.problem import Problem


class Block(dict[str, Any]):
    """A YAML mapping that knows the line it starts at (`line`), those of its keys, and its file."""

    def __init__(self, line: int, file: str = "") -> None:
        super().__init__()
        self.line = line
        self.file = file
        self.lines: dict[str, int] = {}


def read_yaml(text: str, file: str, problems: list[Problem]) -> Block:
    """The top mapping of a document. Bad YAML, double keys and keys that are no words go to `problems`."""
    try:
        root = _compose(text)
        if isinstance(root, yaml.MappingNode):
            return _block(root, file, problems)
        problems.append(Problem(file, 1, "整个文件应当是“名字: 内容”的形式"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.append(Problem(file, mark.line + 1 if mark else 1, f"YAML 写法不对：{error.problem}"))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problems.append(Problem(file, line, f"有一个看不见的控制字符(U+{ord(text[error.position]):04X})，请删掉"))
    except RecursionError:
        problems.append(Problem(file, 1, "一层套一层没有尽头，看看 & 和 * 的引用"))
    return Block(1)


def _compose(text: str) -> yaml.Node | None:
    """The document's nodes, by the library in C where it is there: ten times as quick, and every process reads these.

    What is wrong with a file is always said in the words of the one in Python.
    """
    with suppress(yaml.YAMLError, AttributeError, RecursionError):
        quick: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
        return quick
    found: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return found


def _block(node: yaml.MappingNode, file: str, problems: list[Problem]) -> Block:
    block = Block(node.start_mark.line + 1, file)
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _value(key_node, file, problems)
        if not isinstance(key, str):
            # `on:` and `no:` are true and false in YAML, `1:` is a number.
            problems.append(Problem(file, line, f"名字“{key_node.value}”请加引号，YAML 把它读成了 {key!r}"))
            key = str(key_node.value)
        if key in block:
            problems.append(Problem(file, line, f"“{key}”写了两次，第一次在第{block.lines[key]}行"))
        block[key] = _value(value_node, file, problems)
        block.lines[key] = line
    return block


def _value(node: yaml.Node, file: str, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _block(node, file, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, file, problems) for item in node.value]
    constructor = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_object(node, deep=True)
    except (ValueError, KeyError, AttributeError, yaml.YAMLError):
        problems.append(Problem(file, node.start_mark.line + 1, f"读不懂“{node.value}”"))
        return node.value

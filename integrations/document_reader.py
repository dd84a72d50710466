"""Reads the parts of a configuration file, with a sentence and a key path for everything that is wrong in it.

Pure. Written for people who edit YAML once a year: misspelt names are answered with the nearest right one,
and values that YAML silently turned into numbers with "add quotes".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches


def join_path(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


class DocumentReader:
    """Takes values out of the document; a wrong one is noted, and something harmless given in its place."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: dict[str, None] = {}  # in order, and a mistake in the defaults is told once

    def problem(self, path: str, sentence: str) -> None:
        self.problems[f"{self.file}: {path or '文件'}: {sentence}"] = None

    def mapping(self, value: object, path: str, allowed: Collection[str] | None) -> dict[object, object]:
        if not isinstance(value, dict):
            self.problem(path, "这里要写若干“名称: 值”" if value is not None else "没有内容")
            return {}
        for key in value:
            if allowed is not None and key not in allowed:
                near = get_close_matches(str(key), allowed, 1)
                self.problem(join_path(path, key), f"没有“{key}”这一项" + (f", 是不是 {near[0]}" if near else ""))
        return value

    def items(self, value: object, path: str) -> list[tuple[object, str]]:
        if not isinstance(value, list):
            self.problem(path, "这里要写一个列表")
            return []
        return [(item, f"{path}[{n}]") for n, item in enumerate(value)]

    def text(self, value: object, path: str, pattern: str = r"(?s).*", expected: str = "一句话") -> str:
        if isinstance(value, str) and value.strip() and re.fullmatch(pattern, value, re.ASCII):
            return value.strip()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.problem(path, f"读成了数 {value}, 请加引号, 要写{expected}")
        else:
            self.problem(path, f"要写{expected}" + ("" if value is None else f", 不是 {value!r}"))
        return ""

    def boolean(self, value: object, path: str) -> bool:
        if not isinstance(value, bool):
            self.problem(path, f"要写 true 或 false, 不是 {value!r}")
        return value is True

    def whole(self, value: object, path: str, lowest: int, highest: int, unit: str) -> int:
        """A whole number within bounds, not in quotes. A wrong one becomes the lowest."""
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        self.problem(path, f"要写{lowest}到{highest}之间的整数({unit}), 不加引号, 不是 {value!r}")
        return lowest

"""What a city sent, checked row by row: the rows that can be taken, and what is wrong with the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboards.provincial.cities.agreement import PROBLEMS_OF_ROW
from dashboards.provincial.cities.fields import (
    CALLS,
    FIELDS,
    FORMAT_VERSION,
    HOURS,
    KINDS,
    KINDS_ZH,
    LARGEST_BATCH_BYTES,
    LARGEST_BATCH_ROWS,
    TOTALS,
    Field,
)
from dashboards.provincial.cities.values import Reader, Wrong, shown
from dashboards.provincial.measures import MEASURES
from ivr.outcome import ABANDONED_IN_QUEUE, ANSWERED, HUMAN_UNAVAILABLE, SHORT_ABANDON

__all__ = [
    "FIELDS", "FORMAT_VERSION", "KINDS", "KINDS_ZH", "LARGEST_BATCH_BYTES", "LARGEST_BATCH_ROWS", "Checked", "Field",
    "Problem", "check_rows",
]  # fmt: skip

# What identifies a row of each kind, apart from its version.
KEYS: Mapping[str, tuple[str, ...]] = {
    CALLS: ("call_id",),
    HOURS: ("hour", "channel", "subject"),
    TOTALS: ("day",),
}
# Nobody ends so without having asked for a person.
ASKED_HUMAN = frozenset({ANSWERED, ABANDONED_IN_QUEUE, SHORT_ABANDON, HUMAN_UNAVAILABLE})
_MEASURES = frozenset(MEASURES)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line and what is expected, in a sentence; `field` "" is the whole line."""

    line: int
    field: str
    problem: str


@dataclass(slots=True)
class Checked:
    """The good rows with their lines, all problems in the order of the lines, and how many rows there were.

    A call is `FIELDS` by name with every default filled in; of hours and totals the measures stand together under
    `measures`. Moments are UTC.
    """

    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    total: int = 0


def check_rows(
    kind: str,
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    *,
    centre: str,
    now: datetime,
    subjects: Collection[str],
) -> Checked:
    """Check the rows of one batch, each with its line; values are those of JSON or the texts of a file.

    `subjects` are the keys of the tree's second level. Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no such kind: {kind}")
    check = _Check(kind, Reader(centre, now, subjects))
    for line, row in rows:
        check.add(line, row)
    return check.checked


class _Check:
    def __init__(self, kind: str, reader: Reader) -> None:
        self.checked = Checked()
        self._kind = kind
        self._reader = reader
        self._fields = {each.name: each for each in FIELDS[kind]}
        self._required = [each for each in FIELDS[kind] if each.is_required]
        self._defaults = {each.name: each.default for each in FIELDS[kind] if each.name not in _of_no_default(kind)}
        self._problems_of_row = PROBLEMS_OF_ROW[kind]
        self._finish = _FINISH[kind]
        self._seen: dict[tuple[Any, ...], int] = {}

    def add(self, line: int, row: Any) -> None:
        self.checked.total += 1
        if not isinstance(row, Mapping):
            self._wrong(line, "", "这一行应当是一个对象，例如 {…}")
            return
        before = len(self.checked.problems)
        values = self._values(line, row)
        if len(self.checked.problems) == before:
            for name, problem in self._problems_of_row(values):
                self._wrong(line, name, problem)
        if len(self.checked.problems) == before and self._is_new(line, values):
            self.checked.rows.append((line, self._finish(values)))

    def _values(self, line: int, row: Mapping[str, Any]) -> dict[str, Any]:
        values = dict(self._defaults)
        given = set()
        for name, value in row.items():
            one = self._fields.get(name)
            if one is None:
                self._wrong(line, shown(name), f"没有“{shown(name)}”这个字段")
                continue
            if isinstance(value, str):
                value = value.strip()
            if value is None or value == "":
                continue
            given.add(name)
            try:
                values[name] = self._reader.read(one, value)
            except Wrong as wrong:
                self._wrong(line, name, str(wrong))
        for one in self._required:
            if one.name not in given:
                self._wrong(line, one.name, f"缺少“{one.title_zh}”（{one.name}）")
        return values

    def _is_new(self, line: int, values: Mapping[str, Any]) -> bool:
        key = (values["version"], *(values[name] for name in KEYS[self._kind]))
        first = self._seen.setdefault(key, line)
        if first != line:
            self._wrong(line, KEYS[self._kind][0], f"和第 {first} 行重复：编号和版本都一样")
        return first == line

    def _wrong(self, line: int, name: str, problem: str) -> None:
        self.checked.problems.append(Problem(line, name, problem))


def _of_no_default(kind: str) -> frozenset[str]:
    # A measure that was not told is not there, instead of nought.
    return frozenset({"centre"}) if kind == CALLS else frozenset({"centre"}) | _MEASURES


def _finish_call(values: dict[str, Any]) -> dict[str, Any]:
    values.pop("centre", None)
    if values["asked_human"] is None:
        values["asked_human"] = values["outcome"] in ASKED_HUMAN
    return values


def _finish_hour(values: dict[str, Any]) -> dict[str, Any]:
    kept = {name: values[name] for name in (*KEYS[HOURS], "version")}
    # Nought and nothing said are the same hour.
    return {**kept, "measures": {name: values[name] for name in MEASURES if values.get(name)}}


def _finish_total(values: dict[str, Any]) -> dict[str, Any]:
    kept = {name: values[name] for name in (*KEYS[TOTALS], "version")}
    return {**kept, "measures": {name: values[name] for name in MEASURES if name in values}}


_FINISH: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    CALLS: _finish_call,
    HOURS: _finish_hour,
    TOTALS: _finish_total,
}

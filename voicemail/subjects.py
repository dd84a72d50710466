"""What a talk was about: one tree for the whole province, two levels, and what to suggest from the keys pressed.

Pure: `parse_subjects` takes the YAML document already read and finds all its problems at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_SUGGESTED = 5
GROUP_FIELDS = {"key", "name", "skill", "subjects"}
SUBJECT_FIELDS = {"key", "name", "keywords", "guides", "recordings"}
# As wide as the column that keeps it.
_KEY = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to choose. `pieces` are the guides and recordings about it, such as `guide/card-apply`."""

    key: str
    name: str
    skill: str = ""
    keywords: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    name: str
    skill: str = ""
    subjects: tuple[Subject, ...] = ()


@dataclass(frozen=True)
class SubjectTree:
    groups: tuple[Group, ...] = ()
    by_key: Mapping[str, Subject] = field(default_factory=dict)
    group_of: Mapping[str, Group] = field(default_factory=dict)

    def knows(self, key: str) -> bool:
        return key in self.by_key

    def name_of(self, key: str | None) -> str | None:
        """`社会保障卡：补卡和换卡`; the key itself for one that is no longer in the tree."""
        if not key or key not in self.by_key:
            return key or None
        return f"{self.group_of[key].name}：{self.by_key[key].name}"

    def about(self, piece: str) -> Iterator[Subject]:
        """The subjects that a guide or recording belongs to."""
        return (subject for subject in self.by_key.values() if piece in subject.pieces)


def build_tree(groups: Sequence[Group]) -> SubjectTree:
    by_key = {subject.key: subject for group in groups for subject in group.subjects}
    group_of = {subject.key: group for group in groups for subject in group.subjects}
    return SubjectTree(tuple(groups), by_key, group_of)


def suggest(tree: SubjectTree, pieces: Sequence[str], skill: str, earlier: str | None = None) -> tuple[str, ...]:
    """Up to five subject keys, likeliest first.

    First what the caller listened to (`pieces`, newest last), then what this caller's last talk was about, then
    the subjects of the skill that was asked for.
    """
    found = [subject.key for piece in reversed(pieces) for subject in tree.about(piece)]
    if earlier and tree.knows(earlier):
        found.append(earlier)
    if skill:
        found += [subject.key for subject in tree.by_key.values() if subject.skill == skill]
    return tuple(dict.fromkeys(found))[:MOST_SUGGESTED]


def parse_subjects(
    data: object, skills: Iterable[str], pieces: Iterable[str] | None = None
) -> tuple[SubjectTree, list[str]]:
    """The tree of a YAML document and its problems, as sentences; with any problem the tree is empty.

    `skills` and `pieces` are those that there are; without `pieces` any may be named.
    """
    reader = _Reader(frozenset(skills), None if pieces is None else frozenset(pieces))
    groups = [reader.group(entry, f"第{n}组") for n, entry in enumerate(_listed(data), start=1)]
    if not groups:
        reader.problems.append("一个科目也没有")
    return (SubjectTree(), reader.problems) if reader.problems else (build_tree(groups), [])


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


class _Reader:
    def __init__(self, skills: frozenset[str], pieces: frozenset[str] | None) -> None:
        self.problems: list[str] = []
        self._skills = skills
        self._pieces = pieces
        self._keys: set[str] = set()

    def group(self, entry: object, where: str) -> Group:
        values = self._mapping(entry, where, GROUP_FIELDS)
        key, name = self._key(values, where), self._name(values, where)
        skill = values.get("skill", "")
        if skill not in self._skills:
            self.problems.append(f"{where}：没有“{skill}”这个技能")
        rows = _listed(values.get("subjects"))
        if not rows:
            self.problems.append(f"{where}：一个科目也没有")
        subjects = tuple(self._subject(row, str(skill), f"{where}第{n}项") for n, row in enumerate(rows, start=1))
        return Group(key, name, str(skill), subjects)

    def _subject(self, entry: object, skill: str, where: str) -> Subject:
        values = self._mapping(entry, where, SUBJECT_FIELDS)
        keywords = tuple(str(word) for word in _listed(values.get("keywords")))
        guides = [f"guide/{name}" for name in _listed(values.get("guides"))]
        pieces = (*guides, *(f"recording/{name}" for name in _listed(values.get("recordings"))))
        for piece in pieces:
            if self._pieces is not None and piece not in self._pieces:
                self.problems.append(f"{where}：没有“{piece.partition('/')[2]}”这份内容")
        return Subject(self._key(values, where), self._name(values, where), skill, keywords, pieces)

    def _mapping(self, entry: object, where: str, known: set[str]) -> Mapping[str, Any]:
        if not isinstance(entry, dict):
            self.problems.append(f"{where}：应当是“名字: 内容”的形式")
            return {}
        self.problems += [f"{where}：不认识“{name}”" for name in entry if name not in known]
        return entry

    def _key(self, values: Mapping[str, Any], where: str) -> str:
        key = str(values.get("key", ""))
        if not _KEY.fullmatch(key):
            self.problems.append(f"{where}：key “{key}”要用小写字母开头，只含小写字母、数字和减号，不超过40个")
        if key in self._keys:
            self.problems.append(f"{where}：key “{key}”用了两次")
        self._keys.add(key)
        return key

    def _name(self, values: Mapping[str, Any], where: str) -> str:
        name = values.get("name")
        if not isinstance(name, str) or not name.strip():
            self.problems.append(f"{where}：缺少“name”")
            return ""
        return name.strip()

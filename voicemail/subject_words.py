"""What a message is about, by the words in it: points that anybody can count again, and nothing when it is not clear.

Pure. A word that names a group is worth 1 point for each of its subjects, one that belongs to a subject 2, one that
says it nearly by itself 3. The subject with the most points is suggested, with the words that made it so; staff choose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from voicemail.subjects import Subject, SubjectTree

GROUP_POINTS, WEAK_POINTS, WORD_POINTS, CLEAR_POINTS = 1, 1, 2, 3
# Fewer points, or no lead over the next subject, is not said clearly.
LEAST_POINTS = 2
MOST_NAMED = 5
FIELDS = ("groups", "subjects", "weak", "ignored", "fillers", "same")
_AND = re.compile(r"[和或、/，]")
Points = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`because`: the words that counted, as a sentence for staff."""

    subject_key: str
    because: str


@dataclass(frozen=True)
class CallerWords:
    """How callers say things, by group and by subject; see the comments of `subject_words.yaml`."""

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clear: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weak: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    fillers: frozenset[str] = frozenset()
    same: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lexicon:
    """Every word that counts, with its points by subject key."""

    points: Mapping[str, Points]
    fillers: frozenset[str] = frozenset()
    same: Mapping[str, str] = field(default_factory=dict)


def build_lexicon(tree: SubjectTree, said: CallerWords) -> Lexicon:
    """The tree's own names and keywords together with what callers say; what the tree does not know counts nothing."""
    points: dict[str, dict[str, int]] = {}
    for group in tree.groups:
        for word in (group.name, *said.groups.get(group.key, ())):
            for subject in group.subjects:
                _count(points, word, subject.key, GROUP_POINTS)
    for subject in tree.by_key.values():
        for word in (*_own_words(subject), *said.words.get(subject.key, ())):
            _count(points, word, subject.key, WEAK_POINTS if word in said.weak else WORD_POINTS)
        for word in said.clear.get(subject.key, ()):
            _count(points, word, subject.key, CLEAR_POINTS)
    counted = {word: by_subject for word, by_subject in points.items() if word not in said.ignored}
    return Lexicon(counted, said.fillers, said.same)


def suggest(words: Sequence[str], lexicon: Lexicon) -> Suggestion | None:
    """The subject of a message that was cut into words; None when it is not said clearly.

    Each word counts once, however often it is said, and a longer one beats those it is made of.
    """
    found = _mentioned(words, lexicon)
    total: dict[str, int] = {}
    for word in found:
        for key, points in lexicon.points[word].items():
            total[key] = total.get(key, 0) + points
    first, second = (*sorted(total.values(), reverse=True), 0, 0)[:2]
    if first < LEAST_POINTS or first == second:
        return None
    best = next(key for key, points in total.items() if points == first)
    return Suggestion(best, _because(word for word in found if best in lexicon.points[word]))


def parse_caller_words(data: object, groups: Iterable[str], subjects: Iterable[str]) -> tuple[CallerWords, list[str]]:
    """The words of a YAML document and its problems, as sentences; with any problem there are no words.

    `groups` and `subjects`: the keys that there are in the tree it is written for.
    """
    if not isinstance(data, dict):
        return CallerWords(), ["应当是“名字: 内容”的形式"]
    problems = [f"不认识“{name}”" for name in data if name not in FIELDS]
    by_group, by_subject = _mapping(data, "groups", problems), _mapping(data, "subjects", problems)
    problems += [f"groups：没有“{key}”这一类" for key in by_group.keys() - set(groups)]
    problems += [f"subjects：没有“{key}”这个科目" for key in by_subject.keys() - set(subjects)]
    entries = {key: _mapping(by_subject, key, problems) for key in by_subject}
    for key, entry in entries.items():
        problems += [f"{key}：不认识“{name}”" for name in entry if name not in ("clear", "words")]
    said = CallerWords(
        groups={key: _words(by_group, key, problems) for key in by_group},
        clear={key: _words(entry, "clear", problems) for key, entry in entries.items()},
        words={key: _words(entry, "words", problems) for key, entry in entries.items()},
        weak=frozenset(_words(data, "weak", problems)),
        ignored=frozenset(_words(data, "ignored", problems)),
        fillers=frozenset(_words(data, "fillers", problems)),
        same={str(word): str(other) for word, other in _mapping(data, "same", problems).items()},
    )
    return (CallerWords(), problems) if problems else (said, [])


def _count(points: dict[str, dict[str, int]], word: str, key: str, value: int) -> None:
    by_subject = points.setdefault(word, {})
    by_subject[key] = max(value, by_subject.get(key, 0))


def _own_words(subject: Subject) -> list[str]:
    return [part for part in _AND.split(subject.name) if len(part) > 1] + list(subject.keywords)


def _mentioned(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """The words of the lexicon in the order said, each once: found as said, or with the small words left out."""
    spoken = list(enumerate(words))
    plain = [(n, lexicon.same.get(word, word)) for n, word in spoken if word not in lexicon.fillers]
    found = sorted({*_longest(spoken, lexicon.points), *_longest(plain, lexicon.points)})
    said = list(dict.fromkeys(word for _, word in found))
    # What one reading finds is not counted again for a part that the other one finds.
    return [word for word in said if not any(word != other and word in other for other in said)]


def _longest(words: Sequence[tuple[int, str]], known: Mapping[str, Points]) -> Iterator[tuple[int, str]]:
    """The longest known words that begin where a word begins and end where one ends, with their places."""
    longest = max(map(len, known), default=0)
    n = 0
    while n < len(words):
        joined, found = "", 0
        for end in range(n, len(words)):
            joined += words[end][1]
            if len(joined) > longest:
                break
            if joined in known:
                found = end + 1 - n
        if found:
            yield words[n][0], "".join(word for _, word in words[n : n + found])
        n += found or 1


def _because(words: Iterable[str]) -> str:
    return "提到了" + "".join(f"“{word}”" for word in list(words)[:MOST_NAMED])


def _mapping(data: Mapping[Any, Any], name: str, problems: list[str]) -> Mapping[str, Any]:
    value = data.get(name) or {}
    if isinstance(value, dict):
        return value
    problems.append(f"{name}：应当是“名字: 内容”的形式")
    return {}


def _words(data: Mapping[Any, Any], name: str, problems: list[str]) -> tuple[str, ...]:
    value = data.get(name) or []
    if isinstance(value, list) and all(isinstance(word, str) and word.strip() for word in value):
        return tuple(value)
    problems.append(f"{name}：应当是一列词，数字要加引号")
    return ()

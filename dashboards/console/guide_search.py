"""Finding a guide or recording while talking: by words, by parts of words, by first letters of the pinyin.

Pure. Nothing is ever found only because it is spelt exactly as in the text: 退休怎么办 finds 办退休、领养老金.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.console.initials import find_initials, initials
from ivr.content import SUBJECTS, Content, Guide, Piece, Recording
from voicemail.subjects import SubjectTree

MOST_FOUND = 20
SNIPPET_BEFORE, SNIPPET_AFTER = 8, 28
LONGEST_QUESTION = 60
# A question that shares less than this with a piece is about something else.
LEAST_SHARED = 0.3
_SENTENCE = re.compile(r"[^。？！]+[。？！]?")
_MARKS = re.compile(r"[\s，。、；：？！“”（）()《》·,.;:?!\"']+")


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and its lines, to be read at a glance."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece as it is searched. `key` is `guide/<id>` or `recording/<id>`."""

    key: str
    piece: Piece
    names: tuple[str, ...]
    letters: tuple[str, ...]
    body: str

    @property
    def subject_zh(self) -> str:
        return SUBJECTS.get(self.piece.subject, self.piece.subject)


@dataclass(frozen=True, slots=True)
class Hit:
    entry: Entry
    score: float
    snippet: str = ""


def parts_of(piece: Piece) -> tuple[Part, ...]:
    """What there is to read in a piece."""
    if isinstance(piece, Guide):
        return (
            Part("谁能办", piece.conditions),
            Part("要带什么", tuple(material.spoken() for material in piece.materials)),
            Part("怎么办", piece.steps),
            Part("多久办好，收不收费", (piece.time_limit, piece.fee)),
            Part("去哪里办，怎么问", (piece.counter, piece.online, piece.contact)),
        )
    text = piece.text if isinstance(piece, Recording) else ""
    return (Part("", tuple(_SENTENCE.findall(text))),)


def build_index(content: Content, tree: SubjectTree) -> tuple[Entry, ...]:
    """Every guide, then every recording; those that may not be played too, for a consultant must know why."""
    guides = (_entry(f"guide/{guide.id}", guide, tree) for guide in content.guides.values())
    recordings = (_entry(f"recording/{piece.id}", piece, tree) for piece in content.recordings.values())
    return (*guides, *recordings)


def _entry(key: str, piece: Piece, tree: SubjectTree) -> Entry:
    about = list(tree.about(key))
    names = (piece.title, *(subject.name for subject in about), *(word for s in about for word in s.keywords))
    body = "".join(line for part in parts_of(piece) for line in part.lines)
    return Entry(key, piece, tuple(map(_plain, names)), tuple(map(initials, names)), body)


def search(entries: Sequence[Entry], question: str) -> list[Hit]:
    """The best first; everything, in its own order, for an empty question."""
    wanted = [_plain(word) for word in _MARKS.split(question[:LONGEST_QUESTION]) if word]
    if not wanted:
        return [Hit(entry, 0.0) for entry in entries]
    rated = [(entry, [_score(entry, word) for word in wanted]) for entry in entries]
    whole = [(entry, scores) for entry, scores in rated if all(score for score, _ in scores)]
    some = [(entry, scores) for entry, scores in rated if any(score for score, _ in scores)]
    # A piece with all the words; with some of them only where none has all.
    found = [_hit(entry, scores) for entry, scores in whole or some]
    return sorted(found, key=lambda hit: -hit.score)[:MOST_FOUND]


def _hit(entry: Entry, scores: Sequence[tuple[float, str]]) -> Hit:
    return Hit(entry, sum(score for score, _ in scores), next((place for _, place in scores if place), ""))


def _score(entry: Entry, word: str) -> tuple[float, str]:
    """How well one word fits, and the place in the text when it is only there."""
    if word in entry.names[0]:
        return (10.0 if entry.names[0].startswith(word) else 9.0), ""
    if any(word in name for name in entry.names[1:]):
        return 7.0, ""
    if word.isascii() and word.isalpha():
        return _letters_score(entry, word), ""
    at = _plain(entry.body).find(word)
    if at >= 0:
        return 4.0, _snippet(entry.body, at, len(word))
    shared = max(_shared(word, name) for name in entry.names)
    return (3.0 * shared if shared >= LEAST_SHARED else 0.0), ""


def _letters_score(entry: Entry, word: str) -> float:
    places = [find_initials(word, letters) for letters in entry.letters]
    if places[0] >= 0:
        return 9.0 if places[0] == 0 else 8.0
    return 6.0 if any(place >= 0 for place in places) else 0.0


def _shared(word: str, name: str) -> float:
    """The share of the word's pairs of characters that stand in the name."""
    pairs = [word[at : at + 2] for at in range(len(word) - 1)]
    return sum(pair in name for pair in pairs) / len(pairs) if pairs else 0.0


def _snippet(body: str, at: int, length: int) -> str:
    start, end = max(0, at - SNIPPET_BEFORE), at + length + SNIPPET_AFTER
    return ("…" if start else "") + body[start:end] + ("…" if end < len(body) else "")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()

"""What keys 2 and 3 play: policy recordings and procedure guides, each with an owner, a source and an end date.

Expired or incomplete content is not played; `shelf` lists it with the reason, for its owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from ivr.words import cardinal

SUBJECTS = {
    "pension": "养老",
    "medical": "医保",
    "card": "社保卡",
    "employment": "就业失业",
    "labour": "劳动关系和工伤",
}
# An owner looks again this many days before the end.
EXPIRES_SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Track:
    """One piece that is played at a stretch."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What recordings and guides share. `problems` are sentences; a piece that has any is not played."""

    id: str
    title: str
    subject: str
    owner: str
    source: str
    reviewed: date
    valid_until: date
    file: str = ""
    problems: tuple[str, ...] = ()

    def is_playable(self, day: date) -> bool:
        return not self.problems and self.reviewed <= day <= self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording(Piece):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A paper to bring: what inspectors ask for is original or copy, how many, in which form."""

    name: str
    original: bool
    copies: int
    format: str
    note: str = ""

    def spoken(self) -> str:
        original = "要原件" if self.original else "不用原件"
        copies = f"复印件{self.copies}份" if self.copies else "不用复印件"
        form = {"纸质": "纸质的", "电子": "电子的", "纸质或电子": "纸质电子都行"}[self.format]
        return f"{self.name}，{original}，{copies}，{form}。{self.note}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide(Piece):
    conditions: tuple[str, ...]
    materials: tuple[Material, ...]
    steps: tuple[str, ...]
    time_limit: str
    fee: str
    counter: str
    online: str
    contact: str

    def tracks(self) -> tuple[Track, ...]:
        """The guide in five parts, each short enough to listen to."""
        papers = "".join(f"第{cardinal(n)}样，{m.spoken()}" for n, m in enumerate(self.materials, start=1))
        steps = "".join(f"第{cardinal(n)}步，{step}" for n, step in enumerate(self.steps, start=1))
        return (
            Track("conditions", "谁能办", "".join(self.conditions)),
            Track("materials", "要带什么", f"一共{len(self.materials)}样材料。{papers}"),
            Track("steps", "怎么办", steps),
            Track("time", "多久办好，收不收费", f"{self.time_limit}{self.fee}"),
            Track(
                "where",
                "去哪里办，怎么问",
                f"窗口是{self.counter}网上呢，{self.online}要问的话，{self.contact}",
            ),
        )


@dataclass(frozen=True)
class Content:
    """All content by its id. A content key is `recordings/<subject>`, `guides/<subject>` or `guide/<id>`."""

    recordings: Mapping[str, Recording] = field(default_factory=dict)
    guides: Mapping[str, Guide] = field(default_factory=dict)

    def has(self, key: str, day: date) -> bool:
        """Whether there is anything to play under this content key on this day."""
        return any(piece.is_playable(day) for piece in self._under(key))

    def knows(self, key: str) -> bool:
        """Whether there is any piece under this content key, be it expired or incomplete."""
        return any(True for _ in self._under(key))

    def pieces(self) -> tuple[str, ...]:
        """`guide/<id>` and `recording/<id>` of everything there is, be it playable or not."""
        return (*(f"guide/{name}" for name in self.guides), *(f"recording/{name}" for name in self.recordings))

    def _under(self, key: str) -> Iterator[Piece]:
        kind, _, name = key.partition("/")
        if kind == "guide":
            yield from (guide for guide in self.guides.values() if guide.id == name)
        shelves: dict[str, Mapping[str, Piece]] = {"recordings": self.recordings, "guides": self.guides}
        yield from (piece for piece in shelves.get(kind, {}).values() if name in ("", piece.subject))

    def tracks(self, key: str, day: date) -> tuple[Track, ...]:
        """What a list plays, in order; empty when nothing is valid that day."""
        kind, _, name = key.partition("/")
        if kind == "guide":
            return self.guides[name].tracks() if self.has(key, day) else ()
        found = (piece for piece in self._under(key) if isinstance(piece, Recording) and piece.is_playable(day))
        return tuple(Track(r.id, r.title, r.text) for r in found)

    def guides_on(self, subject: str, day: date) -> tuple[Guide, ...]:
        return tuple(g for g in self.guides.values() if g.subject == subject and g.is_playable(day))

    def shelf(self, day: date) -> list[tuple[Piece, str]]:
        """Every piece that is not played, or soon will not be, with the reason in words."""
        pieces: list[Piece] = [*self.recordings.values(), *self.guides.values()]
        return [(piece, reason) for piece in pieces if (reason := _reason(piece, day))]


def _reason(piece: Piece, day: date) -> str:
    if piece.problems:
        return "不播：" + ";".join(piece.problems)
    if day > piece.valid_until:
        return f"不播：{piece.valid_until}已到期"
    if day < piece.reviewed:
        return f"不播：审核日期{piece.reviewed}还没有到"
    if (piece.valid_until - day).days <= EXPIRES_SOON_DAYS:
        return f"快到期：{piece.valid_until}"
    return ""

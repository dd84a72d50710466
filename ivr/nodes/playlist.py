from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Node
from ivr.nodes import keys
from ivr.turn import Turn
from ivr.words import cardinal

NEXT, PREVIOUS = "1", "2"
# Enough to press a key after the piece, short enough not to make a listener wait for the next.
BETWEEN_SECONDS = 4


@dataclass(frozen=True, kw_only=True)
class PlaylistNode(Node):
    """Plays recordings, or the parts of a guide, one after the other: 1 next, 2 previous, 9 again, * back.

    What is played was chosen on the way here (`content` of an option). `intro` is said once, `heading` before each
    piece with {count} and {title}; `empty` and `end` are where the list leads when it has nothing, or no more.
    """

    kind: ClassVar[str] = "playlist"
    heading: str
    piece: str
    next_key: str
    previous_key: str
    other_keys: str
    end_words: str
    end: str
    empty: str
    intro: str = ""

    def enter(self, turn: Turn) -> str | None:
        session = turn.session
        tracks = turn.flow.content.tracks(session.content, turn.moment.today)
        if session.item >= len(tracks):
            return self._finish(turn, bool(tracks))
        keys.arrive(turn, self.id)
        track = tracks[session.item]
        if self.intro and session.item == 0:
            turn.say(self.intro, count=str(len(tracks)))
        before = turn.prompt_seconds()
        turn.say(self.heading, count=cardinal(session.item + 1), title=track.title)
        turn.say(self.piece, text=track.text)
        turn.starts_playing(turn.prompt_seconds() - before)
        if session.item + 1 < len(tracks):
            turn.say(self.next_key)
        if session.item > 0:
            turn.say(self.previous_key)
        turn.say(self.other_keys)
        turn.wait_for_keys(timeout=BETWEEN_SECONDS)
        return None

    def _finish(self, turn: Turn, had_tracks: bool) -> str:
        turn.session.item = 0
        if not had_tracks:
            return self.empty
        turn.say(self.end_words)
        if self.id in turn.session.trail:
            turn.session.trail.remove(self.id)
        return self.end

    def resume(self, turn: Turn) -> str:
        digits = keys.pressed(turn)
        if digits in (NEXT, PREVIOUS):
            turn.session.wrong_keys = 0
        if digits is None or digits == NEXT:
            turn.session.item += 1
            return self.id
        if digits == PREVIOUS:
            turn.session.item = max(0, turn.session.item - 1)
            return self.id
        return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.end, "end")
        yield Edge(self.empty, "empty")

    def passes(self) -> Iterable[str]:
        return (self.empty,)

    def prompt_ids(self) -> Iterable[str]:
        yield from (
            self.heading,
            self.piece,
            self.next_key,
            self.previous_key,
            self.other_keys,
            self.end_words,
        )
        if self.intro:
            yield self.intro

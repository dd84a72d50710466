from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.events import Spoke
from ivr.flow import Edge, Flow, Line, Node
from ivr.nodes import keys
from ivr.turn import Turn

ALL_KEYS = "1234567890*#"


@dataclass(frozen=True, slots=True)
class Option:
    """A key of a menu. It is spoken and works only while its feature is open, its content is there, `when` holds.

    `to` may be missing only while the feature has no room yet; `confirms` marks the key that agrees to a write.
    """

    key: str
    say: str = ""
    to: str = ""
    feature: str = ""
    content: str = ""
    when: tuple[str, ...] = ()
    confirms: bool = False
    line: int = 0

    def is_open(self, turn: Turn) -> bool:
        return (
            bool(self.to)
            and (not self.feature or turn.moment.is_open(self.feature))
            and (not self.content or turn.flow.content.has(self.content, turn.moment.today))
            and all(turn.is_true(condition) for condition in self.when)
        )


@dataclass(frozen=True, kw_only=True)
class MenuNode(Node):
    """Speaks its options and waits for one key.

    `slow` names the version for those who need it slower; `after` is said behind the options; `silence` leads
    somewhere else than the rule for silence does, for a question that has a natural answer. `voice` is where a voice
    leads, if it is listened for. `result`: what it says is what was asked for, and counts once it was heard.
    Example: {kind: menu, say: [welcome], options: [{key: "2", say: opt_2, feature: recordings, to: topics}]}
    """

    kind: ClassVar[str] = "menu"
    options: tuple[Option, ...]
    say: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()
    slow: str = ""
    silence: str = ""
    # Where * leads, when the way here is not the way back.
    back: str = ""
    voice: str = ""
    result: bool = False
    timeout: int = 5

    def enter(self, turn: Turn) -> str | None:
        if self.slow and turn.session.slow:
            return self.slow
        keys.arrive(turn, self.id)
        before = turn.prompt_seconds()
        self.lines(turn, self.say)
        if self.result:
            turn.starts_playing(turn.prompt_seconds() - before)
        for option in self.options:
            if option.say and option.is_open(turn):
                turn.say(option.say)
        self.lines(turn, self.after)
        turn.wait_for_keys(timeout=self.timeout, speech=bool(self.voice))
        return None

    def resume(self, turn: Turn) -> str:
        if self.voice and isinstance(turn.event, Spoke):
            return self.voice
        digits = keys.pressed(turn)
        if digits is None:
            return self.silence or keys.after_silence(turn, self.id, self.slow)
        for option in self.options:
            if option.key == digits:
                return self._choose(turn, option)
        if digits == keys.BACK and self.back:
            return self.back
        return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)

    def _choose(self, turn: Turn, option: Option) -> str:
        if not option.is_open(turn):
            if option.key == keys.HUMAN:
                # 0 asks for a person whether or not it is spoken; the truth is told there.
                return turn.flow.human
            return keys.wrong_key(turn, self.id, said="closed_key")
        turn.session.wrong_keys = 0
        turn.session.content = option.content or turn.session.content
        turn.session.item = 0
        return option.to

    def edges(self) -> Iterable[Edge]:
        for option in self.options:
            if option.to:
                yield Edge(option.to, option.say, option.key, option.confirms)
        for target in (self.slow, self.silence, self.back, self.voice):
            if target:
                yield Edge(target)

    def passes(self) -> Iterable[str]:
        return (self.slow,) if self.slow else ()

    def prompt_ids(self) -> Iterable[str]:
        yield from (line.prompt for line in (*self.say, *self.after))
        yield from (option.say for option in self.options if option.say)

    def problems(self, flow: Flow) -> Iterable[str]:
        seen: set[str] = set()
        for option in self.options:
            if option.key not in ALL_KEYS or len(option.key) != 1:
                yield f"第{option.line}行的键“{option.key}”电话上没有"
            if option.key in (keys.REPEAT, keys.BACK):
                yield f"键{option.key}到处都是重听和返回，不能安排别的"
            if option.key == keys.HUMAN and option.to not in ("", flow.human) and flow.human in flow.nodes:
                yield f"键0到处都是转人工，不能去“{option.to}”"
            if option.key in seen:
                yield f"键{option.key}安排了两次，选项比键多"
            seen.add(option.key)
            if not option.to and not option.feature:
                yield f"键{option.key}后面什么都没有"
        spoken = [option.key for option in self.options if option.say]
        if keys.HUMAN in spoken[1:]:
            yield "0 转人工要放在第一个念"
        if self.id in flow.tops and (not self.options or self.options[0].key != keys.HUMAN):
            yield "第一层菜单里没有把 0 转人工放在第一个"

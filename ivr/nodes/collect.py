from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from integrations.phone_numbers import is_dialable
from ivr.events import KeysPressed
from ivr.flow import Edge, Flow, Line, Node
from ivr.nodes import keys
from ivr.session import Session
from ivr.turn import Turn
from ivr.verbs import Gather
from ivr.words import spell_digits

# The first digit has 15 s (script section 4): a wait of 10 s, as between digits, and another of 5 s.
DIGIT_SECONDS, FIRST_DIGIT_EXTRA_SECONDS = 10, 5
RIGHT, AGAIN = "1", "2"


def is_id_number(digits: str) -> bool:
    """GB 11643: 17 digits with a real birth date and a check character, X keyed as *; the place code is not checked."""
    text = digits.replace("*", "X")
    if len(text) != 18 or not text[:17].isdigit():
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(d) * w for d, w in zip(text[:17], weights, strict=True)) % 11]
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return text[17] == check


def is_telephone(digits: str) -> bool:
    """A mainland mobile, or a landline with its area code, that a call can be placed to."""
    return digits.isdigit() and digits[0] in "01" and is_dialable(digits)


CHECKS = {"any": lambda digits: digits.isdigit(), "id_number": is_id_number, "telephone": is_telephone}


@dataclass(frozen=True, kw_only=True)
class CollectNode(Node):
    """Takes a number by keypad: length, terminator, check, read-back, a bounded number of tries.

    0, 9 and * are data while digits are entered, and no key is the call for help (`failed`). The number is kept as
    `private[store]`. With `readback` (uses {digits}) the caller agrees with 1 or enters it again with 2.
    Example: {kind: collect, say: [cb_new], min: 10, max: 12, check: telephone, readback: cb_readback,
    bad: cb_bad, store: callback_number, to: when, failed: human}
    """

    kind: ClassVar[str] = "collect"
    say: tuple[Line, ...]
    bad: str
    store: str
    to: str
    failed: str
    min: int = 1
    max: int = 20
    finish_on_key: str = ""
    check: str = "any"
    readback: str = ""
    retries: int = 3
    # Between two digits, and after the last.
    seconds: int = DIGIT_SECONDS

    def enter(self, turn: Turn) -> str | None:
        private = turn.session.private
        if self._candidate in private:
            turn.say(self.readback, private=True, digits=spell_digits(private[self._candidate]))
            turn.wait_for_keys(timeout=DIGIT_SECONDS)
            return None
        # After a wrong number only `bad` is said; entering it anew (2) or after trouble, what to enter is said again.
        if turn.session.tries == 0 or turn.is_silent or not isinstance(turn.event, KeysPressed):
            self.lines(turn, self.say)
        length = None if self.finish_on_key else self.max
        turn.wait_for_keys(length, self.seconds, self.finish_on_key)
        turn.verbs.append(Gather((), length, self.finish_on_key, FIRST_DIGIT_EXTRA_SECONDS))
        return None

    @property
    def _candidate(self) -> str:
        return f"?{self.store}"

    def is_entering(self, session: Session) -> bool:
        return self._candidate not in session.private

    def resume(self, turn: Turn) -> str:
        return self._number(turn) if self.is_entering(turn.session) else self._answer(turn)

    def _number(self, turn: Turn) -> str:
        if not isinstance(turn.event, KeysPressed):
            return self._again(turn, help_wanted=True)
        digits = turn.event.digits
        if not self.min <= len(digits) <= self.max or not CHECKS[self.check](digits):
            return self._again(turn, help_wanted=False)
        turn.session.private[self._candidate if self.readback else self.store] = digits
        return self.id if self.readback else self.to

    def _answer(self, turn: Turn) -> str:
        digits = keys.pressed(turn)
        if digits == AGAIN:
            del turn.session.private[self._candidate]
            return self.id
        if digits == RIGHT:
            turn.session.private[self.store] = turn.session.private.pop(self._candidate)
            return self.to
        if digits is not None:
            return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)
        return keys.after_silence(turn, self.id)

    def _again(self, turn: Turn, help_wanted: bool) -> str:
        turn.session.tries += 1
        if help_wanted or turn.session.tries >= self.retries:
            return self.failed
        turn.say(self.bad)
        return self.id

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to, "ok")
        yield Edge(self.failed, "failed")

    def prompt_ids(self) -> Iterable[str]:
        yield from (line.prompt for line in self.say)
        yield self.bad
        if self.readback:
            yield self.readback

    def problems(self, flow: Flow) -> Iterable[str]:
        if self.check not in CHECKS:
            yield f"check “{self.check}”不认识，可以用 {'、'.join(CHECKS)}"
        if not 1 <= self.min <= self.max:
            yield f"位数不对：最少{self.min}，最多{self.max}"
        if len(self.finish_on_key) > 1 or self.finish_on_key == "*":
            yield "finish_on_key 只能是一个键，星号键要留给 X"
        if self.readback and self.readback in flow.prompts and "{digits}" not in flow.prompts[self.readback].text:
            yield f"复述的话“{self.readback}”里没有 {{digits}}"

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from integrations.phone_numbers import is_dialable
from integrations.social_insurance.id_number import IdNumber, read_id
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


def id_problem(digits: str, today: date) -> str:
    """What is wrong with an ID number as it was keyed, * for X: "short", "bad_check", "fifteen", ...; "" is right."""
    found = read_id(digits, today)
    return "" if isinstance(found, IdNumber) else found.value


def is_telephone(digits: str) -> bool:
    """A mainland mobile, or a landline with its area code, that a call can be placed to."""
    return digits.isdigit() and digits[0] in "01" and is_dialable(digits)


def _wrong_unless(is_right: Callable[[str], bool]) -> Callable[[str, date], str]:
    return lambda digits, today: "" if is_right(digits) else "wrong"


# What is wrong with a number, in a word; "" for nothing.
CHECKS: dict[str, Callable[[str, date], str]] = {
    "any": _wrong_unless(str.isdigit),
    "id_number": id_problem,
    "telephone": _wrong_unless(is_telephone),
}


def wait_for_number(turn: Turn, length: int | None, seconds: int, finish_on_key: str = "") -> None:
    """End the document with a wait for digits, longer for the first of them."""
    turn.wait_for_keys(length, seconds, finish_on_key)
    turn.verbs.append(Gather((), length, finish_on_key, FIRST_DIGIT_EXTRA_SECONDS))


def number_keyed(turn: Turn) -> str | None:
    """What was keyed; None for no key at all. A # before or behind it is a habit from elsewhere, and no part of it."""
    return turn.event.digits.strip("#") if isinstance(turn.event, KeysPressed) else None


@dataclass(frozen=True, kw_only=True)
class CollectNode(Node):
    """Takes a number by keypad: length, terminator, check, read-back, a bounded number of tries.

    0, 9 and * are data while digits are entered, and no key is the call for help (`failed`). The number is kept as
    `private[store]`. With `readback` (uses {digits}) the caller agrees with 1 or enters it again with 2.
    `bad_by` has other words for a problem of that name (uses {count}, how many digits there were), `leave_by` another
    way on, without a second try.
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
    bad_by: Mapping[str, str] = field(default_factory=dict)
    leave_by: Mapping[str, str] = field(default_factory=dict)
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
        wait_for_number(turn, None if self.finish_on_key else self.max, self.seconds, self.finish_on_key)
        return None

    @property
    def _candidate(self) -> str:
        return f"?{self.store}"

    def is_entering(self, session: Session) -> bool:
        return self._candidate not in session.private

    def resume(self, turn: Turn) -> str:
        return self._number(turn) if self.is_entering(turn.session) else self._answer(turn)

    def _number(self, turn: Turn) -> str:
        digits = number_keyed(turn)
        if digits is None:
            return self._again(turn, help_wanted=True)
        problem = self._problem(digits, turn.moment.today)
        if problem:
            return self.leave_by.get(problem) or self._again(turn, help_wanted=False, problem=problem)
        if self.check == "id_number":
            digits = digits.replace("*", "X")
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

    def _problem(self, digits: str, today: date) -> str:
        problem = CHECKS[self.check](digits, today)
        if problem in self.leave_by or self.min <= len(digits) <= self.max:
            return problem
        return "short" if len(digits) < self.min else "long"

    def _again(self, turn: Turn, help_wanted: bool, problem: str = "") -> str:
        turn.session.tries += 1
        if help_wanted or turn.session.tries >= self.retries:
            return self.failed
        digits = number_keyed(turn) or ""
        turn.say(self.bad_by.get(problem, self.bad), count=str(len(digits)))
        return self.id

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to, "ok")
        yield Edge(self.failed, "failed")
        for problem, target in self.leave_by.items():
            yield Edge(target, problem)

    def prompt_ids(self) -> Iterable[str]:
        yield from (line.prompt for line in self.say)
        yield from (self.bad, *self.bad_by.values())
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

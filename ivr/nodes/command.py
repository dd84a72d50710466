from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivr.commands import CommandKind
from ivr.events import CommandAnswered, KeysPressed
from ivr.flow import Edge, Line, Node
from ivr.nodes import keys
from ivr.turn import Turn
from ivr.verbs import Gather, Pause

# While the answer is awaited the caller hears `waiting`, at most this often, then `late`.
WAIT_ROUNDS = 3
# A patient node comes back every second or two, speaks every third time, and gives up after some twenty seconds.
PATIENT_ROUNDS = 9


@dataclass(frozen=True, kw_only=True)
class CommandNode(Node):
    """Asks something of another system and goes where its answer leads: look-ups, the waiting line, writes.

    `waiting` is said when the answer takes longer than a moment; `late` is where the call goes when none came.
    `repeats` asks again instead of only waiting: for what is quick and harmless, and was lost with its process.
    `patient`: the answer may take long; the caller is told every few seconds that we are looking, and 0 leads out,
    unless the node `holds`: nobody leaves a write without having heard what came of it.
    Example: {kind: command, do: look_up, patient: true, waiting: wait, routes: {found: read, away: down}, late: down}
    """

    kind: ClassVar[str] = "command"
    do: str
    waiting: str
    routes: Mapping[str, str]
    late: str
    say: tuple[Line, ...] = ()
    repeats: bool = False
    patient: bool = False
    holds: bool = False
    arguments: Mapping[str, str] = field(default_factory=dict)

    def enter(self, turn: Turn) -> None:
        is_new = not turn.session.pending
        if is_new:
            self.lines(turn, self.say)
            turn.session.tries = 0
            turn.ask(self.do, dict(self.arguments), self.waiting if self.patient else "")
        if self.patient:
            if turn.session.tries % WAIT_ROUNDS == 0:
                turn.say(self.waiting)
            # Not a pause: who would rather have a person need not wait.
            turn.end_with(Gather((), 1, "", 1))
            return
        if not is_new:
            turn.say(self.waiting)
        turn.end_with(Pause(1))

    def resume(self, turn: Turn) -> str:
        event, session = turn.event, turn.session
        if isinstance(event, CommandAnswered) and event.command_id == session.pending:
            session.pending = ""
            session.words.update(event.words)
            session.private.update(event.private)
            return self.routes.get(event.answer, self.late)
        if self.patient and not self.holds and isinstance(event, KeysPressed) and event.digits == keys.HUMAN:
            session.pending = ""
            return turn.flow.human
        session.tries += 1
        rounds = PATIENT_ROUNDS if self.patient else WAIT_ROUNDS
        if session.tries > rounds or not session.pending:
            session.pending = ""
            return self.late
        if self.repeats:
            turn.ask(self.do, dict(self.arguments))
        return self.id

    def edges(self) -> Iterable[Edge]:
        for answer, target in self.routes.items():
            yield Edge(target, answer)
        yield Edge(self.late, "late")

    def prompt_ids(self) -> Iterable[str]:
        yield self.waiting
        yield from (line.prompt for line in self.say)

    def command_problems(self, known: Mapping[str, CommandKind]) -> Iterable[str]:
        """What is wrong with this request, given the commands that somebody performs."""
        kind = known.get(self.do)
        if kind is None:
            yield f"do “{self.do}”没有人办，能办的有：{'、'.join(known) or '(还没有)'}"
            return
        if kind.writes and self.repeats:
            yield f"do “{self.do}”会写到别的系统，不能写 repeats"
        if kind.takes_time and (self.repeats or not self.patient):
            yield f"do “{self.do}”要问业务系统，要写 patient: true，不能写 repeats"
        if kind.writes and kind.takes_time and not self.holds:
            yield f"do “{self.do}”会写到业务系统，要写 holds: true，等结果时按键不能离开"
        missing = [answer for answer in kind.answers if answer not in self.routes]
        if missing:
            yield f"缺少结果的去处：{'、'.join(missing)}"

"""How a call's commands are asked and answered: at once, or by a later webhook while the caller hears that we look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from integrations.social_insurance.contract import Kind
from integrations.social_insurance.registry import SocialInsurance
from integrations.social_insurance.systems_file import NotConnected, ReferTo
from ivr.asked import Action, Asked
from ivr.commands import Answer, Command, command_name
from ivr.events import CommandAnswered, Event, KeysPressed
from ivr.late_answers import LateAnswers
from ivr.moment import CLOSED, FREEZES, Moment
from ivr.nodes.keys import HUMAN
from ivr.session import Session
from ivr.verbs import Say

if TYPE_CHECKING:
    from ivr.service import Line, MakeEvent


class Asking:
    """Asks for the calls of one process."""

    def __init__(self, line: Line, actions: dict[str, Action]) -> None:
        self._line, self.actions = line, actions
        self._late = LateAnswers(line.services.live_store, line.services.sealer)

    def ask(self, call_sid: str, command: Command, session: Session) -> Answer | None:
        """The answer; None for one that takes longer than a caller should hear nothing."""
        line = self._line
        moment = line.almanac.moment(session.centre, line.services.now())
        flow = line.flow(session.centre, session.menu)
        asked = Asked(line.services, line.waiting, line.callbacks, call_sid, command, session, moment, flow)
        action = self.actions[command.name]
        if not action.kind.takes_time:
            return action.perform(asked)
        return self._late.ask(call_sid, command.id, lambda: action.perform(asked))

    def is_awaited(self, session: Session) -> bool:
        """Whether the call waits for an answer that takes its time."""
        action = self.actions.get(command_name(session.pending)) if session.pending else None
        return action is not None and action.kind.takes_time

    def event(self, call_sid: str, session: Session, make_event: MakeEvent) -> MakeEvent:
        """The answer that the call waits for, if it is there or comes soon; else what happened on the line.

        Who asks for a person while something is looked up gets one, whatever was found.
        """
        writes = self.actions[command_name(session.pending)].kind.writes

        def wanted(at: datetime, moment: Moment) -> Event:
            happened = make_event(at, moment)
            if isinstance(happened, KeysPressed) and happened.digits == HUMAN and not writes:
                return happened
            return happened if answer is None else answered(session.pending, answer)(at, moment)

        answer = self._late.collect(call_sid, session.pending)
        return wanted


def answered(command_id: str, answer: Answer, unsaid: tuple[Say, ...] = ()) -> MakeEvent:
    """The event by which an answer reaches the engine."""

    def make(at: datetime, moment: Moment) -> Event:
        return CommandAnswered(at, moment, command_id, answer.name, answer.words, unsaid, answer.private)

    return make


def answers_of(registry: SocialInsurance) -> Callable[[str], dict[str, str]]:
    """What can be looked up for a centre; see `Moment.answers`."""

    def answers(centre: str) -> dict[str, str]:
        found = {kind.value: _word(registry.for_centre(centre, kind)) for kind in Kind}
        return found | {FREEZES: "asks" if registry.takes_freezes(centre) else CLOSED}

    return answers


def _word(who: object) -> str:
    if isinstance(who, NotConnected):
        return CLOSED
    return "refer" if isinstance(who, ReferTo) else "asks"

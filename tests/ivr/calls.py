"""One call on a menu written inline: events go in, what the caller hears comes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from integrations.work_calendar import SHANGHAI
from ivr.check import example_moment
from ivr.events import CallStarted, Event, KeysPressed, Silence
from ivr.flow import Flow
from ivr.moment import Moment
from ivr.session import Caller, Session, Step, advance, start_session
from ivr.verbs import Gather, Say
from ivr.walk import spoken
from queueing.opening_hours import HoursState

TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


class Call:
    """A call that has rung; `step` is the newest document."""

    def __init__(
        self, flow: Flow, has_desk: bool = False, caller: Caller | None = None, state: HoursState = HoursState.OPEN
    ) -> None:
        self.flow = flow
        self.at = NOON
        self.moment: Moment = replace(example_moment(state, TODAY, has_desk), centre="340000")
        event = CallStarted(self.at, self.moment)
        self.step: Step = advance(flow, start_session("340000", event, caller or Caller()), event)

    @property
    def session(self) -> Session:
        return self.step.session

    @property
    def node(self) -> str:
        return self.session.node

    @property
    def heard(self) -> list[str]:
        """The names of the sentences of the newest document."""
        return [say.prompt for say in spoken(self.step.verbs)]

    @property
    def words(self) -> str:
        return "".join(say.text for say in spoken(self.step.verbs))

    @property
    def kinds(self) -> list[str]:
        return [type(verb).__name__ for verb in self.step.verbs]

    def gather(self) -> Gather:
        return next(verb for verb in self.step.verbs if isinstance(verb, Gather))

    def outside_the_gather(self) -> list[str]:
        return [verb.prompt for verb in self.step.verbs if isinstance(verb, Say)]

    def happens(self, kind: type[Event], *values: Any, after: float = 3.0) -> Call:
        self.at += timedelta(seconds=after)
        self.step = advance(self.flow, self.session, kind(self.at, self.moment, *values))
        return self

    def press(self, *keys: str, after: float = 3.0) -> Call:
        for digits in keys:
            self.happens(KeysPressed, digits, after=after)
        return self

    def silence(self) -> Call:
        return self.happens(Silence, after=6)

"""Our own calls to callers: what they hear when the telephone is picked up, by whomever or whatever it is.

The first webhook begins a call like any other. A machine is told later, at any step: it is believed until the caller
has agreed to talk. Repeated webhooks get the document that the first one got.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from integrations.work_calendar import in_shanghai
from ivr.callback_actions import CONFIRMED, FOUND
from ivr.callers import call_record, who_rings
from ivr.counters import WEBHOOKS
from ivr.events import CalledBack, Event
from ivr.moment import Moment
from ivr.pushes import CALLED
from ivr.ring import Ring
from ivr.session import Session, advance
from ivr.words import roughly
from queueing.callback_attempts import Answered

if TYPE_CHECKING:
    from ivr.service import Line

log = structlog.get_logger(__name__)
PERSON, MACHINE, LATE = "person", "machine", "late"
# What is being asked when the caller has just agreed: only a person presses keys.
AGREES = ("confirm_callback", "join_line")


class CallbackCalls:
    """The caller's side of a callback."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def answer(self, ring: Ring, attempt_id: str, is_machine: bool = False) -> str:
        """The document of a call that was picked up, or that turns out to be with a machine."""
        line = self._line
        with line.store() as store:
            first = store.reply(ring.call_sid, 1)
            if first is not None and not is_machine:
                WEBHOOKS.labels("called_back", "repeated").inc()
                return line.again(store, ring.call_sid, 1)
        if first is None:
            return self._begin(ring, attempt_id, is_machine)

        def event(at: datetime, moment: Moment) -> Event:
            return CalledBack(at, moment, attempt_id, MACHINE)

        return line.talks.push(ring, event, _is_settled)

    def _begin(self, ring: Ring, attempt_id: str, is_machine: bool) -> str:
        line, at = self._line, self._line.services.now()
        answered = line.callbacks.answered(attempt_id, ring.call_sid)
        centre = answered.callback.centre if answered else who_rings(line.keeper.library().centres, ring)[0]
        who = LATE if answered is None else MACHINE if is_machine else PERSON
        log.info("callback_picked_up", call_sid=ring.call_sid, attempt=attempt_id, centre=centre, who=who)
        event = CalledBack(at, line.almanac.moment(centre, at), attempt_id, who, _words(answered, at))
        session = Session(centre=centre, slow=answered.callback.is_slow if answered else False)
        step = advance(line.flow(centre), session, event)
        return line.begin(call_record(ring, centre, at, line.services.sealer), event, step)


def _words(answered: Answered | None, at: datetime) -> dict[str, str | None]:
    """When the caller rang us, where that is so: a consultant may book for somebody who did not."""
    if answered is None:
        return {}
    request = answered.callback
    rang = None if request.source == "desk" else roughly(in_shanghai(request.arrived_at), in_shanghai(at))
    return {FOUND: str(request.id), "asked_when": rang}


def _is_settled(session: Session, kind: str) -> bool:
    """Whether it is known already who has picked up: a machine, or somebody who wants to talk."""
    agreed = bool(session.words.get(CONFIRMED) or session.in_line_since or session.facts.get("offer"))
    return agreed or session.facts.get(CALLED) != PERSON or session.pending.startswith(AGREES)

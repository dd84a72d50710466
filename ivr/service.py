"""A call from first ring to ledger: read, advance, act, save if unchanged. Every loop here is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection

from integrations.services import Services
from integrations.telephony.urls import CarrierUrls
from ivr.actions import ACTIONS
from ivr.almanac import Almanac
from ivr.asked import Action
from ivr.asking import Asking, answered, answers_of
from ivr.call_status import is_final, rank
from ivr.callback_calls import CallbackCalls
from ivr.callers import call_record, who_rings
from ivr.counters import CALLS_ENDED, UNKNOWN_STATUSES, WEBHOOKS
from ivr.duty import DutyDesk
from ivr.events import CallStarted, Event, KeysPressed, Recovered
from ivr.flow import Flow
from ivr.good_copy import GoodCopy
from ivr.keeper import LibraryKeeper
from ivr.missed import MissedCalls
from ivr.moment import Moment
from ivr.outage import OutageJournal
from ivr.ring import OUTBOUND, Ring
from ivr.session import Session, Step, start_session
from ivr.session import advance as apply
from ivr.session_cache import SessionCache
from ivr.store import CARRIER, SWEEP, CallRecord, CallStore, StepRecord
from ivr.talks import Talks
from ivr.twiml import render
from ivr.verbs import Hangup, Say, Verb
from queueing.callbacks import Callbacks
from queueing.centre import PROVINCE
from queueing.line import WaitingLine
from queueing.seed import seed_centres

log = structlog.get_logger(__name__)
MakeEvent = Callable[[datetime, Moment], Event]
# Answers that follow each other without a word to the caller: look-ups behind look-ups.
MOST_COMMANDS = 5


class Line:
    """The hotline as its webhooks see it. Built once per process."""

    def __init__(self, services: Services, keeper: LibraryKeeper, actions: dict[str, Action] | None = None) -> None:
        self.services = services
        self.keeper = keeper
        self.duty = DutyDesk(services.database)
        self.almanac = Almanac(keeper.library, self.duty.board, answers_of(services.social_insurance))
        self.urls = CarrierUrls(services.settings.public_base_url)
        self.waiting = WaitingLine(services, lambda: keeper.library().centres)
        self.timetable = self.waiting.timetable
        self.callbacks = Callbacks(self.waiting)
        self.journal = OutageJournal(services.settings.var_dir / "outage", services.sealer)
        self.missed = MissedCalls(self)
        self.talks = Talks(self)
        self.callback_calls = CallbackCalls(self)
        self.asking = Asking(self, ACTIONS if actions is None else actions)
        self._cache = SessionCache()

    @classmethod
    def build(cls, services: Services) -> Line:
        """The line on an installation's own files, with their last good copy to fall back on."""
        settings = services.settings
        keeper = LibraryKeeper(
            settings.config_dir,
            services.now,
            GoodCopy(settings.var_dir / "good-menus"),
            # A call refers to its centre's row, so a new centre is entered before it can ring.
            accept=lambda library: seed_centres(services.database, library.centres),
        )
        return cls(services, keeper)

    def answer(self, ring: Ring) -> str:
        """The document for a call that has just rung; the same one for the same call again."""
        if ring.is_ours:
            # Nobody has asked us anything: a call of ours of which we know no more hears an apology.
            return self.callback_calls.answer(ring, "")
        at = self.services.now()
        centre, caller = who_rings(self.keeper.library().centres, ring)
        event = CallStarted(at, self.almanac.moment(centre, at))
        step = apply(self.flow(centre), start_session(centre, event, caller), event)
        return self.begin(call_record(ring, centre, at, self.services.sealer), event, step)

    def begin(self, record: CallRecord, event: Event, step: Step) -> str:
        """Enter a call with its first step; the document, the same one for the same call again."""
        with self.store() as store:
            is_new = store.start(record, StepRecord(event.kind, event.at, step.session, step.verbs))
            if not is_new:
                WEBHOOKS.labels(event.kind, "repeated").inc()
                return self.again(store, record.call_sid, 1)
        WEBHOOKS.labels(event.kind, "new").inc()
        hours = event.moment.hours.state.value
        log.info(event.kind, call_sid=record.call_sid, centre=record.centre, hours=hours)
        self._cache.remember(record.call_sid, step.session)
        return self.act(record.call_sid, step)

    def step(self, ring: Ring, turn: int, make_event: MakeEvent) -> str:
        """The document after an event in the document of `turn`; the same one for the same event again."""
        with self.store() as store:
            taken = self._take(store, ring.call_sid, turn, make_event)
        if isinstance(taken, Session):
            # It waits for an answer, and no connection of ours waits with it.
            event = self.asking.event(ring.call_sid, taken, make_event)
            with self.store() as store:
                taken = self._take(store, ring.call_sid, turn, event, may_wait=False)
        if taken is None:
            log.warning("call_begins_in_the_middle", call_sid=ring.call_sid, turn=turn)
            return self.answer(ring)
        return self.act(ring.call_sid, taken) if isinstance(taken, Step) else str(taken)

    def _take(
        self, store: CallStore, call_sid: str, turn: int, make_event: MakeEvent, may_wait: bool = True
    ) -> Step | Session | str | None:
        """The step, if this webhook is the first of its turn; else the document that the first one got.

        None for a call whose first ring never reached us: it begins here. The session of a call that waits for an
        answer which takes its time, if it `may_wait`.
        """
        remembered = self._cache.at_turn(call_sid, turn)
        if may_wait and remembered is not None and self.asking.is_awaited(remembered):
            return remembered
        if remembered is not None and (step := self.advance(store, call_sid, remembered, make_event)):
            return step
        session = store.read(call_sid)
        if session is None and store.reply(call_sid, 1) is None:
            return None
        if session is not None and session.turn == turn:
            if may_wait and self.asking.is_awaited(session):
                return session
            step = self.advance(store, call_sid, session, make_event)
            if step is not None:
                return step
        # A repeated or late webhook, another one of the same turn that was first, or a call that has ended.
        WEBHOOKS.labels("step", "repeated").inc()
        return self.again(store, call_sid, turn + 1)

    def advance(self, store: CallStore, call_sid: str, session: Session, make_event: MakeEvent) -> Step | None:
        """Apply an event to a session and save it; None when another webhook was first."""
        at = self.services.now()
        moment = self.almanac.moment(session.centre, at)
        event = make_event(at, moment)
        flow = self.flow(session.centre, session.menu)
        step = apply(flow, session, event)
        keys = _keys_to_keep(flow, session, event)
        if not store.save(call_sid, session, StepRecord(event.kind, at, step.session, step.verbs, keys)):
            self._cache.forget(call_sid)
            return None
        WEBHOOKS.labels(event.kind, "new").inc()
        self._cache.remember(call_sid, step.session)
        if step.session.centre != session.centre:
            log.info("call_handed_over", call_sid=call_sid, centre=session.centre, to=step.session.centre)
        return step

    def act(self, call_sid: str, step: Step) -> str:
        """Ask what the step asks for, outside any transaction, and go on with the answers."""
        for _ in range(MOST_COMMANDS):
            if not step.commands:
                break
            command = step.commands[0]
            answer = self.asking.ask(call_sid, command, step.session)
            if answer is None:
                # The caller hears that we are looking; the next webhook asks what has come of it.
                break
            said = tuple(verb for verb in step.verbs if isinstance(verb, Say) and verb.prompt != command.filler)
            with self.store() as store:
                following = self.advance(store, call_sid, step.session, answered(command.id, answer, said))
                has_ended = following is None and store.read(call_sid) is None
                if following is None:
                    document = self.again(store, call_sid, step.session.turn + 1)
            if has_ended:
                # It hung up while we asked: what was asked for may have made a place in the line.
                self.waiting.caller_gone(call_sid)
            if following is None:
                return document
            step = following
        return self._render(step.verbs, step.session.turn, call_sid)

    def recover(self, ring: Ring) -> str:
        """The document after an error of which nobody knows where it was: where the call is now."""
        with self.store() as store:
            session = store.read(ring.call_sid)
        return self.answer(ring) if session is None else self.step(ring, session.turn, Recovered)

    def note_status(self, ring: Ring, sequence: int | None) -> None:
        """Take in a status of the carrier; a final one ends the call. Never reopens anything."""
        at = self.services.now()
        if rank(ring.status) is None:
            UNKNOWN_STATUSES.inc()
            log.warning("unknown_status", call_sid=ring.call_sid, status=ring.status[:40])
        with self.store() as store:
            if not is_final(ring.status):
                store.note_status(ring.call_sid, ring.status, sequence, at)
                return
            self.enter_unseen(store, ring, at)
            outcome = store.end(ring.call_sid, ring.status, CARRIER, at, sequence)
        self._cache.forget(ring.call_sid)
        self.note_end(ring.call_sid, outcome, CARRIER, is_technical=ring.status == "failed")

    def end_outbound(self, call_sid: str, status: str) -> None:
        """The final status of a call that we made, which the carrier reports to the callback."""
        self.note_status(Ring(call_sid, "", "", status, OUTBOUND), None)

    def note_desk_answer(self, call_sid: str) -> None:
        """Somebody at the desk picked up."""
        with self.store() as store:
            store.note_desk_answer(call_sid, self.services.now())

    def close_silent(self, call_sid: str, silent_since: datetime) -> str | None:
        """End a call that nothing was heard of since then; its outcome, or None when it had ended or moved on."""
        with self.store() as store:
            now = self.services.now()
            outcome = store.end(call_sid, "swept", SWEEP, now, unless_heard_since=silent_since)
        self.note_end(call_sid, outcome, SWEEP, is_technical=True)
        return outcome

    @contextmanager
    def store(self) -> Iterator[CallStore]:
        """The rows of calls, on one of the webhooks' connections."""
        connection: Connection[Any]
        with self.services.database.pool.connection() as connection:
            yield CallStore(connection, self.services.sealer)

    def flow(self, centre: str, menu: str = "") -> Flow:
        """The menu of a centre as it is now."""
        return self.keeper.library().flow(centre, menu)

    def _render(self, verbs: tuple[Verb, ...], turn: int, call_sid: str) -> str:
        return render(verbs, self.urls, turn, call_sid)

    def again(self, store: CallStore, call_sid: str, turn: int) -> str:
        """The stored document of a turn; of the newest one when that turn never was."""
        turn = store.turn_given(call_sid, turn)
        verbs = store.reply(call_sid, turn)
        if verbs is None:
            session = store.read(call_sid)
            turn = session.turn if session else 0
            verbs = (store.reply(call_sid, turn) if session else None) or self._goodbye()
        return self._render(verbs, turn, call_sid)

    def _goodbye(self) -> tuple[Verb, ...]:
        """For a webhook of a call that is over: never a bare hang-up, should somebody still be listening."""
        return Say("goodbye", self.flow(PROVINCE).prompts["goodbye"].text), Hangup()

    def enter_unseen(self, store: CallStore, ring: Ring, at: datetime) -> None:
        """A call whose ring never reached the database is entered with no session, so that it ends as failed.

        Not one of ours: that the telephone rang in vain is kept with the callback.
        """
        if not ring.is_ours:
            centre, _ = who_rings(self.keeper.library().centres, ring)
            store.enter_without_session(call_record(ring, centre, at, self.services.sealer))

    def note_end(self, call_sid: str, outcome: str | None, reason: str, is_technical: bool = False) -> None:
        """A call has ended: nobody waits for it in the line any more, and no consultant is rung for it.

        `is_technical`: it was not the caller who ended it.
        """
        if outcome is None:
            return
        CALLS_ENDED.labels(outcome, reason).inc()
        log.info("call_ended", call_sid=call_sid, outcome=outcome, reason=reason)
        try:
            self.waiting.caller_gone(call_sid, is_technical=is_technical)
        except Exception:
            # The end is entered; the sweep finds whoever is still in the line.
            log.exception("line_not_told_of_end", call_sid=call_sid)


def _keys_to_keep(flow: Flow, session: Session, event: Event) -> str | None:
    """The keys of a menu; of a number that was being entered only how many digits it had."""
    if not isinstance(event, KeysPressed):
        return None
    node = flow.nodes.get(session.node)
    if len(event.digits) > 1 or (node is not None and node.is_entering(session)):
        return f"{len(event.digits)}位"
    return event.digits

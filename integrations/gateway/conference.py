"""A conference: who is in it, when it starts and ends, and what is told of it."""

from __future__ import annotations

import secrets

import structlog

from integrations.gateway.audio import beep
from integrations.gateway.conference_events import ConferenceEvents
from integrations.gateway.documents import DialConference
from integrations.gateway.exchange import Exchange
from integrations.gateway.mixer import Mixer
from integrations.gateway.participant import (
    ENDED_BY_MODERATOR,
    ENDED_FROM_OUTSIDE,
    HUNG_UP,
    TAKEN_OUT,
    CannotJoin,
    Participant,
)
from integrations.gateway.talk import Goto, Talk

log = structlog.get_logger(__name__)
BEEP_SECONDS, ENTER_HZ, EXIT_HZ = 0.25, 880.0, 587.0


class Conference:
    """Waits (`init`) for two participants and one that may start it; then all hear each other until it ends."""

    def __init__(self, exchange: Exchange, noun: DialConference) -> None:
        """The first to come decides the name, the size, and who is told."""
        self.sid = "CF" + secrets.token_hex(16)
        self.name = noun.name
        self.status = "init"
        self.created_at = self.updated_at = exchange.now()
        self.participants: dict[str, Participant] = {}
        self.reason_ended: str | None = None
        self.ended_by: str | None = None
        self._exchange = exchange
        self._most = noun.most
        self._mixer = Mixer(exchange.clock)
        self._events = ConferenceEvents(exchange, self.sid, noun)

    @property
    def is_over(self) -> bool:
        return self.status == "completed"

    def find(self, call_sid_or_label: str) -> Participant | None:
        for participant in self.participants.values():
            if call_sid_or_label in (participant.call_sid, participant.label or participant.call_sid):
                return participant
        return None

    def join(self, talk: Talk, noun: DialConference) -> Participant:
        """Let a call take part. Raises CannotJoin."""
        if len(self.participants) >= min(self._most, noun.most):
            raise CannotJoin("the conference is full")
        if noun.label and self.find(noun.label) is not None:
            raise CannotJoin("somebody of this label is in the conference")
        participant = Participant(talk, noun, self._exchange.now())
        self.participants[talk.sid] = participant
        self._tell("join", "participant-join", participant)
        self._mixer.add(participant.seat)
        if self.status == "init" and len(self.participants) > 1 and any(p.starts for p in self.participants.values()):
            self._move("in-progress")
            self._tell("start", "conference-start")
        if participant.beeps_on_enter:
            self._beep(ENTER_HZ)
        self._settle_all()
        return participant

    def leave(self, participant: Participant, why: str = HUNG_UP) -> None:
        """Take somebody out; nothing happens when it has left before."""
        if self.participants.pop(participant.call_sid, None) is None:
            return
        self._mixer.remove(participant.seat)
        participant.leave()
        self._tell("leave", "participant-leave", participant,
                   ReasonParticipantLeft=why, ParticipantCallStatus=participant.call_status)  # fmt: skip
        if self.is_over:
            return
        was_kicked = why == TAKEN_OUT
        if participant.ends:
            how = "kicked" if was_kicked else "left"
            self._end(f"participant-with-end-conference-on-exit-{how}", ENDED_BY_MODERATOR, participant)
        elif not self.participants:
            self._end("last-participant-kicked" if was_kicked else "last-participant-left", why, participant)
        elif participant.beeps_on_exit:
            self._beep(EXIT_HZ)

    def end(self) -> None:
        """By order of the hotline: everybody goes on with what comes after."""
        if not self.is_over:
            self._end("conference-ended-via-api", ENDED_FROM_OUTSIDE)

    def kick(self, participant: Participant) -> None:
        self.leave(participant, TAKEN_OUT)

    def hold(self, participant: Participant, music: Goto | None) -> None:
        """Apart from the others, with music or in silence; held already, only the music changes."""
        was_held = participant.is_held
        participant.hold(self._with_name(music) if music is not None else None)
        self._changed(participant)
        if not was_held:
            self._tell("hold", "participant-hold", participant)

    def unhold(self, participant: Participant) -> None:
        if participant.is_held:
            participant.unhold()
            self._changed(participant)
            self._tell("hold", "participant-unhold", participant)

    def mute(self, participant: Participant, is_muted: bool) -> None:
        if participant.is_muted != is_muted:
            participant.is_muted = is_muted
            self._changed(participant)
            self._tell("mute", "participant-mute" if is_muted else "participant-unmute", participant)

    def modify(self, participant: Participant, ends: bool | None, beeps_on_exit: bool | None) -> None:
        """Whether the conference ends with it, and whether its going is heard; None leaves it as it is."""
        before = (participant.ends, participant.beeps_on_exit)
        participant.ends = before[0] if ends is None else ends
        participant.beeps_on_exit = before[1] if beeps_on_exit is None else beeps_on_exit
        if before != (participant.ends, participant.beeps_on_exit):
            self._changed(participant)
            self._tell("modify", "participant-modify", participant)

    def announce(self, participant: Participant, goto: Goto) -> None:
        """Let one hear something; the others do not."""

        def over() -> None:
            if not participant.left.is_set():
                self._settle(participant)
            self._tell("announcement", "announcement-end", participant, AnnounceUrl=goto.url)

        participant.announce(self._with_name(goto), over)

    def _end(self, reason: str, why: str, by: Participant | None = None) -> None:
        self.reason_ended, self.ended_by = reason, by.call_sid if by is not None else None
        self._move("completed")
        for other in list(self.participants.values()):
            self.leave(other, why)
        label = {"ParticipantLabelEndingConference": by.label} if by is not None and by.label else {}
        who = {"CallSidEndingConference": by.call_sid, **label} if by is not None else {}
        self._tell("end", "conference-end", None, ReasonConferenceEnded=reason, Reason=reason, **who)

    def _changed(self, participant: Participant) -> None:
        participant.updated_at = self._exchange.now()
        self._settle(participant)

    def _settle_all(self) -> None:
        for participant in self.participants.values():
            self._settle(participant)

    def _settle(self, participant: Participant) -> None:
        participant.settle(self.status == "in-progress")

    def _beep(self, hz: float) -> None:
        if self.status == "in-progress":
            self._mixer.play(beep(BEEP_SECONDS, hz))

    def _move(self, status: str) -> None:
        log.info("conference_moved", conference_sid=self.sid, move=f"{self.status} -> {status}")
        self.status, self.updated_at = status, self._exchange.now()

    def _tell(self, event: str, name: str, participant: Participant | None = None, **more: str) -> None:
        self._events.tell(event, name, {**(participant.facts() if participant is not None else {}), **more})

    def _with_name(self, goto: Goto) -> Goto:
        return Goto(goto.url, goto.method, {"ConferenceSid": self.sid, "FriendlyName": self.name})

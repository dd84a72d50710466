"""One call's part in a conference: what it may do there, what it hears meanwhile, and why it left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from integrations.gateway.documents import DialConference
from integrations.gateway.mixer import Seat
from integrations.gateway.music import Music
from integrations.gateway.talk import Goto, Talk

# Why somebody left, in the carrier's words.
HUNG_UP, TAKEN_OUT = "participant_hung_up", "participant_updated_via_api"
ENDED_FROM_OUTSIDE, ENDED_BY_MODERATOR = "conference_ended_via_api", "moderator_ended_conference"


class CannotJoin(Exception):
    """The conference is full, or has somebody of this label."""


class Participant:
    """`left` is set once it is no longer part of the conference, by whatever way."""

    def __init__(self, talk: Talk, noun: DialConference, now: datetime) -> None:
        self.call_sid = talk.sid
        self.label = noun.label
        self.starts, self.ends = noun.starts, noun.ends
        self.beeps_on_enter = noun.beep in ("true", "onEnter")
        self.beeps_on_exit = noun.beep in ("true", "onExit")
        self.is_muted = noun.is_muted
        self.is_held = False
        self.joined_at = self.updated_at = now
        self.left = asyncio.Event()
        self.seat = Seat(talk.leg)
        self._talk = talk
        self._wait = Goto(noun.wait_url, noun.wait_method) if noun.wait_url else None
        self._hold: Goto | None = None
        self._music: Music | None = None
        self._announcement: Music | None = None

    def facts(self) -> dict[str, str]:
        """Its part of every report."""
        flags = {
            "Muted": self.is_muted,
            "Hold": self.is_held,
            "Coaching": False,
            "StartConferenceOnEnter": self.starts,
            "EndConferenceOnExit": self.ends,
        }
        label = {"ParticipantLabel": self.label} if self.label else {}
        return {"CallSid": self.call_sid, **label, **{name: str(flag).lower() for name, flag in flags.items()}}

    @property
    def call_status(self) -> str:
        return self._talk.facts()["CallStatus"]

    def hold(self, music: Goto | None) -> None:
        """Away from the others: nobody hears it, and it hears the music, or nothing."""
        self.is_held, self._hold = True, music

    def unhold(self) -> None:
        self.is_held, self._hold = False, None

    def announce(self, goto: Goto, over: Callable[[], None]) -> None:
        """Something for this one alone; the others are heard again afterwards. Then `over` is told."""
        self._silence()
        self.seat.hears = False
        self._announcement = Music(self._talk, goto, over, is_once=True)

    def settle(self, is_started: bool) -> None:
        """Speak, hear and be entertained as befits the conference as it is now."""
        is_in = is_started and not self.is_held
        self.seat.speaks = is_in and not self.is_muted
        is_announced_to = self._announcement is not None and not self._announcement.is_over
        self.seat.hears = is_in and not is_announced_to
        wanted = self._hold if self.is_held else None if is_started else self._wait
        if not is_announced_to and (self._music.goto if self._music is not None else None) != wanted:
            self._silence()
            self._music = Music(self._talk, wanted) if wanted is not None else None

    def leave(self) -> None:
        self._silence()
        self.left.set()

    def _silence(self) -> None:
        for music in (self._music, self._announcement):
            if music is not None:
                music.stop()
        self._music = self._announcement = None

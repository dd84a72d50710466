"""How every random walk ends: everybody goes home, nothing fails any more, and every request comes to its own end."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from queueing.agent import IllegalMove
from queueing.desk import NotNow
from tests.queueing.callback_deeds import Report
from tests.queueing.callback_walk_stage import WalkStage, Wrong
from tests.queueing.carrier_in_hand import Leg
from tests.queueing.mortal import take_away

MOST_ROUNDS = 80
# The carrier is asked to hang up at once, and again when that failed.
HUNG_UP_WITHIN = timedelta(seconds=15)
_CALLED_OFF = """
SELECT id, ended_at FROM callback_attempt WHERE result IN ('cancelled', 'joined', 'carrier')
"""
_CONFIRMED = "SELECT call_sid FROM callback_attempt WHERE status = 'confirmed'"
_OPEN = "SELECT count(*) FROM callback WHERE ended_at IS NULL"


class WalkEnd(WalkStage):
    """Callers answer now and then, and the carrier mostly tells what it did."""

    def come_to_an_end(self) -> None:
        """Everybody goes home and nothing fails any more: then every request must come to its own end."""
        self.journal.append("the end begins")
        take_away(self.services.live_store, False)
        self.carrier.state.faults.clear()
        for call in list(self.calls):
            self.carrier.set_status(call, "completed")
            self.line.caller_gone(call)
        for _ in range(MOST_ROUNDS):
            self._round()
            self.prove_empty(self.proof.contradictions())
            if self.rows(_OPEN) == [(0,)]:
                break
        else:
            raise Wrong(self.told(f"still open: {self.rows('SELECT * FROM callback WHERE ended_at IS NULL')}"))
        self._all_is_quiet()
        reasons = self.rows("SELECT end_reason, count(*) FROM callback GROUP BY 1")
        self.ended.update({str(reason): int(count) for reason, count in reasons})

    def _round(self) -> None:
        due = self.next_due()
        self.passes(max((due - self.at).total_seconds() + 0.1, 16.0) if due else 61.0)
        for seat in self.seats:
            self._man(seat)
        for (callback_id,) in self.rows("SELECT id FROM callback WHERE status = 'scheduled'"):
            # Whom no worker wakes, the dispatchers do.
            if self.chance.random() < 0.5:
                self.callbacks.wake(callback_id)
        self.work()
        called_off = self._called_off()
        for leg in self.callers_legs():
            if self.carrier.status(leg.sid) in ("queued", "ringing") and self.chance.random() < 0.5:
                self._talk(leg)
        for leg in list(self.carrier.legs.values()):
            # Those are the hotline's to end.
            if self.carrier.is_live(leg.sid) and leg.owner not in called_off:
                status = self.carrier.status(leg.sid)
                self._end_leg(leg.sid, "completed" if status == "in-progress" else "no-answer")
        self.journal.append(f"{self.at:%d. %H:%M:%S} round: {self.proof.going_on()}")

    def _called_off(self) -> set[str]:
        """Attempts that the hotline itself has ended; none of them may still ring or talk a while later."""
        ended = dict(self.rows(_CALLED_OFF))
        late = {
            sid: str(ended[leg.owner])
            for sid, leg in self.carrier.legs.items()
            if leg.owner in ended and self.carrier.is_live(sid) and ended[leg.owner] < self.at - HUNG_UP_WITHIN
        }
        self.prove_empty(late)
        # The ledger closes calls of which nothing is heard any more, and with them their places.
        for (sid,) in self.rows(_CONFIRMED):
            if not self.carrier.is_live(sid):
                self.line.caller_gone(sid, is_technical=self.chance.random() < 0.5)
        return set(ended)

    def _talk(self, leg: Leg) -> None:
        """The caller answers and agrees; the consultant who is rung for that talks, and is done."""
        self.carrier.set_status(leg.sid, "in-progress")
        self.deliver(Report(leg.sid, "in-progress"))
        if not self.confirm(leg):
            return
        self.work()
        for other in list(self.carrier.legs.values()):
            if not other.is_callers and self.carrier.is_live(other.sid):
                self.carrier.set_status(other.sid, "in-progress")
                self.deliver(Report(other.sid, "in-progress"))
        self.work()
        for call, url in self.carrier.sent:
            self.ask_for(call, url)
        self.carrier.sent.clear()
        for seat in self.seats:
            with suppress(IllegalMove, NotNow):
                self.desk.hang_up(seat, self.offer_at(seat))
        self.journal.append(f"{self.at:%d. %H:%M:%S} {leg.to[-4:]} has answered")

    def _end_leg(self, leg: str, status: str) -> None:
        """The call is over, which the carrier mostly tells; else it has to be asked."""
        self.carrier.set_status(leg, status)
        told = [one for one in self.reports if one.leg == leg] + [Report(leg, status)] * 2
        self.chance.shuffle(told)
        for report in told if self.chance.random() < 0.8 else ():
            self.deliver(report)
        self.reports = [one for one in self.reports if one.leg != leg]

    def _man(self, seat: int) -> None:
        (state,) = self.rows("SELECT state FROM agent WHERE id = %s", seat)[0]
        if state in ("away", "break"):
            self.desk.ready(seat)
        elif state == "wrap_up":
            self.desk.finish_wrap_up(seat)
        elif state == "logged_out":
            self.desk.sign_in(seat)

    def _all_is_quiet(self) -> None:
        """Nothing is on its way, nobody is reserved, no telephone rings or talks."""
        for _ in range(2):
            self.passes(61.0)
            self.work()
        self.prove_empty(self.proof.contradictions())
        self.prove_empty(self.proof.going_on())
        live = {sid: leg.to for sid, leg in self.carrier.legs.items() if self.carrier.is_live(sid)}
        self.prove_empty(live)
        states = {state for (state,) in self.rows("SELECT state FROM agent")}
        self.prove_empty(states - {"available", "away", "wrap_up"})
        self.prove_empty(self.carrier.state.violations)

"""What callers, consultants and the carrier may do to callbacks, each chosen by chance and told in words.

A deed is chosen first and done afterwards, so that it can be done by a process that dies, or with others at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.services import Services
from queueing.agent import IllegalMove
from queueing.callback_booking import Number
from queueing.callbacks import Asking, Callbacks, CallbackView
from queueing.centre import Centre
from queueing.desk import AgentDesk, NotNow
from queueing.entries import Joining
from queueing.line import WaitingLine
from queueing.webhooks import note_leg_status, note_machine
from tests.queueing.carrier_in_hand import CarrierInHand, Leg
from tests.queueing.line_scene import HEFEI

PHONES = tuple(f"+861385511{number:04d}" for number in range(4))
SKILLS = ("", "", "pension")
ON_THE_LINE = ("free", "next", "position_and_time", "time_only", "unsure", "longer")
FINAL = ("completed", "busy", "no-answer", "failed", "canceled")
Deed = tuple[str, Callable[[], Any]]


@dataclass
class Report:
    """A word of the carrier about a call, which may come late, twice, or never."""

    leg: str
    status: str


@dataclass
class Deeds:
    """Every method chooses something that can be done now, or None."""

    services: Services
    centres: dict[str, Centre]
    carrier: CarrierInHand
    chance: random.Random
    seats: list[int] = field(default_factory=list)
    # The calls that callers have made, each with its telephone; those that the carrier still has to report.
    calls: dict[str, str] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = WaitingLine(self.services, lambda: self.centres)
        self.callbacks = Callbacks(self.line)
        self.desk = AgentDesk(self.line)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Asked by the test itself, which never dies."""
        raise NotImplementedError

    # callers

    def ring_in(self) -> Deed | None:
        phone = self.free_phone()
        if phone is None:
            return None
        call, skill = self.carrier.rings_in(phone), self.chance.choice(SKILLS)
        self.calls[call] = phone
        joining = self.joining(call, skill)
        found = self.callbacks.of_caller(joining.caller_hash or b"", HEFEI)
        if found is not None and self.chance.random() < 0.7:
            return f"{phone[-2:]} comes for callback {found.id}", lambda: self._come(found, joining)
        return f"{phone[-2:]} rings in for {skill!r}", lambda: self.line.join(joining, is_staffed=True)

    def _come(self, found: CallbackView, joining: Joining) -> None:
        look = self.callbacks.come(found.id, joining, is_staffed=True)
        view = self.callbacks.view(found.id)
        if look.kind in ON_THE_LINE and found.status != "live":
            # Never rung beside that. One whom we are just talking to by another call may be.
            is_in_line = self.rows("SELECT 1 FROM queue_entry WHERE call_sid = %s", joining.call_sid)
            assert is_in_line and view is not None and view.status in ("ended", "live"), (look, view)

    def joining(self, call: str, skill: str = "") -> Joining:
        known = Number.of(self.calls[call], self.services.sealer)
        return Joining(
            call,
            HEFEI,
            skill=skill,
            caller_hash=known.hash,
            caller_tail=known.tail,
            caller_region=known.region,
            caller_sealed=known.sealed,
        )

    def free_phone(self) -> str | None:
        busy = {phone for call, phone in self.calls.items() if self.carrier.is_live(call)}
        busy |= {leg.to for leg in self.callers_legs() if self.carrier.status(leg.sid) == "in-progress"}
        free = [phone for phone in PHONES if phone not in busy]
        return self.chance.choice(free) if free else None

    def book(self) -> Deed | None:
        call = self.some_call()
        slot = self.some_slot()
        if call is None:
            return self._book_by_menu(slot)
        asking = self.asking(call, "line", self.calls.get(call) or self.carrier.legs[call].to)
        return f"call {call[-4:]} books at {slot}", lambda: self.callbacks.book(asking, slot)

    def _book_by_menu(self, slot: datetime | None) -> Deed | None:
        phone = self.free_phone()
        if phone is None:
            return None
        call = f"CAmenu{self.chance.getrandbits(64):x}"
        asking = self.asking(call, self.chance.choice(["menu", "limit"]), phone, self.chance.choice(SKILLS))
        return f"{phone[-2:]} books by the menu at {slot}", lambda: self.callbacks.book(asking, slot)

    def desk_books(self) -> Deed:
        phone, slot = self.chance.choice(PHONES), self.some_slot()
        asking = Asking("", HEFEI, "desk", number=phone, owner_id=self.chance.choice(self.seats), note="材料")
        return f"the desk books {phone[-2:]} at {slot}", lambda: self.callbacks.book(asking, slot)

    def asking(self, call: str, source: str, number: str, skill: str = "") -> Asking:
        return Asking(call, HEFEI, source, number=number, skill=skill, caller_hash=self.callbacks.fingerprint(number))

    def want(self) -> Deed | None:
        call = self.some_call()
        return (f"call {call[-4:]} wants to be rung", lambda: self.callbacks.want(call)) if call else None

    def look(self) -> Deed | None:
        call = self.some_call()
        return (f"call {call[-4:]} looks", lambda: self.line.look(call, is_staffed=True)) if call else None

    def leave(self) -> Deed | None:
        call = self.some_call()
        return (f"call {call[-4:]} leaves by key", lambda: self.line.leave(call)) if call else None

    def hang_up(self) -> Deed | None:
        call = self.some_call()
        is_technical = self.chance.random() < 0.15
        if call is None:
            return None

        def go() -> None:
            self.carrier.set_status(call, "failed" if is_technical else "completed")
            if call in self.carrier.legs:
                self.reports.append(Report(call, "completed"))
            if self.chance.random() < 0.8:
                self.line.caller_gone(call, is_technical)

        return f"call {call[-4:]} {'breaks off' if is_technical else 'hangs up'}", go

    def some_call(self) -> str | None:
        """Somebody on the line, whoever rang whom."""
        legs = [leg.sid for leg in self.callers_legs() if self.carrier.status(leg.sid) == "in-progress"]
        found = [call for call in self.calls if self.carrier.is_live(call)] + legs
        return self.chance.choice(found) if found else None

    def some_slot(self) -> datetime | None:
        slots = self.callbacks.slots(HEFEI)
        if not slots or self.chance.random() < 0.5:
            return None
        return self.chance.choice(slots).since + self.chance.choice([timedelta(0)] * 9 + [timedelta(minutes=1)])

    # requests

    def cancel(self) -> Deed | None:
        by = self.chance.choice(["caller", "hefei01"])

        def go(callback_id: int) -> None:
            done = self.callbacks.cancel(callback_id, by=by)
            view = self.callbacks.view(callback_id)
            assert view is not None and (done != "cancelled" or view.status == "ended"), (done, view)

        return self._on_some_request(f"cancelled by {by}", go)

    def postpone(self) -> Deed | None:
        slot = self.some_slot() or self.services.now()
        return self._on_some_request(f"postponed to {slot}", lambda one: self.callbacks.postpone(one, slot))

    def call_now(self) -> Deed | None:
        return self._on_some_request("to be called now", lambda one: self.callbacks.call_now(one, by="hefei01"))

    def clear(self) -> Deed | None:
        return self._on_some_request("cleared", lambda one: self.callbacks.clear(one, "banzhang", "已联系上"))

    def wake(self) -> Deed | None:
        """A worker's job, as often as one likes."""
        return self._on_some_request("woken", self.callbacks.wake)

    def _on_some_request(self, words: str, act: Callable[[int], Any]) -> Deed | None:
        found = self.rows("SELECT id FROM callback ORDER BY ended_at IS NOT NULL, id DESC LIMIT 6")
        if not found:
            return None
        callback_id = int(self.chance.choice(found)[0])
        return f"callback {callback_id} {words}", lambda: act(callback_id)

    # the telephones that are rung

    def callers_legs(self) -> list[Leg]:
        return [leg for leg in list(self.carrier.legs.values()) if leg.is_callers]

    def leg_goes_on(self) -> Deed | None:
        live = [leg for leg in list(self.carrier.legs.values()) if self.carrier.is_live(leg.sid)]
        if not live:
            return None
        leg = self.chance.choice(live)
        status = self._next_of(leg)
        return f"leg {leg.sid[-4:]} of {leg.to[-4:]}: {status}", lambda: self.leg_is(leg, status)

    def _next_of(self, leg: Leg) -> str:
        if not leg.is_told:
            return "initiated"
        match self.carrier.status(leg.sid):
            case "queued":
                return self.chance.choice(["ringing"] * 6 + ["busy", "busy", "failed", "canceled", ""])
            case "ringing":
                return self.chance.choice(["in-progress"] * 5 + ["no-answer", "busy"])
        return "completed"

    def leg_is(self, leg: Leg, status: str) -> None:
        """The carrier's call goes on, and it says so; perhaps later, perhaps not at all."""
        if status == "initiated":
            leg.is_told = True
        else:
            # Some engines have no word for engaged.
            self.carrier.set_status(leg.sid, status or "busy")
        report = Report(leg.sid, status)
        if self.chance.random() < 0.6:
            self.deliver(report)
        elif self.chance.random() < 0.8:
            self.reports.append(report)

    def report(self) -> Deed | None:
        """One that is late, or comes again."""
        if not self.reports:
            return None
        report = self.chance.choice(self.reports)
        if self.chance.random() < 0.6:
            self.reports.remove(report)
        return f"reported: leg {report.leg[-4:]} {report.status!r}", lambda: self.deliver(report)

    def deliver(self, report: Report) -> None:
        leg = self.carrier.legs[report.leg]
        if not leg.is_callers:
            note_leg_status(self.line, leg.owner, leg.sid, report.status)
            if report.status == "in-progress":
                self.line.accept(leg.owner, leg.sid)
            return
        self.callbacks.note_status(leg.owner, leg.sid, report.status)
        if report.status in FINAL:
            # What the ledger does with the end of every call.
            self.line.caller_gone(leg.sid, is_technical=report.status == "failed")

    def caller_says(self) -> Deed | None:
        """Whoever, or whatever, has picked up hears the question; now and then long after it is over."""
        legs = self.callers_legs()
        talking = [leg for leg in legs if self.carrier.status(leg.sid) == "in-progress"]
        if not legs or (not talking and self.chance.random() < 0.8):
            return None
        leg = self.chance.choice(talking or legs)
        answers: dict[str, Callable[[], Any]] = {
            "1": lambda: self.confirm(leg),
            "2": lambda: self.callbacks.later(leg.owner, slot),
            "3": lambda: self.callbacks.wrong_number(leg.owner),
            "nothing": lambda: self.callbacks.machine(leg.owner, is_sure=False),
            "beep": lambda: note_machine(self.callbacks, leg.owner),
        }
        slot = self.some_slot() or self.services.now()
        said = self.chance.choice(["1"] * 12 + list(answers))
        return f"leg {leg.sid[-4:]} says {said}", answers[said]

    def confirm(self, leg: Leg) -> bool:
        if self.callbacks.answered(leg.owner, leg.sid) is None:
            return False
        is_confirmed = self.callbacks.confirm(leg.owner, leg.sid)
        status = self.rows("SELECT status FROM callback_attempt WHERE id = %s", leg.owner)[0][0]
        assert not is_confirmed or status in ("confirmed", "ended"), status
        return is_confirmed

    def sent_elsewhere(self) -> Deed | None:
        """A call that was sent to another document asks for it, once or twice."""
        if not self.carrier.sent:
            return None
        call, url = self.chance.choice(self.carrier.sent)
        if self.chance.random() < 0.7:
            self.carrier.sent.remove((call, url))
        return f"call {call[-4:]} asks for {urlsplit(url).path}", lambda: self.ask_for(call, url)

    def ask_for(self, call: str, url: str) -> None:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        if not self.carrier.is_live(call):
            return
        if urlsplit(url).path == "/ivr/connect":
            self.line.connect(asked["offer"], call)
        elif "attempt" in asked:
            self.callbacks.machine(asked["attempt"], is_sure=True)

    # consultants

    def consultant(self) -> Deed:
        seat = self.chance.choice(self.seats)
        offer = self.offer_at(seat)
        deeds: dict[str, Callable[[], Any]] = {
            "hangs up": lambda: self.desk.hang_up(seat, offer),
            "rejects": lambda: self.desk.reject(seat, offer),
            "is ready": lambda: self.desk.ready(seat),
            "is done": lambda: self.desk.finish_wrap_up(seat),
            "takes a break": lambda: self.desk.take_break(seat, "short"),
            "transfers": lambda: self.desk.transfer(seat, offer, HEFEI),
            "puts down": lambda: self.put_down(offer),
        }
        weights = {"takes a break": 1, "rejects": 1, "transfers": 1, "puts down": 1}
        words = self.chance.choices(list(deeds), [weights.get(name, 4) for name in deeds])[0]

        def go() -> None:
            with suppress(IllegalMove, NotNow):
                deeds[words]()

        return f"seat {seat} {words}", go

    def offer_at(self, seat: int) -> str:
        found = self.rows("SELECT id FROM offer WHERE agent_id = %s AND ended_at IS NULL", seat)
        return str(found[0][0]) if found else ""

    def put_down(self, offer: str) -> None:
        """The consultant's telephone is gone."""
        for leg in list(self.carrier.legs.values()):
            if leg.owner == offer and not leg.is_callers:
                self.leg_is(leg, "completed")

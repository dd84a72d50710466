"""The desk of a consultant as JSON: the same object for the page's own questions and for the event stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dashboards.console.callback_rings import CALLING_BACK_ZH, RingRow, ring_json
from dashboards.console.callers import CallerFacts, Callers
from dashboards.console.desk_rows import AgentRow, DeskRows, LineRow, OfferRow, read_desks
from dashboards.console.figures import figures_of
from dashboards.console.identities import Identities, identity_json
from ivr.library import Library
from ivr.service import Line
from queueing.agent import NAMES_ZH, REASONS_ZH, RESERVED, WRAP_UP
from queueing.offer import OPEN
from queueing.offers import HEARTBEAT_SECONDS
from queueing.routing import LANGUAGES, RULES_ZH, SKILLS
from voicemail.subjects import SubjectTree

# Go on with the clock by themselves: no reason to send a desk again.
_MOVING = {
    "today": ("break_seconds", "signed_in_seconds"),
    "line": ("longest_wait_seconds",),
    "offer": ("waited_seconds",),
}
Desk = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """Desks without their lines, by agent; lines, by centre; and the offers whose caller was shown."""

    now: datetime
    own: Mapping[int, Desk] = field(default_factory=dict)
    lines: Mapping[str, Desk] = field(default_factory=dict)
    shown: Mapping[int, OfferRow] = field(default_factory=dict)

    def desk(self, agent_id: int) -> Desk | None:
        """A whole desk; None for a seat that there is not, or no longer."""
        own = self.own.get(agent_id)
        return complete(own, self.lines.get(own["agent"]["centre"]), self.now) if own else None


def complete(own: Desk, line: Desk | None, now: datetime) -> Desk:
    """A desk with its centre's line."""
    return {"now": now.isoformat(), **own, "line": line}


def steady(desk: Desk) -> Desk:
    """What of a desk is worth sending again when it has changed."""
    kept = {key: value for key, value in desk.items() if key != "now"}
    for part, moving in _MOVING.items():
        if kept.get(part):
            kept[part] = {key: value for key, value in kept[part].items() if key not in moving}
    return kept


class DeskView:
    """Builds desks from rows. Shared by all threads of a process."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree
        self._callers = Callers(line, tree)
        self._identities = Identities(line.services)

    def look(self, agents: Sequence[int], centres: Iterable[str] = ()) -> Look:
        """The desks of these agents, and the lines of their centres and of any others, now."""
        now = self._line.services.now()
        with self._line.services.database.pool.connection() as connection:
            rows = read_desks(connection, agents, list(centres), now)
            facts = self._callers.facts(connection, list(rows.offers.values()), rows.rings, now)
        tails = self._identities.tails(rows.offers.values())
        own = {seat.id: self._own(seat, rows, facts, tails, now) for seat in rows.agents}
        lines = {centre: _line(row, now) for centre, row in rows.lines.items()}
        shown = {agent: offer for agent, offer in rows.offers.items() if offer.status in OPEN}
        return Look(now, own, lines, shown)

    def _own(
        self,
        seat: AgentRow,
        rows: DeskRows,
        facts: Mapping[str, CallerFacts],
        tails: Mapping[str, str | None],
        now: datetime,
    ) -> Desk:
        library = self._line.keeper.library()
        offer = rows.offers.get(seat.id)
        known = facts.get(offer.id) if offer else None
        ring = rows.rings.get(offer.id) if offer else None
        is_open = offer is not None and offer.status in OPEN
        return {
            "agent": _agent(seat, library, now) | _calling_back(seat, ring),
            "offer": (
                _offer(offer, known, ring, library, now) | {"identity": identity_json(tails.get(offer.id))}
                if offer and known and is_open
                else None
            ),
            "wrap_up": _wrap_up(seat, offer, known, library) if offer and known else None,
            "today": dict(figures_of(rows.figures[seat.id])),
        }


def _agent(seat: AgentRow, library: Library, now: datetime) -> Desk:
    is_alive = seat.heartbeat_at is not None and now - seat.heartbeat_at <= timedelta(seconds=HEARTBEAT_SECONDS)
    return {
        "id": seat.id,
        "number": seat.number,
        "name": seat.name,
        "centre": seat.centre,
        "centre_name": library.centre(seat.centre).short_name,
        "state": seat.state,
        "state_zh": NAMES_ZH[seat.state],
        "reason": seat.reason,
        "reason_zh": REASONS_ZH.get(seat.reason or ""),
        "since": seat.state_since.isoformat(),
        "next_reason": seat.next_reason,
        "next_reason_zh": REASONS_ZH.get(seat.next_reason or ""),
        # Every seat serves general questions.
        "skills_zh": [SKILLS[skill] for skill in SKILLS if not skill or skill in seat.skills],
        "languages_zh": [LANGUAGES[key] for key in LANGUAGES if not key or key in seat.languages],
        "door": seat.door,
        "telephone_tail": seat.telephone_tail,
        "heartbeat_ok": is_alive,
        "misses": seat.misses,
        "cool_until": _iso(seat.cool_until if seat.cool_until and seat.cool_until > now else None),
    }


def _calling_back(seat: AgentRow, ring: RingRow | None) -> Desk:
    """A seat kept for a callback does not ring yet, and must not say so."""
    return {"state_zh": CALLING_BACK_ZH} if seat.state == RESERVED and ring and ring.is_calling else {}


def _offer(offer: OfferRow, facts: CallerFacts, ring: RingRow | None, library: Library, now: datetime) -> Desk:
    waited_until = offer.accepted_at or offer.connected_at or now
    return {
        "id": offer.id,
        "status": offer.status,
        "made_at": offer.made_at.isoformat(),
        "ring_until": offer.ring_until.isoformat(),
        "accepted_at": _iso(offer.accepted_at),
        "connected_at": _iso(offer.connected_at),
        "held_since": _iso(offer.held_since),
        "held_seconds": offer.held_seconds,
        "agent_call_sid": offer.agent_call_sid,
        "caller": {
            "masked": facts.masked,
            "region": facts.region,
            "is_slow": offer.is_slow,
            "rules_zh": [RULES_ZH.get(rule, rule) for rule in offer.rules],
        },
        "centre": offer.centre,
        "centre_name": library.centre(offer.centre).short_name,
        "skill": offer.skill,
        "skill_zh": SKILLS.get(offer.skill, offer.skill),
        "language": offer.language,
        "language_zh": LANGUAGES.get(offer.language, offer.language),
        "asked_zh": list(facts.asked),
        "joined_at": offer.joined_at.isoformat(),
        "waited_seconds": max(0, int((waited_until - offer.joined_at).total_seconds())),
        "history": list(facts.history),
        "handed": list(facts.handed),
        "callback": ring_json(ring) if ring else None,
    }


def _wrap_up(seat: AgentRow, offer: OfferRow, facts: CallerFacts, library: Library) -> Desk | None:
    """The sheet of the talk: it can be filled in while talking, and has a clock once the talk is over."""
    if offer.connected_at is None:
        return None
    is_over = seat.state == WRAP_UP and seat.interval_offer == offer.id
    limit = library.centre(seat.centre).queue.wrap_up_seconds
    finish_at = seat.state_since + timedelta(seconds=limit) if is_over and limit else None
    return {
        "offer_id": offer.id,
        "subject": offer.subject,
        "disposition": offer.disposition,
        "note": offer.note or "",
        "saved_at": _iso(offer.saved_at),
        "suggested": list(facts.suggested),
        "since": seat.state_since.isoformat() if is_over else None,
        "auto_finish_at": _iso(finish_at),
    }


def _line(row: LineRow, now: datetime) -> Desk:
    longest = None if row.oldest is None else max(0, int((now - row.oldest).total_seconds()))
    return {
        "waiting": row.waiting,
        "longest_wait_seconds": longest,
        "oldest_at": _iso(row.oldest),
        "available": row.available,
        "on_call": row.on_call,
        "callbacks": row.callbacks,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

"""A ring that is a callback: for whom, since when, what was tried before, and how far this attempt has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.console.callback_words import ANSWERED_STAGE, CONFIRMED_STAGE, stage_of
from queueing.callback import RESULTS_ZH, SOURCES_ZH
from queueing.line_models import OPEN_OFFER

# Shown for a seat that is reserved while the caller's telephone rings.
CALLING_BACK_ZH = "正在回电"
# A caller who rang in himself meanwhile is none. What the carrier never began is no attempt of anybody's.
RINGS = f"""
WITH wanted AS (
    SELECT id FROM offer WHERE agent_id = ANY(%(agents)s) AND {OPEN_OFFER}
    UNION SELECT offer_id FROM agent_interval WHERE agent_id = ANY(%(agents)s) AND until IS NULL AND state = 'wrap_up'
)
SELECT o.id AS offer_id, k.id, k.number_sealed, k.call_sid, k.source, k.asked_at, k.slot_from, k.slot_until, k.note,
       (SELECT r.case_id FROM case_reply r WHERE r.callback_id = k.id) AS case_id,
       t.status AS attempt_status, t.made_at, t.initiated_at, t.answered_at, before.tried
FROM wanted JOIN offer o ON o.id = wanted.id JOIN queue_entry e ON e.id = o.entry_id
JOIN callback k ON k.id = e.callback_id LEFT JOIN callback_attempt t ON t.offer_id = o.id
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_array(b.made_at, b.result) ORDER BY b.number), '[]') AS tried
    FROM callback_attempt b WHERE b.callback_id = k.id AND b.offer_id <> o.id AND b.initiated_at IS NOT NULL
      AND b.ended_at IS NOT NULL
) before
WHERE k.end_reason IS DISTINCT FROM 'joined'
"""


@dataclass(frozen=True, slots=True)
class RingRow:
    """An offer's callback. `tried` holds the attempts before this one: when, and how each ended."""

    offer_id: str
    id: int
    number_sealed: bytes
    # The call in which it was asked for.
    call_sid: str
    source: str
    asked_at: datetime
    slot_from: datetime | None
    slot_until: datetime | None
    note: str
    # The case that the call answers.
    case_id: int | None
    attempt_status: str | None
    made_at: datetime | None
    initiated_at: datetime | None
    answered_at: datetime | None
    tried: list[tuple[str, str]]

    @property
    def stage(self) -> str:
        return stage_of(self.attempt_status)

    @property
    def is_calling(self) -> bool:
        """Whether the caller is still to be reached: the seat is kept for it and does not ring."""
        return self.stage != CONFIRMED_STAGE


def ring_json(row: RingRow) -> dict[str, Any]:
    """A callback as the card of the ring shows it; `stage_at` is since when it has been at its stage."""
    stage_at = row.answered_at if row.stage == ANSWERED_STAGE else row.initiated_at or row.made_at
    return {
        "id": row.id,
        "asked_at": row.asked_at.isoformat(),
        "source_zh": SOURCES_ZH.get(row.source, row.source),
        "attempt": len(row.tried) + 1,
        "attempts_before": [{"at": at, "result_zh": RESULTS_ZH.get(result, result)} for at, result in row.tried],
        "slot_from": row.slot_from.isoformat() if row.slot_from else None,
        "slot_until": row.slot_until.isoformat() if row.slot_until else None,
        "stage": row.stage,
        "stage_at": stage_at.isoformat() if stage_at else None,
        "note": row.note,
        "case_id": row.case_id,
    }

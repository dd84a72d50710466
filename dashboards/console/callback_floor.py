"""What the floor shows of callbacks: how many are due and promised, and those that somebody has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.console.callback_words import to_clear_words
from dashboards.console.caller_words import masked, short_region
from ivr.library import Library
from queueing.callback import CASE, TO_BE_CLEARED
from queueing.routing import SKILLS

# Of each centre; the count says how many there are.
MOST_TO_CLEAR = 20
_REASONS = ", ".join(f"'{reason}'" for reason in TO_BE_CLEARED)
# Who was not reached, and who was promised a time that passed, stays until a supervisor has seen to it.
TO_CLEAR = f"k.cleared_at IS NULL AND (k.breached_at IS NOT NULL OR k.end_reason IN ({_REASONS}))"

# What answers a case is on the case's own page: nobody asked for it here.
ASKED_FOR = f"k.source <> '{CASE}'"

CALLBACK_COUNTS = f"""
SELECT centre, count(*) FILTER (WHERE status IN ('waiting', 'dialling')) AS due,
       count(*) FILTER (WHERE status = 'scheduled') AS scheduled
FROM callback k WHERE ended_at IS NULL AND centre = ANY(%s) AND {ASKED_FOR} GROUP BY centre
"""
CALLBACKS_TO_CLEAR = f"""
SELECT * FROM (
    SELECT k.id, k.centre, k.skill, k.number_tail, k.caller_region, k.asked_at, k.attempts, k.breached_at,
           k.cleared_at, k.ended_at, k.end_reason, k.promised_until,
           coalesce(k.ended_at, k.breached_at) AS since,
           row_number() OVER (PARTITION BY k.centre ORDER BY coalesce(k.ended_at, k.breached_at), k.id) AS nth,
           count(*) OVER (PARTITION BY k.centre) AS to_clear
    FROM callback k WHERE k.centre = ANY(%s) AND {TO_CLEAR}
) AS found WHERE nth <= %s ORDER BY since, id
"""


def to_clear_json(row: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """A callback that waits for a supervisor, as one line of the floor's list."""
    reasons = to_clear_words(row["breached_at"], row["cleared_at"], row["end_reason"])
    return {
        "id": row["id"],
        "centre": row["centre"],
        "centre_name": library.centre(row["centre"]).short_name,
        "reasons_zh": reasons,
        "caller": {"masked": masked(None, row["number_tail"]), "region": short_region(row["caller_region"])},
        "skill_zh": SKILLS.get(row["skill"], row["skill"]),
        "asked_at": row["asked_at"].isoformat(),
        "since": row["since"].isoformat(),
        "attempts": row["attempts"],
        "is_open": row["ended_at"] is None,
    }

"""The carrier's words for a call's state, as a lattice: a call only ever moves up, so nothing reopens it."""

from __future__ import annotations

RANKS = {
    "queued": 0,
    "initiated": 1,
    "ringing": 2,
    "in-progress": 3,
    "completed": 9,
    "busy": 9,
    "failed": 9,
    "no-answer": 9,
    "canceled": 9,
}
FINAL_RANK = 9


def rank(status: str) -> int | None:
    """How far a call has come; None for a word that the carrier's contract does not know.

    An unknown word is counted and kept, but it neither moves nor ends a call that is on the line: hanging up on
    somebody because of a spelling would lose a caller, and the sweep closes what really has ended.
    """
    return RANKS.get(status)


def is_final(status: str) -> bool:
    return rank(status) == FINAL_RANK

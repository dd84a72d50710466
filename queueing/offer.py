"""An offer: one caller offered to one seat, from the reservation to the end of the talk, which is its leg.

Pure. Events are what happened, the table says what that makes of the offer. Two kinds come late: what the carrier or
the clock reports about an offer that has ended changes nothing; what a person does too late raises IllegalMove.
"""

from __future__ import annotations

from queueing.agent import IllegalMove

RESERVED = "reserved"
RINGING = "ringing"
ACCEPTED = "accepted"
CONNECTED = "connected"
FINISHED = "finished"
DROPPED = "dropped"
TRANSFERRED = "transferred"
REJECTED = "rejected"
MISSED = "missed"
CANCELLED = "cancelled"
RELEASED = "released"
FAILED = "failed"

NAMES_ZH = {
    RESERVED: "预留",
    RINGING: "振铃",
    ACCEPTED: "已应答",
    CONNECTED: "通话中",
    FINISHED: "通话结束",
    DROPPED: "通话中断",
    TRANSFERRED: "已转接",
    REJECTED: "咨询员拒接",
    MISSED: "咨询员未接",
    CANCELLED: "来电人离开",
    RELEASED: "没有接通",
    FAILED: "线路故障",
}
STATUSES = tuple(NAMES_ZH)
OPEN = (RESERVED, RINGING, ACCEPTED, CONNECTED)
ENDED = tuple(status for status in STATUSES if status not in OPEN)
# There was a talk.
TALKED = (FINISHED, DROPPED, TRANSFERRED)
# The caller goes on waiting at the same place.
PLACE_KEPT = (REJECTED, MISSED, RELEASED, FAILED)
# The seat is not offered the next call at once, which is likely to be the same one.
COOLS_DOWN = PLACE_KEPT

MOVES = {
    (RESERVED, "ring"): RINGING,
    # The carrier's words overtake each other: answered may be heard before ringing.
    (RESERVED, "accept"): ACCEPTED,
    (RINGING, "accept"): ACCEPTED,
    (ACCEPTED, "connect"): CONNECTED,
    (RESERVED, "reject"): REJECTED,
    (RINGING, "reject"): REJECTED,
    (RESERVED, "no_answer"): MISSED,
    (RINGING, "no_answer"): MISSED,
    # A key of the caller's wins only before the accept; hanging up ends the offer at any time.
    (RESERVED, "cancel"): CANCELLED,
    (RINGING, "cancel"): CANCELLED,
    (RESERVED, "caller_left"): CANCELLED,
    (RINGING, "caller_left"): CANCELLED,
    (ACCEPTED, "caller_left"): CANCELLED,
    (CONNECTED, "caller_left"): FINISHED,
    # The time to ring is up; an accept that came a moment earlier stands. Never dialled is no miss.
    (RESERVED, "ring_over"): RELEASED,
    (RINGING, "ring_over"): MISSED,
    # The time of the present stage is up: above all, the caller's leg did not come after the accept.
    (RESERVED, "lease_over"): RELEASED,
    (RINGING, "lease_over"): MISSED,
    (ACCEPTED, "lease_over"): RELEASED,
    # A telephone that was picked up and put down again without a key.
    (RESERVED, "agent_left"): REJECTED,
    (RINGING, "agent_left"): REJECTED,
    (ACCEPTED, "agent_left"): RELEASED,
    (CONNECTED, "agent_left"): DROPPED,
    (RESERVED, "fail"): FAILED,
    (RINGING, "fail"): FAILED,
    (ACCEPTED, "fail"): FAILED,
    (CONNECTED, "fail"): DROPPED,
    (CONNECTED, "finish"): FINISHED,
    (CONNECTED, "transfer"): TRANSFERRED,
}
_DUPLICATES = {
    "ring": (RINGING, ACCEPTED, CONNECTED, *ENDED),
    "accept": (ACCEPTED, CONNECTED),
    "connect": (CONNECTED,),
    "reject": (REJECTED,),
    "cancel": (CANCELLED,),
    "finish": (FINISHED,),
    "transfer": (TRANSFERRED,),
    "no_answer": (ACCEPTED, CONNECTED, *ENDED),
    "ring_over": (ACCEPTED, CONNECTED, *ENDED),
    "lease_over": (CONNECTED, *ENDED),
    "caller_left": ENDED,
    "agent_left": ENDED,
    "fail": ENDED,
}
MOVES |= {(status, event): status for event, statuses in _DUPLICATES.items() for status in statuses}
EVENTS = tuple(dict.fromkeys(event for _, event in MOVES))


def next_status(status: str, event: str) -> str:
    """The status that follows. Raises IllegalMove for what is not in the table."""
    try:
        return MOVES[status, event]
    except KeyError:
        raise IllegalMove(status, event) from None


def counts_as_miss(status: str) -> bool:
    """Whether an offer that ended so is a miss of the consultant's: it rang, and nobody took it or declined it."""
    return status == MISSED

"""A consultant's leg has ended, or nothing was heard of a talk: has it lost its caller, or has the caller gone?

The carrier reports both ends of a talk at the same moment and in any order, so it is asked.
"""

from __future__ import annotations

from queueing import offers
from queueing.line import WaitingLine
from queueing.offer import ACCEPTED, CONNECTED
from queueing.offers import Offer
from queueing.seats import read_seat

FINAL = ("completed", "canceled", "busy", "no-answer", "failed")
# The carrier has lost the call, or knows nothing of it any more: nobody hung up.
LOST = (None, "failed")


def check_talk(line: WaitingLine, offer_id: str) -> bool:
    """End a talk of which a side has gone; whether it was over. Raises IntegrationError when the carrier is away."""
    with line.services.database.pool.connection() as connection:
        offer = offers.read_offer(connection, offer_id)
        seat = read_seat(connection, offer.agent_id) if offer else None
    if offer is None or offer.status not in (ACCEPTED, CONNECTED):
        return False
    carrier = line.services.carrier
    caller = carrier.call_status(offer.call_sid)
    if caller is None or caller in FINAL:
        line.caller_gone(offer.call_sid, is_technical=caller in LOST)
        return True
    leg = carrier.call_status(offer.agent_call_sid) if offer.agent_call_sid else None
    if leg is not None and leg not in FINAL:
        return False
    # A telephone that was put down has finished; a page says so itself before its leg ends.
    was_put_down = seat is not None and seat.door == "telephone" and leg == "completed" and offer.status == CONNECTED
    return _end(line, offer, "finish" if was_put_down else "agent_left")


def end_gone(line: WaitingLine, call_sid: str) -> None:
    """The carrier says that a caller's call is over: was it lost? Raises IntegrationError when the carrier is away."""
    line.caller_gone(call_sid, is_technical=line.services.carrier.call_status(call_sid) in LOST)


def _end(line: WaitingLine, offer: Offer, event: str) -> bool:
    services = line.services
    with services.database.pool.connection() as connection, connection.transaction():
        ended = offers.end_offer(connection, offer.id, event, "leg", services.now(), line.rules(offer.centre))
    line.offer_changed(ended)
    return ended is not None

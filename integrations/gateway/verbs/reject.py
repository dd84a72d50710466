"""<Reject>: as the first verb the call is not answered; later it is a hang-up, since somebody has answered."""

from __future__ import annotations

from integrations.gateway.documents import Reject
from integrations.gateway.talk import End


def perform_reject(verb: Reject) -> End:
    return End("busy" if verb.reason == "busy" else "no-answer")

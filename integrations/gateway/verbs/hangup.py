"""<Hangup>: the call ends here."""

from __future__ import annotations

from integrations.gateway.documents import Hangup
from integrations.gateway.talk import End


def perform_hangup(verb: Hangup) -> End:
    return End("completed")

"""<Dial>: no other telephone can be rung yet, so the action hears that it failed."""

from __future__ import annotations

from integrations.gateway.documents import Dial
from integrations.gateway.talk import Goto


def perform_dial(verb: Dial) -> Goto | None:
    if not verb.action:
        return None
    return Goto(verb.action, verb.method, {"DialCallStatus": "failed"})

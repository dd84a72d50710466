"""<Dial>: into a conference, or to other telephones; afterwards the action hears how it went."""

from __future__ import annotations

from integrations.gateway.documents import Dial
from integrations.gateway.talk import Goto, Talk
from integrations.gateway.verbs.dial_conference import dial_conference
from integrations.gateway.verbs.dial_telephones import dial_telephones


async def perform_dial(verb: Dial, talk: Talk) -> Goto | None:
    """Without an action the document goes on with its next verb."""
    try:
        if verb.conference is not None:
            outcome = await dial_conference(verb, verb.conference, talk)
        else:
            outcome = await dial_telephones(verb, talk)
    finally:
        # Keys pressed into a talk are for nobody.
        talk.leg.clear_digits()
    return Goto(verb.action, verb.method, outcome) if verb.action else None

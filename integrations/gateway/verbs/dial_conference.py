"""<Dial><Conference>: the call takes part until it leaves, is taken out, or the conference ends."""

from __future__ import annotations

import structlog

from integrations.gateway.documents import Dial, DialConference
from integrations.gateway.leg import Interrupted
from integrations.gateway.participant import HUNG_UP, TAKEN_OUT, CannotJoin
from integrations.gateway.talk import Talk
from integrations.gateway.verbs.until import until_over

log = structlog.get_logger(__name__)


async def dial_conference(verb: Dial, noun: DialConference, talk: Talk) -> dict[str, str]:
    """The parameters of the action: the carrier says `answered` after a conference, and nothing of its length."""
    await talk.answer()
    try:
        conference, participant = talk.calls.conferences.join(talk, noun)
    except CannotJoin as error:
        log.warning("conference_not_joined", call_sid=talk.sid, reason=str(error))
        return {"DialCallStatus": "failed"}
    why = HUNG_UP
    try:
        await until_over(verb, talk.leg, participant.left)
    except Interrupted:
        why = TAKEN_OUT
        raise
    finally:
        conference.leave(participant, why)
    return {"DialCallStatus": "answered"}

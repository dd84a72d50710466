"""A call from its first document to its end: fetch, perform verb by verb, follow."""

from __future__ import annotations

import structlog

from integrations.errors import IntegrationError
from integrations.gateway.documents import Dial, Reject, Verb
from integrations.gateway.leg import Interrupted
from integrations.gateway.talk import End, Goto, Next, Talk
from integrations.gateway.verbs.perform import perform
from integrations.gateway.webhooks import WebhookFailed, Webhooks

log = structlog.get_logger(__name__)
# A call that asks for more documents than this runs in circles.
MOST_DOCUMENTS = 1000
APOLOGY = "对不起，系统出了问题，这次电话接不下去了。您可以再拨一次。再见。"


class Interpreter:
    """Performs the documents of one call."""

    def __init__(self, talk: Talk, webhooks: Webhooks, fallback: Goto | None) -> None:
        """`fallback` is asked once for each document that could not be had."""
        self._talk = talk
        self._webhooks = webhooks
        self._fallback = fallback

    async def run(self, first: Goto) -> End:
        """How the call ended by its documents. Raises HungUp when the caller ended it."""
        goto = first
        for _ in range(MOST_DOCUMENTS):
            try:
                following = await self._follow(goto)
            except Interrupted as interruption:
                following = Goto(interruption.url, interruption.method)
            if isinstance(following, End):
                return following
            goto = following
        log.error("call_runs_in_circles", call_sid=self._talk.sid)
        return await self._apologise()

    async def _follow(self, goto: Goto) -> Goto | End:
        """Fetch one document and perform it; the end of a document ends the call."""
        try:
            verbs = await self._fetch(goto)
        except WebhookFailed as error:
            log.error("no_document", call_sid=self._talk.sid, code=error.code, detail=str(error))
            return await self._apologise()
        if not (verbs and _leaves_it_ringing(verbs[0])):
            await self._talk.answer()
        return await self._perform(verbs) or End(by_verb=False)

    async def _perform(self, verbs: tuple[Verb, ...]) -> Next:
        for verb in verbs:
            following = await perform(verb, self._talk)
            if following is not None:
                return following
        return None

    async def _fetch(self, goto: Goto) -> tuple[Verb, ...]:
        try:
            return await self._ask(goto)
        except WebhookFailed as error:
            log.warning("document_failed", call_sid=self._talk.sid, code=error.code, detail=str(error))
            if self._fallback is None:
                raise
            trouble = {"ErrorCode": str(error.code), "ErrorUrl": error.url}
            return await self._ask(Goto(self._fallback.url, self._fallback.method, trouble))

    async def _ask(self, goto: Goto) -> tuple[Verb, ...]:
        return await self._talk.leg.unless_interrupted(self._webhooks.document(goto, self._talk.facts()))

    async def _apologise(self) -> End:
        """The caller hears a sentence instead of a dead line; then the call has failed."""
        await self._talk.answer()
        try:
            sound = await self._talk.leg.unless_interrupted(self._talk.speech.say(APOLOGY))
        except (IntegrationError, OSError, TimeoutError):
            sound = b""
        await self._talk.leg.play(sound, APOLOGY)
        return End("failed")


def _leaves_it_ringing(verb: Verb) -> bool:
    """A rejection as the very first verb leaves a call unanswered; a <Dial> may let it ring until somebody comes."""
    return isinstance(verb, Reject) or (isinstance(verb, Dial) and verb.answer_on_bridge and verb.conference is None)

"""Which file performs which verb."""

from __future__ import annotations

from integrations.gateway import documents
from integrations.gateway.talk import Next, Talk
from integrations.gateway.verbs.dial import perform_dial
from integrations.gateway.verbs.gather import perform_gather
from integrations.gateway.verbs.hangup import perform_hangup
from integrations.gateway.verbs.prompt import perform_prompt
from integrations.gateway.verbs.record import perform_record
from integrations.gateway.verbs.redirect import perform_redirect
from integrations.gateway.verbs.reject import perform_reject


async def perform(verb: documents.Verb, talk: Talk) -> Next:
    """Perform one verb; what follows it, None for the next verb of the document."""
    match verb:
        case documents.Say() | documents.Play() | documents.Pause():
            await perform_prompt(verb, talk)
            return None
        case documents.Gather():
            return await perform_gather(verb, talk)
        case documents.Record():
            return await perform_record(verb, talk)
        case documents.Redirect():
            return perform_redirect(verb)
        case documents.Hangup():
            return perform_hangup(verb)
        case documents.Reject():
            return perform_reject(verb)
        case documents.Dial():
            return await perform_dial(verb, talk)

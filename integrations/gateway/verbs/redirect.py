"""<Redirect>: on with another document."""

from __future__ import annotations

from integrations.gateway.documents import Redirect
from integrations.gateway.talk import Goto


def perform_redirect(verb: Redirect) -> Goto:
    return Goto(verb.url, verb.method)

"""What the hotline is asked and told: signed forms, as the carrier sends them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog
from twilio.request_validator import RequestValidator

from integrations.gateway.documents import BadDocument, Verb
from integrations.gateway.talk import Goto
from integrations.gateway.twiml_reader import read_document

log = structlog.get_logger(__name__)
TOTAL_SECONDS = 15.0
# Waits between the tries for what must arrive, so that a restarting hotline still hears of it.
DELIVERY_WAITS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
NO_ANSWER, NO_CONNECTION = 11200, 11205


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str


# method, address, form, headers -> answer. Raises ConnectionError when there is no connection, TimeoutError.
Post = Callable[[str, str, Mapping[str, str], Mapping[str, str]], Awaitable[Answer]]


class WebhookFailed(Exception):
    """No document came back; `code` is the carrier's number for the reason, `url` what was asked."""

    def __init__(self, code: int, url: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.url = code, url


class Webhooks:
    """Signs and posts; built once for all calls."""

    def __init__(self, post: Post, auth_token: str, base: str) -> None:
        self._post = post
        self._validator = RequestValidator(auth_token)
        self._base = base

    async def document(self, goto: Goto, facts: Mapping[str, str]) -> tuple[Verb, ...]:
        """The verbs of the document at `goto`; `facts` are the call's own parameters. Raises WebhookFailed."""
        try:
            answer = await self._ask(goto.url, goto.method, {**facts, **goto.parameters})
        except ConnectionError as error:
            raise WebhookFailed(NO_CONNECTION, goto.url, str(error) or "no connection") from error
        except TimeoutError as error:
            raise WebhookFailed(NO_ANSWER, goto.url, "no answer in time") from error
        if answer.status != 200:
            raise WebhookFailed(NO_ANSWER, goto.url, f"status {answer.status}")
        try:
            return read_document(answer.body, goto.url, self._base)
        except BadDocument as error:
            raise WebhookFailed(error.code, goto.url, error.detail) from error

    async def notify(self, url: str, method: str, parameters: Mapping[str, str]) -> bool:
        """Tell once; True when it was taken with a 2xx status."""
        try:
            answer = await self._ask(url, method, parameters)
        except (ConnectionError, TimeoutError) as error:
            log.warning("webhook_not_delivered", path=_path(url), error=type(error).__name__)
            return False
        if not 200 <= answer.status < 300:
            log.warning("webhook_not_taken", path=_path(url), status=answer.status)
        return 200 <= answer.status < 300

    async def deliver(self, url: str, method: str, parameters: Mapping[str, str]) -> bool:
        """Tell until it is taken, for about two minutes."""
        for wait in DELIVERY_WAITS:
            await asyncio.sleep(wait)
            if await self.notify(url, method, parameters):
                return True
        log.error("webhook_given_up", path=_path(url))
        return False

    async def _ask(self, url: str, method: str, parameters: Mapping[str, str]) -> Answer:
        """One request, tried once more with the same token when the connection fails."""
        form: Mapping[str, str] = parameters
        if method == "GET":
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
            form = {}
        headers = {
            "X-Twilio-Signature": self._validator.compute_signature(url, form),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }
        async with asyncio.timeout(TOTAL_SECONDS):
            try:
                return await self._post(method, url, form, headers)
            except ConnectionError:
                return await self._post(method, url, form, headers)


def _path(url: str) -> str:
    # Without the query: addresses may carry what a log should not.
    return url.partition("?")[0]

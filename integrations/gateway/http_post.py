"""Webhooks over HTTP: one pool of connections for all calls."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from yarl import URL

from integrations.gateway.twiml_reader import LONGEST_DOCUMENT
from integrations.gateway.webhooks import TOTAL_SECONDS, Answer, Post

CONNECT_SECONDS = 5.0
USER_AGENT = "TwilioProxy/1.1"


def open_session() -> aiohttp.ClientSession:
    """Connections to the hotline. Close it at the end."""
    timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=20)
    return aiohttp.ClientSession(timeout=timeout, connector=connector, headers={"User-Agent": USER_AGENT})


def http_post(session: aiohttp.ClientSession) -> Post:
    """A Post over real connections. Redirects are not followed: a document has one address."""

    async def post(method: str, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        # The address goes out exactly as it was signed.
        exact = URL(url, encoded=True)
        data = form if method == "POST" else None
        try:
            async with session.request(method, exact, data=data, headers=headers, allow_redirects=False) as answer:
                # One more than is allowed, so that a document that is too long is seen to be.
                body = await answer.content.read(LONGEST_DOCUMENT + 1)
                while len(body) <= LONGEST_DOCUMENT and (more := await answer.content.read(LONGEST_DOCUMENT)):
                    body += more
                return Answer(answer.status, body.decode("utf-8", errors="replace"))
        except aiohttp.ConnectionTimeoutError as error:
            raise ConnectionError("no connection in time") from error
        except TimeoutError:
            raise
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from error

    return post

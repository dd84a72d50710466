"""A document that one telephone hears while it waits: speech, sound files and pauses, but nothing that asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from integrations.gateway.documents import Pause, Play, Redirect, Say
from integrations.gateway.leg import HungUp, Interrupted
from integrations.gateway.talk import Goto, Talk
from integrations.gateway.verbs.prompt import play_prompt
from integrations.gateway.webhooks import WebhookFailed

log = structlog.get_logger(__name__)
# A document that sends on at once, again and again, must not keep this process busy.
SHORTEST_ROUND_SECONDS = 1.0
ASK_AGAIN_SECONDS = 5.0


class Music:
    """Plays from its start until it is stopped; at the end of a document that sends nowhere there is silence."""

    def __init__(self, talk: Talk, goto: Goto, over: Callable[[], None] | None = None, is_once: bool = False) -> None:
        """`over` is told when it ended by itself. `is_once` gives up where there is no document."""
        self.goto = goto
        self.is_over = False
        self._talk = talk
        self._over = over
        self._is_once = is_once
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        self._over = None
        self._task.cancel()

    async def _run(self) -> None:
        try:
            with suppress(HungUp, Interrupted):
                await self._play_all()
        except Exception:
            # Silence, then; the talk does not end over its music.
            log.exception("music_failed", call_sid=self._talk.sid)
        self.is_over = True
        if self._over is not None:
            self._over()

    async def _play_all(self) -> None:
        goto: Goto | None = self.goto
        loop = asyncio.get_running_loop()
        while goto is not None:
            began = loop.time()
            try:
                goto = await self._play_one(goto)
            except WebhookFailed as error:
                # A hotline that is starting anew has music again in a moment.
                log.warning("no_music", call_sid=self._talk.sid, code=error.code, detail=str(error))
                if self._is_once:
                    return
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            if goto is not None:
                await asyncio.sleep(max(SHORTEST_ROUND_SECONDS - (loop.time() - began), 0.0))

    async def _play_one(self, goto: Goto) -> Goto | None:
        talk = self._talk
        for verb in await talk.documents(Goto(goto.url, goto.method, self.goto.parameters), talk.facts()):
            match verb:
                case Say() | Play() | Pause():
                    await play_prompt(verb, talk)
                case Redirect():
                    return Goto(verb.url, verb.method)
                case _:
                    log.error("not_music", call_sid=talk.sid, verb=type(verb).__name__)
                    return None
        return None

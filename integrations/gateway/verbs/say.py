"""<Say>: text as speech, shown as a caption meanwhile."""

from __future__ import annotations

from integrations.gateway.documents import Say
from integrations.gateway.talk import Talk
from integrations.gateway.verbs.loops import play_in_loop, sound_or_nothing


async def play_say(verb: Say, talk: Talk) -> None:
    keep = talk.familiar.is_prompt(verb.text, talk.sid)
    sound = await sound_or_nothing(talk.speech.say(verb.text, verb.rate, keep), talk)
    await play_in_loop(sound, verb.text, verb.loop, talk)

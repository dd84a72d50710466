"""<Play>: a sound file, or the tones of keys."""

from __future__ import annotations

from integrations.gateway.documents import Play
from integrations.gateway.frames import key_tones
from integrations.gateway.talk import Talk
from integrations.gateway.verbs.loops import play_in_loop, sound_or_nothing


async def play_play(verb: Play, talk: Talk) -> None:
    sound = key_tones(verb.digits)
    if verb.url:
        sound += await sound_or_nothing(talk.speech.fetch(verb.url), talk)
    await play_in_loop(sound, "", verb.loop, talk)

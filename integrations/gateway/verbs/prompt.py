"""What is heard, inside <Gather> and outside."""

from __future__ import annotations

from integrations.gateway.documents import Pause, Play, Prompt, Say
from integrations.gateway.talk import Talk
from integrations.gateway.verbs.pause import play_pause
from integrations.gateway.verbs.play import play_play
from integrations.gateway.verbs.say import play_say


async def play_prompt(prompt: Prompt, talk: Talk) -> None:
    match prompt:
        case Say():
            await play_say(prompt, talk)
        case Play():
            await play_play(prompt, talk)
        case Pause():
            await play_pause(prompt, talk)


async def perform_prompt(prompt: Prompt, talk: Talk) -> None:
    """Outside <Gather>: keys pressed before or during it are not for the questions that follow."""
    if isinstance(prompt, Pause):
        await play_pause(prompt, talk)
        return
    talk.leg.clear_digits()
    await play_prompt(prompt, talk)
    talk.leg.clear_digits()

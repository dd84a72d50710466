"""Where a call goes on when something outside moves it: a consultant is there, or the caller we rang has picked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.outcome import ANSWERED
from ivr.words import spell_digits

if TYPE_CHECKING:
    from ivr.events import CalledBack, Connected
    from ivr.turn import Turn

# Who has picked up, as a branch of the menu asks for it.
CALLED = "called"


def to_the_talk(turn: Turn, event: Connected) -> str:
    """Wherever the caller is in the menu: a consultant is there."""
    session = turn.session
    session.mark(ANSWERED)
    session.in_line_since = 0.0
    session.facts["offer"] = event.offer_id
    session.words["agent_number"] = spell_digits(event.agent_number)
    # It went through many documents while it waited; the talk begins a new account.
    session.silences = session.wrong_keys = session.recoveries = 0
    return turn.flow.talk


def to_the_callback(turn: Turn, event: CalledBack) -> str:
    """The beginning of a call of ours, and what a machine makes of it wherever it has come to."""
    session = turn.session
    session.facts["attempt"] = event.attempt_id
    session.facts[CALLED] = event.who
    session.words.update(event.words)
    return turn.flow.callback

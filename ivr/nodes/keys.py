"""What the common keys, silence and a wrong key do at every node where no number is being entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.events import KeysPressed

if TYPE_CHECKING:
    from ivr.turn import Turn

HUMAN, REPEAT, BACK = "0", "9", "*"
WRONG_KEY_LIMIT = 3


def arrive(turn: Turn, node_id: str) -> None:
    """Remember the way here, so that * leads back along it and never in a circle."""
    trail = turn.session.trail
    if node_id in trail:
        del trail[trail.index(node_id) + 1 :]
    else:
        trail.append(node_id)


def pressed(turn: Turn) -> str | None:
    """The keys of this event, None for anything else. A key ends a row of silences."""
    if not isinstance(turn.event, KeysPressed) or not turn.event.digits:
        return None
    turn.session.silences = 0
    return turn.event.digits


def common_key(turn: Turn, node_id: str, digits: str) -> str | None:
    """Where 0, 9 and * lead; None when the key is not one of them."""
    if digits == HUMAN:
        return turn.flow.human
    if digits == REPEAT:
        return node_id
    if digits == BACK:
        return go_back(turn, node_id)
    return None


def go_back(turn: Turn, node_id: str) -> str:
    """The menu before this node; at the first menu, that menu again."""
    trail = turn.session.trail
    # A menu that was replaced in mid-call may have lost places on the way.
    trail[:] = [place for place in trail if place in turn.flow.nodes]
    # A node that is no menu (a read-back) is not on the trail: its menu is the last one there.
    if len(trail) > 1 and trail[-1] == node_id:
        trail.pop()
    return trail[-1] if trail else turn.flow.start


def after_silence(turn: Turn, node_id: str, slow_twin: str = "") -> str:
    """The first silence repeats slowly, the second connects: who cannot press cannot accept an offer either."""
    turn.session.silences += 1
    if turn.session.silences >= 2:
        return turn.flow.last_resort
    turn.say("silence_1")
    turn.session.slow = True
    return slow_twin or node_id


def wrong_key(turn: Turn, node_id: str, said: str = "wrong_key") -> str:
    """Told kindly; after the third, a person if one can be reached, else the truth."""
    turn.session.wrong_keys += 1
    if turn.session.wrong_keys < WRONG_KEY_LIMIT:
        turn.say(said)
        return node_id
    if turn.moment.has_human:
        turn.say("wrong_key_3")
        return turn.flow.human
    return turn.flow.last_resort

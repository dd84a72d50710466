"""Whether a key really leads somewhere: its feature is open, its menu has something behind it, somebody can answer."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow import Flow
from ivr.moment import Moment
from ivr.nodes.menu import MenuNode, Option
from queueing.features import FEATURES

NO_ROOM = "菜单里这个键后面还没有内容，不能开通"
NOBODY = "没有咨询员在线，也没有值班电话"
HUMAN = "human"
# Features that play content: with none of it valid there is nothing behind the key.
_SHELVES = {"recordings": "recordings/", "guides": "guides/"}


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key of one centre now. `reason` says to staff why callers do not hear it."""

    feature: str
    name: str
    key: str
    is_open: bool
    reason: str


def obstacle(flow: Flow, feature: str) -> str:
    """Why this feature cannot be opened for a centre, as a sentence; empty when it can."""
    if feature == HUMAN:
        # Consultants come and go; while there are none, callers are told so.
        return ""
    return "" if any(option.to for option in _options(flow, feature)) else NO_ROOM


def key_states(flow: Flow, moment: Moment) -> tuple[KeyState, ...]:
    """All nine keys of a centre at a moment, in the order of the features."""
    return tuple(_key_state(flow, moment, feature) for feature in FEATURES)


def _key_state(flow: Flow, moment: Moment, feature: str) -> KeyState:
    setting = moment.features.get(feature)
    reason = _why_closed(flow, moment, feature)
    is_open = bool(setting and setting.is_open) and not reason
    if not is_open and not reason:
        reason = (setting.reason if setting else "") or "没有写原因"
    return KeyState(feature, FEATURES[feature], key_of(flow, feature), is_open, reason)


def _why_closed(flow: Flow, moment: Moment, feature: str) -> str:
    """What keeps an open key silent all the same."""
    if not moment.is_open(feature):
        return ""
    if feature == HUMAN and not moment.has_people and not moment.desk_number:
        return NOBODY
    if obstacle(flow, feature):
        return "设为开通，但菜单里没有内容"
    shelf = _SHELVES.get(feature)
    if shelf and not flow.content.has(shelf, moment.today):
        return "设为开通，但没有一件内容在有效期内"
    return ""


def key_of(flow: Flow, feature: str) -> str:
    """The key that callers press for a feature; empty when this menu has none."""
    if feature == HUMAN:
        return "0"
    return next((option.key for option in _options(flow, feature)), "")


def _options(flow: Flow, feature: str) -> list[Option]:
    menus = (node for node in flow.nodes.values() if isinstance(node, MenuNode))
    return [option for menu in menus for option in menu.options if option.feature == feature]

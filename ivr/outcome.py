"""The closed set of outcomes: every call ends in exactly one, and received = sum of outcomes + calls in progress.

A session collects marks while it goes; at its end the first of PRECEDENCE that it bears is the outcome.

answered             a person spoke with the caller
self_served          one result, recording or guide was heard (to its end, or long enough)
voicemail            a message was left
callback_requested   a callback was booked
abandoned_in_queue   left the waiting line after 5 s or more
short_abandon        left the waiting line within 5 s
human_unavailable    asked for a person while the desk was staffed by the timetable, and nobody could be reached
abandoned_in_menu    hung up in the menu during hours without any of the above
after_hours          called outside hours and left without any of the above
failed               the system failed: no menu could be given, or no news of the call's end ever came
"""

from __future__ import annotations

from collections.abc import Iterable

ANSWERED = "answered"
SELF_SERVED = "self_served"
VOICEMAIL = "voicemail"
CALLBACK_REQUESTED = "callback_requested"
ABANDONED_IN_QUEUE = "abandoned_in_queue"
SHORT_ABANDON = "short_abandon"
HUMAN_UNAVAILABLE = "human_unavailable"
ABANDONED_IN_MENU = "abandoned_in_menu"
AFTER_HOURS = "after_hours"
FAILED = "failed"

PRECEDENCE = (
    ANSWERED,
    SELF_SERVED,
    VOICEMAIL,
    CALLBACK_REQUESTED,
    ABANDONED_IN_QUEUE,
    SHORT_ABANDON,
    HUMAN_UNAVAILABLE,
    ABANDONED_IN_MENU,
    AFTER_HOURS,
    FAILED,
)

NAMES_ZH = {
    ANSWERED: "人工接通",
    SELF_SERVED: "自助完成",
    VOICEMAIL: "留言",
    CALLBACK_REQUESTED: "预约回电",
    ABANDONED_IN_QUEUE: "排队中放弃",
    SHORT_ABANDON: "排队5秒内放弃",
    HUMAN_UNAVAILABLE: "要人工而无人",
    ABANDONED_IN_MENU: "菜单中放弃",
    AFTER_HOURS: "下班来电",
    FAILED: "系统失败",
}


def outcome_of(marks: Iterable[str]) -> str:
    """The one outcome of a call that bore these marks; a call that bore none was given up in the menu.

    Raises ValueError for a mark outside the closed set.
    """
    borne = set(marks)
    unknown = borne - set(PRECEDENCE)
    if unknown:
        raise ValueError(f"not an outcome: {sorted(unknown)}")
    return next((outcome for outcome in PRECEDENCE if outcome in borne), ABANDONED_IN_MENU)

"""What is counted for each centre, hour, subject and channel. Every figure is made of these sums. Pure.

All are whole numbers that may be added: over hours, centres, subjects and channels. Those of calls belong to the hour
in which the call began and the centre that it reached first; those of a talk to the hour in which it began, of a case
to the hour in which it was opened (or was due), of a callback to the hour in which it was asked for.
"""

from __future__ import annotations

from ivr.outcome import PRECEDENCE

# Waits are counted by these, in seconds, each bound belonging to the shorter wait; the last bucket has none.
WAIT_BOUNDS = (5, 15, 30, 60, 120, 300, 600)
WAIT_BUCKETS = tuple(range(len(WAIT_BOUNDS) + 1))
SERVED_WAITS = tuple(f"served_wait_{bucket}" for bucket in WAIT_BUCKETS)
LEFT_WAITS = tuple(f"left_wait_{bucket}" for bucket in WAIT_BUCKETS)
SCORES = tuple(f"score_{score}" for score in range(1, 6))

# received = the outcomes + in_progress, always.
CALLS = ("received", "in_progress", *PRECEDENCE)
# asked_human: asked for a person. offered: of those who stood in the line, all but the short abandons.
# answered_15: answered within 15 s of arriving in the line. answer_wait_seconds: of the answered, all together.
LINE = ("asked_human", "offered", "answered_15", "answer_wait_seconds", *SERVED_WAITS, *LEFT_WAITS)
# legs: talks with one consultant each, those of callbacks too (callback_legs of them). talk_seconds without hold.
TALKS = ("legs", "callback_legs", "talk_seconds", "hold_seconds", "wrap_up_seconds")
# Of the consultants' shifts, cut at the hours. They have no subject.
SHIFTS = ("handling_seconds", "available_seconds", "break_seconds", "signed_in_seconds")
# surveyed: talks after which the caller was asked.
SURVEY = ("surveyed", *SCORES)
# Talks old enough to know whether the caller came again on the same subject, and those who did not.
REPEATS = ("fcr_base", "fcr_resolved")
CASES = (
    "cases_opened",
    "cases_replied",
    "cases_resolved",
    "cases_handed",
    "cases_returned",
    "cases_reworked",
    "cases_due",
    "cases_in_time",
)
CALLBACKS = ("callbacks_asked", "callbacks_ended", "callbacks_reached", "callbacks_due", "callbacks_in_time")

MEASURES = (*CALLS, *LINE, *TALKS, *SHIFTS, *SURVEY, *REPEATS, *CASES, *CALLBACKS)

# Rows of `fact` for all subjects together, and for calls whose subject nobody has noted.
ALL_SUBJECTS, NO_SUBJECT = "*", ""
PHONE, WEB, WECHAT = "phone", "web", "wechat"
CHANNELS_ZH = {PHONE: "电话", WEB: "网站", WECHAT: "微信"}
# Where a fact comes from: this hotline's ledger, a city's own system, or a generated history to try things with.
OWN, CITY, DEMO = "own", "city", "demo"
# hour: `at` is its beginning. day: midnight in Shanghai. cell: an hour of a weekday within a month; `at` is the
# first hour of the month that falls on that weekday and hour. month: midnight of its first day, for years of history.
# year: the cells of a year that is over, each at its first hour of the year.
HOUR, DAY, CELL, MONTH, YEAR = "hour", "day", "cell", "month", "year"
GRAINS = (HOUR, DAY, CELL, MONTH, YEAR)

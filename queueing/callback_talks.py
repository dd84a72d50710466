"""What becomes of a callback when its place in the line ends: served, or to be tried again.

In the transaction that ends the place, so that a request is never left without either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from psycopg import Connection

from queueing import callback_rows, entries, text_messages
from queueing.callback import CARRIER, CASE, HUNG_UP, LEFT, LIVE, SERVED, TALKED, TRIED, UNREACHED, UNSERVED, next_step
from queueing.callback_rows import Attempt, CallbackRow
from queueing.callback_rules import CallbackRules
from queueing.entries import Entry

NextDecent = Callable[[datetime], datetime | None]


def end_served(connection: Connection[Any], entry: Entry, at: datetime) -> None:
    """The talk of a callback is over."""
    row = _live_callback(connection, entry)
    if row is not None:
        _end_open_attempt(connection, row, TALKED, at)
        callback_rows.move(connection, row, "end", at, end_reason=SERVED)


def settle_live(
    connection: Connection[Any],
    entry: Entry,
    reason: str,
    at: datetime,
    rules: CallbackRules,
    next_decent: NextDecent,
    is_technical: bool = False,
) -> None:
    """The caller of a callback was on the line, and the place ended for this reason (of `entries`)."""
    row = _live_callback(connection, entry)
    if row is None:
        return
    was_dropped = is_technical or "dropped" in entry.rules
    if reason == entries.LEFT:
        _end_open_attempt(connection, row, TALKED if entry.answered_at else HUNG_UP, at)
        callback_rows.move(connection, row, "end", at, end_reason=LEFT)
    elif was_dropped and reason == entries.HUNG_UP:
        # Ours to put right: at once, and first in the line.
        _again(connection, row, CARRIER, at, rules, next_decent, {"rank_at": entry.rank_at, "rules": entry.rules})
    elif entry.answered_at is not None:
        end_served(connection, entry, at)
    else:
        result = HUNG_UP if reason == entries.HUNG_UP else UNSERVED
        _again(connection, row, result, at, rules, next_decent)


def follow(
    connection: Connection[Any],
    row: CallbackRow,
    result: str,
    at: datetime,
    rules: CallbackRules,
    next_decent: NextDecent,
    chosen: datetime | None = None,
    changes: Mapping[str, Any] = MappingProxyType({}),
) -> CallbackRow:
    """Move a request on after an attempt with this result: again later, or the end with its reason.

    `changes`: other columns that change when it is tried again. A case's call is tried once: they say what was agreed.
    """
    if row.source == CASE and result != TALKED:
        return callback_rows.move(connection, row, "end", at, **{**changes, "end_reason": TRIED})
    step = next_step(result, row.attempts, rules, at, next_decent, chosen)
    if step.end_reason is None:
        return callback_rows.move(connection, row, "again", at, **{**changes, "not_before": step.at})
    if step.end_reason == UNREACHED:
        text_messages.add_text(connection, row.id, text_messages.UNREACHED, at)
    return callback_rows.move(connection, row, "end", at, end_reason=step.end_reason)


def _again(
    connection: Connection[Any],
    row: CallbackRow,
    result: str,
    at: datetime,
    rules: CallbackRules,
    next_decent: NextDecent,
    place: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    _end_open_attempt(connection, row, result, at)
    follow(connection, row, result, at, rules, next_decent, changes=place)


def _end_open_attempt(connection: Connection[Any], row: CallbackRow, result: str, at: datetime) -> None:
    attempt: Attempt | None = callback_rows.open_attempt(connection, row.id)
    if attempt is not None:
        callback_rows.end_attempt(connection, attempt, result, at)


def _live_callback(connection: Connection[Any], entry: Entry) -> CallbackRow | None:
    row = callback_rows.lock_callback(connection, entry.callback_id) if entry.callback_id else None
    return row if row is not None and row.status == LIVE else None

"""The made-up measures of one centre's hours: callers meet a line whose length follows from who is at work.

Everything adds up as measured facts do: received is the sum of the outcomes, waits are of those who stood in the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboards.provincial.demo.shape import SUBJECTS
from dashboards.provincial.measures import LEFT_WAITS, SCORES, SERVED_WAITS, WAIT_BOUNDS
from ivr.outcome import PRECEDENCE

Array = NDArray[Any]
Arrays = dict[str, Array]
HANDLING_SECONDS = 235
# Of a hundred callers during the hours, those who want a person.
WANT_A_PERSON = 0.62
SHARES = np.array([share for _, share, _ in SUBJECTS], dtype=float) / sum(share for _, share, _ in SUBJECTS)
TALK_SECONDS = np.array([seconds for _, _, seconds in SUBJECTS])
# A wait within each bucket, for the sums.
TYPICAL_WAITS = np.array([2, 9, 22, 44, 88, 195, 430, 800])
SCORE_SHARES = (0.61, 0.22, 0.11, 0.035, 0.025)


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of one centre: calls to be expected, the part of each in which somebody answers, and seats."""

    expected: Array
    staffed: Array
    seats: int


def draw(hours: Hours, chance: np.random.Generator) -> tuple[Arrays, Arrays]:
    """(measures by hour and subject, of shape [hours, subjects]; measures of shifts by hour)."""
    received = chance.poisson(hours.expected)
    load = _load(hours, received)
    outcomes = dict(zip(PRECEDENCE, chance.multinomial(received, _outcome_shares(hours, load)).T, strict=True))
    answered = chance.multinomial(outcomes["answered"], SHARES)
    # Nobody notes a subject where nobody talked.
    by_subject = {name: _first(values) for name, values in outcomes.items() if name != "answered"}
    found: Arrays = {**by_subject, "answered": answered, "in_progress": np.zeros_like(answered)}
    found["received"] = sum((found[name] for name in PRECEDENCE), np.zeros_like(answered))
    found |= _line(found, load, chance)
    found |= _talks(found, load, chance)
    found |= _afterwards(found, load, chance)
    return found, _shifts(hours, found)


def _first(values: Array) -> Array:
    wide = np.zeros((len(values), len(SUBJECTS)), dtype=int)
    wide[:, 0] = values
    return wide


def _load(hours: Hours, received: Array) -> Array:
    """Work that comes, beside what the seats can do; 0 where nobody is at work."""
    capacity = hours.seats * 3600 * hours.staffed * 0.88
    work = received * WANT_A_PERSON * HANDLING_SECONDS
    return np.divide(work, capacity, out=np.zeros(len(received)), where=capacity > 0)


def _outcome_shares(hours: Hours, load: Array) -> Array:
    """Of each hour's calls, in the order of the outcomes."""
    over = np.clip(load - 0.7, 0, 2)
    gave_up = np.clip(0.02 + 0.42 * over, 0, 0.55)
    short, booked, nobody = 0.012 + 0.02 * np.clip(over, 0, 1), np.clip(0.3 * over, 0, 0.16), 0.004
    person = WANT_A_PERSON * hours.staffed
    open_shares = {
        "answered": person * (1 - gave_up - short - booked - nobody),
        "abandoned_in_queue": person * gave_up,
        "short_abandon": person * short,
        "callback_requested": person * booked,
        "human_unavailable": person * nobody,
        "self_served": hours.staffed * 0.27,
        "voicemail": hours.staffed * 0.012,
        "abandoned_in_menu": hours.staffed * 0.097,
        "failed": hours.staffed * 0.001,
    }
    closed = 1 - hours.staffed
    closed_shares = {
        "self_served": closed * 0.35,
        "voicemail": closed * 0.11,
        "after_hours": closed * 0.539,
        "failed": closed * 0.001,
    }
    shares = np.zeros((len(load), len(PRECEDENCE)))
    for place, name in enumerate(PRECEDENCE):
        shares[:, place] = open_shares.get(name, 0.0) + closed_shares.get(name, 0.0)
    return _normed(shares)


def _normed(shares: Array) -> Array:
    normed: Array = shares / shares.sum(axis=1, keepdims=True)
    return normed


def _line(found: Arrays, load: Array, chance: np.random.Generator) -> Arrays:
    """Who stood in the line, and how long."""
    in_line = found["answered"] + found["abandoned_in_queue"] + found["callback_requested"]
    served = chance.multinomial(found["answered"], _waits(load)[:, None, :])
    left = chance.multinomial(found["abandoned_in_queue"], _patience(load)[:, None, :])
    left[:, :, 0] += found["short_abandon"]
    # They were asked after five minutes.
    left[:, :, 6] += found["callback_requested"]
    return {
        "asked_human": in_line + found["short_abandon"] + found["human_unavailable"],
        "offered": in_line,
        "answered_15": served[:, :, :2].sum(axis=2),
        "answer_wait_seconds": (served * TYPICAL_WAITS).sum(axis=2),
        **{name: served[:, :, bucket] for bucket, name in enumerate(SERVED_WAITS)},
        **{name: left[:, :, bucket] for bucket, name in enumerate(LEFT_WAITS)},
    }


def _waits(load: Array) -> Array:
    """Shares of the buckets: most at once while the line is short, and the longer the fuller it is."""
    at_once = np.clip(1.12 - 0.62 * load, 0.06, 0.96)
    mean = 12 + 260 * np.clip(load - 0.55, 0, 1.6) ** 1.5
    shares = (1 - at_once)[:, None] * _exponential(mean)
    shares[:, 0] += at_once * 0.72
    shares[:, 1] += at_once * 0.28
    return shares


def _patience(load: Array) -> Array:
    shares = _exponential(40 + 70 * np.clip(load - 0.6, 0, 1.5))
    shares[:, 0] = 0
    return _normed(shares)


def _exponential(mean: Array) -> Array:
    below = 1 - np.exp(-np.array(WAIT_BOUNDS)[None, :] / mean[:, None])
    edges = np.concatenate([np.zeros((len(mean), 1)), below, np.ones((len(mean), 1))], axis=1)
    return np.diff(edges, axis=1)


def _talks(found: Arrays, load: Array, chance: np.random.Generator) -> Arrays:
    called_back = chance.binomial(found["callback_requested"], 0.83)
    legs = found["answered"] + chance.binomial(found["answered"], 0.035) + called_back
    return {
        "legs": legs,
        "callback_legs": called_back,
        "talk_seconds": chance.poisson(legs * TALK_SECONDS),
        "hold_seconds": chance.poisson(legs * 9.0),
        "wrap_up_seconds": chance.poisson(legs * 34.0),
    }


def _afterwards(found: Arrays, load: Array, chance: np.random.Generator) -> Arrays:
    """Judgements, repeated calls, cases, callbacks."""
    rated = chance.binomial(found["legs"], 0.37)
    scores = chance.multinomial(rated, SCORE_SHARES)
    base = chance.binomial(found["answered"], 0.8)
    base[:, 0] = 0
    opened = found["voicemail"] + chance.binomial(found["answered"], 0.016)
    replied = chance.binomial(opened, 0.985)
    handed = chance.binomial(opened, 0.07)
    asked = found["callback_requested"]
    reached = np.minimum(found["callback_legs"], asked)
    return {
        "surveyed": found["legs"],
        **{name: scores[:, :, place] for place, name in enumerate(SCORES)},
        "fcr_base": base,
        "fcr_resolved": chance.binomial(base, 0.86),
        "cases_opened": opened,
        "cases_replied": replied,
        "cases_resolved": chance.binomial(replied, 0.93),
        "cases_handed": handed,
        "cases_returned": chance.binomial(handed, 0.12),
        "cases_reworked": chance.binomial(replied, 0.03),
        "cases_due": opened,
        "cases_in_time": chance.binomial(replied, 0.95),
        "callbacks_asked": asked,
        "callbacks_ended": asked,
        "callbacks_reached": reached,
        "callbacks_due": asked,
        "callbacks_in_time": chance.binomial(reached, 0.93),
    }


def _shifts(hours: Hours, found: Arrays) -> Arrays:
    handling = sum((found[name].sum(axis=1) for name in ("talk_seconds", "hold_seconds", "wrap_up_seconds")), 0)
    # Nobody is signed in for less than the work that was done.
    signed_in = np.maximum(np.round(hours.seats * 3600 * hours.staffed), np.ceil(handling / 0.9)).astype(int)
    breaks = (signed_in - handling) // 12
    return {
        "handling_seconds": handling,
        "break_seconds": breaks,
        "available_seconds": signed_in - handling - breaks,
        "signed_in_seconds": signed_in,
    }


def subject_keys() -> Sequence[str]:
    """The subjects in the order of the arrays' second axis."""
    return [key for key, _, _ in SUBJECTS]

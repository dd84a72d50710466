"""Changing the sample rate without letting high tones fold into low ones."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Zero crossings of the sinc on each side: more is a steeper filter and slower.
_CROSSINGS = 16
# The pass band ends a little below half the lower rate, so that the filter's slope lies inside it.
_PASS_BAND = 0.92
# Kaiser window: about 70 dB down outside the pass band.
_BETA = 7.0


def resample(samples: NDArray[np.float32], rate_in: int, rate_out: int) -> NDArray[np.float32]:
    """The same sound with `rate_out` samples a second (windowed sinc, one short filter for each phase)."""
    if rate_in == rate_out or not samples.size:
        return samples
    divisor = math.gcd(rate_in, rate_out)
    up, down = rate_out // divisor, rate_in // divisor
    filters = _filters(rate_in, rate_out)
    reach = filters.shape[1] // 2
    count = -(-samples.size * up // down)
    padded = np.concatenate([np.zeros(reach, np.float32), samples, np.zeros(reach + down, np.float32)])
    windows = sliding_window_view(padded, filters.shape[1])
    out = np.empty(count, np.float32)
    for phase in range(min(up, count)):
        # Every up-th output sample falls on the same place between two input samples.
        wanted = out[phase::up]
        wanted[:] = windows[phase * down // up :: down][: wanted.size] @ filters[phase]
    return out


@lru_cache(maxsize=8)
def _filters(rate_in: int, rate_out: int) -> NDArray[np.float32]:
    """One row of weights for each position an output sample can have between two input samples."""
    divisor = math.gcd(rate_in, rate_out)
    up, down = rate_out // divisor, rate_in // divisor
    # In cycles per input sample.
    cutoff = 0.5 * _PASS_BAND * min(1.0, rate_out / rate_in)
    reach = math.ceil(_CROSSINGS / (2 * cutoff))
    between = (np.arange(up) * down % up) / up
    distance = np.arange(-reach, reach + 1)[None, :] - between[:, None]
    window = np.i0(_BETA * np.sqrt(np.clip(1 - (distance / (reach + 1)) ** 2, 0, None))) / np.i0(_BETA)
    weights = 2 * cutoff * np.sinc(2 * cutoff * distance) * window
    # Every phase passes the same loudness.
    filters: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return filters

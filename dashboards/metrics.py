"""Every figure of the hotline, defined once: from which sums it is made, and in words what it says. Pure.

The wallboard, the pages, reports, exports and the commands all show `value_of` one of FIGURES: over any slice the sums
are added first and the ratio is made last, so that the same slice has the same number everywhere. Source: domain,
figures and their definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dashboards.call_metrics import OF_CALLS, OF_THE_LINE, OUTCOME_DEFINITIONS
from dashboards.figure import (
    CALLBACKS,
    CALLS,
    CASES,
    COUNT,
    GROUPS_ZH,
    HIGH,
    LINE,
    LOW,
    RATE,
    SATISFACTION,
    SECONDS,
    TALKS,
    Figure,
    Value,
    figure_json,
    value_json,
    value_of,
)
from dashboards.service_metrics import OF_CALLBACKS, OF_CASES, OF_SATISFACTION, OF_TALKS

__all__ = [
    "CALLBACKS",
    "CALLS",
    "CASES",
    "COUNT",
    "FIGURES",
    "GROUPS_ZH",
    "HIGH",
    "LINE",
    "LOW",
    "OUTCOME_DEFINITIONS",
    "RATE",
    "SATISFACTION",
    "SECONDS",
    "TALKS",
    "Figure",
    "Value",
    "figure_json",
    "value_json",
    "value_of",
]

_ALL = (*OF_CALLS, *OF_THE_LINE, *OF_TALKS, *OF_SATISFACTION, *OF_CASES, *OF_CALLBACKS)
FIGURES: Mapping[str, Figure] = MappingProxyType({figure.key: figure for figure in _ALL})

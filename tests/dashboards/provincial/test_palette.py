"""The colours of the charts are told apart by everybody: seen as people with each kind of colour blindness see them.

Simulation: the matrices of Machado, Oliveira and Fernandes (2009) for a severity of 1.0, on linear RGB; distances are
CIE 1976 in L*a*b*, where a difference of 2.3 is just noticeable.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import numpy as np
import pytest

from integrations.settings import PROJECT_DIR

CHARTS = PROJECT_DIR / "dashboards" / "static" / "province" / "charts.js"
SEEN_BY = {
    "everybody else": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ @ np.ones(3)
# Series are told apart by their marks, too; two lines at once are the rule, four the most.
SERIES, APART = 4, 12.0
STEP = 5.0


def colours(name: str) -> list[np.ndarray]:
    listed = re.search(rf"export const {name} = \[([^\]]+)\]", CHARTS.read_text(encoding="utf-8"))
    assert listed, name
    return [
        np.array([int(hexes[i : i + 2], 16) for i in (0, 2, 4)]) / 255 for hexes in re.findall(r"#(\w{6})", listed[1])
    ]


def lab(colour: np.ndarray, seen_by: str) -> np.ndarray:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(SEEN_BY[seen_by]) @ linear, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("name", ["palette", "darkPalette"])
def test_series_are_told_apart(name: str, seen_by: str) -> None:
    seen = [lab(colour, seen_by) for colour in colours(name)[:SERIES]]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > APART


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize(("name", "way"), [("heatColours", -1), ("darkHeatColours", 1)])
def test_more_is_always_further_from_the_background(name: str, way: int, seen_by: str) -> None:
    """Dark on white paper, light on a dark wall, in steps that are seen."""
    lightness = [float(lab(colour, seen_by)[0]) for colour in colours(name)]
    assert all((later - earlier) * way > STEP for earlier, later in pairwise(lightness)), lightness

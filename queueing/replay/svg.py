"""The few shapes that a picture is made of, as elements of an SVG.

Pure. Coordinates are pixels from the top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement


def box(
    parent: Element, x: float, y: float, width: float, height: float, fill: str, stroke: str = "", radius: float = 0
) -> Element:
    """A rectangle; `stroke` a colour for its edge, `radius` of its corners."""
    element = SubElement(
        parent, "rect", x=number(x), y=number(y), width=number(width), height=number(height), fill=fill
    )
    if stroke:
        element.set("stroke", stroke)
    if radius:
        element.set("rx", number(radius))
    return element


def text(
    parent: Element, x: float, y: float, words: str, size: int, fill: str, anchor: str = "", weight: int = 400
) -> Element:
    """Words on one line; `anchor` is start, middle or end."""
    element = SubElement(parent, "text", {"x": number(x), "y": number(y), "font-size": str(size), "fill": fill})
    if anchor:
        element.set("text-anchor", anchor)
    if weight != 400:
        element.set("font-weight", str(weight))
    element.text = words
    return element


def path(
    parent: Element, points: Sequence[tuple[float, float]], stroke: str = "none", width: float = 0, fill: str = "none"
) -> None:
    """A line through points, or the shape inside them."""
    d = "M" + " ".join(f"{number(x)},{number(y)}" for x, y in points)
    element = SubElement(parent, "path", d=d, fill=fill)
    if stroke != "none":
        element.set("stroke", stroke)
        element.set("stroke-width", number(width))


def swatch(
    parent: Element, x: float, y: float, label: str, colour: str, size: int, ink: str, is_line: bool = False
) -> None:
    """What a colour stands for."""
    height = 4 if is_line else 16
    box(parent, x, y - 6 - height / 2, 22, height, colour)
    text(parent, x + 30, y, label, size, ink)


def number(value: float) -> str:
    """A tenth of a pixel is enough, and keeps the file small."""
    return f"{value:.1f}".removesuffix(".0")

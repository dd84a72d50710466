"""A menu as a picture: well-formed, nothing left out, closed keys marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from ivr.check import example_moment
from ivr.draw import Drawing, draw
from ivr.flow import Flow
from ivr.library import load_library
from ivr.moment import Feature, Moment
from queueing.features import FEATURES
from queueing.opening_hours import HoursState
from tests.ivr.menus import good, small_menu

TODAY = date(2026, 11, 21)
SVG = "{http://www.w3.org/2000/svg}"
CLOSED_INK, OPEN_KEY, CLOSED_KEY = "#a3adb5", "#0b5d8a", "#c8cfd4"


@pytest.fixture(scope="module")
def flow() -> Flow:
    return load_library(TODAY).flow("340000")


def moment(*open_features: str) -> Moment:
    features = {name: Feature(name in open_features, "还没有") for name in FEATURES}
    return replace(example_moment(HoursState.OPEN, TODAY, has_human=True), features=features)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def inks(svg: str) -> dict[str, str | None]:
    """The colour of each line of words, by its full text."""
    root = ElementTree.fromstring(svg)
    titled = [(text, text.find(f"{SVG}title")) for text in root.iter(f"{SVG}text")]
    return {title.text or "": text.get("fill") for text, title in titled if title is not None}


def test_the_picture_is_well_formed_and_has_its_title(flow: Flow) -> None:
    svg = draw(flow, moment(), "安徽 <12333> & 合肥")
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == "安徽 <12333> & 合肥"


@pytest.mark.parametrize("centre", ["340000", "340100", "340700"])
def test_every_waiting_node_is_drawn_once(centre: str) -> None:
    flow = load_library(TODAY).flow(centre)
    drawing = Drawing(flow, moment())
    waiting = {node.id for node in flow.nodes.values() if node.waits}
    assert waiting <= drawing.boxes.keys()
    shown = texts(drawing.svg("图"))
    assert all(shown.count(drawing.boxes[node_id].title) == 1 for node_id in waiting)


def test_boxes_do_not_lie_on_each_other(flow: Flow) -> None:
    boxes = sorted(Drawing(flow, moment()).boxes.values(), key=lambda box: (box.column, box.y))
    for upper, lower in pairwise(boxes):
        assert upper.column != lower.column or upper.y + upper.height <= lower.y


def test_everything_lies_inside_the_picture(flow: Flow) -> None:
    drawing = Drawing(flow, moment())
    assert all(box.y + box.height <= drawing.height for box in drawing.boxes.values())
    assert all(drawing._x(box) + 290 <= drawing.width for box in drawing.boxes.values())


def test_closed_keys_are_grey_and_say_so_open_ones_are_not(flow: Flow) -> None:
    colours = inks(draw(flow, moment("recordings"), "图"))
    assert colours["听政策录音"] != CLOSED_INK
    assert colours["问怎么办事（没有开通）"] == CLOSED_INK
    assert colours["投诉举报（没有开通）"] == CLOSED_INK
    assert "听政策录音（没有开通）" not in colours


def test_a_key_whose_condition_does_not_hold_is_grey(flow: Flow) -> None:
    def row(has_human: bool) -> bool:
        main = Drawing(flow, example_moment(HoursState.OPEN, TODAY, has_human)).boxes["main"]
        return next(row.is_open for row in main.rows if row.key == "0")

    assert row(True)
    assert not row(False)


def test_keys_have_the_colour_of_their_state(flow: Flow) -> None:
    root = ElementTree.fromstring(draw(flow, moment("recordings"), "图"))
    fills = [rect.get("fill") for rect in root.iter(f"{SVG}rect") if rect.get("rx") == "4"]
    assert {OPEN_KEY, CLOSED_KEY} == set(fills)


def test_words_that_depend_on_the_call_are_shown_as_gaps(flow: Flow) -> None:
    svg = draw(flow, moment(), "图")
    assert "〔下次上班〕" in svg
    assert "{" not in svg


def test_every_kind_of_node_can_be_drawn() -> None:
    nodes = """
    number: {kind: collect, say: [ask], bad: bad, store: number, to: voice, failed: person}
    voice: {kind: record, say: [ask], empty: bad, store: message, to: look, failed: person}
    look: {kind: command, do: find_out, waiting: wait, routes: {found: away, none: person}, late: person}
    away: {kind: handover, centre: guess_1}
    """
    zero = '      - {key: "0", say: zero, to: person}\n'
    menu = small_menu(nodes).replace(zero, zero + '      - {key: "1", say: one, to: number}\n')
    drawing = Drawing(good(menu), moment())
    assert {"number", "voice", "look", "away"} <= drawing.boxes.keys()
    ElementTree.fromstring(drawing.svg("图"))

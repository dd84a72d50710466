"""Every path of the shipped menus, as transcripts."""

from datetime import date

import pytest

from ivr.library import Library, load_library
from tests.call_scripts.script import FOLDER, Script

SCRIPTS = [Script.read(path) for path in sorted(FOLDER.glob("*.txt"))]
# Said by the webhooks when the engine cannot be asked; their own tests hear them.
OUTSIDE_THE_ENGINE = {"failure", "failure_all", "hold", "agent_press_1", "agent_too_late"}
NEVER_SAID = ("请稍后再拨", "业务繁忙", "无此服务", "您的操作有误", "感谢您的耐心等待")
COMING = "马上有人跟您说话，请不要挂机。"
MATTERS = ("养老", "医保", "社保卡", "失业", "工伤", "劳动", "投诉", "挂失", "退休", "位", "排队")
# Said only when a name is missing: test_almanac hears them.
UNSURE = {
    *("holiday_plain", "holiday_unsure", "closed_exceptionally_unsure"),
    "handover",
    "connect_plain",
}


@pytest.fixture(scope="module")
def library() -> Library:
    library = load_library(date(2026, 11, 21))
    assert not library.problems
    return library


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_call_goes_as_written(script: Script, library: Library) -> None:
    heard, _ = script.play(library)
    assert heard == list(script.lines)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_call_hears_what_nobody_shall_say(script: Script, library: Library) -> None:
    _, walk = script.play(library)
    assert walk.said
    assert [words for words in walk.said if any(never in words for never in NEVER_SAID)] == []


@pytest.mark.parametrize("script", [s for s in SCRIPTS if "called" in s.header], ids=lambda script: script.name)
def test_whoever_picks_up_learns_nothing_of_the_matter(script: Script, library: Library) -> None:
    _, walk = script.play(library)
    # What follows is heard by somebody who has said that he is the one.
    heard = walk.said[: walk.said.index(COMING)] if COMING in walk.said else walk.said
    assert [words for words in heard if any(matter in words for matter in MATTERS)] == []


def test_the_scripts_hear_every_prompt_and_rest_on_every_waiting_node(library: Library) -> None:
    walks = [script.play(library)[1] for script in SCRIPTS]
    nodes = set().union(*(walk.nodes for walk in walks))
    prompts = set().union(*(walk.prompts for walk in walks))
    flow = library.flow("340000")
    waiting = {node.id for node in flow.nodes.values() if node.waits and node.kind != "handover"}
    # A list is left for its menu when it has nothing: only expired content leads there.
    assert waiting - nodes == set()
    assert set(flow.prompts) - prompts - OUTSIDE_THE_ENGINE - UNSURE == {"nothing_here"}

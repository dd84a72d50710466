"""What a menu can do about callbacks, on menus written inline: offers, half hours, voices, results, machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr.events import CalledBack, CallEnded, CommandAnswered, Silence, Spoke
from ivr.flow import Flow
from ivr.outcome import CALLBACK_REQUESTED, SELF_SERVED
from ivr.session import Session
from ivr.verbs import Gather
from tests.ivr.calls import Call
from tests.ivr.menus import HEAD, WORDS, good, prove, small_menu

LINE = """
line:
  kind: wait
  keys_said: keys
  tips: [tip]
  still: still
  look: ask_line
  leave: person
  options:
    - {key: "1", say: offer, when: "word:callback_offer", to: slots}
    - {key: "2", say: other, feature: query, to: top}
ask_line: {kind: command, do: find_out, waiting: wait, routes: {found: looked, none: person}, late: person}
looked: {kind: say, say: [look], to: line}
slots: {kind: slots, option: slot, to: chosen, back: line}
chosen: {kind: say, say: [chosen], forget: phone, line_is: over, mark: callback_requested, to: top}
"""
LINE_WORDS = f"{WORDS}keys: 请按9。\nlook: 请等。\nstill: 在排队。\ntip: 提示。\noffer: 回电，请按1。\nother: 请按2。\n"
LINE_WORDS += 'slot: "{slot}，请按{key}。"\nchosen: 好的。\n'
ZERO = '      - {key: "0", say: zero, to: person}\n'


def in_line(nodes: str = LINE) -> Flow:
    return good(small_menu(nodes).replace(ZERO, ZERO + '      - {key: "5", say: one, to: line}\n'), LINE_WORDS)


class LineCall(Call):
    """A caller in the line, to whom nothing is offered yet."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)
        words = {name: word for name, word in self.moment.words.items() if name != "callback_offer"}
        self.moment = replace(self.moment, words=words)
        self.press("5")

    def look(self, **words: str | None) -> LineCall:
        """A round in the line, and what it brought along."""
        self.silence()
        self.happens(CommandAnswered, self.session.pending, "found", words, after=0.1)
        return self


@pytest.fixture
def call() -> LineCall:
    return LineCall(in_line())


def test_what_is_offered_in_the_line_is_said_once_when_it_opens(call: LineCall) -> None:
    assert call.heard == ["other", "keys"]
    assert call.look().heard == ["look"]
    assert call.look(callback_offer="yes").heard == ["look", "offer"]
    assert call.look().heard == ["look"] and call.look().heard == ["look", "tip"]


def test_another_wait_is_told_everything_again(call: LineCall) -> None:
    call.look(callback_offer="yes")
    call.session.in_line_since = 0.0
    assert call.look().heard == ["look", "offer", "other", "keys"]


def test_a_key_that_is_not_offered_asks_how_it_stands(call: LineCall) -> None:
    assert call.press("1").node == "ask_line"


SLOTS = {
    "slot_1": "今天下午3点到3点半",
    "slot_at_1": "2026-11-23T15:00:00+08:00",
    "slot_2": "3点半到4点",
    "slot_at_2": "2026-11-23T15:30:00+08:00",
    "slot_3": None,
    "slot_at_3": None,
}


@pytest.fixture
def choosing(call: LineCall) -> Callable[..., LineCall]:
    def make(**words: str | None) -> LineCall:
        call.look(callback_offer="yes", **(words or SLOTS)).press("1")
        return call

    return make


def test_each_half_hour_has_its_key(choosing: Callable[..., LineCall]) -> None:
    assert choosing().words == "今天下午3点到3点半，请按1。3点半到4点，请按2。"


@pytest.mark.parametrize(("key", "begins"), [("1", "15:00"), ("2", "15:30"), ("", "15:00")])
def test_a_key_takes_its_half_hour_and_silence_the_first(
    choosing: Callable[..., LineCall], key: str, begins: str
) -> None:
    call = choosing()
    call.session.private["phone"] = "13900001234"
    call.press(key) if key else call.silence()
    assert call.session.facts["slot"] == f"2026-11-23T{begins}:00+08:00"
    assert (call.heard[0], call.node) == ("chosen", "top")
    assert call.session.private == {} and call.session.marks == [CALLBACK_REQUESTED]
    assert call.session.in_line_since == 0.0


def test_9_says_them_again_star_goes_back_0_is_a_person_and_others_are_wrong(
    choosing: Callable[..., LineCall],
) -> None:
    call = choosing()
    assert call.press("9").heard == ["slot", "slot"]
    assert call.press("3").heard == ["wrong_key", "slot", "slot"]
    assert call.press("*").node == "line"
    assert choosing().press("0").node == "person"


def test_without_any_half_hour_it_goes_back(choosing: Callable[..., LineCall]) -> None:
    assert choosing(slot_1=None, slot_at_1=None).node == "line"
    assert choosing(slot_1="今天", slot_at_1=None).node == "line"


def test_hanging_up_in_the_line_of_somebody_who_wants_to_be_rung_is_a_request(call: LineCall) -> None:
    call.look(callback_wanted="yes").happens(CallEnded, "completed", after=60)
    assert CALLBACK_REQUESTED in call.session.marks


def test_leaving_it_by_key_is_none() -> None:
    left = LINE.replace("leave: person", "leave: gone") + "gone: {kind: say, say: [], line_is: left, to: top}\n"
    call = LineCall(in_line(left)).look(callback_wanted="yes")
    call.press("*", after=60).happens(CallEnded, "completed")
    assert call.session.marks == ["abandoned_in_queue"]


# a question that a voice may answer

VOICE = """
ask: {kind: menu, say: [ask], options: [{key: "1", to: yes_it_is}], voice: yes_it_is, silence: person}
yes_it_is: {kind: say, say: [hello], to: top}
plain: {kind: menu, say: [ask], options: [{key: "1", to: ask}], silence: person}
result: {kind: menu, say: [ask], options: [], result: true, silence: person}
"""


@pytest.fixture(scope="module")
def asked() -> Flow:
    keys = "".join(f'      - {{key: "{key}", say: one, to: {to}}}\n' for key, to in (("1", "ask"), ("2", "plain")))
    keys += '      - {key: "3", say: one, to: result}\n'
    return good(small_menu(VOICE).replace(ZERO, ZERO + keys))


def test_a_voice_is_listened_for_only_where_it_leads_somewhere(asked: Flow) -> None:
    call = Call(asked).press("1")
    assert call.gather() == Gather(call.gather().prompts, 1, "", 5, speech=True)
    assert call.happens(Spoke).heard[0] == "hello"
    call = Call(asked).press("2")
    assert not call.gather().speech
    # A voice that nobody asked for is silence.
    assert call.happens(Spoke).node == "person"


def test_keys_and_silence_are_as_ever_where_a_voice_counts(asked: Flow) -> None:
    assert Call(asked).press("1", "1", after=1).heard[0] == "hello"
    assert Call(asked).press("1").silence().node == "person"


def test_a_result_that_was_heard_is_self_service_and_one_cut_short_is_not(asked: Flow) -> None:
    assert Call(asked).press("3").press("*", after=0.5).session.marks == []
    assert Call(asked).press("3").happens(Silence, after=6).session.marks == [SELF_SERVED]


# our own call

CALLED = """
begins: {kind: branch, by: "fact:called", routes: {machine: message, late: person}, otherwise: hello}
hello: {kind: menu, say: [hello], options: [{key: "1", to: top}], voice: top, silence: person}
message: {kind: hangup, say: [machine]}
"""
CALLED_HEAD = HEAD.replace("tops: [top]", "callback: begins\ntops: [top]")
CALLED_WORDS = f"{WORDS}machine: {{text: '打过电话，{{next_try}}再打。', barge: false, instead: goodbye}}\n"


def called(who: str, flow: Flow, **words: str | None) -> Call:
    call = Call(flow)
    words_known = {name: word for name, word in call.moment.words.items() if name != "next_try"}
    call.moment = replace(call.moment, words=words_known)
    call.step = type(call.step)(Session(centre="340000"), ())
    return call.happens(CalledBack, "attempt1", who, words)


@pytest.fixture(scope="module")
def ours() -> Flow:
    return good(small_menu(CALLED, CALLED_HEAD), CALLED_WORDS)


@pytest.mark.parametrize(("who", "node"), [("person", "hello"), ("machine", "message"), ("late", "person")])
def test_our_call_begins_where_the_menu_says(ours: Flow, who: str, node: str) -> None:
    call = called(who, ours)
    assert call.node == node and call.session.facts["attempt"] == "attempt1"


def test_a_machine_ends_whatever_was_being_asked_and_no_key_interrupts_it(ours: Flow) -> None:
    call = called("person", ours).press("1")
    assert call.node == "top"
    call.happens(CalledBack, "attempt1", "machine", {"next_try": "下午4点"})
    assert call.words == "打过电话，下午4点再打。" and call.outside_the_gather() == ["machine"]


def test_a_menu_that_makes_no_calls_says_goodbye() -> None:
    call = called("person", good(small_menu()))
    assert call.heard == ["goodbye"] and call.kinds[-1] == "Hangup"


def test_used_up_turns_do_not_keep_a_machine_from_its_message(ours: Flow) -> None:
    call = called("person", ours)
    call.session.turn = 1000
    assert call.happens(CalledBack, "attempt1", "machine", {}).node == "message"


# the check of a menu


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            'more: {kind: menu, say: [{say: hello, when: "word:callback_ofer"}], options: []}',
            "“more”的条件“word:callback_ofer”不认识，是不是“callback_offer”？",
        ),
        (
            'more: {kind: menu, say: [{say: hello, when: "wrod:callback_offer"}], options: []}',
            "“more”的条件“wrod:callback_offer”不认识",
        ),
        (
            'more: {kind: branch, by: in_line, routes: {"yes": top}}',
            "“more”缺少去处：no",
        ),
        (
            'more: {kind: branch, by: staffed, routes: {"yes": top, "no": top, "maybe": top}}',
            "“more”没有这样的情况：maybe",
        ),
    ],
)
def test_a_misspelt_condition_is_told(nodes: str, said: str) -> None:
    menu = small_menu(nodes).replace(ZERO, ZERO + '      - {key: "1", say: one, to: more}\n')
    assert [problem.partition(" ")[2] for problem in prove(menu)] == [said]


def test_a_place_to_begin_that_there_is_not_is_told() -> None:
    head = HEAD.replace("tops: [top]", "callback: beginns\ntops: [top]")
    assert prove(small_menu(CALLED, head), CALLED_WORDS)[0].endswith("callback “beginns”没有这个节点，是不是“begins”？")


def test_callbacks_that_are_open_need_a_place_to_begin() -> None:
    talk = HEAD.replace("tops: [top]", "talk: talk\ntops: [top]")
    nodes = "talk: {kind: talk, say: [hello], after: person}"
    words = f"{WORDS}hold: 请稍等。\nagent_press_1: 请按1。\nagent_too_late: 已转接。\n"
    assert prove(small_menu(nodes, talk), words) == []
    [problem] = prove(small_menu(nodes, talk), words, open_features=("progress",))
    assert "却没有写打给来电人时从哪里开始" in problem


def test_a_room_is_as_deep_as_its_shortest_way() -> None:
    """A menu two keys away is not too deep because a way of three menus leads there, too."""
    nodes = """
    one: {kind: menu, say: [ask], options: [{key: "1", to: two}], silence: person}
    two: {kind: menu, say: [ask], options: [{key: "1", to: look}], silence: person}
    look: {kind: command, do: find_out, waiting: wait, routes: {found: deep, none: deep}, late: person}
    deep: {kind: menu, say: [ask], options: [{key: "1", to: top}], silence: person}
    """
    keys = '      - {key: "1", say: one, to: one}\n'
    menu = small_menu(nodes).replace(ZERO, ZERO + keys)
    assert [problem.partition(" ")[2] for problem in prove(menu)] == ["“deep”在第4层，最多3层"]
    short = menu.replace(keys, keys + '      - {key: "2", say: one, to: look}\n')
    assert prove(short) == []

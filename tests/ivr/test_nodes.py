"""What each kind of node does with keys, silence and answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.commands import CommandKind
from ivr.content import Content, Guide, Material, Recording
from ivr.events import CallEnded, CommandAnswered, DialEnded, Recorded, Recovered, Silence
from ivr.findings import PROMPTS, Finding, Sentence, to_plain
from ivr.flow import Flow
from ivr.nodes.collect import id_problem, is_telephone
from ivr.nodes.findings import FINDINGS, REJECTED
from ivr.outcome import AFTER_HOURS, ANSWERED, HUMAN_UNAVAILABLE, SELF_SERVED
from ivr.session import TURN_LIMIT, Caller, Session
from ivr.verbs import Dial, Gather, Hangup, Pause, Record, Redirect, Say, is_private
from ivr.words import speakable
from queueing.opening_hours import HoursState
from tests.ivr.calls import Call
from tests.ivr.menus import HEAD, NEXT_LINE, WORDS, good, prove, small_menu

ZERO = '      - {key: "0", say: zero, to: person}\n'


def with_key_1(nodes: str, to: str, words: str = WORDS, content: Content | None = None) -> Flow:
    """The small menu with these nodes behind key 1, proven."""
    menu = small_menu(nodes).replace(ZERO, f'{ZERO}      - {{key: "1", say: one, to: {to}}}\n')
    return good(menu, words, content)


# Numbers and their checks


def id_number(place: str, born: str, serial: str) -> str:
    """An 18-digit number with its check character, by the remainder that GB 11643 asks for."""
    digits = place + born + serial
    # ISO 7064 MOD 11-2: the whole number, check character included, leaves 1.
    remainder = sum(int(digit) * pow(2, 17 - position, 11) for position, digit in enumerate(digits)) % 11
    check = (12 - remainder) % 11
    return digits + ("X" if check == 10 else str(check))


def is_id_number(keys: str) -> bool:
    return not id_problem(keys, date(2026, 12, 31))


def keyed(number: str) -> str:
    return number.replace("X", "*")


places = st.integers(110_000, 999_999).map(str)
births = st.dates(date(1900, 1, 1), date(2026, 12, 31)).map(lambda day: f"{day:%Y%m%d}")
serials = st.integers(0, 999).map(lambda n: f"{n:03d}")


@given(places, births, serials)
def test_every_well_made_id_number_is_accepted_with_x_keyed_as_star(place: str, born: str, serial: str) -> None:
    assert is_id_number(keyed(id_number(place, born, serial)))


@given(places, births, serials, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: str, born: str, serial: str, at: int, by: int) -> None:
    number = id_number(place, born, serial)
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert not is_id_number(keyed(wrong))


@given(places, births, serials, st.integers(0, 15))
def test_two_neighbouring_digits_exchanged_are_always_noticed(place: str, born: str, serial: str, at: int) -> None:
    number = id_number(place, born, serial)
    wrong = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert (wrong == number) or not is_id_number(keyed(wrong))


@pytest.mark.parametrize(
    "number",
    [
        # An old district code of Hefei: the number was given for life, the district is gone.
        id_number("340102", "19580101", "123"),
        # A foreigner's permanent residence card, and the residence permits of Hong Kong and Taiwan.
        id_number("911340", "19800229", "001"),
        id_number("810000", "19790615", "002"),
        id_number("830000", "19700101", "003"),
    ],
)
def test_old_place_codes_and_cards_of_other_residents_are_accepted(number: str) -> None:
    assert is_id_number(keyed(number))


@pytest.mark.parametrize(
    "digits",
    [
        "",
        "*",
        "34010219580101",
        id_number("340102", "19580230", "123"),
        id_number("340102", "19581301", "123"),
        "340102580101123",
        "*" * 18,
        "34010219580101123#",
    ],
)
def test_what_is_no_id_number_is_refused(digits: str) -> None:
    assert not is_id_number(keyed(digits))


def test_the_star_counts_as_x_only_at_the_end() -> None:
    number = next(n for serial in range(99) if (n := id_number("340102", "19580101", f"{serial:03d}"))[-1] == "X")
    assert is_id_number(number[:17] + "*")
    assert not is_id_number("*" + number[1:17] + "*")


@pytest.mark.parametrize("digits", ["13855112345", "19900001111", "055162999888", "02088888888", "05582345678"])
def test_mobiles_and_landlines_with_area_code_are_telephones(digits: str) -> None:
    assert is_telephone(digits)


@pytest.mark.parametrize(
    "digits",
    [
        "",
        "12345",
        "12855112345",
        "62999888",
        "1385511234*",
        "138551123456",
        "055512",
        "0558123456",
        "4008123456",
        "0085221234567",
        "96123456",
    ],
)
def test_short_numbers_and_others_are_no_telephones(digits: str) -> None:
    assert not is_telephone(digits)


# Collect

NUMBER = """
number: {kind: collect, say: [ask], bad: bad, store: phone, to: kept, failed: person, min: 10, max: 12,
         check: telephone, finish_on_key: "#", readback: readback}
kept: {kind: menu, say: [one], options: [{key: "0", to: person}]}
"""
PHONE = "13855112345"


@pytest.fixture(scope="module")
def number_menu() -> Flow:
    return with_key_1(NUMBER, "number")


def entering(flow: Flow) -> Call:
    call = Call(flow).press("1")
    assert call.node == "number"
    return call


def test_a_number_is_entered_until_its_terminator_with_15_seconds_for_the_first_digit(number_menu: Flow) -> None:
    call = entering(number_menu)
    first, second, redirect = call.step.verbs
    assert isinstance(first, Gather) and isinstance(second, Gather) and isinstance(redirect, Redirect)
    assert [say.prompt for say in first.prompts if isinstance(say, Say)] == ["ask"]
    assert (first.num_digits, first.finish_on_key, first.timeout) == (None, "#", 10)
    assert second.prompts == ()
    assert first.timeout + second.timeout == 15


def test_without_a_terminator_the_longest_number_ends_the_wait() -> None:
    flow = with_key_1(
        "number: {kind: collect, say: [ask], bad: bad, store: n, to: person, failed: person, max: 6}", "number"
    )
    assert entering(flow).gather().num_digits == 6


def test_what_was_keyed_in_is_read_back_digit_by_digit_and_never_kept_in_the_clear(number_menu: Flow) -> None:
    call = entering(number_menu).press(PHONE)
    assert call.heard == ["readback"]
    assert call.words == "您按的是幺三八五，五幺幺二，三四五。"
    assert is_private(call.step.verbs)
    assert call.gather().num_digits == 1
    assert PHONE not in call.session.to_json(orjson.dumps)
    assert "phone" not in call.session.to_json(orjson.dumps)


def test_1_at_the_read_back_keeps_the_number_and_goes_on(number_menu: Flow) -> None:
    call = entering(number_menu).press(PHONE, "1")
    assert call.node == "kept"
    assert call.session.private == {"phone": PHONE}
    assert PHONE not in call.session.to_json(orjson.dumps)


def test_2_at_the_read_back_asks_for_the_number_again_in_words(number_menu: Flow) -> None:
    call = entering(number_menu).press(PHONE, "2")
    assert call.heard == ["ask"]
    assert call.session.private == {}


def test_2_after_an_earlier_mistake_still_says_what_to_enter(number_menu: Flow) -> None:
    call = entering(number_menu).press("12", PHONE, "2")
    assert call.heard == ["ask"]


def test_9_at_the_read_back_reads_it_again(number_menu: Flow) -> None:
    call = entering(number_menu).press(PHONE, "9")
    assert call.heard == ["readback"]
    assert call.session.private == {"?phone": PHONE}


def test_0_at_the_read_back_asks_for_a_person(number_menu: Flow) -> None:
    assert entering(number_menu).press(PHONE, "0").node == "person"


def test_star_at_the_read_back_goes_back_to_the_menu_before() -> None:
    # Through a second menu: one step back is that menu, not the first.
    flow = with_key_1(
        'second: {kind: menu, say: [one], options: [{key: "0", to: person}, {key: "1", to: number}]}' + NUMBER, "second"
    )
    assert Call(flow).press("1", "1", PHONE, "*").node == "second"


def test_another_key_at_the_read_back_is_told_and_the_number_read_again(number_menu: Flow) -> None:
    assert entering(number_menu).press(PHONE, "7").heard == ["wrong_key", "readback"]


def test_silence_at_the_read_back_repeats_it_slowly_then_goes_to_the_last_resort(number_menu: Flow) -> None:
    call = entering(number_menu).press(PHONE).silence()
    assert call.heard == ["silence_1", "readback"]
    assert call.session.slow
    assert call.silence().node == "person"


@pytest.mark.parametrize("digits", ["05582345609", "02090909090", "055162999909"])
def test_0_and_9_are_digits_while_a_number_is_entered(number_menu: Flow, digits: str) -> None:
    call = entering(number_menu).press(digits)
    assert call.session.private == {"?phone": digits}


@pytest.mark.parametrize("digits", ["0", "9", "*", "1385511234*"])
def test_a_single_0_9_or_star_is_a_wrong_number_not_a_command(number_menu: Flow, digits: str) -> None:
    call = entering(number_menu).press(digits)
    assert (call.node, call.heard) == ("number", ["bad"])


def test_star_is_the_x_of_an_id_number() -> None:
    flow = with_key_1(
        "number: {kind: collect, say: [ask], bad: bad, store: id, to: kept, failed: person, "
        "min: 18, max: 18, check: id_number}\n"
        'kept: {kind: menu, options: [{key: "0", to: person}]}',
        "number",
    )
    number = next(n for serial in range(99) if (n := id_number("340102", "19580101", f"{serial:03d}"))[-1] == "X")
    call = entering(flow).press(number[:17] + "*")
    assert call.node == "kept"
    assert call.session.private == {"id": number}
    assert number[:17] not in call.session.to_json(orjson.dumps)


def test_a_wrong_number_is_told_twice_and_the_third_time_gets_help(number_menu: Flow) -> None:
    call = entering(number_menu).press("1")
    assert call.heard == ["bad"]
    assert call.press("2").heard == ["bad"]
    assert call.press("3").node == "person"


def test_no_key_is_the_call_for_help(number_menu: Flow) -> None:
    assert entering(number_menu).silence().node == "person"


def test_after_trouble_what_to_enter_is_said_again(number_menu: Flow) -> None:
    assert entering(number_menu).happens(Recovered).heard == ["recovered", "ask"]
    assert entering(number_menu).press("1").happens(Recovered).heard == ["recovered", "ask"]


def test_a_number_is_erased_when_the_call_ends(number_menu: Flow) -> None:
    call = entering(number_menu).press(PHONE, "1").happens(CallEnded, "completed")
    assert call.session.private == {}


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("check: telephon", "check “telephon”不认识"),
        ("min: 5, max: 4", "位数不对：最少5，最多4"),
        ('finish_on_key: "*"', "星号键要留给 X"),
        ("readback: ask", "复述的话“ask”里没有 {digits}"),
    ],
)
def test_a_collect_node_that_cannot_work_is_told(field: str, sentence: str) -> None:
    nodes = f"number: {{kind: collect, say: [ask], bad: bad, store: n, to: person, failed: person, {field}}}"
    menu = small_menu(nodes).replace(ZERO, f'{ZERO}      - {{key: "1", to: number}}\n')
    (problem,) = prove(menu)
    assert problem.startswith(f"small.yaml:{NEXT_LINE + 1} “number”")
    assert sentence in problem


# Record


@pytest.fixture(scope="module")
def record_menu() -> Flow:
    nodes = """
    talk: {kind: record, say: [ask], empty: bad, store: message, to: kept, failed: person, max_seconds: 60}
    kept: {kind: menu, say: [one], options: [{key: "0", to: person}]}
    """
    return with_key_1(nodes, "talk")


def test_a_recording_begins_after_its_words_and_is_kept_by_its_id(record_menu: Flow) -> None:
    call = Call(record_menu).press("1")
    assert call.kinds == ["Say", "Record", "Redirect"]
    assert Record(60, 5) in call.step.verbs
    call.happens(Recorded, "RE1", 2)
    assert call.node == "kept"
    assert call.session.facts == {"message": "RE1"}


def test_a_recording_that_is_too_short_is_asked_for_once_more(record_menu: Flow) -> None:
    call = Call(record_menu).press("1").happens(Recorded, "RE1", 1)
    assert call.heard == ["bad"]
    call.happens(Recorded, "RE2", 0)
    assert call.node == "person"
    assert call.session.facts == {}


def test_a_document_that_ended_without_a_recording_counts_as_too_short(record_menu: Flow) -> None:
    assert Call(record_menu).press("1").silence().heard == ["bad"]


def test_a_message_is_kept_when_the_caller_hangs_up_in_it(record_menu: Flow) -> None:
    call = Call(record_menu).press("1").happens(Recorded, "RE1", 9, True)
    assert call.session.facts == {"message": "RE1"}


# Commands


@pytest.fixture(scope="module")
def command_menu() -> Flow:
    nodes = """
    look:
      {kind: command, do: find_out, say: [ask], waiting: wait, routes: {found: kept, none: again}, late: person,
       arguments: {what: pension}}
    kept: {kind: menu, say: [one], options: [{key: "0", to: person}]}
    again: {kind: menu, say: [one], options: [{key: "0", to: person}, {key: "1", to: look}]}
    """
    return with_key_1(nodes, "look")


def test_a_command_is_asked_once_with_its_arguments(command_menu: Flow) -> None:
    call = Call(command_menu).press("1")
    (command,) = call.step.commands
    assert (command.name, command.arguments, command.id) == ("find_out", {"what": "pension"}, "find_out-1")
    assert call.session.pending == command.id
    assert call.heard == ["ask"]
    assert call.kinds == ["Say", "Pause", "Redirect"]


@pytest.mark.parametrize(("answer", "node"), [("found", "kept"), ("none", "again"), ("surprise", "person")])
def test_the_answer_leads_on_and_one_that_was_not_foreseen_counts_as_none(
    command_menu: Flow, answer: str, node: str
) -> None:
    call = Call(command_menu).press("1").happens(CommandAnswered, "find_out-1", answer)
    assert (call.node, call.session.pending) == (node, "")


def test_the_filler_is_said_three_times_at_most(command_menu: Flow) -> None:
    call = Call(command_menu).press("1")
    for _ in range(3):
        assert call.silence().heard == ["wait"]
        assert call.step.commands == ()
    call.silence()
    assert (call.node, call.session.pending) == ("person", "")


def test_a_late_answer_to_an_earlier_request_is_ignored(command_menu: Flow) -> None:
    call = Call(command_menu).press("1").happens(CommandAnswered, "find_out-1", "none").press("1")
    assert call.session.pending == "find_out-2"
    call.happens(CommandAnswered, "find_out-1", "found")
    assert (call.node, call.session.pending) == ("look", "find_out-2")
    assert call.happens(CommandAnswered, "find_out-2", "found").node == "kept"


def test_a_request_left_behind_does_not_hinder_a_new_one(command_menu: Flow) -> None:
    call = Call(command_menu).press("1").happens(CommandAnswered, "find_out-1", "none").press("1")
    for _ in range(4):
        call.happens(Recovered)
    assert (call.node, call.session.pending) == ("person", "")


# Branch


def branched(by: str, routes: str, otherwise: str = "") -> Flow:
    nodes = f"""
    which: {{kind: branch, by: "{by}", routes: {routes}{otherwise}}}
    left: {{kind: menu, say: [one], options: [{{key: "0", to: person}}]}}
    right: {{kind: menu, say: [ask], options: [{{key: "0", to: person}}, {{key: "1", to: left}}]}}
    """
    return with_key_1(nodes, "which")


@pytest.mark.parametrize(("state", "node"), [(HoursState.OPEN, "left"), (HoursState.NIGHT, "right")])
def test_a_branch_goes_by_the_hour(state: HoursState, node: str) -> None:
    flow = branched("hours", "{open: left}", ", otherwise: right")
    assert Call(flow, state=state).press("1").node == node


@pytest.mark.parametrize(
    ("state", "has_desk", "node"),
    [
        (HoursState.OPEN, True, "left"),
        (HoursState.OPEN, False, "right"),
        (HoursState.NIGHT, True, "person"),
    ],
)
def test_a_branch_goes_by_whether_there_is_a_person(state: HoursState, has_desk: bool, node: str) -> None:
    flow = branched("human", "{line: left, desk: left, none: right, closed: person}")
    assert Call(flow, has_desk, state=state).press("1").node == node


@pytest.mark.parametrize(("guesses", "node"), [(0, "person"), (1, "left"), (2, "right"), (3, "right")])
def test_a_branch_goes_by_how_many_centres_a_number_may_belong_to(guesses: int, node: str) -> None:
    flow = branched("guess", "{none: person, one: left, two: right}")
    caller = Caller(guesses=tuple((f"34{n}000", "市") for n in range(guesses)))
    assert Call(flow, caller=caller).press("1").node == node


def test_a_branch_goes_by_whether_a_feature_is_open() -> None:
    flow = branched("feature:human", '{"yes": left, "no": right}')
    assert Call(flow, has_desk=True).press("1").node == "left"
    assert Call(flow, has_desk=False).press("1").node == "right"


def test_a_branch_goes_by_what_was_stored_before() -> None:
    nodes = """
    talk: {kind: record, say: [ask], empty: bad, store: message, to: which, failed: person}
    which: {kind: branch, by: "fact:message", routes: {RE1: left}, otherwise: person}
    left: {kind: menu, say: [one], options: [{key: "0", to: person}]}
    """
    flow = with_key_1(nodes, "talk")
    assert Call(flow).press("1").happens(Recorded, "RE1", 5).node == "left"
    assert Call(flow).press("1").happens(Recorded, "RE2", 5).node == "person"


# A PIN, and the command that is given it


PIN_MENU = """
ask_pin: {kind: secret, say: [ask], digits: 6, bad: bad, to: check, failed: person}
check:
  {kind: command, do: find_out, patient: true, waiting: wait, routes: {found: kept, none: ask_pin}, late: person}
kept: {kind: menu, say: [one], options: [{key: "0", to: person}]}
"""
PIN = "258036"


@pytest.fixture(scope="module")
def pin_menu() -> Flow:
    return with_key_1(PIN_MENU, "ask_pin")


def test_a_pin_is_handed_to_its_command_and_kept_nowhere(pin_menu: Flow) -> None:
    call = Call(pin_menu).press("1").press(PIN)
    [command] = call.step.commands
    assert (command.name, command.secret, call.node) == ("find_out", PIN, "check")
    assert PIN not in call.session.to_json(orjson.dumps) and PIN not in repr(call.session.private)
    assert PIN not in repr(command) and PIN not in repr(call.step.verbs)
    # Nor does a second question carry it along.
    call.happens(CommandAnswered, command.id, "none")
    assert call.node == "ask_pin" and call.step.commands == ()
    assert call.press("470025").step.commands[0].secret == "470025"


@pytest.mark.parametrize("keys", [f"{PIN}#", f"#{PIN}"])
def test_a_hash_beside_a_pin_is_no_part_of_it(keys: str, pin_menu: Flow) -> None:
    assert Call(pin_menu).press("1").press(keys).step.commands[0].secret == PIN


@pytest.mark.parametrize("keys", ["25803", "2580367", "25803*", "0", "9", "*", "#", "２５８０３６"])
def test_what_is_no_pin_is_asked_for_again_and_the_third_time_gets_help(keys: str, pin_menu: Flow) -> None:
    call = Call(pin_menu).press("1")
    for _ in range(2):
        call.press(keys)
        assert (call.node, call.heard, call.step.commands) == ("ask_pin", ["bad"], ())
    assert call.press(keys).node == "person"


def test_no_key_for_a_pin_is_the_call_for_help(pin_menu: Flow) -> None:
    assert Call(pin_menu).press("1").silence().node == "person"


def test_the_first_digit_of_a_pin_has_fifteen_seconds(pin_menu: Flow) -> None:
    waits = [verb for verb in Call(pin_menu).press("1").step.verbs if isinstance(verb, Gather)]
    assert [(wait.num_digits, wait.timeout) for wait in waits] == [(6, 10), (6, 5)]


# Answers that take their time


def test_a_patient_wait_ends_with_a_gather_that_a_key_can_leave(pin_menu: Flow) -> None:
    call = Call(pin_menu).press("1").press(PIN)
    assert call.heard == ["wait"] and (call.gather().num_digits, call.gather().timeout) == (1, 1)
    call.press("0")
    assert (call.node, call.session.pending) == ("person", "")


def test_a_patient_wait_speaks_every_third_time_and_is_bounded(pin_menu: Flow) -> None:
    call = Call(pin_menu).press("1").press(PIN)
    heard = [call.heard]
    while call.node == "check":
        heard.append(call.silence().heard)
    assert heard == [*([["wait"], [], []] * 3), ["wait"], ["goodbye"]]
    assert (call.node, call.session.pending) == ("person", "")


def test_an_answer_ends_a_patient_wait_whenever_it_comes(pin_menu: Flow) -> None:
    call = Call(pin_menu).press("1").press(PIN).silence().silence()
    assert call.happens(CommandAnswered, "find_out-1", "found").node == "kept"


def test_another_key_neither_hurries_nor_asks_again(pin_menu: Flow) -> None:
    call = Call(pin_menu).press("1").press(PIN).press("5")
    assert (call.node, call.session.pending, call.step.commands) == ("check", "find_out-1", ())


def test_what_an_answer_brings_in_private_stays_out_of_the_session_in_the_clear(pin_menu: Flow) -> None:
    call = Call(pin_menu).press("1").press(PIN)
    call.happens(CommandAnswered, "find_out-1", "found", {"what": "养老保险"}, (), {"kept": "7,283,645"})
    assert call.session.private["kept"] == "7,283,645" and "7,283,645" not in call.session.to_json(orjson.dumps)
    assert call.session.words["what"] == "养老保险"


@pytest.mark.parametrize("line", ["patient: false", "patient: true, repeats: true"])
def test_a_question_to_a_business_system_must_be_asked_patiently_and_once(line: str) -> None:
    known = {"ask_them": CommandKind("ask_them", ("found",), takes_time=True)}
    nodes = f"""
    look: {{kind: command, do: ask_them, {line}, waiting: wait, routes: {{found: person}}, late: person}}
    """
    menu = small_menu(nodes).replace(ZERO, f'{ZERO}      - {{key: "1", say: one, to: look}}\n')
    problems = prove(menu, commands=known)
    assert any("要问业务系统，要写 patient: true，不能写 repeats" in problem for problem in problems)


# What was found


FOUND_WORDS = WORDS + 'several: 查到{count}份。\noption: "{title}，请按{key}。"\n'
FOUND_WORDS += "".join(f"{prompt}: 说到{prompt}。\n" for prompt in (*PROMPTS, REJECTED))
FOUND_MENU = """
look: {kind: command, do: find_out, patient: true, waiting: wait, routes: {found: read, none: top}, late: person}
read: {kind: findings, several: several, option: option, after: [ask], back: list, silence: person, empty: list}
list: {kind: menu, say: [one], options: [{key: "0", to: person}, {key: "1", to: look}]}
"""


@pytest.fixture(scope="module")
def found_menu() -> Flow:
    return with_key_1(FOUND_MENU, "look", FOUND_WORDS)


def finds(flow: Flow, *titles: str, times: int = 1) -> Call:
    """A call whose look-up has found so many things, each of a sentence or more."""
    found = [Finding(title, (Sentence("medical_normal", {"insurance": title}),) * times) for title in titles]
    call = Call(flow).press("1")
    kept = {FINDINGS: orjson.dumps(to_plain(found)).decode()}
    return call.happens(CommandAnswered, call.session.pending, "found", {}, (), kept)


def test_one_finding_is_read_at_once(found_menu: Flow) -> None:
    call = finds(found_menu, "职工医保")
    assert (call.node, call.heard) == ("read", ["medical_normal", "ask"])
    assert call.press("9").heard == ["medical_normal", "ask"]
    assert call.press("*").node == "list"


def test_several_are_a_list_and_star_leads_back_to_it_first(found_menu: Flow) -> None:
    call = finds(found_menu, "职工医保", "居民医保")
    assert (call.heard, call.words) == (
        ["several", "option", "option"],
        "查到2份。职工医保，请按1。居民医保，请按2。",
    )
    assert call.press("2").heard == ["medical_normal", "ask"]
    assert call.press("*").heard[0] == "several"
    assert call.press("*").node == "list"


def test_two_things_found_are_spoken_as_a_count_and_not_as_a_number(found_menu: Flow) -> None:
    """两份, never 二份."""
    call = finds(found_menu, "职工医保", "居民医保")
    assert speakable(call.words).startswith("查到两份。")


def test_a_key_without_a_finding_is_a_wrong_key(found_menu: Flow) -> None:
    call = finds(found_menu, "职工医保", "居民医保").press("3")
    assert (call.node, call.heard[0]) == ("read", "wrong_key")
    # While one is being read the numbers of the others are no keys.
    assert call.press("1").press("2").heard[0] == "wrong_key"


def test_more_than_seven_things_have_no_keys_of_their_own(found_menu: Flow) -> None:
    call = finds(found_menu, *(f"第{n}种" for n in range(9)))
    assert call.heard.count("option") == 7 and "查到7份" in call.words


def test_8_reads_slowly_from_there_on(found_menu: Flow) -> None:
    call = finds(found_menu, "职工医保").press("8")
    assert call.session.slow and call.heard[0] == "medical_normal"
    # In the list there is nothing to be read slowly.
    assert finds(found_menu, "职工医保", "居民医保").press("8").heard[0] == "wrong_key"


def test_silence_after_a_reading_leads_on_and_in_a_list_says_it_again(found_menu: Flow) -> None:
    assert finds(found_menu, "职工医保").silence().node == "person"
    call = finds(found_menu, "职工医保", "居民医保").silence()
    assert call.node == "read" and call.session.slow and call.heard[:2] == ["silence_1", "several"]


def test_what_was_found_is_private_and_sealed_with_its_words(found_menu: Flow) -> None:
    for call in (finds(found_menu, "职工医保"), finds(found_menu, "职工医保", "居民医保")):
        assert is_private(call.step.verbs)
        assert "医保" not in call.session.to_json(orjson.dumps)


def test_without_a_finding_there_is_nothing_to_read(found_menu: Flow) -> None:
    call = Call(found_menu).press("1")
    assert call.happens(CommandAnswered, call.session.pending, "found").node == "list"


def test_a_new_look_up_begins_at_its_list(found_menu: Flow) -> None:
    """Not at the place of the item that was read of the one before."""
    call = finds(found_menu, "职工医保", "居民医保").press("2").press("*").press("*").press("1")
    kept = {FINDINGS: orjson.dumps(to_plain([Finding("一", ()), Finding("二", ())])).decode()}
    call.happens(CommandAnswered, call.session.pending, "found", {}, (), kept)
    assert call.heard == ["several", "option", "option"]


@pytest.mark.parametrize(("seconds", "served"), [(1, False), (30, True)])
def test_a_reading_that_was_heard_is_self_service(seconds: float, served: bool, found_menu: Flow) -> None:
    call = finds(found_menu, "职工医保", times=3).happens(CallEnded, "completed", after=seconds)
    assert (SELF_SERVED in call.session.marks) is served


def test_a_list_alone_is_no_self_service(found_menu: Flow) -> None:
    call = finds(found_menu, "职工医保", "居民医保").happens(CallEnded, "completed", after=30)
    assert SELF_SERVED not in call.session.marks


def test_a_reading_of_why_nothing_came_is_no_self_service() -> None:
    flow = with_key_1(FOUND_MENU.replace("empty: list}", "empty: list, served: false}"), "look", FOUND_WORDS)
    call = finds(flow, "职工医保", times=3).happens(CallEnded, "completed", after=30)
    assert SELF_SERVED not in call.session.marks


@pytest.mark.parametrize(("good_words", "bad_words"), [("{count}", "几"), ("{title}", "这个")])
def test_a_list_that_says_neither_how_many_nor_what_is_told(good_words: str, bad_words: str) -> None:
    menu = small_menu(FOUND_MENU).replace(ZERO, f'{ZERO}      - {{key: "1", say: one, to: look}}\n')
    problems = prove(menu, FOUND_WORDS.replace(good_words, bad_words))
    assert any(f"里没有 {good_words}" in problem for problem in problems)


# Problems of a number that have words, or a way, of their own


OWN_WORDS = WORDS + "short: 只有{count}位。\nold: 老号码。\n"
OWN_WAYS = """
number:
  {kind: collect, say: [ask], min: 18, max: 18, check: id_number, bad: bad, bad_by: {short: short},
   leave_by: {fifteen: old_one}, store: id_number, to: kept, failed: person}
old_one: {kind: say, say: [old], to: person}
kept: {kind: say, say: [one], forget: id_number, to: top}
"""


@pytest.fixture(scope="module")
def own_ways() -> Flow:
    return with_key_1(OWN_WAYS, "number", OWN_WORDS)


def test_a_number_that_is_too_short_is_told_how_many_digits_came(own_ways: Flow) -> None:
    call = entering(own_ways).press("3401031985")
    assert (call.heard, call.words) == (["short"], "只有10位。")
    # Any other problem has the words for all.
    assert call.press("340103198503089984").heard == ["bad"]


def test_a_problem_with_a_way_of_its_own_needs_no_second_try(own_ways: Flow) -> None:
    call = entering(own_ways).press("340103850308998")
    assert (call.node, call.heard[0]) == ("person", "old")


def test_a_number_is_forgotten_where_the_menu_says_so(own_ways: Flow) -> None:
    call = entering(own_ways).press("340103198503089983")
    assert call.node == "top" and call.session.private == {}


# Handover


INSURED_WORDS = {"insured_centre": "340200", "insured_place": "芜湖"}
INSURED_MENU = """
look: {kind: command, do: find_out, patient: true, waiting: wait, routes: {found: away, none: top}, late: person}
away: {kind: handover, say: [one], centre: insured, begin: goes_on}
goes_on: {kind: menu, say: [ask], options: [{key: "0", to: person}]}
"""


@pytest.fixture(scope="module")
def insured_menu() -> Flow:
    return with_key_1(INSURED_MENU, "look")


def test_a_call_is_handed_to_where_somebody_is_insured_and_goes_on_there(insured_menu: Flow) -> None:
    call = Call(insured_menu).press("1")
    call.session.private["id_number"] = "340103198503089983"
    call.happens(CommandAnswered, call.session.pending, "found", INSURED_WORDS)
    assert (call.session.centre, call.session.node, call.session.begin) == ("340200", "", "goes_on")
    assert call.kinds[-1] == "Redirect" and call.heard == ["one"]
    # The next webhook begins there, once; what was keyed in is there, too.
    call.silence()
    assert (call.node, call.heard, call.session.begin) == ("goes_on", ["ask"], "")
    assert call.session.private == {"id_number": "340103198503089983"}


def test_a_begin_that_the_other_menu_does_not_have_is_its_start(insured_menu: Flow, plain: Flow) -> None:
    call = Call(insured_menu).press("1")
    call.happens(CommandAnswered, call.session.pending, "found", INSURED_WORDS)
    call.flow = plain
    assert call.silence().node == plain.start


def test_a_handover_to_an_insurance_of_nowhere_stays_where_it_is(insured_menu: Flow) -> None:
    call = Call(insured_menu).press("1")
    assert call.happens(CommandAnswered, call.session.pending, "found").session.centre == "340000"


def test_a_begin_that_no_menu_has_is_told() -> None:
    nodes = INSURED_MENU.replace("begin: goes_on", "begin: nowhere")
    menu = small_menu(nodes).replace(ZERO, f'{ZERO}      - {{key: "1", say: one, to: look}}\n')
    assert any("begin “nowhere”没有这个节点" in problem for problem in prove(menu))


@pytest.fixture(scope="module")
def handover_menu() -> Flow:
    nodes = """
    away: {kind: handover, say: [one], centre: guess_2}
    """
    return with_key_1(nodes, "away")


GUESSES = Caller(guesses=(("341200", "阜阳"), ("341600", "亳州")))


def test_a_call_is_handed_to_the_second_guess_and_is_not_asked_again(handover_menu: Flow) -> None:
    call = Call(handover_menu, caller=GUESSES).press("1")
    session = call.session
    assert (session.centre, session.node, session.guesses, session.trail) == ("341600", "", [], [])
    assert call.kinds == ["Say", "Redirect"]
    # The next webhook begins in the new centre's menu.
    assert call.silence().node == "top"


def test_a_handover_to_a_guess_that_there_is_not_stays_where_it_is(handover_menu: Flow) -> None:
    call = Call(handover_menu, caller=Caller(guesses=GUESSES.guesses[:1])).press("1")
    assert call.session.centre == "340000"
    assert call.silence().node == "top"


def test_what_was_keyed_in_and_the_speed_go_along(handover_menu: Flow) -> None:
    call = Call(handover_menu, caller=GUESSES)
    call.session.private["id"] = "1"
    call.session.slow = True
    call.press("1")
    assert call.session.private == {"id": "1"}
    assert call.session.slow


# Dial


@pytest.fixture(scope="module")
def dial_menu() -> Flow:
    nodes = """
    ring: {kind: dial, say: [ask], answered: person, failed: sorry}
    sorry: {kind: menu, say: [bad], options: [{key: "0", to: person}]}
    """
    return with_key_1(nodes, "ring")


def test_a_desk_is_rung_after_its_words(dial_menu: Flow) -> None:
    call = Call(dial_menu, has_desk=True).press("1")
    assert call.kinds == ["Say", "Dial", "Redirect"]
    assert Dial("+8655100000000", 25) in call.step.verbs


@pytest.mark.parametrize("status", ["completed", "answered"])
def test_a_talk_is_an_answered_call(dial_menu: Flow, status: str) -> None:
    call = Call(dial_menu, has_desk=True).press("1").happens(DialEnded, status)
    assert (call.node, call.session.marks) == ("person", [ANSWERED])


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "", "whatever"])
def test_anything_else_is_a_desk_that_was_not_reached(dial_menu: Flow, status: str) -> None:
    call = Call(dial_menu, has_desk=True).press("1").happens(DialEnded, status)
    assert (call.node, call.session.marks) == ("sorry", [])


def test_without_a_number_nothing_is_said_of_a_desk_and_nothing_is_dialled(dial_menu: Flow) -> None:
    call = Call(dial_menu, has_desk=False).press("1")
    assert (call.node, call.heard) == ("sorry", ["bad"])


# Playlists and catalogues


def recordings(count: int) -> dict[str, Recording]:
    return {
        f"r{n}": Recording(
            id=f"r{n}", title=f"第{n}", subject="card", owner="王芳", source="省", reviewed=date(2026, 1, 1),
            valid_until=date(2027, 1, 1), text="内容" * 50 + "。",
        )
        for n in range(count)
    }  # fmt: skip


def guides(count: int, valid_until: date = date(2027, 1, 1)) -> dict[str, Guide]:
    return {
        f"g{n}": Guide(
            id=f"g{n}", title=f"办{n}", subject="card", owner="王芳", source="省", reviewed=date(2026, 1, 1),
            valid_until=valid_until, conditions=("谁都能。",), steps=("来。",), time_limit="当天。", fee="不收。",
            materials=(Material(name="身份证", original=True, copies=1, format="纸质"),), counter="窗口。",
            online="没有。", contact="打电话。",
        )
        for n in range(count)
    }  # fmt: skip


LISTS = """
listen: {kind: playlist, intro: intro, heading: heading, piece: piece, next_key: key_next, previous_key: key_previous,
         other_keys: key_others, end_words: list_end, end: top, empty: nothing}
nothing: {kind: say, say: [nothing_here], to: top}
which: {kind: catalogue, say: [ask], option: guide_option, to: listen, empty: nothing, after: [opt_back]}
"""
LIST_WORDS = (
    WORDS
    + """\
intro: "一共{count}条。"
heading: "第{count}条，{title}。"
piece: "{text}"
key_next: 下一条，请按1。
key_previous: 上一条，请按2。
key_others: 再听，请按9。
list_end: 听完了。
nothing_here: 现在没有。
guide_option: "{title}，请按{key}。"
"""
)


def list_menu(content: Content) -> Flow:
    keys = '      - {key: "1", say: one, content: recordings/card, to: listen}\n'
    keys += '      - {key: "2", say: one, content: guides/card, to: which}\n'
    return good(small_menu(LISTS).replace(ZERO, ZERO + keys), LIST_WORDS, content)


@pytest.fixture(scope="module")
def lists() -> Flow:
    return list_menu(Content(recordings(3), guides(8)))


def test_a_list_says_how_many_there_are_and_only_the_keys_that_do_something(lists: Flow) -> None:
    call = Call(lists).press("1")
    assert call.heard == ["intro", "heading", "piece", "key_next", "key_others"]
    assert call.words.startswith("一共3条。第一条，第0。")
    assert call.press("1").heard == ["heading", "piece", "key_next", "key_previous", "key_others"]
    assert call.press("1").heard == ["heading", "piece", "key_previous", "key_others"]


def test_before_the_first_piece_there_is_none(lists: Flow) -> None:
    call = Call(lists).press("1", "2", "2")
    assert call.session.item == 0
    assert call.words.startswith("一共3条。")


def test_after_the_last_piece_comes_the_end_and_the_menu(lists: Flow) -> None:
    call = Call(lists).press("1", "1", "1", "1")
    assert (call.node, call.heard[0], call.session.item) == ("top", "list_end", 0)
    # The list is behind us: * does not lead into it.
    assert call.press("*").node == "top"


def test_silence_plays_the_next_piece(lists: Flow) -> None:
    assert Call(lists).press("1").silence().session.item == 1


def test_9_plays_a_piece_again_and_star_leads_back(lists: Flow) -> None:
    call = Call(lists).press("1", "1", "9")
    assert (call.session.item, call.node) == (1, "listen")
    assert call.press("*").node == "top"


def test_three_wrong_keys_between_many_right_ones_do_not_end_the_listening(lists: Flow) -> None:
    call = Call(lists).press("1")
    for _ in range(5):
        assert call.press("7").heard[0] == "wrong_key"
        call.press("2", "1")
    assert call.node == "listen"


def test_three_wrong_keys_in_a_row_go_to_the_last_resort(lists: Flow) -> None:
    assert Call(lists).press("1", "7", "8", "7").node == "person"


def test_a_piece_heard_long_enough_is_self_service_and_one_cut_short_is_not(lists: Flow) -> None:
    assert Call(lists).press("1").press("*", after=3).session.marks == []
    assert Call(lists).press("1").press("*", after=21).session.marks == [SELF_SERVED]
    assert Call(lists).press("1").happens(CallEnded, "completed", after=21).session.marks == [SELF_SERVED]


def test_a_list_whose_content_expires_during_the_call_says_that_there_is_nothing(lists: Flow) -> None:
    call = Call(lists).press("1")
    call.moment = replace(call.moment, today=date(2028, 1, 1))
    call.press("1")
    assert (call.node, call.heard[0]) == ("top", "nothing_here")


def test_eight_guides_have_eight_keys_and_each_leads_to_its_guide(lists: Flow) -> None:
    call = Call(lists).press("2")
    assert call.heard.count("guide_option") == 8
    assert "办7，请按8。" in call.words
    call.press("8")
    assert (call.node, call.session.content) == ("listen", "guide/g7")
    assert call.words.startswith("一共5条。")
    assert call.press("*").node == "which"


def test_9_0_and_star_keep_their_meaning_in_a_catalogue(lists: Flow) -> None:
    assert Call(lists).press("2", "9").node == "which"
    assert Call(lists).press("2", "0").node == "person"
    assert Call(lists).press("2", "*").node == "top"
    assert Call(lists).press("2", "#").heard[0] == "wrong_key"


def test_a_ninth_guide_is_told_when_the_menu_is_loaded() -> None:
    keys = '      - {key: "2", say: one, content: guides/card, to: which}\n      - {key: "1", to: listen}\n'
    menu = small_menu(LISTS).replace(ZERO, ZERO + keys)
    assert prove(menu, LIST_WORDS, Content({}, guides(9))) == [
        f"small.yaml:{NEXT_LINE + 5} “which”“card”有9份指南，多过8个键"
    ]


def test_a_key_whose_content_has_expired_is_not_spoken_and_says_so_when_pressed() -> None:
    content = Content(recordings(1), guides(2, valid_until=date(2026, 2, 1)))
    call = Call(list_menu(content))
    assert call.heard.count("one") == 1
    assert call.press("2").heard[0] == "closed_key"


# Menus: keys, silence, double presses, barge-in


@pytest.fixture(scope="module")
def plain() -> Flow:
    nodes = """
    second:
      kind: menu
      say: [ask]
      options: [{key: "0", to: person}, {key: "1", say: one, to: third}, {key: "2", feature: query}]
    third: {kind: menu, say: [bad], options: [{key: "0", to: person}]}
    """
    return with_key_1(nodes, "second")


def test_one_key_heard_twice_within_300_ms_counts_once(plain: Flow) -> None:
    call = Call(plain).press("1").press("1", after=0.2)
    assert call.node == "second"
    assert call.heard == ["ask", "one"]


def test_the_same_key_after_300_ms_counts_twice(plain: Flow) -> None:
    assert Call(plain).press("1").press("1", after=0.31).node == "third"


def test_two_different_keys_in_quick_succession_both_count(plain: Flow) -> None:
    assert Call(plain).press("1").press("9", after=0.1).press("1", after=0.1).node == "third"


def test_a_clock_that_is_set_back_makes_no_key_a_double_press(plain: Flow) -> None:
    assert Call(plain).press("1").press("1", after=-3600).node == "third"


def test_a_number_is_never_a_double_press(number_menu: Flow) -> None:
    call = entering(number_menu).press("5").press("5", after=0.1)
    assert call.session.tries == 2


def test_9_repeats_star_goes_back_and_0_asks_for_a_person(plain: Flow) -> None:
    call = Call(plain).press("1", "1")
    assert call.press("9").node == "third"
    assert call.press("*").node == "second"
    assert call.press("*").node == "top"
    assert call.press("*").node == "top"
    assert call.press("0").node == "person"


def test_a_closed_key_and_a_wrong_key_are_told_kindly_and_bounded(plain: Flow) -> None:
    call = Call(plain).press("1", "2")
    assert call.heard == ["closed_key", "ask", "one"]
    assert call.press("7").heard == ["wrong_key", "ask", "one"]
    assert call.press("8").node == "person"


def test_a_right_key_begins_the_count_of_wrong_ones_again(plain: Flow) -> None:
    call = Call(plain).press("7", "8", "1")
    assert call.press("7").heard[0] == "wrong_key"
    assert call.press("8").heard[0] == "wrong_key"


def test_after_three_wrong_keys_a_person_is_announced_when_there_is_one(plain: Flow) -> None:
    call = Call(plain, has_desk=True).press("7", "8", "7")
    assert call.heard == ["wrong_key_3", "goodbye"]


def test_the_first_silence_repeats_slowly_and_the_second_ends_well(plain: Flow) -> None:
    call = Call(plain).silence()
    assert call.heard == ["silence_1", "hello", "zero", "one"]
    assert call.session.slow
    assert Pause(1) in call.gather().prompts
    assert call.gather().timeout == 8
    assert call.silence().kinds[-1] == "Hangup"


def test_a_key_between_two_silences_begins_the_count_again(plain: Flow) -> None:
    call = Call(plain).silence().press("9").silence()
    assert call.node == "top"


def test_a_notice_comes_before_the_gather_so_that_no_key_cuts_it_short() -> None:
    words = WORDS.replace("hello: 您好。", "hello: {text: 请听完。, barge: false}")
    call = Call(good(HEAD, words))
    assert call.kinds == ["Say", "Gather", "Redirect"]
    assert call.outside_the_gather() == ["hello"]
    assert [say.prompt for say in call.gather().prompts if isinstance(say, Say)] == ["zero"]


def test_what_is_said_before_a_notice_stays_before_it() -> None:
    words = WORDS.replace("zero: 转人工，请按0。", "zero: {text: 请听完。, barge: false}")
    call = Call(good(HEAD, words))
    assert call.outside_the_gather() == ["hello", "zero"]
    assert call.gather().prompts == ()


def test_everything_else_can_be_interrupted(plain: Flow) -> None:
    assert Call(plain).outside_the_gather() == []


# The engine around the nodes


def test_the_outcome_begins_as_after_hours_only_outside_the_hours(plain: Flow) -> None:
    assert Call(plain).session.marks == []
    assert Call(plain, state=HoursState.NIGHT).session.marks == [AFTER_HOURS]


def test_after_an_error_the_call_goes_on_where_it_was(plain: Flow) -> None:
    call = Call(plain).press("1").happens(Recovered)
    assert (call.node, call.heard[0]) == ("second", "recovered")


def test_the_fourth_error_leads_to_the_last_resort(plain: Flow) -> None:
    call = Call(plain)
    for _ in range(3):
        assert call.happens(Recovered).node == "top"
    assert call.happens(Recovered).node == "person"


def test_a_place_that_a_newer_menu_has_lost_begins_again(plain: Flow) -> None:
    call = Call(plain)
    call.session.node = "gone"
    assert call.press("1").node == "top"


def test_a_call_that_goes_on_for_ever_is_led_to_a_person_once_and_then_to_a_goodbye(dial_menu: Flow) -> None:
    call = Call(dial_menu, has_desk=True)
    while call.session.turn < TURN_LIMIT:
        call.press("9")
    call.press("9")
    assert call.node == "person"
    assert call.kinds[-1] == "Hangup"


def test_a_session_of_another_version_is_read_without_what_is_unknown() -> None:
    session = Session.from_dict({"centre": "340000", "node": "top", "horoscope": "lion"})
    assert session == Session("340000", node="top")


def test_an_ended_call_stays_ended(plain: Flow) -> None:
    call = Call(plain).happens(CallEnded, "completed")
    assert call.step.verbs == ()
    for event in (Silence, Recovered):
        assert call.happens(event).step.verbs == (Hangup(),)
    assert call.session.ended and HUMAN_UNAVAILABLE not in call.session.marks

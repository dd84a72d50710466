"""Verbs as the carrier's markup."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from integrations.telephony.urls import CarrierUrls
from ivr.twiml import apology, render
from ivr.verbs import Dial, Gather, Hangup, Pause, Record, Redirect, Say, Take, Verb
from ivr.words import speakable
from tests.ivr.menus import HEAD, WORDS, good
from tests.ivr.test_verbs import documents

URLS = CarrierUrls("https://12333.example.gov.cn")
STEP = "https://12333.example.gov.cn/ivr/step?n=7"
HELLO = Say("hello", "您好。")


def response(*verbs: Verb, call_sid: str = "") -> ElementTree.Element:
    root = ElementTree.fromstring(render(verbs, URLS, 7, call_sid))
    assert root.tag == "Response"
    return root


def test_a_gather_has_its_prompts_inside_and_comes_back_to_its_turn() -> None:
    gather, redirect = response(Gather((HELLO, Pause(2)), num_digits=1, timeout=8), Redirect())
    assert gather.attrib == {"action": STEP, "numDigits": "1", "finishOnKey": "", "timeout": "8"}
    assert [(child.tag, child.text, child.attrib) for child in gather] == [
        ("Say", "您好。", {"language": "zh-CN"}),
        ("Pause", None, {"length": "2"}),
    ]
    assert (redirect.tag, redirect.text) == ("Redirect", f"{STEP}&e=s")


def test_a_gather_of_any_length_has_no_number_of_digits_but_a_key_that_ends_it() -> None:
    (gather,) = response(Gather((), num_digits=None, finish_on_key="#", timeout=10))
    assert gather.attrib == {"action": STEP, "finishOnKey": "#", "timeout": "10"}


def test_a_voice_is_listened_for_beside_keys() -> None:
    (gather,) = response(Gather((HELLO,), num_digits=1, timeout=5, speech=True))
    assert gather.attrib == {
        "input": "dtmf speech",
        "language": "cmn-Hans-CN",
        "speechTimeout": "2",
        "action": STEP,
        "numDigits": "1",
        "finishOnKey": "",
        "timeout": "5",
    }


def test_slow_speech_is_prosody() -> None:
    (say,) = response(Say("hello", "您好。", slow=True))
    (prosody,) = say
    assert (prosody.tag, prosody.attrib, prosody.text) == ("prosody", {"rate": "75%"}, "您好。")
    assert say.attrib == {"language": "zh-CN"}


def test_what_is_said_is_turned_for_the_ear() -> None:
    (say,) = response(Say("opt_0", "12333，转人工，请按0。"))
    assert say.text == "幺二三三三，转人工，请按零。"


def test_a_sentence_without_words_is_left_out() -> None:
    assert [child.tag for child in response(Say("empty", " "), Hangup())] == ["Hangup"]


def test_a_recording_beeps_and_comes_back_as_recorded() -> None:
    (record,) = response(Record(max_seconds=180, silence=5))
    assert record.attrib == {
        "action": f"{STEP}&e=r",
        "maxLength": "180",
        "timeout": "5",
        "finishOnKey": "#",
        "playBeep": "true",
    }


def test_a_messages_recording_is_told_of_to_the_message() -> None:
    (record,) = response(Record(max_seconds=300, message_id="17"))
    assert record.attrib["recordingStatusCallback"] == "https://12333.example.gov.cn/voicemail/message?m=17"
    assert record.attrib["recordingStatusCallbackEvent"] == "in-progress completed absent"


def test_a_take_is_played_by_its_token_and_any_key_cuts_it_short() -> None:
    (gather,) = response(Gather((Take("17.1.a"),)))
    assert [play.text for play in gather] == ["https://12333.example.gov.cn/ivr/take?t=17.1.a"]


def test_a_dial_rings_the_desk_and_has_its_answer_reported_for_this_call() -> None:
    (dial,) = response(Dial("+8655112345678", 25), call_sid="CA1")
    assert dial.attrib == {"action": f"{STEP}&e=d", "timeout": "25", "timeLimit": "14400"}
    (number,) = dial
    assert (number.tag, number.text) == ("Number", "+8655112345678")
    assert number.attrib == {
        "statusCallback": "https://12333.example.gov.cn/ivr/desk?call=CA1",
        "statusCallbackEvent": "answered completed",
    }


def test_two_calls_that_dial_do_not_share_a_document() -> None:
    verbs = (Dial("+8655112345678"),)
    assert "call=CA1" in render(verbs, URLS, 1, "CA1")
    assert "call=CA2" in render(verbs, URLS, 1, "CA2")


def test_signs_of_the_markup_are_escaped_in_words_and_addresses() -> None:
    document = render((Say("notice", 'A&B <工会> "甲"'), Redirect()), URLS, 7)
    assert "A&amp;B &lt;工会&gt;" in document
    assert "n=7&amp;e=s" in document
    say, redirect = ElementTree.fromstring(document)
    assert (say.text, redirect.text) == ('A&B <工会> "甲"', f"{STEP}&e=s")


def test_a_control_character_pasted_into_a_notice_does_not_break_the_document() -> None:
    (say,) = response(Say("notice", "养老金\x0b已发\x00放\ufffe。"))
    assert say.text == "养老金已发放。"


@given(documents)
def test_any_document_is_well_formed_and_the_same_verbs_give_the_same_bytes(document: tuple[Verb, ...]) -> None:
    first = render(document, URLS, 7, "CA1")
    assert render(document, URLS, 7, "CA1").encode() == first.encode()
    root = ElementTree.fromstring(first)
    silent = sum(isinstance(verb, Say) for verb in document)
    assert len(document) - silent <= len(root) <= len(document)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1).filter(str.strip))
def test_words_arrive_as_they_were_written(text: str) -> None:
    (say,) = response(Say("notice", text))
    assert say.text == speakable(text)


def test_an_apology_comes_back_or_hangs_up_after_its_words() -> None:
    again = ElementTree.fromstring(apology("对不起。", f"{STEP}&try=1"))
    assert [(child.tag, child.text) for child in again] == [
        ("Say", "对不起。"),
        ("Pause", None),
        ("Redirect", f"{STEP}&try=1"),
    ]
    assert [child.tag for child in ElementTree.fromstring(apology("对不起。", None))] == ["Say", "Hangup"]


def test_the_small_menu_of_these_tests_is_a_good_one() -> None:
    assert good(HEAD, WORDS).name == "small"


def test_a_recorded_sentence_is_played_from_our_own_address_with_its_caption() -> None:
    (play,) = response(Say("opt_2", "听政策录音，请按2。", recorded=True))
    assert play.tag == "Play" and play.text is not None
    assert play.text.startswith(f"{URLS.base}/ivr/audio/opt_2.wav?say=%E5%90%AC") and play.text.isascii()

"""What the caller hears, as plain values that are kept beside the call's events."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.verbs import (
    Dial,
    Gather,
    Hangup,
    Pause,
    Record,
    Redirect,
    Say,
    Take,
    Verb,
    from_list,
    is_of_one_call,
    is_private,
    to_list,
)

# Text as JSON can hold it: no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
seconds = st.integers(0, 3600)
says = st.builds(Say, texts, texts, st.booleans(), st.booleans())
pauses = st.builds(Pause, seconds)
gathers = st.builds(
    Gather,
    st.lists(says | pauses, max_size=4).map(tuple),
    st.none() | st.integers(1, 20),
    st.sampled_from(["", "#"]),
    seconds,
    st.booleans(),
)
verbs = (
    says
    | pauses
    | gathers
    | st.builds(Record, seconds, seconds, st.sampled_from(["", "#"]), st.sampled_from(["", "17"]))
    | st.builds(Take, texts)
    | st.builds(Dial, st.text("+0123456789", min_size=3), seconds)
    | st.just(Redirect())
    | st.just(Hangup())
)
documents: st.SearchStrategy[tuple[Verb, ...]] = st.lists(verbs, max_size=6).map(tuple)


@given(documents)
def test_a_document_comes_back_from_the_database_as_it_went_in(document: tuple[Verb, ...]) -> None:
    assert from_list(orjson.loads(orjson.dumps(to_list(document)))) == document


def test_a_document_is_kept_as_short_lists() -> None:
    document = (Gather((Say("opt_0", "转人工，请按0。"),), num_digits=1), Redirect())
    assert to_list(document) == [
        ["gather", [["say", "opt_0", "转人工，请按0。", False, False, False]], 1, "", 5],
        ["redirect"],
    ]


def test_a_wait_without_a_voice_is_kept_as_it_was_before_there_were_any() -> None:
    before = [["gather", [["say", "hello", "您好。", False, False, False]], 1, "", 5]]
    assert to_list(from_list(before)) == before
    heard = (Gather((), 1, "", 5, speech=True),)
    assert to_list(heard) == [["gather", [], 1, "", 5, True]] and from_list(to_list(heard)) == heard


def test_a_recording_of_no_message_is_kept_as_it_was_before_there_were_any() -> None:
    before = [["record", 120, 5, "#"]]
    assert to_list(from_list(before)) == before
    of_a_message = (Record(300, 5, message_id="17"),)
    assert to_list(of_a_message) == [["record", 300, 5, "#", "17"]]
    assert from_list(to_list(of_a_message)) == of_a_message


def test_what_belongs_to_one_message_belongs_to_one_call() -> None:
    assert is_of_one_call((Record(message_id="17"), Redirect()))
    assert is_of_one_call((Gather((Take("17.1.a"),)), Redirect()))
    assert not is_of_one_call((Record(), Gather((Say("hello", "您好。"),)), Redirect()))


def test_a_verb_that_was_never_written_is_refused() -> None:
    with pytest.raises(KeyError):
        from_list([["enqueue", "support"]])


@given(documents)
def test_a_document_is_private_when_any_sentence_is(document: tuple[Verb, ...]) -> None:
    said = [verb for verb in document if isinstance(verb, Say)]
    said += [p for verb in document if isinstance(verb, Gather) for p in verb.prompts if isinstance(p, Say)]
    assert is_private(document) == any(say.private for say in said)


def test_a_private_sentence_inside_a_gather_makes_the_document_private() -> None:
    secret = Say("readback", "幺三九", private=True)
    assert is_private((Gather((Pause(1), secret)), Redirect()))
    assert is_private((secret, Hangup()))
    assert not is_private((Gather((Say("hello", "您好。"),)), Redirect()))

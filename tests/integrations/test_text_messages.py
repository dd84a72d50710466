"""The same promises of every channel for text messages: the one that there is not, and one that takes them."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.settings import Settings
from integrations.text_messages import LONGEST_TEXT, LogTextSender, TextSender, can_be_texted
from tests.integrations.text_recorder import TextRecorder

WANG_FANG = "+8613855115678"
TEXT = "12333于11月23日10:20给您回电未接通，您的事还在，打055112333按7可接着办。"


@pytest.fixture(params=[LogTextSender, TextRecorder])
def sender(request: pytest.FixtureRequest) -> TextSender:
    made: TextSender = request.param()
    return made


def test_a_channel_that_can_send_takes_a_text_and_one_that_cannot_says_so_for_good(sender: TextSender) -> None:
    if sender.can_send:
        sender.send(WANG_FANG, TEXT)
        assert isinstance(sender, TextRecorder) and sender.taken == [(WANG_FANG, TEXT)]
    else:
        with pytest.raises(IntegrationError) as refused:
            sender.send(WANG_FANG, TEXT)
        assert refused.value.permanent
        assert "没有发出" in refused.value.sentence


@pytest.mark.parametrize("number", ["13855115678", "+8655162345678", "+8655112333", "12333", "+16505551212", ""])
def test_what_is_no_mobile_is_a_mistake_of_ours(sender: TextSender, number: str) -> None:
    assert not can_be_texted(number)
    with pytest.raises(ValueError, match="mobile"):
        sender.send(number, TEXT)


@pytest.mark.parametrize("text", ["", " \n", "长" * (LONGEST_TEXT + 1)])
def test_an_empty_or_too_long_text_is_a_mistake_of_ours(sender: TextSender, text: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        sender.send(WANG_FANG, text)


def test_neither_the_number_nor_the_words_are_logged(sender: TextSender) -> None:
    with capture_logs() as lines:
        try:
            sender.send(WANG_FANG, TEXT)
        except IntegrationError:
            pass
    assert WANG_FANG not in str(lines) and "13855115678" not in str(lines)
    assert TEXT not in str(lines)


def test_without_a_channel_the_log_names_the_tail_alone() -> None:
    with capture_logs() as lines, pytest.raises(IntegrationError):
        LogTextSender().send(WANG_FANG, TEXT)
    assert lines == [{"event": "text_not_sent", "log_level": "warning", "to": "尾号 5678", "reason": "no_channel"}]


def test_an_installation_has_no_channel_until_one_is_connected(settings: Settings) -> None:
    services = Services.build(settings)
    assert not services.texts.can_send
    services.close()

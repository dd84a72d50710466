"""The same promises of every channel for text messages: the one that there is not, and one that takes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from integrations.demo_keys import DemoKeys
from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.settings import Settings
from integrations.telephony.client import CarrierClient
from integrations.text_messages import LONGEST_TEXT, CarrierTextSender, LogTextSender, TextSender, can_be_texted
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.integrations.text_recorder import TextRecorder

WANG_FANG = "+8613855115678"
RECEIPT = "http://127.0.0.1:12333/voicemail/text?r=7"
KEYS = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
TEXT = "12333于11月23日10:20给您回电未接通，您的事还在，打055112333按7可接着办。"


@pytest.fixture(scope="module")
def stand_in() -> Iterator[CarrierStandIn]:
    stand_in = CarrierStandIn()
    yield stand_in
    stand_in.end()


@pytest.fixture
def carrier(stand_in: CarrierStandIn) -> Iterator[CarrierStandIn]:
    stand_in.clear()
    yield stand_in
    assert stand_in.control()["violations"] == []


@contextmanager
def by_the_carrier(carrier: CarrierStandIn) -> Iterator[CarrierTextSender]:
    """The channel of an installation whose carrier this is."""
    env = {"GATEWAY_URL": f"ws://127.0.0.1:{carrier.port}"}
    client = CarrierClient(Settings.from_env(env, load_demo_keys=lambda var_dir: KEYS))
    yield CarrierTextSender(client, "12333")
    client.close()


@pytest.fixture(params=["none", "recorder", "carrier"])
def sender(request: pytest.FixtureRequest, carrier: CarrierStandIn) -> Iterator[TextSender]:
    with by_the_carrier(carrier) as real:
        yield {"none": LogTextSender(), "recorder": TextRecorder(), "carrier": real}[request.param]


def test_a_channel_that_can_send_takes_a_text_and_one_that_cannot_says_so_for_good(sender: TextSender) -> None:
    if sender.can_send:
        assert sender.send(WANG_FANG, TEXT).startswith("SM")
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


@pytest.mark.parametrize(("channel", "can_send"), [("carrier", True), ("none", False)])
def test_an_installation_has_the_channel_that_it_has_chosen(settings: Settings, channel: str, can_send: bool) -> None:
    services = Services.build(replace(settings, text_channel=channel))
    assert services.texts.can_send is can_send
    services.close()


def test_the_carriers_channel_says_who_sends_and_where_the_receipt_goes(carrier: CarrierStandIn) -> None:
    with by_the_carrier(carrier) as sender:
        sid = sender.send(WANG_FANG, TEXT, RECEIPT)
    [asked] = [request["form"] for request in carrier.asked("CreateMessage")]
    assert asked == {"To": [WANG_FANG], "From": ["12333"], "Body": [TEXT], "StatusCallback": [RECEIPT]}
    assert sid.startswith("SM")


@pytest.mark.parametrize(("fault", "is_permanent"), [("400", True), ("500", False), ("429", False), ("cut", False)])
def test_what_the_carrier_does_not_take_says_whether_asking_again_can_help(
    carrier: CarrierStandIn, fault: str, is_permanent: bool
) -> None:
    carrier.fail("CreateMessage", fault)
    with by_the_carrier(carrier) as sender, pytest.raises(IntegrationError) as refused:
        sender.send(WANG_FANG, TEXT)
    assert refused.value.permanent is is_permanent
    assert WANG_FANG not in str(refused.value)

"""The numbers that callers see, and by which channel text messages go out, as the installation has them."""

from __future__ import annotations

import re

from integrations.env_reader import EnvReader

HOTLINE_NUMBER = "12333"
NO_CHANNEL, CARRIER_CHANNEL = "none", "carrier"
TEXT_CHANNELS = (NO_CHANNEL, CARRIER_CHANNEL)


def shown_number(read: EnvReader, name: str = "CARRIER_NUMBER", default: str = HOTLINE_NUMBER) -> str:
    """A number under which the hotline calls out or writes."""
    number = read.text(name) or default
    if not re.fullmatch(r"\+?[0-9]{3,15}", number):
        read.add_problem(name, "应为电话号码，如 12333 或 +8655112333", "must be a telephone number")
    return number


def text_channel(read: EnvReader) -> str:
    """Our own gateway takes texts; at Twilio a number must be bought and registered for them first."""
    usual = NO_CHANNEL if read.text("TWILIO_ACCOUNT_SID") else CARRIER_CHANNEL
    return read.choice("TEXT_CHANNEL", usual, TEXT_CHANNELS)


def text_from(read: EnvReader) -> str:
    """The number that texts come from; Twilio's must be named."""
    if read.text("TEXT_FROM") is not None:
        return shown_number(read, "TEXT_FROM")
    if read.text("TEXT_CHANNEL") == CARRIER_CHANNEL and read.text("TWILIO_ACCOUNT_SID"):
        read.add_problem("TEXT_FROM", "TEXT_CHANNEL 为 carrier 时必须设置发短信的号码", "required for texts by Twilio")
    return read.text("CARRIER_NUMBER") or HOTLINE_NUMBER

"""The line with its webhooks and those of messages, and telephones that leave some."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from dashboards.web_app import build_flask
from ivr.message_actions import messages_of
from ivr.service import Line
from ivr.webhooks import ivr_blueprint
from tests.ivr.conftest import Clock, client_transport
from tests.ivr.messages.speaker import Speaker
from tests.queueing.line_scene import _SEAT
from voicemail.webhooks import voicemail_blueprint

WUHU, WANG_FANG, LI_QIANG = "340200", "+8613855312345", "+8613900001234"
WUHU_NUMBER = "+8655312333"
Rings = Callable[..., Speaker]


@pytest.fixture
def client(line: Line) -> FlaskClient:
    app = build_flask(line.services.settings)
    app.register_blueprint(ivr_blueprint(line))
    app.register_blueprint(voicemail_blueprint(messages_of(line.waiting)))
    return app.test_client()


@pytest.fixture
def rings(client: FlaskClient, line: Line, clock: Clock) -> Rings:
    """`rings(caller=...)`: somebody who has come to the main menu of Wuhu."""
    base = line.services.settings.public_base_url

    def make(caller: str = WANG_FANG) -> Speaker:
        line.duty.forget()
        speaker = Speaker(base, client_transport(client, base), caller=caller, dialled=WUHU_NUMBER, clock=clock)
        speaker.ring()
        return speaker

    return make


@pytest.fixture
def a_seat(line: Line, rows: Callable[..., list[tuple[object, ...]]]) -> None:
    """Wuhu has a consultant, who rings people back, and is not in."""
    rows(_SEAT, "2001", "王芳", WUHU, [], [], "browser", None)
    line.duty.forget()

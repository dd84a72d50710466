"""The contract with the carrier: signatures, their traps, and what a caller hears when nothing works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from integrations.settings import DEMO_AUTH_TOKEN
from integrations.telephony.signature import SignatureCheck, public_url
from ivr.jobs import sweep
from ivr.outage import ENDED, STILL_TRYING
from ivr.ring import Ring
from ivr.service import Line
from tests.caller import Caller
from tests.ivr.conftest import Clock

Dial = Callable[..., Caller]
Rows = Callable[..., list[tuple[Any, ...]]]
FORM = {"CallSid": "CA" + "1" * 32, "From": "+8613800138000", "To": "12333"}


def test_the_vendors_own_vector_is_accepted() -> None:
    # From the carrier's documentation of request signing.
    check = SignatureCheck("12345", "https://mycompany.com")
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    app = Flask("vector")
    signature = RequestValidator("12345").compute_signature("https://mycompany.com/myapp.php?foo=1&bar=2", form)
    assert signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    with app.test_request_context(
        "/myapp.php?foo=1&bar=2", method="POST", data=form, headers={"X-Twilio-Signature": signature}
    ):
        assert check.is_genuine(request)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("/ivr/step?n=3&name=%E5%90%88%E8%82%A5", "/ivr/step?n=3&name=%E5%90%88%E8%82%A5"),
        ("/ivr/step?n=%7E3", "/ivr/step?n=%7E3"),
        ("/ivr/step?a=1&a=2", "/ivr/step?a=1&a=2"),
        ("http://inside:8080/ivr/step?n=3", "/ivr/step?n=3"),
    ],
)
def test_the_address_is_rebuilt_exactly_as_the_carrier_wrote_it(raw: str, seen: str) -> None:
    assert public_url("https://12333.example.cn", {"RAW_URI": raw}) == "https://12333.example.cn" + seen


def test_parameters_given_twice_are_all_signed() -> None:
    from werkzeug.datastructures import MultiDict

    check = SignatureCheck("token", "https://h")
    form = MultiDict([("Digits", "1"), ("Digits", "2"), ("CallSid", "CA1")])
    signature = RequestValidator("token").compute_signature("https://h/x", form)
    app = Flask("twice")
    with app.test_request_context("/x", method="POST", data=form, headers={"X-Twilio-Signature": signature}):
        assert check.is_genuine(request)
    with app.test_request_context(
        "/x", method="POST", data={"Digits": "1", "CallSid": "CA1"}, headers={"X-Twilio-Signature": signature}
    ):
        assert not check.is_genuine(request)


def test_a_json_body_is_checked_by_its_hash() -> None:
    from hashlib import sha256

    body = '{"a": 1}'
    url = f"https://h/x?bodySHA256={sha256(body.encode()).hexdigest()}"
    signature = RequestValidator("token").compute_signature(url, {})
    check, app = SignatureCheck("token", "https://h"), Flask("json")
    for sent, genuine in ((body, True), (body + " ", False)):
        with app.test_request_context(
            url.removeprefix("https://h"),
            method="POST",
            data=sent,
            content_type="application/json",
            headers={"X-Twilio-Signature": signature},
        ):
            assert check.is_genuine(request) is genuine


@pytest.mark.parametrize("path", ["incoming", "step?n=1", "status", "fallback", "desk?call=CA1"])
@pytest.mark.parametrize("signature", [None, "", "forged"])
def test_nobody_but_the_carrier_is_let_in(client: FlaskClient, path: str, signature: str | None, rows: Rows) -> None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    assert client.post(f"/ivr/{path}", data=FORM, headers=headers).status_code == 403
    assert rows("SELECT count(*) FROM call") == [(0,)]


def test_a_changed_parameter_breaks_the_signature(client: FlaskClient, line: Line) -> None:
    url = line.urls.incoming
    signature = RequestValidator(DEMO_AUTH_TOKEN).compute_signature(url, FORM)
    headers = {"X-Twilio-Signature": signature}
    assert client.post("/ivr/incoming", data=FORM, headers=headers).status_code == 200
    assert client.post("/ivr/incoming", data=FORM | {"From": "+8610"}, headers=headers).status_code == 403


@pytest.mark.parametrize("sid", ["", "CA 1", "'; DROP TABLE call; --", "x" * 65, "呼叫"])
def test_a_request_without_a_usable_call_id_still_hears_a_sentence(
    client: FlaskClient, line: Line, sid: str, rows: Rows
) -> None:
    form = FORM | {"CallSid": sid}
    headers = {"X-Twilio-Signature": RequestValidator(DEMO_AUTH_TOKEN).compute_signature(line.urls.incoming, form)}
    answer = client.post("/ivr/incoming", data=form, headers=headers)
    assert answer.status_code == 200 and "<Say" in answer.get_data(as_text=True)
    assert rows("SELECT count(*) FROM call") == [(0,)]


def test_other_engines_name_their_calls_by_uuid(dial: Dial) -> None:
    known = dial()
    caller = Caller(known.base_url, known.post, dialled="12333", sid="0b0c0d0e-1111-4222-8333-444455556666").ring()
    assert "您好" in caller.heard[0]


def test_an_unsigned_json_body_is_refused_like_any_other(client: FlaskClient) -> None:
    answer = client.post("/ivr/incoming", json={"CallSid": "CA1"}, headers={"X-Twilio-Signature": "forged"})
    assert answer.status_code == 403


@pytest.mark.parametrize("turn", ["", "-1", "x", "99999999", "7"])
def test_an_odd_turn_in_the_address_hears_where_the_call_is(dial: Dial, turn: str, rows: Rows) -> None:
    caller = dial()
    before = rows("SELECT turn, state FROM call_session")
    status, document = caller.request(f"{caller.base_url}/ivr/step?n={turn}", {"Digits": "2"})
    assert (status, document) == (200, caller.documents[0])
    assert rows("SELECT turn, state FROM call_session") == before


def test_the_fallback_address_goes_on_where_the_call_was(dial: Dial) -> None:
    caller = dial().press("2")
    assert caller.waiting is not None
    broken = caller.waiting.verb.attrib["action"]
    status, document = caller.request(f"{caller.base_url}/ivr/fallback", {"ErrorCode": "11200", "ErrorUrl": broken})
    assert status == 200 and "对不起" in document and "您要听哪一类" in document
    assert caller.repeat_last() == document


def test_the_fallback_of_a_first_ring_begins_the_call(dial: Dial, rows: Rows) -> None:
    known = dial()
    caller = Caller(known.base_url, known.post, dialled="+8655312333")
    status, document = caller.request(
        f"{caller.base_url}/ivr/fallback", {"ErrorCode": "11200", "ErrorUrl": f"{caller.base_url}/ivr/incoming"}
    )
    assert status == 200 and "您好" in document
    assert rows("SELECT count(*) FROM call") == [(2,)]


@contextmanager
def database_away(line: Line) -> Iterator[None]:
    """Nobody answers at the database's address."""
    database = line.services.database
    good = database.url
    database.close()
    database.url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    try:
        yield
    finally:
        database.close()
        database.url = good


def test_without_a_database_the_caller_hears_an_apology_and_the_call_comes_back(
    dial: Dial, line: Line, rows: Rows
) -> None:
    caller = dial().press("2")
    with database_away(line):
        assert caller.waiting is not None
        status, document = caller.request(caller.waiting.verb.attrib["action"], {"Digits": "1"})
        assert status == 200 and "系统出了问题" in document and "<Redirect" in document
    # The carrier follows the redirect once the database is back: sorry, and where we were.
    status, document = caller.request(f"{caller.base_url}/ivr/step?n=2&try=1", {})
    assert status == 200 and "我们接着办" in document and "您要听哪一类" in document
    caller.hang_up()
    assert rows("SELECT count(*) FROM call WHERE outcome IS NULL") == [(0,)]


def test_a_call_during_an_outage_is_told_the_truth_and_entered_afterwards(dial: Dial, line: Line, rows: Rows) -> None:
    known = dial()
    caller = Caller(known.base_url, known.post, caller="+8613855112345", dialled="12333")
    with database_away(line):
        caller.ring()
        assert caller.is_over and "正在抢修" in caller.heard[-1]
        # It rang, it was turned away, it ended.
        assert line.journal.waiting() == 3
    stored = b"".join(path.read_bytes() for path in (line.services.settings.var_dir / "outage").iterdir())
    assert b"13855112345" not in stored
    assert line.missed.enter() == 3
    assert rows("SELECT outcome, first_centre FROM call WHERE call_sid = %s", caller.sid) == [("failed", "340000")]
    assert line.journal.waiting() == 0 and line.missed.enter() == 0


def test_an_unexpected_error_still_answers_valid_twiml(dial: Dial, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = dial()

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(line.almanac, "moment", broken)
    assert caller.waiting is not None
    status, document = caller.request(caller.waiting.verb.attrib["action"], {"Digits": "2"})
    assert status == 200 and "<Say" in document and "<Redirect" in document


def test_a_caller_turned_away_in_mid_call_did_not_give_up(dial: Dial, line: Line, rows: Rows) -> None:
    caller = dial().press("2")
    with database_away(line):
        caller.press("1")
        assert caller.is_over and "正在抢修" in caller.heard[-1]
    assert line.missed.enter() == 2
    assert rows("SELECT outcome, end_reason FROM call") == [("failed", "outage")]


def test_a_caller_turned_away_whose_end_was_heard_in_time_is_put_right(
    dial: Dial, line: Line, rows: Rows, clock: Clock
) -> None:
    caller = dial()
    with database_away(line):
        assert caller.waiting is not None
        caller.request(f"{caller.base_url}/ivr/step?n=1&try=3", {})
    caller.hang_up()
    assert rows("SELECT outcome FROM call") == [("abandoned_in_menu",)]
    clock.tick(STILL_TRYING.total_seconds())
    assert line.missed.enter() == 1
    assert rows("SELECT outcome, end_reason FROM call") == [("failed", "outage")]


def test_an_event_that_the_database_refuses_is_set_aside_and_the_rest_is_entered(
    dial: Dial, line: Line, rows: Rows
) -> None:
    known = dial()
    line.missed.remember(ENDED, Ring("CAbad", "+8613800138000", "12\x00333", "completed"))
    line.missed.remember(ENDED, Ring(known.sid, "", "", "completed"))
    assert line.missed.enter() == 1
    assert (line.journal.waiting(), line.journal.set_aside()) == (0, 1)
    assert rows("SELECT count(*) FROM call WHERE outcome IS NULL") == [(0,)]


def test_a_talk_whose_end_the_database_missed_is_answered_and_not_dialled_again(
    dial: Dial, line: Line, rows: Rows
) -> None:
    caller = dial().press("0")
    assert caller.waiting is not None
    action = caller.waiting.verb.attrib["action"]
    with database_away(line):
        _, document = caller.request(action, {"DialCallStatus": "completed"})
    redirect = re.search(r"<Redirect>(.*?)</Redirect>", document)
    assert redirect is not None
    _, document = caller.request(redirect.group(1).replace("&amp;", "&"), {})
    assert "<Dial" not in document and "再见" in document
    caller.hang_up()
    assert rows("SELECT outcome FROM call") == [("answered",)]


def test_an_error_at_the_desk_telephone_does_not_ring_it_again(dial: Dial) -> None:
    caller = dial().press("0")
    assert caller.waiting is not None
    _, document = caller.request(
        f"{caller.base_url}/ivr/fallback", {"ErrorCode": "11200", "ErrorUrl": caller.waiting.verb.attrib["action"]}
    )
    assert "<Dial" not in document and "听政策录音" in document


def test_a_desk_that_picked_up_during_an_outage_is_counted_afterwards(
    dial: Dial, line: Line, rows: Rows, clock: Clock
) -> None:
    caller = dial().press("0")
    assert caller.waiting is not None
    number = caller.waiting.verb.find("Number")
    assert number is not None
    with database_away(line):
        caller.request(number.attrib["statusCallback"], {"CallStatus": "in-progress", "CallSid": "CAdesk"})
        caller.hang_up()
    assert line.missed.enter() == 2
    assert rows("SELECT outcome FROM call") == [("answered",)]


def test_a_fallback_that_names_no_address_goes_on_where_the_call_is(dial: Dial) -> None:
    caller = dial().press("2").press("1")
    _, document = caller.request(f"{caller.base_url}/ivr/fallback", {"ErrorCode": "11200"})
    assert "我们接着办" in document and "一共" in document


def test_the_retry_of_a_fallback_is_the_step_it_was_about(dial: Dial, line: Line) -> None:
    caller = dial().press("2")
    assert caller.waiting is not None
    broken = caller.waiting.verb.attrib["action"]
    with database_away(line):
        _, document = caller.request(f"{caller.base_url}/ivr/fallback", {"ErrorCode": "11200", "ErrorUrl": broken})
    assert "/ivr/step?n=2&amp;try=1" in document


def test_a_webhook_of_a_call_that_was_swept_hears_a_goodbye(dial: Dial, line: Line, clock: Clock) -> None:
    caller = dial()
    clock.tick(line.services.settings.silence_close_seconds + 1)
    sweep(line.services)
    assert caller.waiting is not None
    _, document = caller.request(caller.waiting.verb.attrib["action"], {"Digits": "2"})
    assert document.index("再见") < document.index("<Hangup")


def test_a_recorded_prompt_is_served_and_nothing_else_is(client: FlaskClient, line: Line, tmp_path: Path) -> None:
    library = line.keeper.library()
    file = tmp_path / "opt_2.wav"
    file.write_bytes(b"RIFF")
    line.keeper._library = replace(library, audio={"opt_2": file})
    try:
        answer = client.get("/ivr/audio/opt_2.wav?say=%E5%90%AC")
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "audio/wav", b"RIFF")
        for other in ("welcome", "..%2f..%2fapp", "%2e%2e/app"):
            assert client.get(f"/ivr/audio/{other}.wav").status_code == 404
    finally:
        line.keeper._library = library

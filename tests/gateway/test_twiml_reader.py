"""Documents read: the carrier's attributes and defaults, and everything that is refused."""

from __future__ import annotations

import pytest

from integrations.gateway.documents import (
    EVERY_KEY,
    BadDocument,
    Callback,
    Dial,
    DialConference,
    DialTelephone,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    RecordingPlan,
    Redirect,
    Reject,
    Say,
    Verb,
)
from integrations.gateway.twiml_reader import read_document
from integrations.telephony.urls import CarrierUrls
from tests.gateway.scene import BASE, document

URL = f"{BASE}/ivr/step?n=3"


def read(*verbs: str) -> tuple[Verb, ...]:
    return read_document(document(*verbs), URL, BASE)


# Every attribute left out, as the carrier documents it.
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<Say>您好</Say>", Say("您好", loop=1, rate=1.0)),
        ("<Play>/a.wav</Play>", Play(f"{BASE}/a.wav", loop=1)),
        ("<Pause/>", Pause(1)),
        ("<Gather/>", Gather(action=URL, method="POST", timeout=5, num_digits=None, finish_on_key="#")),
        ('<Gather input="speech dtmf"/>', Gather(action=URL, hears_speech=True, speech_timeout=1)),
        ("<Record/>", Record(action=URL, method="POST", max_length=3600, timeout=5, finish_on_key=EVERY_KEY)),
        ("<Redirect>/x</Redirect>", Redirect(f"{BASE}/x", "POST")),
        ("<Redirect/>", Redirect(URL)),
        ("<Hangup/>", Hangup()),
        ("<Reject/>", Reject("rejected")),
        ("<Dial>+865512345</Dial>", Dial(timeout=30, telephones=(DialTelephone("+865512345"),))),
    ],
)
def test_what_is_left_out_has_the_carriers_default(written: str, expected: Verb) -> None:
    assert read(written) == (expected,)


def test_no_beep_trim_or_callback_unless_asked_for() -> None:
    [record] = read("<Record/>")
    assert isinstance(record, Record)
    assert (record.play_beep, record.trim, record.callback, record.callback_events) == (True, False, "", ("completed",))


def test_every_attribute_is_read() -> None:
    assert read(
        '<Say language="zh-CN" voice="Polly.Zhiyu" loop="2"><prosody rate="75%">请 听\n好</prosody></Say>',
        '<Play digits="1w2#" loop="0"/>',
        '<Gather input="dtmf" action="step?n=4" method="GET" timeout="9" numDigits="18" finishOnKey=""'
        ' actionOnEmptyResult="true"><Say>一</Say><Pause length="2"/><Play>https://cdn.example.cn/b.wav</Play></Gather>',
        '<Gather input="dtmf speech" action="/ivr/step" speechTimeout="3" language="cmn-Hans-CN"/>',
        '<Record action="/r" method="GET" maxLength="120" timeout="3" finishOnKey="#" playBeep="false"'
        ' trim="trim-silence" recordingStatusCallback="/c" recordingStatusCallbackEvent="completed absent"'
        ' recordingStatusCallbackMethod="GET"/>',
        '<Reject reason="busy"/>',
        '<Dial action="/d" timeout="20" timeLimit="60" callerId="12333" hangupOnStar="true" answerOnBridge="true">'
        '<Number statusCallback="/s">+86551</Number></Dial>',
    ) == (
        Say("请 听 好", "zh-CN", "Polly.Zhiyu", 2, 0.75),
        Play("", 0, "1w2#"),
        Gather(
            f"{BASE}/ivr/step?n=4", "GET", 9, 18, "", True, (Say("一"), Pause(2), Play("https://cdn.example.cn/b.wav"))
        ),
        Gather(f"{BASE}/ivr/step", hears_speech=True, speech_timeout=3, language="cmn-Hans-CN"),
        Record(f"{BASE}/r", "GET", 120, 3, "#", False, True, f"{BASE}/c", ("completed", "absent"), "GET"),
        Reject("busy"),
        Dial(
            f"{BASE}/d", "POST", 20, 60, "12333", True, True,
            (DialTelephone("+86551", callback=Callback(f"{BASE}/s", "POST", ("completed",))),),
        ),
    )  # fmt: skip


def test_every_attribute_of_what_is_dialled_is_read() -> None:
    [telephones, conference, plain] = read(
        '<Dial record="record-from-ringing-dual" recordingTrack="inbound" recordingStatusCallback="/rec"'
        ' recordingStatusCallbackMethod="GET" recordingStatusCallbackEvent="in-progress completed">'
        '<Client url="/whisper" method="GET" statusCallback="/s" statusCallbackMethod="GET"'
        ' statusCallbackEvent="ringing answered"><Identity>agent-17</Identity>'
        '<Parameter name="offer" value="7"/></Client><Sip>sip:desk@example.cn</Sip></Dial>',
        '<Dial><Conference startConferenceOnEnter="false" endConferenceOnExit="true" beep="onEnter" muted="true"'
        ' waitUrl="/wait" waitMethod="GET" maxParticipants="3" participantLabel="customer" jitterBufferSize="small"'
        ' record="do-not-record" statusCallback="/c" statusCallbackMethod="GET" statusCallbackEvent="start end">'
        "offer-7</Conference></Dial>",
        '<Dial><Conference waitUrl="">offer-7</Conference></Dial>',
    )
    assert telephones == Dial(
        telephones=(
            DialTelephone("client:agent-17", (("offer", "7"),), f"{BASE}/whisper", "GET",
                          Callback(f"{BASE}/s", "GET", ("ringing", "answered"))),
            DialTelephone("sip:desk@example.cn", callback=Callback("", "POST", ("completed",))),
        ),
        recording=RecordingPlan(2, "inbound", "DialVerb", Callback(f"{BASE}/rec", "GET", ("in-progress", "completed"))),
        records_ringing=True,
    )  # fmt: skip
    assert conference == Dial(
        conference=DialConference("offer-7", False, True, "onEnter", True, f"{BASE}/wait", "GET", 3, "customer",
                                  Callback(f"{BASE}/c", "GET", ("start", "end"))),
    )  # fmt: skip
    assert plain == Dial(conference=DialConference("offer-7", beep="true", wait_url="", most=250))


def test_the_hotlines_own_addresses_are_understood() -> None:
    urls = CarrierUrls(BASE)
    [gather] = read(f'<Gather action="{urls.step(7).replace("&", "&amp;")}"/>')
    assert isinstance(gather, Gather) and gather.action == urls.step(7)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 12100),
        ("sorry", 12100),
        ("<Response><Say>a</Response>", 12100),
        ("<html></html>", 12100),
        ('<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>', 12100),
        (document("<Say>" + "好" * 30_000 + "</Say>"), 11750),
    ],
)
def test_what_is_no_document_is_refused(text: str, code: int) -> None:
    with pytest.raises(BadDocument) as caught:
        read_document(text, URL, BASE)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "verb",
    [
        "<Sing/>",
        "<Enqueue>a</Enqueue>",
        '<Say loud="yes">a</Say>',
        "<Say><break/>a</Say>",
        '<Say><prosody rate="0%">a</prosody></Say>',
        '<Say loop="-1">a</Say>',
        '<Say loop="many">a</Say>',
        "<Play/>",
        '<Play digits="A"/>',
        '<Pause length="１"/>',
        '<Gather input="speech"/>',
        '<Gather input="dtmf speech" speechTimeout="0"/>',
        '<Gather input="dtmf speech" speechTimeout="never"/>',
        '<Gather input="dtmf speech" hints="好"/>',
        '<Gather numDigits="0"/>',
        '<Gather timeout="auto"/>',
        '<Gather finishOnKey="x"/>',
        '<Gather method="PUT"/>',
        '<Gather actionOnEmptyResult="yes"/>',
        "<Gather><Record/></Gather>",
        "<Gather><Gather/></Gather>",
        '<Record maxLength="0"/>',
        '<Record trim="maybe"/>',
        '<Record recordingStatusCallbackEvent="exploded"/>',
        "<Record><Say>a</Say></Record>",
        '<Reject reason="tired"/>',
        "<Dial/>",
        "<Dial><Queue>a</Queue></Dial>",
        "<Dial><Client/></Dial>",
        "<Dial><Number><Say>a</Say></Number></Dial>",
        '<Dial><Number sendDigits="1">+86551</Number></Dial>',
        '<Dial><Client statusCallback="/s" statusCallbackEvent="exploded">a</Client></Dial>',
        "<Dial>" + "<Number>+86551</Number>" * 11 + "</Dial>",
        "<Dial><Conference/></Dial>",
        f"<Dial><Conference>{'a' * 129}</Conference></Dial>",
        '<Dial><Conference beep="loud">a</Conference></Dial>',
        '<Dial><Conference maxParticipants="251">a</Conference></Dial>',
        '<Dial><Conference record="record-from-start">a</Conference></Dial>',
        '<Dial><Conference statusCallbackEvent="exploded">a</Conference></Dial>',
        "<Dial><Conference>a</Conference><Number>+86551</Number></Dial>",
        "<Dial><Number>+86551</Number><Conference>a</Conference></Dial>",
        '<Dial record="sometimes"><Number>+86551</Number></Dial>',
    ],
)
def test_what_the_contract_does_not_know_is_refused(verb: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read(verb)
    assert caught.value.code == 12200


@pytest.mark.parametrize(
    "verb",
    [
        "<Redirect>https://elsewhere.example.cn/ivr/step</Redirect>",
        "<Redirect>//elsewhere.example.cn/ivr/step</Redirect>",
        "<Redirect>http://hotline.example.cn/ivr/step</Redirect>",
        "<Redirect>https://hotline.example.cn:8443/ivr/step</Redirect>",
        "<Redirect>https://hotline.example.cn@elsewhere.cn/</Redirect>",
        "<Redirect>file:///etc/passwd</Redirect>",
        '<Gather action="https://elsewhere.example.cn/"/>',
        '<Record action="https://elsewhere.example.cn/"/>',
        '<Record recordingStatusCallback="https://elsewhere.example.cn/"/>',
        '<Dial action="https://elsewhere.example.cn/">1</Dial>',
        '<Dial><Client url="https://elsewhere.example.cn/">a</Client></Dial>',
        '<Dial><Number statusCallback="https://elsewhere.example.cn/">1</Number></Dial>',
        '<Dial><Conference waitUrl="https://elsewhere.example.cn/">a</Conference></Dial>',
        '<Dial><Conference statusCallback="https://elsewhere.example.cn/">a</Conference></Dial>',
        "<Play>file:///etc/passwd</Play>",
    ],
)
def test_addresses_that_lead_away_are_refused(verb: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read(verb)
    assert caught.value.code == 11100


def test_the_schemes_own_port_is_the_same_host() -> None:
    assert read("<Redirect>https://HOTLINE.example.cn:443/x</Redirect>")

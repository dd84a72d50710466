"""<Dial> and whom it rings: <Number>, <Client>, <Sip>, or a <Conference>. Pure, as the rest of the reading."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from urllib.parse import parse_qsl

from integrations.gateway.attributes import Attributes, Place, only_text
from integrations.gateway.documents import BadDocument, Dial, DialConference, DialTelephone, RecordingPlan

CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
CONFERENCE_EVENTS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
RECORDING_EVENTS = ("in-progress", "completed", "absent")
BEEPS = ("true", "false", "onEnter", "onExit")
_RECORD = ("do-not-record", "record-from-answer", "record-from-ringing", "record-from-answer-dual",
           "record-from-ringing-dual", "true", "false")  # fmt: skip
MOST_TELEPHONES = 10
MOST_PARTICIPANTS = 250
LONGEST_NAME = 128


def read_dial(element: ET.Element, attributes: Attributes, place: Place) -> Dial:
    telephones, conference = _targets(element, place)
    recording, records_ringing = _recording(attributes)
    return Dial(
        action=attributes.own_url("action") or "",
        method=attributes.method(),
        timeout=attributes.integer("timeout", 30, 1, 600),
        time_limit=attributes.integer("timeLimit", 14400, 1, 86400),
        caller_id=attributes.text("callerId"),
        hangup_on_star=attributes.boolean("hangupOnStar", False),
        answer_on_bridge=attributes.boolean("answerOnBridge", False),
        telephones=telephones,
        conference=conference,
        recording=recording,
        records_ringing=records_ringing,
    )


def _targets(element: ET.Element, place: Place) -> tuple[tuple[DialTelephone, ...], DialConference | None]:
    if not len(element):
        if not (number := only_text(element)):
            raise BadDocument("<Dial> rings nobody")
        return (DialTelephone(number),), None
    if element[0].tag == "Conference":
        if len(element) > 1:
            raise BadDocument("<Dial> cannot ring anybody beside a <Conference>")
        return (), _conference(element[0], place)
    if len(element) > MOST_TELEPHONES:
        raise BadDocument(f"<Dial> rings more than {MOST_TELEPHONES} telephones")
    return tuple(_telephone(child, place) for child in element), None


def _telephone(child: ET.Element, place: Place) -> DialTelephone:
    if child.tag not in ("Number", "Client", "Sip"):
        raise BadDocument(f"<{child.tag}> cannot be rung")
    attributes = Attributes(child, place)
    address, parameters = _client(child, place) if child.tag == "Client" else (only_text(child), ())
    if not address:
        raise BadDocument(f"<{child.tag}> is empty")
    # An address without a name for its events means the last of them.
    telephone = DialTelephone(
        address=address,
        parameters=parameters,
        url=attributes.own_url_or_none("url"),
        method=attributes.method(),
        callback=attributes.callback("statusCallback", "completed", CALL_EVENTS),
    )
    attributes.close()
    return telephone


def _client(child: ET.Element, place: Place) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The client's address and what its page is told: an identity alone, or <Identity> and <Parameter>s."""
    identity, given = (child.text or "").strip(), []
    for inner in child:
        attributes = Attributes(inner, place)
        if inner.tag == "Identity":
            identity = only_text(inner)
        elif inner.tag == "Parameter":
            given.append((attributes.text("name"), attributes.text("value")))
        else:
            raise BadDocument(f"<{inner.tag}> cannot be used in <Client>")
        attributes.close()
    address, parameters = client_address(identity)
    return address, (*parameters, *given)


def client_address(written: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """`agent-17?offer=7` or `client:agent-17?offer=7` -> its address and its parameters. An empty one stays empty."""
    name, _, query = written.removeprefix("client:").partition("?")
    return f"client:{name}" if name else "", tuple(parse_qsl(query, keep_blank_values=True))


def _conference(child: ET.Element, place: Place) -> DialConference:
    attributes = Attributes(child, place)
    name = only_text(child)
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadDocument("<Conference> has no name, or a very long one")
    attributes.choice("jitterBufferSize", "large", ("off", "small", "medium", "large"))
    attributes.choice("record", "do-not-record", ("do-not-record", "false"))
    conference = DialConference(
        name=name,
        starts=attributes.boolean("startConferenceOnEnter", True),
        ends=attributes.boolean("endConferenceOnExit", False),
        beep=attributes.choice("beep", "true", BEEPS),
        is_muted=attributes.boolean("muted", False),
        wait_url=attributes.own_url_or_none("waitUrl"),
        wait_method=attributes.method("waitMethod"),
        most=attributes.integer("maxParticipants", MOST_PARTICIPANTS, 1, MOST_PARTICIPANTS),
        label=attributes.text("participantLabel")[:LONGEST_NAME],
        callback=attributes.callback("statusCallback", "", CONFERENCE_EVENTS),
    )
    attributes.close()
    return conference


def _recording(attributes: Attributes) -> tuple[RecordingPlan | None, bool]:
    wanted = attributes.choice("record", "do-not-record", _RECORD)
    plan = RecordingPlan(
        channels=2 if wanted.endswith("-dual") else 1,
        track=attributes.choice("recordingTrack", "both", ("both", "inbound", "outbound")),
        source="DialVerb",
        callback=attributes.callback("recordingStatusCallback", "completed", RECORDING_EVENTS),
    )
    return (None if wanted in ("do-not-record", "false") else plan), "ringing" in wanted

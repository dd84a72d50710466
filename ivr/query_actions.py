"""The commands of key 1: may it be asked, is the PIN right, what was found.

The ID number is in the session's private part, sealed; the PIN comes with its command and is kept nowhere. Who has
proven who they are stays proven for the call, also in another centre's menu.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from integrations.social_insurance.contract import (
    Found,
    Insured,
    Kind,
    Locked,
    NotFound,
    PinChecked,
    PinVerdict,
    Purpose,
    Rejected,
    Unavailable,
)
from integrations.social_insurance.systems_file import NotConnected, ReferTo
from integrations.work_calendar import in_shanghai
from ivr.asked import Action, Asked
from ivr.commands import Answer, CommandKind
from ivr.findings import Finding, Places, Sentence, describe, to_plain
from ivr.nodes.findings import FINDINGS, REJECTED
from ivr.nodes.handover import INSURED_CENTRE
from ivr.words import roughly
from queueing.centre import PROVINCE

# Where the keyed ID number is, in the session's private part.
ID_NUMBER = "id_number"
# Words that no sentence uses: what is asked for, that the number is proven, for what another centre has handed over.
WANTED, PROVEN, HANDED_ON = "wanted", "identity_proven", "handed_on"
ID_TAIL = "id_tail"
WHAT = {Kind.PENSION: "养老保险", Kind.MEDICAL: "医保", Kind.CARD: "社保卡"}
PURPOSE = "caller"


def _ready(asked: Asked) -> Answer:
    """Whether it can be asked at all, before anybody has to key eighteen digits for nothing."""
    kind = _kind(asked)
    words: dict[str, str | None] = {WANTED: kind.value, "what": WHAT[kind]}
    registry, centre = asked.services.social_insurance, asked.session.centre
    who = registry.for_centre(centre, kind)
    if isinstance(who, ReferTo):
        return Answer("refer", words | {"other_line": who.line})
    if isinstance(who, NotConnected):
        return Answer("closed", words)
    if registry.is_resting(centre, kind):
        return Answer("away", words)
    if asked.session.words.get(PROVEN) and asked.session.private.get(ID_NUMBER):
        return Answer("proven", words)
    return Answer("unproven" if registry.checks_pins(centre) else "no_proof", words)


def _check_pin(asked: Asked) -> Answer:
    person = _person(asked)
    if person is None or not asked.command.secret:
        # The process that had it in memory is gone.
        return Answer("lost")
    registry, centre = asked.services.social_insurance, asked.session.centre
    answer = registry.check_pin(centre, person, asked.command.secret, purpose_of(asked, "prove_identity"))
    match answer:
        case PinChecked(verdict=PinVerdict.RIGHT):
            return Answer("right", {PROVEN: "keypad", ID_TAIL: person.id_number[-4:]})
        case PinChecked(verdict=PinVerdict.WRONG, tries_left=left):
            return Answer("wrong", {"tries_left": str(left)}) if left else Answer("no_tries_left")
        case PinChecked():
            return Answer(answer.verdict.value)
        case Locked():
            until = roughly(in_shanghai(answer.until), in_shanghai(asked.services.now()))
            return Answer("locked", {"locked_until": until})
        case Unavailable():
            return Answer("away")
    return Answer("unclear")


def _look_up(asked: Asked) -> Answer:
    person = _person(asked)
    if person is None or not asked.session.words.get(PROVEN):
        return Answer("unproven")
    kind = _kind(asked)
    centre = asked.session.centre
    answer = asked.services.social_insurance.look_up(centre, kind, person, purpose_of(asked, f"query_{kind}"))
    match answer:
        case Found():
            return _found(asked, answer)
        case NotFound():
            return _not_here(asked, kind, person)
        case Unavailable():
            return Answer("away")
        case Rejected():
            said = Finding("", (Sentence(REJECTED, {"reason": answer.reason}),))
            return Answer("rejected", private=_kept((said,)))
    return Answer("unclear")


def _found(asked: Asked, found: Found) -> Answer:  # type: ignore[type-arg]
    """Read out what is insured with this centre; who is insured with another goes there, once."""
    session, places = asked.session, places_of(asked)
    centres = [places.centre_of(item.place) for item in found.items]
    if session.words.get(HANDED_ON) == _kind(asked) or session.centre in centres:
        return _read_out(asked, found)
    other = next((centre for centre in centres if centre is not None), None)
    if other is None:
        return Answer("elsewhere")
    if isinstance(asked.services.social_insurance.for_centre(other, _kind(asked)), NotConnected):
        # Nobody would answer there; what was found is true here as well.
        return _read_out(asked, found)
    words = {INSURED_CENTRE: other, "insured_place": places.names[other], HANDED_ON: _kind(asked).value}
    return Answer("other_centre", words)


def _read_out(asked: Asked, found: Found) -> Answer:  # type: ignore[type-arg]
    today = in_shanghai(asked.services.now()).date()
    return Answer("found", private=_kept(describe(found, today, places_of(asked))))


def _not_here(asked: Asked, kind: Kind, person: Insured) -> Answer:
    """The centre's own system has nobody of this number: perhaps the province's knows where the person is insured."""
    registry, centre = asked.services.social_insurance, asked.session.centre
    own, wider = registry.for_centre(centre, kind), registry.for_centre(PROVINCE, kind)
    if own is wider or isinstance(wider, ReferTo | NotConnected) or asked.session.words.get(HANDED_ON) == kind:
        return Answer("not_found")
    found = registry.look_up(PROVINCE, kind, person, purpose_of(asked, f"query_{kind}_where"))
    return _found(asked, found) if isinstance(found, Found) else Answer("not_found")


def places_of(asked: Asked) -> Places:
    """The centres as places of insurance."""
    return Places({code: centre.short_name for code, centre in asked.line.centres().items()}, PROVINCE)


def _kept(findings: tuple[Finding, ...]) -> Mapping[str, str]:
    return {FINDINGS: orjson.dumps(to_plain(findings)).decode()}


def _kind(asked: Asked) -> Kind:
    return Kind(asked.command.arguments.get("kind") or asked.session.words.get(WANTED) or Kind.PENSION)


def _person(asked: Asked) -> Insured | None:
    number = asked.session.private.get(ID_NUMBER)
    return Insured(number) if number else None


def purpose_of(asked: Asked, why: str) -> Purpose:
    """The caller of this call, and what the look-up is for."""
    return Purpose(PURPOSE, asked.call_sid, why, asked.caller().hash)


ACTIONS = (
    Action(CommandKind("may_look_up", ("proven", "unproven", "no_proof", "refer", "closed", "away")), _ready),
    Action(
        CommandKind(
            "check_pin",
            ("right", "wrong", "no_tries_left", "locked", "initial", "not_set", "not_found", "away", "unclear", "lost"),
            takes_time=True,
        ),
        _check_pin,
    ),
    Action(
        CommandKind(
            "look_up",
            ("found", "other_centre", "elsewhere", "not_found", "rejected", "away", "unclear", "unproven"),
            takes_time=True,
        ),
        _look_up,
    ),
)

"""What staff do about a case. Each deed is checked against what the page offers, and leaves an entry in the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dashboards.audit import enter_audit
from dashboards.console.api import text_of
from dashboards.console.case_doers import doer_of
from dashboards.console.case_list import standing_of
from dashboards.console.case_page_parts import can_take_in, trying_of
from dashboards.console.case_page_rows import CaseLook, read_case
from dashboards.console.case_rights import DEEDS, page_rights
from dashboards.console.case_scope import reader_of
from dashboards.console.case_words import number_words
from dashboards.console.errors import NO_SEAT, Refused
from dashboards.console.wrap_up import without_secrets
from dashboards.staff import StaffMember
from ivr.service import Line
from queueing.routing import SKILLS
from voicemail.case_calls import CaseCalls
from voicemail.case_desk import CaseDesk
from voicemail.case_fields import NUMBER_CONTEXT
from voicemail.case_texts import CaseTexts
from voicemail.subjects import SubjectTree
from voicemail.work_order import CLOSE_REASONS_ZH, DECISIONS_ZH, NEEDS_WORDS, OPEN

LONGEST_WORDS = 500
LONGEST_TEXT = 300
NOT_YOURS = "这一件不归您办：由接办的人、代办的人或本中心的值班长来办。"
NOT_NOW = "这一件的情况已经变了，现在办不了，页面马上更新。"
NUMBER_SHOWN = "case_number_shown"
_SEAT_OF_CENTRE = "SELECT number, name FROM agent WHERE id = %s AND centre = %s AND is_active"
Body = Mapping[str, Any]


class CaseDeeds:
    """The deeds behind the addresses. All raise Refused: 404 and 403 for what is not theirs, 409, and 422."""

    def __init__(self, line: Line, tree: SubjectTree, desk: CaseDesk, calls: CaseCalls, texts: CaseTexts) -> None:
        self._line = line
        self._tree = tree
        self._desk = desk
        self._calls = calls
        self._texts = texts
        self._deeds: Mapping[str, Callable[[CaseLook, Body, StaffMember], str]] = {
            "take": self._take,
            "release": self._release,
            "assign": self._assign,
            "transfer": self._transfer,
            "note": self._note,
            "subject": self._subject,
            "decide": self._decide,
            "close": self._close,
            "reopen": self._reopen,
            "urge": self._urge,
            "supervise": self._supervise,
            "merge": self._merge,
            "split": self._split,
            "clear": self._clear,
            "dial": self._dial,
            "talk": self._talk,
            "text": self._text,
        }
        assert {*self._deeds, "number", "correct"} == set(DEEDS)

    def do(self, deed: str, case_id: int, body: Body, by: StaffMember, centres: tuple[str, ...]) -> str:
        """Do it; what to say about it."""
        if deed not in self._deeds:
            raise Refused(404, "没有这个操作。")
        look = self._offered(deed, case_id, by, centres)
        said = self._deeds[deed](look, body, by)
        self._enter(by, f"case_{deed}", look)
        return said

    def number(self, case_id: int, by: StaffMember, centres: tuple[str, ...]) -> str:
        """The whole number of the caller, never an anonymous one's; that it was shown is in the trail."""
        look = self._offered("number", case_id, by, centres)
        number = self._line.services.sealer.open(bytes(look.row["number_sealed"]), NUMBER_CONTEXT)
        self._enter(by, NUMBER_SHOWN, look)
        return number_words(number)

    def _offered(self, deed: str, case_id: int, by: StaffMember, centres: tuple[str, ...]) -> CaseLook:
        services = self._line.services
        now = services.now()
        with services.database.pool.connection() as connection:
            reader = reader_of(connection, by, centres, now)
            look = read_case(connection, case_id, reader, now)
        standing = standing_of(reader, look.row)
        others = sum(can_take_in(other, look.row["kind"]) for other in look.others)
        trying = trying_of(look.replies, now)
        may = page_rights(look.row, standing, len(look.messages), others, trying, services.texts.can_send)
        why_not = may.get(deed)
        if why_not is None:
            is_theirs = standing.acts_on(look.row) or standing.watches
            raise Refused(409, NOT_NOW) if is_theirs else Refused(403, NOT_YOURS)
        if why_not:
            raise Refused(409, why_not)
        return look

    # who has it

    def _take(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        self._desk.take(look.row["id"], _seat(by), doer_of(by))
        return "接办了，现在归您。"

    def _release(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        self._desk.release(look.row["id"], doer_of(by))
        return "放回了，本中心的人都能接办。"

    def _assign(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        agent = _number_of(body, "agent", "请选指派给谁。")
        with self._line.services.database.pool.connection() as connection:
            row = connection.execute(_SEAT_OF_CENTRE, (agent, look.row["centre"])).fetchone()
        if row is None:
            raise Refused(422, "这个人不在这一件的中心，请从列表里选。")
        self._desk.assign(look.row["id"], agent, doer_of(by))
        return f"指派给{row[0]} {row[1]}了。"

    def _transfer(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        library, row = self._line.keeper.library(), look.row
        centre, desk = text_of(body, "centre") or row["centre"], text_of(body, "desk")
        if centre not in library.centres or (desk and desk not in SKILLS):
            raise Refused(422, "请从列表里选中心和科室。")
        if (centre, desk) == (row["centre"], row["desk"]):
            raise Refused(422, "已经在这里了，请选别的中心或科室。")
        self._desk.transfer(row["id"], centre, desk, doer_of(by), _words(body, "请写一句为什么转办。"))
        return f"转给{library.centre(centre).short_name}{SKILLS.get(desk, '')}了，答复的日子不变。"

    # what is written

    def _note(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        self._desk.note(look.row["id"], _words(body, "请写备注。"), doer_of(by))
        return "备注记下了。"

    def _subject(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        subject = text_of(body, "subject")
        if not self._tree.knows(subject):
            raise Refused(422, "没有这个主题，请从列表里选。")
        self._desk.set_subject(look.row["id"], subject, doer_of(by))
        return f"主题定为{self._tree.name_of(subject)}。"

    # how it goes on

    def _decide(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        decision = text_of(body, "decision")
        if decision not in DECISIONS_ZH:
            raise Refused(422, "请选受理还是不予受理。")
        needed = "请写一句为什么不予受理。" if decision == "refused" else ""
        self._desk.decide(look.row["id"], decision, _words(body, needed), doer_of(by))
        return f"{DECISIONS_ZH[decision]}，记下了。"

    def _close(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        reason, words = text_of(body, "reason"), _words(body)
        if reason not in CLOSE_REASONS_ZH:
            raise Refused(422, "请选办结的原因。")
        if reason in NEEDS_WORDS and not words:
            raise Refused(422, "请写一句原因。")
        self._desk.close(look.row["id"], reason, words, doer_of(by))
        return "办结了。"

    def _reopen(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        self._desk.reopen(look.row["id"], doer_of(by), _words(body, "请写一句为什么重新办理。"))
        return "重新办理，回到没人接的里面，期限从现在重新算。"

    def _clear(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        self._desk.clear(look.row["id"], _words(body, "请写明为什么超期、怎么处理的。"), doer_of(by))
        return "从超期名单里去掉了，原因记下了。"

    def _urge(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        self._desk.urge(look.row["id"], doer_of(by), _words(body))
        return "催办了。"

    def _supervise(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        if not isinstance(body.get("on"), bool):
            raise Refused(422, "请求的内容不完整或格式不对。", "on")
        self._desk.supervise(look.row["id"], body["on"], doer_of(by), _words(body))
        return "督办了。" if body["on"] else "不再督办。"

    def _merge(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        into = _number_of(body, "into", "请选并到哪一件。")
        if into not in {other["id"] for other in look.others if can_take_in(other, look.row["kind"])}:
            raise Refused(422, "只能并到同一位来电人、同一种、还没办完的另一件。")
        self._desk.merge(look.row["id"], into, doer_of(by))
        return f"并到办件{into}了。"

    def _split(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        message = _number_of(body, "message", "请选拆出哪一条留言。")
        if message not in {row["id"] for row in look.messages}:
            raise Refused(404, "这一件里没有这条留言。")
        return f"拆成了新的办件{self._desk.split(look.row['id'], message, doer_of(by))}。"

    # reaching the caller

    def _dial(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        seat = _seat(by)
        self._take_if_open(look, by)
        self._calls.dial(look.row["id"], seat, doer_of(by))
        return "开始拨号，来电人接起来按1以后，工作台会响。"

    def _talk(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        seat = _seat(by)
        self._calls.check_talk(look.row["id"], seat)
        self._take_if_open(look, by)
        self._calls.note_talk(look.row["id"], seat, doer_of(by))
        return "记下了，这次通话就是答复，计时停止。"

    def _text(self, look: CaseLook, body: Body, by: StaffMember) -> str:
        words = _words(body, "请写短信的内容。", LONGEST_TEXT)
        self._take_if_open(look, by)
        self._texts.send(look.row["id"], words, doer_of(by))
        return "短信交给通道了，收到回执才算答复。"

    def _take_if_open(self, look: CaseLook, by: StaffMember) -> None:
        """Whoever answers a case that nobody has takes it."""
        if look.row["status"] == OPEN and by.agent_id is not None:
            self._desk.take(look.row["id"], by.agent_id, doer_of(by))

    def _enter(self, by: StaffMember, action: str, look: CaseLook) -> None:
        services = self._line.services
        with services.database.pool.connection() as connection:
            enter_audit(
                connection, services.now(), by.username, action, look.row["centre"], f"work_order {look.row['id']}"
            )


def _seat(by: StaffMember) -> int:
    if by.agent_id is None:
        raise Refused(409, NO_SEAT)
    return by.agent_id


def _words(body: Body, needed: str = "", longest: int = LONGEST_WORDS) -> str:
    """What was written. Raises Refused (422): too long, or nothing where `needed` says that something is."""
    words = body.get("words") or ""
    if not isinstance(words, str) or len(words) > longest:
        raise Refused(422, f"最多写{longest}个字。")
    words = without_secrets(words.strip())
    if needed and not words:
        raise Refused(422, needed)
    return words


def _number_of(body: Body, name: str, sentence: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise Refused(422, sentence)
    return value

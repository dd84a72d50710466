"""One call from its first ring to everything that followed, as lines in the order of time, without anybody's number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from dashboards.console.case_words import SATISFACTION_ZH
from dashboards.console.wrap_up import DISPOSITIONS
from dashboards.provincial.explore.call_timeline_rows import CallParts, Row
from dashboards.provincial.explore.call_words import (
    END_REASONS_ZH,
    LINE_ENDS_ZH,
    SYMBOLS,
    between,
    is_end,
    span_words,
    status_words,
    step_words,
    talk_words,
)
from dashboards.staff_area import shanghai_text
from ivr.draw_words import KIND_TITLES
from ivr.library import Library
from ivr.outcome import NAMES_ZH
from queueing.callback import END_REASONS_ZH as CALLBACK_ENDS_ZH
from queueing.callback import RESULTS_ZH
from queueing.callback import SOURCES_ZH as CALLBACK_SOURCES_ZH
from queueing.entries import CALLBACK
from queueing.offer import NAMES_ZH as OFFER_STATUSES_ZH
from queueing.routing import RULES_ZH, SKILLS
from voicemail.subjects import SubjectTree
from voicemail.work_order import KINDS_ZH

MESSAGE_KINDS_ZH = {"message": "留言", "complaint": "投诉", "report": "举报", "comment": "评价说明"}
MESSAGE_ENDS_ZH = {"kept": "录完了，已经收下", "empty": "没有说话，不算"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line: when, what kind of thing (see SYMBOLS), what happened, what belongs beside it, where it leads."""

    at: datetime
    kind: str
    words: str
    detail: str = ""
    href: str = ""
    is_good: bool = False

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.kind]


class Timeline:
    """Turns the rows of one call into lines."""

    def __init__(self, library: Library, tree: SubjectTree) -> None:
        self._library = library
        self._tree = tree

    def moments(self, found: CallParts) -> list[Moment]:
        """All of it, the earliest first; what happened at one instant stands in the order of cause and effect."""
        parts = (
            self._begin(found.call),
            self._steps(found),
            self._statuses(found),
            self._joins(found),
            self._talks(found),
            self._ratings(found),
            self._leavings(found),
            self._callbacks(found),
            self._cases(found),
            self._end(found.call),
        )
        return sorted((moment for part in parts for moment in part), key=lambda moment: moment.at)

    def place(self, centre: str, node: str) -> str:
        """What a place of the menu is called; the kind of place, or its own key, where it has no name."""
        found = self._library.flow(centre).nodes.get(node)
        if found is None:
            return node
        return found.title or KIND_TITLES.get(type(found), node)

    def _centre(self, code: str) -> str:
        return self._library.centre(code).short_name

    def _begin(self, call: Row) -> Iterator[Moment]:
        is_ours = call["direction"].startswith("outbound")
        words = "我们打出去的电话" if is_ours else f"来电，{self._centre(call['first_centre'])}接到"
        region = call["caller_region"] or ""
        yield Moment(call["started_at"], "call", words, f"号码归属地{region}" if region else "")

    def _end(self, call: Row) -> Iterator[Moment]:
        if call["desk_answered_at"]:
            yield Moment(call["desk_answered_at"], "talk", "值班电话接了", is_good=True)
        if call["ended_at"]:
            lasted = between(call["started_at"], call["ended_at"])
            why = END_REASONS_ZH.get(call["end_reason"] or "", "")
            detail = "，".join(part for part in (f"共{lasted}" if lasted else "", why) if part)
            yield Moment(call["ended_at"], "call", f"来电结束：{NAMES_ZH[call['outcome']]}", detail)

    def _steps(self, found: CallParts) -> Iterator[Moment]:
        before = found.call["first_centre"]
        for step in found["steps"]:
            words = step_words(step["kind"], step["keys"], self.place(step["centre"], step["node"]))
            moved = f"转到{self._centre(step['centre'])}" if step["centre"] != before else ""
            before = step["centre"]
            yield Moment(step["at"], "menu", words, moved)

    def _statuses(self, found: CallParts) -> Iterator[Moment]:
        for row in found["statuses"]:
            # Its end is told once, with the outcome.
            if not (row["applied"] and is_end(row["status"])):
                yield Moment(row["at"], "carrier", status_words(row["status"], row["applied"]))

    def _joins(self, found: CallParts) -> Iterator[Moment]:
        for entry in found["entries"]:
            words = "等着回电" if entry["kind"] == CALLBACK else "进入排队"
            rules = "、".join(RULES_ZH.get(rule, rule) for rule in entry["rules"])
            about = f"{self._centre(entry['centre'])}，{SKILLS.get(entry['skill'], entry['skill'])}"
            yield Moment(entry["joined_at"], "line", words, about + (f"，提前的原因：{rules}" if rules else ""))

    def _leavings(self, found: CallParts) -> Iterator[Moment]:
        for entry in found["entries"]:
            if entry["ended_at"]:
                words = LINE_ENDS_ZH.get(entry["end_reason"] or "", "离开队列")
                waited = between(entry["joined_at"], entry["answered_at"] or entry["ended_at"])
                yield Moment(entry["ended_at"], "line", words, f"排队{waited}")

    def _talks(self, found: CallParts) -> Iterator[Moment]:
        for offer in found["offers"]:
            agent = f"{offer['agent_number']}号"
            yield Moment(offer["made_at"], "talk", f"分给{agent}，开始振铃")
            if offer["accepted_at"]:
                yield Moment(
                    offer["accepted_at"],
                    "talk",
                    f"{agent}应答",
                    f"振铃{between(offer['made_at'], offer['accepted_at'])}",
                )
            if offer["connected_at"]:
                yield Moment(
                    offer["connected_at"],
                    "talk",
                    f"和{agent}通话",
                    f"到这时等了{span_words(offer['wait_seconds'])}",
                    is_good=True,
                )
            if offer["ended_at"]:
                yield self._talk_end(offer, agent)

    def _talk_end(self, offer: Row, agent: str) -> Moment:
        status: str = OFFER_STATUSES_ZH.get(offer["status"]) or offer["status"]
        held = f"，其中保持{span_words(offer['held_seconds'])}" if offer["held_seconds"] else ""
        lasted = between(offer["connected_at"], offer["ended_at"])
        detail = f"通话{lasted}{held}" if lasted else ""
        return Moment(
            offer["ended_at"], "talk", f"{agent}：{talk_words(offer['status'], offer['end_reason'], status)}", detail
        )

    def _ratings(self, found: CallParts) -> Iterator[Moment]:
        for row in found["wrap_ups"]:
            subject = self._tree.name_of(row["subject"]) or "没有选主题"
            result = DISPOSITIONS.get(row["disposition"] or "", "")
            about = f"{subject}，{result}" if result else subject
            state = "写完" if row["done_at"] else "写了一部分"
            yield Moment(row["done_at"] or row["saved_at"], "talk", f"{row['agent_number']}号{state}话后整理", about)
        for row in found["ratings"]:
            words = f"来电人评价{row['agent_number']}号：{SATISFACTION_ZH[row['score']]}"
            yield Moment(row["at"], "rating", words, is_good=row["score"] <= 3)

    def _callbacks(self, found: CallParts) -> Iterator[Moment]:
        for row in found["callbacks"]:
            how = CALLBACK_SOURCES_ZH.get(row["source"], row["source"])
            promised = f"，答应{_clock(row['promised_until'])}以前" if row["promised_until"] else ""
            yield Moment(row["asked_at"], "callback", "记下要回电", f"{how}{promised}", "/callbacks")
            if row["ended_at"]:
                yield Moment(
                    row["ended_at"],
                    "callback",
                    f"回电结束：{CALLBACK_ENDS_ZH.get(row['end_reason'], row['end_reason'])}",
                )
        for row in found["attempts"]:
            yield self._attempt(row, found.call["call_sid"])

    def _attempt(self, row: Row, call_sid: str) -> Moment:
        result = RESULTS_ZH.get(row["result"] or "", "还在打")
        if row["call_sid"] == call_sid:
            return Moment(
                row["made_at"], "callback", f"这是第{row['number']}次回电", result, call_address(row["asked_by"])
            )
        href = call_address(row["call_sid"]) if row["call_sid"] else ""
        return Moment(row["made_at"], "callback", f"第{row['number']}次回电", result, href)

    def _cases(self, found: CallParts) -> Iterator[Moment]:
        for row in found["messages"]:
            kind = MESSAGE_KINDS_ZH.get(row["kind"], row["kind"])
            yield Moment(row["begun_at"], "case", f"开始录{kind}")
            if row["ended_at"]:
                lasted = between(row["begun_at"], row["ended_at"])
                yield Moment(row["ended_at"], "case", f"{kind}{MESSAGE_ENDS_ZH.get(row['status'], '')}", lasted)
        for row in found["cases"]:
            yield from _case(row)


def _case(row: Row) -> Iterator[Moment]:
    name, href = f"办件{row['id']}", f"/cases/{row['id']}"
    due = f"，{_clock(row['due_at'])}以前答复" if row["due_at"] else ""
    yield Moment(row["opened_at"], "case", f"立了{name}", f"{KINDS_ZH.get(row['kind'], row['kind'])}{due}", href)
    if row["replied_at"]:
        is_in_time = row["due_at"] is None or row["replied_at"] <= row["due_at"]
        yield Moment(
            row["replied_at"], "case", f"{name}答复送到", "按时" if is_in_time else "过了期限", href, is_in_time
        )
    if row["closed_at"]:
        yield Moment(row["closed_at"], "case", f"{name}办结", "", href)


def _clock(at: datetime) -> str:
    return shanghai_text(at)


def call_address(call_sid: str) -> str:
    """Where the timeline of a call of our own ledger is."""
    return f"/province/calls/{quote(call_sid, safe='')}"

"""Answers to cases, on real rows: the clock stops on a delivered one, and a try that failed says what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Blueprint, Flask
from rq import Queue
from twilio.request_validator import RequestValidator

from app import periodic
from integrations.errors import HotlineError, IntegrationError
from integrations.services import Services
from integrations.settings import DEMO_AUTH_TOKEN
from integrations.task_queue import DEFAULT_QUEUE, set_job_settings
from integrations.telephony.carrier_errors import CarrierAway, CarrierRefused
from integrations.telephony.client import CarrierClient
from integrations.text_messages import LogTextSender
from integrations.work_calendar import SHANGHAI
from ivr.library import load_centres
from queueing.callbacks import CallbackView
from queueing.case_dial import CannotDial
from queueing.seed import seed_centres
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.integrations.text_recorder import TextRecorder
from tests.queueing.callback_scene import LI_QIANG, WANG_FANG, CallbackScene
from tests.queueing.conftest import carrier_stand_in as carrier_stand_in
from tests.queueing.line_scene import HEFEI
from voicemail.case_calls import NO_TALK, NO_TRACE, SHORT_TALK, TALK_USED, CaseCalls
from voicemail.case_clock import CaseClock
from voicemail.case_deeds import Doer
from voicemail.case_desk import CaseDesk
from voicemail.case_fields import Case
from voicemail.case_moves import CaseNotYours, CaseRefused, CaseWords
from voicemail.case_rows import NewCase, open_case, read_case
from voicemail.case_texts import MOST_ATTEMPTS, RECEIPT_WITHIN, CaseTexts, send_case_text
from voicemail.reply_jobs import look_after_case_texts, settle_case_calls
from voicemail.text_receipts import add_text_receipts

LEFT_AT = datetime(2026, 11, 22, 20, tzinfo=SHANGHAI)
DUE_AT = datetime(2026, 11, 25, 17, 30, tzinfo=SHANGHAI)
LANDLINE = "+8655162345678"
WORDS = "您的养老待遇资格认证已经通过，下个月照常发放。"
WHOLE = f"安徽省合肥市12333答复您的留言（编号1001）：{WORDS}"


class ReplyScene(CallbackScene):
    """Case 1001 was left yesterday evening; Wang Fang's seat 1001 has it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.texts_taken = TextRecorder()
        self.use(texts=self.texts_taken)
        self.seat("1001")
        self.wang = Doer("wang.fang", self.seats["1001"])

    def use(self, **adapters: Any) -> None:
        """Another channel."""
        self.services = replace(self.services, **adapters)
        clock = CaseClock(self.line.centres, self.line.timetable)
        self.case_calls = CaseCalls(self.services, self.line, self.callbacks)
        self.case_texts = CaseTexts(self.services, clock)
        self.case_desk = CaseDesk(self.services, clock)

    def opens(self, number: str = WANG_FANG, kind: str = "message", is_taken: bool = True) -> int:
        """A case with the number on which its caller wants the answer."""
        sealer = self.services.sealer
        with self.services.database.pool.connection() as connection:
            made = open_case(
                connection,
                NewCase(
                    kind=kind, origin=f"test:{number}:{kind}:{self.at.isoformat()}", centre=HEFEI, source="key",
                    call_sid="CAmessage", opened_at=LEFT_AT, due_at=DUE_AT, due_policy="reply", workdays=3,
                    number_sealed=sealer.seal(number, "case.number") if number else None,
                    number_hash=sealer.fingerprint(number) if number else None, number_tail=number[-4:] or None,
                ),
            )  # fmt: skip
        assert made is not None
        self.tick_clock(0.01)
        if is_taken:
            self.case_desk.take(made, self.seats["1001"], self.wang)
        return made

    def case(self, case_id: int) -> Case:
        with self.services.database.pool.connection() as connection:
            found = read_case(connection, case_id)
        assert found is not None
        return found

    def tells(self, case_id: int) -> list[tuple[str, str]]:
        """The history after the case was taken: events and notes."""
        sql = "SELECT event, note FROM case_event WHERE case_id = %s AND event NOT IN ('opened', 'taken') ORDER BY id"
        return self.rows(sql, case_id)

    def tries(self, case_id: int) -> list[str]:
        """How the tries ended, in their order."""
        sql = "SELECT coalesce(result, 'open') FROM case_reply WHERE case_id = %s ORDER BY id"
        return [row[0] for row in self.rows(sql, case_id)]

    # by telephone

    def dials(self, case_id: int, by: Doer | None = None) -> int:
        made = self.case_calls.dial(case_id, self.seats["1001"], by or self.wang)
        self.works()
        return made

    def callback(self, number: str = WANG_FANG) -> CallbackView:
        found = self.rows("SELECT id FROM callback WHERE source = 'case' ORDER BY id DESC LIMIT 1")
        view = self.callbacks.view(found[0][0])
        assert view is not None
        return view

    def talks(self, case_id: int, seconds: float) -> datetime:
        """The caller agrees, and they talk for so long; since when they did."""
        self.dials(case_id)
        self.calls["rung"] = self.picks_up()
        self.answers("1001")
        began = self.at
        self.passes(seconds)
        self.desk.hang_up(self.seats["1001"], self.offer("1001") or "")
        self.desk.finish_wrap_up(self.seats["1001"])
        return began

    def misses(self, case_id: int, last_word: str = "no-answer") -> None:
        """Nobody comes to the telephone."""
        self.desk.heartbeat(self.seats["1001"])
        self.dials(case_id)
        self.telephone("initiated", last_word)
        assert self.case_calls.settle() == 1

    def rings_and_talks(self, name: str, seconds: float, number: str = WANG_FANG) -> datetime:
        """A caller rings ("" without showing the number), and Wang Fang talks with them; since when."""
        if number:
            self.rings_in(name, number)
        else:
            self.joins(name)
        self.passes(1)
        self.answers("1001")
        began = self.at
        self.passes(seconds)
        return began

    def hangs_up_herself(self) -> None:
        self.desk.hang_up(self.seats["1001"], self.offer("1001") or "")
        self.desk.finish_wrap_up(self.seats["1001"])

    def notes_talk(self, case_id: int, by: Doer | None = None) -> int:
        return self.case_calls.note_talk(case_id, self.seats["1001"], by or self.wang)

    # by text

    def texts(self, case_id: int, words: str = WORDS) -> int:
        """The text is written, and its job runs."""
        reply = self.case_texts.send(case_id, words, self.wang)
        self.case_texts.deliver(reply)
        return reply

    def receipt(self, reply: int, status: str, sid: str = f"SM{1:032x}") -> None:
        self.case_texts.note_receipt(reply, {"MessageSid": sid, "MessageStatus": status})


@pytest.fixture
def scene(services: Services, carrier_stand_in: CarrierStandIn) -> Iterator[ReplyScene]:
    carrier_stand_in.clear()
    centres = dict(load_centres(None))
    seed_centres(services.database, centres)
    settings = replace(services.settings, gateway_url=f"ws://127.0.0.1:{carrier_stand_in.port}")
    carrier = CarrierClient(settings)
    yield ReplyScene(replace(services, settings=settings, carrier=carrier), centres, carrier_stand_in)
    carrier.close()
    assert carrier_stand_in.control()["violations"] == []


# by telephone


def test_a_talk_of_ten_seconds_stops_the_clock_from_its_beginning(scene: ReplyScene) -> None:
    case = scene.opens()
    began = scene.talks(case, 65)
    assert scene.case(case).status == "owned"
    assert scene.case_calls.settle() == 1
    found = scene.case(case)
    assert (found.status, found.replied_at, found.reply_kind, found.is_overdue) == ("replied", began, "call", False)
    assert scene.tells(case) == [("dialled", ""), ("replied", "通话65秒")]
    assert scene.rows("SELECT result, talk_seconds FROM case_reply") == [("delivered", 65)]
    assert scene.case_calls.settle() == 0


def test_the_console_sees_which_case_is_answered(scene: ReplyScene) -> None:
    case = scene.opens(kind="complaint")
    scene.dials(case)
    assert scene.rows("SELECT note, source FROM callback") == [(f"办件{case} 投诉答复", "case")]


def test_a_telephone_picked_up_and_put_down_is_no_answer(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.talks(case, 9)
    scene.case_calls.settle()
    assert (scene.case(case).status, scene.tries(case)) == ("owned", ["too_short"])
    assert scene.tells(case)[-1] == ("reply_failed", "接通不到10秒，不算答复。已在1个半天试过，11月23日下午起再打")


def test_three_half_days_in_vain_then_a_text_then_the_supervisor(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.misses(case)
    scene.tick_clock(1800)
    # Twice within a morning counts once.
    scene.misses(case, "busy")
    assert scene.tells(case)[-1][1] == "占线。已在1个半天试过，11月23日下午起再打"
    scene.at = scene.at.replace(hour=15)
    scene.misses(case)
    assert scene.tells(case)[-1][1] == "没人接。已在2个半天试过，11月24日上午起再打"
    scene.at = scene.at.replace(hour=10) + timedelta(days=1)
    scene.misses(case)
    assert scene.tells(case)[-1] == ("reply_failed", "没人接。已在3个半天试过，请改发短信答复")
    reply = scene.texts(case)
    scene.receipt(reply, "undelivered")
    assert scene.tells(case)[-1] == ("reply_failed", "短信没有送达。已在3个半天试过，请值班长决定怎么办")
    assert scene.case(case).status == "owned"


def test_where_no_text_can_go_out_the_supervisor_decides_at_once(scene: ReplyScene) -> None:
    case = scene.opens(LANDLINE)
    for at in (scene.at, scene.at.replace(hour=15), scene.at + timedelta(days=1)):
        scene.at = at
        scene.misses(case)
    assert scene.tells(case)[-1][1] == "没人接。已在3个半天试过，请值班长决定怎么办"


def test_only_who_has_the_case_answers_it(scene: ReplyScene) -> None:
    case = scene.opens(is_taken=False)
    with pytest.raises(CaseRefused, match="请先接办"):
        scene.dials(case)
    assert scene.rows("SELECT count(*) FROM callback") == [(0,)]
    assert scene.state("1001")[0] == "available"
    other = Doer("li.qiang", scene.seat("1002"))
    scene.case_desk.take(case, scene.seats["1001"], scene.wang)
    with pytest.raises(CaseNotYours):
        scene.dials(case, other)
    with pytest.raises(CaseNotYours):
        scene.case_texts.send(case, WORDS, other)
    scene.dials(case, replace(other, is_supervisor=True))


def test_a_case_without_a_number_cannot_be_rung(scene: ReplyScene) -> None:
    case = scene.opens(number="")
    with pytest.raises(CaseRefused, match="没有留下能打通的号码"):
        scene.dials(case)


def test_a_case_is_answered_one_way_at_a_time(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.dials(case)
    with pytest.raises(CaseRefused, match="正在给来电人打电话"):
        scene.case_texts.send(case, WORDS, scene.wang)
    with pytest.raises(CannotDial):
        scene.dials(case)
    assert scene.tries(case) == ["open"]


def test_a_text_of_which_nothing_is_heard_holds_up_no_call(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.texts(case)
    with pytest.raises(CaseRefused, match="还在等回执"):
        scene.dials(case)
    assert scene.rows("SELECT count(*) FROM callback") == [(0,)]
    scene.tick_clock(600)
    scene.desk.heartbeat(scene.seats["1001"])
    scene.dials(case)
    assert scene.tries(case) == ["undelivered", "open"]


def test_a_call_is_called_off_by_who_began_it(scene: ReplyScene) -> None:
    case = scene.opens()
    assert not scene.case_calls.cancel(case, scene.wang)
    scene.dials(case)
    assert scene.case_calls.cancel(case, scene.wang)
    scene.case_calls.settle()
    assert (scene.tries(case), scene.state("1001")[0]) == (["cancelled"], "available")
    assert scene.tells(case)[-1] == ("reply_failed", "已取消。可以再打")


def test_many_workers_take_in_a_call_once(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.talks(case, 30)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: scene.case_calls.settle(), range(4))) == 1
    assert [event for event, _ in scene.tells(case)] == ["dialled", "replied"]


def test_who_was_reached_before_the_decision_is_answered_by_it(scene: ReplyScene) -> None:
    case = scene.opens(kind="complaint")
    scene.talks(case, 65)
    assert scene.case_calls.settle() == 1
    assert (scene.case(case).status, scene.tries(case)) == ("owned", ["delivered"])
    assert scene.tells(case)[1:] == [("noted", "通话65秒，已经联系上，还没有决定受理不受理，期限照算")]
    scene.case_desk.decide(case, "accepted", "", scene.wang)
    found = scene.case(case)
    assert (found.status, found.replied_at, found.reply_kind) == ("replied", scene.at, "call")
    assert [event for event, _ in scene.tells(case)][2:] == ["decided", "replied"]


def test_a_call_before_a_reopening_answers_no_decision_after_it(scene: ReplyScene) -> None:
    case = scene.opens(kind="complaint")
    scene.talks(case, 65)
    scene.case_calls.settle()
    scene.case_desk.decide(case, "accepted", "", scene.wang)
    scene.tick_clock(60)
    scene.case_desk.reopen(case, scene.wang, "来电人又来问")
    scene.case_desk.take(case, scene.seats["1001"], scene.wang)
    scene.case_desk.decide(case, "refused", "不属于人社部门", scene.wang)
    assert (scene.case(case).status, scene.case(case).replied_at) == ("owned", None)


def test_a_talk_after_the_due_date_is_an_answer_and_late(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.at = DUE_AT + timedelta(days=1) - timedelta(hours=6)
    scene.desk.heartbeat(scene.seats["1001"])
    scene.talks(case, 20)
    scene.case_calls.settle()
    assert (scene.case(case).status, scene.case(case).is_overdue) == ("replied", True)


# by text


def test_only_the_receipt_stops_the_clock(scene: ReplyScene) -> None:
    case = scene.opens()
    reply = scene.texts(case)
    assert scene.texts_taken.taken == [(WANG_FANG, WHOLE.replace("1001", str(case)))]
    assert scene.texts_taken.receipts[0].endswith(f"/voicemail/text?r={reply}")
    for status in ("queued", "sent"):
        scene.receipt(reply, status)
    assert (scene.case(case).status, scene.tries(case)) == ("owned", ["open"])
    scene.tick_clock(4)
    scene.receipt(reply, "delivered")
    found = scene.case(case)
    assert (found.status, found.replied_at, found.reply_kind) == ("replied", scene.at, "text")
    assert scene.tells(case) == [("text_sent", WORDS), ("replied", "短信已送达")]


def test_a_text_of_before_a_reopening_does_not_stop_the_new_clock(scene: ReplyScene) -> None:
    case = scene.opens()
    early = scene.texts(case)
    with scene.services.database.pool.connection() as connection:
        scene.case_desk.note_delivered(connection, case, "caller", scene.at, "caller")
    scene.tick_clock(60)
    scene.case_desk.reopen(case, scene.wang, "来电人说没有解决")
    scene.tick_clock(60)
    scene.receipt(early, "delivered")
    assert (scene.case(case).status, scene.case(case).replied_at, scene.tries(case)) == ("open", None, ["delivered"])
    assert scene.tells(case)[-1] == ("noted", "重新办理前发出的答复，短信已送达，期限照算")
    scene.case_desk.take(case, scene.seats["1001"], scene.wang)
    later = scene.texts(case)
    sid = scene.rows("SELECT channel_id FROM case_reply WHERE id = %s", later)[0][0]
    scene.receipt(later, "delivered", sid)
    assert scene.case(case).status == "replied"


@pytest.mark.parametrize("last", ["delivered", "undelivered", "failed"])
def test_repeated_late_and_foreign_receipts_change_nothing(scene: ReplyScene, last: str) -> None:
    case = scene.opens()
    reply = scene.texts(case)
    for status, sid in (("delivered", "SMforeign"), ("read by nobody", ""), ("dancing", f"SM{1:032x}")):
        scene.receipt(reply, status, sid)
    scene.receipt(reply + 1, "delivered")
    assert scene.tries(case) == ["open"]
    scene.receipt(reply, last)
    told, stands = scene.tells(case), scene.case(case)
    for status in ("queued", "sent", "delivered", "undelivered", last):
        scene.tick_clock(60)
        scene.receipt(reply, status)
    assert (scene.tells(case), scene.case(case)) == (told, stands)


def test_without_a_receipt_for_a_day_it_was_not_delivered(scene: ReplyScene) -> None:
    case = scene.opens()
    reply = scene.texts(case)
    scene.tick_clock(RECEIPT_WITHIN.total_seconds() - 60)
    scene.case_texts.sweep()
    assert scene.tries(case) == ["open"]
    scene.tick_clock(61)
    scene.case_texts.sweep()
    assert scene.tells(case)[-1] == ("reply_failed", "短信没有回执。可以再打")
    scene.receipt(reply, "delivered")
    assert scene.case(case).status == "owned"


@pytest.mark.parametrize(("word", "status"), [("delivered", "replied"), ("undelivered", "owned")])
def test_a_receipt_that_was_lost_is_asked_for(scene: ReplyScene, word: str, status: str) -> None:
    case = scene.opens()
    scene.texts(case)
    scene.texts_taken.statuses = {f"SM{1:032x}": "sent"}
    scene.tick_clock(601)
    scene.case_texts.sweep()
    assert scene.tries(case) == ["open"]
    scene.texts_taken.statuses = {f"SM{1:032x}": word}
    scene.tick_clock(60)
    scene.case_texts.sweep()
    assert scene.tries(case) == ["open"]
    scene.tick_clock(3600)
    scene.case_texts.sweep()
    assert (scene.tries(case), scene.case(case).status) == ([word], status)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "请写要发给来电人的内容"),
        (" \n", "请写要发给来电人的内容"),
        ("长" * 301, "短信最多300个字，现在有301个字"),
        ("您的身份证340104199001010018已核对", "不要写身份证号"),
        ("卡号 6217 0012 3456 7890 已停用", "不要写身份证号"),
    ],
)
def test_what_must_not_be_texted_is_refused_with_a_sentence(scene: ReplyScene, words: str, sentence: str) -> None:
    case = scene.opens()
    with pytest.raises(CaseWords) as refused:
        scene.case_texts.send(case, words, scene.wang)
    assert sentence in refused.value.sentence
    assert scene.tries(case) == []


def test_a_telephone_number_of_an_office_may_be_texted(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.texts(case, "请带身份证到窗口办理，电话0551-63531234，11月30日前都可以。" + "长" * 200)
    assert len(scene.texts_taken.taken) == 1


def test_a_landline_and_an_installation_without_a_channel_take_no_texts(scene: ReplyScene) -> None:
    case = scene.opens(LANDLINE)
    with pytest.raises(CaseRefused, match="收不到短信"):
        scene.case_texts.send(case, WORDS, scene.wang)
    scene.use(texts=LogTextSender())
    with pytest.raises(HotlineError) as refused:
        scene.case_texts.send(case, WORDS, scene.wang)
    assert "短信通道没有开通" in refused.value.sentence
    assert scene.tries(case) == []


def test_a_channel_that_goes_away_after_the_text_was_written_is_told(scene: ReplyScene) -> None:
    case = scene.opens()
    reply = scene.case_texts.send(case, WORDS, scene.wang)
    scene.use(texts=LogTextSender())
    scene.case_texts.deliver(reply)
    assert scene.tries(case) == ["no_channel"]
    assert scene.tells(case)[-1] == ("reply_failed", "没有短信通道。可以再打")


def test_a_channel_that_is_away_is_asked_again_and_then_given_up(scene: ReplyScene) -> None:
    scene.texts_taken.fails = [IntegrationError("away")] * MOST_ATTEMPTS
    case = scene.opens()
    reply = scene.texts(case)
    scene.case_texts.deliver(reply)
    assert scene.tries(case) == ["open"] and len(scene.texts_taken.fails) == MOST_ATTEMPTS - 1
    for _ in range(MOST_ATTEMPTS - 1):
        scene.tick_clock(300)
        assert scene.case_texts.sweep() == [reply]
        scene.case_texts.deliver(reply)
    assert scene.tries(case) == ["failed"]
    assert scene.texts_taken.taken == [] and scene.case_texts.sweep() == []


def test_a_refused_text_is_not_tried_again(scene: ReplyScene) -> None:
    scene.texts_taken.fails = [CarrierRefused("blocked", 21610)]
    case = scene.opens()
    scene.texts(case)
    assert scene.tries(case) == ["failed"]


def test_when_the_channels_reply_is_lost_its_receipt_names_the_text(scene: ReplyScene) -> None:
    scene.texts_taken.fails = [CarrierAway("cut", is_unknown=True)]
    case = scene.opens()
    reply = scene.texts(case)
    scene.receipt(reply, "sent", "SMlost")
    scene.tick_clock(300)
    assert scene.case_texts.sweep() == []
    scene.receipt(reply, "delivered", "SMlost")
    assert (scene.case(case).status, scene.tries(case)) == ("replied", ["delivered"])
    assert [event for event, _ in scene.tells(case)] == ["text_sent", "replied"]


def test_a_worker_that_died_while_sending_leaves_a_lease(scene: ReplyScene) -> None:
    case = scene.opens()
    reply = scene.case_texts.send(case, WORDS, scene.wang)

    def dies() -> None:
        raise RuntimeError("killed")

    scene.texts_taken.while_sending = dies
    with pytest.raises(RuntimeError):
        scene.case_texts.deliver(reply)
    scene.texts_taken.while_sending = lambda: None
    scene.case_texts.deliver(reply)
    assert scene.texts_taken.taken == []
    scene.tick_clock(151)
    assert scene.case_texts.sweep() == [reply]
    scene.case_texts.deliver(reply)
    scene.case_texts.deliver(reply)
    assert len(scene.texts_taken.taken) == 1


def test_a_receipt_after_the_case_was_closed_leaves_it_closed(scene: ReplyScene) -> None:
    case = scene.opens()
    reply = scene.texts(case)
    scene.case_desk.close(case, "withdrawn", "", scene.wang)
    scene.receipt(reply, "delivered")
    assert (scene.case(case).status, scene.tries(case)) == ("closed", ["delivered"])
    assert scene.case(case).replied_at is not None
    with pytest.raises(CaseRefused, match="不用再答复"):
        scene.case_texts.send(case, WORDS, scene.wang)


def test_the_jobs_are_started_by_the_clock_and_woken_at_once(scene: ReplyScene) -> None:
    set_job_settings(scene.services.settings, scene.services)
    functions = {job.func for job in periodic()}
    assert {settle_case_calls, look_after_case_texts} <= functions
    case = scene.opens(LI_QIANG)
    reply = scene.case_texts.send(case, WORDS, scene.wang)
    jobs = Queue(DEFAULT_QUEUE, connection=scene.services.live_store).jobs
    assert [(job.func, job.args) for job in jobs if job.func is send_case_text] == [(send_case_text, (reply,))]
    settle_case_calls()
    look_after_case_texts()


def test_only_the_carrier_can_send_receipts(scene: ReplyScene) -> None:
    app, blueprint = Flask(__name__), Blueprint("voicemail", __name__, url_prefix="/voicemail")
    add_text_receipts(blueprint, scene.services)
    app.register_blueprint(blueprint)
    case = scene.opens()
    reply = scene.texts(case)
    form = {"MessageSid": f"SM{1:032x}", "MessageStatus": "delivered"}
    path = f"/voicemail/text?r={reply}"
    assert app.test_client().post(path, data=form).status_code == 403
    assert scene.case(case).status == "owned"
    url = scene.services.settings.public_base_url + path
    signature = RequestValidator(DEMO_AUTH_TOKEN).compute_signature(url, form)
    answer = app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 204
    assert scene.case(case).status == "replied"


# in a talk that came about in another way


@pytest.mark.parametrize(("number", "tail"), [(LI_QIANG, "尾号7890"), ("", "没有显示号码")])
def test_who_rings_is_answered_in_that_talk(scene: ReplyScene, number: str, tail: str) -> None:
    case = scene.opens(number="")
    began = scene.rings_and_talks("rung", 65, number)
    reply = scene.notes_talk(case)
    found = scene.case(case)
    assert (found.status, found.replied_at, found.reply_kind) == ("replied", began, "call")
    assert scene.tells(case) == [("replied", f"在通话里答复，通话65秒，{tail}")]
    sql = "SELECT kind, result, talk_seconds, made_at, ended_at, agent_id, callback_id, by FROM case_reply"
    row = ("call", "delivered", 65, began, scene.at, scene.seats["1001"], None, "wang.fang")
    assert scene.rows(f"{sql} WHERE id = %s", reply) == [row]
    scene.hangs_up_herself()
    assert scene.case_calls.settle() == 0


def test_one_talk_answers_a_case_once_and_another_one_again(scene: ReplyScene) -> None:
    case = scene.opens()
    began = scene.rings_and_talks("rung", 30)
    scene.notes_talk(case)
    scene.hangs_up_herself()
    with pytest.raises(CaseRefused, match=TALK_USED):
        scene.notes_talk(case)
    scene.tick_clock(60)
    scene.rings_and_talks("rung again", 20, LI_QIANG)
    scene.notes_talk(case)
    assert scene.case(case).replied_at == began and scene.tries(case) == ["delivered", "delivered"]
    assert scene.tells(case)[-1] == ("replied", "再次在通话里答复，通话20秒，尾号7890")


def test_of_two_consultants_who_say_so_at_once_one_is_heard(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.rings_and_talks("rung", 30)

    def says() -> bool:
        try:
            return scene.notes_talk(case) > 0
        except CaseRefused:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: says(), range(4))) == [False, False, False, True]
    assert scene.tries(case) == ["delivered"]


def test_without_a_talk_of_ones_own_that_is_fresh_and_long_enough_nothing_is_noted(scene: ReplyScene) -> None:
    case = scene.opens()
    with pytest.raises(CaseRefused, match=NO_TALK):
        scene.notes_talk(case)
    scene.rings_and_talks("rung", 9)
    with pytest.raises(CaseRefused, match=SHORT_TALK):
        scene.notes_talk(case)
    scene.passes(20)
    other = Doer("li.qiang", scene.seat("1002"), is_supervisor=True)
    with pytest.raises(CaseRefused, match=NO_TALK):
        scene.case_calls.note_talk(case, scene.seats["1002"], other)
    with pytest.raises(CaseNotYours):
        scene.notes_talk(case, Doer("li.qiang", scene.seats["1002"]))
    scene.hangs_up_herself()
    scene.tick_clock(30 * 60 + 1)
    with pytest.raises(CaseRefused, match=NO_TALK):
        scene.case_calls.check_talk(case, scene.seats["1001"])
    assert scene.tries(case) == [] and scene.tells(case) == []


def test_a_talk_before_the_case_was_taken_up_again_is_no_answer_to_it(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.rings_and_talks("rung", 30)
    scene.hangs_up_herself()
    scene.texts(case)
    scene.receipt(scene.rows("SELECT max(id) FROM case_reply")[0][0], "delivered")
    scene.tick_clock(60)
    scene.case_desk.reopen(case, scene.wang, "说的不是这件事")
    scene.case_desk.take(case, scene.seats["1001"], scene.wang)
    with pytest.raises(CaseRefused, match=NO_TALK):
        scene.notes_talk(case)


def test_the_cases_own_call_counts_by_itself(scene: ReplyScene) -> None:
    case = scene.opens()
    scene.dials(case)
    scene.calls["rung"] = scene.picks_up()
    scene.answers("1001")
    scene.passes(30)
    with pytest.raises(CaseRefused, match="正在给来电人打电话"):
        scene.notes_talk(case)
    scene.hangs_up_herself()
    assert scene.case_calls.settle() == 1
    with pytest.raises(CaseRefused, match=TALK_USED):
        scene.notes_talk(case)
    assert scene.tries(case) == ["delivered"]


def test_a_text_on_its_way_does_not_keep_the_caller_from_ringing(scene: ReplyScene) -> None:
    case = scene.opens()
    reply = scene.texts(case)
    scene.rings_and_talks("rung", 30)
    scene.notes_talk(case)
    scene.receipt(reply, "delivered")
    assert scene.tries(case) == ["delivered", "delivered"] and scene.case(case).reply_kind == "call"


def test_nothing_leads_from_an_anonymous_report_to_a_talk(scene: ReplyScene) -> None:
    case = scene.opens(number="", kind="report")
    scene.rows("UPDATE work_order SET is_anonymous = true WHERE id = %s RETURNING id", case)
    scene.rings_and_talks("rung", 30)
    with pytest.raises(CaseRefused, match=NO_TRACE):
        scene.notes_talk(case)

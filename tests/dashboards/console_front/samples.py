"""What the server says in these tests: the shapes of the console's JSON, with made-up people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
CSRF = "token-of-this-session"

SUBJECTS = [
    {
        "key": "pension",
        "name": "养老保险",
        "subjects": [
            {
                "key": "pension-retirement",
                "name": "退休年龄和办理退休",
                "initials": "txnlhbltx",
                "keywords": ["提前退休"],
            },
            {"key": "pension-eligibility", "name": "领取资格认证", "initials": "lqzgrz", "keywords": ["刷脸"]},
            {"key": "pension-benefit", "name": "养老金发放和计算", "initials": "yljffhjs", "keywords": ["没到账"]},
            {"key": "pension-transfer", "name": "养老关系转移接续", "initials": "ylgxzyjx", "keywords": ["跨省"]},
        ],
    },
    {
        "key": "card",
        "name": "社会保障卡",
        "subjects": [
            {"key": "card-loss", "name": "挂失和解除挂失", "initials": "gshjcgs", "keywords": ["丢了"]},
            {"key": "card-apply", "name": "申领和制卡进度", "initials": "slhzkjd", "keywords": ["办卡"]},
        ],
    },
    {
        "key": "labour",
        "name": "劳动关系",
        "subjects": [
            {"key": "labour-wage", "name": "拖欠工资", "initials": "tqgz", "keywords": ["欠薪"]},
            {"key": "labour-injury", "name": "工伤认定", "initials": "gsrd", "keywords": []},
        ],
    },
]
CENTRES = [{"key": "340100", "name": "合肥"}, {"key": "340200", "name": "芜湖"}, {"key": "340800", "name": "安庆"}]


def listed(**names: str) -> list[Json]:
    return [{"key": key.rstrip("_"), "name": name} for key, name in names.items()]


def console_config(stream_url: str) -> Json:
    return {
        "stream_url": stream_url,
        "subjects": SUBJECTS,
        "dispositions": listed(
            answered="当场答复",
            referred="告诉他去哪里办",
            follow_up="还要再回复",
            passed_on="转给别的部门",
            complaint="转投诉举报",
            unresolved="没有解决",
            no_talk="没有说话或打错",
        ),
        "break_reasons": listed(meal="用餐", training="培训", meeting="会议", short="小休"),
        "skills": [{"key": "", "name": "综合"}, *listed(pension="养老", medical="医保", card="社保卡")],
        "centres": CENTRES,
        "languages": [{"key": "", "name": "普通话"}, *listed(hefei="合肥话", anqing="安庆话")],
    }


def iso(seconds_from_now: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds_from_now)).isoformat()


def desk(state: str = "logged_out", **agent: Any) -> Json:
    return {
        "now": iso(),
        "agent": {
            "id": 17,
            "number": "1023",
            "name": "王芳",
            "centre": "340100",
            "centre_name": "合肥",
            "state": state,
            "state_zh": STATES[state],
            "reason": None,
            "reason_zh": None,
            "since": iso(-83),
            "next_reason": None,
            "skills_zh": ["综合", "养老", "社保卡"],
            "door": "browser",
            "heartbeat_ok": True,
            "misses": 0,
            "cool_until": None,
            **agent,
        },
        "offer": None,
        "wrap_up": None,
        "today": {
            "answered": 23,
            "talk_seconds_mean": 161,
            "wrap_up_seconds_mean": 34,
            "missed": 1,
            "rejected": 0,
            "break_seconds": 754,
            "signed_in_seconds": 11655,
            "rating_mean": 1.38,
            "ratings": 16,
        },
        "line": {
            "waiting": 3,
            "longest_wait_seconds": 133,
            "oldest_at": iso(-133),
            "available": 2,
            "on_call": 5,
            "callbacks": 5,
        },
    }


STATES = {
    "logged_out": "离线",
    "available": "空闲",
    "reserved": "振铃",
    "on_call": "通话",
    "hold": "保持",
    "wrap_up": "话后整理",
    "break": "休息",
    "away": "系统置离",
}
REASONS = {"meal": "用餐", "training": "培训", "meeting": "会议", "short": "小休", "no_answer": "三次未接"}


def offer(offer_id: str = "o1", ring_seconds: float = 20.0) -> Json:
    return {
        "id": offer_id,
        "status": "ringing",
        "made_at": iso(),
        "ring_until": iso(ring_seconds),
        "accepted_at": None,
        "connected_at": None,
        "held_since": None,
        "held_seconds": 0,
        "agent_call_sid": "CA" + "a" * 32,
        "caller": {"masked": "138****5678", "region": "安徽合肥", "is_slow": True, "rules_zh": ["断线回来"]},
        "centre": "340100",
        "centre_name": "合肥",
        "skill": "pension",
        "skill_zh": "养老",
        "language": "",
        "language_zh": "普通话",
        "asked_zh": ["听政策录音：社保卡", "听政策录音：养老（退休年龄）", "转人工"],
        "joined_at": iso(-130),
        "waited_seconds": 130,
        "history": [
            {
                "at": iso(-86400 * 3),
                "outcome_zh": "接通人工",
                "centre_name": "合肥",
                "subject_zh": "养老保险：领取资格认证",
            },
            {"at": iso(-86400 * 40), "outcome_zh": "排队中放弃", "centre_name": "合肥", "subject_zh": None},
        ],
        "handed": [],
    }


def sheet(offer_id: str, finish_in: float | None = None) -> Json:
    return {
        "offer_id": offer_id,
        "subject": None,
        "disposition": None,
        "note": "",
        "saved_at": None,
        "suggested": ["pension-retirement", "pension-eligibility", "pension-benefit", "pension-transfer"],
        "since": None if finish_in is None else iso(),
        "auto_finish_at": None if finish_in is None else iso(finish_in),
    }


GUIDES = [
    {
        "id": "guide/pension-retirement",
        "kind_zh": "办事指南",
        "title": "办退休",
        "subject_zh": "养老",
        "valid_zh": "有效到2027年10月14日",
        "problem": None,
        "source": "《国务院关于渐进式延迟法定退休年龄的办法》",
        "snippet": "",
        "parts": [
            {"title": "谁能办", "lines": ["到了法定退休年龄。", "养老保险缴费满最低年限。"]},
            {
                "title": "要带什么",
                "lines": ["身份证，要原件，复印件一份，纸质的。", "个人档案，由单位或托管的机构送。"],
            },
            {
                "title": "怎么办",
                "lines": ["到龄前一个月，由单位或本人提出。", "核对档案里的出生日期和工龄。", "社保机构核定养老金。"],
            },
            {"title": "多久办好，收不收费", "lines": ["三十个工作日。", "不收费。"]},
            {"title": "去哪里办，怎么问", "lines": ["参保地的社保窗口，也可以网上办。"]},
        ],
    },
    {
        "id": "recording/pension-retirement-age",
        "kind_zh": "政策录音",
        "title": "退休年龄",
        "subject_zh": "养老",
        "valid_zh": "有效到2026年10月1日",
        "problem": "2026-10-01已到期，先核实再答复",
        "source": "人社部公告",
        "snippet": "",
        "parts": [{"title": "", "lines": ["男职工从六十岁起逐步推迟到六十三岁。"]}],
    },
    {
        "id": "guide/card-formal-loss",
        "kind_zh": "办事指南",
        "title": "社保卡正式挂失",
        "subject_zh": "社保卡",
        "valid_zh": "有效到2027年10月14日",
        "problem": None,
        "source": "《社会保障卡管理办法》",
        "snippet": "",
        "parts": [{"title": "谁能办", "lines": ["卡丢了的本人。"]}],
    },
]

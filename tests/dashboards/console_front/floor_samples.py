"""A floor with many seats, for tests and for looking at."""

from __future__ import annotations

from tests.dashboards.console_front.samples import CENTRES, REASONS, STATES, Json, iso

_NAMES = [
    "王芳",
    "李强",
    "张敏",
    "刘洋",
    "陈静",
    "杨磊",
    "赵娟",
    "黄伟",
    "周丽",
    "吴涛",
    "徐艳",
    "孙杰",
    "胡军",
    "朱琳",
    "高峰",
    "林霞",
    "何平",
    "郭超",
    "马玲",
    "罗刚",
]
_MIX = (
    ["on_call"] * 7 + ["available"] * 4 + ["wrap_up"] * 3 + ["reserved", "hold", "break", "break", "away", "logged_out"]
)


def floor(seats: int = 40, waiting: int = 9, cases: int = 2) -> Json:
    agents = [_agent(n) for n in range(seats)]
    line = [_entry(n) for n in range(waiting)]
    line[2:2] = [_callback_entry(n) for n in range(min(waiting, 2))]
    return {
        "now": iso(),
        "centres": [_centre(centre, agents, line) for centre in CENTRES],
        "agents": agents,
        "line": line,
        "cases": [_case(n) for n in range(cases)],
        "marks": [_mark(n) for n in range(cases)],
        "callbacks": [_to_clear(n) for n in range(cases)],
    }


def _agent(n: int) -> Json:
    state = _MIX[n % len(_MIX)]
    reason = {"break": ["meal", "short"][n % 2], "away": "no_answer"}.get(state, "")
    centre = CENTRES[n * len(CENTRES) // 40 % len(CENTRES)]
    return {
        "id": n,
        "number": str(1001 + n),
        "name": _NAMES[n % len(_NAMES)],
        "centre": centre["key"],
        "centre_name": centre["name"],
        "state": state,
        "state_zh": STATES[state],
        "reason_zh": REASONS.get(reason),
        "next_reason_zh": "用餐" if n == 3 else None,
        "since": iso(-(37 * n % 1400) - 5),
        "misses": 3 if state == "away" else n % 7 == 6,
        "heartbeat_ok": state != "away",
        "door": "telephone" if n == 5 else "browser",
        "skills_zh": ["综合", "养老"] if n % 2 else ["综合"],
        "helps_zh": "芜湖" if n == 4 else None,
    }


def _entry(n: int) -> Json:
    centre = CENTRES[n % 2]
    return {
        "id": n,
        "centre": centre["key"],
        "centre_name": centre["name"],
        "position": n // 2 + 1,
        "caller": {"masked": f"****{5678 - 111 * n}", "region": "安徽合肥"},
        "is_slow": n == 1,
        "skill_zh": ["综合", "养老", "社保卡"][n % 3],
        "language_zh": "普通话",
        "joined_at": iso(-400 + 41 * n),
        "waited_seconds": 400 - 41 * n,
        "status": "offered" if n < 2 else "waiting",
        "status_zh": "正在振铃" if n < 2 else "等待",
        "offers": 1 if n < 2 else 0,
        "rules_zh": ["断线回来"] if n == 0 else [],
        "callback_asked_at": None,
        "is_on_the_telephone": True,
    }


def _callback_entry(n: int) -> Json:
    """Somebody who holds a place in the line and waits on no telephone."""
    status = (
        {"status": "offered", "status_zh": "正在拨打"} if n == 0 else {"status": "waiting", "status_zh": "等着回电"}
    )
    return {
        **_entry(4 + n),
        "id": 90 + n,
        "centre": CENTRES[0]["key"],
        "centre_name": CENTRES[0]["name"],
        "callback_asked_at": iso(-4000),
        "is_on_the_telephone": False,
        **status,
    }


def _to_clear(n: int) -> Json:
    return {
        "id": 161 + n,
        "centre": "340100",
        "centre_name": "合肥",
        "reasons_zh": [["打满次数没接通"], ["没按约好的时间打"]][n % 2],
        "caller": {"masked": "****5678", "region": "安徽合肥"},
        "skill_zh": "养老",
        "asked_at": iso(-9000),
        "since": iso(-600),
        "attempts": 3 - 3 * (n % 2),
        "is_open": bool(n % 2),
    }


def _centre(centre: Json, agents: list[Json], line: list[Json]) -> Json:
    own = [agent["state"] for agent in agents if agent["centre"] == centre["key"]]
    waiting = [entry for entry in line if entry["centre"] == centre["key"] and entry["is_on_the_telephone"]]
    is_first = centre["key"] == CENTRES[0]["key"] and bool(line)
    return {
        "code": centre["key"],
        "name": centre["name"],
        "waiting": len(waiting),
        "longest_wait_seconds": waiting[0]["waited_seconds"] if waiting else None,
        "oldest_at": waiting[0]["joined_at"] if waiting else None,
        "callbacks_due": 5 if is_first else 0,
        "callbacks_scheduled": 12 if is_first else 0,
        "callbacks_to_clear": 2 if is_first else 0,
        "signed_in": len(own) - own.count("logged_out"),
        "available": own.count("available"),
        "on_call": own.count("on_call") + own.count("hold"),
    }


def _case(n: int) -> Json:
    return {
        "id": 7 + n,
        "centre": "340100",
        "centre_name": "合肥",
        "opened_at": iso(-1800 * (n + 1)),
        "offer_id": f"offer-{n}",
        "score": 5 - n,
        "score_zh": ["非常不满意", "不满意"][n % 2],
        "number": "1009",
        "name": "周丽",
        "caller": {"masked": "****5678"},
        "talk_seconds": 212,
        "subject_zh": "养老保险：养老金发放和计算",
        "note": "来电人认为少发了两个月，已登记核查。",
        "has_comment": n == 0,
        "has_recording": True,
    }


def _mark(n: int) -> Json:
    return {
        "id": 3 + n,
        "guide": "guide/card-formal-loss",
        "title": ["社保卡正式挂失", "灵活就业退费"][n % 2],
        "verdict": ["wrong", "missing"][n % 2],
        "verdict_zh": ["内容有误", "没有这方面的内容"][n % 2],
        "note": ["窗口电话换了", ""][n % 2],
        "owner": "省本级 政策咨询组",
        "centre_name": "合肥",
        "number": "1023",
        "at": iso(-7200),
        "may_clear": n == 0,
    }

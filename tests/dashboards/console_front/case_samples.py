"""Cases as the list and the page show them: all dates, kinds and states, for tests and for looking at."""

from __future__ import annotations

from typing import Any

from dashboards.console.case_words import LOOKS
from tests.dashboards.console_front.samples import CENTRES, SUBJECTS, Json, iso, listed
from voicemail.work_order import CLOSE_REASONS_ZH, DECISIONS_ZH, KINDS_ZH, NEEDS_WORDS

TABS = ("mine", "unowned", "today", "overdue", "all", "texts", "replied", "closed")
DESKS = [{"key": "general", "name": "综合"}, *listed(pension="养老", medical="医保", card="社保卡")]
_WORDS = {
    "overdue": "超期1天", "today": "今天17:30前", "tomorrow": "明天17:30前", "later": "还剩2个工作日",
    "replied": "已答复", "closed": "已办结",
}  # fmt: skip
_AT = {
    "overdue": "11月20日17:30", "today": "今天17:30", "tomorrow": "明天17:30", "later": "11月25日17:30",
    "replied": "今天10:02", "closed": "昨天16:40",
}  # fmt: skip
_SAID = [
    "你好我是合肥庐阳区的，我爸今年六十了，想问一下那个养老金，认证已经做过了，怎么这个月还没有到账",
    "我的社保卡丢了，补卡要几天能拿到",
    "公司三个月没有发工资了，我想问问到哪里去告",
    "麻烦问一下退休手续怎么办，我在芜湖交的，人在合肥",
]
_SUBJECTS = ["养老保险：养老金发放和计算", "社会保障卡：申领和制卡进度", "劳动关系：拖欠工资", ""]
_PEOPLE = [
    None,
    {"number": "1023", "name": "王芳"},
    {"number": "1002", "name": "吴涛"},
    {"number": "1107", "name": "欧阳明月"},
]
_ALL = ["take", "assign", "transfer", "release"]


def due(key: str) -> Json:
    tone, symbol = LOOKS[key]
    return {"key": key, "zh": _WORDS[key], "tone": tone, "symbol": symbol}


def row(id: int, key: str = "today", **values: Any) -> Json:
    said, subject, owner = _SAID[id % 4], _SUBJECTS[id % 4], _PEOPLE[id % 3]
    return {
        "id": id, "kind": "message", "kind_zh": "留言", "subject_zh": subject, "is_suggested": id % 2 == 0,
        "caller_zh": f"尾号{5000 + id % 1000}", "heard": "words", "words": said[:46], "messages": 1,
        "centre": "340100", "centre_name": "合肥", "desk_zh": "养老" if id % 3 else "", "owner": owner,
        "is_mine": owner is not None and owner["number"] == "1023", "is_for_another": False,
        "status": "owned" if owner else "open", "flags": [],
        "due": due(key) | {"at_zh": "" if key in ("today", "tomorrow") else _AT[key]},
        "may": ["release", "transfer"] if owner else ["take", "assign", "transfer"], **values,
    }  # fmt: skip


def flag(**names: str) -> list[Json]:
    return listed(**names)


def rows(count: int = 40) -> list[Json]:
    """By their dates, the late ones first."""
    special = [
        row(1001, "overdue", flags=flag(urged="催办×2", supervised="督办"), kind="complaint", kind_zh="投诉"),
        row(1002, "overdue", heard="unusable", words="无法使用的录音", subject_zh=""),
        row(1003, "today", heard="making", words="转写中", subject_zh="", flags=flag(urged="催办")),
        row(1004, "today", messages=3, is_for_another=True, owner=_PEOPLE[3], is_mine=False),
        row(1005, "today", kind="report", kind_zh="举报", caller_zh="匿名", flags=flag(anonymous="匿名")),
        row(1006, "tomorrow", heard="not_made", words="没有转写，请听录音", flags=flag(passed="转来")),
        row(1007, "tomorrow", kind="card_freeze", kind_zh="挂失核实", heard="no_message", words=""),
        row(1008, "later", flags=flag(provisional="临时日期", text="等短信回执")),
    ]
    return special + [
        row(n, "today" if n < 1012 else "tomorrow" if n < 1016 else "later") for n in range(1009, 1001 + count)
    ]


def config(centres: list[Json] | None = None) -> Json:
    return {
        "tabs": list(TABS), "centres": CENTRES[:1] if centres is None else centres, "all_centres": CENTRES,
        "kinds": listed(**KINDS_ZH), "desks": DESKS, "subjects": SUBJECTS, "page": 20,
    }  # fmt: skip


def badge(all_rows: list[Json]) -> Json:
    mine = [one["due"]["key"] for one in all_rows if one["is_mine"]]
    return {"overdue": mine.count("overdue"), "today": mine.count("today")}


def look(all_rows: list[Json], query: Json) -> Json:
    """The server's answer to a page that wants this."""
    tests = {
        "mine": lambda one: one["is_mine"], "unowned": lambda one: not one["owner"],
        "today": lambda one: one["due"]["key"] == "today", "overdue": lambda one: one["due"]["key"] == "overdue",
        "all": lambda one: True, "texts": lambda one: any(flag["key"] == "text" for flag in one["flags"]),
        "replied": lambda one: False, "closed": lambda one: False,
    }  # fmt: skip
    narrowed = [one for one in all_rows if query.get("kind", one["kind"]) == one["kind"]]
    found = [one for one in narrowed if tests[query["tab"]](one)]
    if search := query.get("search"):
        found = [one for one in all_rows if str(one["id"]) == search or one["caller_zh"].endswith(search)]
    after = int(query["after"].partition("~")[2]) if "after" in query else 0
    left = [one for one in found if one["id"] > after]
    most = int(query.get("most", 20))
    return {
        "now": iso(), "rows": left[:most], "next": f"~{left[most - 1]['id']}" if len(left) > most else None,
        "counts": {tab: str(sum(map(test, narrowed))) for tab, test in tests.items() if tab != "closed"},
        "badge": badge(all_rows),
    }  # fmt: skip


def case_config(id: int) -> Json:
    reasons = [{"key": key, "name": name, "needs_words": key in NEEDS_WORDS} for key, name in CLOSE_REASONS_ZH.items()]
    return {
        "id": id, "centres": CENTRES, "desks": DESKS, "subjects": SUBJECTS, "close_reasons": reasons,
        "decisions": listed(**DECISIONS_ZH),
    }  # fmt: skip


def message(id: int, **values: Any) -> Json:
    words = ["你好", "我", "想", "问", "一下", "养老金", "怎么", "还", "没有", "到账"]
    return {
        "id": id, "kind_zh": "留言", "at_zh": "11月20日21:14", "recording": f"RE{id}",
        "src": f"/console/messages/RE{id}/sound",
        "sound_zh": "", "seconds": 23, "peaks": [int(120 + 100 * ((n * 7) % 13) / 13) for n in range(120)],
        "words": [[word, 0.5 + n * 0.6, 1.0 + n * 0.6, 0.95 if n != 5 else 0.4] for n, word in enumerate(words)],
        "text": "".join(words), "state_zh": "", "corrected": None, **values,
    }  # fmt: skip


EVERY_DEED = {
    deed: "" for deed in (
        "take", "dial", "talk", "text", "note", "subject", "assign", "transfer", "close", "urge", "supervise", "merge",
        "split", "number", "correct",
    )
}  # fmt: skip


def case(id: int = 1001, **values: Any) -> Json:
    """A message that is due today, which nobody has taken."""
    events = [
        ("今天09:00", "系统", "reminded", "提醒快到期了"), ("昨天15:20", "吴涛", "released", "退回待接办"),
        ("昨天10:02", "吴涛", "reply_failed", "没有答复到：没人接。已在1个半天试过，11月22日下午起再打"),
        ("昨天10:01", "吴涛", "dialled", "拨打答复电话"), ("11月20日21:15", "系统", "transcribed", "转写"),
        ("11月20日21:14", "来电人", "opened", "提出来，立了案"),
    ]  # fmt: skip
    return {
        "now": iso(), "id": id, "kind": "message", "kind_zh": "留言", "status": "open", "status_zh": "待接办",
        "due": due("today"), "due_zh": "今天17:30前答复", "late_zh": "", "desk_due_zh": "今天11:30前接办",
        "centre": "340100", "centre_name": "合肥", "first_centre_name": "芜湖", "desk": "pension", "desk_zh": "养老",
        "source_zh": "下班时间打来", "opened_zh": "11月20日21:14", "subject": "pension-benefit",
        "subject_zh": "养老保险：养老金发放和计算", "is_suggested": True, "because": "留言里说到“养老金”“到账”",
        "owner": None, "is_mine": False, "is_for_another": False, "deputy": None,
        "flags": flag(urged="催办×2", passed="转来"),
        "facts": [{"name": "催办", "zh": "2次，最近今天08:50"}], "is_supervised": False, "merged_into": None,
        "caller": {"zh": "尾号5678", "region": "安徽合肥", "is_anonymous": False, "is_proven": True},
        "messages": [message(11), message(12, kind_zh="补充", at_zh="今天08:50", words=[], text="", src="", seconds=9,
                                          state_zh="正在转写，转好以后文字会出现在这里。",
                                          sound_zh="录音还在路上，请过几分钟再听。期限照常计算，不受影响。")],
        "version": "v1",
        "others": [{"id": 987, "kind_zh": "留言", "subject_zh": "社会保障卡：申领和制卡进度", "status_zh": "在办",
                    "opened_zh": "11月19日08:12", "centre_name": "合肥", "can_take_it_in": True}],
        "history": [{"at": iso(-3600 * n), "at_zh": at, "who": who, "event": event, "zh": zh, "case_zh": ""}
                    for n, (at, who, event, zh) in enumerate(events)],
        "replies": [{"id": 1, "kind_zh": "电话", "at_zh": "昨天10:01", "who": "吴涛", "result_zh": "没人接",
                     "is_delivered": False, "talk_seconds": None, "words": ""}],
        "next_zh": "已在1个半天试过，11月22日下午起再打",
        "rule_zh": "打不通要换个半天再打；3个不同的半天都没打通，改发短信；短信也送不到，由值班长决定。",
        "attempt": None, "close_reasons": ["not_a_message", "duplicate", "other"], "page_elsewhere": "",
        "may": EVERY_DEED | {"close": "还没有人接办，先按“接办”。"}, **values,
    }  # fmt: skip

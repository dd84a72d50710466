"""What the server says of a look-up in these tests: the form, and answers of made-up people."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PURPOSES = [
    {"key": "enquiry", "name": "解答来电人本人询问"},
    {"key": "progress", "name": "核对办理进度"},
    {"key": "complaint", "name": "更正或投诉处理"},
]


def kind(key: str, name: str, state: str = "open", sentence: str = "") -> Json:
    return {"key": key, "name": name, "state": state, "sentence": sentence}


def look_up_form(tail: str | None = None, *kinds: Json) -> Json:
    usual = [kind("pension", "养老保险"), kind("medical", "医保"), kind("card", "社保卡")]
    return {"identity": {"tail": tail} if tail else None, "kinds": list(kinds) or usual, "purposes": PURPOSES}


def look_up_found() -> Json:
    """Somebody with two pension insurances."""
    return {
        "result": "found",
        "system": "合肥养老服务总线",
        "sentence": "",
        "as_of_zh": "2026年11月20日",
        "findings": [
            {
                "title": "职工养老保险",
                "place_zh": "参保地 合肥",
                "sentences": [
                    "您的职工养老保险，正在正常缴费。",
                    "实际缴费15年6个月。",
                    "个人账户，到2026年10月31日，一共72,836.45元。",
                ],
            },
            {
                "title": "城乡居民养老保险",
                "place_zh": "参保地 阜阳",
                "sentences": ["您的城乡居民养老保险，现在暂停缴费。", "实际缴费6年。"],
            },
        ],
    }


def look_up_trouble() -> Json:
    sentence = "合肥养老服务总线没有按时回答，这次没有查到。不要当成“没有参保”或“没有钱”告诉来电人。"
    return {
        "result": "unavailable",
        "system": "合肥养老服务总线",
        "sentence": sentence,
        "findings": [],
        "as_of_zh": "",
    }

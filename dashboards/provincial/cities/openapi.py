"""The description of the cities' address by OpenAPI 3.1, made from the fields that the checks are made from. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dashboards.provincial.cities.fields import (
    CHOICE,
    DAY,
    FIELDS,
    FORMAT_VERSION,
    HOUR,
    ID,
    KINDS_ZH,
    LARGEST_BATCH_ROWS,
    MOMENT,
    SUBJECT,
    WHOLE,
    YES_NO,
    Field,
)
from dashboards.provincial.cities.signature import ID_HEADER, KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER

Json = dict[str, Any]
BATCH_ID = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_HEADERS = {
    KEY_HEADER: "密钥编号，例如 ck-0123456789abcdef",
    ID_HEADER: "等于批次名 batch_id",
    TIMESTAMP_HEADER: "签名时间，1970年以来的秒数，与我们的时钟相差不超过5分钟",
    SIGNATURE_HEADER: "v1, 加 base64(HMAC-SHA256(密钥, webhook-id.webhook-timestamp.内容))，内容是发送的字节",
}
_ERRORS = {
    "400": "内容不是 JSON，或 gzip 不完整",
    "401": "签名不对、过期，或密钥已停用",
    "403": "密钥不属于这个中心",
    "404": "中心没有登记自己的系统，或没有这个批次",
    "409": "批次名用过，内容不一样",
    "413": "内容太大或行数太多",
    "429": "太频繁，见 Retry-After",
    "503": "暂时收不了，见 Retry-After，用同一个批次名重报",
}


def describe(subjects: Collection[str]) -> Json:
    """The whole description; `subjects` are the keys that a row's subject may be."""
    kinds = sorted(FIELDS)
    schemas = {f"{kind}_row": row_schema(kind, subjects) for kind in kinds}
    batch = {"oneOf": [_ref(f"{kind}_batch") for kind in kinds]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "12333 各市数据报送",
            "version": str(FORMAT_VERSION),
            "description": "同一批次名和内容可以重复发送，结果一样。回执没有收到时，用同一个批次名再发。",
        },
        "paths": {"/city/v1/batches": {"post": _post()}, "/city/v1/batches/{batch_id}": {"get": _get()}},
        "components": {
            "schemas": {
                **schemas,
                **{f"{kind}_batch": _batch(kind) for kind in kinds},
                "batch": batch,
                "problem": _PROBLEM,
                "receipt": _RECEIPT,
                "error": _error_schema(),
                "refused": _error_schema(_ref("receipt")),
            }
        },
    }


def row_schema(kind: str, subjects: Collection[str]) -> Json:
    """One row of a kind."""
    fields = FIELDS[kind]
    return {
        "type": "object",
        "title": KINDS_ZH[kind],
        "additionalProperties": False,
        "required": [each.name for each in fields if each.is_required],
        "properties": {each.name: _property(each, subjects) for each in fields},
    }


def _property(each: Field, subjects: Collection[str]) -> Json:
    kinds: Mapping[str, Json] = {
        ID: {"type": "string", "maxLength": 64},
        WHOLE: {"type": "integer", "minimum": each.least, "maximum": each.most},
        MOMENT: {"type": "string", "format": "date-time"},
        HOUR: {"type": "string", "format": "date-time"},
        DAY: {"type": "string", "format": "date"},
        CHOICE: {"type": "string", "enum": list(each.choices)},
        SUBJECT: {"type": "string", "enum": ["", *sorted(subjects)]},
        YES_NO: {"type": "boolean"},
    }
    words = f"{each.title_zh}。{each.hint_zh}".strip("。")
    described = {**kinds[each.type], "description": words}
    if each.is_required:
        return described
    if "enum" in described:
        described["enum"] = [*described["enum"], None]
    return {**described, "type": [described["type"], "null"]}


def _batch(kind: str) -> Json:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "batch_id", "centre", "kind", "rows"],
        "properties": {
            "version": {"const": FORMAT_VERSION},
            "batch_id": {"type": "string", "pattern": BATCH_ID, "description": "本市自己起的批次名，不重复"},
            "centre": {"type": "string", "description": "中心代码，例如 340700"},
            "kind": {"const": kind},
            "partial": {"type": "boolean", "description": "true：好的行收下，坏的行退回；否则一行不合格整批退回"},
            "rows": {"type": "array", "maxItems": LARGEST_BATCH_ROWS, "items": _ref(f"{kind}_row")},
        },
    }


def _whole(words: str) -> Json:
    return {"type": "integer", "minimum": 0, "description": words}


_PROBLEM: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["line", "field", "problem"],
    "properties": {
        "line": _whole("rows 里的第几行，从1数"),
        "field": {"type": "string"},
        "problem": {"type": "string", "description": "哪里不对，应当怎样"},
    },
}
_RECEIPT: Json = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "batch", "batch_id", "kind", "status", "rows", "accepted", "unchanged", "refused", "problems", "is_repeated",
    ],
    "properties": {
        "batch": _whole("我们的编号"),
        "batch_id": {"type": "string", "pattern": BATCH_ID},
        "kind": {"type": "string", "enum": sorted(FIELDS)},
        "status": {"type": "string", "enum": ["accepted", "partial", "refused"]},
        "rows": _whole("总行数，等于下面三项之和"),
        "accepted": _whole("收下的新行"),
        "unchanged": _whole("已经报过，或比已知的旧"),
        "refused": _whole("退回的行"),
        "problems": {"type": "array", "maxItems": 200, "items": {"$ref": "#/components/schemas/problem"}},
        "is_repeated": {"type": "boolean", "description": "这一批以前收到过，这是当时的回执"},
    },
}  # fmt: skip


def _error_schema(receipt: Json | None = None) -> Json:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["error_id", "sentence", *(["receipt"] if receipt else [])],
        "properties": {
            "error_id": {"type": "string"},
            "sentence": {"type": "string"},
            **({"receipt": receipt} if receipt else {}),
        },
    }


def _post() -> Json:
    content = {"application/json": {"schema": _ref("batch")}}
    refused = {"anyOf": [_ref("refused"), _ref("error")]}
    return {
        "summary": "报送一批",
        "parameters": _parameters(),
        "requestBody": {"required": True, "content": content, "description": "可以用 Content-Encoding: gzip"},
        "responses": {"200": _answer("回执", _ref("receipt")), "422": _answer("整批退回", refused), **_errors()},
    }


def _get() -> Json:
    name = {"name": "batch_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": BATCH_ID}}
    return {
        "summary": "查一批的回执",
        "parameters": [name, *_parameters()],
        "responses": {"200": _answer("回执", _ref("receipt")), **_errors()},
    }


def _parameters() -> list[Json]:
    return [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": words}
        for name, words in _HEADERS.items()
    ]


def _errors() -> Json:
    return {status: _answer(words, _ref("error")) for status, words in _ERRORS.items()}


def _answer(words: str, schema: Json) -> Json:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}

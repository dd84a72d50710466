"""Transaction 1101 of the national medical platform: the question as it is written, the answer as it is read.

Pure: the ciphers are arguments. Seen in the wild, and read here: `infcode` as 0, "0" or "1"; `insuinfo` as a list or,
with one insurance, that object itself; `output` as an object or as Base64 over SM4; amounts as numbers or strings;
dates with and without a time. Success together with a complaint in `err_msg` is no success: that is how a platform
answers whose core is down, with noughts for figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from integrations.social_insurance import fields
from integrations.social_insurance.contract import (
    Answer,
    Away,
    Found,
    Insured,
    MedicalFile,
    NotFound,
    Rejected,
    Unknown,
)
from integrations.social_insurance.fields import Unreadable
from integrations.social_insurance.system_shape import DOWN, NOT_FOUND, REFUSED, System, meaning_of

# The signature, in hexadecimal, of what is to be signed.
Sign = Callable[[str], str]
PERSON_QUERY = "1101"
BY_ID_NUMBER, RESIDENT_ID = "02", "01"
SEQUENCE_DIGITS = 4
# What platforms write beside a success.
FINE = ("", "成功", "交易成功", "操作成功", "success", "ok")


def message_id(institution: str, at: datetime, number: int) -> str:
    """30 characters: institution (12), yyyyMMddHHmmss, a sequence of 4 digits. `at` is the time in China."""
    return f"{institution}{at:%Y%m%d%H%M%S}{number % 10**SEQUENCE_DIGITS:0{SEQUENCE_DIGITS}d}"


def question(system: System, person: Insured, at: datetime, number: int, sign: Sign) -> dict[str, Any]:
    """The whole message about one person. `at` is the time in China, `number` unlike that of any other message."""
    told = system.settings
    now = f"{at:%Y-%m-%d %H:%M:%S}"
    message: dict[str, Any] = {
        "infno": PERSON_QUERY,
        "msgid": message_id(told["institution"], at, number),
        "mdtrtarea_admvs": told["treating_place"],
        "insuplc_admdvs": told["insured_place"],
        "recer_sys_code": told["receiving_system"],
        "dev_no": told["device"],
        "dev_safe_info": told["device_safety"],
        "cainfo": "",
        "signtype": "SM3",
        "infver": "V1.0",
        "opter_type": told["operator_type"],
        "opter": told["operator"],
        "opter_name": told["operator_name"],
        "inf_time": now,
        "fixmedins_code": told["institution"],
        "fixmedins_name": told["institution_name"],
        "sign_no": told["sign_in_number"],
        "input": {
            "data": {
                "mdtrt_cert_type": BY_ID_NUMBER,
                "mdtrt_cert_no": person.id_number,
                "psn_cert_type": RESIDENT_ID,
                "certno": person.id_number,
                "psn_name": person.name,
                "begntime": now,
            }
        },
    }
    return message | {"cainfo": sign(to_be_signed(message))}


def to_be_signed(message: Mapping[str, Any]) -> str:
    """What is signed, as k1=v1&...&input=INPUT: fields that are not empty in ASCII order, `input` as canonical JSON."""
    header = sorted((k, v) for k, v in message.items() if k not in ("cainfo", "input") and v)
    written = json.dumps(message["input"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "&".join([*(f"{k}={v}" for k, v in header), f"input={written}"])


def read_answer(
    system: System, person: Insured, body: bytes, open_output: Callable[[str], str], now: datetime
) -> Answer:
    """The platform's answer as what it says. `open_output` unseals (ValueError), `now` is the time in China.

    Raises Away when the platform says that it does not let us in, or cannot now.
    """
    try:
        return _read(system, person, fields.read_json(body), open_output, now)
    except Unreadable as problem:
        return Unknown(system.name, str(problem))


def _read(system: System, person: Insured, reply: Any, open_output: Callable[[str], str], now: datetime) -> Answer:
    if not isinstance(reply, dict):
        raise Unreadable("reply", "is no object")
    result = fields.word(system.table("result"), reply.get("infcode"), field="infcode")
    complaint = fields.sentence(reply.get("err_msg"), [person.name])
    if result != "done":
        return _refusal(system, result, complaint)
    if complaint.lower() not in FINE:
        raise Unreadable("err_msg", "complains beside a success")
    output = _output(reply.get("output"), open_output)
    base = output.get("baseinfo")
    if not isinstance(base, dict) or not fields.is_about(person.id_number, base.get("certno")):
        raise Unreadable("baseinfo.certno", "is not the one asked for")
    items = tuple(_insurance(system, row) for row in _rows(output))
    if not items:
        return NotFound(system.name)
    said_at = fields.moment(reply.get("respond_time"), "respond_time") or now
    items = tuple(sorted(items, key=lambda item: item.status != "normal"))
    return Found(items, said_at.date(), items[0].place, system.name)


def _refusal(system: System, result: str, complaint: str) -> Answer:
    if result == "unknown":
        raise Unreadable("infcode", "means nothing here")
    meaning = meaning_of(system, complaint)
    if result == "refused" or meaning == REFUSED:
        raise Away("refused", "by its own word")
    if meaning == DOWN:
        raise Away("down", "by its own word")
    if meaning == NOT_FOUND:
        return NotFound(system.name)
    return Rejected(system.name, complaint) if complaint else Unknown(system.name, "err_msg missing")


def _output(value: Any, open_output: Callable[[str], str]) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = fields.read_json(open_output(value))
        except ValueError:
            raise Unreadable("output", "cannot be opened") from None
    if not isinstance(value, dict):
        raise Unreadable("output", "is no object")
    return value


def _rows(output: dict[str, Any]) -> list[Any]:
    rows = output.get("insuinfo")
    if isinstance(rows, dict):
        return [rows]
    if not isinstance(rows, list):
        # Half an answer: a person who is known, and of whom nothing is said.
        raise Unreadable("insuinfo", "missing")
    return rows


def _insurance(system: System, row: Any) -> MedicalFile:
    if not isinstance(row, dict):
        raise Unreadable("insuinfo", "holds no object")
    status: Any = fields.word(system.table("status"), row.get("psn_insu_stas"), field="psn_insu_stas")
    return MedicalFile(
        kind=fields.needed_text(row.get("insutype"), "insutype"),
        status=status,
        place=fields.place(row.get("insuplc_admdvs"), "insuplc_admdvs"),
        balance_fen=fields.fen(row.get("balc"), "balc"),
        since=fields.day(row.get("psn_insu_date"), "psn_insu_date"),
        paused_since=fields.day(row.get("paus_insu_date"), "paus_insu_date"),
        employer=fields.text(row.get("emp_name"), "emp_name"),
    )

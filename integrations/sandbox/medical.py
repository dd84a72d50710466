"""The national medical platform: one address, JSON by POST, transaction 1101 (query of a person).

    POST /medical/national        Content-Type: application/json

Request: every header field of HEADER as a string, and `input` {"data": {...}}. Those of REQUIRED must not be empty.
- `msgid`: institution (12, equal to `fixmedins_code`), time yyyyMMddHHmmss (Shanghai, at most ten minutes off),
  sequence (4 digits). One that was used before is refused.
- `infver` "V1.0", `signtype` "SM3", `infno` "1101".
- `input.data`: mdtrt_cert_type "02" (ID number; others are refused), mdtrt_cert_no, psn_cert_type, certno (the same
  number), psn_name (may be empty; a wrong one is refused), begntime.
- `cainfo`, the signature: SM3 over the UTF-8 of

      k1=v1&k2=v2&...&input=INPUT&key=KEY

  where k=v are all header fields but `cainfo`, empty ones left out, in ASCII order of their names; INPUT is `input` as
  compact JSON with sorted keys and Chinese unescaped (Python: json.dumps(x, sort_keys=True, separators=(",", ":"),
  ensure_ascii=False)); KEY is the shared key. 64 hexadecimal digits, either case.

Response, always HTTP 200: infcode, inf_refmsgid (place 6 + time 14 + sequence 10), refmsg_time and respond_time
(yyyyMMddHHmmssSSS), err_msg, signtype, output. infcode: success is 0 or "0", by person; -1 is the platform refusing the
message (signature, msgid, fields), "1" is the business saying no, and err_msg says why: NOT_FOUND for a person nobody
knows. On failure output is null.

output {baseinfo, insuinfo, idetinfo} is a JSON object, or a string: Base64 of SM4-ECB-PKCS7 over its JSON. insuinfo is
a list (empty for a person who is known and not insured), or with one insurance sometimes that object itself. balc is a
number or a string, in yuan; paus_insu_date is a date, "" or null; a date may carry a time. insuplc_admdvs is a city
(340100), the city's own (340199), a county (340121), the province (349900), or another province's.
"""

import json
import re
import zlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from integrations.sandbox.ciphers import sm3_hex, sm4_seal
from integrations.sandbox.keys import MEDICAL_INSTITUTION, MEDICAL_SIGN_KEY, MEDICAL_SM4_KEY
from integrations.sandbox.people import Population
from integrations.sandbox.records import Medical, Person, yuan
from integrations.sandbox.wire import SHANGHAI, Call, Question, Reply, json_reply, read_json, utc_now

HEADER = (
    "infno", "msgid", "mdtrtarea_admvs", "insuplc_admdvs", "recer_sys_code", "dev_no", "dev_safe_info", "cainfo",
    "signtype", "infver", "opter_type", "opter", "opter_name", "inf_time", "fixmedins_code", "fixmedins_name",
    "sign_no",
)  # fmt: skip
REQUIRED = (
    "infno", "msgid", "mdtrtarea_admvs", "recer_sys_code", "cainfo", "signtype", "infver", "opter_type", "opter",
    "opter_name", "inf_time", "fixmedins_code", "fixmedins_name",
)  # fmt: skip
PERSON_QUERY, BY_ID_NUMBER = "1101", "02"
INSTITUTION_LENGTH = 12
MSGID_END = re.compile("[0-9]{18}")
CLOCK_LEEWAY = timedelta(minutes=10)
NOT_FOUND = "未查询到该人员的参保信息"
# How an answer is written, forced for everybody; "" is by person.
SHAPES = ("", "plain", "sealed")


class MedicalPlatform:
    """Answers 1101 about everybody, wherever insured."""

    name = "medical"

    def __init__(self, population: Population, now: Callable[[], datetime] = utc_now) -> None:
        self.shape = ""
        self._population = population
        self._now = now
        # Bounded by time: an old msgid is refused for its time before it could be repeated.
        self._used: OrderedDict[str, datetime] = OrderedDict()
        self._sequence = count(1)

    def read(self, call: Call) -> Question:
        if call.method != "POST":
            return Question("?", refused=self._refuse({}, -1, "只接受 POST 请求"))
        message = read_json(call.body)
        if not isinstance(message, dict):
            return Question("?", refused=self._refuse({}, -1, "报文不是 JSON 对象"))
        data = message["input"].get("data") if isinstance(message.get("input"), dict) else None
        about = str(data.get("certno") or "") if isinstance(data, dict) else ""
        return Question(PERSON_QUERY if message.get("infno") == PERSON_QUERY else "?", about, message)

    def answer(self, question: Question, twist: str) -> Reply:
        message = question.content
        wrong = self._wrong_with_message(message)
        if wrong:
            return self._refuse(message, -1, wrong)
        wrong = _wrong_with_input(message)
        if wrong:
            return self._refuse(message, "1", wrong)
        person = self._population.find(question.about)
        if person is None:
            return self._refuse(message, "1", NOT_FOUND)
        if message["input"]["data"].get("psn_name") not in ("", None, person.name):
            return self._refuse(message, "1", "姓名与证件号码不符")
        return self._found(message, person, twist)

    def _found(self, message: dict[str, Any], person: Person, twist: str) -> Reply:
        if twist == "other":
            person = self._population.somebody_else(person)
        quirk = zlib.crc32(person.person_number.encode())
        output: Any = {
            "baseinfo": _base(person, self._now()),
            "insuinfo": _insurances(person, quirk),
            "idetinfo": [],
        }
        if twist == "zero":
            output["insuinfo"] = [_defaults()]
        if twist == "types":
            output = {"baseinfo": [], "insuinfo": "无", "idetinfo": 0}
        sealed = self.shape == "sealed" or (self.shape == "" and bool(quirk & 2))
        written = sm4_seal(json.dumps(output, ensure_ascii=False), MEDICAL_SM4_KEY) if sealed else output
        note = "核心系统暂不可用，返回缺省值" if twist == "zero" else ""
        return json_reply(self._envelope(message, "0" if quirk & 1 else 0, note, written), "0")

    def _refuse(self, message: dict[str, Any], infcode: int | str, why: str) -> Reply:
        return json_reply(self._envelope(message, infcode, why, None), str(infcode))

    def _envelope(self, message: dict[str, Any], infcode: int | str, why: str, output: Any) -> dict[str, Any]:
        now = self._now().astimezone(SHANGHAI)
        stamp = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
        return {
            "infcode": infcode,
            "inf_refmsgid": f"340000{now:%Y%m%d%H%M%S}{next(self._sequence):010d}",
            "refmsg_time": stamp,
            "respond_time": stamp,
            "err_msg": why,
            "signtype": message.get("signtype", ""),
            "cainfo": "",
            "output": output,
        }

    def _wrong_with_message(self, message: dict[str, Any]) -> str:
        for field in HEADER:
            if not isinstance(message.get(field), str):
                return f"报文缺少 {field}，或不是字符串"
        empty = next((field for field in REQUIRED if not message[field]), "")
        if empty:
            return f"{empty} 不能为空"
        if message["infver"] != "V1.0" or message["signtype"] != "SM3":
            return "infver 应为 V1.0，signtype 应为 SM3"
        if message["cainfo"].lower() != signature(message, MEDICAL_SIGN_KEY):
            return "签名验证失败"
        return self._wrong_with_msgid(message["msgid"], message["fixmedins_code"])

    def _wrong_with_msgid(self, msgid: str, institution: str) -> str:
        if institution != MEDICAL_INSTITUTION:
            return "机构未授权"
        digits = msgid[INSTITUTION_LENGTH:]
        if not msgid.startswith(institution) or not MSGID_END.fullmatch(digits):
            return "msgid 应为机构编号 12 位、时间 14 位、顺序号 4 位"
        now = self._now()
        try:
            at = datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=SHANGHAI)
        except ValueError:
            return "msgid 中的时间不存在"
        if abs(now - at) > CLOCK_LEEWAY:
            return "msgid 中的时间与平台相差过大"
        return "" if self._is_first(msgid, now) else "msgid 重复"

    def _is_first(self, msgid: str, now: datetime) -> bool:
        while self._used and now - next(iter(self._used.values())) > 2 * CLOCK_LEEWAY:
            self._used.popitem(last=False)
        if msgid in self._used:
            return False
        self._used[msgid] = now
        return True


def signature(message: dict[str, Any], key: str) -> str:
    """The signature of a request, as the module's docstring defines it; lower-case hexadecimal."""
    fields = sorted((k, v) for k, v in message.items() if k not in ("cainfo", "input") and v)
    written = json.dumps(message.get("input"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sm3_hex("&".join([*(f"{k}={v}" for k, v in fields), f"input={written}", f"key={key}"]))


def _wrong_with_input(message: dict[str, Any]) -> str:
    if message["infno"] != PERSON_QUERY:
        return f"不支持的交易 {message['infno']}"
    data = message["input"].get("data") if isinstance(message.get("input"), dict) else None
    if not isinstance(data, dict) or not data.get("certno"):
        return "input.data 缺少 certno"
    if data.get("mdtrt_cert_type") != BY_ID_NUMBER:
        return "就诊凭证类型只支持 02 居民身份证"
    return "" if data.get("mdtrt_cert_no") == data["certno"] else "就诊凭证编号与证件号码不一致"


def _base(person: Person, now: datetime) -> dict[str, Any]:
    return {
        "psn_no": person.person_number,
        "psn_cert_type": "01" if person.id_number[0].isdigit() else "99",
        "certno": person.id_number,
        "psn_name": person.name,
        "gend": person.sex,
        "naty": "01",
        "brdy": person.born.isoformat(),
        "age": round((now.date() - person.born).days / 365.25, 1),
    }


def _insurances(person: Person, quirk: int) -> Any:
    rows = [_insurance(medical, quirk >> (3 + which)) for which, medical in enumerate(person.medical)]
    return rows[0] if len(rows) == 1 and quirk & 4 else rows


def _insurance(medical: Medical, quirk: int) -> dict[str, Any]:
    since = f"{medical.since.isoformat()}{' 00:00:00' if quirk & 4 else ''}"
    no_date = "" if quirk & 2 else None
    return {
        "balc": yuan(medical.balance_fen) if quirk & 1 else medical.balance_fen / 100,
        "insutype": medical.kind,
        "psn_type": "11" if medical.kind == "310" else "1560",
        "psn_insu_stas": medical.status,
        "psn_insu_date": since,
        "paus_insu_date": medical.paused_since.isoformat() if medical.paused_since else no_date,
        "insuplc_admdvs": medical.place,
        "emp_name": medical.employer,
    }


def _defaults() -> dict[str, Any]:
    empty = dict.fromkeys(("insutype", "psn_type", "psn_insu_stas", "psn_insu_date", "insuplc_admdvs", "emp_name"), "")
    return {"balc": 0, "paus_insu_date": None} | empty

"""The pension service buses: signed REST, one address for each deployment, the service named in a header.

    POST /pension/hefei   POST /pension/province      Content-Type: application/json

Headers: `x-tif-serviceid` (one of SERVICES), `x-tif-paasid` (the app key), `x-tif-timestamp` (seconds since 1970, at
most three minutes off), `x-tif-nonce` (8 to 64 letters, digits, - and _; never the same twice), `x-tif-signature`:
the digest, in hexadecimal of either case, of timestamp + token + nonce + timestamp, where the digest is SHA-256 at
/pension/hefei and SM3 at /pension/province, and each has its own token.

The gateway refuses with HTTP 401 (404 for an unknown service) and {"errcode", "errmsg"}: GW1001 header missing,
GW1002 app key, GW1003 clock, GW1004 nonce used, GW1005 signature, GW1404 service.

A service answers with HTTP 200 and {"code", "msg", "time", "data"}: "0000" with data; "1001" nobody of that number
here; "1002" the request's body is wrong; data is then null. `time` is yyyyMMddHHmmss. Request bodies are JSON:

- PERSON_QUERY {"AAC147": ID number, "AAC003": name or ""}: data {"AAC147", "AAC003", "rows": [...]}, a row for each
  insurance: AAE140 (110 employee, 120 office, 170 resident), AAB301 (place), AAC008, AAC031, AAC084 ("1" retired),
  AAE200 (months deemed), AAE201 (paid), EAC047 (total), AIC268 (account, yuan), AIC268_DATE (for which day, yyyyMMdd).
  For employees and offices AAC031 is 1 paying, 2 paused, 3 ended, and 3 with AAC084 = "1" is drawing; for residents
  the pair (AAC008, AAC031) decides.
- BENEFIT_QUERY, same request: rows of AAE140, AAB301, EAC064 (month, yyyyMM), AAE019 (yuan), AAE145 (1 bank, 2 post,
  3 employer); no rows when nothing is drawn. The newest month only.
- PIN_CHECK {"AAC147", "PIN"}: data {"RESULT"}: "1" right, "2" wrong, "3" right but still the initial one, "4" none set.

Money is a string in yuan, numbers of months are strings. Hefei knows its own insured and only their insurances there,
the province everybody insured in the province. A PIN is compared and dropped: no log, journal or error has it.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.sandbox.ciphers import sha256_hex, sm3_hex
from integrations.sandbox.keys import PENSION_APP_KEY, PENSION_TOKENS
from integrations.sandbox.people import Population
from integrations.sandbox.records import Pension, Person, yuan
from integrations.sandbox.wire import SHANGHAI, Call, Question, Reply, json_reply, read_json, utc_now

PERSON_QUERY, BENEFIT_QUERY, PIN_CHECK = "SI_PENSION_PERSON", "SI_PENSION_BENEFIT", "SI_QUERY_PIN"
SERVICES = (PERSON_QUERY, BENEFIT_QUERY, PIN_CHECK)
HEADERS = ("x-tif-serviceid", "x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature")
NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
CLOCK_LEEWAY_SECONDS = 180
DONE, NOBODY, BAD_REQUEST = "0000", "1001", "1002"
RIGHT, WRONG, INITIAL, NOT_SET = "1", "2", "3", "4"


@dataclass(frozen=True, slots=True)
class Bus:
    """What differs between the two: the digest of the signature, and whose insured it knows."""

    name: str
    digest: Callable[[str], str]
    place: str


HEFEI = Bus("hefei", sha256_hex, "340100")
PROVINCE = Bus("province", sm3_hex, "34")


class PensionBus:
    """One deployment of the service bus."""

    def __init__(self, bus: Bus, population: Population, now: Callable[[], datetime] = utc_now) -> None:
        self.name = f"pension-{bus.name}"
        self._bus = bus
        self._population = population
        self._now = now
        self._used: OrderedDict[str, float] = OrderedDict()

    def read(self, call: Call) -> Question:
        service = call.headers.get("x-tif-serviceid", "?")
        refusal = self._refusal(call) if call.method == "POST" else _gateway("GW1404", "服务不存在", 404)
        if refusal:
            return Question(service if service in SERVICES else "?", refused=refusal)
        body = read_json(call.body)
        if not isinstance(body, dict) or not isinstance(body.get("AAC147"), str):
            return Question(service, refused=self._reply(BAD_REQUEST, "请求格式不正确", None))
        return Question(service, body["AAC147"], body)

    def answer(self, question: Question, twist: str) -> Reply:
        body = question.content
        person = self._population.find(question.about)
        if person is None or not self._knows(person) or body.get("AAC003", "") not in ("", person.name):
            return self._reply(NOBODY, "未查询到参保信息", None)
        if question.operation == PIN_CHECK:
            return self._check_pin(person, body.get("PIN"), twist)
        shown = self._population.somebody_else(person) if twist == "other" else person
        rows = self._rows(shown) if question.operation == PERSON_QUERY else self._benefits(shown)
        if question.operation == PERSON_QUERY and not rows:
            return self._reply(NOBODY, "未查询到参保信息", None)
        if twist == "types":
            rows = [dict.fromkeys(row, "不详") for row in rows]
        return self._reply(DONE, "成功", {"AAC147": shown.id_number, "AAC003": shown.name, "rows": rows})

    def _check_pin(self, person: Person, pin: object, twist: str) -> Reply:
        if not isinstance(pin, str):
            return self._reply(BAD_REQUEST, "请求格式不正确", None)
        verdict = RIGHT if pin == person.pin else WRONG
        if person.pin is None:
            verdict = NOT_SET
        elif verdict == RIGHT and person.pin_is_initial:
            verdict = INITIAL
        return self._reply(DONE, "成功", {"RESULT": 1.5 if twist == "types" else verdict})

    def _knows(self, person: Person) -> bool:
        return self._bus.place == "34" or any(pension.place == self._bus.place for pension in person.pensions)

    def _here(self, person: Person) -> list[Pension]:
        return [pension for pension in person.pensions if pension.place.startswith(self._bus.place)]

    def _rows(self, person: Person) -> list[dict[str, str]]:
        return [pension_row(pension) for pension in self._here(person)]

    def _benefits(self, person: Person) -> list[dict[str, str]]:
        return [benefit_row(pension) for pension in self._here(person) if pension.benefit]

    def _refusal(self, call: Call) -> Reply | None:
        """The gateway's no, in the order in which a gateway looks."""
        service, app_key, timestamp, nonce, signature = (call.headers.get(name, "") for name in HEADERS)
        if not all((service, app_key, timestamp, nonce, signature)) or not NONCE.fullmatch(nonce):
            return _gateway("GW1001", "请求头缺失或格式不正确")
        if app_key != PENSION_APP_KEY:
            return _gateway("GW1002", "应用未授权")
        now = self._now().timestamp()
        is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
        if not is_number or abs(now - int(timestamp)) > CLOCK_LEEWAY_SECONDS:
            return _gateway("GW1003", "时间戳与网关相差过大")
        if signature.lower() != self._bus.digest(timestamp + PENSION_TOKENS[self._bus.name] + nonce + timestamp):
            return _gateway("GW1005", "签名验证失败")
        if not self._is_first(nonce, now):
            return _gateway("GW1004", "随机串已使用")
        return None if service in SERVICES else _gateway("GW1404", "服务不存在", 404)

    def _is_first(self, nonce: str, now: float) -> bool:
        # Older ones are refused for their timestamp.
        while self._used and now - next(iter(self._used.values())) > 2 * CLOCK_LEEWAY_SECONDS:
            self._used.popitem(last=False)
        if nonce in self._used:
            return False
        self._used[nonce] = now
        return True

    def _reply(self, code: str, msg: str, data: Any) -> Reply:
        now = self._now().astimezone(SHANGHAI)
        return json_reply({"code": code, "msg": msg, "time": f"{now:%Y%m%d%H%M%S}", "data": data}, code)


def pension_row(pension: Pension) -> dict[str, str]:
    """One insurance as the pension systems write it; the exchange tables have the same columns."""
    return {
        "AAE140": pension.scheme,
        "AAB301": pension.place,
        "AAC008": pension.aac008,
        "AAC031": pension.aac031,
        "AAC084": pension.retired,
        "AAE200": str(pension.months_deemed),
        "AAE201": str(pension.months_paid),
        "EAC047": str(pension.months_deemed + pension.months_paid),
        "AIC268": yuan(pension.account_fen),
        "AIC268_DATE": f"{pension.account_as_of:%Y%m%d}",
    }


def benefit_row(pension: Pension) -> dict[str, str]:
    """The newest month of a benefit; the insurance must have one."""
    benefit = pension.benefit
    assert benefit is not None
    return {
        "AAE140": pension.scheme,
        "AAB301": pension.place,
        "EAC064": benefit.month,
        "AAE019": yuan(benefit.amount_fen),
        "AAE145": benefit.way,
    }


def _gateway(code: str, why: str, status: int = 401) -> Reply:
    return json_reply({"errcode": code, "errmsg": why}, code, status)

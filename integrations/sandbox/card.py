"""The provincial card systems: SOAP, positional strings, and answers that only look like XML.

    POST /card/hefei   POST /card/province   GET /card/<deployment>?wsdl

getAC01 (card data) and getAZ03 (progress) take (user, password, AAC002 ID number, AAC003 name, AAB301 place). Name and
place may be empty; a name that is given must be the person's, a place the one where the card was made. allDsjk takes
one string of tags whose names end in an asterisk, which XML would not allow:

    <操作*>临时挂失</操作*><用户名*>..</用户名*><密码*>..</密码*><社保卡号*>..</社保卡号*>
    <社会保障号码*>..</社会保障号码*><姓名*>..</姓名*>

操作* is 临时挂失, 解挂 or 解除挂失; 用户名*, 密码* and 社保卡号* are needed, the last two are checked when not empty.

Every answer is a string without a root, values unescaped (a REMARKS may hold a bare &):
- getAC01: `<ERR>OK</ERR><时间>..</时间><AAB301>..</AAB301><AAC002>..</AAC002><AAC003>..</AAC003><AAC004>..</AAC004>
  <AAC006>yyyyMMdd</AAC006><ZKZT>已发卡|制卡中|制卡失败</ZKZT>`, then for each card, flat and in this order, `AAZ500`
  (number, empty while there is none), `AAZ502` (status, by the deployment's codes), `AAE008` (bank), `AAE008B` (its
  name), `AAE010` (account) and, in Hefei for a temporary loss, `LSGSDQ` (its last day, yyyyMMdd). A second card repeats
  the tags: AAZ500 begins one.
- getAZ03: ERR, 时间, AAZ500, AAC002, AAC003, AAB301, AAE008, AAE008B, the times of MAKING_STEPS (yyyyMMddHHmmss, empty
  when not yet), VALIDTAG (negative: making failed) and REMARKS (why).
- allDsjk: `<ERR>00</ERR>` done, `<ERR>01</ERR>` it is so already, or a sentence. In Hefei with 00 and a freeze also
  `<受理号>..</受理号><到期日期>yyyyMMdd</到期日期>`.
Any other ERR is a sentence, among them NO_PERSON and NO_CARD.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from integrations.sandbox.card_soap import BadEnvelope, fault_reply, read_envelope, string_reply, wsdl
from integrations.sandbox.card_state import ALREADY, DONE, CardState, Written
from integrations.sandbox.journal import Journal
from integrations.sandbox.keys import CARD_PASSWORD, CARD_USER
from integrations.sandbox.people import Population
from integrations.sandbox.places import BANK_NAMES
from integrations.sandbox.records import MAKING_STEPS, Card, Person
from integrations.sandbox.wire import SHANGHAI, Call, Question, Reply, utc_now

NO_PERSON, NO_CARD = "身份证号不存在(或发卡城市不符)", "未查询到该人员的制卡信息"
WRONG_NAME, WRONG_USER = "姓名与社会保障号码不符", "用户名或密码错误"
AT_THE_COUNTER = "请本人持有效身份证件到社保卡服务窗口办理"
FREEZE, RELEASES = "临时挂失", ("解挂", "解除挂失")
TAG = re.compile(r"<([^<>/]+)>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What differs between the two: whose cards, status codes, days of a freeze, whether its end is told, release."""

    name: str
    # Only cards of this place; "" is all.
    place: str
    codes: dict[str, str]
    freeze_days: int
    tells_expiry: bool
    releases: bool


HEFEI = Deployment(
    "hefei", "340100",
    {
        "inactive": "0", "normal": "1", "temporary": "2", "formal": "3", "cancelled": "4", "bank_only": "5",
        "strange": "8",
    },
    freeze_days=7, tells_expiry=True, releases=True,
)  # fmt: skip
PROVINCE = Deployment(
    "province", "",
    {
        "normal": "0", "formal": "1", "temporary": "2", "cancelled": "3", "inactive": "4", "bank_only": "6",
        "strange": "9",
    },
    freeze_days=10, tells_expiry=False, releases=False,
)  # fmt: skip


class Asked(NamedTuple):
    """A SOAP call: its strings, what an allDsjk carries, and the namespace to answer in."""

    strings: list[str]
    tags: dict[str, str]
    soap: str


class CardSystem:
    """One deployment of the card system."""

    def __init__(
        self,
        deployment: Deployment,
        population: Population,
        state: CardState,
        journal: Journal,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = f"card-{deployment.name}"
        self._deployment = deployment
        self._population = population
        self._state = state
        self._journal = journal
        self._now = now

    def read(self, call: Call) -> Question:
        if call.method == "GET":
            is_wsdl = any(key.lower() == "wsdl" for key in call.query)
            return Question("wsdl", refused=wsdl(call.url) if is_wsdl else fault_reply("only ?wsdl can be read"))
        try:
            operation, strings, soap = read_envelope(call.body)
        except BadEnvelope as error:
            return Question("?", refused=fault_reply(str(error)))
        tags = dict(TAG.findall(strings[0])) if operation == "allDsjk" else {}
        about = tags.get("社保卡号*", "") if operation == "allDsjk" else strings[2]
        return Question(operation, about, Asked(strings, tags, soap))

    def answer(self, question: Question, twist: str) -> Reply:
        asked: Asked = question.content
        if question.operation == "allDsjk":
            text, result = self._act(asked.tags, twist)
        else:
            text, result = self._look_up(question.operation, asked.strings, twist)
        return string_reply(question.operation, text, asked.soap, result)

    def _look_up(self, operation: str, strings: list[str], twist: str) -> tuple[str, str]:
        user, password, id_number, name, place = strings
        if (user, password) != (CARD_USER, CARD_PASSWORD):
            return _tags(ERR=WRONG_USER), WRONG_USER
        person = self._population.find(id_number)
        if person is None or not {self._deployment.place, place} <= {"", person.card_place}:
            return _tags(ERR=NO_PERSON), NO_PERSON
        if name not in ("", person.name):
            return _tags(ERR=WRONG_NAME), WRONG_NAME
        if twist == "other":
            person = self._population.somebody_else(person)
        if person.making is None:
            return _tags(ERR=NO_CARD), NO_CARD
        text = self._card_data(person) if operation == "getAC01" else self._progress(person)
        return (_of_wrong_types(text) if twist == "types" else text), "OK"

    def _card_data(self, person: Person) -> str:
        text = self._head(person) + _tags(
            AAC004=person.sex, AAC006=f"{person.born:%Y%m%d}", ZKZT=_making_state(person)
        )  # fmt: skip
        return text + ("".join(self._card(card) for card in person.cards) or _tags(AAZ500=""))

    def _card(self, card: Card) -> str:
        standing = self._state.standing(card)
        text = _tags(
            AAZ500=card.number, AAZ502=self._deployment.codes[standing.status], AAE008=card.bank,
            AAE008B=BANK_NAMES[card.bank], AAE010=card.account,
        )  # fmt: skip
        tells = standing.until and self._deployment.tells_expiry
        return text + (_tags(LSGSDQ=f"{standing.until:%Y%m%d}") if tells else "")

    def _progress(self, person: Person) -> str:
        making = person.making
        assert making is not None
        times = [f"{day:%Y%m%d}{9 + step:02d}3000" for step, day in enumerate(making.days)]
        steps = dict(zip(MAKING_STEPS, times + [""] * len(MAKING_STEPS), strict=False))
        number = person.cards[-1].number if person.cards else ""
        bank = {"AAE008": making.bank, "AAE008B": BANK_NAMES[making.bank]}
        end = {"VALIDTAG": making.valid_tag, "REMARKS": making.remarks}
        return self._head(person) + _tags(AAZ500=number, **bank, **steps, **end)

    def _head(self, person: Person) -> str:
        now = self._now().astimezone(SHANGHAI)
        named = {"时间": f"{now:%Y%m%d%H%M%S}", "AAB301": person.card_place}
        return _tags(ERR="OK", **named, AAC002=person.id_number, AAC003=person.name)

    def _act(self, tags: dict[str, str], twist: str) -> tuple[str, str]:
        if (tags.get("用户名*"), tags.get("密码*")) != (CARD_USER, CARD_PASSWORD):
            return _tags(ERR=WRONG_USER), WRONG_USER
        operation = tags.get("操作*", "")
        counts = self._journal.writes(self.name, tags.get("社保卡号*", ""))
        counts.received += 1
        written = self._write(operation, tags)
        if written.err == ALREADY:
            counts.already += 1
        elif written.err != DONE:
            counts.refused += 1
        elif operation == FREEZE:
            counts.frozen += 1
        else:
            counts.released += 1
        text = _tags(ERR="" if twist == "types" else written.err)
        if written.until and self._deployment.tells_expiry:
            text += _tags(**{"受理号": written.receipt, "到期日期": f"{written.until:%Y%m%d}"})
        return text, written.err

    def _write(self, operation: str, tags: dict[str, str]) -> Written:
        found = self._population.find_card(tags.get("社保卡号*", ""))
        if found is None or self._deployment.place not in ("", found[0].card_place):
            return Written("社保卡号不存在")
        person, card = found
        if tags.get("社会保障号码*", "").upper() not in ("", person.id_number):
            return Written("社保卡号与社会保障号码不符")
        if tags.get("姓名*", "") not in ("", person.name):
            return Written(WRONG_NAME)
        if operation == FREEZE:
            return self._state.freeze(card, self._deployment.freeze_days)
        if operation in RELEASES and self._deployment.releases:
            return self._state.release(card)
        return Written(AT_THE_COUNTER if operation in RELEASES else f"不支持的操作:{operation}")


def _making_state(person: Person) -> str:
    if person.cards:
        return "已发卡"
    return "制卡失败" if person.making and person.making.valid_tag.startswith("-") else "制卡中"


def _tags(**values: str) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def _of_wrong_types(text: str) -> str:
    """The same tags, with values that mean nothing."""
    return re.sub(r"<(AAB301|AAZ502|VALIDTAG|\w+TIME\d?|LSGSDQ)>[^<]*<", r"<\1>不详<", text)

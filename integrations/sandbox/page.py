"""The sandbox's page, in Chinese: whom to try at the phone page, what is switched how, what was asked last."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template

from integrations.sandbox.exchange import MODES as EXCHANGE_MODES
from integrations.sandbox.exchange_keeper import NAME as EXCHANGE
from integrations.sandbox.parts import Parts
from integrations.sandbox.places import place_name
from integrations.sandbox.records import Person
from integrations.sandbox.switches import MODES, TWISTS
from integrations.sandbox.wire import SHANGHAI

TITLES = {
    "medical": ("医保", "国家医保平台 1101", "/medical/national"),
    "card-hefei": ("社保卡 · 合肥", "SOAP，1 是正常", "/card/hefei"),
    "card-province": ("社保卡 · 全省", "SOAP，1 是正式挂失", "/card/province"),
    "pension-hefei": ("养老 · 合肥", "服务总线，SHA-256 签名", "/pension/hefei"),
    "pension-province": ("养老 · 全省", "服务总线，SM3 签名", "/pension/province"),
}
MODE_WORDS = {
    "normal": "正常", "slow": "慢", "hang": "没有回音", "down": "连不上", "error": "报错 500", "wrong": "回错",
    "half": "回一半", "lost": "办了不回", "random": "时好时坏", "half_kept": "写到一半（旧的还在）", "stale": "旧批次",
}  # fmt: skip
EXCHANGE_WORDS = MODE_WORDS | {"half": "写到一半（旧的没了）", "wrong": "内容错"}
TWIST_WORDS = {
    "broken": "报文残缺", "html": "网页", "empty": "空", "types": "字段不对", "other": "别人的",
    "zero": "全是缺省值（医保）",
}  # fmt: skip
STATE_WORDS = {"off": "没有配置数据库", "preparing": "正在准备", "ready": "就绪", "failed": "没有成功"}
LAST = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """One demo person's line."""

    name: str
    number: str
    pin: str
    place: str
    shows: str


def render_page(parts: Parts, token: str, host: str) -> str:
    """The whole page, for whoever opened it at `host`."""
    last = reversed(list(parts.journal.entries)[-LAST:])
    return _template().render(
        people=[_shown(person) for person in parts.population.people if person.shows],
        how_many=len(parts.population.people),
        systems=[(name, *TITLES[name], switch) for name, switch in parts.switches.state.items()],
        modes={mode: MODE_WORDS[mode] for mode in MODES},
        twists={twist: TWIST_WORDS[twist] for twist in TWISTS},
        exchange=parts.exchange,
        exchange_name=EXCHANGE,
        exchange_modes={mode: EXCHANGE_WORDS[mode] for mode in EXCHANGE_MODES},
        exchange_state=STATE_WORDS[parts.exchange.state],
        shape=parts.medical.shape,
        entries=[(f"{e.at.astimezone(SHANGHAI):%H:%M:%S}", e) for e in last],
        titles={name: title for name, (title, _, _) in TITLES.items()},
        token=token,
        host=host,
    )


def _shown(person: Person) -> Shown:
    number = person.id_number
    grouped = f"{number[:6]} {number[6:14]} {number[14:]}" if len(number) == 18 else number
    places = [pension.place for pension in person.pensions] or [medical.place for medical in person.medical]
    named = "、".join(dict.fromkeys(place_name(place) for place in places))
    return Shown(person.name, grouped, person.pin or "没有设", named, person.shows)


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template("index.html")

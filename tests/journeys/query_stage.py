"""Callers who ask about their insurance on the running hotline, and the switches of the business systems behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import requests

from integrations.embedded import postgres_in, valkey_in
from integrations.live_store import build_live_store, is_alive
from integrations.sandbox.people import Population, build_population
from integrations.sandbox.records import MEDICAL_EMPLOYEE, Person
from integrations.social_insurance.pin import is_initial
from ivr.words import speakable, yuan
from tests.caller import Caller, Transport, http_transport
from tests.leaks import Secrets, find_leaks
from tests.running import RunningHotline
from tests.waiting import eventually

WUHU, HEFEI, PROVINCE = "+8655312333", "+8655112333", "12333"
# Insured with the province; and in Wuhu, one pension each.
WANG_FANG, LI_FANG, WANG_QIANG = "340103198503089983", "34010419910916996X", "340111197912029995"
PENSION, MEDICAL, CARD = "1", "2", "3"
PENSION_SYSTEM = "pension-province"
LOOKING, NO_ANSWER = "正在查询", "系统现在没有回话"
PIN_AWAY = "核对密码的系统现在用不了"
# A process of ours ended while it asked.
OURS = "我们的系统出了问题"
ASKED_FOR_ID, ASKED_FOR_PIN = "请按十八位身份证号", "请按六位查询密码"
DEMO_PERSONS = 14
# The same key within 0.3 s is an echo of a bad line.
KEYS_APART_SECONDS = 0.4
# All that is said before a look-up that hangs is given up, with some to spare.
MOST_ROUNDS = 40


def each_on_its_own(url: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
    """A connection for each request, so that any web process may get it."""
    return http_transport(requests.Session())(url, form, headers | {"Connection": "close"})


class Switches:
    """The sandbox of a running hotline, turned as a program beside it does."""

    def __init__(self, hotline: RunningHotline) -> None:
        self._port = hotline.sandbox_port
        self._token = (hotline.var_dir / "sandbox" / "token").read_text(encoding="ascii")

    def turn(self, system: str, mode: str, **how: Any) -> None:
        """As `switch` in integrations/sandbox/admin.py."""
        self._do("switch", system=system, mode=mode, **how)

    def all_down(self) -> None:
        for system in self.systems:
            self.turn(system, "down")
        self.turn("exchange", "down")

    def reset(self) -> None:
        """All normal, nothing was ever asked."""
        self._do("reset")

    def asked(self, system: str, about: str = "") -> int:
        return int(self._do("asked", system=system, about=about)["count"])

    @property
    def systems(self) -> list[str]:
        return list(self._request("GET", "/admin/state")["switches"])

    def _do(self, action: str, **given: Any) -> dict[str, Any]:
        return self._request("POST", f"/admin/{action}", json.dumps(given))

    def _request(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request(method, path, body, {"X-Sandbox-Token": self._token})
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content.decode()
            return dict(json.loads(content))
        finally:
            connection.close()


@dataclass
class QueryCaller(Caller):
    """Presses keys as a person does, and waits while we look."""

    pressed_at: float = 0.0

    def key(self, key: str) -> QueryCaller:
        """One key, no sooner after the last than a person's."""
        eventually(lambda: time.monotonic() - self.pressed_at > KEYS_APART_SECONDS)
        self.press(key)
        self.pressed_at = time.monotonic()
        return self

    def ask(self, what: str) -> QueryCaller:
        """From the main menu: key 1, and which of the three."""
        return self.key("1").key(what)

    def ask_again(self, what: str) -> QueryCaller:
        """From what was heard."""
        return self.key("*").key(what)

    def prove(self, person: Person) -> QueryCaller:
        assert person.pin is not None
        assert ASKED_FOR_ID in self.said, self.heard[-5:]
        self.press(person.id_number.replace("X", "*"))
        assert ASKED_FOR_PIN in self.said, self.heard[-5:]
        self.press(person.pin)
        return self

    @property
    def said(self) -> str:
        """What the newest document says."""
        return self.heard[-1] if self.heard else ""

    @property
    def is_told_to_wait(self) -> bool:
        """Whether the newest document only says that we are looking, or not even that."""
        document = self.documents[-1]
        return "<Say" not in document or LOOKING in document

    def until_told(self) -> str:
        """What the caller hears when the looking is over."""
        for _ in range(MOST_ROUNDS):
            if not self.is_told_to_wait:
                break
            self.wait()
        assert not self.is_told_to_wait, self.heard[-5:]
        return "".join(self.heard[self._last_filler() + 1 :])

    def _last_filler(self) -> int:
        places = [place for place, sentence in enumerate(self.heard) if LOOKING in sentence]
        return places[-1] if places else -1


class QueryStage:
    """Everything of one installation that a test of key 1 needs."""

    def __init__(self, hotline: RunningHotline) -> None:
        self.hotline = hotline
        self.switches = Switches(hotline)
        self.population: Population = build_population(datetime.now(ZoneInfo("Asia/Shanghai")).date())
        self._asked_about: set[str] = set()

    def person(self, id_number: str) -> Person:
        """One of the sandbox's; nothing of theirs may be found anywhere in the end."""
        found = self.population.find(id_number)
        assert found is not None and found.pin is not None
        self._asked_about.add(id_number)
        return found

    def people(self, count: int, fits: Callable[[Person], bool]) -> list[Person]:
        """So many with a PIN of their own and a number that can be keyed."""
        able = (
            person.id_number
            for person in self.population.people[DEMO_PERSONS:]
            if person.pin and not is_initial(person.pin, person.id_number) and not person.pin_is_initial
            and person.id_number[:17].isdigit() and fits(person)
        )  # fmt: skip
        return [self.person(number) for number in islice(able, count)]

    def ring(self, dialled: str = WUHU, post: Transport | None = None, **values: Any) -> QueryCaller:
        base = f"http://127.0.0.1:{self.hotline.port}"
        caller = QueryCaller(base, post or http_transport(), dialled=dialled, **values)
        caller.ring()
        return caller

    def proven(self, person: Person, dialled: str = WUHU, what: str = PENSION, **values: Any) -> QueryCaller:
        """A caller who has heard what they asked for."""
        caller = self.ring(dialled, **values).ask(what).prove(person)
        caller.until_told()
        return caller

    def together(self, work: Callable[[Any], Any], on: list[Any]) -> list[Any]:
        """The same done for each at once; in their order."""
        with ThreadPoolExecutor(len(on)) as threads:
            return list(threads.map(work, on))

    def as_new(self) -> None:
        """All systems normal, and none of them rests any more."""
        self.switches.reset()
        with build_live_store(valkey_in(self.hotline.var_dir).url) as live_store:
            # It may have been killed a moment ago.
            eventually(lambda: is_alive(live_store), 30.0)
            for key in live_store.scan_iter("connector:*"):
                live_store.delete(key)

    @contextmanager
    def redis_frozen(self) -> Iterator[None]:
        """As on a machine that does not answer."""
        server = self.redis()
        server.suspend()
        try:
            yield
        finally:
            server.resume()

    def redis(self) -> psutil.Process:
        family = psutil.Process(self.hotline.process.pid).children
        return eventually(lambda: next((one for one in family() if "valkey" in one.name()), None), 30.0)

    def kill_web_processes(self) -> None:
        """All at once; their server starts new ones."""
        for worker in self.hotline.child("web").children():
            worker.kill()

    def leaks(self) -> list[str]:
        """What of those who were asked about, and of the demo persons, stands in the clear."""
        outputs = list(self.hotline.var_dir.parent.glob("output-*"))
        assert outputs, "nothing is known of what was printed"
        people = [*self.population.people[:DEMO_PERSONS], *map(self.person, sorted(self._asked_about))]
        with build_live_store(valkey_in(self.hotline.var_dir).url) as live_store:
            return find_leaks(
                Secrets.of(people),
                database_url=postgres_in(self.hotline.var_dir).url,
                live_store=live_store,
                folders=[self.hotline.var_dir],
                files=outputs,
            )


def pension_amount(person: Person) -> str:
    """What the sandbox has on the person's pension account, as it is said."""
    return speakable(yuan(person.pensions[0].account_fen))


def medical_amount(person: Person) -> str:
    return speakable(yuan(person.medical[0].balance_fen))


def pays_in_wuhu(person: Person) -> bool:
    """One pension, with an account of which the amount is said."""
    return [(p.place, p.aac008, p.aac031) for p in person.pensions] == [("340200", "1", "1")]


def has_a_medical_account_in_hefei(person: Person) -> bool:
    """And a pension there, whose system knows the PIN."""
    medical = [(m.place[:4], m.kind, m.status) for m in person.medical] == [("3401", MEDICAL_EMPLOYEE, "1")]
    return medical and any(pension.place == "340100" for pension in person.pensions)

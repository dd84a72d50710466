"""Random callers on the running system, with repeated, late and doubled webhooks, while processes are killed.

`make soak` runs it for long; the suite runs a short one. Every run prints its seed; the same seed makes the same calls
(what meets what in time is up to the machine).
"""

from __future__ import annotations

import random
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psutil
import psycopg

from integrations.database_url import psycopg_url
from integrations.embedded import postgres_in
from integrations.services import utc_now
from ivr.ledger import prove
from tests.caller import Caller, CarrierError, http_transport
from tests.running import RunningHotline
from tests.waiting import eventually

KEYS = "0123456789*#"
MOST_ACTIONS = 25
# Documents without a word in which an answer from elsewhere is awaited, one after the other.
MOST_WAITS = 4
# The clock has the journal entered every thirty seconds.
JOURNAL_SECONDS = 75.0
# A web server that was killed last starts from nothing, on a machine that does much else.
READY_SECONDS = 60.0
NUMBERS = ("+8655312333", "12333", "+8655212333", "+8656212333")
CALLERS = ("+8613855112345", "+865582212345", "anonymous", "+8613800138000", "", "sip:1001@10.0.0.1")


@dataclass
class Report:
    """What became of a run. `wrong` must be empty: each entry is a sentence."""

    seed: int
    calls: int = 0
    requests: int = 0
    lost_by_carrier: int = 0
    wrong: list[str] = field(default_factory=list)
    open_sids: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.calls} calls, {self.requests} requests, "
            f"{self.lost_by_carrier} given up by the carrier in an outage, {len(self.wrong)} wrong"
        )


class RandomCaller:
    """One caller with a will of its own, on a line that repeats itself."""

    def __init__(self, base_url: str, chance: random.Random, report: Report, lock: threading.Lock) -> None:
        self._chance, self._report, self._lock = chance, report, lock
        sid = f"CA{chance.getrandbits(128):032x}"
        self._post = http_transport()
        # Its end was told, and heard.
        self._is_told = False
        self._silent_in_a_row = 0
        self.caller = Caller(
            base_url, self._send, caller=chance.choice(CALLERS), dialled=chance.choice(NUMBERS), sid=sid
        )

    def live(self) -> None:
        """Ring, press, wait, repeat; hang up, or vanish without a word."""
        try:
            self._act(self.caller.ring)
            for _ in range(self._chance.randrange(MOST_ACTIONS)):
                if self.caller.is_over:
                    break
                self._act(self._chance.choice(self._actions()))
            if not self.caller.is_over and self._chance.random() < 0.9:
                self._act(self.caller.hang_up)
        except (CarrierError, OSError):
            # Also when an outage is longer than the carrier's patience, be it at the last word of a call.
            with self._lock:
                self._report.lost_by_carrier += 1
        with self._lock:
            self._report.calls += 1
            if not self._is_told:
                self._report.open_sids.add(self.caller.sid)

    def _send(self, url: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
        answer = self._post(url, form, headers)
        if form["CallStatus"] in ("completed", "failed") and answer[0] < 500:
            self._is_told = True
        return answer

    def _actions(self) -> list[Callable[[], object]]:
        caller, chance = self.caller, self._chance
        waiting = caller.waiting.verb.tag if caller.waiting else ""
        if waiting == "Dial":
            status = chance.choice(["completed", "busy", "no-answer", "failed", ""])
            return [lambda: caller.desk(status, picked_up=status == "completed")]
        press = [lambda: caller.press("".join(chance.choices(KEYS, k=chance.choice([1, 1, 1, 2, 5]))))]
        return [*press * 6, caller.wait, caller.wait, self._repeat, self._late, self._double, self._odd_status]

    def _act(self, action: Callable[[], object]) -> None:
        documents = len(self.caller.documents)
        action()
        for document in self.caller.documents[documents:]:
            self._check(document)
        with self._lock:
            self._report.requests += 1

    def _check(self, document: str) -> None:
        verbs = [verb.tag for verb in ET.fromstring(document)]
        self._silent_in_a_row = 0 if "Say" in document else self._silent_in_a_row + 1
        if not verbs or verbs[-1] not in ("Redirect", "Hangup") or self._silent_in_a_row > MOST_WAITS:
            self._wrong(f"{self.caller.sid} heard a document without a way on: {document[:300]}")

    def _repeat(self) -> None:
        """The carrier did not get our answer: the same request, the same document."""
        url, form, document = self.caller.history[-1]
        status, again = self.caller.request(url, form)
        if status != 200 or ("对不起" not in again + document and not self._lead_to_one([again, document])):
            self._wrong(f"{self.caller.sid} got another answer to a repeated request")

    def _late(self) -> None:
        """An earlier request arrives once more; whatever it answers, the call must not move."""
        self.caller.request(*self._chance.choice(self.caller.history)[:2])

    def _double(self) -> None:
        """Two webhooks of one document at the same moment: a key and the silence it beat."""
        waiting = self.caller.waiting
        if waiting is None or waiting.verb.tag != "Gather" or not waiting.rest or waiting.rest[-1].text is None:
            return
        both = [(waiting.verb.attrib["action"], {"Digits": "2"}), (waiting.rest[-1].text, {})]
        with ThreadPoolExecutor(2) as pool:
            answers = [answer for _, answer in pool.map(lambda one: self.caller.request(*one), both)]
        if not any("对不起" in answer for answer in answers) and not self._lead_to_one(answers):
            self._wrong(f"{self.caller.sid}: two webhooks of one document had two effects")
        self.caller.documents.append(answers[0])
        self.caller.history.append((*both[0], answers[0]))
        self.caller.follow(answers[0])

    def _lead_to_one(self, answers: list[str]) -> bool:
        """The same document; or one that waits for an answer from elsewhere, and comes to where the other is."""
        for _ in range(MOST_WAITS):
            if answers[0] == answers[1]:
                return True
            earlier = min((0, 1), key=lambda which: _turn(answers[which]))
            status, later = self.caller.request(_way_on(answers[earlier]), {})
            if status != 200 or _turn(later) <= _turn(answers[earlier]):
                return False
            answers = [later if which == earlier else answer for which, answer in enumerate(answers)]
        return False

    def _odd_status(self) -> None:
        status = self._chance.choice(["ringing", "queued", "", "in-progress", "teleported"])
        self.caller.request(f"{self.caller.base_url}/ivr/status", {"CallStatus": status})

    def _wrong(self, sentence: str) -> None:
        with self._lock:
            self._report.wrong.append(sentence)


def _way_on(document: str) -> str:
    """Where the carrier goes when nobody presses anything; "" at the end of a call."""
    last = list(ET.fromstring(document))[-1]
    return last.text or "" if last.tag == "Redirect" else ""


def _turn(document: str) -> int:
    found = re.search(r"[?&]n=(\d+)", _way_on(document))
    return int(found.group(1)) if found else MOST_ACTIONS * 10


def run_soak(hotline: RunningHotline, seed: int, calls: int, faults: int, at_once: int = 8) -> Report:
    """`calls` random calls, `at_once` together, while `faults` processes are killed; then the ledger is asked."""
    report, lock = Report(seed), threading.Lock()
    chance = random.Random(seed)
    base_url = f"http://127.0.0.1:{hotline.port}"
    callers = [RandomCaller(base_url, random.Random(chance.getrandbits(64)), report, lock) for _ in range(calls)]
    fault_after = sorted(chance.randrange(1, max(2, calls - at_once)) for _ in range(faults))
    with ThreadPoolExecutor(at_once + 1) as pool:
        futures = [pool.submit(caller.live) for caller in callers]
        for due in fault_after:
            eventually(lambda due=due: report.calls >= due, 300.0)
            _kill_something(hotline, chance)
        for future in futures:
            future.result()
    eventually(lambda: hotline.get("/readyz")[0] == 200, READY_SECONDS)
    _ask_the_ledger(hotline, report, {caller.caller.sid for caller in callers})
    return report


def _kill_something(hotline: RunningHotline, chance: random.Random) -> None:
    """A web process, the whole web server, the worker, the database or Redis; all of them come back."""
    victim = chance.choice(["web process", "web", "worker", "postgres", "valkey"])
    family = psutil.Process(hotline.process.pid).children()
    victims: list[psutil.Process] = []
    if victim == "web process":
        with suppress(psutil.Error):
            victims = hotline.child("web").children()[:1]
    elif victim in ("web", "worker"):
        victims = [hotline.child(victim)]
    else:
        victims = [process for process in family if victim in process.name()]
    # One that was killed a moment ago may be away already.
    with suppress(psutil.Error):
        for process in victims:
            process.kill()


def _ask_the_ledger(hotline: RunningHotline, report: Report, sids: set[str]) -> None:
    """Every call that ended has its outcome, at the latest when the worker has entered the outage journal."""
    ended = sids - report.open_sids
    with psycopg.connect(psycopg_url(postgres_in(hotline.var_dir).url), autocommit=True) as connection:
        try:
            eventually(lambda: not _without_outcome(connection, ended), JOURNAL_SECONDS)
        except AssertionError:
            for sid in _without_outcome(connection, ended):
                report.wrong.append(f"{sid} ended without an outcome")
        proof = prove(connection, utc_now() - timedelta(days=1), utc_now() + timedelta(days=1))
    if not proof.holds:
        report.wrong.append(f"the ledger does not add up: {proof.contradictions}")


def _without_outcome(connection: psycopg.Connection[Any], sids: set[str]) -> set[str]:
    rows = connection.execute("SELECT call_sid FROM call WHERE outcome IS NOT NULL").fetchall()
    return sids - {sid for (sid,) in rows}

"""Random callers who report cards lost, on lines in this process, while the card systems misbehave and processes die.

Afterwards everything is let come to its end, and the sandbox's own counts are held against the rows and against what
was said in every call. The same seed makes the same wills and faults (what meets what in time is up to the machine).
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from dashboards.web_app import build_flask
from integrations.embedded import EmbeddedPostgres, EmbeddedValkey
from integrations.migrations import migrate
from integrations.sandbox.people import Population
from integrations.sandbox.records import Card, Person
from integrations.services import Services, utc_now
from integrations.settings import Settings
from integrations.social_insurance.contract import Kind, WriteAnswer
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.registry import SocialInsurance
from ivr.keeper import LibraryKeeper
from ivr.late_answers import LateAnswers
from ivr.service import Line
from ivr.verbs import Say
from ivr.webhooks import ivr_blueprint
from queueing.seed import seed_centres
from tests.conftest import TEST_KEYS
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.test_what_is_heard import can_prove
from tests.leaks import Secrets, find_leaks
from tests.soak.card_loss_people import LosingCaller
from voicemail.card_loss import CardLoss
from voicemail.freeze import OPEN

HEFEI, PROVINCE = "340100", "340000"
CARD_SYSTEMS = {HEFEI: "card-hefei", PROVINCE: "card-province"}
WRITE = "allDsjk"
# So short that answers are late, and that a call gives up while it is still being written.
PATIENCE_SECONDS = 0.12
# Callers of a run share the cards of so many.
PEOPLE = 6
MODES = ("normal", "normal", "slow", "hang", "lost", "lost", "half", "down", "wrong", "error")
CLAIMS = {"loss_done": "freeze", "loss_already": "freeze", "release_done": "release"}
STANDING = ("loss_frozen", "loss_frozen_plain", "loss_formal")
DENIALS = ("loss_down", "loss_refused", "loss_refused_plain", "release_down")
OPEN_WORDS = (
    "loss_unknown",
    "loss_unanswered",
    "loss_unanswered_plain",
    "loss_pending",
    "loss_pending_plain",
    "release_unknown",
)
FILLER = "loss_filler"
FROZEN_BEFORE = ("temporary", "formal")
_EMPTY = """
TRUNCATE card_freeze, callback, callback_attempt, queue_entry, offer, text_message, carrier_task, look_up_audit,
         pin_failure, call, call_step, call_session CASCADE
"""


class Killed(BaseException):
    """Nothing may catch it, as nothing catches a `kill -9`."""


@dataclass
class LossReport:
    """What became of a run. `wrong` must be empty: each entry is a sentence."""

    seed: int
    runs: int = 0
    calls: int = 0
    requests: int = 0
    killed: int = 0
    writes: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"lost cards from seed {self.seed}: {self.runs} runs, {self.calls} calls, {self.requests} requests, "
            f"{self.killed} killed; writes {dict(self.writes)}; said {dict(self.said)}; {len(self.wrong)} wrong"
        )


class MortalRegistry(SocialInsurance):
    """Whoever writes may die before the card system was asked, and after it has answered."""

    dies: Callable[[], bool] = staticmethod(lambda: False)

    def write_card(self, *given: Any, **more: Any) -> WriteAnswer:
        if self.dies():
            raise Killed
        answer = super().write_card(*given, **more)
        if self.dies():
            raise Killed
        return answer


class WebProcess:
    """A line with webhooks of its own; when it dies, what it had in memory is gone."""

    def __init__(self, services: Services, keeper: LibraryKeeper) -> None:
        self.services = services
        self.line = Line(services, keeper)
        self.app: Flask = build_flask(services.settings)
        self.app.register_blueprint(ivr_blueprint(self.line))
        self._gone: list[ThreadPoolExecutor] = []
        self.die()

    def die(self) -> None:
        """Another one takes its place."""
        self._leave()
        late = LateAnswers(self.services.live_store, self.services.sealer, PATIENCE_SECONDS)
        self.line.asking._late = late
        self.line._cache = type(self.line._cache)()

    def _leave(self) -> None:
        late = self.line.asking._late
        if late._threads is not None:
            self._gone.append(late._threads)
        late.close()

    def settle(self) -> None:
        """Whatever is still being asked has its answer."""
        self.die()
        for threads in self._gone:
            threads.shutdown(wait=True)
        self._gone.clear()


class LossStage:
    """One installation with two web processes and a worker, used again and again."""

    def __init__(self, services: Services, keeper: LibraryKeeper, sandbox: SandboxProcess) -> None:
        self.sandbox, self.offset, self.killed = sandbox, timedelta(0), 0
        settings = replace(services.settings, sandbox_port=sandbox.port)
        self.services = replace(services, settings=settings, now=self.now)
        self.registries: list[SocialInsurance] = []
        self.processes = [WebProcess(self._with_registry(MortalRegistry), keeper) for _ in range(2)]
        seed_centres(services.database, keeper.library().centres)
        self.worker = CardLoss(self._with_registry(SocialInsurance), self.processes[0].line.callbacks)
        self.people = people_of(sandbox.population)
        self.base = settings.public_base_url

    def _with_registry(self, kind: type[SocialInsurance]) -> Services:
        mine = self.services
        registry = kind(mine.settings, mine.database, mine.live_store, mine.sealer, utc_now)
        for centre in CARD_SYSTEMS:
            guarded = registry.for_centre(centre, Kind.CARD)
            assert isinstance(guarded, Guarded)
            guarded.system = replace(guarded.system, timeout_seconds=1)
        self.registries.append(registry)
        return replace(mine, social_insurance=registry)

    def now(self) -> datetime:
        return utc_now() + self.offset

    def close(self) -> None:
        for process in self.processes:
            process.settle()
        for registry in self.registries:
            registry.close()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def post_of(self, chance: random.Random) -> Callable[[str, dict[str, str], dict[str, str]], tuple[int, str]]:
        """Each request reaches any of the processes; one that dies takes the connection with it."""
        which = random.Random(chance.getrandbits(64))

        def post(url: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
            process = which.choice(self.processes)
            try:
                answer = process.app.test_client().post(url.removeprefix(self.base), data=form, headers=headers)
            except Killed:
                process.die()
                raise OSError("the process is gone") from None
            return answer.status_code, answer.get_data(as_text=True)

        return post

    # one run

    def run(self, seed: int, calls: int, report: LossReport) -> None:
        """So many calls at once while everything goes wrong; then the end, and what must be true."""
        chance = random.Random(seed)
        self._begin(chance)
        few = chance.sample(self.people, PEOPLE)
        callers = [self._caller(chance, number, chance.choice(few)) for number in range(calls)]
        over = threading.Event()
        trouble = threading.Thread(target=self._make_trouble, args=(random.Random(chance.getrandbits(64)), over))
        trouble.start()
        try:
            with ThreadPoolExecutor(6) as threads:
                for one in [threads.submit(caller.live) for caller in callers]:
                    one.result()
        finally:
            over.set()
            trouble.join()
        self._come_to_an_end(callers)
        report.runs += 1
        report.calls += len(callers)
        report.requests += sum(caller.requests for caller in callers)
        report.killed += self.killed
        wrong = Judgement(self, callers, few, report).wrong
        report.wrong += [f"seed {seed}: {sentence}" for sentence in wrong]

    def _begin(self, chance: random.Random) -> None:
        with self.services.database.pool.connection() as connection:
            connection.execute(_EMPTY)
        self.sandbox.reset(cards=True)
        self.services.live_store.flushall()
        self.offset, self.killed = timedelta(0), 0
        fate, lock, share = random.Random(chance.getrandbits(64)), threading.Lock(), chance.choice([0.0, 0.15, 0.4])

        def dies() -> bool:
            with lock:
                is_over = fate.random() < share
                self.killed += is_over
                return is_over

        for process in self.processes:
            registry = process.services.social_insurance
            assert isinstance(registry, MortalRegistry)
            registry.dies = dies

    def _caller(self, chance: random.Random, number: int, person: Person) -> LosingCaller:
        way = "12333", f"+8613800{number:06d}", ""
        luck = chance.random()
        if luck < 0.15:
            way = "12333", "anonymous", ""
        elif luck < 0.6:
            # Of Hefei: guessed, and said yes to.
            way = "12333", f"+861385511{number:04d}", "1"
        return LosingCaller.on(self.base, self.post_of(chance), random.Random(chance.getrandbits(64)), person, way)

    def _make_trouble(self, chance: random.Random, over: threading.Event) -> None:
        kinds: Sequence[tuple[int, Callable[[random.Random], object]]] = (
            (10, self._turn),
            (1, lambda _: self.services.live_store.flushall()),
            (3, lambda _: self.worker.sweep()),
            (1, self._pass_some_time),
        )
        while not over.wait(chance.uniform(0.01, 0.15)):
            chance.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0](chance)

    def _turn(self, chance: random.Random) -> None:
        mode = chance.choice(MODES)
        how: dict[str, Any] = {"ms": chance.choice([150, 600, 1400])}
        if chance.random() < 0.7:
            how["operation"] = WRITE
        if chance.random() < 0.7:
            how["times"] = chance.randrange(1, 4)
        if mode == "wrong":
            how["twist"] = chance.choice(["types", "broken", "html", "empty"])
        self.sandbox.turn(chance.choice([*CARD_SYSTEMS.values()] * 4 + ["pension-province"]), mode, **how)

    def _pass_some_time(self, chance: random.Random) -> None:
        """Leases run out while somebody writes; never so much that a write in flight is believed undone."""
        if self.offset < timedelta(seconds=60):
            self.offset += timedelta(seconds=chance.choice([5, 20, 31]))

    def _come_to_an_end(self, callers: Sequence[LosingCaller]) -> None:
        for system in (*CARD_SYSTEMS.values(), "pension-province"):
            self.sandbox.turn(system, "normal")
        for process in self.processes:
            process.settle()
        self.services.live_store.flushall()
        for seconds in (31, 100, 200, 400):
            self.offset += timedelta(seconds=seconds)
            self.worker.sweep()


class Judgement:
    """What must be true after a run; `wrong` is a sentence for each thing that is not."""

    def __init__(
        self, stage: LossStage, callers: Sequence[LosingCaller], people: Sequence[Person], report: LossReport
    ) -> None:
        self.stage = stage
        self.wrong: list[str] = []
        self.report = report
        self._judge_rows()
        for person in people:
            for card in person.cards:
                self._judge_card(person, card)
        for caller in callers:
            self._judge_call(caller)
        leaks = find_leaks(
            Secrets.of(people), database_url=stage.services.database.url, live_store=stage.services.live_store
        )
        self.wrong += leaks

    def _judge_rows(self) -> None:
        found = self.stage.rows(
            "SELECT id, action, status, person_sealed IS NULL, due_at, cleared_at, callback_id, number_sealed IS NULL, "
            "looks FROM card_freeze ORDER BY id"
        )
        for row_id, action, status, is_gone, due_at, cleared_at, callback, is_withheld, looks in found:
            self.report.writes[f"{action} {status}"] += 1
            if status in OPEN:
                self.wrong.append(f"write {row_id} is still {status}")
            elif not is_gone:
                self.wrong.append(f"write {row_id} has ended, and the person is still kept")
            if (status == "not_done" or looks) and due_at is None:
                self.wrong.append(f"write {row_id} was unknown and is not on the list")
            if due_at is not None and cleared_at is not None:
                self.wrong.append(f"write {row_id} was taken from the list by nobody")
            if due_at is not None and callback is None and not is_withheld:
                self.wrong.append(f"write {row_id} is on the list, and nobody rings its number")

    def _judge_card(self, person: Person, card: Card) -> None:
        sealer = self.stage.services.sealer
        rows = self.stage.rows(
            "SELECT action, status, count(*) FROM card_freeze WHERE card_hash = %s GROUP BY 1, 2",
            sealer.fingerprint(f"card:{card.number}"),
        )
        of = Counter({(action, status): count for action, status, count in rows})
        counted: Counter[str] = Counter()
        for system in CARD_SYSTEMS.values():
            counted.update(self.stage.sandbox.writes(system, card.number))
        reports = sum(of.values())
        if counted["received"] > reports:
            self.wrong.append(f"{counted['received']} writes for {reports} reports of one card")
        for word, action in (("frozen", "freeze"), ("released", "release")):
            called_done = of[action, "done"]
            if counted[word] > called_done:
                self.wrong.append(f"{counted[word]} times {word}, and {called_done} {action}s are called done")
            # Who came too late, and was not heard, has the card's own word; but somebody must have made it so.
            if called_done and not counted[word] and (card.status in FROZEN_BEFORE) is (action == "release"):
                self.wrong.append(f"never {word}, and {called_done} {action}s are called done")
        if counted["frozen"] > 1 + counted["released"]:
            self.wrong.append(f"frozen {counted['frozen']} times and released {counted['released']} times")

    def _judge_call(self, caller: LosingCaller) -> None:
        said = self._said_in(caller.sid)
        self.report.said.update(prompt for prompt in said if prompt in (*CLAIMS, *STANDING, *DENIALS, *OPEN_WORDS))
        rows = self.stage.rows("SELECT action, status FROM card_freeze WHERE call_sid = %s", caller.sid)
        for prompt in said:
            action = CLAIMS.get(prompt)
            if action and (action, "done") not in rows and (action, "already") not in rows:
                self.wrong.append(f"{caller.sid} was told {prompt}, and its writes are {rows}")
        if set(said) & set(STANDING) and not self._stands(caller):
            self.wrong.append(f"{caller.sid} was told that the card is frozen, and it never was")
        told = self._told_after_writing(said)
        if len(told) >= len(rows) and told and set(told) <= set(DENIALS) and any(s == "done" for _, s in rows):
            self.wrong.append(f"{caller.sid} was told {told}, and its writes are {rows}")

    def _stands(self, caller: LosingCaller) -> bool:
        assert caller.person is not None
        if any(card.status in ("temporary", "formal") for card in caller.person.cards):
            return True
        person_hash = self.stage.registries[0].person_hash(caller.person.id_number)
        return bool(
            self.stage.rows(
                "SELECT 1 FROM card_freeze WHERE person_hash = %s AND action = 'freeze' AND status = 'done'",
                person_hash,
            )
        )

    def _told_after_writing(self, said: Sequence[str]) -> list[str]:
        """The first thing that was told of each write, in their order."""
        told: list[str] = []
        is_writing = False
        for prompt in said:
            if prompt == FILLER:
                is_writing = True
            elif is_writing and prompt in (*CLAIMS, *DENIALS, *OPEN_WORDS):
                told.append(prompt)
                is_writing = False
        return told

    def _said_in(self, sid: str) -> list[str]:
        """All that was said in a call, by its record."""
        said: list[str] = []
        with self.stage.processes[0].line.store() as store:
            turn = 1
            while (verbs := store.reply(sid, turn)) is not None:
                said += [prompt for verb in verbs for prompt in _prompts(verb)]
                turn += 1
        return said


def _prompts(verb: Any) -> Iterator[str]:
    if isinstance(verb, Say):
        yield verb.prompt
    for one in getattr(verb, "prompts", ()):
        yield from _prompts(one)


def people_of(population: Population) -> list[Person]:
    """Some of each kind, made in Hefei or with the province's system, who can prove who they are."""
    found: dict[tuple[str, ...], list[Person]] = {}
    for person in population.people:
        if can_prove(person) and person.cards and person.card_place in (HEFEI, PROVINCE):
            kinds = (person.card_place, *(card.status for card in person.cards))
            found.setdefault(kinds, []).append(person)
    # Those with a card in order are the most.
    return [p for kinds, people in found.items() for p in people[: 6 if "normal" in kinds else 1]]


def run_losses(stage: LossStage, seed: int, runs: int, calls: int) -> LossReport:
    """So many runs, with one seed after the other."""
    report = LossReport(seed)
    for one in range(seed, seed + runs):
        stage.run(one, calls, report)
    return report


@contextmanager
def open_losses(folder: Path) -> Iterator[LossStage]:
    """A stage with a database, a Redis and a sandbox of its own."""
    with ExitStack() as stack:
        postgres = EmbeddedPostgres(folder / "postgres" / "data", durable=False)
        valkey = EmbeddedValkey(folder / "valkey" / "data")
        for server in (postgres, valkey):
            server.prepare()
            server.start()
            stack.callback(server.stop)
            server.wait_ready()
        migrate(postgres.url)
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "VAR_DIR": str(folder / "var")}
        services = Services.build(Settings.from_env(env, load_demo_keys=lambda var_dir: TEST_KEYS))
        stack.callback(services.close)
        sandbox = SandboxProcess(folder / "sandbox", postgres.url)
        stack.callback(sandbox.end)
        stage = LossStage(services, LibraryKeeper(services.settings.config_dir, utc_now), sandbox)
        stack.callback(stage.close)
        yield stage

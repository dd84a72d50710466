"""The business systems as the hotline uses them: by centre, guarded, every question audited.

    found = services.social_insurance.look_up("340100", Kind.PENSION, Insured(number), Purpose("caller", sid, "query"))

Systems are built from systems.yaml when first asked, and again when the file changes; a file with problems is told in
the log and on the status page, and the last good one stays in use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from redis import Redis

from integrations.database import Database
from integrations.sealer import Sealer
from integrations.settings import Settings
from integrations.social_insurance.adapters import HalfConnected, build_guarded
from integrations.social_insurance.audit import AuditRow, LookUpTrail, NoAudit
from integrations.social_insurance.contract import (
    Answer,
    CardAction,
    Insured,
    Kind,
    Locked,
    PinAnswer,
    PinChecked,
    PinVerdict,
    Purpose,
    Unavailable,
    Unknown,
    WriteAnswer,
    result_class,
)
from integrations.social_insurance.counters import ANSWERS, SECONDS
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.health import SystemHealth, judge
from integrations.social_insurance.keeper import SystemsKeeper
from integrations.social_insurance.pin import is_initial
from integrations.social_insurance.pin_lock import PinLock, Try
from integrations.social_insurance.system_shape import System
from integrations.social_insurance.systems_file import ANSWERED, PIN, Asks, FreezeRules, NotConnected, ReferTo

# What a webhook can spare of the carrier's fifteen seconds.
DEADLINE_SECONDS = 8.0
HEALTH_SECONDS = 3.0
BAD_FILE = NotConnected("业务系统的配置文件有错，全部没有接通")
log = structlog.get_logger(__name__)


class SocialInsurance:
    """Built once for each process; opens nothing before it is asked. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        live_store: Redis,
        sealer: Sealer,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._database, self._live_store = settings, database, live_store
        self._sealer, self._now = sealer, now
        self._keeper = SystemsKeeper(settings.config_dir)
        self._trail = LookUpTrail(database)
        self._pin_lock = PinLock(database)
        self._lock = threading.Lock()
        self._built: dict[str, tuple[System, Guarded | NotConnected]] = {}

    @property
    def problems(self) -> list[str]:
        """What is wrong with the file as it stands, in Chinese sentences with the place."""
        return self._keeper.problems

    def for_centre(self, centre: str, kind: Kind) -> Guarded | NotConnected | ReferTo:
        """Who answers this for a centre. A half-connected system is NotConnected and says what is missing."""
        return self._who(centre, kind.value)

    def checks_pins(self, centre: str) -> bool:
        """Whether somebody can say for a centre that a query PIN is right, and is not resting."""
        who = self._who(centre, PIN)
        return isinstance(who, Guarded) and not self._is_resting(who)

    def freeze_rules(self, centre: str) -> FreezeRules:
        """How long a freeze by telephone holds in the centre's city, and where it is lifted."""
        return self._keeper.file().freeze_rules(centre)

    def bank_phones(self, centre: str) -> tuple[tuple[str, str], ...]:
        """The banks of the centre's cards and their lines, as the file has them."""
        who = self._who(centre, Kind.CARD.value)
        if not isinstance(who, Guarded):
            return ()
        phones = who.system.table("bank_phone")
        return tuple((name, phones[code]) for code, name in who.system.table("bank").items() if code in phones)

    def takes_freezes(self, centre: str) -> bool:
        """Whether a card of this centre can be frozen by telephone."""
        who = self._who(centre, Kind.CARD.value)
        return isinstance(who, Guarded) and who.takes_writes

    def is_resting(self, centre: str, kind: Kind) -> datetime | None:
        """Until when the centre's system is not asked because it is down; None when it is, or when there is none."""
        who = self._who(centre, kind.value)
        return self._is_resting(who) if isinstance(who, Guarded) else None

    def _is_resting(self, who: Guarded) -> datetime | None:
        until = who.breaker.resting_until()
        return until if until is not None and until > self._now() else None

    def look_up(
        self, centre: str, kind: Kind, person: Insured, purpose: Purpose, deadline_seconds: float = DEADLINE_SECONDS
    ) -> Answer:
        """Ask the centre's system for a person. Never raises; Unavailable("closed") where nobody answers."""
        who = self._who(centre, kind.value)
        if not isinstance(who, Guarded):
            return Unavailable("", "closed")
        row = self._begin(who, centre, kind.value, person, purpose)
        if row is None:
            return Unavailable(who.system.name, "down")
        answer = who.look_up(person, deadline_seconds)
        self._end(row, who, kind.value, result_class(answer), _reason(answer))
        return answer

    def write_card(
        self,
        centre: str,
        action: CardAction,
        person: Insured,
        card_ref: str,
        purpose: Purpose,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> WriteAnswer:
        """Freeze or release a card, once. Never raises. Whoever asks has written down before that it is asked."""
        who = self._who(centre, Kind.CARD.value)
        if not isinstance(who, Guarded):
            return Unavailable("", "closed")
        row = self._begin(who, centre, f"card_{action}", person, purpose)
        if row is None:
            return Unavailable(who.system.name, "down")
        answer = who.write(action, person, card_ref, deadline_seconds)
        self._end(row, who, f"card_{action}", result_class(answer), _reason(answer))
        return answer

    def check_pin(
        self, centre: str, person: Insured, pin: str, purpose: Purpose, deadline_seconds: float = DEADLINE_SECONDS
    ) -> PinAnswer:
        """Ask whether a query PIN is right, unless it is locked. Never raises.

        PinChecked says how many wrong ones are left. A right one of the kind everybody can guess is INITIAL too.
        """
        who = self._who(centre, PIN)
        if not isinstance(who, Guarded):
            return Unavailable("", "closed")
        row = self._begin(who, centre, PIN, person, purpose)
        if row is None:
            return Unavailable(who.system.name, "down")
        try:
            answer = self._check_unless_locked(who, person, pin, purpose, deadline_seconds)
        except (psycopg.Error, PoolTimeout) as error:
            log.error("pin_lock_away", error=type(error).__name__)
            answer = Unavailable(who.system.name, "down")
        self._end(row, who, PIN, result_class(answer), _reason(answer))
        return answer

    def person_hash(self, id_number: str) -> bytes:
        """By what a person's audit rows and wrong PINs are found."""
        return self._sealer.fingerprint(id_number)

    def health(self, centres: Collection[str] = ()) -> list[SystemHealth]:
        """How every system is, within about three seconds. `centres`: whom to name beside a system."""
        file = self._keeper.file()
        guarded = {name: self._system(system) for name, system in file.systems.items()}
        _look([who for who in guarded.values() if isinstance(who, Guarded)])
        asked = {
            name: tuple((c, what) for c in centres for what in ANSWERED if file.entry(c, what) == Asks(name))
            for name in guarded
        }
        return [self._health(file.systems[name], who, asked[name]) for name, who in guarded.items()]

    def close(self) -> None:
        """Close all connections; the next question opens new ones."""
        with self._lock:
            built, self._built = self._built, {}
        for _, who in built.values():
            if isinstance(who, Guarded):
                who.close()

    def _who(self, centre: str, what: str) -> Guarded | NotConnected | ReferTo:
        file = self._keeper.file()
        if not file.systems and self._keeper.problems:
            return BAD_FILE
        entry = file.entry(centre, what)
        return self._system(file.systems[entry.system]) if isinstance(entry, Asks) else entry

    def _system(self, system: System) -> Guarded | NotConnected:
        with self._lock:
            built = self._built.get(system.name)
            if built is not None and built[0] == system:
                return built[1]
            who = self._build(system)
            self._built[system.name] = (system, who)
        if built is not None and isinstance(built[1], Guarded):
            built[1].close()
        return who

    def _build(self, system: System) -> Guarded | NotConnected:
        try:
            return build_guarded(system, self._settings, self._database, self._live_store, self._now)
        except HalfConnected as half:
            log.warning("system_half_connected", system=system.name, detail=half.detail)
            return NotConnected(half.sentence)

    def _begin(self, who: Guarded, centre: str, kind: str, person: Insured, purpose: Purpose) -> AuditRow | None:
        person_hash = self.person_hash(person.id_number)
        try:
            return self._trail.enter(self._now(), purpose, centre, who.system.name, kind, person_hash)
        except NoAudit:
            # Nobody's data is asked for without a trace.
            return None

    def _end(self, row: AuditRow, who: Guarded, kind: str, result: str, reason: str | None) -> None:
        self._trail.complete(row, result, reason)
        ANSWERS.labels(who.system.name, kind, result, reason or "").inc()
        SECONDS.labels(who.system.name, kind).observe(row.seconds)
        log.info("looked_up", system=who.system.name, kind=kind, result=result, reason=reason, audit=row.id)

    def _check_unless_locked(
        self, who: Guarded, person: Insured, pin: str, purpose: Purpose, deadline_seconds: float
    ) -> PinAnswer:
        rules = self._keeper.file().pin
        tried = self._pin_lock.begin(self.person_hash(person.id_number), purpose.caller_hash, self._now(), rules)
        if isinstance(tried, Locked):
            return tried
        verdict = who.check(person, pin, deadline_seconds)
        if verdict is PinVerdict.RIGHT and is_initial(pin, person.id_number):
            verdict = PinVerdict.INITIAL
        self._settle(tried, verdict)
        if isinstance(verdict, PinVerdict):
            return PinChecked(verdict, tried.tries_left)
        return verdict

    def _settle(self, tried: Try, verdict: PinVerdict | Unavailable | Unknown) -> None:
        if verdict in (PinVerdict.RIGHT, PinVerdict.INITIAL):
            self._pin_lock.forgive(tried)
        elif verdict is PinVerdict.NOT_FOUND:
            self._pin_lock.hold_against_caller(tried)
        elif verdict is not PinVerdict.WRONG:
            self._pin_lock.take_back(tried)

    def _health(self, system: System, who: Guarded | NotConnected, asked: tuple[tuple[str, str], ...]) -> SystemHealth:
        if isinstance(who, NotConnected):
            return SystemHealth(system.name, system.label, system.kind.value, "half", who.reason, None, asked)
        until = who.breaker.resting_until()
        state, sentence = judge(who.is_there.last, until, self._now(), who.note)
        return SystemHealth(system.name, system.label, system.kind.value, state, sentence, until, asked)


def _reason(answer: Answer | PinAnswer | WriteAnswer) -> str | None:
    return answer.reason if isinstance(answer, Unavailable) else None


def _look(systems: Iterable[Guarded]) -> None:
    """Look at all of them at once; one that hangs is left to its own time-out."""
    threads = ThreadPoolExecutor(8, thread_name_prefix="probe")
    try:
        wait([threads.submit(who.is_there.look) for who in systems], timeout=HEALTH_SECONDS)
    finally:
        threads.shutdown(wait=False)

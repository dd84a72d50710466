"""The lock on PINs against a plain reckoning, in many threads at once, and over an empty Redis and a new process."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.database import Database
from integrations.services import Services
from integrations.social_insurance.contract import Locked
from integrations.social_insurance.pin_lock import PinLock, Try
from integrations.social_insurance.systems_file import PinRules

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
RULES = PinRules(tries_per_person=3, tries_per_caller=5, window_hours=24)


def fingerprint(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


WANG, LI = fingerprint("wang"), fingerprint("li")
PHONE, OTHER = fingerprint("phone"), fingerprint("other phone")


@pytest.fixture
def lock(database: Database) -> PinLock:
    return PinLock(database)


def wrong(lock: PinLock, person: bytes, phone: bytes | None, at: datetime = START) -> Try | Locked:
    return lock.begin(person, phone, at, RULES)


def test_a_person_is_locked_after_so_many_wrong_ones_from_anywhere(lock: PinLock) -> None:
    left = [wrong(lock, WANG, phone) for phone in (PHONE, OTHER, None)]
    assert [tried.tries_left for tried in left if isinstance(tried, Try)] == [2, 1, 0]
    assert wrong(lock, WANG, fingerprint("a third")) == Locked(START + timedelta(hours=24))
    assert isinstance(wrong(lock, LI, PHONE), Try)


def test_a_telephone_is_locked_after_so_many_wrong_ones_about_anybody(lock: PinLock) -> None:
    left = [wrong(lock, fingerprint(f"person {n}"), PHONE) for n in range(5)]
    assert [tried.tries_left for tried in left if isinstance(tried, Try)] == [2, 2, 2, 1, 0]
    assert wrong(lock, WANG, PHONE) == Locked(START + timedelta(hours=24))
    assert isinstance(wrong(lock, WANG, OTHER), Try) and isinstance(wrong(lock, WANG, None), Try)


def test_the_lock_opens_when_the_oldest_slip_is_forgotten(lock: PinLock) -> None:
    for hours in (0, 3, 9):
        wrong(lock, WANG, None, START + timedelta(hours=hours))
    until = START + timedelta(hours=24)
    assert wrong(lock, WANG, None, until - timedelta(seconds=1)) == Locked(until)
    tried = wrong(lock, WANG, None, until)
    assert isinstance(tried, Try) and tried.tries_left == 0
    assert wrong(lock, WANG, None, until) == Locked(START + timedelta(hours=27))


def test_to_ask_while_locked_makes_it_no_longer(lock: PinLock) -> None:
    for _ in range(3):
        wrong(lock, WANG, PHONE)
    for minutes in range(60):
        assert wrong(lock, WANG, PHONE, START + timedelta(minutes=minutes)) == Locked(START + timedelta(hours=24))


def test_a_right_one_forgives_the_persons_own_slips(lock: PinLock) -> None:
    for _ in range(2):
        wrong(lock, WANG, PHONE)
    tried = wrong(lock, WANG, PHONE)
    assert isinstance(tried, Try)
    lock.forgive(tried)
    again = wrong(lock, WANG, PHONE)
    assert isinstance(again, Try) and again.tries_left == 2


def test_a_right_one_does_not_wash_away_what_that_telephone_tried_for_others(lock: PinLock) -> None:
    for n in range(4):
        wrong(lock, fingerprint(f"victim {n}"), PHONE)
    own = wrong(lock, WANG, PHONE)
    assert isinstance(own, Try)
    lock.forgive(own)
    last = wrong(lock, fingerprint("victim 4"), PHONE)
    assert isinstance(last, Try) and last.tries_left == 0
    assert isinstance(wrong(lock, fingerprint("victim 5"), PHONE), Locked)


def test_what_others_tried_for_a_person_stays_on_their_telephones(lock: PinLock) -> None:
    for _ in range(2):
        wrong(lock, WANG, OTHER)
    own = wrong(lock, WANG, PHONE)
    assert isinstance(own, Try)
    lock.forgive(own)
    fresh = wrong(lock, WANG, None)
    assert isinstance(fresh, Try) and fresh.tries_left == 2
    left = [wrong(lock, fingerprint(f"victim {n}"), OTHER) for n in range(3)]
    assert [tried.tries_left for tried in left if isinstance(tried, Try)] == [2, 1, 0]
    assert isinstance(wrong(lock, LI, OTHER), Locked)


def test_a_try_that_nobody_judged_is_taken_back(lock: PinLock) -> None:
    for _ in range(10):
        tried = wrong(lock, WANG, PHONE)
        assert isinstance(tried, Try)
        lock.take_back(tried)


@pytest.mark.parametrize("phone", [PHONE, None])
def test_a_number_of_nobody_is_held_against_the_telephone_alone(phone: bytes | None, lock: PinLock) -> None:
    for n in range(5):
        tried = wrong(lock, WANG if n < 2 else fingerprint(f"nobody {n}"), phone)
        assert isinstance(tried, Try)
        lock.hold_against_caller(tried)
    fresh = wrong(lock, WANG, OTHER)
    assert isinstance(fresh, Try) and fresh.tries_left == 2
    assert isinstance(wrong(lock, LI, phone), Locked) is (phone is not None)


@pytest.mark.parametrize("phone", [PHONE, None])
def test_however_many_try_at_once_no_more_than_allowed_get_through(lock: PinLock, phone: bytes | None) -> None:
    with ThreadPoolExecutor(8) as threads:
        tried = list(threads.map(lambda _: wrong(lock, WANG, phone), range(40)))
    through = [one for one in tried if isinstance(one, Try)]
    assert sorted(one.tries_left for one in through) == [0, 1, 2] and len(tried) - len(through) == 37


def test_nor_across_persons_and_telephones_and_nobody_waits_for_ever(lock: PinLock) -> None:
    """Pairs in every order: locks taken in another order than the other's would end in a deadlock."""
    people = [fingerprint(f"person {n}") for n in range(4)]
    pairs = [(person, phone) for person in people for phone in (PHONE, OTHER, *people) if person != phone] * 8
    with ThreadPoolExecutor(8) as threads:
        tried = list(threads.map(lambda pair: (pair, wrong(lock, *pair)), pairs))
    through = [pair for pair, one in tried if isinstance(one, Try)]
    for person in people:
        assert sum(pair[0] == person for pair in through) <= RULES.tries_per_person
    for phone in (PHONE, OTHER):
        assert sum(pair[1] == phone for pair in through) <= RULES.tries_per_caller
    assert len(through) >= RULES.tries_per_caller


def test_an_empty_redis_and_a_new_process_change_nothing(services: Services) -> None:
    for _ in range(3):
        wrong(PinLock(services.database), WANG, PHONE)
    services.live_store.flushall()
    other = Database(services.database.url, pool_size=1)
    try:
        assert isinstance(wrong(PinLock(other), WANG, OTHER), Locked)
    finally:
        other.close()


def test_what_is_forgotten_is_gone_from_the_table(lock: PinLock, database: Database) -> None:
    for n in range(3):
        wrong(lock, fingerprint(f"person {n}"), None)
    wrong(lock, WANG, None, START + timedelta(hours=24))
    with database.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM pin_failure").fetchone() == (1,)


# the plain reckoning


@dataclass
class Reckoning:
    """What the lock promises, counted by hand."""

    slips: list[list[object]] = field(default_factory=list)  # at, person or None, phone or None

    def begin(self, person: bytes, phone: bytes | None, at: datetime) -> int | datetime:
        since = at - timedelta(hours=RULES.window_hours)
        mine = [slip for slip in self.slips if slip[0] > since]  # type: ignore[operator]
        counts = [(sorted(s[0] for s in mine if s[1] == person), RULES.tries_per_person)]  # type: ignore[type-var]
        if phone is not None:
            counts.append((sorted(s[0] for s in mine if s[2] == phone), RULES.tries_per_caller))  # type: ignore[type-var]
        ends = [times[-most] + timedelta(hours=RULES.window_hours) for times, most in counts if len(times) >= most]  # type: ignore[operator]
        if ends:
            return max(ends)
        self.slips.append([at, person, phone])
        return min(most - len(times) for times, most in counts) - 1

    def right(self, person: bytes, phone: bytes | None) -> None:
        self.slips.pop()
        self.slips = [s for s in self.slips if not (s[1] == person and s[2] in (None, phone))]
        for slip in self.slips:
            if slip[1] == person:
                slip[1] = None

    def nobody(self) -> None:
        if self.slips[-1][2] is None:
            self.slips.pop()
        else:
            self.slips[-1][1] = None


deeds = st.tuples(
    st.sampled_from([WANG, LI, fingerprint("third")]),
    st.sampled_from([PHONE, OTHER, None]),
    st.sampled_from(["wrong", "wrong", "wrong", "right", "nobody", "away"]),
    st.integers(0, 9 * 60),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(deeds, max_size=30))
def test_the_lock_counts_as_one_would_by_hand(
    database: Database, story: list[tuple[bytes, bytes | None, str, int]]
) -> None:
    with database.pool.connection() as connection:
        connection.execute("TRUNCATE pin_failure")
    lock, by_hand, at = PinLock(database), Reckoning(), START
    for person, phone, deed, minutes in story:
        at += timedelta(minutes=minutes)
        tried, expected = lock.begin(person, phone, at, RULES), by_hand.begin(person, phone, at)
        if isinstance(tried, Locked):
            assert tried.until == expected
            continue
        assert tried.tries_left == expected
        if deed == "right":
            lock.forgive(tried)
            by_hand.right(person, phone)
        elif deed == "nobody":
            lock.hold_against_caller(tried)
            by_hand.nobody()
        elif deed == "away":
            lock.take_back(tried)
            by_hand.slips.pop()

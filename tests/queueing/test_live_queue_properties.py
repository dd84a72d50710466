"""The live line beside the rules of routing and a plain model of itself: any order of events, several clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from redis import Redis

from integrations.live_store import build_live_store
from queueing.live_queue import Claim, LineLost, LiveQueue
from queueing.routing import Seat, Waiting, assign
from tests.queueing.live_line import ANQING, HEFEI, HELPS, WUHU, at, caller, lines_of, new_line, pairs, seat, write_line

CENTRES = (HEFEI, WUHU, ANQING)
CLIENTS = 3
RARELY = st.integers(0, 7).map(lambda number: number == 7)
# Nobody comes in the future.
SECONDS = st.integers(120, 320)
IDLE = st.integers(-120, 120)
# Few instants, so that many come at the same one.
CAME = st.integers(-4, 4).map(lambda number: 30 * number)
ENTRIES, AGENTS = st.integers(1, 8), st.integers(1, 5)
WAITING = st.builds(
    caller,
    entry_id=ENTRIES,
    came=CAME,
    skill=st.sampled_from(["", "card", "pension"]),
    language=st.sampled_from(["", "", "hefei"]),
    centre=st.sampled_from(CENTRES),
    bonus=st.sampled_from([0, 0, 60, 600]),
)
SEATS = st.builds(
    seat,
    agent_id=AGENTS,
    idle=IDLE,
    skills=st.sets(st.sampled_from(["card", "pension"])),
    languages=st.sets(st.sampled_from(["hefei"])),
    centre=st.sampled_from(CENTRES),
    cool=st.sampled_from([None, None, 130, 190]),
)


@pytest.fixture
def live_store(redis_url: str) -> Iterator[Redis]:
    live_store = build_live_store(redis_url)
    live_store.flushall()
    yield live_store
    live_store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(WAITING, max_size=8, unique_by=lambda entry: entry.entry_id),
    # Which of two seats that became free in the same microsecond is first does not matter.
    seats=st.lists(SEATS, max_size=5, unique_by=(lambda seat: seat.agent_id, lambda seat: seat.idle_since)),
    now=SECONDS,
    limit=st.integers(1, 4),
)
def test_the_pairs_are_those_of_the_rules(
    live_store: Redis, entries: list[Waiting], seats: list[Seat], now: int, limit: int
) -> None:
    write_line(live_store, [(entry, False) for entry in entries], seats)
    line, found = LiveQueue(live_store), []
    while claims := line.next_pairs(limit, at(now), timedelta(seconds=5)):
        found += pairs(claims)
    expected = assign(seats, entries, at(now), {}, HELPS)
    assert found == [(entry.entry_id, seat.agent_id) for seat, entry in expected]


@dataclass
class Place:
    """An entry of the model: where it stands, and what holds it."""

    waiting: Waiting
    hold: str = ""


@dataclass
class Chair:
    """A free seat of the model, and what holds it."""

    seat: Seat
    hold: str = ""


class LineMachine(RuleBasedStateMachine):
    """Each step is taken by one of several clients; afterwards Redis must say what the model says."""

    claims = Bundle("claims")
    clients = st.integers(0, CLIENTS - 1)

    def __init__(self, redis_url: str) -> None:
        super().__init__()
        first = new_line(redis_url)
        self.lines = [first, *(LiveQueue(build_live_store(redis_url)) for _ in range(CLIENTS - 1))]
        self.now = 120
        self.is_lost = False
        self.places: dict[int, Place] = {}
        self.chairs: dict[int, Chair] = {}
        self.leases: dict[str, tuple[Claim, int]] = {}

    def teardown(self) -> None:
        for line in self.lines:
            line.live_store.close()

    def told(self, ask: Callable[[], object], answer: object) -> None:
        """Redis gives this answer, or says that it has no line; the rows know either way."""
        if self.is_lost:
            with pytest.raises(LineLost):
                ask()
        else:
            assert ask() == answer

    @rule(client=clients, waiting=WAITING, is_offered=st.sampled_from([False, False, False, True]))
    def join(self, client: int, waiting: Waiting, is_offered: bool) -> None:
        is_new = waiting.entry_id not in self.places
        self.told(lambda: self.lines[client].join(waiting, is_offered), is_new)
        self.places[waiting.entry_id] = Place(waiting, "offered" if is_offered else "")

    @rule(client=clients, entry_id=ENTRIES)
    def leave(self, client: int, entry_id: int) -> None:
        self.told(lambda: self.lines[client].leave(entry_id), self.places.pop(entry_id, None) is not None)

    @rule(client=clients, seat=SEATS)
    def agent_free(self, client: int, seat: Seat) -> None:
        others = {chair.seat.idle_since for number, chair in self.chairs.items() if number != seat.agent_id}
        if seat.idle_since in others:
            return
        self.told(lambda: self.lines[client].agent_free(seat, lines_of(seat)), seat.agent_id not in self.chairs)
        self.chairs[seat.agent_id] = Chair(seat)

    @rule(client=clients, agent_id=AGENTS)
    def agent_gone(self, client: int, agent_id: int) -> None:
        self.told(lambda: self.lines[client].agent_gone(agent_id), self.chairs.pop(agent_id, None) is not None)

    @rule(target=claims, client=clients, limit=st.integers(1, 4), only=st.one_of(st.none(), AGENTS))
    def take(self, client: int, limit: int, only: int | None) -> object:
        line, lease = self.lines[client], timedelta(seconds=5)
        if self.is_lost:
            self.told(lambda: line.next_pairs(limit, at(self.now), lease), None)
            return multiple()
        if only is None:
            found = line.next_pairs(limit, at(self.now), lease)
        else:
            one = line.claim(only, at(self.now), lease)
            found, limit = [one] if one else [], 1
        assert pairs(found) == self.expected(only)[:limit]
        for claim in found:
            self.places[claim.entry_id].hold = self.chairs[claim.agent_id].hold = claim.token
            self.leases[claim.token] = (claim, self.now + 5)
        return multiple(*found)

    def expected(self, only: int | None) -> list[tuple[int, int]]:
        """By the rules, from those that nothing holds."""
        seats = [chair.seat for number, chair in self.chairs.items() if not chair.hold and only in (None, number)]
        waiting = [place.waiting for place in self.places.values() if not place.hold]
        found = assign(seats, waiting, at(self.now), {}, HELPS)
        return [(entry.entry_id, seat.agent_id) for seat, entry in found]

    @rule(client=clients, claim=claims, entry_back=st.booleans(), agent_back=st.booleans())
    def give_back(self, client: int, claim: Claim, entry_back: bool, agent_back: bool) -> None:
        ask = self.lines[client].give_back
        self.told(lambda: ask(claim, entry_back, agent_back), claim.token in self.leases)
        self.settle(claim, "" if entry_back else None, agent_back)

    @rule(client=clients, claim=claims)
    def confirm(self, client: int, claim: Claim) -> None:
        self.told(lambda: self.lines[client].confirm(claim), claim.token in self.leases)
        self.settle(claim, "offered", False)

    def settle(self, claim: Claim, entry_hold: str | None, agent_back: bool) -> None:
        if self.leases.pop(claim.token, None) is None:
            return
        place, chair = self.places.get(claim.entry_id), self.chairs.get(claim.agent_id)
        if place and place.hold == claim.token:
            if entry_hold is None:
                del self.places[claim.entry_id]
            else:
                place.hold = entry_hold
        if chair and chair.hold == claim.token:
            chair.hold = ""
            if not agent_back:
                del self.chairs[claim.agent_id]

    @rule(seconds=st.sampled_from([1, 5, 30]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(client=clients)
    def recover(self, client: int) -> None:
        over = [claim for claim, end in self.leases.values() if end <= self.now]
        line = self.lines[client]
        self.told(lambda: sorted(line.recover(at(self.now)), key=repr), sorted(over, key=repr))
        for claim in over:
            self.settle(claim, "", True)

    @rule(is_now=RARELY)
    def redis_is_emptied(self, is_now: bool) -> None:
        if is_now:
            self.lines[0].live_store.flushall()
            self.lose()

    @rule(client=clients, is_now=RARELY)
    def rebuild(self, client: int, is_now: bool) -> None:
        if is_now or self.is_lost:
            self.write_anew(client)

    def write_anew(self, client: int) -> None:
        """From the rows, in which a claim is nothing."""
        self.lose()
        entries = [(place.waiting, place.hold == "offered") for place in self.places.values()]
        write_line(self.lines[client].live_store, entries, [chair.seat for chair in self.chairs.values()])
        self.is_lost = False

    def lose(self) -> None:
        self.is_lost = True
        for claim, _ in list(self.leases.values()):
            self.settle(claim, "", True)

    @invariant()
    def redis_says_what_the_model_says(self) -> None:
        line = self.lines[0]
        self.told(line.entry_holds, {number: place.hold for number, place in self.places.items()})
        self.told(line.seat_holds, {number: chair.hold for number, chair in self.chairs.items()})

    @invariant()
    def everybody_is_told_their_place(self) -> None:
        if self.is_lost:
            return
        for centre in CENTRES:
            places = [place.waiting for place in self.places.values() if place.waiting.centre == centre]
            places.sort(key=lambda waiting: waiting.order)
            assert self.lines[1].count(centre) == len(places)
            assert [self.lines[1].ahead(waiting.entry_id) for waiting in places] == list(range(len(places)))


def test_nobody_is_lost_nobody_is_taken_twice_and_the_order_is_kept(redis_url: str) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: LineMachine(redis_url),
        settings=settings(max_examples=40, stateful_step_count=50, deadline=None, print_blob=True),
    )

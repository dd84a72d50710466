"""Random callers who key random numbers: nobody is proven without a verdict, and nothing keyed stands anywhere.

Examples are few: each is a whole call on the real database and over the wire. A failure prints how to have it again.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integrations.sandbox.people import Population
from integrations.sandbox.records import Person
from ivr.identity import proven_identity
from ivr.service import Line
from tests.integrations.sandbox_process import SandboxProcess
from tests.integrations.social_insurance.conftest import everything_logged as everything_logged
from tests.ivr.query.asker import CARD, MEDICAL, PENSION, Asker, keyed
from tests.ivr.query.conftest import HEFEI, PROVINCE, Rings
from tests.ivr.query.test_trouble import PIN_SERVICE

Rows = Callable[..., list[tuple[Any, ...]]]
FEW = settings(
    max_examples=12,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# People whose right PIN nobody keys here, and people who may prove themselves; by their place in the population.
VICTIMS, OWNERS = ("王芳", "王建国"), ("王娜", "王强", "李娜", "李芳", "李军", "王艳")
WRONG_PINS = ("918273", "736455", "192837")
# Every telephone rings once, so that none is locked.
TELEPHONES = (f"+8613800{n:06d}" for n in itertools.count(200_000))
NUMBERS = st.tuples(st.just("number"), st.sampled_from([*VICTIMS, *OWNERS]))
ACTIONS = st.one_of(
    NUMBERS,
    NUMBERS,
    st.tuples(st.just("pin"), st.sampled_from(["own", "own", *WRONG_PINS])),
    st.tuples(st.just("pin"), st.sampled_from(["own", *WRONG_PINS])),
    st.tuples(st.just("keys"), st.sampled_from(["0", "1", "2", "3", "9", "*", "#", "12", "340103198503089984"])),
    st.tuples(st.just("wait"), st.just("")),
    st.tuples(st.just("repeat"), st.just("")),
    st.tuples(st.just("late"), st.integers(0, 30).map(str)),
)


@pytest.fixture
def known(population: Population) -> dict[str, Person]:
    return {p.name: p for p in population.people if p.shows}


class Keys:
    """What was keyed in so far that must stand nowhere."""

    def __init__(self) -> None:
        self.secret: set[str] = set()

    def note(self, number: str) -> str:
        self.secret |= {number, keyed(number)}
        return keyed(number)

    def in_text(self, text: str) -> list[str]:
        """Six digits may occur by chance in longer runs of digits and letters, which are times and ids."""
        return [
            number for number in self.secret if re.search(rf"(?<![0-9A-Za-z.]){re.escape(number)}(?![0-9A-Za-z])", text)
        ]

    def in_bytes(self, content: bytes) -> list[str]:
        return self.in_text(content.decode("latin-1"))


def act(asker: Asker, action: str, value: str, known: dict[str, Person], keys: Keys, last: list[Person]) -> None:
    verb = asker.waiting.verb if asker.waiting else None
    if action in ("repeat", "late"):
        url, form, _ = asker.history[-1 if action == "repeat" else int(value) % len(asker.history)]
        assert asker.request(url, form)[0] == 200
    elif verb is None or verb.tag != "Gather":
        return
    elif action == "wait":
        asker.clock.tick(1)
        asker.wait()
    elif action == "number":
        if verb.attrib.get("numDigits") == "18":
            last[:] = [known[value]]
            asker.press(keys.note(known[value].id_number))
    elif action == "pin":
        if verb.attrib.get("numDigits") == "6":
            own = last[0].pin if last and last[0].name not in VICTIMS else None
            pin = own if value == "own" else value
            asker.press(keys.note(pin or WRONG_PINS[0])).waits()
    else:
        asker.press(value)


def is_proven_only_by_a_verdict(line: Line, rows: Rows, asker: Asker) -> None:
    proven = proven_identity(line.services, asker.sid)
    if proven is None:
        return
    right = rows(
        "SELECT person_hash FROM look_up_audit WHERE call_sid = %s AND kind = 'pin' AND result = 'right'", asker.sid
    )
    hashed = line.services.social_insurance.person_hash(proven.person.id_number)
    assert hashed in [bytes(person_hash) for (person_hash,) in right]


def nothing_stands_in_the_clear(line: Line, rows: Rows, keys: Keys) -> None:
    for table in ("call_session", "call_step", "look_up_audit", "pin_failure", "call"):
        for row in rows(f"SELECT * FROM {table}"):
            for value in row:
                content = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                assert keys.in_bytes(content) == [], table
    live_store = line.services.live_store
    names: Any = live_store.keys("*")
    for name in names:
        dumped: Any = live_store.dump(name)
        assert keys.in_bytes(bytes(name)) == [] and keys.in_bytes(bytes(dumped or b"")) == []


@pytest.fixture
def logged(everything_logged: io.StringIO) -> Iterator[Callable[[], str]]:
    """What was logged since the test began."""
    begun = everything_logged.tell()
    yield lambda: everything_logged.getvalue()[begun:]


# One who proves who they are and asks on, and one who guesses on.
OWNER = (HEFEI, PENSION, ("number", "王娜"), [("pin", "own"), ("repeat", ""), ("keys", "*"), ("keys", "2")])
GUESSER = (PROVINCE, CARD, ("number", "王芳"), [("pin", "918273"), ("late", "3"), ("pin", "736455"), ("keys", "9")])


@FEW
@example(calls=[OWNER, GUESSER])
@given(
    calls=st.lists(
        st.tuples(st.sampled_from([HEFEI, PROVINCE]), st.sampled_from([PENSION, MEDICAL, CARD]),
                  NUMBERS, st.lists(ACTIONS, min_size=2, max_size=12)),
        min_size=1, max_size=2,
    )
)  # fmt: skip
def test_whatever_is_keyed_nobody_is_proven_without_a_verdict_and_nothing_is_kept(
    calls: list[Any],
    rings: Rings,
    rows: Rows,
    line: Line,
    sandbox: SandboxProcess,
    known: dict[str, Person],
    logged: Callable[[], str],
) -> None:
    keys = Keys()
    for centre, what, number, actions in calls:
        last: list[Person] = []
        asker = rings(centre, caller=next(TELEPHONES) if centre == PROVINCE else "").asks(what)
        for action, value in (number, *actions):
            if asker.is_over:
                break
            act(asker, action, value, known, keys, last)
            is_proven_only_by_a_verdict(line, rows, asker)
        nothing_stands_in_the_clear(line, rows, keys)
        asker.hang_up()
        assert proven_identity(line.services, asker.sid) is None
        nothing_stands_in_the_clear(line, rows, keys)
        assert rows("SELECT count(*) FROM call_session WHERE call_sid = %s", asker.sid) == [(0,)]
    assert keys.in_text(logged()) == []
    # Nothing is forgotten from one example to the next: neither what was wrong nor how often it was asked.
    for name in VICTIMS:
        assert sandbox.asked("pension-province", PIN_SERVICE, known[name].id_number) <= 5


@FEW
@given(tries=st.lists(st.sampled_from(WRONG_PINS), min_size=6, max_size=9), stops=st.sets(st.integers(0, 8)))
def test_of_a_person_no_more_than_five_wrong_pins_are_ever_asked(
    tries: list[str],
    stops: set[int],
    rings: Rings,
    rows: Rows,
    sandbox: SandboxProcess,
    known: dict[str, Person],
    line: Line,
) -> None:
    """In one call or in many, from as many telephones as there are."""
    rows("WITH gone AS (DELETE FROM pin_failure) SELECT 1")
    sandbox.reset()
    person = known["王芳"]
    asker: Asker | None = None
    for n, pin in enumerate(tries):
        is_asked = asker is not None and asker.waiting and asker.waiting.verb.attrib.get("numDigits") == "6"
        if asker is None or not is_asked or n in stops:
            asker = rings(PROVINCE, caller=next(TELEPHONES)).asks(PENSION).press(person.id_number)
        asker.press(pin).waits()
        assert proven_identity(line.services, asker.sid) is None
        assert sandbox.asked("pension-province", PIN_SERVICE, person.id_number) == min(n + 1, 5)
    assert rows("SELECT count(*) FROM pin_failure") == [(5,)]


def test_the_search_would_find_what_stands_somewhere(line: Line, rows: Rows, logged: Callable[[], str]) -> None:
    """An ear that hears nothing proves nothing."""
    keys = Keys()
    keys.note("34010419910916996X")
    keys.note("470025")
    structlog.get_logger("ear").info("heard", pin="470025")
    assert keys.in_text(logged()) == ["470025"]
    line.services.live_store.set("answer:somebody", b"\x01 34010419910916996* \x02")
    with pytest.raises(AssertionError):
        nothing_stands_in_the_clear(line, rows, keys)
    line.services.live_store.flushdb()
    nothing_stands_in_the_clear(line, rows, keys)
    rows("INSERT INTO pin_failure (at, person_hash) VALUES (now(), %s) RETURNING id", b"470025")
    with pytest.raises(AssertionError):
        nothing_stands_in_the_clear(line, rows, keys)
    rows("WITH gone AS (DELETE FROM pin_failure) SELECT 1")

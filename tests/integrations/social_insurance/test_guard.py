"""What stands around a system: deadline, one more try, rest, places, and no exception that comes out."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from prometheus_client import REGISTRY

from integrations.services import Services
from integrations.social_insurance.breaker import Breaker
from integrations.social_insurance.contract import (
    Answer,
    Away,
    Found,
    Insured,
    Kind,
    MedicalFile,
    NotFound,
    PinVerdict,
    Rejected,
    Unavailable,
    Unknown,
)
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.system_shape import System
from tests.integrations.social_insurance.conftest import NEVER_LOGGED
from tests.waiting import eventually

PERSON = Insured("34010419910916996X", "王小芳")
PIN = "470025"
FOUND = Found((MedicalFile("310", "normal", "340100"),), date(2026, 11, 22), "340100", "fake")
BROKEN = Away("down", is_connection=True)
SHUT = Away("down", was_sent=False, is_connection=True)
SLOW = Away("slow")
AT_ONCE = 2
NEVER_LOGGED.update((PERSON.id_number, PERSON.name, PIN))
Act = Callable[[float], object]


class FakeSystem:
    """Does what it is told, one after the other, the last for ever; raises what is an exception."""

    name, kind = "fake", Kind.MEDICAL

    def __init__(self) -> None:
        self.told: list[object] = [FOUND]
        self.asked: list[float] = []
        self.open = True

    def look_up(self, person: Insured, deadline_seconds: float) -> Answer:
        assert person == PERSON
        return self._do(deadline_seconds)

    def check(self, person: Insured, pin: str, deadline_seconds: float) -> PinVerdict | Unknown:
        assert (person, pin) == (PERSON, PIN)
        return self._do(deadline_seconds)

    def probe(self) -> bool:
        return True

    def note(self) -> str:
        return "数据截至2026-11-21"

    def close(self) -> None:
        self.open = False

    def _do(self, seconds: float) -> object:  # type: ignore[override]
        self.asked.append(seconds)
        told = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if isinstance(told, BaseException):
            raise told
        return told(seconds) if callable(told) else told


@pytest.fixture
def fake() -> FakeSystem:
    return FakeSystem()


@pytest.fixture
def guard(fake: FakeSystem, services: Services) -> Iterator[Callable[..., Guarded]]:
    built: list[Guarded] = []
    release = threading.Event()
    fake.release = release  # type: ignore[attr-defined]

    def guard(**more: int) -> Guarded:
        system = System("fake", "假的", "medical", "", **({"at_once": AT_ONCE, "failures_until_rest": 3} | more))  # type: ignore[arg-type]
        built.append(Guarded(system, fake, Breaker(services.live_store, system), fake))
        return built[-1]

    yield guard
    release.set()
    for one in built:
        one.close()
    assert not fake.open or not built


def hang(fake: FakeSystem) -> Act:
    """Until the end of the test, or until it is let go."""

    def wait(seconds: float) -> object:
        assert fake.release.wait(30)  # type: ignore[attr-defined]
        return FOUND

    return wait


def figure(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"system": "fake"}) or 0.0


@pytest.mark.parametrize("answer", [FOUND, NotFound("fake"), Unknown("fake", "r"), Rejected("fake", "不办")])
def test_an_answer_is_handed_on(answer: Answer, fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [answer]
    assert guard().look_up(PERSON, 5) == answer and len(fake.asked) == 1


# the deadline


def test_a_caller_leaves_at_the_deadline(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [hang(fake)]
    assert guard().look_up(PERSON, 0.3) == Unavailable("fake", "slow")


def test_a_system_has_no_more_time_than_the_file_gives_it(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    guard(timeout_seconds=2).look_up(PERSON, 60)
    guard(timeout_seconds=8).look_up(PERSON, 1.5)
    assert 1.5 < fake.asked[0] <= 2 and 1.0 < fake.asked[1] <= 1.5


def test_without_time_nobody_is_asked_and_nothing_is_held_against_the_system(
    fake: FakeSystem, guard: Callable[..., Guarded]
) -> None:
    one = guard(failures_until_rest=1)
    assert one.look_up(PERSON, 0.1) == Unavailable("fake", "slow")
    assert fake.asked == [] and one.breaker.resting_until() is None


# places


def test_a_system_that_hangs_takes_no_more_than_its_places(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    one = guard(failures_until_rest=100)
    fake.told = [hang(fake)]
    slow = [one.look_up(PERSON, 0.3) for _ in range(AT_ONCE)]
    assert [answer.reason for answer in slow if isinstance(answer, Unavailable)] == ["slow"] * AT_ONCE
    assert [one.look_up(PERSON, 5) for _ in range(5)] == [Unavailable("fake", "busy")] * 5
    assert len(fake.asked) == AT_ONCE
    fake.told = [FOUND]
    fake.release.set()  # type: ignore[attr-defined]
    eventually(lambda: one.look_up(PERSON, 5) == FOUND)


def test_places_are_given_back_whatever_happens(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    one = guard(failures_until_rest=1000)
    for told in (FOUND, BROKEN, SLOW, Away("refused"), RuntimeError("x"), Unknown("fake", "r")):
        fake.told = [told]
        for _ in range(AT_ONCE + 1):
            answer = one.look_up(PERSON, 5)
            assert not (isinstance(answer, Unavailable) and answer.reason == "busy")


def test_all_places_can_be_used_at_once(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(seconds: float) -> object:
        together.wait()
        return FOUND

    fake.told = [meet]
    one = guard(at_once=4)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: one.look_up(PERSON, 8), range(4))) == [FOUND] * 4


def test_to_be_too_busy_is_not_the_systems_fault(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    one = guard(at_once=1, failures_until_rest=2)
    fake.told = [hang(fake)]
    one.look_up(PERSON, 0.3)
    for _ in range(5):
        assert one.look_up(PERSON, 5) == Unavailable("fake", "busy")
    assert one.breaker.resting_until() is None


# one more try


@pytest.mark.parametrize("away", [BROKEN, SHUT])
def test_a_question_is_asked_once_more_when_the_connection_broke(
    away: Away, fake: FakeSystem, guard: Callable[..., Guarded]
) -> None:
    before = figure("social_insurance_retries_total")
    fake.told = [away, FOUND]
    assert guard().look_up(PERSON, 5) == FOUND and len(fake.asked) == 2
    assert figure("social_insurance_retries_total") == before + 1


def test_and_only_once(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [BROKEN, BROKEN, FOUND]
    assert guard().look_up(PERSON, 5) == Unavailable("fake", "down") and len(fake.asked) == 2


@pytest.mark.parametrize("away", [SLOW, Away("down"), Away("busy"), Away("refused")])
def test_nothing_else_is_asked_again(away: Away, fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [away, FOUND]
    assert guard().look_up(PERSON, 5) == Unavailable("fake", away.reason) and len(fake.asked) == 1


def test_both_tries_share_the_deadline(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [BROKEN, FOUND]
    guard().look_up(PERSON, 3)
    assert fake.asked[0] <= 3 and fake.asked[1] < fake.asked[0]


def test_without_time_for_it_nothing_is_asked_again(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [BROKEN, FOUND]
    assert guard().look_up(PERSON, 0.24) == Unavailable("fake", "down") and len(fake.asked) == 1


def test_a_pin_that_may_have_been_heard_is_not_tried_again(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [BROKEN, PinVerdict.RIGHT]
    assert guard().check(PERSON, PIN, 5) == Unavailable("fake", "down") and len(fake.asked) == 1


def test_a_pin_that_was_certainly_not_heard_is(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    fake.told = [SHUT, PinVerdict.RIGHT]
    assert guard().check(PERSON, PIN, 5) is PinVerdict.RIGHT and len(fake.asked) == 2


def test_a_system_without_pins_is_closed_for_them(fake: FakeSystem, services: Services) -> None:
    system = System("fake", "假的", "medical", "")
    assert Guarded(system, fake, Breaker(services.live_store, system)).check(PERSON, PIN, 5) == Unavailable(
        "fake", "closed"
    )


# the rest


@pytest.mark.parametrize("away", [SLOW, BROKEN])
def test_a_system_that_is_down_is_left_to_rest(away: Away, fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    one = guard(failures_until_rest=3)
    fake.told = [away]
    answers = [one.look_up(PERSON, 5) for _ in range(3)]
    assert all(isinstance(answer, Unavailable) and answer.reason == away.reason for answer in answers)
    asked, rests = len(fake.asked), figure("social_insurance_rests_total")
    answer = one.look_up(PERSON, 5)
    assert isinstance(answer, Unavailable) and (answer.reason, answer.until) == ("down", one.breaker.resting_until())
    assert answer.until is not None and len(fake.asked) == asked
    assert figure("social_insurance_rests_total") == rests + 1


@pytest.mark.parametrize(
    "told", [Away("refused"), Away("busy"), Unknown("fake", "r"), NotFound("fake"), Rejected("fake", "不办")]
)
def test_an_answer_we_do_not_like_is_an_answer(told: object, fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    one = guard(failures_until_rest=1)
    fake.told = [told]
    for _ in range(3):
        one.look_up(PERSON, 5)
    assert len(fake.asked) == 3 and one.breaker.resting_until() is None


def test_the_last_failure_before_the_rest_says_until_when(fake: FakeSystem, guard: Callable[..., Guarded]) -> None:
    one = guard(failures_until_rest=2)
    fake.told = [SLOW]
    first, second = (one.look_up(PERSON, 5) for _ in range(2))
    assert isinstance(first, Unavailable) and first.until is None
    assert isinstance(second, Unavailable) and second.until is not None


# exceptions


@pytest.mark.parametrize("error", [RuntimeError(f"about {PERSON.id_number}"), ValueError(PIN), KeyError(PERSON.name)])
def test_no_exception_comes_out_nor_its_text_into_the_log(
    error: Exception, fake: FakeSystem, guard: Callable[..., Guarded], everything_logged: io.StringIO
) -> None:
    fake.told = [error]
    one = guard()
    assert one.look_up(PERSON, 5) == Unknown("fake", "connector broke")
    assert one.check(PERSON, PIN, 5) == Unknown("fake", "connector broke")
    assert f"'error': '{type(error).__name__}'" in everything_logged.getvalue()


def test_a_guard_shows_its_system_alone(guard: Callable[..., Guarded]) -> None:
    one = guard()
    assert (repr(one), one.note) == ("Guarded(fake)", "数据截至2026-11-21")

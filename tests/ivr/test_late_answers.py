"""Answers that come later than the webhook that asked: whoever the next webhook reaches is told, and nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import pytest
import structlog
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from integrations.live_store import build_live_store
from integrations.sealer import Sealer, SealError
from integrations.services import Services
from ivr.commands import Answer
from ivr.late_answers import KEPT_SECONDS, LateAnswers
from tests.conftest import TEST_KEYS
from tests.waiting import eventually

SID, COMMAND = "CA" + "7" * 32, "look_up-2"
KEY = f"answer:{SID}:{COMMAND}"
# Of nobody: what an answer may hold.
ANSWER = Answer("found", {"id_tail": "9983", "what": "养老保险"}, {"findings": "个人账户，7,283,645"})
SECRETS = ("found", "9983", "养老保险", "findings", "7,283,645", "个人账户")
# As long as a test needs to see that something has not come.
SHORT = 0.05


class Performer:
    """Answers when its gate is opened."""

    def __init__(self, answer: Answer | Exception = ANSWER) -> None:
        self.gate = threading.Event()
        self.times = 0
        self._answer = answer

    def __call__(self) -> Answer:
        self.times += 1
        assert self.gate.wait(20)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class AwayRedis(Redis):
    """Nobody is there."""

    def execute_command(self, *args: object, **options: object) -> object:
        raise RedisConnectionError("gone")


@pytest.fixture
def process(services: Services) -> Iterator[Callable[..., LateAnswers]]:
    """`process()`: the late answers of one process; each has its own connection to the same Redis."""
    made: list[LateAnswers] = []
    stores: list[Redis] = []

    def make(patience: float = SHORT, live_store: Redis | None = None) -> LateAnswers:
        if live_store is None:
            live_store = build_live_store(services.settings.redis_url or "")
            stores.append(live_store)
        made.append(LateAnswers(live_store, services.sealer, patience))
        return made[-1]

    yield make
    for late in made:
        late.close()
    for store in stores:
        store.close()


@pytest.fixture
def performer() -> Iterator[Performer]:
    performer = Performer()
    yield performer
    performer.gate.set()


Process = Callable[..., LateAnswers]


def kept(services: Services) -> bytes | None:
    found = services.live_store.get(KEY)
    assert found is None or isinstance(found, bytes)
    return found


def test_an_answer_that_comes_at_once_is_given_at_once(process: Process, performer: Performer) -> None:
    performer.gate.set()
    assert process(patience=10).ask(SID, COMMAND, performer) == ANSWER


def test_a_later_one_is_collected_where_it_was_asked_for(process: Process, performer: Performer) -> None:
    late = process()
    assert late.ask(SID, COMMAND, performer) is None
    assert late.collect(SID, COMMAND) is None
    performer.gate.set()
    assert eventually(lambda: late.collect(SID, COMMAND)) == ANSWER
    assert performer.times == 1


def test_a_later_one_is_collected_in_another_process(
    process: Process, services: Services, performer: Performer
) -> None:
    assert process().ask(SID, COMMAND, performer) is None
    other = process()
    assert other.collect(SID, COMMAND) is None
    performer.gate.set()
    assert eventually(lambda: other.collect(SID, COMMAND)) == ANSWER


def test_whoever_collects_waits_for_it_a_moment(process: Process, performer: Performer) -> None:
    """In both places: an answer that is nearly there costs the caller no further round."""
    here, elsewhere = process(), process(patience=10)
    assert here.ask(SID, COMMAND, performer) is None
    found: list[Answer | None] = []
    collecting = threading.Thread(target=lambda: found.append(elsewhere.collect(SID, COMMAND)))
    collecting.start()
    performer.gate.set()
    collecting.join(10)
    assert found == [ANSWER]


def test_it_is_collected_as_often_as_it_is_asked_for(process: Process, performer: Performer) -> None:
    here, elsewhere = process(), process()
    assert here.ask(SID, COMMAND, performer) is None
    performer.gate.set()
    eventually(lambda: here.collect(SID, COMMAND))
    assert [late.collect(SID, COMMAND) for late in (here, here)] == [ANSWER, ANSWER]
    eventually(lambda: elsewhere.collect(SID, COMMAND))
    assert [late.collect(SID, COMMAND) for late in (elsewhere, elsewhere)] == [ANSWER, ANSWER]
    assert performer.times == 1


def test_nobody_collects_what_another_call_or_question_asked_for(process: Process, performer: Performer) -> None:
    late = process()
    performer.gate.set()
    assert process(patience=10).ask(SID, COMMAND, performer) == ANSWER
    assert late.collect(SID, "look_up-3") is None
    assert late.collect("CA" + "8" * 32, COMMAND) is None


def test_a_performer_that_breaks_gives_an_answer_of_no_name(process: Process, services: Services) -> None:
    """The menu takes it for none; the error's text, which may hold anything, stays where it was."""
    performer = Performer(ValueError("340103198503089983"))
    performer.gate.set()
    with structlog.testing.capture_logs() as logs:
        assert process(patience=10).ask(SID, COMMAND, performer) == Answer("")
    assert [log["event"] for log in logs] == ["late_answer_failed"] and "3401" not in repr(logs)
    eventually(lambda: kept(services))
    assert process().collect(SID, COMMAND) == Answer("")


def test_while_redis_is_away_the_webhook_waits_itself(process: Process, performer: Performer) -> None:
    late = process(live_store=AwayRedis())
    found: list[Answer | None] = []
    asking = threading.Thread(target=lambda: found.append(late.ask(SID, COMMAND, performer)))
    asking.start()
    eventually(lambda: performer.times)
    asking.join(SHORT * 6)
    assert asking.is_alive() and found == []
    performer.gate.set()
    asking.join(10)
    assert found == [ANSWER]


def test_while_redis_is_away_nothing_is_collected_elsewhere_and_nothing_breaks(process: Process) -> None:
    assert process(live_store=AwayRedis()).collect(SID, COMMAND) is None


def test_while_redis_is_away_it_is_still_collected_where_it_was_asked_for(
    process: Process, services: Services, performer: Performer
) -> None:
    """Redis goes between the two webhooks, and with it what it would have kept."""

    class Goes(AwayRedis):
        """Answers the first question, whether it is there."""

        is_there = True

        def execute_command(self, *args: object, **options: object) -> object:
            if self.is_there and args[0] == "PING":
                self.is_there = False
                return True
            return super().execute_command(*args, **options)

    late = process(live_store=Goes())
    assert late.ask(SID, COMMAND, performer) is None
    performer.gate.set()
    assert eventually(lambda: late.collect(SID, COMMAND)) == ANSWER
    assert kept(services) is None


def test_what_stands_in_redis_is_sealed(process: Process, services: Services, performer: Performer) -> None:
    performer.gate.set()
    assert process(patience=10).ask(SID, COMMAND, performer) == ANSWER
    eventually(lambda: kept(services))
    keys = services.live_store.keys("*")
    assert isinstance(keys, list) and KEY.encode() in keys
    for key in keys:
        stands = [services.live_store.dump(key), services.live_store.get(key)]
        for secret in SECRETS:
            assert not any(secret.encode() in bytes(value or b"") for value in stands)  # type: ignore[arg-type]
    sealed = kept(services)
    assert sealed is not None
    assert "7,283,645" in services.sealer.open(sealed, KEY)
    # For this call and this question alone, and with our key alone.
    for sealer, context in (
        (services.sealer, KEY.replace("look_up-2", "look_up-3")),
        (Sealer(b"x" * 32, TEST_KEYS.hash_key), KEY),
    ):
        with pytest.raises(SealError):
            sealer.open(sealed, context)


def test_it_stays_for_two_minutes_and_no_longer(process: Process, services: Services, performer: Performer) -> None:
    performer.gate.set()
    assert process(patience=10).ask(SID, COMMAND, performer) == ANSWER
    eventually(lambda: kept(services))
    left = services.live_store.ttl(KEY)
    assert isinstance(left, int) and KEPT_SECONDS - 10 < left <= KEPT_SECONDS == 120


def test_what_was_asked_here_is_forgotten_after_two_minutes(
    process: Process, performer: Performer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that answers for months keeps nobody's findings in its memory."""
    late = process(patience=10)
    performer.gate.set()
    assert late.ask(SID, COMMAND, performer) == ANSWER
    monkeypatch.setattr("ivr.late_answers.time.monotonic", lambda now=time.monotonic: now() + KEPT_SECONDS + 1)
    assert late.ask(SID, "look_up-9", performer) == ANSWER
    assert list(late._asked) == [f"answer:{SID}:look_up-9"]


def test_what_is_logged_of_a_question_names_its_call(process: Process) -> None:
    """The asking thread's context goes along: a look-up's log line is found by its call."""
    call = ContextVar("call", default="")
    call.set(SID)
    assert process(patience=10).ask(SID, COMMAND, lambda: Answer(call.get())) == Answer(SID)


def test_a_process_that_has_ended_its_threads_begins_new_ones_when_asked(
    process: Process, performer: Performer
) -> None:
    late = process(patience=10)
    performer.gate.set()
    assert late.ask(SID, COMMAND, performer) == ANSWER
    late.close()
    assert late.ask(SID, "look_up-3", performer) == ANSWER

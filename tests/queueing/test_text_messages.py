"""Text messages that are due: sent once, tried again, given up, and never said to be sent when they were not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import yaml
from rq import Queue
from structlog.testing import capture_logs

from app import periodic
from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.task_queue import DEFAULT_QUEUE, set_job_settings
from integrations.text_messages import LogTextSender
from integrations.work_calendar import SHANGHAI
from queueing.centre_file import SHIPPED_FILE, read_centres
from queueing.seed import seed_centres
from queueing.text_messages import (
    LEASE,
    MOST_ATTEMPTS,
    UNREACHED,
    add_text,
    deliver,
    send_text,
    send_waiting_texts,
    sweep,
)
from tests.integrations.text_recorder import TextRecorder

WUHU = "340200"
WANG_FANG, LANDLINE = "+8613855115678", "+8655162345678"
MONDAY_TEN = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
WORDS = "12333于11月23日09:40给您回电未接通，您的事还在，打055312333按7可接着办。"
_CALLBACK = """
INSERT INTO callback (centre, number_sealed, number_hash, number_tail, source, call_sid, arrived_at, rank_at, asked_at,
                      status, ended_at, end_reason)
VALUES (%(centre)s, %(sealed)s, '\\x01', '5678', 'menu', 'CA1', %(at)s, %(at)s, %(at)s, 'ended', %(at)s, 'unreached')
RETURNING id
"""
# The consultant, the place in the line and the offer that an attempt belongs to.
_ATTEMPT = """
WITH seat AS (INSERT INTO agent (number, name, centre, skills, languages, door)
              VALUES (%(id)s, '李强', %(centre)s, '{}', '{}', 'browser') RETURNING id),
entry AS (INSERT INTO queue_entry (kind, call_sid, centre, arrived_at, joined_at, rank_at, status, ended_at)
          VALUES ('callback', %(id)s, %(centre)s, %(at)s, %(at)s, %(at)s, 'ended', %(at)s) RETURNING id),
taken AS (INSERT INTO offer (id, entry_id, agent_id, call_sid, centre, status, made_at, ring_until, ended_at)
          SELECT %(id)s, entry.id, seat.id, %(id)s, %(centre)s, 'ended', %(at)s, %(at)s, %(at)s FROM entry, seat
          RETURNING id, entry_id)
INSERT INTO callback_attempt (id, callback_id, offer_id, entry_id, number, status, made_at, initiated_at, ended_at,
                              result)
SELECT %(id)s, %(callback)s, taken.id, taken.entry_id, 1, 'ended', %(at)s, %(initiated)s, %(at)s, 'no_answer'
FROM taken
"""
TEMPORARY = "the channel is busy"


class Post:
    """An installation whose key 7 is open, with a channel that records and a clock that tests set."""

    def __init__(self, services: Services, config_dir: Path) -> None:
        self.now = MONDAY_TEN
        self.sender = TextRecorder()
        settings = replace(services.settings, config_dir=config_dir)
        self.services = replace(services, settings=settings, texts=self.sender, now=lambda: self.now)
        seed_centres(services.database, read_centres(config_dir))
        set_job_settings(settings, self.services)

    def unreached(self, number: str = WANG_FANG, initiated: tuple[datetime | None, ...] | None = None) -> int:
        """A callback that nobody answered; its id. It was rung at 9:00 and 9:40 unless said otherwise."""
        nine = MONDAY_TEN.replace(hour=9)
        values = {"centre": WUHU, "sealed": self.services.sealer.seal(number, "callback.number"), "at": nine}
        callback = int(self.rows(_CALLBACK, values)[0][0])
        for n, at in enumerate((nine, nine + timedelta(minutes=40)) if initiated is None else initiated):
            made = {"id": f"{callback}-{n}", "centre": WUHU, "callback": callback, "at": nine, "initiated": at}
            self.run(_ATTEMPT, made)
        return callback

    def text(self, callback: int | None = None) -> int:
        """A text that is due."""
        with self.services.database.pool.connection() as connection:
            return add_text(connection, callback or self.unreached(), UNREACHED, self.now)

    def rows(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        with self.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def run(self, sql: str, values: Any = ()) -> None:
        with self.services.database.pool.connection() as connection:
            connection.execute(sql, values)

    def status(self, text: int) -> tuple[str, int, str | None]:
        """Status, attempts and error."""
        found = self.rows("SELECT status, attempts, error FROM text_message WHERE id = %s", (text,))
        return found[0]

    def sent_at(self, text: int) -> datetime | None:
        found: datetime | None = self.rows("SELECT sent_at FROM text_message WHERE id = %s", (text,))[0][0]
        return found

    def deliver(self, text: int) -> None:
        deliver(self.services, text)

    def without_channel(self) -> Services:
        self.services = replace(self.services, texts=LogTextSender())
        return self.services


@pytest.fixture
def post(services: Services, tmp_path: Path) -> Post:
    centres = yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8"))
    centres["defaults"]["features"]["progress"] = {"open": True}
    (tmp_path / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    return Post(services, tmp_path)


def test_a_text_goes_to_the_number_that_was_rung_and_says_when(post: Post) -> None:
    text = post.text()
    assert post.status(text) == ("waiting", 0, None)
    post.deliver(text)
    assert post.sender.taken == [(WANG_FANG, WORDS)]
    assert (post.status(text), post.sent_at(text)) == (("sent", 1, None), MONDAY_TEN)


def test_only_what_the_carrier_began_to_ring_is_spoken_of(post: Post) -> None:
    rung = MONDAY_TEN.replace(hour=9, minute=40)
    text = post.text(post.unreached(initiated=(rung, None)))
    post.deliver(text)
    assert post.sender.taken == [(WANG_FANG, WORDS)]


def test_nobody_who_was_never_rung_is_told_that_he_was(post: Post) -> None:
    text = post.text(post.unreached(initiated=(None,)))
    post.deliver(text)
    assert post.sender.taken == []
    assert post.status(text) == ("failed", 1, "NothingToSend: the caller was never rung")


def test_a_landline_gets_no_text(post: Post) -> None:
    text = post.text(post.unreached(LANDLINE))
    post.deliver(text)
    assert post.sender.taken == []
    assert post.status(text) == ("failed", 1, "NothingToSend: not a mobile")


def test_a_number_that_cannot_be_unsealed_gets_no_text(post: Post) -> None:
    callback = post.unreached()
    post.run("UPDATE callback SET number_sealed = '\\x01' WHERE id = %s", (callback,))
    text = post.text(callback)
    post.deliver(text)
    status, attempts, error = post.status(text)
    assert (status, attempts) == ("failed", 1)
    assert error is not None and error.startswith("SealError")


def test_a_text_is_wanted_once_for_each_callback(post: Post) -> None:
    callback = post.unreached()
    assert post.text(callback) == post.text(callback)
    assert post.text() != post.text(callback)
    assert post.rows("SELECT count(*) FROM text_message")[0][0] == 2


def test_a_text_that_was_sent_is_not_wanted_anew(post: Post) -> None:
    callback = post.unreached()
    post.deliver(post.text(callback))
    again = post.text(callback)
    post.deliver(again)
    assert len(post.sender.taken) == 1
    assert post.status(again)[0] == "sent"


def test_a_kind_that_nobody_writes_is_a_mistake_of_ours(post: Post) -> None:
    with post.services.database.pool.connection() as connection, pytest.raises(ValueError, match="reminder"):
        add_text(connection, post.unreached(), "reminder", MONDAY_TEN)


def test_a_text_that_was_rolled_back_is_not_sent(post: Post) -> None:
    callback = post.unreached()
    with (
        pytest.raises(RuntimeError),
        post.services.database.pool.connection() as connection,
        connection.transaction(),
    ):
        add_text(connection, callback, UNREACHED, MONDAY_TEN)
        raise RuntimeError
    assert sweep(post.services) == []


def test_without_a_channel_the_row_says_so_at_once_and_for_good(post: Post) -> None:
    text = post.text()
    with capture_logs() as lines:
        deliver(post.without_channel(), text)
    assert (post.status(text), post.sent_at(text)) == (("no_channel", 0, None), None)
    assert lines == [
        {
            "event": "text_not_sent",
            "log_level": "info",
            "text": text,
            "kind": "unreached",
            "tail": "5678",
            "reason": "no_channel",
        }
    ]
    # A channel that is connected later does not dig up what is long over.
    deliver(replace(post.services, texts=post.sender), text)
    assert post.sender.taken == []
    assert sweep(post.services) == []


def test_neither_the_number_nor_the_words_are_logged(post: Post) -> None:
    post.sender.fails = [IntegrationError(f"no such number: {WANG_FANG}", permanent=True)]
    refused, taken = post.text(), post.text()
    with capture_logs() as lines:
        post.deliver(refused)
        post.deliver(taken)
    assert {line["event"] for line in lines} == {"text_failed", "text_sent"}
    assert "3855115678" not in str(lines) and "您的事" not in str(lines)
    assert post.status(refused) == ("failed", 1, "IntegrationError: no such number: *******5678")


def test_what_the_channel_refuses_for_good_is_not_tried_again(post: Post) -> None:
    post.sender.fails = [IntegrationError("refused", permanent=True)]
    text = post.text()
    post.deliver(text)
    post.now += timedelta(days=1)
    post.deliver(text)
    assert post.status(text) == ("failed", 1, "IntegrationError: refused")
    assert post.sender.taken == [] and sweep(post.services) == []


def test_what_fails_for_now_is_tried_again_each_time_a_little_later(post: Post) -> None:
    post.sender.fails = [IntegrationError(TEMPORARY), IntegrationError(TEMPORARY)]
    text = post.text()
    post.deliver(text)
    assert post.status(text) == ("waiting", 1, f"IntegrationError: {TEMPORARY}")
    assert sweep(post.services) == []
    post.now += timedelta(minutes=1)
    assert sweep(post.services) == [text]
    post.deliver(text)
    post.now += timedelta(minutes=1)
    assert sweep(post.services) == []
    post.now += timedelta(minutes=1)
    post.deliver(text)
    assert post.status(text) == ("sent", 3, None)
    assert len(post.sender.taken) == 1


def test_after_the_fifth_failure_the_record_says_so(post: Post) -> None:
    post.sender.fails = [IntegrationError(TEMPORARY) for _ in range(MOST_ATTEMPTS)]
    text = post.text()
    for attempt in range(MOST_ATTEMPTS):
        assert post.status(text)[:2] == ("waiting", attempt)
        post.deliver(text)
        post.now += timedelta(minutes=10)
    assert post.status(text) == ("failed", 5, f"IntegrationError: {TEMPORARY}")
    post.deliver(text)
    assert post.sender.taken == []


def test_no_text_is_sent_twice_at_once(post: Post) -> None:
    text = post.text()
    together = Barrier(6)

    def work(_: int) -> None:
        together.wait()
        post.deliver(text)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    assert len(post.sender.taken) == 1
    assert post.status(text) == ("sent", 1, None)


def test_a_text_that_is_being_sent_is_left_alone_by_others(post: Post) -> None:
    text = post.text()

    def others() -> None:
        post.sender.while_sending = lambda: None
        post.now += LEASE - timedelta(seconds=1)
        post.deliver(text)
        assert sweep(post.services) == []
        deliver(post.without_channel(), text)

    post.sender.while_sending = others
    deliver(post.services, text)
    assert len(post.sender.taken) == 1
    assert post.status(text) == ("sent", 1, None)


class Killed(BaseException):
    """What ends a worker in the middle of its work."""


def killed() -> None:
    raise Killed


def kill_while_sending(post: Post, text: int) -> None:
    post.sender.while_sending = killed
    with pytest.raises(Killed):
        post.deliver(text)
    post.sender.while_sending = lambda: None


def test_a_text_whose_worker_was_killed_is_found_again(post: Post) -> None:
    text = post.text()
    kill_while_sending(post, text)
    assert sweep(post.services) == []
    post.now += LEASE
    assert sweep(post.services) == [text]
    post.deliver(text)
    assert len(post.sender.taken) == 1
    assert post.status(text) == ("sent", 2, None)


def test_a_text_that_kills_every_worker_is_given_up(post: Post) -> None:
    text = post.text()
    for _ in range(MOST_ATTEMPTS):
        kill_while_sending(post, text)
        post.now += LEASE
    post.deliver(text)
    assert post.status(text) == ("waiting", 5, None)
    assert sweep(post.services) == []
    assert post.status(text) == ("failed", 5, "no answer")


def test_a_slow_yes_beats_what_was_given_up_meanwhile(post: Post) -> None:
    text = post.text()
    post.run("UPDATE text_message SET attempts = %s", (MOST_ATTEMPTS - 1,))

    def very_slow() -> None:
        post.now += LEASE
        sweep(post.services)
        assert post.status(text)[0] == "failed"

    post.sender.while_sending = very_slow
    post.deliver(text)
    assert post.status(text) == ("sent", 5, None)


def test_a_slow_no_does_not_undo_the_yes_of_another(post: Post) -> None:
    text = post.text()

    def very_slow() -> None:
        post.sender.while_sending = lambda: None
        post.now += LEASE
        post.deliver(text)
        post.sender.fails = [IntegrationError("refused", permanent=True)]

    post.sender.while_sending = very_slow
    post.deliver(text)
    assert len(post.sender.taken) == 1
    assert post.status(text) == ("sent", 2, None)


def test_a_slow_no_does_not_bring_back_what_was_settled_meanwhile(post: Post) -> None:
    text = post.text()
    post.sender.fails = [IntegrationError(TEMPORARY)]
    with_channel = post.services

    def very_slow() -> None:
        post.now += LEASE
        deliver(post.without_channel(), text)

    post.sender.while_sending = very_slow
    deliver(with_channel, text)
    assert post.status(text) == ("no_channel", 1, None)


def test_the_sweep_wakes_the_job_that_sends(post: Post) -> None:
    texts = [post.text(), post.text()]
    send_waiting_texts()
    jobs = Queue(DEFAULT_QUEUE, connection=post.services.live_store).jobs
    assert [(job.func, job.args) for job in jobs] == [(send_text, (text,)) for text in texts]
    for job in jobs:
        job.func(*job.args)
    assert [post.status(text)[0] for text in texts] == ["sent", "sent"]


def test_the_clock_starts_the_sweep_every_minute() -> None:
    assert [(job.interval_seconds, job.queue) for job in periodic() if job.func is send_waiting_texts] == [
        (60, DEFAULT_QUEUE)
    ]


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_text("- [", "utf-8"), lambda path: path.write_bytes(b"\xff")]
)
def test_with_a_centres_file_that_cannot_be_used_the_hotlines_number_is_named(
    post: Post, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(tmp_path / "centres.yaml")
    post.deliver(post.text())
    assert post.sender.taken == [(WANG_FANG, "12333于11月23日09:40给您回电未接通，您的事还在，打12333可接着办。")]

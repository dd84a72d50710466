"""What cities send is taken here, once: from their push, their file, or their exchange table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
import structlog
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from dashboards.provincial.cities.errors import BadBatch, DifferentContent, NotACity, TooManyRows
from dashboards.provincial.cities.fields import TOTALS
from dashboards.provincial.cities.formats import (
    FORMAT_VERSION,
    KEYS,
    KINDS,
    LARGEST_BATCH_ROWS,
    Checked,
    Problem,
    check_rows,
)
from dashboards.provincial.cities.staging import count_news, enter, stage, take_out_contradictions
from dashboards.provincial.cities.values import is_batch_id, shown
from dashboards.provincial.facts.build import mark_due
from integrations.services import Services
from integrations.work_calendar import in_shanghai
from voicemail.subjects_file import load_subjects

__all__ = ["BadBatch", "Batch", "CityStore", "DifferentContent", "NotACity", "Receipt", "TooManyRows", "receipt_json"]

log = structlog.get_logger(__name__)
PUSH, UPLOAD, PULL = "push", "upload", "pull"
ACCEPTED, PARTIAL, REFUSED = "accepted", "partial", "refused"
MOST_PROBLEMS = 200
CONTRADICTION = "这个版本报过，内容不一样；更正请把版本加1"

# Batches of one centre follow each other: whichever comes second sees all of the first.
_LOCK = "SELECT centre FROM city_system WHERE centre = %s FOR NO KEY UPDATE"
_IS_CITY = "SELECT centre FROM city_system WHERE centre = %s"
_EARLIER = """
SELECT id, batch_id, kind, digest, status, rows, accepted, unchanged, refused, problems FROM city_batch
WHERE centre = %s AND batch_id = %s
"""
_ENTER = """
INSERT INTO city_batch (centre, batch_id, kind, via, digest, received_at, status, rows, accepted, unchanged, refused,
                        problems, sent_by)
VALUES (%(centre)s, %(batch_id)s, %(kind)s, %(via)s, %(digest)s, %(at)s, %(status)s, %(rows)s, %(accepted)s,
        %(unchanged)s, %(refused)s, %(problems)s, %(by)s)
RETURNING id
"""
_HEARD = """
UPDATE city_system SET heard_at = greatest(heard_at, %(now)s::timestamptz),
    newest_at = greatest(newest_at, least(%(newest)s::timestamptz, %(now)s::timestamptz))
WHERE centre = %(centre)s
"""


Beside = Callable[[Connection[Any], "Receipt"], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one kind, each with the line that the sender knows it by, under the sender's own name for them all.

    `takes_good_part`: good rows are taken even if others are bad; else one bad line refuses them all.
    """

    centre: str
    batch_id: str
    kind: str
    rows: Sequence[tuple[int, Mapping[str, Any]]]
    takes_good_part: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: rows = accepted + unchanged + refused. `batch` is our number for it, 0 in a preview.

    unchanged: known already, or older than what is known. `problems` are at most the first 200.
    """

    batch: int
    batch_id: str
    kind: str
    status: str
    rows: int
    accepted: int
    unchanged: int
    refused: int
    problems: list[Problem] = field(default_factory=list)
    is_repeated: bool = False


class CityStore:
    """Takes batches. One process or ten, once or five times, in any order: the rows that count are the same."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._subjects: frozenset[str] | None = None

    @property
    def subjects(self) -> frozenset[str]:
        """The keys that a row's subject may be, of the province's tree."""
        if self._subjects is None:
            self._subjects = frozenset(load_subjects(self._services.settings.config_dir).by_key)
        return self._subjects

    def take(self, batch: Batch, via: str, by: str, beside: Beside | None = None) -> Receipt:
        """Take a batch in one transaction, or the good part of it; the same one again changes nothing.

        `via` is push, upload or pull; `by` the key or the person; `beside` is done in the same transaction, once for a
        batch, and when it raises nothing was taken. Raises BadBatch, TooManyRows, NotACity, and
        DifferentContent for a name that was used for something else.
        """
        self._require(batch)
        digest = digest_of(batch)
        if earlier := self._earlier(batch, digest):
            return earlier
        checked = self._check(batch)
        with self._services.database.pool.connection() as connection, connection.transaction():
            if connection.execute(_LOCK, (batch.centre,)).fetchone() is None:
                raise NotACity(batch.centre)
            if earlier := find_earlier(connection, batch, digest):
                return earlier
            receipt = self._write(connection, batch, checked, {"digest": digest, "via": via, "by": by})
            if beside is not None:
                beside(connection, receipt)
        log.info(
            "city_batch",
            centre=batch.centre,
            batch=receipt.batch,
            kind=batch.kind,
            via=via,
            status=receipt.status,
            rows=receipt.rows,
            accepted=receipt.accepted,
            refused=receipt.refused,
        )
        return receipt

    def preview(self, batch: Batch) -> Receipt:
        """What `take` would answer now; nothing is written. Raises what `take` raises."""
        self._require(batch)
        if earlier := self._earlier(batch, digest_of(batch)):
            return earlier
        checked = self._check(batch)
        with self._services.database.pool.connection() as connection, connection.transaction(force_rollback=True):
            if connection.execute(_IS_CITY, (batch.centre,)).fetchone() is None:
                raise NotACity(batch.centre)
            return self._judge(connection, batch, checked)

    def receipt_of(self, centre: str, batch_id: str) -> Receipt | None:
        """The receipt of an earlier batch; None for a name that was never used."""
        with self._services.database.pool.connection() as connection:
            row = _earlier_row(connection, centre, batch_id)
        return _receipt(row, is_repeated=False) if row else None

    def _require(self, batch: Batch) -> None:
        if batch.kind not in KINDS:
            raise BadBatch("unknown kind", f"没有这种数据，kind 应当是其中之一：{'、'.join(sorted(KINDS))}。")
        if not is_batch_id(batch.batch_id, in_shanghai(self._services.now()).date()):
            raise BadBatch("bad batch id", "批次名只能用字母、数字、_ 和 -，最长64个字符，不能含电话号码或身份证号。")
        if len(batch.rows) > LARGEST_BATCH_ROWS:
            raise TooManyRows(len(batch.rows), LARGEST_BATCH_ROWS)

    def _earlier(self, batch: Batch, digest: bytes) -> Receipt | None:
        with self._services.database.pool.connection() as connection:
            return find_earlier(connection, batch, digest)

    def _check(self, batch: Batch) -> Checked:
        now = self._services.now()
        return check_rows(batch.kind, batch.rows, centre=batch.centre, now=now, subjects=self.subjects)

    def _judge(self, connection: Connection[Any], batch: Batch, checked: Checked) -> Receipt:
        """Stage the good rows, and say what becomes of the batch."""
        stage(connection, batch.kind, checked.rows)
        lines = take_out_contradictions(connection, batch.kind, batch.centre)
        found = [Problem(line, KEYS[batch.kind][0], CONTRADICTION) for line in lines]
        problems = sorted([*checked.problems, *found], key=lambda problem: problem.line)
        good = len(checked.rows) - len(lines)
        if problems and not (batch.takes_good_part and good):
            return _answer(batch, REFUSED, checked.total, (0, 0, checked.total), problems)
        news = count_news(connection, batch.kind, batch.centre)
        counts = (news, good - news, checked.total - good)
        return _answer(batch, PARTIAL if problems else ACCEPTED, checked.total, counts, problems)

    def _write(self, connection: Connection[Any], batch: Batch, checked: Checked, sent: Mapping[str, Any]) -> Receipt:
        now = self._services.now()
        receipt = self._judge(connection, batch, checked)
        number = _enter_batch(connection, batch.centre, receipt, now, sent)
        if receipt.status != REFUSED:
            days, newest = enter(connection, batch.kind, batch.centre, number)
            mark_due(connection, days)
            # Nothing to tell is a word, too: all is told until now.
            newest = now if is_word_of_nothing(batch) else newest
            connection.execute(_HEARD, {"now": now, "newest": newest, "centre": batch.centre})
        return replace(receipt, batch=number)


def is_word_of_nothing(batch: Batch) -> bool:
    """Whether a batch says that nothing has happened since the last one."""
    return not batch.rows and batch.kind != TOTALS


def digest_of(batch: Batch) -> bytes:
    """32 bytes of everything that the sender said."""
    rows = [row for _, row in batch.rows]
    try:
        return _digest(batch, rows)
    except orjson.JSONEncodeError:
        # More is read than can be written again: no value that is taken holds others, and how deep is all the same.
        return _digest(batch, [_flat(row) for row in rows])


def _digest(batch: Batch, rows: Sequence[Any]) -> bytes:
    content = [FORMAT_VERSION, batch.centre, batch.kind, batch.takes_good_part, rows]
    return hashlib.sha256(orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)).digest()


def _flat(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return shown(row)
    return {name: shown(value) if isinstance(value, list | dict) else value for name, value in row.items()}


def find_earlier(connection: Connection[Any], batch: Batch, digest: bytes) -> Receipt | None:
    """The receipt of the same batch, when it came before. Raises DifferentContent."""
    row = _earlier_row(connection, batch.centre, batch.batch_id)
    if row is None:
        return None
    if bytes(row["digest"]) != digest:
        raise DifferentContent(f"batch {row['id']} of {batch.centre} has other content")
    return _receipt(row, is_repeated=True)


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """A receipt as the sender reads it."""
    return asdict(receipt)


def _earlier_row(connection: Connection[Any], centre: str, batch_id: str) -> dict[str, Any] | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_EARLIER, (centre, batch_id)).fetchone()


def _receipt(row: Mapping[str, Any], *, is_repeated: bool) -> Receipt:
    problems = [Problem(each["line"], each["field"], each["problem"]) for each in row["problems"]]
    counts = (row["rows"], row["accepted"], row["unchanged"], row["refused"])
    return Receipt(row["id"], row["batch_id"], row["kind"], row["status"], *counts, problems, is_repeated)


def _answer(batch: Batch, status: str, total: int, counts: tuple[int, int, int], problems: list[Problem]) -> Receipt:
    return Receipt(0, batch.batch_id, batch.kind, status, total, *counts, problems[:MOST_PROBLEMS])


def _enter_batch(
    connection: Connection[Any], centre: str, receipt: Receipt, now: datetime, sent: Mapping[str, Any]
) -> int:
    told = asdict(receipt)
    problems = Jsonb(told["problems"])
    row = connection.execute(_ENTER, {**told, **sent, "centre": centre, "at": now, "problems": problems}).fetchone()
    assert row is not None
    return int(row[0])

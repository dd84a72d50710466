"""Whether anybody's ID number, card number or query PIN stands in the clear where it must not.

    find_leaks(Secrets.of(people), database_url=url, live_store=redis, folders=[var_dir], files=[output])

looks into every text and every bytes of every table, every key and value of Redis, and every file of the folders:
logs, the append-only file of Redis, recordings and what is written beside them. Not the tables of the business systems
that the sandbox plays (schema `exchange`), nor the sandbox's own folder, nor PostgreSQL's, which the tables stand for.

A number counts in groups too, with * for X, and digit by digit in Chinese. A PIN is six digits with no digit, dot or
colon around them, since those are parts of times and amounts, and none that stands in a longer identifier.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from redis import Redis

from integrations.database_url import psycopg_url
from integrations.masking import mask_text
from integrations.sandbox.demo import demo_people
from integrations.sandbox.people import build_population
from integrations.sandbox.records import Person

# Of one person a few digits may be said; these are fewer than the shortest card number has.
SHORTEST = 8
_SPOKEN = str.maketrans("零〇一幺二两三四五六七八九", "0011223456789")
_RUN = re.compile(rf"[A-Za-z]{{0,3}}[0-9](?:[ ,，-]?[0-9]){{{SHORTEST - 2},}}[ ,，-]?[Xx*]?")
_BETWEEN = re.compile(r"[ ,，-]")
_SIX = re.compile(r"(?<![0-9.:])[0-9]{6}(?![0-9.:])")
# Carrier ids, UUIDs and hashes hold six digits in a row by chance.
_IDS = re.compile(r"[A-Za-z]{0,2}[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOT_OURS = ("pg_catalog", "information_schema", "exchange")
# Parts of an installation's folder that are read in another way, or are the business systems' own.
NOT_READ = ("postgres", "sandbox")
# Only of tables in which something is: the plan for all of them costs more than reading the few.
_COLUMNS = """
WITH filled AS MATERIALIZED (
    SELECT pg_class.oid, nspname, relname
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'r' AND NOT nspname = ANY(%s) AND pg_relation_size(pg_class.oid) > 0
)
SELECT nspname, relname, attname, atttypid = 'bytea'::regtype
FROM filled JOIN pg_attribute ON attrelid = filled.oid JOIN pg_type ON pg_type.oid = atttypid
WHERE attnum > 0 AND NOT attisdropped
    AND (typcategory IN ('S', 'A') OR atttypid = ANY('{bytea,json,jsonb,xml}'::regtype[]))
"""
ZLIB = b"\x78"
Place = tuple[str, bytes]


@dataclass(frozen=True, repr=False)
class Secrets:
    """What may stand nowhere. Never shown in full itself."""

    numbers: frozenset[str]
    pins: frozenset[str]

    @classmethod
    def of(cls, people: Iterable[Person]) -> Secrets:
        """Of these people: ID numbers, card and bank account numbers, PINs."""
        people = list(people)
        cards = [card for person in people for card in person.cards]
        numbers = {person.id_number for person in people} | {n for card in cards for n in (card.number, card.account)}
        return cls(frozenset(numbers), frozenset(p.pin for p in people if p.pin))

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(number) for number in self.numbers})

    def seen_in(self, content: bytes) -> list[str]:
        """What of them is there, so that nobody learns it from a report."""
        text = content.decode("utf-8", "replace").translate(_SPOKEN)
        numbers = {f"号码 …{number[-4:]}" for run in _RUN.findall(text) for number in self._within(run)}
        pins = {f"密码 {pin[0]}…" for pin in _SIX.findall(_IDS.sub(" ", text)) if pin in self.pins}
        return sorted(numbers | pins)

    def _within(self, run: str) -> Iterator[str]:
        plain = _BETWEEN.sub("", run).upper().replace("*", "X")
        for length in self._lengths:
            for start in range(len(plain) - length + 1):
                if plain[start : start + length] in self.numbers:
                    yield plain[start : start + length]


def find_leaks(
    secrets: Secrets,
    *,
    database_url: str = "",
    connection: psycopg.Connection[Any] | None = None,
    live_store: Redis | None = None,
    folders: Iterable[Path] = (),
    files: Iterable[Path] = (),
) -> list[str]:
    """A line for each place that holds one of them: where, and which by its last four characters. Empty when none."""
    found: dict[str, set[str]] = {}
    with psycopg.connect(psycopg_url(database_url)) if database_url else nullcontext(connection) as asked:
        for where, content in _everything(asked, live_store, folders, files):
            for what in secrets.seen_in(content):
                found.setdefault(where, set()).add(what)
    return [f"{where}：{'、'.join(sorted(what))}" for where, what in sorted(found.items())]


@cache
def everybody() -> Secrets:
    """Of all that the sandbox has made up the numbers; the PINs of the few who are written about.

    Five thousand PINs would be found among numbers that have nothing to do with them.
    """
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    return Secrets(Secrets.of(build_population(today).people).numbers, Secrets.of(demo_people(today)).pins)


def _everything(
    connection: psycopg.Connection[Any] | None, live_store: Redis | None, folders: Iterable[Path], files: Iterable[Path]
) -> Iterator[Place]:
    if connection is not None:
        yield from in_tables(connection)
    if live_store is not None:
        yield from in_live_store(live_store)
    for file in (*files, *(file for folder in folders for file in _files_below(folder))):
        yield from _in_file(file)


def in_tables(connection: psycopg.Connection[Any]) -> Iterator[Place]:
    """(table.column, content) of everything that is text or bytes."""
    columns = connection.execute(_COLUMNS, (list(NOT_OURS),)).fetchall()
    if not columns:
        return
    for where, content in connection.execute(sql.SQL(" UNION ALL ").join(_column(*column) for column in columns)):
        yield where, bytes(content)


def _column(schema: str, table: str, column: str, is_bytes: bool) -> sql.Composed:
    name = sql.Identifier(column)
    content = name if is_bytes else sql.SQL("convert_to({}::text, 'UTF8')").format(name)
    return sql.SQL("SELECT {}, {} FROM {} WHERE {} IS NOT NULL").format(
        sql.Literal(f"{table}.{column}"), content, sql.Identifier(schema, table), name
    )


def in_live_store(live_store: Redis) -> Iterator[Place]:
    """(redis and the masked key, content): the names of keys, their values as they are read and as they are stored."""
    for key in live_store.scan_iter(count=1000):
        where = f"redis {mask_text(key.decode('utf-8', 'replace'))}"
        yield where, key
        for content in (live_store.dump(key) or b"", *_values(live_store, key)):
            yield where, content
            # Jobs are kept packed.
            yield where, _unpacked(content)


def _values(live_store: Redis, key: bytes) -> Iterator[bytes]:
    """What a key holds, piece by piece: stored strings may be packed, so they are read as well."""
    match live_store.type(key):
        case b"string":
            yield live_store.get(key) or b""
        case b"hash":
            for field, value in live_store.hgetall(key).items():
                yield from (field, value)
        case b"list":
            yield from live_store.lrange(key, 0, -1)
        case b"set":
            yield from live_store.smembers(key)
        case b"zset":
            yield from live_store.zrange(key, 0, -1)
        case b"stream":
            for _, fields in live_store.xrange(key):
                yield from (part for pair in fields.items() for part in pair)


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompress(content) if content[:1] == ZLIB else b""
    except zlib.error:
        return b""


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.relative_to(folder).parts[0] not in NOT_READ and path.is_file():
            yield path


def _in_file(path: Path) -> Iterator[Place]:
    """Its name and what is in it; a file that goes away while one looks holds nothing any more."""
    where = mask_text(str(path))
    yield where, path.name.encode()
    with suppress(FileNotFoundError):
        yield where, path.read_bytes()

"""A planted number is found in each kind of place, and what only looks like one is not."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest

from integrations.database_url import psycopg_url
from integrations.sandbox.demo import demo_people
from integrations.services import Services
from tests.leaks import Secrets, find_leaks

WANG_FANG, LI_FANG = "340103198503089983", "34010419910916996X"
CARD, PIN = "Y90000101", "258036"
SECRETS = Secrets.of(demo_people(date(2026, 3, 2)))


@pytest.mark.parametrize(
    "content",
    [
        WANG_FANG,
        f"id={WANG_FANG}&",
        f"no{WANG_FANG}",
        f"1{WANG_FANG}7",
        "340103 19850308 9983",
        "3401-0319-8503-0899-83",
        "34010419910916996x",
        "34010419910916996*",
        "三四零幺，零三幺九，八五零三，零八九九，八三",
        "DEU340176093027",
        CARD,
        "y90000101",
        "62965880000000010",
    ],
)
def test_a_number_is_found_however_it_is_written(content: str) -> None:
    assert SECRETS.seen_in(f"x {content} y".encode())


def test_a_report_says_no_more_of_a_number_than_a_caller_may_hear() -> None:
    assert SECRETS.seen_in(f"{WANG_FANG} {PIN}".encode()) == ["号码 …9983", "密码 2…"]


@pytest.mark.parametrize("content", [PIN, f"Digits={PIN}", f'"{PIN}"', f"pin{PIN} ", "二五八零三六"])
def test_a_pin_is_found(content: str) -> None:
    assert SECRETS.seen_in(content.encode())


@pytest.mark.parametrize(
    "content",
    [
        f"12:30:00.{PIN}Z",
        f"{PIN}.5",
        f"12:{PIN}",
        f"1{PIN}",
        f"CA{PIN}{'a' * 26}",
        f"aaaa-{'b' * 26}{PIN}",
        "尾号9983",
        "3401031985",
        "340103198503089982",
    ],
)
def test_what_only_looks_like_one_is_none(content: str) -> None:
    assert SECRETS.seen_in(content.encode()) == []


@pytest.fixture
def tables(postgres_url: str) -> psycopg.Connection[object]:
    return psycopg.connect(psycopg_url(postgres_url), autocommit=True)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", WANG_FANG),
        ("varchar(40)", PIN),
        ("bytea", WANG_FANG.encode()),
        ("jsonb", f'{{"number": "{LI_FANG}"}}'),
        ("text[]", [CARD]),
    ],
)
def test_it_is_found_in_a_table(
    tables: psycopg.Connection[object], postgres_url: str, kind: str, value: object
) -> None:
    with tables:
        tables.execute(f"CREATE TABLE planted (id int, kept {kind})")  # type: ignore[call-overload]
        try:
            assert find_leaks(SECRETS, database_url=postgres_url) == []
            tables.execute("INSERT INTO planted VALUES (1, %s)", (value,))
            [leak] = find_leaks(SECRETS, database_url=postgres_url)
        finally:
            tables.execute("DROP TABLE planted")
    assert leak.startswith("planted.kept：")


PLANTS: dict[str, Callable[[Services], object]] = {
    "key": lambda s: s.live_store.set(f"planted:{WANG_FANG}", 1),
    "string": lambda s: s.live_store.set("planted", "-" * 100 + WANG_FANG),
    "packed": lambda s: s.live_store.set("planted", zlib.compress(f"person {WANG_FANG}".encode())),
    "hash field": lambda s: s.live_store.hset("planted", WANG_FANG, 1),
    "hash value": lambda s: s.live_store.hset("planted", "pin", PIN),
    "list": lambda s: s.live_store.rpush("planted", "a", LI_FANG),
    "set": lambda s: s.live_store.sadd("planted", "a", CARD),
    "sorted set": lambda s: s.live_store.zadd("planted", {WANG_FANG: 1}),
    "stream": lambda s: s.live_store.xadd("planted", {"number": WANG_FANG}),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_it_is_found_in_redis(services: Services, plant: str) -> None:
    assert find_leaks(SECRETS, live_store=services.live_store) == []
    PLANTS[plant](services)
    [leak] = find_leaks(SECRETS, live_store=services.live_store)
    assert leak.startswith("redis planted") and WANG_FANG not in leak
    services.live_store.delete(*services.live_store.keys("planted*"))


def test_it_is_found_in_files_and_in_their_names(tmp_path: Path) -> None:
    folder, output = tmp_path / "var", tmp_path / "output"
    for part in ("gateway/recordings", "postgres", "sandbox"):
        (folder / part).mkdir(parents=True)
    output.write_text("ready\n", encoding="utf-8")
    assert find_leaks(SECRETS, folders=[folder], files=[output]) == []
    (folder / "gateway/recordings/RE1.json").write_text(f'{{"by": "{WANG_FANG}"}}', encoding="utf-8")
    (folder / f"{LI_FANG}.wav").write_bytes(b"")
    output.write_text(f"Digits={PIN}\n", encoding="utf-8")
    # These are what the business systems play, and what the tables are read for.
    (folder / "sandbox/cards.json").write_text(CARD, encoding="utf-8")
    (folder / "postgres/base").write_text(WANG_FANG, encoding="utf-8")
    found = find_leaks(SECRETS, folders=[folder], files=[output])
    assert len(found) == 3 and sum("9983" in leak or "996X" in leak for leak in found) == 2
    assert not any(WANG_FANG in leak or LI_FANG in leak for leak in found)

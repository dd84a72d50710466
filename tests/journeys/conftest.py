"""The whole system in processes of its own, once for the journeys of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from integrations.database_url import psycopg_url
from integrations.embedded import postgres_in
from ivr.library import CENTRES_FILE
from tests.caller import Caller, http_transport
from tests.running import RunningHotline

DESK = "+865533812345"
Rows = Callable[..., list[tuple[Any, ...]]]


def always_open_config(folder: Path) -> Path:
    """Wuhu answers day and night and has a desk telephone, so that a journey may be made at any hour."""
    centres = yaml.safe_load(CENTRES_FILE.read_text(encoding="utf-8"))
    all_day = ["00:00-24:00"]
    days = {"seasons": [{"since": "01-01", "periods": all_day}], "weekend_periods": all_day, "noon_duty": False}
    centres["centres"]["340200"] |= {
        "desk_number": DESK,
        "features": {"human": {"open": True}, "complaints": {"open": False, "reason": "没有经办人"}},
        "hours": days,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "centres.yaml").write_text(yaml.safe_dump(centres, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    folder = tmp_path_factory.mktemp("journey")
    config = always_open_config(folder / "config")
    running = RunningHotline(folder / "var", HOTLINE_CONFIG=str(config)).wait_ready()
    yield running
    running.end()


@pytest.fixture
def dial(hotline: RunningHotline) -> Callable[..., Caller]:
    def make(dialled: str = "+8655312333", **values: Any) -> Caller:
        return Caller(f"http://127.0.0.1:{hotline.port}", http_transport(), dialled=dialled, **values).ring()

    return make


@pytest.fixture
def rows(hotline: RunningHotline) -> Rows:
    def query(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(psycopg_url(postgres_in(hotline.var_dir).url)) as connection:
            return connection.execute(sql, values).fetchall()

    return query

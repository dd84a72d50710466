"""The reference client against the real application, over a wire that fails."""

import json
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from dashboards.provincial.cities import push_command
from dashboards.provincial.cities.csv_file import template
from dashboards.provincial.cities.push_client import MOST_TRIES, Sender
from dashboards.provincial.cities.push_command import push_arguments, run_push_command
from dashboards.provincial.cities.signature import read_secret
from integrations.services import Services, utc_now
from ivr.keeper import LibraryKeeper
from tests.dashboards.provincial.city_app import TONGLING, WUHU, CityApp, build_city_app, call


class Wire:
    """The application on a real port. The first `lost` answers are lost after it has done its work."""

    def __init__(self, city: CityApp, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.city = city
        self.folder = folder
        self.lost = 0
        self.bodies: list[bytes] = []
        self.pauses: list[float] = []
        self.server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.port}"
        (folder / "key").write_text(" ".join(city.key) + "\n", encoding="utf-8")
        make: Callable[..., Sender] = Sender
        monkeypatch.setattr(push_command, "Sender", lambda *given: make(*given, pause=self.pauses.append))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        if self.lost:
            self.lost -= 1
            self.city.app.wsgi_app(environ, lambda *given: lambda data: None)
            start_response("502 Bad Gateway", [])
            return [b"<html>"]
        return self.city.app.wsgi_app(environ, start_response)

    def push(self, data: Any, *more: str, name: str = "calls.json", centre: str = TONGLING) -> int:
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
        parser = ArgumentParser()
        push_arguments(parser)
        named = ["--url", self.url, "--centre", centre, "--key-file", str(self.folder / "key"), "--kind"]
        return run_push_command(parser.parse_args([str(path), *named, *(more or ("calls",))]))


@pytest.fixture
def wire(services: Services, keeper: LibraryKeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    city = build_city_app(services, keeper)
    # The client signs by the clock of its machine.
    city.clock.at = utc_now()
    wire = Wire(city, tmp_path, monkeypatch)
    yield wire
    wire.server.shutdown()
    wire.server.server_close()


def old(call_id: str, **more: Any) -> dict[str, Any]:
    times = {"started_at": "2026-01-05 09:00", "ended_at": "2026-01-05 09:05"}
    return call(call_id, **times, **more)


def test_a_file_goes_in_batches_and_twice_is_once(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [old(f"C-{n}") for n in range(5)]
    assert wire.push(rows, "calls", "--rows", "2") == 0
    assert len(wire.city.current()) == 5
    assert wire.city.rows("SELECT count(*) FROM city_batch") == [(3,)]
    assert "全部收下（收下 2，" in capsys.readouterr().out
    assert wire.push(rows, "calls", "--rows", "2") == 0
    assert wire.city.rows("SELECT count(*) FROM city_batch") == [(3,)]
    assert "以前已经报过" in capsys.readouterr().out


def test_that_nothing_has_happened_is_news_each_time(wire: Wire) -> None:
    key_id, secret = wire.city.key
    sender = Sender(wire.url, TONGLING, key_id, read_secret(secret))
    for _ in range(2):
        assert sender.send("calls", [], partial=False).status == 200
    assert wire.city.rows("SELECT count(*) FROM city_batch") == [(2,)]


def test_the_template_can_be_sent_as_it_is(wire: Wire) -> None:
    assert wire.push(template("calls"), "calls", name="calls.csv") == 0
    assert wire.push(template("totals"), "totals", name="totals.csv") == 0
    assert wire.city.current() == [("C20200106-0001", 1), ("C20200106-0002", 1)]


def test_an_answer_that_is_lost_is_asked_for_again(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    wire.lost = 2
    assert wire.push([old("C-1")]) == 0
    assert wire.pauses == [1.0, 2.0]
    assert wire.city.rows("SELECT accepted FROM city_batch") == [(1,)]
    assert "同一个批次名" in capsys.readouterr().out


def test_bad_lines_are_named_as_they_stand_in_the_file(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    head = "来电编号,开始时间,结束时间,结果,通话秒数\n"
    good = "C-{},2026-01-05 09:00,2026-01-05 09:05,人工接通,100\n"
    data = (head + good.format(1) + "\n" + good.format(2).replace("人工接通", "接通了")).encode("gbk")
    assert wire.push(data, "calls", name="calls.csv") == 1
    said = capsys.readouterr()
    assert "整批退回（收下 0，没有变化 0，退回 2）" in said.out and "第 4 行 outcome" in said.err
    assert wire.push(data, "calls", "--partial", name="calls.csv") == 1
    assert wire.city.current() == [("C-1", 1)]


def test_what_the_hotline_will_not_take_is_said(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    assert wire.push([old("C-1")], centre=WUHU) == 2
    assert "别的中心" in capsys.readouterr().err and wire.pauses == []
    assert wire.push(b"no json") == 2
    assert wire.push({"call_id": 1}) == 2
    (wire.folder / "key").write_text("ck-1", encoding="utf-8")
    assert wire.push([old("C-1")]) == 2
    assert "密钥文件" in capsys.readouterr().err


def test_where_nobody_answers_the_batch_is_not_claimed_to_be_there(wire: Wire) -> None:
    wire.server.shutdown()
    wire.server.server_close()
    assert wire.push([old("C-1")]) == 3
    assert len(wire.pauses) == MOST_TRIES - 1 and max(wire.pauses) <= 60

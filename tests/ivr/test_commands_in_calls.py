"""Commands: saved as pending, asked outside any transaction, answered once; the caller never hears silence.

No shipped menu asks anything of another system yet; these use a menu of their own with the real service and database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dashboards.web_app import build_flask
from integrations.services import Services
from ivr import keeper as keeper_module
from ivr.asked import Action, Asked
from ivr.commands import Answer, CommandKind
from ivr.keeper import LibraryKeeper
from ivr.library import Library, load_library
from ivr.service import Line
from ivr.webhooks import ivr_blueprint
from queueing.seed import seed_centres
from tests.caller import Caller
from tests.ivr.conftest import MONDAY_TEN, Clock, client_transport
from tests.waiting import eventually

MENU = """
menu: provincial
title: 查询试验
start: main
human: bye
last_resort: bye
tops: [main]
nodes:
  main: {kind: menu, options: [{key: "0", say: opt_0, to: bye}, {key: "1", say: opt_1, to: ask}]}
  ask:
    kind: command
    do: look_up
    waiting: looking
    routes: {found: found, away: away}
    late: away
  found: {kind: say, say: [found], to: main}
  away: {kind: say, say: [away], to: main}
  bye: {kind: hangup, say: [goodbye]}
"""
PROMPTS = "looking: 正在查询，请稍等。\nfound: 查到了。\naway: 系统现在查不了。\n"
LOOK_UP = CommandKind("look_up", ("found", "away"))
Dial = Callable[..., Caller]


class Desk:
    """Performs look_up: says `answer`, when `gate` lets it."""

    def __init__(self) -> None:
        self.answer = "found"
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def perform(self, asked: Asked) -> Answer:
        self.asked.append(asked.command.id)
        # No connection of ours may be held while another system thinks.
        assert asked.services.database.pool.get_stats()["pool_available"] >= 1
        assert self.gate.wait(10)
        return Answer(self.answer)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def line(
    services: Services, clock: Clock, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Line]:
    folder = tmp_path / "config"
    for name, text in (("flows/provincial.yaml", MENU), ("prompts/own.yaml", PROMPTS)):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    # The other shipped menu extends the provincial one's nodes, which are not here.
    (folder / "flows" / "eight_keys.yaml").write_text("menu: eight_keys\nextends: provincial\ntitle: x\n")

    def load(today: date, config_dir: Path | None) -> Library:
        return load_library(today, config_dir, {"look_up": LOOK_UP})

    monkeypatch.setattr(keeper_module, "load_library", load)
    keeper = LibraryKeeper(folder, lambda: MONDAY_TEN)
    line = Line(replace(services, now=clock), keeper, {"look_up": Action(LOOK_UP, desk.perform)})
    seed_centres(services.database, keeper.library().centres)
    yield line


@pytest.fixture
def dial(line: Line) -> Dial:
    app = build_flask(line.services.settings)
    app.register_blueprint(ivr_blueprint(line))
    base = line.services.settings.public_base_url
    transport = client_transport(app.test_client(), base)
    return lambda: Caller(base, transport, dialled="+8655312333").ring()


def test_a_quick_answer_is_heard_at_once(dial: Dial, desk: Desk, clock: Clock) -> None:
    caller = dial().press("1")
    assert "查到了。" in caller.documents[-1] and desk.asked == ["look_up-1"]
    clock.tick(2)
    caller.press("1")
    assert desk.asked == ["look_up-1", "look_up-2"]


def test_an_answer_of_trouble_has_its_own_way(dial: Dial, desk: Desk) -> None:
    desk.answer = "away"
    assert "系统现在查不了。" in dial().press("1").documents[-1]


def test_a_repeated_key_while_the_answer_is_awaited_asks_nothing_twice(dial: Dial, desk: Desk) -> None:
    caller = dial()
    desk.gate.clear()
    assert caller.waiting is not None
    action = caller.waiting.verb.attrib["action"]
    first: list[Any] = []
    asking = threading.Thread(target=lambda: first.append(caller.request(action, {"Digits": "1"})))
    asking.start()
    eventually(lambda: desk.asked)
    # The carrier grew impatient and asked once more: a filler, and back again.
    status, filler = caller.request(action, {"Digits": "1"})
    assert status == 200 and "<Pause" in filler and "<Redirect" in filler
    desk.gate.set()
    asking.join()
    assert desk.asked == ["look_up-1"]
    assert "查到了。" in first[0][1]
    # Following the filler's redirect leads to the answer that came meanwhile.
    assert caller.request(f"{caller.base_url}/ivr/step?n=2&e=s", {})[1] == first[0][1]


def test_a_process_that_died_while_asking_leaves_a_bounded_wait_and_a_way_on(dial: Dial, line: Line) -> None:
    caller = dial()

    class Died(BaseException):
        pass

    def die(*_: object) -> str:
        raise Died

    line.asking.actions["look_up"] = Action(LOOK_UP, die)
    assert caller.waiting is not None
    with pytest.raises(Died):
        caller.request(caller.waiting.verb.attrib["action"], {"Digits": "1"})
    documents = [caller.request(f"{caller.base_url}/ivr/step?n={turn}&e=s", {})[1] for turn in range(2, 6)]
    assert ["正在查询" in document for document in documents] == [True, True, True, False]
    assert "系统现在查不了。" in documents[-1] and "转人工" in documents[-1]

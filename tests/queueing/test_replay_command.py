"""The replay as it is run: what is typed, what is printed, and the picture."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from app import main
from integrations.settings import PROJECT_DIR, Settings
from queueing.replay import command, picture
from queueing.replay.options import replay_arguments
from queueing.replay.plan import Plan
from queueing.replay.scenarios import FIGURES, play_job, replay
from tests.conftest import TEST_KEYS
from tests.queueing.replay_scene import SETTING, one_by_one
from tests.queueing.replay_scene import SMALL as SMALL_PLAN

SMALL = ["--calls=144", "--wanting=102", "--consultants=1", "--effective=0.8", "--compare=1", "--days=1"]


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    """Without a database and without Redis."""
    return Settings.from_env({"VAR_DIR": str(tmp_path / "var")}, load_demo_keys=lambda var_dir: TEST_KEYS)


def read(*typed: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    replay_arguments(parser)
    return parser.parse_args(typed)


def run(settings: Settings, *typed: str) -> int:
    return command.run_replay_command(settings, read(*typed))


def test_what_is_not_typed_is_as_the_plan_has_it() -> None:
    reading = command.Reading(read())
    assert reading.plan() == Plan()
    assert reading.problems == []


BAD = [
    (["--effective", "6"], "--effective 6：在岗的要在 0.5 到咨询员人数（--consultants 5）之间"),
    (["--compare", "3,9"], "--compare 9：在岗的要在"),
    (["--compare", "three"], "--compare three：请写成 3,3.5,4 的样子"),
    (["--calls", "many"], "--calls many：请写一个整数"),
    (["--calls", "7.5"], "--calls 7.5：请写一个整数"),
    (["--wanting", "800"], "--wanting 800：要人工的不能多过全部来电（--calls 720）"),
    (["--patience", "0"], "--patience 0秒不行，要在 1 到 3600秒之间"),
    (["--patience", "nan"], "--patience nan：请写一个数"),
    (["--talk", "300-240"], "--talk 300-240：先写短的，再写长的，例如 240-300"),
    (["--talk", "long"], "--talk long：请写成 240-300 的样子"),
    (["--pick-up", "2-500"], "--pick-up 500秒不行"),
    (["--redial", "1.5"], "--redial 1.5不行，要在 0 到 1之间"),
    (["--accept", "-0.1"], "--accept -0.1不行"),
    (["--reached", "most"], "--reached most：请写一个数"),
    (["--peaks", "9-11"], "--peaks 9-11：请写成 9-11:28,14-16:26 的样子"),
    (["--peaks", "9-11:60,10-12:10"], "--peaks：两个高峰重叠了"),
    (["--peaks", "9-11:60,14-16:60"], "合起来 120% 要少于 100%"),
    (["--peaks", "11-9:20"], "--peaks 11-9：钟点要在 0 到 24 之间，先写早的"),
    (["--days", "0"], "--days 0天不行"),
    (["--seed", "-1"], "--seed -1不行"),
    (["--centre", "999999"], "--centre 999999：没有这个中心"),
    (["--date", "2016-03-13"], "--date 2016-03-13：省本级这一天不上班，请换一个工作日"),
    (["--date", "tomorrow"], "--date tomorrow：请写成 2016-03-15 的样子"),
    (["--out", "/nowhere/at/all/day.svg"], "--out /nowhere/at/all/day.svg：没有这个文件夹"),
]


@pytest.mark.parametrize(("typed", "sentence"), BAD, ids=[" ".join(typed) for typed, _ in BAD])
def test_what_cannot_be_is_refused_with_a_sentence(
    plain_settings: Settings, capsys: pytest.CaptureFixture[str], typed: list[str], sentence: str
) -> None:
    assert run(plain_settings, *[f"{typed[0]}={typed[1]}"]) == 2
    told = capsys.readouterr()
    assert sentence in told.err and told.out == ""
    assert told.err.count("  - ") == 1, told.err


def test_all_mistakes_are_told_at_once(plain_settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    typed = [
        "--calls=x",
        "--effective=9",
        "--compare=8",
        "--date=y",
        "--redial=2",
        "--talk=50-40",
        "--out=/nowhere/a.svg",
    ]
    assert run(plain_settings, *typed) == 2
    err = capsys.readouterr().err
    assert [name for name in typed if name.replace("=", " ") not in err and name != "--redial=2"] == []
    assert "--redial 2不行" in err and err.count("  - ") == len(typed)


def test_a_broken_file_of_centres_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "centres.yaml").write_text("centres: [", encoding="utf-8")
    settings = Settings.from_env(
        {"VAR_DIR": str(tmp_path / "var"), "HOTLINE_CONFIG": str(tmp_path)}, load_demo_keys=lambda var_dir: TEST_KEYS
    )
    assert run(settings) == 2
    assert f"{tmp_path / 'centres.yaml'} 读不出来" in capsys.readouterr().err


def test_the_command_is_wired_and_refuses_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    assert main(["replay", "--days", "no"]) == 2
    assert "--days no：请写一个整数" in capsys.readouterr().err


@pytest.fixture
def found(plain_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON of a small day, its picture at `out`."""
    out = tmp_path / "day.svg"
    assert run(plain_settings, *SMALL, "--json", "--out", str(out)) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told | {"out": out}


def figures(found: dict[str, Any], effective: float, with_callbacks: bool) -> dict[str, float | None]:
    return next(
        {name: stat["mean"] for name, stat in each["figures"].items()}
        for each in found["scenarios"]
        if (each["effective"], each["with_callbacks"]) == (effective, with_callbacks)
    )


def test_the_json_tells_every_figure_with_its_denominator(found: dict[str, Any]) -> None:
    assert set(figures(found, 0.8, True)) == set(FIGURES)
    for effective in (0.8, 1.0):
        told = figures(found, effective, True)
        assert told["lost"] == 0 and told["gave_up"] == 0
        assert told["people"] == found["people"]
    assert found["published_connection_rate"] == pytest.approx(0.583, abs=0.0005)
    assert len(found["assumptions"]) >= 5


def test_the_table_says_what_the_json_says(
    plain_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], found: dict[str, Any]
) -> None:
    out = tmp_path / "again.svg"
    assert run(plain_settings, *SMALL, "--out", str(out)) == 0
    table = capsys.readouterr().out
    before, after = figures(found, 0.8, False), figures(found, 0.8, True)
    assert re.search(rf"人工接通率\s+{before['connection_rate']:.1%} .*58\.3%", table)
    assert f"有回电，丢失 0 人：说上话 {after['served']:.0f} 人" in table
    assert f"{before['gave_up']:.0f} 人没接通，没有人再找他们" in table
    assert f"倒推出 {found['people']} 个人" in table
    assert "人工接通率 = 人工接通 ÷ 要人工的来电" in table and "按人算" in table and "按来电算" in table
    assert f"图：{out}" in table
    # The same seeds give the same day, to the last figure of the picture.
    assert out.read_text(encoding="utf-8") == found["out"].read_text(encoding="utf-8")


def test_every_person_has_one_column_of_the_table_of_people(found: dict[str, Any]) -> None:
    endings = ("on_the_line", "rung_today", "rung_later", "not_reached", "still_open", "left_early", "gave_up", "lost")
    for effective in (0.8, 1.0):
        for with_callbacks in (False, True):
            told = figures(found, effective, with_callbacks)
            assert sum(told[ending] or 0 for ending in endings) == found["people"]


def test_it_does_not_matter_in_how_many_processes_the_days_are_played() -> None:
    plan = replace(SMALL_PLAN, days=2)
    assert command.play_all_days(plan, SETTING, [1.0]) == replay(plan, SETTING, [1.0], Random, one_by_one)


def test_who_waits_long_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    replay(SMALL_PLAN, SETTING, [1.0], Random, lambda jobs: command._with_progress(map(play_job, jobs), 3))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(command, "SAY_PROGRESS_AFTER", -1.0)
    replay(SMALL_PLAN, SETTING, [1.0], Random, lambda jobs: command._with_progress(map(play_job, jobs), 3))
    assert "重放 1/3 天" in capsys.readouterr().err


# The picture


def texts(svg: Path) -> list[str]:
    tree = ElementTree.fromstring(svg.read_text(encoding="utf-8"))
    return ["".join(element.itertext()).strip() for element in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_is_sound_and_holds_the_figures(found: dict[str, Any]) -> None:
    words = texts(found["out"])
    before, after = figures(found, 0.8, False), figures(found, 0.8, True)
    assert (
        f"{before['served']:.0f}/ {found['people']}" in words and f"{after['served']:.0f}/ {found['people']}" in words
    )
    assert f"{before['gave_up']:.0f}人" in words and "0人" in words
    assert f"电话上接通 {after['on_the_line']:.0f}" in words
    rate = before["connection_rate"]
    assert f"要人工的来电 {before['asked']:.0f}，电话上接通 {before['answered']:.0f}（{rate:.1%}）" in words
    assert {"没有回电", "有回电", "丢失的人", "9点", "17点"} <= set(words)
    assert words.count("午休") == 4


def test_the_bars_of_the_picture_are_as_long_as_their_figures(found: dict[str, Any]) -> None:
    tree = ElementTree.fromstring(found["out"].read_text(encoding="utf-8"))
    bars = [rect for rect in tree.iter("{http://www.w3.org/2000/svg}rect") if len(rect)]
    whole = picture.CARD_WIDTH - 2 * picture.PADDING
    widths = {"".join(bar.itertext()).strip(): float(bar.get("width", "0")) for bar in bars}
    before = figures(found, 0.8, False)
    assert before["gave_up"] is not None
    wide = widths[f"没接通，没人再找 {before['gave_up']:.0f}人"]
    assert wide == pytest.approx(whole * before["gave_up"] / found["people"], abs=0.1)
    assert sum(widths.values()) == pytest.approx(2 * whole, abs=1)


def test_nothing_of_the_picture_lies_outside_it(found: dict[str, Any]) -> None:
    tree = ElementTree.fromstring(found["out"].read_text(encoding="utf-8"))
    for element in tree.iter():
        x, y = float(element.get("x", "0")), float(element.get("y", "0"))
        assert 0 <= x + float(element.get("width", "0")) <= picture.WIDTH
        assert 0 <= y + float(element.get("height", "0")) <= picture.HEIGHT


def test_the_picture_has_the_colours_of_the_pages() -> None:
    css = (PROJECT_DIR / "dashboards" / "static" / "style.css").read_text(encoding="utf-8")
    variables = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css))
    for name, variable in {
        "PAPER": "paper", "WALL": "wall", "INK": "ink", "SOFT": "ink-soft", "TILE": "tile", "LINE": "line",
        "STRONG": "line-strong", "ACCENT": "accent", "ACCENT_SOFT": "accent-soft", "ON": "on", "SOON": "soon",
        "STOP": "stop", "OFF": "off",
    }.items():  # fmt: skip
        assert getattr(picture, name) == variables[variable]


def test_the_shipped_picture_is_small_and_sound() -> None:
    shipped = PROJECT_DIR / "docs" / "replay.svg"
    assert shipped.stat().st_size < 60_000
    assert {"没有回电", "有回电", "丢失的人"} <= set(texts(shipped))


def test_the_start_of_other_commands_does_not_pay_for_the_replay() -> None:
    said = "import sys, queueing.replay.options; print([m for m in sys.modules if m.startswith(('queueing', 'yaml'))])"
    done = subprocess.run([sys.executable, "-c", said], cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    loaded = ["queueing", "queueing.replay", "queueing.replay.plan", "queueing.replay.options"]
    assert sorted(json.loads(done.stdout.replace("'", '"'))) == sorted(loaded)

"""`python app.py menu check | draw | walk`: what somebody who edits a menu needs, without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TextIO

from integrations.settings import Settings
from integrations.work_calendar import SHANGHAI
from ivr.almanac import build_moment
from ivr.draw import draw
from ivr.duty import DutyBoard
from ivr.library import Library, closed_keys, load_library
from ivr.problem import Problem
from ivr.walk import Walk, walk_in_terminal
from queueing.features import FEATURES


def load_library_now(settings: Settings) -> Library:
    return load_library(datetime.now(SHANGHAI).date(), settings.config_dir)


def say_problems(problems: Iterable[Problem], out: TextIO) -> None:
    """Every problem with its file and line, and what to do."""
    problems = list(problems)
    print(f"菜单或配置有 {len(problems)} 处问题：", file=out)
    for problem in problems:
        print(f"  {problem}", file=out)
    print("改好以后，用 python app.py menu check 再查一次。", file=out)


def run_menu_command(settings: Settings, arguments: argparse.Namespace) -> int:
    """0 when all is well, 2 with the problems or the mistake of the operator in sentences."""
    library = load_library_now(settings)
    if library.problems:
        say_problems(library.problems, sys.stdout)
        return 2
    if arguments.centre not in library.centres:
        names = "、".join(f"{code} {centre.short_name}" for code, centre in library.centres.items())
        print(f"没有中心“{arguments.centre}”，可以用：{names}", file=sys.stderr)
        return 2
    at = _when(arguments.at)
    if at is None:
        print(f'看不懂时间“{arguments.at}”，请写成 "2026-02-14 10:00"', file=sys.stderr)
        return 2
    if arguments.action == "check":
        return _check(library, at)
    if arguments.action == "draw":
        return _draw(library, arguments.centre, at, arguments.out)
    walk_in_terminal(Walk(library, arguments.centre, at, arguments.caller))
    return 0


def _when(text: str | None) -> datetime | None:
    if not text:
        return datetime.now(SHANGHAI)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _check(library: Library, at: datetime) -> int:
    menus = {menu for menu, _ in library.flows}
    print(f"{len(menus)} 个菜单、{len(library.centres)} 个中心，没有问题。")
    shelf = library.content.shelf(at.date())
    for piece, reason in shelf:
        print(f"  提醒  {piece.file}《{piece.title}》{reason}")
    for name, reason, centres in closed_keys(library):
        where = "全部中心" if len(centres) == len(library.centres) else "、".join(centres)
        print(f"  没有开通  {FEATURES[name]}：{reason}（{where}）")
    return 0


def _draw(library: Library, centre: str, at: datetime, out: str | None) -> int:
    # Drawn for a day on which somebody has come to work.
    moment = build_moment(library.centres[centre], DutyBoard(seats={centre: True}), at)
    svg = draw(library.flow(centre), moment, f"{library.centres[centre].name} 12333 菜单")
    if not out:
        print(svg)
        return 0
    Path(out).write_text(svg, encoding="utf-8")
    print(f"画好了：{out}")
    return 0

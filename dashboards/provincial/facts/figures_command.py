"""`python app.py figures`: make the facts of a period anew from the raw rows, or show its figures as a table."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import SQLAlchemyError

from dashboards.metrics import COUNT, FIGURES, GROUPS_ZH, SECONDS, Figure, Value, value_of
from dashboards.provincial.facts import rows as fact_rows
from dashboards.provincial.facts.build import build_day, long_connection
from dashboards.provincial.facts.rows import Slice
from dashboards.provincial.facts.spans import DAY, day_of
from dashboards.provincial.measures import DEMO
from integrations.services import Services

# Whoever waits longer is told how far it is, and then as often.
TOLD_EVERY_SECONDS = 2.0
# The days that a calendar can reckon with.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
_CENTRES = "SELECT code, short_name FROM centre ORDER BY code"


def figures_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of `figures` and what each is told."""
    actions = parser.add_subparsers(dest="action", required=True)
    rebuild = actions.add_parser("rebuild", help="按原始记录重新汇总这些天")
    show = actions.add_parser("show", help="显示这些天的指标")
    for action in (rebuild, show):
        action.add_argument("--since", help="从哪一天，例如 2026-11-21，不写就是今天")
        action.add_argument("--until", help="到哪一天（含），不写就是同一天")
    show.add_argument("--centre", help="中心代码，例如 340100，不写就是全省")


def run_figures_command(services: Services, arguments: argparse.Namespace) -> int:
    """Do it and say so; 2 and a sentence when it cannot be done."""
    try:
        first, last = _period(arguments, day_of(services.now()))
        if arguments.action == "rebuild":
            return _rebuild(services, first, last)
        return _show(services, first, last, arguments.centre)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (psycopg.Error, SQLAlchemyError, PoolTimeout) as error:
        print(f"数据库没有做成（{type(error).__name__}）。系统正在运行吗？", file=sys.stderr)
        return 2
    finally:
        services.close()


def _period(arguments: argparse.Namespace, today: date) -> tuple[date, date]:
    try:
        first = date.fromisoformat(arguments.since) if arguments.since else today
        last = date.fromisoformat(arguments.until) if arguments.until else first
    except ValueError:
        raise ValueError("日期请写成 2026-11-21 的样子。") from None
    if first < FIRST_DAY or last > LAST_DAY:
        raise ValueError(f"日期请在 {FIRST_DAY} 至 {LAST_DAY} 之间。")
    if last < first:
        raise ValueError("结束的日期早于开始的日期。")
    return first, last


def _rebuild(services: Services, first: date, last: date) -> int:
    days = [first + n * DAY for n in range((last - first).days + 1)]
    began = told = time.monotonic()
    for done, day in enumerate(days, 1):
        build_day(services.database, day, services.now())
        if done < len(days) and time.monotonic() - told >= TOLD_EVERY_SECONDS:
            told = time.monotonic()
            left = (told - began) / done * (len(days) - done)
            print(f"  已汇总到 {day}，{done}/{len(days)} 天，大约还要 {left:.0f} 秒", flush=True)
    print(f"重新汇总了 {first} 至 {last}，共 {len(days)} 天，用了 {time.monotonic() - began:.1f} 秒。")
    return 0


def _show(services: Services, first: date, last: date, centre: str | None) -> int:
    with long_connection(services.database) as connection, connection.transaction():
        names = dict(connection.execute(_CENTRES).fetchall())
        if centre is not None and centre not in names:
            raise ValueError(f"没有代码是“{centre}”的中心。")
        piece = Slice(first, last + DAY, (centre,) if centre else tuple(names), live=day_of(services.now()))
        sums, sources = fact_rows.sums(connection, piece), fact_rows.sources(connection, piece)
    print(f"{first} 至 {last}，{names[centre] if centre else '全省'}")
    if not sources:
        print("这些天还没有汇总，或者没有来电。汇总用 figures rebuild。")
        return 0
    if DEMO in sources:
        print("（含演示用的生成数据，不是真实来电）")
    for group, title in GROUPS_ZH.items():
        print(title)
        for figure in FIGURES.values():
            if figure.group == group:
                print(format_figure(figure, value_of(figure, sums)))
    return 0


def format_figure(figure: Figure, value: Value) -> str:
    """A line of the table: the figure, and what was divided by what; a dash where there is no figure."""
    if figure.unit == COUNT:
        return f"  {figure.name_zh}  {value.numerator:,}"
    if value.value is None:
        return f"  {figure.name_zh}  —（没有可算的）"
    shown = _duration(value.value) if figure.unit == SECONDS else f"{value.value:.1%}"
    return f"  {figure.name_zh}  {shown}（{value.numerator:,} ÷ {value.denominator:,}）"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}分{rest:02}秒" if minutes else f"{rest}秒"

"""`python app.py ledger`: the proof that no call is lost, as a table; exit code 1 when it does not hold."""

from __future__ import annotations

import argparse
import sys
from datetime import date, datetime, time, timedelta

import psycopg
from psycopg_pool import PoolTimeout

from integrations.services import Services
from integrations.work_calendar import SHANGHAI
from ivr.ledger import IN_PROGRESS, Proof, prove
from ivr.outcome import NAMES_ZH

_NAMES = NAMES_ZH | {IN_PROGRESS: "还在通话"}


def run_ledger_command(services: Services, arguments: argparse.Namespace) -> int:
    try:
        first = date.fromisoformat(arguments.since) if arguments.since else services.now().astimezone(SHANGHAI).date()
        last = date.fromisoformat(arguments.until) if arguments.until else first
    except ValueError:
        print("日期请写成 2026-11-21 的样子。", file=sys.stderr)
        return 2
    if last < first:
        print("结束的日期早于开始的日期。", file=sys.stderr)
        return 2
    since = datetime.combine(first, time(0), SHANGHAI)
    until = datetime.combine(last + timedelta(days=1), time(0), SHANGHAI)
    try:
        with services.database.pool.connection() as connection:
            proof = prove(connection, since, until)
    except (psycopg.Error, PoolTimeout) as error:
        print(f"连不上数据库（{type(error).__name__}）。系统正在运行吗？", file=sys.stderr)
        return 2
    finally:
        services.close()
    print(f"{first} 至 {last}（按来电开始的小时和首个中心）")
    print(format_proof(proof))
    return 0 if proof.holds else 1


def format_proof(proof: Proof) -> str:
    """A line an hour: received = each outcome + in progress, and whether it holds."""
    lines = []
    for row in proof.rows:
        parts = " + ".join(f"{_NAMES.get(name, name)} {count}" for name, count in sorted(row.outcomes.items()))
        verdict = "相符" if row.difference == 0 else f"相差 {row.difference}"
        hour = row.hour.astimezone(SHANGHAI)
        lines.append(f"  {row.centre} {hour:%m-%d %H时}  接到 {row.received} = {parts or '0'}  {verdict}")
    for name, sids in proof.contradictions.items():
        lines.append(f"  ✗ {name}：{'、'.join(sids[:20])}{' 等' if len(sids) > 20 else ''}")
    total = sum(row.received for row in proof.rows)
    lines.append(f"共 {total} 个来电，{'账目相符。' if proof.holds else '账目不符，请看上面标出的来电。'}")
    return "\n".join(lines)

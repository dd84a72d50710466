"""`python app.py push ...`: the reference client. Sends a file of calls, hours or totals, and says what came of it.

Exit codes: 0 all taken, 1 something was refused, 2 the file, the key or the command is wrong, 3 no answer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dashboards.provincial.cities.csv_file import BadFile, read_csv
from dashboards.provincial.cities.fields import KINDS, LARGEST_BATCH_ROWS
from dashboards.provincial.cities.push_client import Answer, Sender
from dashboards.provincial.cities.signature import read_secret

ROWS_PER_BATCH = 5_000
LARGEST_FILE_BYTES = 500_000_000
TAKEN, SOME_REFUSED, WRONG, NO_ANSWER = 0, 1, 2, 3
STATUS_ZH = {"accepted": "全部收下", "partial": "部分收下", "refused": "整批退回"}
Row = tuple[int, Mapping[str, Any]]


def push_arguments(parser: argparse.ArgumentParser) -> None:
    """What `push` is told."""
    parser.add_argument("file", type=Path, help="CSV（用模板，UTF-8 或 GBK）或 JSON（列表）文件")
    parser.add_argument("--url", required=True, help="热线的地址，例如 https://12333.example.gov.cn")
    parser.add_argument("--centre", required=True, help="本中心代码，例如 340700")
    parser.add_argument("--key-file", required=True, type=Path, help="密钥文件：一行，密钥编号、空格、密钥")
    parser.add_argument(
        "--kind", required=True, choices=sorted(KINDS), help="calls 来电，hours 小时汇总，totals 每日总数"
    )
    parser.add_argument("--partial", action="store_true", help="好的行收下，只退回坏的行")
    parser.add_argument("--rows", type=int, default=ROWS_PER_BATCH, help="一批多少行")


def run_push_command(arguments: argparse.Namespace) -> int:
    """Send the file and say what came of each batch."""
    try:
        sender = _sender(arguments)
        rows = read_rows(arguments.file, arguments.kind)
    except BadFile as error:
        print(error.sentence, file=sys.stderr)
        return WRONG
    if not 1 <= arguments.rows <= LARGEST_BATCH_ROWS:
        print(f"--rows 应当在 1 到 {LARGEST_BATCH_ROWS} 之间。", file=sys.stderr)
        return WRONG
    print(f"{arguments.file.name}：{len(rows)} 行", flush=True)
    codes = [_send(sender, arguments, chunk, start) for start, chunk in chunks(rows, arguments.rows)]
    return max(codes, default=TAKEN)


def read_rows(path: Path, kind: str) -> list[Row]:
    """The rows of a file, each with the line or the place in the list that it stands on. Raises BadFile."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadFile(type(error).__name__, f"文件打不开：{path.name}") from error
    if path.suffix.lower() != ".json":
        return [(line, _told(row)) for line, row in read_csv(data, kind, LARGEST_FILE_BYTES)]
    try:
        rows = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise BadFile("not JSON", "文件不是 JSON（UTF-8）。") from error
    if not isinstance(rows, list):
        raise BadFile("no list", "JSON 文件应当是一个列表，每项是一行。")
    return list(enumerate(rows, start=1))


def _told(row: Mapping[str, str]) -> Mapping[str, str]:
    # An empty cell says nothing.
    return {name: value for name, value in row.items() if value.strip()}


def chunks(rows: Sequence[Row], size: int) -> Iterator[tuple[int, Sequence[Row]]]:
    """Pieces of a file, each with the place at which it begins."""
    for start in range(0, len(rows), size):
        yield start, rows[start : start + size]


def _sender(arguments: argparse.Namespace) -> Sender:
    url = arguments.url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadFile("bad url", "--url 应当是 https://… 开头的地址。")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        print("注意：地址不是 https，内容在网上不加密。", file=sys.stderr)
    try:
        key_id, secret = arguments.key_file.read_text(encoding="utf-8-sig").split()
        return Sender(url, arguments.centre, key_id, read_secret(secret))
    except (OSError, ValueError) as error:
        raise BadFile(
            type(error).__name__, "密钥文件读不出来，应当是一行：密钥编号、空格、whsec_ 开头的密钥。"
        ) from error


def _send(sender: Sender, arguments: argparse.Namespace, chunk: Sequence[Row], start: int) -> int:
    answer = sender.send(arguments.kind, [row for _, row in chunk], partial=arguments.partial)
    where = f"第 {start + 1} 到 {start + len(chunk)} 条"
    receipt = answer.receipt
    if receipt is None:
        print(f"{where}：{_sentence(answer)}", file=sys.stderr, flush=True)
        return NO_ANSWER if answer.status == 0 or answer.status >= 500 or answer.status == 429 else WRONG
    print(f"{where}：{_words(receipt)}", flush=True)
    for problem in receipt["problems"]:
        line = chunk[problem["line"] - 1][0]
        print(f"  第 {line} 行 {problem['field']}：{problem['problem']}", file=sys.stderr, flush=True)
    return SOME_REFUSED if receipt["refused"] else TAKEN


def _words(receipt: Mapping[str, Any]) -> str:
    counts = f"收下 {receipt['accepted']}，没有变化 {receipt['unchanged']}，退回 {receipt['refused']}"
    again = "，以前已经报过" if receipt["is_repeated"] else ""
    return f"{STATUS_ZH.get(receipt['status'], receipt['status'])}（{counts}{again}），批次 {receipt['batch_id']}"


def _sentence(answer: Answer) -> str:
    if answer.status == 0:
        return "多次连不上热线，这一批没有确认收到。再运行一次就会用同一个批次名重发。"
    told = answer.told.get("sentence", "热线没有说明原因。")
    return f"{told}（{answer.status}，编号 {answer.told.get('error_id', '无')}）"

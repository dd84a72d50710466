"""A city's file of comma-separated values: what is in it, line by line, and the template to fill in. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from dashboards.provincial.cities.fields import CALLS, FIELDS, HOURS, KINDS_ZH, LARGEST_BATCH_BYTES, TOTALS, Field
from dashboards.provincial.cities.values import shown
from integrations.errors import HotlineError

# What spreadsheets here write: UTF-8 with or without its mark, or the national encoding.
ENCODINGS = ("utf-8-sig", "gb18030")
TOO_MUCH = "（多出的内容）"

# A second line that shows what the first does not.
_SECOND: dict[str, dict[str, str]] = {
    CALLS: {
        "call_id": "C20200106-0002",
        "started_at": "2020-01-06 10:05:10",
        "ended_at": "2020-01-06 10:06:40",
        "outcome": "abandoned_in_queue",
        "wait_seconds": "48",
        "talk_seconds": "",
        "hold_seconds": "",
        "wrap_up_seconds": "",
    },
    HOURS: {"hour": "2020-01-06 11:00"},
    TOTALS: {"day": "2020-01-07"},
}


class BadFile(HotlineError):
    """A file that cannot be read at all; the sentence says what to change."""

    default_sentence = "文件读不出来，请用模板另存为 CSV 再试。"
    http_status = 422


def read_csv(
    data: bytes, kind: str, largest: int = LARGEST_BATCH_BYTES, most: int | None = None
) -> list[tuple[int, dict[str, str]]]:
    """The rows of a file with the lines they stand on, values as they are written, by the names of the fields.

    The first row names the columns, in English (`call_id`) or by their Chinese titles; empty lines are passed over.
    What stands beyond the last column is kept under a name that no check knows, so that its line is named. After `most`
    rows the rest is not read: a small file may hold millions. Raises BadFile for more than `largest` bytes, another
    encoding, unknown, doubled or missing columns.
    """
    if len(data) > largest:
        raise BadFile("file too large", f"文件太大，最多 {largest // 1024 // 1024} MB，请分成几个文件。")
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    columns: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells, kind)
            else:
                rows.append((reader.line_num, _row(columns, cells)))
                if len(rows) == most:
                    break
    except csv.Error as error:
        raise BadFile(str(error), f"第 {reader.line_num} 行读不出来，多半是引号没有配对。") from error
    if columns is None:
        raise BadFile("empty file", "文件是空的，第一行应当是各列的名字。")
    return rows


def template(kind: str) -> bytes:
    """A file to fill in: Chinese titles and two lines as an example."""
    out = io.StringIO()
    writer = csv.writer(out)
    first = {each.name: each.example for each in _told(kind)}
    writer.writerow(each.title_zh for each in _told(kind))
    for example in (first, {**first, **_SECOND[kind]}):
        writer.writerow(_as_shown(kind, example))
    return out.getvalue().encode("utf-8-sig")


def _told(kind: str) -> Sequence[Field]:
    return [each for each in FIELDS[kind] if each.name != "centre"]


def _as_shown(kind: str, example: dict[str, str]) -> list[str]:
    return [each.choices.get(example[each.name], example[each.name]) for each in _told(kind)]


def _text(data: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadFile("neither UTF-8 nor GB 18030", "文件的编码认不出来，请另存为“CSV UTF-8（逗号分隔）”。")


def _columns(cells: Sequence[str], kind: str) -> list[str]:
    names = {each.name: each.name for each in FIELDS[kind]} | {each.title_zh: each.name for each in FIELDS[kind]}
    # An exported sheet often ends in columns without anything.
    titles = [cell.strip() for cell in cells]
    while titles and not titles[-1]:
        titles.pop()
    unknown = [shown(title) or "（空）" for title in titles if title not in names]
    if unknown:
        raise BadFile(
            "unknown columns", f"“{KINDS_ZH[kind]}”没有这些列：{'、'.join(unknown[:10])}。请对照模板的第一行。"
        )
    columns = [names[title] for title in titles]
    doubled = sorted({each.title_zh for each in FIELDS[kind] if columns.count(each.name) > 1})
    if doubled:
        raise BadFile("columns twice", f"这些列写了两次：{'、'.join(doubled)}。")
    missing = [each.title_zh for each in FIELDS[kind] if each.is_required and each.name not in columns]
    if missing:
        raise BadFile("columns missing", f"缺少这些列：{'、'.join(missing)}。请对照模板的第一行。")
    return columns


def _row(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    row = dict(zip(columns, cells, strict=False))
    beyond = [cell for cell in cells[len(columns) :] if cell.strip()]
    return {**row, TOO_MUCH: beyond[0]} if beyond else row

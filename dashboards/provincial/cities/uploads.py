"""A file of a city's, uploaded by hand: checked without writing anything, and taken when somebody has seen the check.

The server keeps nothing between the two: the page sends the file again, with the digest of what was checked and the
name that the check gave the batch, so that pressing twice takes it once.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file
from psycopg import Connection
from werkzeug.exceptions import RequestEntityTooLarge

from dashboards.audit import enter_audit
from dashboards.console.api import json_roles
from dashboards.console.errors import Refused
from dashboards.provincial.cities.csv_file import read_csv, template
from dashboards.provincial.cities.fields import FIELDS, KINDS, KINDS_ZH, LARGEST_BATCH_BYTES, LARGEST_BATCH_ROWS
from dashboards.provincial.cities.formats import Checked, Problem, check_rows
from dashboards.provincial.cities.store import ACCEPTED, MOST_PROBLEMS, UPLOAD, Batch, CityStore, Receipt
from dashboards.provincial.cities.words import STATUSES, field_name, state_json
from dashboards.provincial.scope import SEES_FIGURES, require_one
from dashboards.sign_in import signed_in
from ivr.service import Line

LARGEST_BYTES = LARGEST_BATCH_BYTES
# Of a file with one mistake in every line nobody reads more.
MOST_SHOWN = 1000
FIRST_ROWS = 5
# What a workbook, an old workbook and a PDF begin with.
NOT_CSV = {b"PK\x03\x04": "Excel 工作簿", b"\xd0\xcf\x11\xe0": "旧版 Excel 工作簿", b"%PDF": "PDF"}
NO_SUCH_KIND = "没有这种数据，请从页面上选。"
EMPTY = "文件是空的。"
NO_ROWS = "文件里只有列名，没有数据。"
TOO_LARGE = f"文件太大，一次最多{LARGEST_BYTES // 1024 // 1024} MB，请按天或按月分成几个文件。"
TOO_MANY = f"一次最多{LARGEST_BATCH_ROWS}行，请按天或按月分成几个文件。"
CHANGED = "文件和刚才检查的不一样，请再检查一次。"
UNKNOWN_CHECK = "请先检查，再收。"
REPEATED = "这一份刚才已经收过，没有再收一遍。"
# Letters only: digits by chance could look like somebody's number.
_NAME = re.compile(r"upload-[a-z]{20}")
_API = "/province/api/cities"
Rows = Sequence[tuple[int, Mapping[str, str]]]
Json = dict[str, Any]


class CityUploads:
    """Checking and taking a file, and the templates to fill in."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._store = CityStore(line.services)

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        guard = json_roles(*SEES_FIGURES)
        bp.get(f"{_API}/templates/<kind>.csv", endpoint="template")(guard(self._template))
        bp.post(f"{_API}/uploads/preview", endpoint="preview")(guard(self._preview))
        bp.post(f"{_API}/uploads", endpoint="upload")(guard(self._take))

    def _template(self, kind: str) -> Response:
        name = f"12333-{KINDS_ZH[_known(kind)]}-模板.csv"
        file = io.BytesIO(template(kind))
        return send_file(file, mimetype="text/csv", as_attachment=True, download_name=name)

    def _preview(self) -> Response:
        batch, digest = self._sent(new_name())
        return jsonify(upload=batch.batch_id, digest=digest, **self.check(batch))

    def check(self, batch: Batch) -> Json:
        """What would become of the rows, and everything that is wrong with them; nothing is written."""
        services = self._line.services
        now = services.now()
        checked = check_rows(batch.kind, batch.rows, centre=batch.centre, now=now, subjects=self._store.subjects)
        bad = {problem.line for problem in checked.problems}
        good = [(line, row) for line, row in batch.rows if line not in bad]
        # Of the good ones alone, so that its problems are those which only the rows taken before can show.
        receipt = self._store.preview(replace(batch, rows=good))
        return _check_json(batch.kind, checked, receipt, good)

    def _take(self) -> Response:
        name, member = request.args.get("upload", ""), signed_in()
        if not _NAME.fullmatch(name):
            raise Refused(422, UNKNOWN_CHECK)
        batch, digest = self._sent(name)
        if digest != request.args.get("digest", ""):
            raise Refused(409, CHANGED)
        batch = replace(batch, takes_good_part=request.args.get("part") == "1")
        now = self._line.services.now()

        def note(connection: Connection[Any], receipt: Receipt) -> None:
            about = f"batch {receipt.batch} {batch.kind}: {receipt.status}"
            enter_audit(connection, now, member.username, "city_uploaded", batch.centre, about)

        return jsonify(_receipt_json(self._store.take(batch, UPLOAD, member.username, note)))

    def _sent(self, name: str) -> tuple[Batch, str]:
        """The rows of the file that was sent, as a batch of this name, and the file's digest. Raises Refused."""
        centre = require_one(signed_in(), self._line.keeper.library(), request.args.get("centre", ""))
        kind = _known(request.args.get("kind", ""))
        data = read_file()
        digest = hashlib.sha256(f"{centre} {kind} ".encode() + data).hexdigest()
        rows = read_csv(data, kind, most=LARGEST_BATCH_ROWS + 1)
        if not rows:
            raise Refused(422, NO_ROWS)
        if len(rows) > LARGEST_BATCH_ROWS:
            raise Refused(413, TOO_MANY)
        return Batch(centre, name, kind, rows, takes_good_part=True), digest


def new_name() -> str:
    """A name for a batch, made when its file is checked."""
    return "upload-" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(20))


def read_file() -> bytes:
    """The body of the request. Raises Refused for what is too large, empty, or certainly no CSV."""
    # More than other requests may bring.
    request.max_content_length = LARGEST_BYTES
    try:
        data = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise Refused(413, TOO_LARGE) from None
    if not data.strip():
        raise Refused(422, EMPTY)
    for beginning, what in NOT_CSV.items():
        if data.startswith(beginning):
            raise Refused(422, f"这是{what}，不是 CSV。请在 Excel 里“另存为”，选 CSV，再传。")
    return data


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise Refused(404, NO_SUCH_KIND)
    return kind


def _check_json(kind: str, checked: Checked, receipt: Receipt, good: Rows) -> Json:
    problems = sorted([*checked.problems, *receipt.problems], key=lambda problem: problem.line)
    refused_too = {problem.line for problem in receipt.problems}
    return {
        "rows": checked.total,
        "accepted": receipt.accepted,
        "unchanged": receipt.unchanged,
        "refused": checked.total - receipt.accepted - receipt.unchanged,
        "problems": [_problem(kind, problem) for problem in problems[:MOST_SHOWN]],
        "is_cut": len(problems) > MOST_SHOWN or len(receipt.problems) >= MOST_PROBLEMS,
        "first": _first(kind, [(line, row) for line, row in good if line not in refused_too]),
    }


def _first(kind: str, good: Rows) -> Json:
    """The first good rows as they are written, only with the columns that the file has."""
    told = [field for field in FIELDS[kind] if any(field.name in row for _, row in good[:1])]
    rows = [{"line": line, "values": [row.get(field.name, "") for field in told]} for line, row in good[:FIRST_ROWS]]
    return {"titles": [field.title_zh for field in told], "rows": rows}


def _receipt_json(receipt: Receipt) -> Json:
    return {
        "ok": True,
        "said": said_of(receipt),
        "batch": receipt.batch,
        "batch_id": receipt.batch_id,
        **state_json(STATUSES[receipt.status]),
        "rows": receipt.rows,
        "accepted": receipt.accepted,
        "unchanged": receipt.unchanged,
        "refused": receipt.refused,
        "problems": [_problem(receipt.kind, problem) for problem in receipt.problems],
        "is_cut": len(receipt.problems) >= MOST_PROBLEMS,
    }


def said_of(receipt: Receipt) -> str:
    """What became of it, in a sentence."""
    if receipt.is_repeated:
        return REPEATED
    taken = f"收下 {receipt.accepted} 行" + f"，{receipt.unchanged} 行没有变化" * bool(receipt.unchanged)
    if receipt.status == ACCEPTED:
        return f"{taken}。"
    if receipt.accepted or receipt.unchanged:
        return f"{taken}，{receipt.refused} 行有错没有收。"
    return "有错的行，一行也没有收。改好以后再检查一次。"


def _problem(kind: str, problem: Problem) -> Json:
    return {"line": problem.line, "field_zh": field_name(kind, problem.field), "problem": problem.problem}

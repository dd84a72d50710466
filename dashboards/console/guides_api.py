"""Guides and recordings to search and read while talking, and marks for their owners."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request

from dashboards.console.actions import HAS_SEAT, own_offer
from dashboards.console.api import json_body, json_roles, seat_of
from dashboards.console.errors import Refused
from dashboards.console.guide_search import Entry, Hit, build_index, parts_of, search
from dashboards.console.marks import Mark, add_mark, piece_of, read_mark
from dashboards.models import ROLES
from dashboards.sign_in import signed_in
from integrations.work_calendar import in_shanghai
from ivr.content import SUBJECTS, Guide, Piece
from ivr.service import Line
from voicemail.subjects import SubjectTree

KINDS_ZH = {"guide": "办事指南", "recording": "政策录音"}


class Guides:
    """The shelf as consultants see it; the index is built anew when the files have changed."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree
        self._lock = threading.Lock()
        self._index: tuple[str, tuple[Entry, ...]] | None = None

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        bp.get("/console/guides", endpoint="guides")(json_roles(*ROLES)(self.search))
        bp.get("/console/guides/<path:key>", endpoint="guide")(json_roles(*ROLES)(self.read))
        bp.post("/console/guides/mark", endpoint="mark_guide")(json_roles(*HAS_SEAT)(self.mark))

    def search(self) -> Response:
        """What fits the question, best first; the whole shelf without one."""
        hits = search(self._entries(), request.args.get("q", ""))
        return jsonify(guides=[_hit_json(hit, self._today()) for hit in hits])

    def read(self, key: str) -> Response:
        """One piece, in parts."""
        piece = piece_of(self._line.keeper.library().content, key)
        if piece is None:
            raise Refused(404, "没有这份指南，可能刚刚换过，请重新搜索。")
        parts = [{"title": part.title, "lines": list(part.lines)} for part in parts_of(piece)]
        more = {"source": piece.source, "reviewed": piece.reviewed.isoformat(), "owner": piece.owner, "parts": parts}
        return jsonify({**_piece_json(key, piece, self._today()), **more})

    def mark(self) -> Response:
        """Tell the owner that a piece is wrong, or that one is missing."""
        member, body = signed_in(), json_body()
        seat = seat_of(member)
        mark: Mark = read_mark(body, self._line.keeper.library().content)
        if mark.offer_id is not None:
            own_offer(self._line, seat, mark.offer_id)
        assert member.centre is not None
        return jsonify(ok=True, id=add_mark(self._line.services, mark, seat, member.centre))

    def _entries(self) -> tuple[Entry, ...]:
        library = self._line.keeper.library()
        with self._lock:
            if self._index is None or self._index[0] != library.fingerprint:
                self._index = library.fingerprint, build_index(library.content, self._tree)
            return self._index[1]

    def _today(self) -> date:
        return in_shanghai(self._line.services.now()).date()


def _hit_json(hit: Hit, day: date) -> dict[str, Any]:
    return {**_piece_json(hit.entry.key, hit.entry.piece, day), "snippet": hit.snippet}


def _piece_json(key: str, piece: Piece, day: date) -> dict[str, Any]:
    kind = "guide" if isinstance(piece, Guide) else "recording"
    return {
        "id": key,
        "kind": kind,
        "kind_zh": KINDS_ZH[kind],
        "title": piece.title,
        "subject": piece.subject,
        "subject_zh": SUBJECTS.get(piece.subject, piece.subject),
        "valid_until": piece.valid_until.isoformat(),
        "valid_zh": f"有效到{piece.valid_until.year}年{piece.valid_until.month}月{piece.valid_until.day}日",
        "is_playable": piece.is_playable(day),
        # Why callers do not hear it: a consultant should not read it out unchecked either.
        "problem": _problem(piece, day),
    }


def _problem(piece: Piece, day: date) -> str | None:
    if piece.problems:
        return "内容不完整：" + "；".join(piece.problems)
    if day > piece.valid_until:
        return f"{piece.valid_until}已到期，先核实再答复"
    return None if day >= piece.reviewed else f"审核日期{piece.reviewed}还没有到"

"""One deed for several cases: each by itself, so that one that cannot be done holds up no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.console.case_deeds import CaseDeeds
from dashboards.console.errors import Refused
from dashboards.staff import StaffMember
from integrations.errors import HotlineError

MOST_AT_ONCE = 100
DEEDS_ZH = {"take": "接办", "assign": "指派", "transfer": "转办", "release": "放回"}


class BulkDeeds:
    """What the bar over the list does."""

    def __init__(self, deeds: CaseDeeds) -> None:
        self._deeds = deeds

    def do(self, body: Mapping[str, Any], by: StaffMember, centres: tuple[str, ...]) -> dict[str, Any]:
        """How many were done, which were not and why, and a sentence about it. Raises Refused (422)."""
        ids = read_ids(body.get("ids"))
        failed: list[dict[str, Any]] = []
        for case_id in ids:
            try:
                self._deeds.do(body["deed"], case_id, body, by, centres)
            except HotlineError as error:
                failed.append({"id": case_id, "why": error.sentence})
        done = len(ids) - len(failed)
        return {"done": done, "failed": failed, "said": bulk_words(body["deed"], done, failed)}


def read_ids(ids: object) -> list[int]:
    """The numbers of the cases, each once. Raises Refused (422)."""
    if not isinstance(ids, list) or not all(isinstance(one, int) and 0 < one < 2**63 for one in ids):
        raise Refused(422, "请求的内容不完整或格式不对。", "ids")
    if not ids:
        raise Refused(422, "请先选办件。")
    if len(ids) > MOST_AT_ONCE:
        raise Refused(422, f"一次最多{MOST_AT_ONCE}件。")
    return list(dict.fromkeys(ids))


def bulk_words(deed: str, done: int, failed: list[dict[str, Any]]) -> str:
    """`指派了8件。办件1003没有办成：……`"""
    said = f"{DEEDS_ZH[deed]}了{done}件。" if done else ""
    if not failed:
        return said
    first = failed[0]
    rest = f"，另外{len(failed) - 1}件也没有办成" if len(failed) > 1 else ""
    return f"{said}办件{first['id']}没有办成：{first['why'].rstrip('。')}{rest}。"

"""From content files to `Recording` and `Guide`. A piece that lacks what inspectors ask for is listed, never played."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import PurePath
from typing import Any

from ivr.content import SUBJECTS, Guide, Material, Piece, Recording
from ivr.problem import did_you_mean
from ivr.yaml_file import Block

COMMON = ("id", "title", "subject", "owner", "source", "reviewed", "valid_until")
RECORDING_FIELDS = (*COMMON, "text")
GUIDE_FIELDS = (*COMMON, "conditions", "materials", "steps", "time_limit", "fee", "where", "contact")
MATERIAL_FIELDS = ("name", "original", "copies", "format", "note")
FORMATS = ("纸质", "电子", "纸质或电子")
LONGEST_TITLE = 14
MOST_COPIES = 99
# What inspectors found in other cities' lists of materials (domain: 13% vague).
_VAGUE = re.compile(r"其他(相关)?材料|其它(相关)?材料|等(相关)?材料|规定的(其他)?材料")
_SPEAKABLE = re.compile(r"^[\u4e00-\u9fff，。；？、]+$")


class _Sheet:
    """One content file being read: values by name, and what is wrong with them."""

    def __init__(self, block: Block, file: str, known: tuple[str, ...]) -> None:
        self.block, self.file = block, file
        self.problems: list[str] = [f"不认识“{name}”{did_you_mean(name, known)}" for name in block if name not in known]

    def text(self, name: str, spoken: bool = False, source: dict[str, Any] | None = None) -> str:
        value = (self.block if source is None else source).get(name)
        if not isinstance(value, str) or not value.strip():
            self.problems.append(f"缺少“{name}”")
            return ""
        text = "".join(value.split("\n")).strip() if spoken else value.strip()
        if spoken and not _SPEAKABLE.match(text):
            odd = next(character for character in text if not _SPEAKABLE.match(character))
            self.problems.append(f"“{name}”里的“{odd}”念不出来，请写成汉字")
        return text

    def sentences(self, name: str) -> tuple[str, ...]:
        value = self.block.get(name)
        if not isinstance(value, list) or not value:
            self.problems.append(f"缺少“{name}”")
            return ()
        return tuple(self.text(name, spoken=True, source={name: item}) for item in value)

    def day(self, name: str) -> date:
        value = self.block.get(name)
        # A time of day (a datetime is a date, too) would compare with nothing.
        if type(value) is not date:
            self.problems.append(f"“{name}”要写日期，例如 2026-10-15")
            return date.min
        return value

    def common(self) -> dict[str, Any]:
        values: dict[str, Any] = {name: self.text(name) for name in ("id", "title", "subject", "owner", "source")}
        values |= {
            "reviewed": self.day("reviewed"),
            "valid_until": self.day("valid_until"),
            "file": self.file,
        }
        if values["subject"] not in SUBJECTS:
            self.problems.append(f"subject “{values['subject']}”不认识{did_you_mean(values['subject'], SUBJECTS)}")
        if len(values["title"]) > LONGEST_TITLE:
            self.problems.append(f"标题“{values['title']}”超过{LONGEST_TITLE}个字")
        if date.min < values["valid_until"] < values["reviewed"]:
            self.problems.append("有效期早于审核日期")
        if PurePath(self.file).stem != values["id"]:
            self.problems.append(f"id “{values['id']}”和文件名不一致")
        return values


def read_recording(block: Block, file: str) -> Recording:
    sheet = _Sheet(block, file, RECORDING_FIELDS)
    values = sheet.common() | {"text": sheet.text("text", spoken=True)}
    return Recording(**values, problems=tuple(sheet.problems))


def read_guide(block: Block, file: str) -> Guide:
    sheet = _Sheet(block, file, GUIDE_FIELDS)
    where = block.get("where")
    where = where if isinstance(where, dict) else {}
    values = sheet.common() | {
        "conditions": sheet.sentences("conditions"),
        "materials": _materials(sheet),
        "steps": sheet.sentences("steps"),
        "time_limit": sheet.text("time_limit", spoken=True),
        "fee": sheet.text("fee", spoken=True),
        "counter": sheet.text("counter", spoken=True, source=where),
        "online": sheet.text("online", spoken=True, source=where),
        "contact": sheet.text("contact", spoken=True),
    }
    return Guide(**values, problems=tuple(sheet.problems))


def _materials(sheet: _Sheet) -> tuple[Material, ...]:
    items = sheet.block.get("materials")
    if not isinstance(items, list) or not items:
        sheet.problems.append("缺少“materials”")
        return ()
    return tuple(material for item in items if (material := _material(sheet, item)))


def _material(sheet: _Sheet, item: Any) -> Material | None:
    if not isinstance(item, dict):
        sheet.problems.append("每样材料要写 name、original、copies、format")
        return None
    for name in item:
        if name not in MATERIAL_FIELDS:
            sheet.problems.append(f"材料里不认识“{name}”{did_you_mean(name, MATERIAL_FIELDS)}")
    name = sheet.text("name", spoken=True, source=item)
    original, copies, form = item.get("original"), item.get("copies"), item.get("format")
    if _VAGUE.search(name):
        sheet.problems.append(f"材料“{name}”说得含糊")
    counted = isinstance(copies, int) and not isinstance(copies, bool) and 0 <= copies <= MOST_COPIES
    if not isinstance(original, bool) or not counted or form not in FORMATS:
        sheet.problems.append(f"材料“{name}”没有说清原件、几份复印件、什么形式")
        return None
    note = sheet.text("note", spoken=True, source=item) if item.get("note") else ""
    return Material(name=name, original=original, copies=copies, format=form, note=note)


READERS: dict[str, Callable[[Block, str], Piece]] = {"recordings": read_recording, "guides": read_guide}

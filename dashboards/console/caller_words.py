"""How staff see a caller: a masked number and where it was issued. Pure."""

from __future__ import annotations

import re

NOT_SHOWN = "号码未显示"
_MOBILE = re.compile(r"\+86(1\d{2})\d{4}(\d{4})")
# Three digits of the area, then the subscriber: 010 and 02x have two.
_LANDLINE = re.compile(r"\+86(10|2\d|[3-9]\d{2})(\d{7,8})")
_FOREIGN = re.compile(r"(\+\d{3})\d+(\d{4})")


def masked(number: str | None, tail: str | None = None) -> str:
    """`138****5678`, `0551****5678`; only the last digits when no more is known, and never a whole number."""
    written = number or ""
    if mobile := _MOBILE.fullmatch(written):
        return f"{mobile[1]}****{mobile[2]}"
    if landline := _LANDLINE.fullmatch(written):
        return f"0{landline[1]}****{landline[2][-4:]}"
    if len(written) >= 10 and (foreign := _FOREIGN.fullmatch(written)):
        return f"{foreign[1]}****{foreign[2]}"
    return f"****{tail}" if tail else NOT_SHOWN


def short_region(region: str | None) -> str:
    """`安徽合肥` for 安徽省合肥市; empty when unknown."""
    if not region:
        return ""
    first = region.partition("、")[0]
    return re.sub(r"省|自治区|特别行政区|市$", "", first)

"""What a telephone number tells: its kind, its area code, and the place it was issued in.

Pure. A place is where the number was issued, never where the caller is insured. The library's own
geocoder keeps the whole world in memory (about 95 MB a process, measured); only the Chinese prefixes
are kept here, as two arrays (about 11 MB). `load_places()` at start spares the first caller the 0.3 s.
"""

from __future__ import annotations

import importlib.util
import pkgutil
import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import phonenumbers

CHINA = 86
_WITHHELD_WORDS = ("anonymous", "restricted", "unknown", "unavailable", "private", "blocked", "withheld")
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
# Carriers send a withheld number as a word, or as that word spelt on a keypad behind a plus sign:
# +266696687 is ANONYMOUS, and +86282452253 is UNAVAILABLE although it begins like a Chinese number.
WITHHELD = frozenset(_WITHHELD_WORDS) | {word.translate(_KEYPAD) for word in _WITHHELD_WORDS}

_SIP_USER = re.compile(r"\bsips?:(?:([^@>]*)@)?|\btel:([^>]*)", re.IGNORECASE)
_WRITTEN = re.compile(r"\+?[\d\s().-]+", re.ASCII)
_SHORT = re.compile(r"(?:(?:\+|00)?86)?(1\d{2,4}|9[56]\d{3,6})")
_AREA_AND_SHORT = re.compile(r"(10|2\d|[3-9]\d\d)(1[02]\d{3}|9[56]\d{3,4})")
# Wider than the library, which lags behind newly issued mobile segments.
_MOBILE = re.compile(r"1[3-9]\d{9}")
_CHAOHU = re.compile(r"565\d{7,8}")

# 0558 is shared by two cities. 0565 died with Chaohu prefecture in 2011, most of it now Hefei's.
_DEAD_AREA = "0565"
_PLACES_OF_AREA = {"0558": "安徽省阜阳市或亳州市", _DEAD_AREA: "安徽省合肥市"}
_PLACES_TODAY = {"安徽省巢湖市": "安徽省合肥市", "安徽省合肥市、巢湖市": "安徽省合肥市"}


class NumberKind(StrEnum):
    """`foreign` is outside the mainland's +86, so Hong Kong, Macao and Taiwan numbers are too."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SHORT = "short"
    WITHHELD = "withheld"
    FOREIGN = "foreign"
    INVALID = "invalid"


@dataclass(frozen=True, kw_only=True)
class NumberRegion:
    """Where a number was issued: `area_code` as dialled ('0551', landlines only), `region` in Chinese."""

    area_code: str | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallerNumber(NumberRegion):
    """A number as understood. `e164` is None when withheld, invalid, or short ('12333' has none)."""

    kind: NumberKind
    e164: str | None = None


def parse_caller(raw: str | None) -> CallerNumber:
    """`read_number` with the place that it was issued in, the first of which takes a third of a second."""
    number = read_number(raw)
    return replace(number, region=_region(number))


def read_number(raw: str | None) -> CallerNumber:
    """Understand whatever a carrier, SIP trunk or person wrote as a number; never raises.

    Takes E.164, national and 86-prefixed writing, short codes, sip: and tel: addresses, and the
    carriers' ways of saying "withheld". A local number without area code is invalid. `region` is left empty.
    """
    written = _user_part(raw or "")
    if not written or written.lower().lstrip("+") in WITHHELD:
        return CallerNumber(kind=NumberKind.WITHHELD)
    if not _WRITTEN.fullmatch(written) or len(written) > 40:
        return CallerNumber(kind=NumberKind.INVALID)
    if short_code(written):
        return CallerNumber(kind=NumberKind.SHORT)
    try:
        number = phonenumbers.parse(written, "CN")
    except phonenumbers.NumberParseException:
        return CallerNumber(kind=NumberKind.INVALID)
    if number.country_code != CHINA:
        return _foreign(number)
    return _chinese(number, is_full=bool(re.match(r"\+|0|86", written)))


def _user_part(raw: str) -> str:
    address = _SIP_USER.search(raw)
    user = (address.group(1) or address.group(2) or "").partition(";")[0] if address else raw
    return unquote(user).strip()


def short_code(raw: str) -> str | None:
    """'12333' from 12333, +8612333 or sip:12333@host; None for anything longer."""
    code = _SHORT.fullmatch(re.sub(r"[\s().-]", "", _user_part(raw)))
    return code.group(1) if code else None


def normalise_dialled(raw: str | None) -> str | None:
    """A dialled number as centres list it: E.164 ('+8655112333') or a short code ('12333'), else None."""
    return short_code(raw or "") or read_number(raw).e164


def _foreign(number: phonenumbers.PhoneNumber) -> CallerNumber:
    if not phonenumbers.is_valid_number(number):
        return CallerNumber(kind=NumberKind.INVALID)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return CallerNumber(kind=NumberKind.FOREIGN, e164=e164)


def _chinese(number: phonenumbers.PhoneNumber, is_full: bool) -> CallerNumber:
    national = phonenumbers.national_significant_number(number)
    e164 = f"+{CHINA}{national}"
    if _MOBILE.fullmatch(national):
        return CallerNumber(kind=NumberKind.MOBILE, e164=e164)
    service = _AREA_AND_SHORT.fullmatch(national)
    if service and is_full:
        return CallerNumber(kind=NumberKind.SHORT, e164=e164, area_code=f"0{service.group(1)}")
    if _CHAOHU.fullmatch(national):
        return CallerNumber(kind=NumberKind.LANDLINE, e164=e164, area_code=_DEAD_AREA)
    if not phonenumbers.is_valid_number(number):
        return CallerNumber(kind=NumberKind.INVALID)
    if phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.FIXED_LINE:
        return CallerNumber(kind=NumberKind.LANDLINE, e164=e164)  # 400 and 800 numbers belong to no place
    length = phonenumbers.length_of_national_destination_code(number)
    return CallerNumber(kind=NumberKind.LANDLINE, e164=e164, area_code=f"0{national[:length]}")


def _region(number: CallerNumber) -> str | None:
    if number.e164 is None or not (number.area_code or number.kind is NumberKind.MOBILE):
        return None
    return _PLACES_OF_AREA.get(number.area_code or "") or place_of(number.e164.removeprefix(f"+{CHINA}"))


def is_dialable(number: str | None) -> bool:
    """Whether an outgoing call can be placed to it: a mainland mobile or landline that exists today."""
    caller = read_number(number)
    if caller.kind is NumberKind.MOBILE:
        return True
    return caller.kind is NumberKind.LANDLINE and caller.area_code != _DEAD_AREA


def can_be_rung_back(number: str | None) -> bool:
    """Whether anybody who sees it, written as E.164, can ring it: what is dialable, or a hotline ('+8655112333').

    False for '12333' alone, which reaches whatever city the telephone happens to be in.
    """
    caller = read_number(number)
    is_hotline = caller.kind is NumberKind.SHORT and caller.area_code not in (None, _DEAD_AREA)
    return caller.e164 is not None and caller.e164 == number and (is_hotline or is_dialable(number))


def tail(number: str | None, count: int = 4) -> str:
    """The last digits, as staff and callers may see or hear them: '尾号 5678'; '号码未显示' without any.

    At most half of the digits are shown, so that a short number is not given away whole.
    """
    digits = re.sub(r"\D", "", number or "")
    shown = min(count, len(digits) // 2)
    return f"尾号 {digits[-shown:]}" if shown > 0 else "号码未显示"


def place_of(national: str) -> str | None:
    """The city a national number (no 0, no +86) was issued in, as '安徽省合肥市', or None."""
    prefixes, places, names = load_places()
    for length in range(9, 3, -1):
        prefix = int(f"{CHINA}{national}"[:length])
        at = bisect_left(prefixes, prefix)
        if at < len(prefixes) and prefixes[at] == prefix:
            return names[places[at]]
    return None


@cache
def load_places() -> tuple[array[int], array[int], list[str]]:
    """Chinese prefixes (86...) in order, the place of each, and the places' names. About 0.3 s, once.

    The library's chunks are read one at a time, since importing its package keeps them all for good.
    """
    found: dict[int, int] = {}
    names: dict[str, int] = {}
    folder = Path(phonenumbers.__file__).parent / "geodata"
    for chunk in pkgutil.iter_modules([str(folder)]):
        for prefix, by_language in _chunk(folder, chunk.name).items():
            if prefix.startswith(str(CHINA)) and "zh" in by_language:
                place = _PLACES_TODAY.get(by_language["zh"], by_language["zh"])
                found[int(prefix)] = names.setdefault(place, len(names))
    ordered = sorted(found)
    return array("Q", ordered), array("H", [found[prefix] for prefix in ordered]), list(names)


def _chunk(folder: Path, name: str) -> dict[str, dict[str, str]]:
    if not name.startswith("data"):
        return {}
    spec = importlib.util.spec_from_file_location(f"phonenumbers.geodata.{name}", folder / f"{name}.py")
    if spec is None or spec.loader is None:
        return {}
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data: dict[str, dict[str, str]] = module.data
    return data

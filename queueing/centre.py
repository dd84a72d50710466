"""The 17 centres: what each is called, which numbers reach it, its hours, and which of its keys are open.

Pure: `parse_centres` takes the YAML document already read. All problems of a file are found at once, each
a Chinese sentence with the file and the path of the key, for the person at the centre who edits it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from integrations.phone_numbers import NumberRegion, is_dialable, normalise_dialled, read_number
from queueing.callback_rules import CALLBACK_FIELDS, DEFAULT_CALLBACK_RULES, CallbackRules
from queueing.centre_reader import CentreReader, join_path
from queueing.centre_rules import Given, read_callbacks, read_messages, read_queue
from queueing.features import FEATURES
from queueing.line_rules import DEFAULT_RULES, LIMITS, LineRules
from queueing.message_rules import DEFAULT_MESSAGE_RULES, MESSAGE_FIELDS, MessageRules
from queueing.opening_hours import ExceptionalDay, OpeningHours, Season, validate_hours

PROVINCE = "340000"
SHARED_FIELDS = ("hours", "features", "menu", "words", "desk_number", "queue", "callbacks", "messages")
CENTRE_FIELDS = ("name", "short_name", "area_codes", "numbers", "counter", "helps", *SHARED_FIELDS)
LAYERED_FIELDS: Mapping[str, Collection[str] | None] = {
    "hours": ("seasons", "noon_duty", "night_duty", "weekend_periods", "sunday_periods", "exceptional"),
    "features": FEATURES,
    "queue": LIMITS,
    "callbacks": CALLBACK_FIELDS,
    "messages": MESSAGE_FIELDS,
    "words": None,  # prompt ids are the menu's to know
}


@dataclass(frozen=True)
class FeatureSetting:
    """Whether a room behind a key is open; a closed one has a reason, which staff read."""

    open: bool
    reason: str = ""


@dataclass(frozen=True)
class Centre:
    """One centre. `numbers` are dialled numbers that reach it, E.164 or short ('12333').

    `name` is said in the greeting (合肥市人社局), `counter` is where one can go in person, key 0 dials
    `desk_number` (E.164), `words` replaces prompts by id, from `helps` calls may be taken over, `queue` are the
    rules of the waiting line, `callbacks` those of ringing people back, and `messages` those of answering them.
    """

    code: str
    name: str
    short_name: str
    area_codes: tuple[str, ...]
    numbers: tuple[str, ...]
    desk_number: str | None
    counter: str
    hours: OpeningHours
    features: Mapping[str, FeatureSetting]
    menu: str = "provincial"
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    helps: tuple[str, ...] = ()
    queue: LineRules = DEFAULT_RULES
    callbacks: CallbackRules = DEFAULT_CALLBACK_RULES
    messages: MessageRules = DEFAULT_MESSAGE_RULES


def centre_for_dialled(centres: Mapping[str, Centre], number: str | None) -> str | None:
    """The centre that a dialled number reaches, however the carrier writes it; None when it is nobody's."""
    dialled = normalise_dialled(number)
    return next((code for code, centre in centres.items() if dialled and dialled in centre.numbers), None)


def candidates_for_caller(centres: Mapping[str, Centre], region: NumberRegion, dialled: str | None) -> tuple[str, ...]:
    """The cities a caller may belong to, likeliest first; () when unknown or outside Anhui.

    A guess to be said aloud and changeable by key, never proof of where somebody is insured. A city's own
    number, or an area's that only cities have (0558: Fuyang and Bozhou), beats where the caller's number
    was issued. The province's desk is never guessed.
    """
    cities = {code: centre for code, centre in sorted(centres.items()) if code != PROVINCE}
    reached = centre_for_dialled(centres, dialled)
    if reached and reached in cities:
        return (reached,)
    area = read_number(dialled).area_code
    provincial = centres[reached].area_codes if reached else ()
    named = [code for code, centre in cities.items() if f"安徽省{centre.short_name}市" == region.region]
    if area in provincial or not _in_area(cities, area):
        area = region.area_code
    # Mobiles of a shared area are often listed under the older city alone, so its neighbour stays possible.
    areas = [area] if area else [a for code in named for a in cities[code].area_codes]
    found = [code for a in areas for code in _in_area(cities, a)]
    likely = [code for code in named if not area or code in found]
    return tuple(dict.fromkeys(likely + found))


def _in_area(cities: Mapping[str, Centre], area_code: str | None) -> list[str]:
    return [code for code, centre in cities.items() if area_code in centre.area_codes]


def parse_centres(data: object, file: str) -> tuple[dict[str, Centre], list[str]]:
    """The centres of a YAML document, by code, and all its problems.

    A document with any problem gives no centres, so that a bad file never replaces a good one in use.
    Hours, features, words, queue, callbacks and messages of a centre are laid over those of `defaults:` key by key,
    seasons whole.
    """
    reader = CentreReader(file)
    top = reader.mapping(data, "", ("defaults", "centres"))
    defaults = reader.mapping(top.get("defaults", {}), "defaults", SHARED_FIELDS)
    entries = reader.mapping(top.get("centres"), "centres", None)
    if not entries:
        reader.problem("centres", "一个中心也没有")
    centres = [_read_centre(reader, str(code), entry, defaults) for code, entry in entries.items()]
    by_code = {centre.code: centre for centre in centres}
    _check_together(reader, centres)
    return ({}, list(reader.problems)) if reader.problems else (by_code, [])


def _read_centre(reader: CentreReader, code: str, entry: object, defaults: Mapping[object, object]) -> Centre:
    path = f"centres.{code}"
    reader.text(code, path, r"34\d{4}", "34开头的六位行政区划代码")
    own = reader.mapping(entry, path, CENTRE_FIELDS)
    given = _laid_over(own, path, defaults, "defaults")

    def text(key: str, pattern: str = r"(?s).*", expected: str = "一句话") -> str:
        return reader.text(*given.get(key, (None, join_path(path, key))), pattern, expected)

    def items(key: str) -> list[tuple[object, str]]:
        return reader.items(*given.get(key, ([], join_path(path, key))))

    def layered(key: str) -> Given:
        value, default = own.get(key, {}), defaults.get(key, {})
        upper = reader.mapping(value, join_path(path, key), LAYERED_FIELDS[key])
        lower = reader.mapping(default, f"defaults.{key}", LAYERED_FIELDS[key])
        return _laid_over(upper, join_path(path, key), lower, f"defaults.{key}")

    return Centre(
        code=code,
        name=text("name", expected="中心全称"),
        short_name=text("short_name", expected="中心简称, 如 合肥"),
        area_codes=tuple(reader.text(*item, r"0\d{2,3}", '带引号的区号, 如 "0551"') for item in items("area_codes")),
        numbers=tuple(reader.number(*item) for item in items("numbers")),
        desk_number=_read_desk_number(reader, *given.get("desk_number", (None, ""))),
        counter=text("counter", expected="办事窗口的说法"),
        hours=_read_hours(reader, layered("hours"), join_path(path, "hours")),
        features=_read_features(reader, layered("features"), join_path(path, "features")),
        menu=text("menu", r"[a-z][a-z0-9_]*", "菜单文件名(小写字母、数字、下划线)")
        if "menu" in given
        else "provincial",
        words={key: reader.text(*value) for key, value in layered("words").items()},
        helps=tuple(str(code) for code, _ in items("helps")),
        queue=read_queue(reader, layered("queue"), join_path(path, "queue")),
        callbacks=read_callbacks(reader, layered("callbacks"), join_path(path, "callbacks")),
        messages=read_messages(reader, layered("messages"), join_path(path, "messages")),
    )


def _laid_over(
    upper: Mapping[object, object], upper_path: str, lower: Mapping[object, object], lower_path: str
) -> Given:
    given = {str(key): (value, join_path(lower_path, key)) for key, value in lower.items()}
    return given | {str(key): (value, join_path(upper_path, key)) for key, value in upper.items()}


def _read_desk_number(reader: CentreReader, value: object, path: str) -> str | None:
    if value is None:
        return None
    number = reader.number(value, path)
    if number and not is_dialable(number):
        reader.problem(path, f"{value} 打不出去, 要写手机号或带区号的固定电话")
    return number


def _read_features(reader: CentreReader, given: Given, path: str) -> dict[str, FeatureSetting]:
    features = {}
    for feature in FEATURES:
        value, where = given.get(feature, (None, join_path(path, feature)))
        entry = reader.mapping(value, where, ("open", "reason"))
        is_open = isinstance(value, dict) and reader.boolean(entry.get("open"), f"{where}.open")
        # Staff read on the status page why a key is not spoken; an open one needs no excuse.
        needs_reason = entry.get("open") is False
        reason = reader.text(entry.get("reason"), f"{where}.reason", expected="没开通的原因") if needs_reason else ""
        features[feature] = FeatureSetting(is_open, reason)
    return features


def _read_hours(reader: CentreReader, given: Given, path: str) -> OpeningHours:
    def one(key: str, default: object) -> tuple[object, str]:
        return given.get(key, (default, join_path(path, key)))

    before = len(reader.problems)
    night_duty, night_path = one("night_duty", None)
    hours = OpeningHours(
        seasons=tuple(_read_season(reader, *item) for item in reader.items(*one("seasons", []))),
        noon_duty=reader.boolean(*one("noon_duty", False)),
        night_duty=None if night_duty is None else reader.period(night_duty, night_path),
        weekend_periods=reader.periods(*one("weekend_periods", [])),
        sunday_periods=reader.periods(*one("sunday_periods", [])) if "sunday_periods" in given else None,
        exceptional=_read_exceptional(reader, *one("exceptional", {})),
    )
    if len(reader.problems) == before:  # what stands in for a wrong value would only raise false alarms
        for problem in validate_hours(hours):
            reader.problem(path, problem)
    return hours


def _read_season(reader: CentreReader, value: object, path: str) -> Season:
    entry = reader.mapping(value, path, ("since", "periods"))
    since = reader.text(entry.get("since"), f"{path}.since", r"\d\d-\d\d", '带引号的月-日, 如 "07-01"') or "01-01"
    return Season((int(since[:2]), int(since[3:])), reader.periods(entry.get("periods"), f"{path}.periods"))


def _read_exceptional(reader: CentreReader, value: object, path: str) -> dict[date, ExceptionalDay]:
    days = {}
    for key, entry in reader.mapping(value, path, None).items():
        where = join_path(path, key)
        day = reader.day(key, where)
        entry = reader.mapping(entry, where, ("periods", "reason"))
        periods = reader.periods(entry.get("periods", []), f"{where}.periods")
        reason = reader.text(entry.get("reason"), f"{where}.reason", expected="对来电人说的原因")
        days[day] = ExceptionalDay(periods, reason)
    return days


def _check_together(reader: CentreReader, centres: Collection[Centre]) -> None:
    owners: dict[str, str] = {}
    codes = {centre.code for centre in centres}
    if len(codes) < len(centres):
        reader.problem("centres", "有中心代码写了两次(加引号和不加引号算同一个)")
    for centre in centres:
        path = f"centres.{centre.code}"
        for number in filter(None, centre.numbers):
            if number in owners:
                reader.problem(f"{path}.numbers", f"{number} 已经写在 {owners[number]} 下, 一个号码只能到一个中心")
            owners.setdefault(number, centre.code)
        for helped in centre.helps:
            if helped not in codes or helped == centre.code:
                reader.problem(f"{path}.helps", f"{helped} 不是另一个中心的代码")

"""systems.yaml: which business systems there are, and which of them answers what for which centre.

Pure. A file with problems is told in Chinese sentences with the place in the file; what can be used of it is not used.
Secrets stand in the environment: the file holds the names of their variables, which begin with SYSTEM_.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from integrations.document_reader import DocumentReader, join_path
from integrations.social_insurance.contract import Kind
from integrations.social_insurance.system_shape import PHRASES, SHAPES, Shape, System

PIN = "pin"
ANSWERED = (*(kind.value for kind in Kind), PIN)
SECRET_NAME = r"SYSTEM_[A-Z0-9_]{1,60}"
SYSTEM_FIELDS = (
    "label", "adapter", "address", "secrets", "settings", "codes", "phrases", "timeout_seconds", "at_once",
    "failures_until_rest", "rest_seconds", "ca_file", "wsdl_file",
)  # fmt: skip
WHOLES = {
    "timeout_seconds": (8, 1, 12, "秒"),
    "at_once": (8, 1, 64, "个"),
    "failures_until_rest": (5, 1, 100, "次"),
    "rest_seconds": (30, 1, 3600, "秒"),
}
PIN_WHOLES = {
    "tries_per_person": (5, 1, 20, "次"),
    "tries_per_caller": (10, 1, 100, "次"),
    "window_hours": (24, 1, 168, "小时"),
}


@dataclass(frozen=True, slots=True)
class PinRules:
    """How many wrong PINs are too many, within how many hours."""

    tries_per_person: int = 5
    tries_per_caller: int = 10
    window_hours: int = 24


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Nobody answers this here; `reason` is Chinese, for staff and status page."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReferTo:
    """Another line answers this, such as "12393"."""

    line: str


@dataclass(frozen=True, slots=True)
class Asks:
    """A system of the file answers this."""

    system: str


Entry = Asks | ReferTo | NotConnected
NOT_IN_THE_FILE = NotConnected("业务系统尚未接入")


@dataclass(frozen=True, slots=True)
class FreezeRules:
    """A city's rules of the freeze by telephone: how long it holds, and where it is lifted sooner.

    `days`: `natural` or `working` ones, after the day of the freeze; only said where the system does not tell the day
    itself. `release`: by `phone` or only at the `counter`.
    """

    days: int = 7
    counted: str = "natural"
    release: str = "counter"


@dataclass(frozen=True, slots=True)
class SystemsFile:
    """The whole file. `centres` holds what differs from `defaults`."""

    systems: Mapping[str, System] = field(default_factory=dict)
    defaults: Mapping[str, Entry] = field(default_factory=dict)
    centres: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    pin: PinRules = PinRules()
    freezes: Mapping[str, FreezeRules] = field(default_factory=dict)

    def freeze_rules(self, centre: str) -> FreezeRules:
        """The rules of a centre's city, else those of all."""
        return self.freezes.get(centre) or self.freezes.get("", FreezeRules())

    def entry(self, centre: str, what: str) -> Entry:
        """Who answers `what` ("pension", ..., "pin") for a centre."""
        return self.centres.get(centre, {}).get(what) or self.defaults.get(what, NOT_IN_THE_FILE)


def parse_systems(document: object, file: str) -> tuple[SystemsFile, list[str]]:
    """The file as YAML gave it, and what is wrong with it. With problems it is not to be used."""
    reader = DocumentReader(file)
    root = reader.mapping(document, "", ("systems", "defaults", "centres", "pin", "freezes"))
    systems = {
        str(name): _read_system(reader, name, value, join_path("systems", name))
        for name, value in reader.mapping(root.get("systems", {}), "systems", None).items()
    }
    defaults = _read_entries(reader, root.get("defaults", {}), "defaults", systems)
    centres = {
        str(code): _read_entries(reader, value, join_path("centres", code), systems)
        for code, value in _centres(reader, root.get("centres", {})).items()
    }
    pin = PinRules(
        **_read_wholes(reader, reader.mapping(root.get("pin", {}), "pin", tuple(PIN_WHOLES)), "pin", PIN_WHOLES)
    )
    freezes = _read_freezes(reader, root.get("freezes", {}))
    return SystemsFile(systems, defaults, centres, pin, freezes), list(reader.problems)


def _read_freezes(reader: DocumentReader, value: object) -> dict[str, FreezeRules]:
    """By centre, those of all under ""; what a centre does not say is as for all."""
    given = reader.mapping(value, "freezes", None)
    common = _freeze_rules(reader, given.get("defaults", {}), "freezes.defaults", FreezeRules())
    found = {"": common}
    for code, rules in _centres(reader, {code: rules for code, rules in given.items() if code != "defaults"}).items():
        found[str(code)] = _freeze_rules(reader, rules, join_path("freezes", code), common)
    return found


def _freeze_rules(reader: DocumentReader, value: object, path: str, others: FreezeRules) -> FreezeRules:
    given = reader.mapping(value, path, ("days", "counted", "release"))
    days = reader.whole(given["days"], f"{path}.days", 1, 60, "天") if "days" in given else others.days
    words = {"counted": (others.counted, "natural|working"), "release": (others.release, "phone|counter")}
    read = {
        name: reader.text(given[name], f"{path}.{name}", pattern, " 或 ".join(pattern.split("|")))
        if name in given
        else default
        for name, (default, pattern) in words.items()
    }
    return FreezeRules(days, read["counted"], read["release"])


def _centres(reader: DocumentReader, value: object) -> dict[object, object]:
    found = reader.mapping(value, "centres", None)
    for code in found:
        if not (isinstance(code, str) and re.fullmatch(r"[0-9]{6}", code)):
            reader.problem(join_path("centres", code), '要写加引号的中心代码, 如 "340100"')
    return found


def _read_entries(reader: DocumentReader, value: object, path: str, systems: Mapping[str, System]) -> dict[str, Entry]:
    found = reader.mapping(value, path, ANSWERED)
    return {
        what: _read_entry(reader, found[what], join_path(path, what), what, systems)
        for what in ANSWERED
        if what in found
    }


def _read_entry(reader: DocumentReader, value: object, path: str, what: str, systems: Mapping[str, System]) -> Entry:
    if isinstance(value, dict):
        given = reader.mapping(value, path, ("refer", "closed"))
        if len(given) != 1:
            reader.problem(path, "refer 和 closed 写一样")
        if "refer" in given:
            return ReferTo(reader.text(given["refer"], f"{path}.refer", r"[0-9]{3,12}", '带引号的电话, 如 "12393"'))
        return NotConnected(reader.text(given.get("closed"), f"{path}.closed", expected="没有接通的原因"))
    name = reader.text(value, path, expected='系统的名称, 或 {refer: "12393"}, 或 {closed: "原因"}')
    system = systems.get(name)
    if name and system is None:
        reader.problem(path, f"systems 里没有“{name}”")
    elif system is not None and system.adapter in SHAPES and not _answers(system, what):
        reader.problem(path, f"“{name}”是 {system.adapter}, 答不了 {what}")
    return Asks(name)


def _answers(system: System, what: str) -> bool:
    if what == PIN:
        return SHAPES[system.adapter].knows_pins and bool(system.settings.get("pin_service"))
    return system.kind.value == what


def _read_system(reader: DocumentReader, name: object, value: object, path: str) -> System:
    if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name)):
        reader.problem(path, "系统的名称用小写字母、数字和下划线")
    given = reader.mapping(value, path, SYSTEM_FIELDS)
    adapter = reader.text(given.get("adapter"), f"{path}.adapter", expected="、".join(SHAPES) + " 之一")
    shape = SHAPES.get(adapter)
    if shape is None:
        if adapter:
            reader.problem(f"{path}.adapter", f"没有“{adapter}”, 要写 {'、'.join(SHAPES)} 之一")
        return System(str(name), "", "medical", "")
    return System(
        name=str(name),
        label=reader.text(given.get("label"), f"{path}.label", expected="给工作人员看的名称"),
        adapter=adapter,
        address=_read_address(reader, given, path, shape),
        secrets=_read_secrets(reader, given.get("secrets", {}), f"{path}.secrets", shape),
        settings=_read_settings(reader, given.get("settings", {}), f"{path}.settings", shape),
        codes=_read_codes(reader, given.get("codes", {}), f"{path}.codes", shape),
        phrases=_read_phrases(reader, given.get("phrases", {}), f"{path}.phrases"),
        ca_file=_read_file(reader, given, path, "ca_file"),
        wsdl_file=_read_file(reader, given, path, "wsdl_file"),
        **_read_wholes(reader, given, path, WHOLES),
    )


def _read_address(reader: DocumentReader, given: Mapping[object, object], path: str, shape: Shape) -> str:
    secrets = given.get("secrets")
    if "address" in shape.optional_secrets and isinstance(secrets, dict) and "address" in secrets:
        return ""
    beginnings = ("{sandbox}", *shape.address_schemes) if "http://" in shape.address_schemes else shape.address_schemes
    address = reader.text(given.get("address"), f"{path}.address", expected=f"以 {beginnings[-1]} 开头的地址")
    if address and not address.startswith(beginnings):
        reader.problem(f"{path}.address", f"要以 {'、'.join(beginnings)} 之一开头")
    elif "@" in urlsplit(address.replace("{", "").replace("}", "")).netloc:
        reader.problem(f"{path}.address", "地址里不写用户和密码, 密码放在环境变量里")
    return address


def _read_secrets(reader: DocumentReader, value: object, path: str, shape: Shape) -> dict[str, str]:
    given = reader.mapping(value, path, (*shape.secrets, *shape.optional_secrets))
    found = {}
    for role, name in given.items():
        # What stands here may be the secret itself, so it is never repeated.
        if isinstance(name, str) and re.fullmatch(SECRET_NAME, name):
            found[str(role)] = name
        else:
            reader.problem(join_path(path, role), "要写环境变量的名称, 以 SYSTEM_ 开头, 不写密钥本身")
    for role in shape.secrets:
        if role not in given:
            reader.problem(join_path(path, role), "没有写: 密钥放在哪个环境变量里")
    return found


def _read_settings(reader: DocumentReader, value: object, path: str, shape: Shape) -> dict[str, str]:
    given = reader.mapping(value, path, tuple(shape.settings))
    found = {name: default or "" for name, default in shape.settings.items()}
    for name, default in shape.settings.items():
        if name in given:
            found[name] = reader.text(given[name], join_path(path, name), expected="加引号的文字")
        elif default is None:
            reader.problem(join_path(path, name), "没有写")
    for name, (pattern, expected) in _PATTERNS.items():
        if found.get(name) and not re.fullmatch(pattern, found[name]):
            reader.problem(join_path(path, name), f"要写{expected}")
    return found


_PATTERNS = {
    "institution": (r"[A-Z0-9]{12}", "12 位的机构编号"),
    "digest": (r"sha256|sm3", "sha256 或 sm3"),
    "treating_place": (r"[0-9]{6}", "6 位地区代码"),
    "schema": (r"[a-z_][a-z0-9_]{0,62}", "数据库模式的名称"),
    "user": (r"[A-Za-z0-9_.@-]{1,63}", "用户名"),
}


def _read_codes(reader: DocumentReader, value: object, path: str, shape: Shape) -> dict[str, dict[str, str]]:
    given = reader.mapping(value, path, tuple(shape.codes))
    return {
        table: _read_table(reader, given.get(table, {}), join_path(path, table), words)
        for table, words in shape.codes.items()
    }


def _read_table(reader: DocumentReader, value: object, path: str, words: tuple[str, ...] | None) -> dict[str, str]:
    found = {}
    for code, meaning in reader.mapping(value, path, None).items():
        where = join_path(path, code)
        if not isinstance(code, str):
            reader.problem(where, f"代码 {code} 要加引号")
        word = reader.text(meaning, where, expected="它的意思")
        if word and words is not None and word not in words:
            reader.problem(where, f"没有“{word}”, 要写 {'、'.join(words)} 之一")
        found[str(code)] = word
    return found


def _read_phrases(reader: DocumentReader, value: object, path: str) -> dict[str, tuple[str, ...]]:
    return {
        str(meaning): tuple(reader.text(item, where, expected="系统回话里的几个字") for item, where in
                            reader.items(phrases, join_path(path, meaning)))
        for meaning, phrases in reader.mapping(value, path, PHRASES).items()
    }  # fmt: skip


def _read_file(reader: DocumentReader, given: Mapping[object, object], path: str, name: str) -> str | None:
    return reader.text(given[name], f"{path}.{name}", r"/.+", "文件的绝对路径") if name in given else None


def _read_wholes(
    reader: DocumentReader, given: Mapping[Any, object], path: str, limits: Mapping[str, tuple[int, int, int, str]]
) -> dict[str, int]:
    return {
        name: reader.whole(given[name], join_path(path, name), lowest, highest, unit) if name in given else default
        for name, (default, lowest, highest, unit) in limits.items()
    }

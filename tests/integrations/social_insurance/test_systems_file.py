"""systems.yaml: every mistake is told with its place, and no secret is repeated."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from integrations.social_insurance.contract import Kind
from integrations.social_insurance.keeper import LOOK_SECONDS, SHIPPED_FILE, SystemsKeeper
from integrations.social_insurance.systems_file import (
    ANSWERED,
    NOT_IN_THE_FILE,
    Asks,
    NotConnected,
    PinRules,
    ReferTo,
    SystemsFile,
    parse_systems,
)
from integrations.system_secrets import DEMO_SECRETS
from tests.integrations.social_insurance.conftest import NEVER_LOGGED, shipped_file

SHIPPED = yaml.safe_load(SHIPPED_FILE.read_text(encoding="utf-8"))
GONE = object()
SECRET = "n0t-a-name-but-the-secret"
NEVER_LOGGED.add(SECRET)


def changed(path: str, value: object) -> Any:
    """The shipped document with one thing in it put another way."""
    document = copy.deepcopy(SHIPPED)
    *parents, last = path.split(".")
    place = document
    for name in parents:
        place = place.setdefault(name, {})
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return document


def problems(document: object) -> list[str]:
    return parse_systems(document, "systems.yaml")[1]


def test_the_shipped_file_is_fine_and_answers_everything_for_everybody() -> None:
    file = shipped_file()
    assert set(file.systems[name].kind for name in file.systems) == set(Kind)
    for what in ANSWERED:
        assert isinstance(file.entry("340000", what), Asks)
    assert file.entry("340100", "pension") == Asks("demo_bus_hefei")
    assert file.entry("340200", "medical") == ReferTo("12393")
    assert file.entry("341200", "pension") == Asks("demo_tables")
    assert file.entry("341700", "card") == NotConnected("社保卡系统还在联调")


def test_every_secret_of_the_shipped_file_is_there_in_a_demo() -> None:
    named = {name for system in shipped_file().systems.values() for name in system.secrets.values()}
    assert named == set(DEMO_SECRETS)


def test_residents_are_read_by_two_codes_and_the_same_code_means_another_thing_elsewhere() -> None:
    systems = shipped_file().systems
    for name in ("demo_bus_hefei", "demo_bus_province", "demo_tables"):
        assert systems[name].table("resident_status")["1/3"] == "drawing"
        assert "3" not in systems[name].table("resident_status")
    assert systems["demo_card_hefei"].table("status")["1"] == "normal"
    assert systems["demo_card_province"].table("status")["1"] == "lost"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("sistems", {}, "systems.yaml: sistems: 没有“sistems”这一项, 是不是 systems"),
        ("systems.Demo", {"adapter": "card"}, "systems.yaml: systems.Demo: 系统的名称用小写字母、数字和下划线"),
        ("systems.demo_tables.adapter", "oracle", "systems.demo_tables.adapter: 没有“oracle”"),
        ("systems.demo_tables.adapter", GONE, "systems.demo_tables.adapter: 要写medical、card"),
        ("systems.demo_medical.adress", "x", "systems.demo_medical.adress: 没有“adress”这一项, 是不是 address"),
        ("systems.demo_medical.address", "ftp://x", "demo_medical.address: 要以 {sandbox}、http://、https:// 之一"),
        ("systems.demo_medical.address", "https://u:p@h/x", "systems.demo_medical.address: 地址里不写用户和密码"),
        ("systems.demo_tables.address", "postgresql://u:p@h/x", "systems.demo_tables.address: 地址里不写用户和密码"),
        ("systems.demo_medical.secrets.sign_key", GONE, "secrets.sign_key: 没有写: 密钥放在哪个环境变量里"),
        ("systems.demo_medical.secrets.sign_key", SECRET, "secrets.sign_key: 要写环境变量的名称, 以 SYSTEM_ 开头"),
        ("systems.demo_medical.secrets.sign_key", "PATH", "secrets.sign_key: 要写环境变量的名称, 以 SYSTEM_ 开头"),
        ("systems.demo_medical.settings.institution", GONE, "settings.institution: 没有写"),
        ("systems.demo_medical.settings.institution", "H34", "settings.institution: 要写12 位的机构编号"),
        ("systems.demo_medical.settings.treating_place", 340000, "读成了数 340000, 请加引号"),
        ("systems.demo_bus_province.settings.digest", "md5", "settings.digest: 要写sha256 或 sm3"),
        ("systems.demo_medical.codes.status", {"1": "norml"}, "codes.status.1: 没有“norml”, 要写 none、normal"),
        ("systems.demo_medical.codes.status", {1: "normal"}, "codes.status.1: 代码 1 要加引号"),
        ("systems.demo_medical.codes.stat", {}, "codes.stat: 没有“stat”这一项, 是不是 status"),
        ("systems.demo_medical.phrases.not_fund", ["x"], "phrases.not_fund: 没有“not_fund”这一项, 是不是 not_found"),
        ("systems.demo_medical.phrases.down", "x", "phrases.down: 这里要写一个列表"),
        ("systems.demo_medical.timeout_seconds", 60, "timeout_seconds: 要写1到12之间的整数(秒)"),
        ("systems.demo_medical.at_once", "8", "at_once: 要写1到64之间的整数(个)"),
        ("systems.demo_medical.ca_file", "ca.pem", "ca_file: 要写文件的绝对路径"),
        ("defaults.pension", "demo_bus_hefe", "defaults.pension: systems 里没有“demo_bus_hefe”"),
        ("defaults.pension", "demo_medical", "defaults.pension: “demo_medical”是 medical, 答不了 pension"),
        ("defaults.pin", "demo_tables", "defaults.pin: “demo_tables”是 pension_tables, 答不了 pin"),
        ("defaults.pension", {"refer": 12333}, "defaults.pension.refer: 读成了数 12333, 请加引号"),
        ("defaults.pension", {"refer": "12333", "closed": "x"}, "defaults.pension: refer 和 closed 写一样"),
        ("defaults.pension", {"closed": ""}, "defaults.pension.closed: 要写没有接通的原因"),
        ("defaults.pensoin", "demo_medical", "defaults.pensoin: 没有“pensoin”这一项, 是不是 pension"),
        ("centres.hefei", {}, 'centres.hefei: 要写加引号的中心代码, 如 "340100"'),
        ("pin.window_hours", 0, "pin.window_hours: 要写1到168之间的整数(小时)"),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_place(path: str, value: object, problem: str) -> None:
    found = problems(changed(path, value))
    assert any(problem in one for one in found), found
    assert all(one.startswith("systems.yaml: ") for one in found)


@pytest.mark.parametrize("document", [None, [], "words", {"systems": []}, {"systems": {"a": None}}, {"centres": 1}])
def test_another_shape_altogether_is_told_too(document: object) -> None:
    assert problems(document) != []


def test_no_mistake_repeats_a_secret() -> None:
    for role in ("sign_key", "cipher_key"):
        assert SECRET not in str(problems(changed(f"systems.demo_medical.secrets.{role}", SECRET)))


NAMES = (
    "systems",
    "demo_medical",
    "adapter",
    "medical",
    "codes",
    "status",
    "1",
    "defaults",
    "pin",
    "secrets",
    "address",
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(documents)
def test_nothing_makes_the_reader_stumble(document: object) -> None:
    file, found = parse_systems(document, "f")
    assert isinstance(file, SystemsFile) and all(isinstance(one, str) for one in found)


def test_an_empty_file_connects_nobody() -> None:
    file, found = parse_systems({}, "f")
    assert found == [] and file.entry("340100", "pension") == NOT_IN_THE_FILE and file.pin == PinRules()


def test_a_real_database_has_its_address_in_the_environment() -> None:
    document = changed("systems.demo_tables.address", GONE)
    document["systems"]["demo_tables"]["secrets"] = {"address": "SYSTEM_PENSION_TABLES"}
    file, found = parse_systems(document, "f")
    assert found == [] and file.systems["demo_tables"].secrets == {"address": "SYSTEM_PENSION_TABLES"}


# the file in use


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def write(folder: Path, text: str) -> None:
    path = folder / "systems.yaml"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))


def test_a_folder_without_a_file_has_the_shipped_one(tmp_path: Path) -> None:
    assert SystemsKeeper(tmp_path).file() == SystemsKeeper(None).file() == shipped_file()


def test_a_change_counts_within_ten_seconds(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, 'defaults: {pension: {refer: "12333"}}')
    keeper = SystemsKeeper(tmp_path, clock)
    assert keeper.file().entry("340100", "pension") == ReferTo("12333")
    write(tmp_path, "defaults: {pension: {closed: 停机}}")
    clock.now += LOOK_SECONDS - 0.1
    assert keeper.file().entry("340100", "pension") == ReferTo("12333")
    clock.now += 0.2
    assert keeper.file().entry("340100", "pension") == NotConnected("停机")


@pytest.mark.parametrize("bad", ["defaults: {pension: nobody}", "a: [", "- x", f"systems: {{a: {SECRET}: x}}", "\x00"])
def test_a_bad_file_never_replaces_a_good_one(bad: str, tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, "defaults: {pension: {closed: 停机}}")
    keeper = SystemsKeeper(tmp_path, clock)
    good = keeper.file()
    write(tmp_path, bad)
    clock.now += LOOK_SECONDS + 1
    assert keeper.file() == good and keeper.problems and SECRET not in str(keeper.problems)
    write(tmp_path, "defaults: {pension: {closed: 好了}}")
    clock.now += LOOK_SECONDS + 1
    assert keeper.file().entry("340100", "pension") == NotConnected("好了") and keeper.problems == []


def test_a_file_that_was_bad_from_the_beginning_connects_nobody(tmp_path: Path) -> None:
    write(tmp_path, "systems: [")
    keeper = SystemsKeeper(tmp_path)
    assert keeper.file() == SystemsFile() and keeper.problems == ["systems.yaml: 文件: 读不了(第1行, YAML 写法不对)"]

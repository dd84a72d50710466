"""The province's wallboard in the browser: its figures, its map, and whether it says that it is old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from dashboards.metrics import FIGURES, value_of
from integrations.settings import PROJECT_DIR
from tests.dashboards.console_front import wall_samples
from tests.dashboards.console_front.driver import Console, Hotline

VENDOR = PROJECT_DIR / "dashboards" / "static" / "vendor"
COVERED = """() => {
    const names = [...document.querySelectorAll("#cities .city")];
    if (!names.every((name) => name.style.left)) return ["not placed"];
    const boxes = names.map((name) => [name.textContent, name.getBoundingClientRect()]);
    const both = (from, to) => Math.min(from[1], to[1]) - Math.max(from[0], to[0]) > 1;
    return boxes.flatMap(([name, one], n) => boxes.slice(n + 1)
        .filter(([, other]) => both([one.left, one.right], [other.left, other.right])
            && both([one.top, one.bottom], [other.top, other.bottom]))
        .map(([other]) => `${name} ${other}`));
}"""
LIBRARY = "**/static/vendor/echarts.min.js"
MODULES = """async () => {
    const charts = await import("/static/province/charts.js");
    const { boundsOf, binOf } = await import("/static/province/wall-sums.js");
    const { besideUsual } = await import("/static/province/wall-tiles.js");
    const as = (unit) => (value) => charts.formatValue({ unit }, value);
    return {
        rates: [0, 0.0002, 0.9996, 1, 127 / 180, null].map(as("rate")),
        seconds: [4.4, 65, 3900, null].map(as("seconds")),
        counts: [0, 1234, 123456].map(as("count")),
        bounds: [
            boundsOf([0.71, 0.96], "rate"), boundsOf([3, 3], "count"), boundsOf([0, 26400], "count"),
            boundsOf([], "rate"),
        ],
        bins: [0.7, 0.75, 0.9, 1].map((value) => binOf([0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1], value)),
        usual: [[110, 100], [100, 101], [80, 100], [300, 100], [5, null], [5, 0]].map((pair) => besideUsual(...pair)),
    };
}"""


@pytest.fixture
def the_map() -> None:
    """`make test` fetches it; without it there is nothing to look at, and that is said."""
    assert (VENDOR / "anhui.json").exists(), "地图没有取到，请执行 make charts"


@pytest.fixture
def open_wall(open_console: Callable[..., Console]) -> Callable[..., Console]:
    def open_(query: str = "") -> Console:
        console = open_console(path=f"/province{query}")
        console.page.wait_for_selector(".wall.loaded")
        return console

    return open_


@pytest.fixture
def wall(open_wall: Callable[..., Console]) -> Console:
    return open_wall()


def tile(console: Console, figure: str) -> str:
    return console.text(f'[data-figure="{figure}"]')


def city(code: str) -> str:
    return f'.city[data-centre="{code}"]'


def sums_of(*centres: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for code, centre in wall_samples.snapshot()["centres"].items():
        for name, count in centre["sums"].items() if not centres or code in centres else ():
            sums[name] = sums.get(name, 0) + count
    return sums


def tell(hotline: Hotline, seconds: float = 0.0, **values: Any) -> None:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    hotline.set(wall={**wall_samples.snapshot(at), **values})
    hotline.do("tell_wall")


def test_numbers_are_never_rounded_to_what_they_are_not(wall: Console) -> None:
    found = wall.page.evaluate(MODULES)
    assert found["rates"] == ["0%", "0.1%", "99.9%", "100%", "70.6%", "—"]
    assert found["seconds"] == ["4秒", "1分05秒", "1小时05分", "—"]
    assert found["counts"] == ["0", "1,234", "123,456"]
    assert found["bounds"] == [
        [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1],
        [3, 4],
        [0, 5000, 10000, 15000, 20000, 25000, 30000],
        [],
    ]
    assert found["bins"] == [0, 1, 4, 5]
    assert found["usual"] == ["▲ 比平常多 10%", "和平常差不多", "▼ 比平常少 20%", "▲ 是平常的 3.0 倍", "", ""]


def test_a_tile_has_the_servers_own_number_and_says_what_it_is_made_of(wall: Console) -> None:
    value = value_of(FIGURES["connection_rate"], sums_of())
    assert value.value is not None and f"{value.value:.1%}" in tile(wall, "connection_rate")
    wall.page.focus('[data-figure="connection_rate"]')
    wall.page.keyboard.press("Shift")
    wall.until(lambda: wall.sees("#tip-connection_rate"))
    told = wall.text("#tip-connection_rate")
    assert f"分子 {value.numerator:,} ÷ 分母 {value.denominator:,}" in told
    assert all(
        words in told for words in (FIGURES["connection_rate"].definition_zh, FIGURES["connection_rate"].denominator_zh)
    )
    assert wall.text("#now-waiting b") == "14" and wall.text("#now-longest b") == "06:12"
    assert "通话 42" in wall.text("#agents-words") and wall.text("#agents-total") == "在岗 78 人"


@pytest.mark.usefixtures("the_map")
@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (390, 844), (360, 740)])
def test_no_name_on_the_map_covers_another(wall: Console, size: tuple[int, int]) -> None:
    wall.page.set_viewport_size({"width": size[0], "height": size[1]})
    wall.until(lambda: wall.page.evaluate(COVERED) == [])


@pytest.mark.usefixtures("the_map")
def test_enter_on_a_city_narrows_the_board_and_escape_brings_the_province_back(wall: Console) -> None:
    received = tile(wall, "received")
    wall.page.wait_for_selector(f"{city('340100')}[style]")
    assert "没有数据" in wall.text(city(wall_samples.UNKNOWN)) and "省本级" in wall.text(city("340000"))
    wall.page.focus(city("340100"))
    wall.press("Enter")
    assert wall.text("#place") == "合肥" and tile(wall, "received") != received
    assert f"{value_of(FIGURES['received'], sums_of('340100')).numerator:,}" in tile(wall, "received")
    assert "centre=340100" in wall.page.url and wall.page.locator("#alarms li").count() == 0
    wall.press("Escape")
    assert wall.text("#place") == "全省" and tile(wall, "received") == received


def test_a_key_chooses_the_figure_of_the_map_and_the_address_keeps_it(open_wall: Callable[..., Console]) -> None:
    wall = open_wall("?centre=341000&view=table")
    assert "没有到期" not in tile(wall, "on_time") and "—" in tile(wall, "on_time")
    wall.press("Escape", "6")
    assert wall.page.get_attribute('[data-figure="queue_abandonment"]', "aria-pressed") == "true"
    assert wall.text("#table-figure") == "排队放弃率" and "figure=queue_abandonment" in wall.page.url
    assert "没有数据" in wall.text(f'#table tr[data-centre="{wall_samples.UNKNOWN}"]')
    wall.page.click('#table tr[data-centre="340200"] button')
    assert wall.text("#place") == "芜湖" and wall.sees("#elsewhere")
    # What its own system does not tell is not nought.
    assert [wall.text(f"#now-{name} b") for name in ("waiting", "longest", "on_line", "cases_overdue")] == ["—"] * 3 + [
        "0"
    ]


def test_it_updates_by_itself_and_announces_only_what_is_new(wall: Console, hotline: Hotline) -> None:
    wall.until(lambda: wall.page.evaluate("__wall.state") == "live")
    assert wall.text("#alarms li:first-child").startswith("■") and wall.text("#announce") == ""
    at = datetime.now(UTC) + timedelta(seconds=1)
    old = wall_samples.alarms(at)
    tell(hotline, 1, alarms=[{**old[0], "id": 99, "centre": "340300", "words": "排队放弃率 31%。"}, *old])
    wall.until(lambda: wall.text("#announce") == "新的告警：蚌埠，排队放弃率 31%。")
    assert wall.text("#alarms-count") == "7 条，紧急 4"
    assert wall.page.get_attribute("#alarms-more", "href") == "/province/alarms"
    assert "▲" in wall.text("#city-rows li:first-child") and "连不上 1宿州" in wall.text("#systems")


def test_a_picture_older_than_fifteen_seconds_is_no_present(
    open_wall: Callable[..., Console], hotline: Hotline
) -> None:
    hotline.set(wall=wall_samples.snapshot(datetime.now(UTC) - timedelta(seconds=20)))
    wall = open_wall()
    wall.until(lambda: "画面停在" in wall.text("#trouble"))
    tell(hotline)
    wall.until(lambda: wall.page.evaluate("__wall.state") == "live" and not wall.sees("#trouble"))
    hotline.set(is_signed_in=False)
    hotline.do("cut_streams")
    wall.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wall.until(lambda: wall.sees("#sign-in"))
    assert wall.page.get_attribute("#sign-in", "href") == "/login?next=/province"


def test_without_the_charts_the_table_stands_in(context: BrowserContext, open_wall: Callable[..., Console]) -> None:
    context.route(LIBRARY, lambda route: route.abort())
    wall = open_wall()
    wall.until(lambda: wall.sees("#table") and wall.sees("#no-map"))
    assert wall.page.locator("#table tbody tr").count() == 17 and not wall.sees("#as-table")
    assert "今天到现在" in wall.text("#curve-words") and "—" not in tile(wall, "received")


def test_a_supervisor_sees_the_own_centre_only(open_wall: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(wall_centres=["340300"], wall=wall_samples.snapshot(centres=("340300",)))
    wall = open_wall()
    assert wall.text("#place") == "蚌埠" and not wall.sees("#back")
    assert wall.page.locator(".city").count() == 1 and wall.page.locator("#cities-part").is_hidden()


@pytest.mark.parametrize("size", [(390, 844), (1366, 768), (1920, 1080)])
def test_the_wall_needs_no_scrolling(wall: Console, size: tuple[int, int]) -> None:
    wall.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert wall.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size[0] > 1000:
        assert wall.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        inside = (
            "[...document.querySelectorAll('.panel, .tile-button')].every((e) => e.scrollHeight <= e.clientHeight + 1)"
        )
        wall.until(lambda: wall.page.evaluate(inside))

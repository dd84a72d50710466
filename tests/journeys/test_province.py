"""The province looks at its cities: the same number everywhere, soon, at every size, and each city only its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from dashboards.provincial.cities.reconciliation_jobs import reconcile_cities
from integrations.embedded import valkey_in
from integrations.live_store import build_live_store
from integrations.services import utc_now
from integrations.task_queue import DEFAULT_QUEUE, enqueue
from integrations.work_calendar import in_shanghai
from ivr.outcome import PRECEDENCE
from tests.caller import Caller
from tests.journeys.browser import open_browser
from tests.journeys.conftest import Rows, always_open_config
from tests.journeys.console import PASSWORD
from tests.running import RunningHotline
from tests.waiting import comes_true, eventually

WUHU, HUANGSHAN, CHIZHOU = "340200", "341000", "341700"
HISTORY_DAYS = 35
FILLED = "SELECT count(DISTINCT at) FROM fact WHERE grain = 'day' AND subject = '*' AND source = 'demo'"
SIZES = {"wall": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}
PAGES = ("/province", "/province/explore", "/province/cities", "/province/alarms", "/province/report")


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    """With a month of made-up history, and two cities that push from outside."""
    folder = tmp_path_factory.mktemp("province")
    config = always_open_config(folder / "config")
    running = RunningHotline(
        folder / "var", HOTLINE_CONFIG=str(config), DEMO_HISTORY_DAYS=str(HISTORY_DAYS)
    ).wait_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


class Reader:
    """Somebody who looks at the figures, in a browser."""

    def __init__(self, browser: Browser, hotline: RunningHotline, username: str, size: str = "laptop") -> None:
        self.base_url = f"http://127.0.0.1:{hotline.port}"
        width, height = SIZES[size]
        self.context: BrowserContext = browser.new_context(viewport={"width": width, "height": height})
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.goto(f"{self.base_url}/login")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form button[type=submit]")
        self.page.wait_for_url(lambda url: "/login" not in url)

    def open(self, path: str) -> Reader:
        self.page.goto(f"{self.base_url}{path}")
        return self

    def get(self, path: str) -> Any:
        response = self.context.request.get(f"{self.base_url}{path}")
        assert response.status == 200, (path, response.status, response.text()[:300])
        return response.json()

    def status(self, path: str) -> int:
        return self.context.request.get(f"{self.base_url}{path}").status

    def wall_sums(self, centre: str) -> dict[str, int]:
        sums: dict[str, int] = self.get("/province/api/wall")["centres"][centre]["sums"]
        return sums


@pytest.fixture
def reader(browser: Browser, hotline: RunningHotline) -> Iterator[Callable[..., Reader]]:
    opened: list[Reader] = []

    def open_reader(username: str = "xinxi", size: str = "laptop") -> Reader:
        opened.append(Reader(browser, hotline, username, size))
        return opened[-1]

    yield open_reader
    for one in opened:
        one.context.close()
        assert one.errors == []


def today() -> date:
    return in_shanghai(utc_now()).date()


def identity(sums: dict[str, int]) -> bool:
    return sums.get("received", 0) == sum(sums.get(name, 0) for name in ("in_progress", *PRECEDENCE))


def test_a_call_that_has_ended_stands_on_the_wallboard_and_is_the_same_number_everywhere(
    reader: Callable[..., Reader], dial: Callable[..., Caller], rows: Rows
) -> None:
    province = reader()
    province.open("/province").page.wait_for_selector("#wall[data-state=live]")
    # Of today too, which is made up before the days of the past.
    eventually(lambda: rows(FILLED)[0][0] >= HISTORY_DAYS)
    before = province.wall_sums(WUHU)
    caller = dial().press("2").press("1").hang_up()
    eventually(lambda: province.wall_sums(WUHU).get("received", 0) > before.get("received", 0))
    eventually(lambda: province.wall_sums(WUHU).get("in_progress", 0) == 0)
    sums = province.wall_sums(WUHU)
    assert identity(sums)

    asked = f"since={today()}&until={today()}&centres={WUHU}"

    def totals() -> dict[str, Any]:
        found: dict[str, Any] = province.get(f"/province/api/explore?{asked}")["totals"]
        return found

    eventually(lambda: totals()["received"]["value"] == sums["received"])
    eventually(lambda: all(totals()[name]["value"] == sums.get(name, 0) for name in PRECEDENCE))
    listed = province.get(f"/province/api/calls?{asked}")["rows"]
    assert caller.sid in [call["id"] for call in listed]
    timeline = province.open(f"/province/calls/{caller.sid}").page.inner_text("main")
    assert "芜湖" in timeline
    audited = rows("SELECT count(*) FROM audit_entry WHERE action = 'call_timeline' AND username = 'xinxi'")
    assert audited[0][0] >= 1
    exported = province.context.request.get(f"{province.base_url}/province/export.csv?{asked}").text()
    assert "芜湖" in exported


def test_two_cities_push_from_outside_and_what_does_not_agree_is_listed(
    reader: Callable[..., Reader], rows: Rows, hotline: RunningHotline
) -> None:
    pushed = "SELECT count(*) FROM city_call WHERE centre = %s AND is_current"
    eventually(lambda: rows(pushed, HUANGSHAN)[0][0] > 0 and rows(pushed, CHIZHOU)[0][0] > 0)
    differing = "SELECT DISTINCT centre FROM city_difference WHERE agreed_at IS NULL"

    def are_compared() -> bool:
        """The clock wakes this job every five minutes."""
        with build_live_store(valkey_in(hotline.var_dir).url) as live_store:
            assert enqueue(live_store, DEFAULT_QUEUE, reconcile_cities)
        return comes_true(lambda: rows(differing) == [(CHIZHOU,)], 5.0)

    eventually(are_compared)
    page = reader().open("/province/cities").page
    eventually(lambda: "黄山" in page.inner_text("main") and "池州" in page.inner_text("main"))


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_wall_laptop_and_phone(reader: Callable[..., Reader], size: str, tmp_path: Path) -> None:
    province = reader(size=size)
    for path in PAGES:
        page = province.open(path).page
        page.wait_for_load_state("load")
        eventually(lambda page=page: page.evaluate("document.fonts.status") == "loaded")
        page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')}-{size}.png")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (path, size, wide)
    assert len(list(tmp_path.glob("*.png"))) == len(PAGES)


def test_the_board_is_read_and_narrowed_with_the_keyboard_alone(reader: Callable[..., Reader]) -> None:
    page = reader().open("/province").page
    page.wait_for_selector("#wall[data-state=live]")
    page.keyboard.press("t")
    page.wait_for_selector("#table-box:not([hidden])")
    assert page.locator("#table tbody tr").count() == 17


def test_a_city_sees_itself_and_nothing_of_another(reader: Callable[..., Reader]) -> None:
    wuhu = reader("wuhu")
    assert list(wuhu.get("/province/api/wall")["centres"]) == [WUHU]
    assert wuhu.status(f"/province/api/explore?centres={HUANGSHAN}") == 403
    assert wuhu.status(f"/province/report/{today():%Y-%m}.pdf?centre={HUANGSHAN}") == 403
    assert [row["centre"] for row in wuhu.get("/province/api/explore")["ranking"]] == [WUHU]


def test_who_makes_the_snapshots_may_die(reader: Callable[..., Reader], hotline: RunningHotline) -> None:
    province = reader()
    before = province.get("/province/api/wall")["at"]
    hotline.child("streams").kill()
    eventually(lambda: province.get("/province/api/wall")["at"] > before)
    page = province.open("/province").page
    page.wait_for_selector("#wall[data-state=live]")
    # While nobody answered, the page said so in its own way.
    province.errors.clear()


def test_the_month_is_printed(reader: Callable[..., Reader]) -> None:
    province = reader()
    answer = province.context.request.get(f"{province.base_url}/province/report/{today():%Y-%m}.pdf")
    assert answer.status == 200 and answer.body().startswith(b"%PDF-")

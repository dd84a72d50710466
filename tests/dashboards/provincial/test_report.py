"""The monthly report: the same figures on paper, for whoever may see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest
from psycopg import sql
from pypdf import PdfReader

from dashboards.metrics import FIGURES
from dashboards.provincial.measures import DEMO, OWN
from dashboards.provincial.periods import Period
from dashboards.provincial.report.document import parts, shown, wait_name
from dashboards.provincial.report.gathered import month_of, months_back
from dashboards.provincial.report.page import report_blueprint
from dashboards.provincial.report.pictures import nice_top
from integrations.work_calendar import SHANGHAI
from tests.dashboards.staff_app import StaffApp

HEFEI, WUHU = "340100", "340200"


@pytest.fixture
def office(staff: StaffApp) -> Iterator[StaffApp]:
    """The staff pages with the reports; today is 20 November 2026."""
    staff.app.register_blueprint(report_blueprint(staff.line))
    yield staff


def day_fact(app: StaffApp, centre: str, day: date, source: str = OWN, subject: str = "*", **measures: int) -> None:
    at = datetime.combine(day, time(), SHANGHAI)
    names = ["grain", "subject", "at", "centre", "channel", "source", *measures]
    values = ["day", subject, at, centre, "phone", source, *measures.values()]
    statement = sql.SQL("INSERT INTO fact ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join(sql.Placeholder() * len(values))
    )
    with app.services.database.pool.connection() as connection:
        connection.execute(statement, values)


def words_of(response: Any) -> str:
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == "application/pdf"
    reader = PdfReader(BytesIO(response.get_data()))
    return "".join(page.extract_text() for page in reader.pages).replace("\n", "")


def test_the_province_reads_its_month_with_numerator_and_denominator(office: StaffApp) -> None:
    day_fact(office, HEFEI, date(2026, 10, 9), received=1000, answered=500, self_served=300, abandoned_in_queue=200)
    day_fact(office, WUHU, date(2026, 10, 31), received=500, answered=400, self_served=100)
    day_fact(office, WUHU, date(2026, 11, 1), received=7777, answered=7777)
    words = words_of(office.signed_in("xinxi").get("/province/report/2026-10.pdf"))
    assert "2026年10月" in words and "全省 17 个中心" in words
    assert "1,500" in words and "86.7%" in words and "1,300／1,500" in words
    assert "7,777" not in words and "演示数据" not in words


def test_a_supervisor_reads_the_own_centre_only(office: StaffApp) -> None:
    day_fact(office, HEFEI, date(2026, 10, 9), received=4321, answered=4321)
    day_fact(office, WUHU, date(2026, 10, 9), received=1234, answered=1234)
    wuhu = office.signed_in("wuhu")
    words = words_of(wuhu.get("/province/report/2026-10.pdf"))
    assert "1,234" in words and "4,321" not in words and "合肥" not in words
    assert wuhu.get(f"/province/report/2026-10.pdf?centre={HEFEI}").status_code == 403
    assert wuhu.get("/province/report/2026-10.pdf?centre=999999").status_code == 404


def test_consultants_and_strangers_read_no_report(office: StaffApp) -> None:
    for path in ("/province/report", "/province/report/2026-10.pdf"):
        assert office.signed_in("wuhu01").get(path).status_code == 403
        assert "/login" in office.visitor().get(path).headers["Location"]


def test_who_made_which_report_is_in_the_trail(office: StaffApp) -> None:
    office.signed_in("xinxi").get(f"/province/report/2026-10.pdf?centre={WUHU}")
    entered = office.rows("SELECT username, centre, subject FROM audit_entry WHERE action = 'report_made'")
    assert entered == [("xinxi", WUHU, f"report 2026-10 {WUHU}")]


@pytest.mark.parametrize("month", ["2026-13", "october", "2026-12", "2027-01", "999999-01"])
def test_a_month_that_is_none_or_has_not_come_is_refused_with_a_sentence(office: StaffApp, month: str) -> None:
    response = office.signed_in("xinxi").get(f"/province/report/{month}.pdf")
    assert response.status_code == 404 and "2026-10" in response.get_data(as_text=True)


def test_an_unfinished_month_says_so_and_compares_the_same_days(office: StaffApp) -> None:
    day_fact(office, WUHU, date(2026, 10, 1), received=100, answered=100)
    day_fact(office, WUHU, date(2026, 10, 25), received=5000, answered=5000)
    day_fact(office, WUHU, date(2026, 11, 2), received=150, answered=150)
    words = words_of(office.signed_in("wuhu").get("/province/report/2026-11.pdf"))
    assert "还没有结束" in words and "100（+50.0%）" in words and "5,100" not in words


def test_a_month_half_of_which_is_known_compares_with_nothing(office: StaffApp) -> None:
    day_fact(office, WUHU, date(2026, 9, 20), received=100, answered=100)
    day_fact(office, WUHU, date(2026, 10, 5), received=150, answered=150)
    words = words_of(office.signed_in("wuhu").get("/province/report/2026-10.pdf"))
    assert "%）" not in words


def test_a_month_without_any_call_has_dashes_and_no_figure(office: StaffApp) -> None:
    words = words_of(office.signed_in("wuhu").get("/province/report/2026-10.pdf"))
    assert "没有记下主题的通话" in words and "—" in words and "0.0%" not in words


def test_made_up_figures_are_called_so_on_every_page(office: StaffApp) -> None:
    day_fact(office, WUHU, date(2026, 10, 9), source=DEMO, received=10, answered=10)
    response = office.signed_in("wuhu").get("/province/report/2026-10.pdf")
    reader = PdfReader(BytesIO(response.get_data()))
    assert all("含演示数据，不能作为正式统计" in page.extract_text() for page in reader.pages)


def test_the_list_begins_with_this_month_and_goes_back_a_year(office: StaffApp) -> None:
    page = office.signed_in("xinxi").page("/province/report")
    assert "2026年11月" in page and "2025年11月" in page and "2026年12月" not in page and "还没有结束" in page


def test_numbers_are_written_as_people_read_them() -> None:
    sums = {"received": 1500, "answered": 1300, "self_served": 0, "served_wait_0": 4, "answer_wait_seconds": 260}
    assert shown(FIGURES["received"], sums) == "1,500" and parts(FIGURES["received"], sums) == ""
    assert shown(FIGURES["connection_rate"], sums) == "86.7%"
    assert shown(FIGURES["asa_seconds"], sums) == "1分05秒" and parts(FIGURES["asa_seconds"], sums) == "260／4"
    assert shown(FIGURES["satisfaction"], sums) == "—"
    assert [wait_name(bucket) for bucket in (0, 3, 7)] == ["5秒内", "1分钟内", "10分钟以上"]


@pytest.mark.parametrize(("most", "top"), [(0, 4), (3, 4), (41, 80), (9999, 12000), (10000, 12000), (160001, 200000)])
def test_an_axis_ends_at_a_round_number(most: int, top: int) -> None:
    assert nice_top(most) == top


def test_months_are_read_and_counted_back() -> None:
    assert month_of("2026-02") == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert month_of("2024-12") == Period(date(2024, 12, 1), date(2024, 12, 31))
    assert month_of("2026-2") is None and month_of("") is None
    assert [str(month.first) for month in months_back(date(2026, 2, 10), 3)] == [
        "2026-02-01",
        "2026-01-01",
        "2025-12-01",
    ]

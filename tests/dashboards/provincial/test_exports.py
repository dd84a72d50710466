"""Exports say the same as the page, as numbers, with every definition, and no text in them is a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from dashboards.metrics import COUNT, FIGURES
from dashboards.provincial.explore.exports_csv import safe
from dashboards.provincial.measure_words import MEASURES_ZH
from dashboards.provincial.measures import MEASURES
from tests.dashboards.provincial.figures_app import HEFEI, WUHU, Figures
from tests.dashboards.staff_app import StaffApp, Visitor

OCTOBER = {"since": "2026-10-01", "until": "2026-10-31"}
NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture
def figures(staff: StaffApp) -> Iterator[Figures]:
    """Some hours of October and September in two cities."""
    office = Figures(staff)
    office.fact("2026-10-05 09:00", subject="pension-benefit", received=61, answered=30, self_served=18, offered=40)
    office.fact("2026-10-05 10:00", received=40, answered=10, after_hours=20, served_wait_1=10, left_wait_4=5)
    office.fact("2026-10-12 09:00", WUHU, subject="card-loss", source="demo", received=30, answered=15, legs=15)
    office.fact("2026-10-12 09:00", WUHU, channel="web", received=9, self_served=7)
    office.fact("2026-09-07 09:00", received=50, answered=20)
    # Consultants' time is kept for all subjects together alone.
    time = "handling_seconds = 900, available_seconds = 300"
    staff.write(f"UPDATE fact SET {time} WHERE subject = '*' AND centre = %s AND at >= '2026-09-30'", HEFEI)
    yield office


class Book:
    """A workbook read back from its own XML."""

    def __init__(self, content: bytes) -> None:
        self.files = zipfile.ZipFile(io.BytesIO(content))
        texts = ElementTree.fromstring(self.files.read("xl/sharedStrings.xml")).findall("m:si", NS)
        self._texts = ["".join(part.itertext()) for part in texts]
        book = ElementTree.fromstring(self.files.read("xl/workbook.xml"))
        self.names = [sheet.get("name") for sheet in book.findall("m:sheets/m:sheet", NS)]

    def xml(self, name: str) -> str:
        return self.files.read(f"xl/worksheets/sheet{self.names.index(name) + 1}.xml").decode()

    def rows(self, name: str) -> list[list[Any]]:
        """Cells of a sheet: texts as texts, numbers as numbers, None where nothing stands."""
        found = []
        for row in ElementTree.fromstring(self.xml(name)).iter(f"{{{NS['m']}}}row"):
            cells: dict[int, Any] = {}
            for cell in row:
                column = re.match(r"[A-Z]+", cell.get("r") or "")
                text = cell.findtext("m:v", None, NS)
                assert column is not None and cell.find("m:f", NS) is None
                if text is not None:
                    cells[_number(column[0])] = self._texts[int(text)] if cell.get("t") == "s" else float(text)
            found.append([cells.get(n) for n in range(max(cells, default=-1) + 1)])
        return found

    def table(self, name: str, first: str) -> dict[str, list[Any]]:
        """The rows below the head that begins with `first`, by their names."""
        rows = self.rows(name)
        start = next(n for n, row in enumerate(rows) if row and row[0] == first)
        return {row[0]: row[1:] for row in rows[start + 1 :] if row and row[0]}


def _number(column: str) -> int:
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - 64
    return number - 1


def book(visitor: Visitor, **args: str) -> Book:
    response = visitor.get("/province/export.xlsx", query_string=args)
    assert response.status_code == 200, response.get_data(as_text=True)
    return Book(response.get_data())


def lines(visitor: Visitor, **args: str) -> list[dict[str, str]]:
    response = visitor.get("/province/export.csv", query_string=args)
    assert response.status_code == 200, response.get_data(as_text=True)
    text = response.get_data().decode("utf-8-sig")
    assert response.get_data().startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_workbook_has_the_numbers_of_the_page(figures: Figures) -> None:
    visitor = figures.visitor()
    page, found = figures.ask(visitor, **OCTOBER, compare="previous"), book(visitor, **OCTOBER, compare="previous")
    assert found.names == ["总览", "各中心", "趋势", "时段", "主题", "定义"]
    summary = found.table("总览", "指标")
    for key, figure in FIGURES.items():
        for place, values in ((0, page["totals"][key]), (3, page["compared_totals"][key])):
            shown = (summary[figure.name_zh] + [None] * 7)[place : place + 3]
            expected = [values["value"], values["numerator"], values["denominator"]]
            assert shown == [None if one is None else pytest.approx(one) for one in expected], figure.name_zh
    centres = found.table("各中心", "中心")
    for row in page["ranking"]:
        cells = (centres[row["name"]] + [None] * 5)[:4]
        assert cells[0] == row["rank"] and cells[2:4] == [row["numerator"], row["denominator"]]
        assert cells[1] == (None if row["value"] is None else pytest.approx(row["value"]))
    trend = found.table("趋势", "日")
    assert {day: cells[1:3] for day, cells in trend.items()} == {
        point["day"]: [point["numerator"], point["denominator"]] for point in page["trend"]
    }
    subjects = found.table("主题", "主题")
    assert subjects["养老金发放和计算"][2:4] == [48, 61] and subjects["没有记下主题"][2:4] == [17, 49]
    assert found.table("时段", "综合接通率，几点")["9时至10时"][0] == pytest.approx(70 / 100)


def test_the_workbook_says_what_it_is(figures: Figures) -> None:
    found = book(figures.visitor(), **OCTOBER)
    about = {row[0]: row[1] for row in found.rows("总览")[1:11] if len(row) > 1}
    assert about["时间"] == "2026年10月" and about["导出的人"] == "王芳（xinxi）"
    assert about["数据来自"] == "演示数据（生成的，不是真的）、本系统"
    assert about["导出时间"].startswith("2026-11-20 10:20")
    definitions = found.table("定义", "指标")
    assert definitions.keys() == {figure.name_zh for figure in FIGURES.values()}
    figure = FIGURES["connection_rate"]
    assert definitions["综合接通率"][1:] == [figure.definition_zh, figure.denominator_zh]
    assert all("<pane " in found.xml(name) and 'state="frozen"' in found.xml(name) for name in found.names)
    assert "0.0%" in found.files.read("xl/styles.xml").decode()
    charts = [name for name in found.files.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == 2


def test_the_rows_of_the_csv_add_up_to_the_page(figures: Figures) -> None:
    visitor = figures.visitor()
    page, rows = figures.ask(visitor, **OCTOBER), lines(visitor, **OCTOBER)
    sums = {name: sum(int(row[words]) for row in rows) for name, words in MEASURES_ZH.items()}
    for key, figure in FIGURES.items():
        numerator = sum(sums[name] for name in figure.numerator)
        assert numerator == page["totals"][key]["numerator"], key
        if figure.denominator:
            assert sum(sums[name] for name in figure.denominator) == page["totals"][key]["denominator"], key
    keys = [(row["日期"], row["中心代码"], row["主题代码"], row["渠道"]) for row in rows]
    assert keys == [
        ("2026-10-05", HEFEI, "pension-benefit", "电话"), ("2026-10-05", HEFEI, "", "电话"),
        ("2026-10-12", WUHU, "card-loss", "电话"), ("2026-10-12", WUHU, "", "网站"),
    ]  # fmt: skip
    assert [row["含演示数据"] for row in rows] == ["否", "否", "是", "否"]
    assert float(rows[0]["综合接通率"]) == pytest.approx(48 / 61, rel=1e-5) and rows[0]["满意率"] == ""


def test_the_csv_is_cut_like_the_page(figures: Figures) -> None:
    visitor = figures.visitor()
    rows = lines(visitor, **OCTOBER, subjects="pension", centres=HEFEI)
    assert [(row["主题组"], row["来电"]) for row in rows] == [("养老保险", "61")]
    assert [row["中心"] for row in lines(visitor, **OCTOBER, channels="web")] == ["芜湖"]


def test_every_sum_has_a_name_of_its_own() -> None:
    assert tuple(MEASURES_ZH) == MEASURES and len(set(MEASURES_ZH.values())) == len(MEASURES)
    names = [figure.name_zh for figure in FIGURES.values() if figure.unit != COUNT]
    assert not set(names) & set(MEASURES_ZH.values())


def test_a_city_exports_itself_alone(figures: Figures) -> None:
    wuhu = figures.visitor("wuhu")
    assert {row["中心"] for row in lines(wuhu, **OCTOBER)} == {"芜湖"}
    assert list(book(wuhu, **OCTOBER).table("各中心", "中心")) == ["芜湖"]
    for ending in ("xlsx", "csv"):
        assert wuhu.get(f"/province/export.{ending}?centres={HEFEI}").status_code == 403
        assert figures.visitor("hefei01").get(f"/province/export.{ending}").status_code == 403


def test_an_export_leaves_a_trace(figures: Figures) -> None:
    visitor = figures.visitor()
    book(visitor, **OCTOBER)
    lines(visitor, **OCTOBER)
    trail = figures.staff.rows(
        "SELECT username, action, subject FROM audit_entry WHERE action LIKE 'figures_exported%%' ORDER BY id"
    )
    address = "since=2026-10-01&until=2026-10-31&figure=connection_rate&compare=none"
    assert trail == [("xinxi", "figures_exported_xlsx", address), ("xinxi", "figures_exported_csv", address)]


def test_a_mistake_is_a_page_with_a_sentence(figures: Figures) -> None:
    visitor = figures.visitor()
    response = visitor.get("/province/export.csv?since=2020-01-01&until=2026-01-01")
    assert response.status_code == 400 and "明细一次最多导出366天" in response.get_data(as_text=True)
    response = visitor.get("/province/export.xlsx?figure=luck")
    assert response.status_code == 400 and "没有“luck”这个指标" in response.get_data(as_text=True)


def test_no_text_is_taken_for_a_formula(figures: Figures) -> None:
    assert safe("=1+1") == "'=1+1" and safe("@x") == "'@x" and safe("合肥") == "合肥"
    figures.staff.write("UPDATE staff_user SET name = '=cmd()' WHERE username = 'xinxi'")
    about = {row[0]: row[1] for row in book(figures.visitor(), **OCTOBER).rows("总览")[1:11] if len(row) > 1}
    assert about["导出的人"] == "=cmd()（xinxi）"

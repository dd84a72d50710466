"""A file of a city, as spreadsheets here write it."""

from datetime import UTC, datetime

import pytest

from dashboards.provincial.cities.csv_file import BadFile, read_csv, template
from dashboards.provincial.cities.fields import FIELDS, KINDS
from dashboards.provincial.cities.formats import check_rows

NOW = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_template_is_itself_a_good_file(kind: str) -> None:
    data = template(kind)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = read_csv(data, kind)
    checked = check_rows(kind, rows, centre="340700", now=NOW, subjects=())
    assert [line for line, _ in checked.rows] == [2, 3] and checked.problems == []
    assert data.decode("utf-8-sig").splitlines()[0].split(",")[0] == FIELDS[kind][0].title_zh


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_titles_may_be_chinese_or_english_in_any_order(encoding: str) -> None:
    text = "来电编号,结果,started_at\r\nC-1,人工接通,2026-11-20 09:00\r\n"
    assert read_csv(text.encode(encoding), "calls") == [
        (2, {"call_id": "C-1", "outcome": "人工接通", "started_at": "2026-11-20 09:00"})
    ]


def test_lines_are_those_of_the_file() -> None:
    text = '日期,来电总数,,\n\n2026-11-18,5,,\n,,,\n2026-11-19,"6\n",,\n2026-11-20,7,,更多\n'
    rows = read_csv(text.encode(), "totals")
    assert [line for line, _ in rows] == [3, 6, 7]
    checked = check_rows("totals", rows, centre="340700", now=NOW, subjects=())
    assert [(problem.line, problem.field) for problem in checked.problems] == [(7, "（多出的内容）")]


def test_a_short_line_lacks_what_is_not_there() -> None:
    rows = read_csv("日期,来电总数\n2026-11-18\n".encode(), "totals")
    checked = check_rows("totals", rows, centre="340700", now=NOW, subjects=())
    assert [(problem.line, problem.field) for problem in checked.problems] == [(2, "received")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空的"),
        (b"\xff\xfe\x00d\x00a", "编码"),
        ("日期,来电总数,大概\n".encode(), "大概"),
        ("日期,来电总数,received\n".encode(), "两次"),
        ("日期\n".encode(), "缺少"),
        ('日期,来电总数\n"2026'.encode(), "引号"),
        ("日期,来电总数\n".encode() + b"x" * 9_000_000, "太大"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_csv(data, "totals")
    assert words in refused.value.sentence


def test_of_a_file_with_millions_of_lines_no_more_is_read_than_asked_for() -> None:
    rows = read_csv("日期,来电总数\n".encode() + b"1,\n" * 9 + b'"', "totals", most=3)
    assert [line for line, _ in rows] == [2, 3, 4]

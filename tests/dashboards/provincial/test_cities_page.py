"""The page of the cities' data: who sees what, files that are checked and taken, days explained, keys shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from dashboards.csrf import HEADER
from dashboards.provincial.cities.desk import NO_LIMIT, NO_SUCH_KEY
from dashboards.provincial.cities.fields import LARGEST_BATCH_BYTES
from dashboards.provincial.cities.page import NO_WORDS, cities_blueprints, read_words
from dashboards.provincial.cities.reconciliation import reconcile
from dashboards.provincial.cities.reconciliation_view import NO_SUCH_DAY
from dashboards.provincial.cities.rows import Freshness
from dashboards.provincial.cities.uploads import CHANGED, EMPTY, NO_ROWS, REPEATED, TOO_LARGE, TOO_MANY, UNKNOWN_CHECK
from dashboards.provincial.cities.view import NO_SUCH_BATCH
from dashboards.provincial.scope import NO_SUCH_CENTRE, NOT_YOUR_CENTRE
from dashboards.provincial.wall.snapshot import is_stale
from tests.dashboards.console_app import HEFEI01, Console, ConsoleApp
from tests.dashboards.staff_app import FRIDAY

HEFEI, WUHU = "340100", "340200"
API = "/province/api/cities"
HEAD = "来电编号,版本,开始时间,结束时间,结果,通话秒数"
GOOD = "A1,1,2026-11-19 09:00:00,2026-11-19 09:05:00,人工接通,240"
ALSO_GOOD = "A2,1,2026-11-19 10:00:00,2026-11-19 10:00:40,菜单中放弃,"
BAD = "A3,1,2026-11-19 25:00:00,2026-11-19 09:05:00,人工接通,很久"
TOTALS = "日期,来电总数,人工接通\n2026-11-19,2,1\n2026-11-18,7,5\n"


@pytest.fixture
def app(console: ConsoleApp) -> ConsoleApp:
    """Hefei has a system of its own since yesterday morning; every other centre's calls are those of the hotline."""
    for blueprint in cities_blueprints(console.line):
        console.app.register_blueprint(blueprint)
    console.write("INSERT INTO city_system (centre, since) VALUES (%s, '2026-11-18 09:00+08')", HEFEI)
    return console


def look(visitor: Console, **query: Any) -> dict[str, Any]:
    response = visitor.client.get(API, query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def post(visitor: Console, path: str, body: Any = None, token: str | None = None) -> TestResponse:
    headers = {HEADER: visitor.token() if token is None else token}
    return visitor.client.post(f"{API}/{path}", json=body or {}, headers=headers)


def send(visitor: Console, path: str, data: bytes | str, kind: str = "calls", **query: Any) -> TestResponse:
    data = data.encode() if isinstance(data, str) else data
    query = {"centre": HEFEI, "kind": kind, **query}
    headers = {HEADER: visitor.token()}
    return visitor.client.post(f"{API}/{path}", query_string=query, data=data, headers=headers, content_type="text/csv")


def check(visitor: Console, data: bytes | str, **query: Any) -> dict[str, Any]:
    response = send(visitor, "uploads/preview", data, **query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def take(visitor: Console, data: bytes | str, checked: dict[str, Any], **query: Any) -> TestResponse:
    return send(visitor, "uploads", data, upload=checked["upload"], digest=checked["digest"], **query)


def upload(visitor: Console, data: str, **query: Any) -> dict[str, Any]:
    response = take(visitor, data, check(visitor, data, **query), **query)
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def error(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["error"]


def csv(*lines: str) -> str:
    return "\n".join((HEAD, *lines)) + "\n"


# who sees what


def test_the_province_sees_every_centre_and_a_city_itself(app: ConsoleApp) -> None:
    assert len(look(app.at("xinxi"))["centres"]) == 17
    own = look(app.at("wuhu"))
    assert [row["id"] for row in own["centres"]] == [WUHU] and own["keys"] is None and own["reconciled"] == []
    assert "做一把密钥" not in app.at("hefei").page("/province/cities")
    assert "做一把密钥" in app.at("guanli").page("/province/cities")


def test_a_city_that_a_demo_plays_is_labelled(app: ConsoleApp) -> None:
    visitor = app.at("xinxi")
    assert look(visitor)["is_demo"] is False
    app.write(
        "INSERT INTO city_key (id, centre, secret_sealed, made_at, made_by) VALUES ('ck-1', %s, 'x', now(), '(demo)')",
        HEFEI,
    )
    assert look(visitor)["is_demo"] is True and look(app.at("wuhu"))["is_demo"] is False


def test_nothing_of_another_centre_is_told_or_taken(app: ConsoleApp) -> None:
    batch = upload(app.at("xinxi"), csv(GOOD))["batch"]
    wuhu = app.at("wuhu")
    assert error(wuhu.client.get(f"{API}?centre={HEFEI}")) == (403, NOT_YOUR_CENTRE)
    assert error(wuhu.client.get(f"{API}/batches?centre={HEFEI}")) == (403, NOT_YOUR_CENTRE)
    assert error(wuhu.client.get(f"{API}/batches/{batch}")) == (404, NO_SUCH_BATCH)
    assert error(wuhu.client.get(f"{API}/days/{HEFEI}/2026-11-19")) == (403, NOT_YOUR_CENTRE)
    assert error(post(wuhu, f"days/{HEFEI}/2026-11-19/explain", {})) == (403, NOT_YOUR_CENTRE)
    for path in ("uploads/preview", "uploads"):
        query = {"upload": "upload-" + "a" * 20, "digest": "x"}
        assert error(send(wuhu, path, csv(GOOD), **query)) == (403, NOT_YOUR_CENTRE)
    assert look(wuhu)["batches"]["rows"] == []
    assert wuhu.client.get(f"{API}?centre=999999").get_json()["error"] == NO_SUCH_CENTRE


def test_consultants_have_no_business_here_and_supervisors_make_no_keys(app: ConsoleApp) -> None:
    consultant = app.at(HEFEI01)
    assert consultant.client.get("/province/cities").status_code == 403
    for path in ("", "/batches", "/batches/1", f"/days/{HEFEI}/2026-11-19", "/templates/calls.csv"):
        assert consultant.client.get(API + path).status_code == 403
    for path in ("keys", "keys/ck-1/revoke", "systems"):
        assert post(app.at("hefei"), path, {"centre": HEFEI, "minutes": 30}).status_code == 403
    assert app.app.test_client().get(API).status_code == 401
    assert post(app.at("hefei"), f"days/{HEFEI}/2026-11-19/explain", token="").status_code == 400


# freshness


def test_the_longest_silent_city_is_first_and_the_centres_of_the_hotline_last(app: ConsoleApp) -> None:
    now = app.clock()
    for centre, ago in ((WUHU, 10), ("340300", 45), ("340400", 90)):
        app.write(
            "INSERT INTO city_system (centre, since, newest_at, heard_at, stale_minutes) VALUES (%s, %s, %s, %s, 60)",
            *(centre, now - timedelta(days=9), now - timedelta(minutes=ago), now - timedelta(minutes=1)),
        )
    app.write("UPDATE city_system SET stale_minutes = 10000 WHERE centre = %s", HEFEI)
    app.call(centre="340500")
    rows = look(app.at("xinxi"))["centres"]
    assert [row["id"] for row in rows[:4]] == ["340400", "340300", WUHU, HEFEI]
    assert [row["state"] for row in rows[:5]] == ["stale", "fresh", "fresh", "silent", "own"]
    assert (rows[0]["limit_zh"], rows[0]["is_city"], rows[4]["limit_zh"]) == ("1小时", True, "")
    by_code = {row["id"]: row for row in rows}
    assert by_code["340500"]["newest_at"] == now.isoformat() and by_code["340600"]["newest_at"] is None


def test_a_city_that_was_never_heard_is_late_after_its_limit(app: ConsoleApp) -> None:
    (row,) = look(app.at("hefei"))["centres"]
    assert (row["state"], row["newest_at"], row["limit_minutes"]) == ("stale", None, 30)


def test_a_city_is_late_here_when_it_is_late_on_the_wallboard() -> None:
    now, nothing = FRIDAY, (None, False, None, None, None, 0, 0, 0)
    for ago in (None, 0, 29, 30, 31, 900):
        newest = None if ago is None else now - timedelta(minutes=ago)
        for since in (now, now - timedelta(days=3)):
            row = Freshness(HEFEI, since, 30, newest, *nothing)
            told = {"newest_at": newest, "since": since, "stale_minutes": 30}
            assert row.is_stale(now) == is_stale(told, now)


def test_the_batches_of_today_are_counted_by_what_became_of_them(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    upload(hefei, csv(GOOD))
    checked = check(hefei, csv(ALSO_GOOD, BAD))
    take(hefei, csv(ALSO_GOOD, BAD), checked, part="1")
    (row,) = look(hefei)["centres"]
    assert row["today"] == {"accepted": 1, "partial": 1, "refused": 0} and row["state"] != "silent"
    app.clock.forward(days=1)
    assert look(app.at("hefei"))["centres"][0]["today"] == {"accepted": 0, "partial": 0, "refused": 0}


# files


def test_a_check_writes_nothing_and_names_every_bad_line(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    found = check(hefei, csv(GOOD, BAD, ALSO_GOOD))
    assert {name: found[name] for name in ("rows", "accepted", "unchanged", "refused")} == {
        "rows": 3, "accepted": 2, "unchanged": 0, "refused": 1,
    }  # fmt: skip
    assert {(one["line"], one["field_zh"]) for one in found["problems"]} == {(3, "开始时间"), (3, "通话秒数")}
    assert found["first"]["titles"][0] == "来电编号"
    assert [(row["line"], row["values"][0]) for row in found["first"]["rows"]] == [(2, "A1"), (4, "A2")]
    for table in ("city_batch", "city_call", "fact_day"):
        assert app.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert app.audit("city_uploaded") == []


def test_what_was_checked_is_taken_once_however_often_it_is_pressed(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    data = csv(GOOD, ALSO_GOOD)
    checked = check(hefei, data)
    first, again = (take(hefei, data, checked).get_json() for _ in range(2))
    assert first["said"] == "收下 2 行。" and again["said"] == REPEATED
    assert app.rows("SELECT via, sent_by, status, rows FROM city_batch") == [("upload", "hefei", "accepted", 2)]
    assert app.audit("city_uploaded") == [("hefei", HEFEI, "batch 1 calls: accepted")]
    later = check(hefei, data)
    assert (later["accepted"], later["unchanged"]) == (0, 2)


def test_bad_lines_are_left_out_only_when_that_is_wanted(app: ConsoleApp) -> None:
    hefei, data = app.at("hefei"), csv(GOOD, BAD)
    whole = take(hefei, data, check(hefei, data)).get_json()
    assert (whole["state_zh"], whole["accepted"], whole["refused"]) == ("没有收", 0, 2)
    part = take(hefei, data, check(hefei, data), part="1").get_json()
    assert (part["said"], part["problems"][0]["line"]) == ("收下 1 行，1 行有错没有收。", 3)
    assert app.rows("SELECT call_id FROM city_call") == [("A1",)]


def test_a_correction_without_a_new_version_is_told_before_it_is_taken(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    upload(hefei, csv(GOOD))
    found = check(hefei, csv(GOOD.replace("240", "200"), ALSO_GOOD, BAD))
    assert (found["accepted"], found["refused"]) == (1, 2)
    assert [one["line"] for one in found["problems"]] == [2, 4, 4] and "版本加1" in found["problems"][0]["problem"]
    assert [row["line"] for row in found["first"]["rows"]] == [3]


def test_another_file_than_the_one_that_was_checked_is_not_taken(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    checked = check(hefei, csv(GOOD))
    assert error(take(hefei, csv(ALSO_GOOD), checked)) == (409, CHANGED)
    assert error(take(hefei, csv(GOOD), checked, kind="totals"))[0] in (409, 422)
    assert error(take(hefei, csv(GOOD), {**checked, "upload": "b-1"})) == (422, UNKNOWN_CHECK)
    assert app.rows("SELECT count(*) FROM city_batch") == [(0,)]


def test_what_is_no_such_file_is_refused_with_what_to_do(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    files: list[tuple[bytes | str, int, str]] = [
        ("", 422, EMPTY),
        (" \n\n", 422, EMPTY),
        (HEAD, 422, NO_ROWS),
        (b"PK\x03\x04rest of a workbook", 422, "Excel 工作簿"),
        (b"\xff\xfe\x41\x00\x00", 422, "编码"),
        ("编号,时间\n1,2\n", 422, "没有这些列"),
        ("版本\n1\n", 422, "缺少这些列"),
        (b"a" * (LARGEST_BATCH_BYTES + 1), 413, TOO_LARGE),
        (csv(*["x"] * 10_001), 413, "10000"),
    ]
    for data, status, words in files:
        found = error(send(hefei, "uploads/preview", data))
        assert found[0] == status and words in found[1]


def test_the_national_encoding_of_spreadsheets_is_read(app: ConsoleApp) -> None:
    assert check(app.at("hefei"), csv(GOOD).encode("gb18030"))["accepted"] == 1


def test_a_centre_of_the_hotline_has_nothing_to_upload(app: ConsoleApp) -> None:
    status, words = error(send(app.at("wuhu"), "uploads/preview", csv(GOOD), centre=WUHU))
    assert status == 404 and "没有登记" in words


def test_every_kind_has_a_template_that_the_check_takes(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    for kind in ("calls", "hours", "totals"):
        response = hefei.client.get(f"{API}/templates/{kind}.csv")
        assert response.status_code == 200 and "attachment" in response.headers["Content-Disposition"]
        found = check(hefei, response.get_data(), kind=kind)
        assert (found["refused"], found["problems"]) == (0, [])
    assert hefei.client.get(f"{API}/templates/moonshine.csv").status_code == 404


# batches


def test_a_batch_opens_its_bad_lines(app: ConsoleApp) -> None:
    hefei, data = app.at("hefei"), csv(GOOD, BAD)
    take(hefei, data, check(hefei, data), part="1")
    (row,) = look(hefei)["batches"]["rows"]
    assert (row["kind_zh"], row["via_zh"], row["state_zh"], row["who"]) == (
        "逐通来电",
        "网页上传",
        "收下一部分",
        "刘洋",
    )
    found = hefei.client.get(f"{API}/batches/{row['id']}").get_json()
    assert {one["field_zh"] for one in found["problems"]} == {"开始时间", "通话秒数"}


def test_older_batches_come_page_by_page_and_bad_ones_alone(app: ConsoleApp) -> None:
    for n in range(120):
        became = ("refused", 0, 1) if n % 40 == 0 else ("accepted", 1, 0)
        app.write(
            "INSERT INTO city_batch (centre, batch_id, kind, via, digest, received_at, status, rows, accepted, "
            "unchanged, refused, sent_by) VALUES (%s, %s, 'calls', 'push', '', %s, %s, 1, %s, 0, %s, 'ck-1')",
            *(HEFEI, f"b{n}", app.clock() - timedelta(minutes=n // 2), *became),
        )
    hefei = app.at("hefei")
    page, seen = look(hefei)["batches"], []
    while True:
        seen += [row["batch_id"] for row in page["rows"]]
        if page["next"] is None:
            break
        page = hefei.client.get(f"{API}/batches?before={page['next']}").get_json()
    assert len(seen) == len(set(seen)) == 120
    bad = hefei.client.get(f"{API}/batches?bad=1").get_json()
    assert [row["batch_id"] for row in bad["rows"]] == ["b0", "b40", "b80"] and bad["next"] is None
    assert error(hefei.client.get(f"{API}/batches?before=x")) == (404, NO_SUCH_BATCH)


# reconciliation


def test_a_day_that_differs_is_explained_by_the_city_itself(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    upload(hefei, TOTALS, kind="totals")
    app.write(
        "INSERT INTO fact (grain, subject, at, centre, channel, source, received, answered) "
        "VALUES ('day', '*', '2026-11-19 00:00+08', %s, 'phone', 'city', 2, 1)",
        HEFEI,
    )
    with app.services.database.pool.connection() as connection, connection.transaction():
        assert reconcile(connection, app.clock()) == 2
    found = look(hefei)
    (days,) = found["reconciled"]
    assert [cell["state"] for cell in days["cells"][-2:]] == ["differs", "agrees"] and days["cells"][0] is None
    (row,) = found["differences"]
    assert (row["day"], row["is_explained"]) == ("2026-11-18", False)
    assert [(one["name"], one["claimed"], one["arrived"]) for one in row["rows"]] == [
        ("来电", 7, 0),
        ("人工接通", 5, 0),
    ]
    seen = [{name: one[name] for name in ("id", "claimed", "arrived")} for one in row["rows"]]
    path = f"days/{HEFEI}/2026-11-18/explain"
    assert error(post(hefei, path, {"seen": seen, "words": " "})) == (422, NO_WORDS)
    assert post(hefei, path, {"seen": [], "words": "停电"}).status_code == 422
    changed = [{**seen[0], "arrived": 1}]
    assert post(hefei, path, {"seen": [seen[1], *changed], "words": "停电"}).status_code == 409
    assert not look(hefei)["differences"][0]["is_explained"]
    assert post(hefei, path, {"seen": seen, "words": "停电，来电人 340102195806159993 也打不进"}).status_code == 200
    (row,) = look(hefei)["differences"]
    assert row["is_explained"] and row["rows"][0]["explained_by"] == "刘洋"
    assert "停电" in row["rows"][0]["explanation"] and "340102195806159993" not in row["rows"][0]["explanation"]
    assert app.audit("city_explained") == [("hefei", HEFEI, "reconciliation of 2026-11-18: differences 1, 2")]


def test_a_day_opens_measure_by_measure(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    upload(hefei, TOTALS, kind="totals")
    day = hefei.client.get(f"{API}/days/{HEFEI}/2026-11-18").get_json()
    assert [(one["name"], one["claimed"], one["arrived"]) for one in day["measures"]] == [
        ("来电", 7, 0),
        ("人工接通", 5, 0),
    ]
    for path in (f"days/{HEFEI}/2026-11-20", f"days/{HEFEI}/2020-01-01", f"days/{HEFEI}/soon"):
        assert error(hefei.client.get(f"{API}/{path}")) == (404, NO_SUCH_DAY)


# what the province decides


def test_a_centre_is_registered_and_its_limit_changed(app: ConsoleApp) -> None:
    province = app.at("xinxi")
    assert "登记好了" in post(province, "systems", {"centre": WUHU, "minutes": 120}).get_json()["said"]
    assert "改成4小时" in post(province, "systems", {"centre": WUHU, "minutes": 240}).get_json()["said"]
    assert app.rows("SELECT stale_minutes FROM city_system WHERE centre = %s", WUHU) == [(240,)]
    for minutes in (None, 4, 10081, "30", True):
        assert error(post(province, "systems", {"centre": WUHU, "minutes": minutes})) == (422, NO_LIMIT)
    words = ("registered: stale after 120 min", "changed: stale after 240 min")
    assert app.audit("city_system_set") == [("xinxi", WUHU, f"city_system {about}") for about in words]


def test_a_key_is_shown_once_and_never_again(app: ConsoleApp) -> None:
    administrator = app.at("guanli")
    made = post(administrator, "keys", {"centre": HEFEI}).get_json()
    assert made["key"] in made["words"] and "/city/v1/batches" in made["words"] and "whsec_" in made["words"]
    (row,) = look(administrator)["keys"]
    assert (row["id"], row["made_by"], row["used_at"], row["revoked_at"]) == (made["key"], "李强", None, None)
    assert "whsec_" not in administrator.client.get(API).get_data(as_text=True)
    assert app.audit("city_key_made") == [("guanli", HEFEI, f"city_key {made['key']}")]
    assert "没有登记" in post(administrator, "keys", {"centre": WUHU}).get_json()["error"]


def test_a_revoked_key_stays_in_the_list_and_is_revoked_once(app: ConsoleApp) -> None:
    province = app.at("xinxi")
    key = post(province, "keys", {"centre": HEFEI}).get_json()["key"]
    assert post(province, f"keys/{key}/revoke").status_code == 200
    assert error(post(province, f"keys/{key}/revoke")) == (404, NO_SUCH_KEY)
    (row,) = look(province)["keys"]
    assert row["revoked_by"] == "王芳" and row["revoked_at"]
    assert app.audit("city_key_revoked") == [("xinxi", HEFEI, f"city_key {key}")]


def test_what_is_no_key_at_all_is_no_key(app: ConsoleApp) -> None:
    assert error(post(app.at("xinxi"), "keys/ck-%00/revoke")) == (404, NO_SUCH_KEY)


def test_a_file_is_not_taken_without_its_entry_in_the_trail(app: ConsoleApp) -> None:
    hefei = app.at("hefei")
    checked = check(hefei, csv(GOOD))
    app.write("ALTER TABLE audit_entry ADD CONSTRAINT nothing_today CHECK (action <> 'city_uploaded') NOT VALID")
    try:
        assert take(hefei, csv(GOOD), checked).status_code == 500
        assert look(hefei)["batches"]["rows"] == []
    finally:
        app.write("ALTER TABLE audit_entry DROP CONSTRAINT nothing_today")
    assert take(hefei, csv(GOOD), checked).status_code == 200
    assert app.rows("SELECT count(*) FROM audit_entry WHERE action = 'city_uploaded'") == [(1,)]


def test_more_lines_than_a_batch_holds_are_refused_before_they_are_read(app: ConsoleApp) -> None:
    data = (HEAD + "\n").encode() + b"1\n" * 10_001 + b'"'
    assert error(send(app.at("hefei"), "uploads/preview", data)) == (413, TOO_MANY)


def test_words_that_no_database_takes_are_left_out() -> None:
    assert read_words("停电\ud800了\x00两小时") == "停电了两小时"


def test_an_explanation_names_nobody() -> None:
    words = read_words("11月19日 12:30 停电，问13855115678，身份证340104199003070015")
    assert "11月19日 12:30 停电" in words and "5678" in words and "1385511" not in words and "19900307" not in words

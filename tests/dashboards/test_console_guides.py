"""Guides are found while talking, read with what is wrong with them, and marked for their owners."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from dashboards.console.guide_search import Entry, build_index, search
from dashboards.console.marks import owner_of
from ivr.content import Content
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, ConsoleApp
from voicemail.subjects_file import load_subjects

WRONG = {"guide": "guide/card-replace", "verdict": "wrong", "note": "补卡不收费了"}


@pytest.fixture(scope="module")
def index(keeper: LibraryKeeper) -> tuple[Entry, ...]:
    content = keeper.library().content
    return build_index(content, load_subjects(None, content.pieces()))


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("退休", "recording/pension-retirement-age"),
        ("办退休", "guide/pension-retirement"),
        ("tx", "guide/pension-retirement"),
        ("btx", "guide/pension-retirement"),
        ("sydj", "guide/unemployment-registration"),
        ("BHSBK", "guide/card-replace"),
        ("欠薪", "guide/labour-wage-complaint"),
        ("刷脸认证", "guide/pension-eligibility-check"),
        ("两个账户", "recording/card-two-accounts"),
        ("挂失 社保卡", "guide/card-formal-loss"),
        ("怎么申请工伤认定", "guide/labour-injury-recognition"),
        ("社保卡丢了", "recording/card-lost"),
    ],
)
def test_the_piece_that_was_meant_is_among_the_first(index: tuple[Entry, ...], question: str, best: str) -> None:
    assert best in [hit.entry.key for hit in search(index, question)][:4]


def test_a_title_comes_before_a_word_in_the_text(index: tuple[Entry, ...]) -> None:
    hits = search(index, "生育津贴")
    assert hits[0].entry.key == "guide/medical-maternity-allowance"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_word_of_the_text_is_shown_in_its_sentence(index: tuple[Entry, ...]) -> None:
    hit = next(hit for hit in search(index, "二十个工作日") if hit.entry.key == "guide/pension-retirement")
    assert "二十个工作日" in hit.snippet and len(hit.snippet) < 60


def test_the_menu_path_of_a_caller_finds_what_it_names(index: tuple[Entry, ...]) -> None:
    hits = search(index, "听政策录音：养老（多大年纪退休、养老金什么时候发）")
    assert {"recording/pension-retirement-age", "recording/pension-when-paid"} <= {hit.entry.key for hit in hits[:4]}


@pytest.mark.parametrize("question", ["量子力学", "qqqq", "！？", "x" * 500, "%", "\\"])
def test_nonsense_finds_nothing_or_everything_and_never_fails(index: tuple[Entry, ...], question: str) -> None:
    found = search(index, question)
    assert len(found) in (0, len(index)) or question == "x" * 500


def test_nothing_asked_shows_the_whole_shelf(index: tuple[Entry, ...]) -> None:
    assert [hit.entry for hit in search(index, "  ")] == list(index)


def test_search_and_read(console: ConsoleApp) -> None:
    client = console.at(HEFEI01).client
    found = client.get("/console/guides?q=退休").get_json()["guides"]
    assert found and set(found[0]) >= {"id", "kind_zh", "title", "subject_zh", "snippet", "problem"}
    guide = client.get("/console/guides/guide/pension-retirement").get_json()
    assert guide["title"] == "办退休、领养老金" and guide["owner"] == "省本级 政策咨询组"
    assert [part["title"] for part in guide["parts"]][:3] == ["谁能办", "要带什么", "怎么办"]
    assert guide["problem"] is None and guide["valid_zh"] == "有效到2027年10月14日"
    recording = client.get("/console/guides/recording/pension-when-paid").get_json()
    assert len(recording["parts"][0]["lines"]) > 5


def test_an_expired_guide_says_so(console: ConsoleApp, monkeypatch: pytest.MonkeyPatch) -> None:
    library = console.line.keeper.library()
    guides = {**library.content.guides}
    guides["card-apply"] = replace(guides["card-apply"], valid_until=date(2026, 11, 1))
    stale = replace(library, content=Content(library.content.recordings, guides), fingerprint="stale")
    monkeypatch.setattr(console.line.keeper, "_library", stale)
    client = console.at(HEFEI01).client
    assert "已到期" in client.get("/console/guides/guide/card-apply").get_json()["problem"]
    first = client.get("/console/guides?q=第一次领社保卡").get_json()["guides"][0]
    assert (first["id"], first["is_playable"]) == ("guide/card-apply", False)


def marks(console: ConsoleApp, username: str) -> list[dict[str, Any]]:
    return list(console.at(username).floor()["marks"])


def test_a_mark_is_on_its_owners_list_until_cleared_with_a_reason(console: ConsoleApp) -> None:
    offer = console.talk()
    assert console.at(HEFEI01).act("guides/mark", {**WRONG, "offer": offer}).get_json()["ok"] is True
    # Shared content belongs to the province's own desk.
    (mark,) = marks(console, "shengji")
    assert (mark["title"], mark["verdict_zh"], mark["note"]) == ("补换社保卡", "内容有误", "补卡不收费了")
    assert (mark["centre_name"], mark["number"], mark["owner"], mark["may_clear"]) == (
        "合肥", "1001", "省本级 政策咨询组", True,
    )  # fmt: skip
    owner = console.at("shengji")
    assert owner.act(f"marks/{mark['id']}/clear", {"reason": " "}).status_code == 422
    assert owner.act(f"marks/{mark['id']}/clear", {"reason": "已改成不收费"}).status_code == 200
    assert owner.act(f"marks/{mark['id']}/clear", {"reason": "再改"}).status_code == 409
    assert marks(console, "shengji") == []
    assert console.rows("SELECT cleared_by, cleared_reason FROM guide_mark") == [("shengji", "已改成不收费")]
    assert console.audit("mark_cleared") == [("shengji", "340100", f"guide_mark {mark['id']}")]


def test_what_is_missing_goes_to_the_province(console: ConsoleApp) -> None:
    console.at(HEFEI01).act("guides/mark", {"guide": "", "verdict": "missing", "note": "稳岗返还怎么申请"})
    (mark,) = marks(console, "xinxi")
    assert (mark["verdict_zh"], mark["owner"], mark["note"]) == ("没有这方面的内容", "省本级", "稳岗返还怎么申请")


def test_the_centre_that_found_it_sees_it_and_others_do_not(console: ConsoleApp) -> None:
    console.at(HEFEI01).act("guides/mark", WRONG)
    assert [mark["may_clear"] for mark in marks(console, "hefei")] == [False]
    assert marks(console, "wuhu") == []
    response = console.at("hefei").act("marks/1/clear", {"reason": "好"})
    assert response.status_code == 403 and "负责" in response.get_json()["error"]
    assert console.at("xinxi").act("marks/99/clear", {"reason": "好"}).status_code == 404
    assert console.at(HEFEI01).act("marks/1/clear", {"reason": "好"}).status_code == 403


@pytest.mark.parametrize(
    ("mark", "status"),
    [
        ({"guide": "guide/none", "verdict": "wrong"}, 404), ({"guide": "card-apply", "verdict": "wrong"}, 404),
        ({"verdict": "bad", "guide": "guide/card-apply"}, 422), ({"verdict": "missing"}, 422),
        ({**WRONG, "note": "长" * 400}, 422), ({**WRONG, "note": 7}, 422), ({**WRONG, "offer": "unknown"}, 404),
    ],
)  # fmt: skip
def test_a_mark_that_says_nothing_is_refused(console: ConsoleApp, mark: dict[str, Any], status: int) -> None:
    assert console.at(HEFEI01).act("guides/mark", mark).status_code == status
    assert console.rows("SELECT count(*) FROM guide_mark") == [(0,)]


@pytest.mark.parametrize("username", [HEFEI02, WUHU01])
def test_a_mark_names_no_talk_of_somebody_else(console: ConsoleApp, username: str) -> None:
    offer = console.talk()
    assert console.at(username).act("guides/mark", {**WRONG, "offer": offer}).status_code == 403


def test_a_citys_own_content_belongs_to_that_city(keeper: LibraryKeeper) -> None:
    library = keeper.library()
    own = replace(library.content.guides["card-apply"], owner="芜湖 社保卡科")
    changed = replace(library, content=Content({}, {"card-apply": own}))
    assert owner_of(changed, "guide/card-apply") == ("芜湖 社保卡科", "340200")
    assert owner_of(changed, "guide/gone") == ("省本级", "340000")

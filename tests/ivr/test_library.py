"""An installation's own folder laid over what is shipped: centres, menus, words and content."""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml

from ivr.content import SUBJECTS
from ivr.library import CENTRES_FILE, SHIPPED, Library, fingerprint, load_library

TODAY = date(2026, 11, 21)
RECORDING = """\
id: {id}
title: 试听
subject: card
owner: 省本级 政策咨询组
source: 省人社厅
reviewed: {reviewed}
valid_until: {until}
text: 试试看。
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@cache
def shipped() -> Library:
    return load_library(TODAY)


def sentences(library: Library) -> list[str]:
    return [str(problem) for problem in library.problems]


def centres_with(**own: object) -> str:
    """The shipped centres, Hefei (340100) with fields of its own."""
    centres = yaml.safe_load(CENTRES_FILE.read_text(encoding="utf-8"))
    centres["centres"]["340100"] |= own
    return str(yaml.safe_dump(centres, allow_unicode=True))


def test_the_shipped_library_gives_every_centre_its_menu() -> None:
    library = shipped()
    assert library.problems == ()
    assert len(library.centres) == 17
    assert library.flow("340100").name == "provincial"
    assert library.flow("340700").name == "eight_keys"
    assert library.flow("340700", "provincial").name == "provincial"
    assert library.flow("340100", "no_such_menu").name == "provincial"


def test_centres_without_words_of_their_own_share_one_menu() -> None:
    library = shipped()
    assert library.flow("340100") is library.flow("340200")


def test_a_menu_that_extends_another_keeps_the_rest_of_it() -> None:
    library = shipped()
    strict, full = library.flow("340700"), library.flow("340100")
    assert [option.key for option in strict.nodes["main"].options] == list("01234567")  # type: ignore[attr-defined]
    assert strict.nodes.keys() == full.nodes.keys()
    assert strict.nodes["closed"] == full.nodes["closed"]
    assert strict.nodes["main"].file.endswith("eight_keys.yaml")
    assert strict.nodes["closed"].file.endswith("provincial.yaml")


# An own folder


def test_an_empty_folder_changes_nothing(tmp_path: Path) -> None:
    assert load_library(TODAY, tmp_path).flow("340100") == shipped().flow("340100")


def test_an_installation_may_have_its_own_centres(tmp_path: Path) -> None:
    write(tmp_path, "centres.yaml", centres_with(name="合肥市社保中心"))
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    assert library.centres["340100"].name == "合肥市社保中心"


def test_a_bad_centres_file_is_told_and_gives_no_centres(tmp_path: Path) -> None:
    path = write(tmp_path, "centres.yaml", centres_with(menus="provincial"))
    library = load_library(TODAY, tmp_path)
    assert library.centres == {}
    assert [problem.file for problem in library.problems] == [str(path)]


def test_an_own_menu_may_extend_a_shipped_one_node_by_node(tmp_path: Path) -> None:
    menu = "menu: kind\nextends: provincial\nprompts: {goodbye: 谢谢您。}\nnodes:\n"
    menu += "  farewell: {kind: hangup, say: [goodbye], title: 谢谢}\n"
    write(tmp_path, "flows/kind.yaml", menu)
    write(tmp_path, "centres.yaml", centres_with(menu="kind"))
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    flow = library.flow("340100")
    assert (flow.name, flow.nodes["farewell"].title) == ("kind", "谢谢")
    assert flow.prompts["goodbye"].text == "谢谢您。"
    assert library.flow("340200").prompts["goodbye"].text != "谢谢您。"


def test_an_own_file_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    words = (SHIPPED / "prompts" / "zh.yaml").read_text(encoding="utf-8")
    write(tmp_path, "prompts/zh.yaml", words.replace("感谢您的来电，再见。", "再见了。"))
    assert load_library(TODAY, tmp_path).flow("340100").prompts["goodbye"].text == "再见了。"


def test_an_own_file_of_words_need_only_hold_what_differs(tmp_path: Path) -> None:
    write(tmp_path, "prompts/zz_own.yaml", "goodbye: 再见了。\n")
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    assert library.flow("340100").prompts["goodbye"].text == "再见了。"


def test_other_words_for_a_notice_leave_it_a_notice_and_keep_what_it_gives_way_to(tmp_path: Path) -> None:
    own = {"urgent_notice": "请注意：{notice}", "night": "下班了，{next_opening}再来。"}
    write(tmp_path, "centres.yaml", centres_with(words=own))
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    notice, night = (library.flow("340100").prompts[name] for name in own)
    assert (notice.text, notice.barge, notice.instead) == ("请注意：{notice}", False, "nothing")
    assert (night.text, night.instead) == ("下班了，{next_opening}再来。", "night_unsure")


@pytest.mark.parametrize(
    ("head", "line", "base"),
    [
        ("menu: a\nextends: nowhere\n", 2, "nowhere"),
        ("menu: a\ntitle: 甲\nextends: a\n", 3, "a"),
        ("menu: a\nextends: [provincial]\n", 2, "['provincial']"),
    ],
)
def test_extending_nothing_or_itself_is_told(tmp_path: Path, head: str, line: int, base: str) -> None:
    path = write(tmp_path, "flows/a.yaml", head)
    library = load_library(TODAY, tmp_path)
    assert sentences(library) == [f"{path}:{line} extends “{base}”没有这个菜单，或者绕成了圈"]


def test_menus_that_extend_each_other_are_told(tmp_path: Path) -> None:
    write(tmp_path, "flows/a.yaml", "menu: a\nextends: b\n")
    write(tmp_path, "flows/b.yaml", "menu: b\nextends: a\n")
    problems = sentences(load_library(TODAY, tmp_path))
    assert len(problems) == 2
    assert all("绕成了圈" in problem for problem in problems)


def test_a_centre_whose_menu_there_is_not_is_told(tmp_path: Path) -> None:
    write(tmp_path, "centres.yaml", centres_with(menu="provinciall"))
    assert any("合肥要用的菜单“provinciall”没有" in problem for problem in sentences(load_library(TODAY, tmp_path)))


@pytest.mark.parametrize(
    ("handover", "problem"),
    [
        ("centre: '349999'", "要转到“349999”，没有这个中心"),
        ("menu: eight_kees", "要转到菜单“eight_kees”，没有这个菜单，是不是“eight_keys”？"),
    ],
)
def test_a_handover_to_a_centre_or_a_menu_that_there_is_not_is_told(
    tmp_path: Path, handover: str, problem: str
) -> None:
    path = write(tmp_path, "flows/a.yaml", f"extends: provincial\nnodes:\n  to_first: {{kind: handover, {handover}}}\n")
    assert sentences(load_library(TODAY, tmp_path)) == [f"{path}:3 “to_first”{problem}"]


def test_broken_yaml_in_any_folder_is_told_and_never_raises(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, name, "a: [\n")
        for name in ("flows/own.yaml", "prompts/own.yaml", "content/recordings/own.yaml", "centres.yaml")
    ]
    library = load_library(TODAY, tmp_path)
    assert {str(path) for path in paths} <= {problem.file for problem in library.problems}


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "prompts" / "own.yaml"
    path.parent.mkdir()
    path.write_bytes("goodbye: 再见。".encode("gbk"))
    (problem,) = load_library(TODAY, tmp_path).problems
    assert problem.file == str(path)
    assert problem.sentence.startswith("读不出来")


# A centre's own words


def test_a_centres_own_words_are_said_there_only(tmp_path: Path) -> None:
    write(tmp_path, "centres.yaml", centres_with(words={"goodbye": "合肥人社，再见。"}))
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    assert library.flow("340100").prompts["goodbye"].text == "合肥人社，再见。"
    others = {library.flow(code).prompts["goodbye"].text for code in library.centres if code != "340100"}
    assert others == {"感谢您的来电，再见。"}
    assert library.flow("340100", "eight_keys").prompts["goodbye"].text == "合肥人社，再见。"


def test_words_of_a_centre_are_proven_like_all_others(tmp_path: Path) -> None:
    write(tmp_path, "centres.yaml", centres_with(words={"welcome": "{greting}，您好。"}))
    (problem,) = load_library(TODAY, tmp_path).problems
    assert str(problem) == "centres.yaml（合肥）:1 话“welcome”要填“greting”，没有这个词，是不是“greeting”？"


def test_words_for_a_sentence_that_there_is_not_are_told(tmp_path: Path) -> None:
    write(tmp_path, "centres.yaml", centres_with(words={"welcom": "您好。"}))
    (problem,) = load_library(TODAY, tmp_path).problems
    assert str(problem) == "centres.yaml（合肥）:1 words 里的“welcom”没有这句话，是不是“welcome”？"


# Content


def shelf(library: Library, day: date = TODAY) -> dict[str, str]:
    return {piece.file.rpartition("/")[2]: reason for piece, reason in library.content.shelf(day)}


def test_shipped_content_is_all_good_and_there_is_enough_of_it() -> None:
    library = shipped()
    assert shelf(library) == {}
    assert len(library.content.recordings) >= 10
    assert len(library.content.guides) >= 15
    for subject in SUBJECTS:
        assert library.content.tracks(f"recordings/{subject}", TODAY)
        assert library.content.guides_on(subject, TODAY)


def own_recording(folder: Path, name: str, reviewed: str = "2026-01-01", until: str = "2027-12-31") -> Library:
    write(folder, f"content/recordings/{name}.yaml", RECORDING.format(id=name, reviewed=reviewed, until=until))
    return load_library(TODAY, folder)


def titles(library: Library, day: date = TODAY) -> list[str]:
    return [track.id for track in library.content.tracks("recordings/card", day)]


def test_an_own_recording_is_played_from_its_review_to_its_last_day(tmp_path: Path) -> None:
    library = own_recording(tmp_path, "own", "2026-11-21", "2027-01-31")
    assert library.problems == ()
    assert "own" in titles(library, date(2026, 11, 21))
    assert "own" in titles(library, date(2027, 1, 31))
    assert "own" not in titles(library, date(2026, 11, 20))
    assert "own" not in titles(library, date(2027, 2, 1))


DATES = {
    "expired": ("2026-01-01", "2026-11-20", "不播：2026-11-20已到期"),
    "unreviewed": ("2026-11-22", "2027-11-20", "不播：审核日期2026-11-22还没有到"),
    "soon": ("2026-01-01", "2026-12-21", "快到期：2026-12-21"),
    "backward": ("2026-05-02", "2026-05-01", "不播：有效期早于审核日期"),
    "undated": ("2026-05-02", "later", "不播：“valid_until”要写日期，例如 2026-10-15"),
    "timed": ("2026-05-02", "2027-05-01 10:00:00", "不播：“valid_until”要写日期，例如 2026-10-15"),
}


def test_expired_and_undated_content_is_on_the_shelf_and_never_stops_the_load(tmp_path: Path) -> None:
    for name, (reviewed, until, _) in DATES.items():
        text = RECORDING.format(id=name, reviewed=reviewed, until=until)
        write(tmp_path, f"content/recordings/{name}.yaml", text)
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    assert shelf(library) == {f"{name}.yaml": reason for name, (_, _, reason) in DATES.items()}
    assert set(titles(library)) & DATES.keys() == {"soon"}


GUIDE = yaml.safe_load((SHIPPED / "content" / "guides" / "card-apply.yaml").read_text(encoding="utf-8"))


def write_guide(folder: Path, name: str, changed: dict[str, object]) -> None:
    guide = {field: value for field, value in ({**GUIDE, "id": name} | changed).items() if value is not None}
    write(folder, f"content/guides/{name}.yaml", yaml.safe_dump(guide, allow_unicode=True))


def material(**changed: object) -> dict[str, object]:
    paper = {"name": "身份证", "original": True, "copies": 1, "format": "纸质"} | changed
    return {"materials": [{name: value for name, value in paper.items() if value is not None}]}


def test_a_complete_guide_says_for_each_paper_original_copies_and_form(tmp_path: Path) -> None:
    write_guide(tmp_path, "own", material(copies=2))
    library = load_library(TODAY, tmp_path)
    assert (library.problems, shelf(library)) == ((), {})
    track = library.content.tracks("guide/own", TODAY)[1]
    assert track.text == "一共1样材料。第一样，身份证，要原件，复印件2份，纸质的。"


INCOMPLETE: list[tuple[dict[str, object], str]] = [
    (material(copies=None), "材料“身份证”没有说清原件、几份复印件、什么形式"),
    (material(copies=-1), "材料“身份证”没有说清原件、几份复印件、什么形式"),
    (material(copies=True), "材料“身份证”没有说清原件、几份复印件、什么形式"),
    (material(copies=10**9), "材料“身份证”没有说清原件、几份复印件、什么形式"),
    (material(original="是"), "材料“身份证”没有说清原件、几份复印件、什么形式"),
    (material(format="复印"), "材料“身份证”没有说清原件、几份复印件、什么形式"),
    (material(name="其他材料"), "材料“其他材料”说得含糊"),
    (material(name="户口簿等相关材料"), "材料“户口簿等相关材料”说得含糊"),
    (material(nmae="身份证"), "材料里不认识“nmae”，是不是“name”？"),
    ({"materials": None}, "缺少“materials”"),
    ({"materials": ["身份证"]}, "每样材料要写 name、original、copies、format"),
    ({"conditions": None}, "缺少“conditions”"),
    ({"steps": []}, "缺少“steps”"),
    ({"time_limit": None}, "缺少“time_limit”"),
    ({"fee": ""}, "缺少“fee”"),
    ({"where": None}, "缺少“counter”"),
    ({"where": {"counter": "窗口。"}}, "缺少“online”"),
    ({"contact": None}, "缺少“contact”"),
    ({"owner": None}, "缺少“owner”"),
    ({"source": None}, "缺少“source”"),
    ({"id": None}, "缺少“id”"),
    ({"id": "other"}, "id “other”和文件名不一致"),
    ({"subject": "pensions"}, "subject “pensions”不认识，是不是“pension”？"),
    ({"title": "一个怎么念也念不完的长长长长的标题"}, "标题“一个怎么念也念不完的长长长长的标题”超过14个字"),
    ({"fee": "收5元。"}, "“fee”里的“5”念不出来，请写成汉字"),
    ({"fees": "不收费。"}, "不认识“fees”，是不是“fee”？"),
]


def test_incomplete_guides_are_on_the_shelf_with_the_reason_are_not_played_and_never_stop_the_load(
    tmp_path: Path,
) -> None:
    for n, (changed, _) in enumerate(INCOMPLETE):
        write_guide(tmp_path, f"own-{n}", changed)
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    reasons = shelf(library)
    for n, (_, reason) in enumerate(INCOMPLETE):
        assert reasons[f"own-{n}.yaml"].startswith("不播：")
        assert reason in reasons[f"own-{n}.yaml"]
        assert not library.content.has(f"guide/own-{n}", TODAY)
        assert library.content.tracks(f"guide/own-{n}", TODAY) == ()
    assert library.content.guides_on("card", TODAY) == shipped().content.guides_on("card", TODAY)


def test_an_incomplete_guide_that_takes_the_place_of_a_shipped_one_takes_it_off_the_air(tmp_path: Path) -> None:
    write_guide(tmp_path, "card-apply", {"fee": ""})
    library = load_library(TODAY, tmp_path)
    assert library.problems == ()
    assert "card-apply" not in [guide.id for guide in library.content.guides_on("card", TODAY)]


def test_two_pieces_without_an_id_are_both_on_the_shelf(tmp_path: Path) -> None:
    for name in ("first", "second"):
        text = RECORDING.format(id="x", reviewed="2026-01-01", until="2027-01-01").replace("id: x\n", "")
        write(tmp_path, f"content/recordings/{name}.yaml", text)
    assert {"first.yaml", "second.yaml"} <= shelf(load_library(TODAY, tmp_path)).keys()


def test_more_valid_guides_of_a_subject_than_keys_are_told_but_expired_ones_do_not_count(tmp_path: Path) -> None:
    def write_guides(count: int, changed: dict[str, object]) -> None:
        for n in range(count):
            write_guide(tmp_path, f"own-{n}", changed)

    write_guides(8, {"reviewed": date(2025, 1, 1), "valid_until": date(2025, 12, 31)})
    assert load_library(TODAY, tmp_path).problems == ()
    write_guides(8, {})
    assert any("“card”有11份指南，多过8个键" in problem for problem in sentences(load_library(TODAY, tmp_path)))


# Noticing a change


def test_the_fingerprint_changes_with_any_file(tmp_path: Path) -> None:
    seen = {fingerprint(None), fingerprint(tmp_path)}
    assert len(seen) == 1
    for name in (
        "centres.yaml",
        "flows/a.yaml",
        "prompts/a.yaml",
        "content/guides/a.yaml",
        "content/recordings/a.yaml",
    ):
        write(tmp_path, name, "a: b")
        seen.add(fingerprint(tmp_path))
    assert len(seen) == 6
    shutil.rmtree(tmp_path / "flows")
    assert fingerprint(tmp_path) not in seen

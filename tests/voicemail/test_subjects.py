"""One tree of subjects for the province: its file, and what the keys suggest."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import yaml

from integrations.work_calendar import SHANGHAI
from ivr.content import Content
from ivr.keeper import LibraryKeeper
from queueing.routing import SKILLS
from voicemail.subjects import SubjectTree, parse_subjects, suggest
from voicemail.subjects_file import SHIPPED, load_subjects, read_subjects


@pytest.fixture(scope="module")
def content() -> Content:
    """What is shipped on the shelves."""
    return LibraryKeeper(None, lambda: datetime(2026, 3, 13, tzinfo=SHANGHAI)).library().content


@pytest.fixture(scope="module")
def tree(content: Content) -> SubjectTree:
    return load_subjects(None, content.pieces())


def test_the_shipped_tree_is_whole_and_every_shipped_piece_belongs_to_a_subject(content: Content) -> None:
    tree, problems = read_subjects(SHIPPED, content.pieces())
    assert problems == []
    assert len(tree.groups) >= 8 and all(5 <= len(group.subjects) <= 8 for group in tree.groups)
    assert [piece for piece in content.pieces() if not list(tree.about(piece))] == []


def test_a_subject_is_named_with_its_group_and_an_old_key_by_itself(tree: SubjectTree) -> None:
    assert tree.name_of("card-loss") == "社会保障卡：挂失和解除挂失"
    assert (tree.name_of("given-up-last-year"), tree.name_of(None)) == ("given-up-last-year", None)


def test_what_was_listened_to_last_is_suggested_first(tree: SubjectTree) -> None:
    heard = ("recording/pension-when-paid", "guide/card-replace")
    assert suggest(tree, heard, "")[:2] == ("card-replace", "pension-benefit")


def test_then_the_last_talk_and_then_the_skill(tree: SubjectTree) -> None:
    found = suggest(tree, ("guide/card-replace",), "card", "wages-arrears")
    assert found[:3] == ("card-replace", "wages-arrears", "card-apply") and len(found) == 5
    assert suggest(tree, (), "", None) == () and suggest(tree, (), "", "gone") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "一个科目也没有"),
        ("a: b", "一个科目也没有"),
        ("- 7", "第1组：应当是“名字: 内容”的形式"),
        ("- {key: g, name: 组, skill: '', subjects: []}", "第1组：一个科目也没有"),
        ("- {key: gg, name: 组, skill: love, subjects: [{key: aa, name: 甲}]}", "没有“love”这个技能"),
        ("- {key: gg, name: 组, subjects: [{key: A!, name: 甲}]}", "第1组第1项：key “A!”"),
        ("- {key: gg, name: 组, subjects: [{key: aa, name: 甲}, {key: aa, name: 乙}]}", "key “aa”用了两次"),
        ("- {key: gg, name: 组, subjects: [{key: aa}]}", "缺少“name”"),
        ("- {key: gg, name: 组, colour: red, subjects: [{key: aa, name: 甲}]}", "不认识“colour”"),
        ("- {key: gg, name: 组, subjects: [{key: aa, name: 甲, guides: [nothing]}]}", "没有“nothing”这份内容"),
    ],
)
def test_every_problem_of_a_tree_is_a_sentence(text: str, problem: str) -> None:
    tree, problems = parse_subjects(yaml.safe_load(text), SKILLS, ["guide/card-apply"])
    assert any(problem in found for found in problems), problems
    assert tree.groups == ()


def test_ones_own_tree_replaces_the_shipped_one_unless_it_is_bad(content: Content, tmp_path: Path) -> None:
    own = tmp_path / "subjects.yaml"
    own.write_text("- {key: own, name: 自己的, subjects: [{key: own-one, name: 第一}]}", encoding="utf-8")
    assert list(load_subjects(tmp_path, content.pieces()).by_key) == ["own-one"]
    for bad in ("- {key: own", "- {key: own, name: 自己的, subjects: [{key: a b, name: 第一}]}"):
        own.write_text(bad, encoding="utf-8")
        assert "card-loss" in load_subjects(tmp_path, content.pieces()).by_key

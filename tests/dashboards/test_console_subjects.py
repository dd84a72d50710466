"""One tree of subjects for the province, what it suggests, and how words are found by their first letters."""

import re
from pathlib import Path

import pytest
import yaml
from pypinyin import Style, lazy_pinyin

from dashboards.console.asked import Asked, StepRow, asked_of
from dashboards.console.caller_words import masked, short_region
from dashboards.console.initials import find_initials, initials
from dashboards.console.subjects import SubjectTree, parse_subjects, suggest
from dashboards.console.subjects_file import SHIPPED, load_subjects, read_subjects
from ivr.keeper import LibraryKeeper
from queueing.routing import SKILLS
from tests.dashboards.staff_app import FRIDAY


@pytest.fixture(scope="module")
def tree(keeper: LibraryKeeper) -> SubjectTree:
    return load_subjects(None, keeper.library().content)


def test_the_shipped_tree_is_whole_and_every_shipped_piece_belongs_to_a_subject(keeper: LibraryKeeper) -> None:
    content = keeper.library().content
    tree, problems = read_subjects(SHIPPED, content)
    assert problems == []
    assert len(tree.groups) >= 8 and all(5 <= len(group.subjects) <= 8 for group in tree.groups)
    pieces = [f"guide/{name}" for name in content.guides] + [f"recording/{name}" for name in content.recordings]
    assert [piece for piece in pieces if not list(tree.about(piece))] == []


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


def test_ones_own_tree_replaces_the_shipped_one_unless_it_is_bad(keeper: LibraryKeeper, tmp_path: Path) -> None:
    content, own = keeper.library().content, tmp_path / "subjects.yaml"
    own.write_text("- {key: own, name: 自己的, subjects: [{key: own-one, name: 第一}]}", encoding="utf-8")
    assert list(load_subjects(tmp_path, content).by_key) == ["own-one"]
    for bad in ("- {key: own", "- {key: own, name: 自己的, subjects: [{key: a b, name: 第一}]}"):
        own.write_text(bad, encoding="utf-8")
        assert "card-loss" in load_subjects(tmp_path, content).by_key


# First letters


def test_letters_of_words() -> None:
    assert initials("办退休、领养老金") == "btxlylj"
    assert initials("银行卡和12333 App") == "yhkh12333app"
    assert initials("劳动争议调解") == "ldzytj"


def test_letters_agree_with_a_dictionary_on_every_word_we_ship(keeper: LibraryKeeper, tree: SubjectTree) -> None:
    content = keeper.library().content
    texts = [piece.title for piece in (*content.guides.values(), *content.recordings.values())]
    texts += [name for group in tree.groups for name in (group.name, *(s.name for s in group.subjects))]
    texts += [word for subject in tree.by_key.values() for word in subject.keywords]
    # The dictionary reads 调档 as if it were 调整.
    texts = [text for text in texts if text != "调档"]
    wrong = []
    for run in (run for text in texts for run in re.findall("[一-龥]+", text)):
        dictionary = "".join(lazy_pinyin(run, style=Style.FIRST_LETTER))
        if find_initials(dictionary, initials(run)) != 0:
            wrong.append((run, initials(run), dictionary))
    assert wrong == []


def test_letters_are_found_anywhere_and_an_unknown_one_is_any() -> None:
    assert find_initials("yl", initials("办退休、领养老金")) == 4
    assert find_initials("zz", initials("办退休")) == -1
    assert find_initials("abc", "a?c") == 0 and find_initials("", "abc") == 0


# The menu in words, and callers


def walk(keeper: LibraryKeeper, *steps: tuple[str, str | None]) -> Asked:
    rows = [StepRow("340100", "keys" if keys else "silence", node, keys) for node, keys in steps]
    return asked_of(keeper.library().flow, rows, FRIDAY.date())


def test_a_guide_that_was_chosen_is_named(keeper: LibraryKeeper) -> None:
    asked = walk(keeper, ("main", None), ("guide_topics", "3"), ("guide_list", "3"), ("read_guide", "2"), ("main", "0"))
    path, human = asked.paths
    assert path.startswith("问怎么办事：社保卡：") and human == "转人工"
    assert len(asked.pieces) == 1 and asked.pieces[0].startswith("guide/card-")


def test_going_back_begins_a_new_path_below_the_same_menu(keeper: LibraryKeeper) -> None:
    asked = walk(keeper, ("main", None), ("topics", "2"), ("listen", "1"), ("topics", "*"), ("listen", "5"))
    assert [path.partition("（")[0] for path in asked.paths] == ["听政策录音：养老", "听政策录音：劳动关系和工伤"]


def test_in_a_list_the_keys_lead_to_the_pieces(keeper: LibraryKeeper) -> None:
    content = keeper.library().content
    titles = [track.id for track in content.tracks("recordings/card", FRIDAY.date())]
    asked = walk(
        keeper, ("main", None), ("topics", "2"), ("listen", "3"), ("listen", "1"), ("listen", "1"), ("listen", "2")
    )
    assert asked.pieces == tuple(f"recording/{name}" for name in titles[:3])


def test_nodes_that_the_menu_no_longer_has_say_nothing(keeper: LibraryKeeper) -> None:
    assert walk(keeper, ("gone", None), ("other", "3"), ("main", "7")) == Asked()
    assert walk(keeper) == Asked()


def test_a_menu_that_ended_in_a_wrong_key_says_nothing(keeper: LibraryKeeper) -> None:
    assert walk(keeper, ("main", None), ("main", "#"), ("main", "9"), ("main", "*")).paths == ()


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613855112345", "138****2345"), ("+8655112345678", "0551****5678"), ("+861012345678", "010****5678"),
        ("+85291234567", "+852****4567"), ("+1234", "****9999"), ("12333", "****9999"), (None, "****9999"),
    ],
)  # fmt: skip
def test_numbers_are_masked(number: str | None, shown: str) -> None:
    assert masked(number, "9999") == shown


def test_a_caller_of_whom_nothing_is_known() -> None:
    assert masked(None) == masked("") == "号码未显示"
    assert (short_region("安徽省合肥市"), short_region("北京市"), short_region(None)) == ("安徽合肥", "北京", "")
    assert short_region("安徽省合肥市、巢湖市") == "安徽合肥"

"""How words are found by their first letters, and what was asked in the menu and by whom, in words."""

import re

import pytest
from pypinyin import Style, lazy_pinyin

from dashboards.console.asked import Asked, StepRow, asked_of
from dashboards.console.caller_words import masked, short_region
from dashboards.console.initials import find_initials, initials
from ivr.keeper import LibraryKeeper
from tests.dashboards.staff_app import FRIDAY
from voicemail.subjects import SubjectTree
from voicemail.subjects_file import load_subjects


@pytest.fixture(scope="module")
def tree(keeper: LibraryKeeper) -> SubjectTree:
    return load_subjects(None, keeper.library().content.pieces())


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


def test_that_somebody_had_been_at_the_complaints_is_not_told(keeper: LibraryKeeper) -> None:
    steps = [
        ("main", None), ("topics", "2"), ("listen", "1"), ("main", "*"), ("complaint_which", "4"),
        ("speak_complaint", "1"), ("report_recorded", "#"), ("look_line", "0"),
    ]  # fmt: skip
    asked = walk(keeper, *steps)
    assert [path.partition("（")[0] for path in asked.paths] == ["听政策录音：养老", "转人工"]
    straight = walk(keeper, ("main", None), ("complaint_which", "4"), ("look_line", "0"))
    assert straight.paths == ("转人工",)
    again = walk(keeper, ("main", None), ("complaint_which", "4"), ("main", "*"), ("topics", "2"), ("listen", "1"))
    assert [path.partition("（")[0] for path in again.paths] == ["听政策录音：养老"]


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

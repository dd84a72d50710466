"""A menu is proven when it is loaded: every badness has a file, a line and a sentence, and all come at once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.plain_yaml import load_yaml
from ivr.check import check_flow
from ivr.content import Content, Recording
from ivr.document_size import MOST_BYTES, check_size
from ivr.library import SHIPPED, load_library
from ivr.menu_file import build_flow, build_prompts, merge
from ivr.nodes.menu import MenuNode
from ivr.problem import Problem
from ivr.yaml_file import Block, read_yaml
from tests.ivr.menus import COMMANDS, HEAD, NEXT_LINE, TODAY, WORDS, build, good, prove, small_menu

KNOWN = "、".join(COMMANDS)


def head_with(old: str, new: str) -> str:
    assert old in HEAD
    return HEAD.replace(old, new)


def with_option(option: str, more_nodes: str = "") -> str:
    """The small menu with one more key, which stands in line 13."""
    zero = '      - {key: "0", say: zero, to: person}\n'
    return small_menu(more_nodes, head_with(zero, f"{zero}      - {option}\n"))


def test_a_good_menu_has_no_problems() -> None:
    assert prove(HEAD) == []


# Targets


def test_an_unknown_target_is_named_with_what_was_probably_meant() -> None:
    assert prove(with_option('{key: "1", say: one, to: persn}')) == [
        "small.yaml:8 “top”要去的“persn”没有这个节点，是不是“person”？"
    ]


def test_an_unknown_start_human_and_last_resort_are_all_told() -> None:
    head = head_with("start: top", "start: topp").replace("human: person", "human: persn")
    assert prove(head.replace("last_resort: person", "last_resort: nowhere")) == [
        "small.yaml:1 start “topp”没有这个节点，是不是“top”？",
        "small.yaml:1 human “persn”没有这个节点，是不是“person”？",
        "small.yaml:1 last_resort “nowhere”没有这个节点",
    ]


def test_a_top_that_is_no_menu_is_told() -> None:
    assert prove(head_with("[top]", "[top, person]")) == ["small.yaml:1 tops 里的“person”不是菜单，是不是“person”？"]


def test_a_missing_target_is_told_with_the_line_of_its_node() -> None:
    nodes = "news: {kind: say, say: [hello]}"
    assert prove(with_option('{key: "1", say: one, to: news}', nodes)) == [f"small.yaml:{NEXT_LINE + 1} “news”缺少“to”"]


def test_a_branch_must_have_a_way_for_every_answer_and_for_no_other() -> None:
    nodes = "who: {kind: branch, by: human, routes: {desk: person, nobody: person}}"
    assert prove(with_option('{key: "1", to: who}', nodes)) == [
        f"small.yaml:{NEXT_LINE + 1} “who”缺少去处：line、none、closed",
        f"small.yaml:{NEXT_LINE + 1} “who”没有这样的情况：nobody",
    ]


def test_a_branch_by_something_unknown_is_told_what_there_is() -> None:
    nodes = "who: {kind: branch, by: weather, routes: {rain: person}}"
    (problem,) = prove(with_option('{key: "1", to: who}', nodes))
    assert "by “weather”不认识，可以用 hours、human、guess" in problem


# The shape of the graph


def test_an_unreachable_node_is_told() -> None:
    assert prove(small_menu("\nisland: {kind: hangup, say: [goodbye]}")) == [
        f"small.yaml:{NEXT_LINE} “island”没有任何一个键或分支走得到"
    ]


def test_a_dead_end_is_told() -> None:
    nodes = "talk: {kind: record, say: [hello], empty: bad, store: message, to: talk, failed: talk}"
    problems = prove(with_option('{key: "1", to: talk}', nodes))
    assert problems[0] == f"small.yaml:{NEXT_LINE + 1} “talk”走不到结束，是死路"


def test_a_last_resort_without_an_end_is_told() -> None:
    nodes = "talk: {kind: record, say: [hello], empty: bad, store: message, to: talk, failed: talk}"
    problems = prove(small_menu(nodes, head_with("last_resort: person", "last_resort: talk")))
    assert f"small.yaml:{NEXT_LINE} “talk”是最后的去处，却走不到结束" in problems


def test_nodes_that_lead_to_each_other_without_waiting_are_told_once_in_the_ring() -> None:
    nodes = """
    way_in: {kind: say, say: [hello], to: one}
    one: {kind: say, say: [hello], to: two}
    two: {kind: branch, by: human, routes: {line: person, desk: one, none: person, closed: person}}
    """
    problems = prove(with_option('{key: "1", to: way_in}', nodes))
    assert problems == [f"small.yaml:{NEXT_LINE + 2} “one”在不等按键的节点之间转圈，永远停不下来"]


def test_slow_twins_that_name_each_other_never_let_anybody_speak() -> None:
    nodes = """
    twin: {kind: menu, slow: other, options: [{key: "0", to: person}]}
    other: {kind: menu, slow: twin, options: [{key: "0", to: person}]}
    """
    problems = prove(with_option('{key: "1", to: twin}', nodes))
    assert problems == [f"small.yaml:{NEXT_LINE + 1} “twin”在不等按键的节点之间转圈，永远停不下来"]


def test_a_desk_that_is_dialled_again_at_once_when_it_has_no_number_is_a_loop() -> None:
    nodes = "ring: {kind: dial, say: [hello], answered: person, failed: ring}"
    problems = prove(with_option('{key: "1", to: ring}', nodes))
    assert f"small.yaml:{NEXT_LINE + 1} “ring”在不等按键的节点之间转圈，永远停不下来" in problems


def test_silence_without_end_is_told_for_every_menu_that_has_it() -> None:
    nodes = """
    first: {kind: menu, silence: second, options: [{key: "0", to: person}]}
    second: {kind: menu, silence: first, options: [{key: "0", to: person}]}
    """
    problems = prove(with_option('{key: "1", to: first}', nodes))
    assert [problem.partition("(")[0] for problem in problems] == [
        f"small.yaml:{NEXT_LINE + 1} “first”来电人一直不按键时没有结束",
        f"small.yaml:{NEXT_LINE + 2} “second”来电人一直不按键时没有结束",
    ]


def test_a_fourth_level_is_told() -> None:
    nodes = """
    second: {kind: menu, options: [{key: "1", to: third}]}
    third: {kind: menu, options: [{key: "1", to: between}]}
    between: {kind: say, say: [hello], to: fourth}
    fourth: {kind: menu, options: [{key: "1", to: person}]}
    """
    assert prove(with_option('{key: "1", to: second}', nodes)) == [
        f"small.yaml:{NEXT_LINE + 4} “fourth”在第4层，最多3层"
    ]


# Keys


def test_a_key_whose_feature_is_open_must_lead_somewhere() -> None:
    menu = with_option('{key: "1", say: one, feature: query}')
    assert prove(menu) == []
    assert prove(menu, open_features=["query"]) == ["small.yaml:8 “top”的键1已经开通“信息查询”，后面却什么都没有"]


def test_a_key_with_nothing_behind_it_at_all_is_told() -> None:
    assert prove(with_option('{key: "1", say: one}')) == ["small.yaml:8 “top”键1后面什么都没有"]


def recording(subject: str, valid_until: date) -> Content:
    piece = Recording(
        id="r", title="题", subject=subject, owner="王芳", source="省", reviewed=date(2026, 1, 1),
        valid_until=valid_until, text="内容。",
    )  # fmt: skip
    return Content({"r": piece}, {})


@pytest.mark.parametrize("key", ["recordings/pension", "recording/card", "gides/card", "guide/nothing"])
def test_a_content_key_with_nothing_to_play_is_told(key: str) -> None:
    menu = with_option(f'{{key: "1", say: one, content: {key}, to: person}}')
    assert prove(menu, content=recording("card", date(2027, 1, 1))) == [
        f"small.yaml:8 “top”的键1要播“{key}”，这里面一份内容都没有"
    ]


def test_content_that_has_expired_closes_its_key_but_does_not_keep_the_menu_from_loading() -> None:
    menu = with_option('{key: "1", say: one, content: recordings/card, to: person}')
    assert prove(menu, content=recording("card", date(2026, 2, 1))) == []


def test_a_top_menu_without_0_and_one_where_it_is_not_first_are_told() -> None:
    without = head_with('"0", say: zero', '"1", say: one')
    assert prove(without) == ["small.yaml:8 “top”第一层菜单里没有把 0 转人工放在第一个"]
    zero = '      - {key: "0", say: zero, to: person}\n'
    second = HEAD.replace(zero, '      - {key: "1", say: one, to: person}\n' + zero)
    assert prove(second) == [
        "small.yaml:8 “top”0 转人工要放在第一个念",
        "small.yaml:8 “top”第一层菜单里没有把 0 转人工放在第一个",
    ]


def test_more_options_than_keys_means_a_key_twice_or_one_that_no_telephone_has() -> None:
    assert prove(with_option('{key: "0", say: one, to: person}'))[0] == ("small.yaml:8 “top”键0安排了两次，选项比键多")
    assert prove(with_option('{key: "10", say: one, to: person}')) == ["small.yaml:8 “top”第13行的键“10”电话上没有"]


# Prompts


def test_a_missing_prompt_is_told_with_what_was_probably_meant() -> None:
    assert prove(head_with("[hello]", "[helo]")) == ["small.yaml:8 “top”要念的“helo”没有这句话，是不是“hello”？"]


def test_a_prompt_that_the_engine_says_must_be_there() -> None:
    assert prove(HEAD, WORDS.replace("failure_all: 对不起，再见。\n", "")) == [
        "small.yaml:1 缺少引擎要念的话“failure_all”"
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("hello: '您好，{greting}。'", "话“hello”要填“greting”，没有这个词，是不是“greeting”？"),
        ("hello: '您好，{}。'", "话“hello”要填“”，没有这个词"),
        ("hello: '您好，{greeting。'", "话“hello”的大括号没有配对"),
        ("hello: '您好，{greeting:d}。'", "话“hello”的大括号里只能写一个词的名字"),
        ("hello: '{next_opening}开始。'", "话“hello”的“next_opening”可能不知道，要写 instead(说不准时念哪一句)"),
        ("hello: {text: '{notice}', instead: nothin}", "instead “nothin”没有这句话"),
        ("hello: ''", "话“hello”是空的"),
        ("hello: 5", "话“hello”要么是一句文字，要么有 text"),
        ("hello: {text: 您好, bargein: false}", "话“hello”里不认识“bargein”，是不是“barge”？"),
        ("hello: {text: 您好, barge: 'false'}", "话“hello”的“barge”要写 true 或 false，现在是 'false'"),
    ],
)  # fmt: skip
def test_a_prompt_that_cannot_be_said_is_told_in_its_own_file(words: str, sentence: str) -> None:
    assert prove(HEAD, WORDS.replace("hello: 您好。", words)) == [f"zh.yaml:1 {sentence}"]


def test_sentences_that_give_way_to_each_other_are_told_once_each() -> None:
    words = WORDS.replace(
        "hello: 您好。", "hello: {text: '{notice}', instead: again}\nagain: {text: '{holiday}', instead: hello}"
    )
    assert prove(HEAD, words) == [
        "zh.yaml:1 instead 转了一圈又回到“hello”",
        "zh.yaml:2 instead 转了一圈又回到“again”",
    ]


@pytest.mark.parametrize("words", ["goodbye: {text: '{notice}', instead: nothing}", "goodbye: '{digits}'"])
def test_a_goodbye_that_may_have_no_words_would_be_a_bare_hang_up(words: str) -> None:
    problems = prove(HEAD, WORDS.replace("goodbye: 再见。", words))
    assert problems == ["small.yaml:13 “person”挂断之前可能一句话都没有：要有一句不带条件、不缺词的话"]


def test_a_goodbye_said_only_sometimes_would_be_a_bare_hang_up() -> None:
    problems = prove(head_with("say: [goodbye]", "say: [{say: goodbye, when: human}]"))
    assert problems == ["small.yaml:13 “person”挂断之前可能一句话都没有：要有一句不带条件、不缺词的话"]


# Commands and writes

FREEZE = "freeze: {kind: command, do: freeze, waiting: wait, routes: {done: person, unknown: person}, late: person}"
CONFIRM = 'sure: {kind: menu, say: [hello], options: [{key: "%s", say: one, to: freeze, confirms: true}]}'


def test_a_write_behind_a_confirming_key_is_good() -> None:
    assert prove(with_option('{key: "6", say: one, to: sure}', f"{CONFIRM % 1}\n{FREEZE}")) == []


def test_a_write_that_nobody_confirmed_is_told() -> None:
    assert prove(with_option('{key: "6", say: one, to: freeze}', FREEZE)) == [
        "small.yaml:8 “top”没有确认就会写到别的系统(“freeze”)"
    ]


def test_a_write_that_silence_reaches_is_told() -> None:
    confirm = (CONFIRM % 1).replace("say: [hello]", "say: [hello], silence: freeze")
    assert prove(with_option('{key: "6", say: one, to: sure}', f"{confirm}\n{FREEZE}")) == [
        f"small.yaml:{NEXT_LINE + 1} “sure”没有确认就会写到别的系统(“freeze”)"
    ]


def test_a_write_behind_key_0_itself_is_told() -> None:
    menu = small_menu(FREEZE, head_with("human: person", "human: freeze"))
    assert f"small.yaml:{NEXT_LINE} “freeze”没有确认就会写到别的系统：按0就到了这里" in prove(menu)


def test_a_confirming_key_equal_to_the_choosing_key_is_told() -> None:
    assert prove(with_option('{key: "1", say: one, to: sure}', f"{CONFIRM % 1}\n{FREEZE}")) == [
        f"small.yaml:{NEXT_LINE + 1} “sure”的确认键1和前一步选它的键相同，一个键被听成两次就会误办"
    ]


def test_an_unknown_command_and_a_forgotten_answer_are_told() -> None:
    unknown = FREEZE.replace("do: freeze", "do: frieze")
    assert prove(with_option('{key: "6", to: sure}', f"{CONFIRM % 1}\n{unknown}")) == [
        f"small.yaml:{NEXT_LINE + 2} “freeze”do “frieze”没有人办，能办的有：{KNOWN}"
    ]
    forgotten = FREEZE.replace(", unknown: person", "")
    assert prove(with_option('{key: "6", to: sure}', f"{CONFIRM % 1}\n{forgotten}")) == [
        f"small.yaml:{NEXT_LINE + 2} “freeze”缺少结果的去处：unknown"
    ]


# Spelling and types


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: menu", "kind: menue", "8 节点“top”的 kind “menue”不认识，是不是“menu”？"),
        ("kind: menu", "kind: [menu]", "8 节点“top”的 kind “['menu']”不认识，是不是“menu”？"),
        ("    options:", "    time_out: 3\n    options:", "11 “top”里不认识“time_out”，是不是“timeout”？"),
        ("    options:", "    timeout: five\n    options:", "11 “top”的“timeout”要写整数，现在是 'five'"),
        ("say: zero,", "sy: zero,", "12 “top”里不认识“sy”，是不是“say”？"),
        ('key: "0"', "key: 0", "12 “top”的“key”要写文字，现在是 0，键请加引号"),
        ("say: zero,", "say: zero, confirms: maybe,", "12 “top”的“confirms”要写true 或 false，现在是 'maybe'"),
        ("say: zero,", "say: zero, feature: humans,", "12 “top”的 feature “humans”不认识，是不是“human”？"),
        ("say: zero,", "say: zero, when: humann,", "12 “top”的条件“humann”不认识，是不是“human”？"),
        ("[hello]", "[{sey: hello}]", "10 “top”的“say”里，每一句写话的名字，或者 {say: 名字, when: 条件}"),
        ("last_resort:", "last_ressort:", "5 不认识“last_ressort”，是不是“last_resort”？"),
        ("tops: [top]", "tops: top", "6 “tops”要写[名字, 名字]，现在是 'top'"),
        ("tops: [top]", "tops: 7", "6 “tops”要写[名字, 名字]，现在是 7"),
        ("start: top", "start: [top]", "3 “start”要写一个名字，现在是 ['top']"),
        ("nodes:\n", "prompts: [a]\nnodes:\n", "7 “prompts”要写“名字: 内容”的形式，现在是 ['a']"),
    ],
)  # fmt: skip
def test_a_misspelling_or_a_wrong_type_is_told_with_its_own_line(old: str, new: str, problem: str) -> None:
    assert f"small.yaml:{problem}" in prove(head_with(old, new))


def test_words_that_yaml_reads_as_true_or_as_numbers_need_quotes() -> None:
    nodes = """
    who:
      kind: branch
      by: feature:slow
      routes: {yes: person, no: person}
      on: person
    """
    problems = prove(with_option('{key: "1", to: who}', nodes))
    assert "small.yaml:18 名字“yes”请加引号，YAML 把它读成了 True" in problems
    assert "small.yaml:18 名字“no”请加引号，YAML 把它读成了 False" in problems
    assert "small.yaml:19 名字“on”请加引号，YAML 把它读成了 True" in problems


def test_a_name_written_twice_is_told_with_both_lines() -> None:
    assert prove(small_menu("person: {kind: hangup, say: [goodbye]}")) == [
        f"small.yaml:{NEXT_LINE} “person”写了两次，第一次在第13行"
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("menu: small\nnodes: {top: [", 2),
        ("menu: small\n\tnodes: 1", 2),
        ("- a\n- b", 1),
        ("", 1),
        ("menu: a\ntitle: 乱\x0b码", 2),
        ("a: &a {b: *a}", 1),
        ("a: 2026-13-40", 1),
        ("a: !!timestamp foo", 1),
        ("a: !!bool foo", 1),
        ("a: !!python/object:os.system x", 1),
        ("[" * 5000, 1),
    ],
)
def test_broken_yaml_is_a_problem_with_a_line_and_never_an_exception(text: str, line: int) -> None:
    problems: list[Problem] = []
    read_yaml(text, "small.yaml", problems)
    assert [(problem.file, problem.line) for problem in problems] == [("small.yaml", line)]


@given(st.text())
@settings(deadline=None)
def test_no_text_at_all_makes_the_reader_raise(text: str) -> None:
    problems: list[Problem] = []
    assert isinstance(read_yaml(text, "small.yaml", problems), Block)


def test_all_problems_of_a_file_come_at_once() -> None:
    menu = """\
menu: small
titel: 小菜单
start: top
human: persn
last_resort: person
tops: [top]
nodes:
  top:
    kind: menu
    say: [helo]
    options:
      - {key: "0", say: zero, to: nowhere}
      - {key: "0", say: one, to: person}
      - {key: "2", say: one}
  broken: {kind: say, sai: [hello], to: top}
  strange: {kind: lift}
  freeze: {kind: command, do: frieze, waiting: wait, routes: {}, late: broken}
  person: {kind: hangup, say: [goodbye]}
"""
    words = WORDS.replace("hello: 您好。", "hello: '{greting}'")
    assert prove(menu, words) == [
        "small.yaml:1 缺少“title”",
        "small.yaml:1 human “persn”没有这个节点，是不是“person”？",
        "small.yaml:2 不认识“titel”，是不是“title”？",
        "small.yaml:8 “top”要去的“nowhere”没有这个节点",
        "small.yaml:8 “top”要念的“helo”没有这句话，是不是“hello”？",
        "small.yaml:8 “top”键0安排了两次，选项比键多",
        "small.yaml:8 “top”键2后面什么都没有",
        "small.yaml:8 “top”0 转人工要放在第一个念",
        "small.yaml:15 “broken”里不认识“sai”，是不是“say”？",
        "small.yaml:15 “broken”缺少“say”",
        "small.yaml:16 节点“strange”的 kind “lift”不认识",
        f"small.yaml:17 “freeze”do “frieze”没有人办，能办的有：{KNOWN}",
        "zh.yaml:1 话“hello”要填“greting”，没有这个词，是不是“greeting”？",
    ]


# The longest document


def test_a_document_over_the_carriers_limit_is_told() -> None:
    flow = good(HEAD)
    assert check_size(flow, TODAY) == []
    long = replace(flow.prompts["hello"], text="您好。" * (MOST_BYTES // 9))
    (problem,) = check_size(replace(flow, prompts={**flow.prompts, "hello": long}), TODAY)
    assert (problem.file, problem.line) == ("small.yaml", 8)
    assert re.fullmatch(r"“top”念的话太长：\d+字节，最多64000", problem.sentence)


def test_a_menu_with_a_short_slow_twin_is_measured_itself() -> None:
    nodes = "slowly: {kind: menu, options: [{key: '0', to: person}]}"
    flow = good(small_menu(nodes, head_with("    say: [hello]", "    say: [hello]\n    slow: slowly")))
    long = replace(flow.prompts["hello"], text="您好。" * (MOST_BYTES // 9))
    problems = check_size(replace(flow, prompts={**flow.prompts, "hello": long}), TODAY)
    assert [problem.line for problem in problems] == [8]


def test_what_is_said_on_the_way_to_a_menu_counts_with_it() -> None:
    nodes = """
    first: {kind: say, say: [ask], to: second}
    second: {kind: say, say: [bad], to: third}
    third: {kind: menu, options: [{key: "0", to: person}]}
    """
    flow = good(with_option('{key: "1", to: first}', nodes))
    half = "您好。" * (MOST_BYTES // 9 // 12)
    long = {name: replace(flow.prompts[name], text=half) for name in ("ask", "bad")}
    assert check_size(replace(flow, prompts={**flow.prompts, "ask": long["ask"]}), TODAY) == []
    (problem,) = check_size(replace(flow, prompts=flow.prompts | long), TODAY)
    assert (problem.line, problem.sentence.partition("：")[0]) == (NEXT_LINE + 3, "“third”念的话太长")


# A menu laid over another


def test_a_node_laid_over_another_is_reported_in_the_file_that_it_comes_from() -> None:
    problems: list[Problem] = []
    base = read_yaml(HEAD, "base.yaml", problems)
    over = read_yaml(
        "menu: over\nextends: small\nnodes:\n  top: {kind: menu, options: [], say: [helo]}\n", "over.yaml", problems
    )
    prompts = build_prompts([("zh.yaml", read_yaml(WORDS, "zh.yaml", problems))], problems)
    flow = build_flow(merge(base, over), "over.yaml", prompts, Content(), problems)
    assert flow is not None and problems == []
    assert [str(problem) for problem in check_flow(flow, (), COMMANDS, TODAY)] == [
        "over.yaml:4 “top”要念的“helo”没有这句话，是不是“hello”？",
        "over.yaml:4 “top”第一层菜单里没有把 0 转人工放在第一个",
    ]
    assert flow.nodes["person"].file == "base.yaml"


def test_an_overlay_whose_nodes_are_a_list_is_told() -> None:
    problems: list[Problem] = []
    base = read_yaml(HEAD, "base.yaml", problems)
    over = read_yaml("menu: over\nnodes: [top]\n", "over.yaml", problems)
    assert build_flow(merge(base, over), "over.yaml", {}, Content(), problems) is None
    assert "over.yaml:2 “nodes”要写“名字: 内容”的形式，现在是 ['top']" in map(str, problems)


# What is shipped


def test_the_shipped_library_has_no_problems() -> None:
    assert load_library(TODAY).problems == ()


def test_the_shipped_library_still_loads_when_all_its_content_has_expired() -> None:
    library = load_library(date(2032, 1, 5))
    assert library.problems == ()
    pieces = [*library.content.recordings, *library.content.guides]
    assert len(library.content.shelf(date(2032, 1, 5))) == len(pieces)


MENU = (SHIPPED / "flows" / "provincial.yaml").read_text(encoding="utf-8")
SHIPPED_WORDS = (SHIPPED / "prompts" / "zh.yaml").read_text(encoding="utf-8")
FEATURES = ("recordings", "guides", "slow")


@cache
def shipped_content() -> Content:
    return load_library(TODAY).content


def problems_of(menu: str, words: str) -> list[str]:
    return prove(menu, words, shipped_content(), FEATURES)


def scalars(text: str, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], yaml.ScalarNode]]:
    """Every value of a document with the keys that lead to it."""

    def walk(node: yaml.Node, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], yaml.ScalarNode]]:
        if isinstance(node, yaml.MappingNode):
            return [found for key, value in node.value for found in walk(value, (*path, key.value))]
        if isinstance(node, yaml.SequenceNode):
            return [found for value in node.value for found in walk(value, path)]
        assert isinstance(node, yaml.ScalarNode)
        return [(path, node)]

    return walk(yaml.compose(text), path)


def said_or_gone_to() -> list[yaml.ScalarNode]:
    """Every place in the shipped menu that names a node, a prompt or content."""
    names = set(load_yaml(MENU)["nodes"]) | set(yaml.safe_load(SHIPPED_WORDS))
    fields = {"title", "menu", "kind", "when", "feature", "key", "by", "mark", "centre"}
    return [
        node
        for path, node in scalars(MENU)
        if path[-1] not in fields and (node.value in names or path[-1] == "content")
    ]


NAMES = said_or_gone_to()
NODES = list(load_yaml(MENU)["nodes"])
SHIPPED_PROMPTS = list(load_yaml(SHIPPED_WORDS))


def misspelt(node: yaml.ScalarNode) -> str:
    return MENU[: node.start_mark.index] + node.value + "x" + MENU[node.end_mark.index :]


@settings(deadline=None, max_examples=15, print_blob=True)
@given(st.sampled_from(NAMES))
def test_misspelling_any_target_prompt_or_content_of_the_shipped_menu_is_told(node: yaml.ScalarNode) -> None:
    problems = problems_of(misspelt(node), SHIPPED_WORDS)
    assert any(f"“{node.value}x”" in problem for problem in problems)


def without_entry(text: str, name: str, indent: str) -> str:
    """A document without one entry: its line and those below it that are indented deeper."""
    pattern = rf"^{indent}{name}:.*\n(?:{indent}[ ]+.*\n)*"
    found, count = re.subn(pattern, "", text, count=1, flags=re.MULTILINE)
    assert count == 1, name
    return found


@settings(deadline=None, max_examples=15, print_blob=True)
@given(st.sampled_from(NODES))
def test_deleting_or_misspelling_any_node_of_the_shipped_menu_is_told(name: str) -> None:
    assert problems_of(without_entry(MENU, name, "  "), SHIPPED_WORDS)
    renamed = re.sub(rf"^  {name}:", f"  {name}x:", MENU, count=1, flags=re.MULTILINE)
    assert problems_of(renamed, SHIPPED_WORDS)


@settings(deadline=None, max_examples=15, print_blob=True)
@given(st.sampled_from(SHIPPED_PROMPTS))
def test_deleting_any_prompt_of_the_shipped_words_is_told(name: str) -> None:
    assert problems_of(MENU, without_entry(SHIPPED_WORDS, name, ""))


def test_the_shipped_menu_itself_is_what_the_properties_start_from() -> None:
    assert problems_of(MENU, SHIPPED_WORDS) == []
    flow, _ = build(MENU, SHIPPED_WORDS, shipped_content())
    assert flow is not None and isinstance(flow.nodes["main"], MenuNode)
    assert Path(SHIPPED).name == "ivr"

"""Small menus written inline, read and proven as the library does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from textwrap import dedent

from ivr import actions
from ivr.check import check_flow
from ivr.commands import CommandKind
from ivr.content import Content
from ivr.flow import Flow
from ivr.menu_file import build_flow, build_prompts
from ivr.problem import Problem
from ivr.yaml_file import read_yaml

TODAY = date(2026, 11, 21)
FREEZE = CommandKind("freeze", ("done", "unknown"), writes=True)
LOOK_UP = CommandKind("find_out", ("found", "none"))
COMMANDS = {kind.name: kind for kind in (FREEZE, LOOK_UP)} | dict(actions.COMMANDS)

# The first line is line 1.
HEAD = """\
menu: small
title: 小菜单
start: top
human: person
last_resort: person
tops: [top]
nodes:
  top:
    kind: menu
    say: [hello]
    options:
      - {key: "0", say: zero, to: person}
  person: {kind: hangup, say: [goodbye]}
"""
# Where a further node of `HEAD` begins.
NEXT_LINE = 14

WORDS = """\
hello: 您好。
zero: 转人工，请按0。
one: 第一项，请按1。
silence_1: 没听到。
wrong_key: 没有这个键。
wrong_key_3: 转人工。
closed_key: 没有开通。
recovered: 对不起。
goodbye: 再见。
opt_0: 转人工，请按0。
opt_back: 返回，请按星号键。
failure: 对不起，请别挂机。
failure_all: 对不起，再见。
ask: 请按号码。
bad: 号码不对。
readback: "您按的是{digits}。"
wait: 正在查询。
"""


def small_menu(more_nodes: str = "", head: str = HEAD) -> str:
    """`HEAD` and further nodes, given as they stand below `nodes:`."""
    return head + "".join(f"  {line}\n" for line in dedent(more_nodes).strip("\n").splitlines())


def build(menu: str, words: str = WORDS, content: Content | None = None) -> tuple[Flow | None, list[Problem]]:
    """The flow, and what reading alone found."""
    problems: list[Problem] = []
    head = read_yaml(menu, "small.yaml", problems)
    prompts = build_prompts([("zh.yaml", read_yaml(words, "zh.yaml", problems))], problems)
    return build_flow(head, "small.yaml", prompts, content or Content(), problems), problems


def prove(
    menu: str,
    words: str = WORDS,
    content: Content | None = None,
    open_features: Iterable[str] = (),
    commands: Mapping[str, CommandKind] = COMMANDS,
) -> list[str]:
    """Everything that is wrong with a menu, as its writer reads it, in the order of the lines."""
    flow, problems = build(menu, words, content)
    if flow is not None:
        problems += check_flow(flow, open_features, commands, TODAY)
    return [str(problem) for problem in sorted(problems, key=lambda p: (p.file, p.line))]


def good(menu: str, words: str = WORDS, content: Content | None = None) -> Flow:
    """The flow of a menu that has nothing wrong with it."""
    assert prove(menu, words, content) == []
    flow, _ = build(menu, words, content)
    assert flow is not None
    return flow

"""The options of `python app.py replay`. Light: every command's start passes here."""

from __future__ import annotations

import argparse

from queueing.replay.plan import FIRST_DAY, Plan

DEFAULT = Plan()


def replay_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; numbers are read later, so that every mistake is told in one go and in Chinese."""
    options = (
        ("--calls", DEFAULT.calls, "一天多少来电"),
        ("--wanting", DEFAULT.wanting, "其中要人工的，重拨的也算"),
        ("--consultants", DEFAULT.consultants, "咨询员"),
        ("--effective", f"{DEFAULT.effective:g}", "平均几位在岗"),
        ("--compare", "3,3.5,4,5", "另外比较几位在岗，用逗号隔开"),
        ("--patience", f"{DEFAULT.patience:g}", "平均等多少秒挂断"),
        ("--talk", "240-300", "通话加整理多少秒"),
        ("--pick-up", "2-5", "咨询员几秒接起"),
        ("--redial", DEFAULT.redial, "没等到的人再打的比例"),
        ("--redial-within", f"{DEFAULT.redial_within / 60:g}", "多少分钟内再打"),
        ("--accept", DEFAULT.accept, "听到可以回电，愿意的比例"),
        ("--slot", DEFAULT.slot, "愿意的人里，挑时间的比例"),
        ("--reached", DEFAULT.reached, "打过去有人接的比例"),
        ("--peaks", "9-11:28,14-16:26", "高峰：几点到几点占百分之几，用逗号隔开；none 是没有"),
        ("--days", DEFAULT.days, "重放几天"),
        ("--seed", DEFAULT.seed, "第一天的种子，同样的种子结果一样"),
        ("--centre", "340000", "用哪个中心的规则和上班时间"),
        ("--date", FIRST_DAY, "第一天的日期，决定上班时间"),
        ("--out", "replay.svg", "图存到哪个文件"),
    )
    for name, default, said in options:
        parser.add_argument(name, default=str(default), help=f"{said}（{default}）")
    parser.add_argument("--json", action="store_true", help="结果用 JSON 打出来")

"""Days to replay: the shipped rules of the province's own desk, small plans, and what to ask of a journal."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from ivr.library import load_centres
from queueing.replay.account import Account, account_for
from queueing.replay.day import NUMBERS_OF_A_DAY, People
from queueing.replay.journal import Journal
from queueing.replay.plan import Plan
from queueing.replay.scenarios import Job, Played, play_job
from queueing.replay.setting import Setting
from queueing.replay.simulation import play

_PROVINCE = load_centres(None)["340000"]
SETTING = Setting("340000", _PROVINCE.short_name, _PROVINCE.hours, _PROVINCE.queue, _PROVINCE.callbacks)
# As overloaded as the whole one, in a fifth of the time.
SMALL = Plan(calls=144, wanting=102, consultants=1, effective=0.8, days=1)
SMALL_PEOPLE = 80


def setting_with(**callback_rules: int) -> Setting:
    """The province's desk with other callback rules."""
    return replace(SETTING, callbacks=replace(SETTING.callbacks, **callback_rules))


def play_small(
    with_callbacks: bool = True,
    plan: Plan = SMALL,
    seed: int = 1,
    people: int = SMALL_PEOPLE,
    setting: Setting = SETTING,
    whole_days: int = 1,
) -> Journal:
    chosen = People(plan, seed, Random)
    return play(plan, setting, chosen, plan.effective, people, with_callbacks, whole_days)


def account(journal: Journal, with_callbacks: bool = True, setting: Setting = SETTING) -> Account:
    return account_for(journal, with_callbacks, setting.callbacks.abandoned_after_seconds)


def day_of(person: int) -> int:
    """The day on which a person of this number calls, 0 for the first."""
    return person // NUMBERS_OF_A_DAY


def one_by_one(jobs: list[Job]) -> list[list[Played]]:
    return [play_job(job) for job in jobs]

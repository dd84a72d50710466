"""What may be entered about a user and a consultant's seat: each form is checked whole, every wrong field says why.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dashboards.duty_rules import Checked, Form, clean_text
from integrations.phone_numbers import is_dialable, read_number
from queueing.routing import GENERAL, LANGUAGES, MANDARIN, SKILLS

MOST_NAME_CHARACTERS = 20
BROWSER, TELEPHONE = "browser", "telephone"
DOORS = {BROWSER: "网页（话务台）", TELEPHONE: "电话（居家座席）"}
# What everybody can do is not chosen.
SEAT_SKILLS = {key: name for key, name in SKILLS.items() if key != GENERAL}
SEAT_LANGUAGES = {key: name for key, name in LANGUAGES.items() if key != MANDARIN}
# Not those of the models, which are no pure module; a test holds the two together.
ROLE_WORDS = {"consultant": "咨询员", "supervisor": "值班长", "provincial": "省级", "administrator": "管理员"}
ROLES_OF_A_CENTRE = ("consultant", "supervisor")

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,31}")
_NUMBER = re.compile(r"[0-9]{3,8}")


@dataclass(frozen=True, slots=True)
class Profile:
    """Who somebody is. `centre` is None for the roles that see all centres."""

    name: str
    role: str
    centre: str | None


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is to sign in."""

    username: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class NewSeat:
    """A consultant's seat as it is to be. `telephone` is E.164, None where it is not needed or stays as it is."""

    number: str
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    door: str
    telephone: str | None


def check_new_user(form: Form, centres: Collection[str]) -> Checked[NewUser]:
    """Somebody new: a username that nothing can be confused with, and a profile."""
    username = form.get("username", "").strip()
    profile = check_profile(form, centres)
    errors = dict(profile.errors)
    if not _USERNAME.fullmatch(username):
        errors = {"username": "3到32位，小写字母开头，只用小写字母、数字和 . _ -"} | errors
    if errors or profile.value is None:
        return Checked(None, errors)
    return Checked(NewUser(username, profile.value))


def check_profile(form: Form, centres: Collection[str]) -> Checked[Profile]:
    """Name, role, and the centre that goes with the role."""
    errors = {}
    name, role, centre = clean_text(form.get("name", "")), form.get("role", ""), form.get("centre", "")
    if not 0 < len(name) <= MOST_NAME_CHARACTERS:
        errors["name"] = f"请写姓名，最多{MOST_NAME_CHARACTERS}个字"
    elif re.search(r"\d{5}", name):
        errors["name"] = "姓名里不要写号码"
    if role not in ROLE_WORDS:
        errors["role"] = "请选择角色"
    if role in ROLES_OF_A_CENTRE and centre not in centres:
        errors["centre"] = f"{ROLE_WORDS[role]}要属于一个中心，请选择"
    if errors:
        return Checked(None, errors)
    return Checked(Profile(name, role, centre if role in ROLES_OF_A_CENTRE else None))


def check_seat(form: Form, skills: Sequence[str], languages: Sequence[str], has_telephone: bool) -> Checked[NewSeat]:
    """A seat: a number for callers to hear, what it can do, and where the talk comes to.

    `has_telephone`: one is known already, so that an empty field leaves it as it is.
    """
    errors = {}
    number, door, typed = form.get("number", "").strip(), form.get("door", ""), form.get("telephone", "").strip()
    telephone = read_number(typed).e164 if is_dialable(typed) else None
    if not _NUMBER.fullmatch(number):
        errors["number"] = "工号是3到8位数字"
    for field, chosen, known in (("skills", skills, SEAT_SKILLS), ("languages", languages, SEAT_LANGUAGES)):
        if not set(chosen) <= set(known):
            errors[field] = "请从列出的里面选"
    if door not in DOORS:
        errors["door"] = "请选择接听方式"
    if door == TELEPHONE and typed and telephone is None:
        errors["telephone"] = "这个号码打不通，要写手机号，或者带区号的固定电话"
    elif door == TELEPHONE and not typed and not has_telephone:
        errors["telephone"] = "请写接听电话的号码"
    if errors:
        return Checked(None, errors)
    kept = telephone if door == TELEPHONE else None
    return Checked(NewSeat(number, _in_order(skills, SEAT_SKILLS), _in_order(languages, SEAT_LANGUAGES), door, kept))


def _in_order(chosen: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(key for key in known if key in chosen)

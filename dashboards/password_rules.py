"""Which passwords people may choose. Length counts, not the kinds of characters; what everybody tries first is refused.

Pure.
"""

from __future__ import annotations

import re

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 200
# Tried first by whoever guesses; digits and signs around them make them no better.
_COMMON = """
password passwort passw0rd p@ssword p@ssw0rd passwordpassword admin adminadmin administrator root rootroot
welcome letmein iloveyou qwerty qwertyuiop qwertyqwerty asdfghjkl zxcvbnm qazwsx qazwsxedc 1qaz2wsx 1qaz2wsx3edc
1q2w3e4r 1q2w3e4r5t 1qaz@wsx q1w2e3r4 zaq12wsx zaq1xsw2 abc abcd abcde abcdef abcabc aaa a woaini woaini1314
wodemima mima nihao zhongguo beijing anhui hefei wuhu renshe rensheju shebao shehuibaozhang gongwuyuan rexian
hotline demo test testtest user guest changeme secret anhuisheng hefeishi anhuirenshe
"""
COMMON = frozenset(_COMMON.split())
_AROUND = "0123456789.,!@#$%^&*-_+=?~ "
_ROWS = ("qwertyuiop", "asdfghjkl", "abcdefghijklmnopqrstuvwxyz")


def check_new_password(new: str, again: str, username: str) -> dict[str, str]:
    """What is wrong with a new password typed twice, by field; empty when nothing is."""
    if problem := password_problem(new, username):
        return {"new": problem}
    return {} if new == again else {"again": "两次输入的不一样，请再输一遍"}


def password_problem(password: str, username: str) -> str:
    """Why a password may not be chosen, as a sentence; empty when it may."""
    if not password:
        return "请输入新密码"
    if len(password) < LEAST_CHARACTERS:
        return f"至少{LEAST_CHARACTERS}个字符，现在是{len(password)}个"
    if len(password) > MOST_CHARACTERS:
        return f"最多{MOST_CHARACTERS}个字符"
    folded = password.casefold()
    if username.casefold() in folded:
        return "密码里不能有用户名"
    # Dates, telephone numbers, ID numbers.
    if re.sub(r"[\s./+-]", "", folded).isdecimal():
        return "不能只有数字，请加上文字或字母"
    return "这个密码太常见，容易被猜中，请换一个" if _is_common(folded) else ""


def _is_common(password: str) -> bool:
    if password in COMMON or password.strip(_AROUND) in COMMON:
        return True
    if any(password in row or password in row[::-1] for row in _ROWS):
        return True
    # A short piece again and again.
    return any((password[:n] * len(password)).startswith(password) for n in range(1, 5))

"""The first letters of Chinese words: 退休 is `tx`, so that a consultant finds a guide with two keys while talking.

Pure. The 3,755 common characters of GB 2312 stand in the order of their pinyin, so the place of a character tells its
letter; a dictionary of readings would cost every web process 58 MB.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

# The first common character of each letter.
_FIRST = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"
_LETTERS = "abcdefghjklmnopqrstwxyz"
_STARTS = [character.encode("gb2312") for character in _FIRST]
_COMMON = (b"\xb0\xa1", b"\xd7\xf9")
# Words in which a character is read otherwise than where it stands.
_WORDS = {
    "银行": "yh",
    "调解": "tj",
    "调整": "tz",
    "调剂": "tj",
    "重新": "cx",
    "重复": "cf",
    "弹性": "tx",
    "会计": "kj",
    "幺": "y",
}
_WORD = re.compile("|".join(_WORDS))
# A character without a known letter: any letter finds it.
ANY = "?"


def initials(text: str) -> str:
    """The letters of a text, small; Latin letters and digits stand for themselves, punctuation is left out."""
    text = unicodedata.normalize("NFKC", text).lower()
    found, at = [], 0
    while at < len(text):
        word = _WORD.match(text, at)
        found.append(_WORDS[word[0]] if word else _initial(text[at]))
        at = word.end() if word else at + 1
    return "".join(found)


def _initial(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else ""
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return ANY if character.isalpha() else ""
    if _COMMON[0] <= code <= _COMMON[1]:
        return _LETTERS[bisect_right(_STARTS, code) - 1]
    return ANY if character.isalpha() else ""


def find_initials(wanted: str, letters: str) -> int:
    """Where the wanted letters stand in the letters of a text; -1 when nowhere."""
    for at in range(len(letters) - len(wanted) + 1):
        if all(has in (want, ANY) for want, has in zip(wanted, letters[at:], strict=False)):
            return at
    return -1

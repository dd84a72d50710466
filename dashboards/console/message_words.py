"""What is said of a message's voice and of its transcript, and which numbers in it nobody reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

READY, ON_ITS_WAY, UNUSABLE = "ready", "on_its_way", "unusable"
DELETED, LOST, ABSENT = "deleted", "lost", "absent"
SOUND_ZH = {
    READY: "",
    ON_ITS_WAY: "录音还在路上，请过几分钟再听。期限照常计算，不受影响。",
    UNUSABLE: "这段录音不能播放。",
    DELETED: "这段录音过了保存期限，已经按规定删除。",
    LOST: "这段录音没有了，运营商那里找不到。",
    ABSENT: "没有收到这段录音。",
}
# Why a take cannot be used, by the reason of its row.
UNUSABLE_ZH = {
    "empty": "里面没有声音",
    "not_wav": "文件格式不对",
    "wrong_format": "文件格式不对",
    "corrupt": "文件坏了",
    "too_long": "录音超过一小时",
    "too_large": "文件太大",
    "shorter": "收到的比录下的短",
}
TRANSCRIPTS_ZH = {
    "waiting": "正在转写，转好以后文字会出现在这里。",
    "done": "",
    "no_model": "没有转写：这台服务器没有装语音识别模型。请听录音。",
    "failed": "没有转写成功，请听录音。",
}
NO_TRANSCRIPT = "还没有转写。"
NOTHING_UNDERSTOOD = "没有听出能写成文字的话，请听录音。"

HIDDEN = "＊"
# What the recogniser writes for digits, one character for one.
_DIGITS = str.maketrans("零〇幺一二三四五六七八九０１２３４５６７８９", "0011234567890123456789")
_RUN = re.compile(r"(?<!\d)\d(?:[ -]?\d){11,}[ -]?[XxＸ]?")
# Somebody has to be able to ring back: 13855112345, 0551-12345678, with or without 86.
_TELEPHONE = re.compile(r"(?:86)?(?:1[3-9]\d{9}|0\d{9,11})")


def sound_state(status: str, is_stored: bool, was_deleted: bool) -> str:
    """Whether a take can be heard. `status` is its status, `is_stored` whether our storage has it."""
    if was_deleted:
        return DELETED
    if status in (UNUSABLE, LOST):
        return status
    if status in ("stored", "home") and is_stored:
        return READY
    return ON_ITS_WAY if status in ("in-progress", "completed", "stored", "home") else ABSENT


def sound_sentence(state: str, reason: str | None) -> str:
    """Why it cannot be heard; empty when it can. `reason` is that of an unusable take."""
    words = UNUSABLE_ZH.get(reason or "") if state == UNUSABLE else None
    return f"{SOUND_ZH[state][:-1]}：{words}。" if words else SOUND_ZH[state]


def transcript_sentence(status: str | None, text: str | None) -> str:
    """What to say instead of a transcript; empty when there is one."""
    if status == "done" and not (text or "").strip():
        return NOTHING_UNDERSTOOD
    return TRANSCRIPTS_ZH.get(status or "", NO_TRANSCRIPT)


def has_long_number(text: str) -> bool:
    """Whether a text holds what could be a whole ID or card number, in figures or in Chinese digits.

    Twelve digits or more in a row, perhaps in groups; telephone numbers are none.
    """
    return next(_long_numbers(text), None) is not None


def without_long_numbers(text: str) -> str:
    """A text in which every such number is stars."""
    written = list(text)
    for start, end in _long_numbers(text):
        written[start:end] = HIDDEN * (end - start)
    return "".join(written)


def shown_words(words: Sequence[Any] | None) -> list[list[Any]]:
    """[[word, start, end, confidence], ...] with stars for what belongs to such a number, even one said in pieces."""
    words = [list(word) for word in words or ()]
    starts, joined = [], ""
    for word in words:
        starts.append(len(joined))
        joined += str(word[0])
    hidden = without_long_numbers(joined)
    for word, start in zip(words, starts, strict=True):
        word[0] = hidden[start : start + len(str(word[0]))]
    return words


def _long_numbers(text: str) -> Iterator[tuple[int, int]]:
    for found in _RUN.finditer(text.translate(_DIGITS)):
        digits = re.sub(r"[ -]", "", found[0])
        if not _TELEPHONE.fullmatch(digits):
            yield found.span()

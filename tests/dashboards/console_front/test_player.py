"""The player of a message: the sound, its picture, the words in step with it, and their correction."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.dashboards.console_front.board_samples import SID, WORDS
from tests.dashboards.console_front.driver import Console, Hotline

SRC = f"/console/messages/{SID}/sound"
TEXT = "".join(word[0] for word in WORDS)
BUILD = """async (options) => {
  for (const sheet of ["style.css", "console/floor.css", "console/player.css"])
    await new Promise((done) => document.head.append(Object.assign(document.createElement("link"),
      { rel: "stylesheet", href: `/static/${sheet}`, onload: done })));
  document.body.innerHTML =
    '<main id="main"><label>备注<input id="field"></label><div class="card" id="place"></div></main>';
  const { makePlayer } = await import("/static/console/player.js");
  window.saved = [];
  window.player = makePlayer(document.getElementById("place"), { ...options, onCorrect: async (text) => {
    window.saved.push(text);
    if (window.refusal) throw new Error(window.refusal);
    return { text, by: "赵磊", at: new Date().toISOString() };
  } });
}"""
LOGIC = """async (cases) => {
  const logic = await import("/static/console/player-logic.js");
  return cases.map(([name, ...values]) => logic[name](...values));
}"""


@pytest.fixture
def page(open_console: Callable[..., Console]) -> Console:
    return open_console(path="/blank")


def build(page: Console, **options: Any) -> Console:
    whole = {"src": SRC, "peaks": [(n * 37) % 256 for n in range(200)], "seconds": 6, "words": WORDS, "text": TEXT}
    page.page.evaluate(BUILD, {**whole, "canCorrect": True, **options})
    return page


def at(page: Console) -> float:
    return float(page.page.evaluate("player.at"))


def state(page: Console) -> str:
    return str(page.page.evaluate("player.state"))


def test_what_it_reckons(page: Console) -> None:
    expected: list[tuple[list[Any], Any]] = [
        (["wordAt", WORDS, 0.1], -1), (["wordAt", WORDS, 0.3], 0), (["wordAt", WORDS, 0.85], 0),
        (["wordAt", WORDS, 2.6], 6), (["wordAt", WORDS, 99], 9), (["wordAt", [], 1], -1),
        (["isDoubtful", WORDS[6]], True), (["isDoubtful", WORDS[0]], False), (["isDoubtful", ["词", 0, 1]], False),
        (["gapBefore", [["OK", 0, 1, 1], ["12333", 1, 2, 1]], 1], " "), (["gapBefore", WORDS, 1], ""),
        (["stretched", [0, 255, 51, 102], 2], [1, 0.4]), (["stretched", [255, 0], 4], [1, 1, 0, 0]),
        (["stretched", [], 9], []), (["peaksOf", "AID/"], [0, 128, 255]), (["peaksOf", "不是"], []),
        (["peaksOf", None], []), (["peaksOf", [1]], [1]), (["otherSpeed", 1, 1], 1.25), (["otherSpeed", 2, 1], 2),
        (["otherSpeed", 0.75, -1], 0.75), (["within", 9, 6], 6), (["within", -1, 6], 0), (["saidTime", 65], "1分05秒"),
    ]  # fmt: skip
    found = page.page.evaluate(LOGIC, [case for case, _ in expected])
    assert json.dumps(found) == json.dumps([value for _, value in expected])


def test_nothing_is_fetched_before_play_and_the_words_follow_the_sound(page: Console, hotline: Hotline) -> None:
    build(page)
    assert page.text(".player-time") == "00:00 / 00:06" and hotline.done("listen") == []
    page.page.click(".player-play")
    page.until(lambda: state(page) == "playing" and at(page) > 0.3)
    assert page.page.get_attribute(".player-play", "aria-label") == "暂停"
    page.until(lambda: page.text(".is-now") in ("我", "想", "问", "一下"))
    page.page.click('[data-n="5"]')
    page.until(lambda: at(page) >= 1.9 and page.text(".is-now") in ("养老金", "什么"))
    page.page.click(".player-play")
    page.until(lambda: state(page) == "paused")
    assert hotline.done("listen")


def test_a_place_chosen_before_the_first_play_is_where_it_begins(page: Console) -> None:
    box = build(page).page.locator(".player-wave").bounding_box()
    assert box is not None
    page.page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 10)
    assert abs(at(page) - 4.5) < 0.1 and page.text(".is-now") == "到账"
    assert page.page.get_attribute(".player-wave", "aria-valuetext") == "4秒，共6秒"
    page.page.click(".player-play")
    page.until(lambda: state(page) in ("playing", "paused") and at(page) > 4.5)


def test_the_keys_work_beside_fields_and_not_in_them(page: Console) -> None:
    build(page).page.evaluate("player.seek(1)")
    page.press("ArrowRight")
    assert at(page) == 6
    page.press("ArrowLeft", ".", ".", ",")
    assert at(page) == 1
    assert page.page.get_attribute('[data-speed="1.25"]', "aria-pressed") == "true"
    page.page.focus("#field")
    page.press("ArrowLeft", " ", ".")
    assert (at(page), state(page), page.page.input_value("#field")) == (1, "idle", " .")
    page.page.evaluate("document.activeElement.blur()")
    page.press(" ")
    page.until(lambda: state(page) == "playing")
    page.press(" ")
    page.until(lambda: state(page) == "paused")
    assert "空格" in page.text(".player-hint")


def test_words_are_walked_through_with_the_keyboard(page: Console) -> None:
    build(page).page.focus('[data-n="0"]')
    page.press("ArrowRight", "ArrowRight")
    assert page.page.evaluate("document.activeElement.textContent") == "想" and at(page) == 0
    page.press("Enter")
    page.until(lambda: at(page) >= 1)


def test_doubtful_words_are_marked_and_explained(page: Console) -> None:
    build(page)
    assert page.page.locator(".player-line .is-doubtful").all_inner_texts() == ["什么", "能"]
    assert "虚线" in page.text(".player-legend")
    assert "把握 41%" in str(page.page.get_attribute('[data-n="6"]', "title"))
    style = page.page.eval_on_selector('[data-n="6"]', "e => getComputedStyle(e).textDecorationStyle")
    assert style == "dotted"


def test_a_correction_is_written_beside_the_words(page: Console) -> None:
    build(page).page.click(".player-edit")
    assert page.page.input_value(".player-editor textarea") == TEXT and page.sees(".player-line")
    page.page.fill(".player-editor textarea", "身份证号…")
    page.page.evaluate("window.refusal = '不能保存完整的身份证号'")
    page.press("Control+Enter")
    page.until(lambda: "不能保存" in page.text(".player-editor .wrong"))
    page.page.evaluate("window.refusal = ''")
    page.page.fill(".player-editor textarea", "您好，我想问养老金。")
    page.page.click(".player-editor [type=submit]")
    page.until(lambda: page.sees(".player-corrected"))
    assert "您好，我想问养老金。" in page.text(".player-corrected") and "赵磊，今天" in page.text(".player-corrected")
    assert page.sees(".player-line") and "机器识别的" in page.text(".player-heard")
    page.page.click(".player-edit")
    page.page.fill(".player-editor textarea", "不要")
    page.press("Escape")
    assert not page.sees(".player-editor") and page.page.evaluate("saved.length") == 2


def test_a_refused_sound_says_why_and_is_tried_again(page: Console, hotline: Hotline) -> None:
    hotline.set(refusal=[409, "录音还在路上，请过几分钟再听。"])
    build(page).page.click(".player-play")
    page.until(lambda: "录音还在路上" in page.text(".player-said"))
    assert state(page) == "failed"
    hotline.set(refusal=None)
    page.page.click(".player-said button")
    page.until(lambda: state(page) == "playing" and not page.sees(".player-said"))


def test_without_a_sound_or_without_words_it_says_so(page: Console) -> None:
    build(page, src="", sentence="这段录音过了保存期限，已经按规定删除。")
    assert "已经按规定删除" in page.text(".player-said") and page.page.is_disabled(".player-play")
    assert page.sees(".player-line")
    page.press(" ", "ArrowRight")
    build(
        page, words=[], text="", peaks=[], note="没有转写：这台服务器没有装语音识别模型。请听录音。", canCorrect=False
    )
    assert "没有装语音识别模型" in page.text(".player-words") and not page.sees(".player-edit")
    page.page.click(".player-play")
    page.until(lambda: state(page) == "playing")
    page.page.evaluate("player.setWords({ words: [], text: '只有文字' })")
    assert "只有文字" in page.text(".player-heard")


@pytest.mark.parametrize("width", [390, 1366])
def test_it_fits_the_page_and_its_picture_the_screen(page: Console, width: int) -> None:
    page.page.set_viewport_size({"width": width, "height": 700})
    build(page)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    drawn = page.page.evaluate(
        "(() => { const c = document.querySelector('canvas'); return [c.width, c.clientWidth * devicePixelRatio,"
        " [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].some(Boolean)]; })()"
    )
    assert abs(drawn[0] - drawn[1]) <= 1 and drawn[2]

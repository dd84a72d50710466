"""The page of the cities' data in the browser: what is late, what does not agree, files, and keys shown once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dashboards.console_front.cities_samples import CENTRES, LAST, WORDS
from tests.dashboards.console_front.driver import Console, Hotline


@pytest.fixture
def page(open_console: Callable[..., Console]) -> Console:
    return opened(open_console)


def opened(open_console: Callable[..., Console]) -> Console:
    console = open_console(path="/province/cities")
    console.page.wait_for_selector("#parts:not([hidden])")
    return console


def row(console: Console, table: str, id: int | str) -> str:
    return console.page.inner_text(f'#{table} tr[data-id="{id}"]')


def choose_file(console: Console, path: Path) -> None:
    console.page.select_option("#upload-centre", "340200")
    console.page.set_input_files("#upload-file", str(path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text("来电编号,结果\nA1,人工接通\n", encoding="utf-8")
    return path


def test_what_is_late_and_what_differs_is_counted_and_found(page: Console) -> None:
    counts = {name: page.text(f"#count-{name}") for name in ("stale", "differs", "without", "refused", "partial")}
    assert counts == {"stale": "1", "differs": "1", "without": "1", "refused": "2", "partial": "1"}
    assert page.page.locator("#centres tr th").all_inner_texts()[0].startswith("安庆")
    assert all(words in row(page, "centres", "340800") for words in ("断了", "3小时前", "1小时", "连不上"))
    assert all(words in row(page, "centres", "340200") for words in ("正常", "5分钟前", "没收 2"))
    assert "本平台" in row(page, "centres", "340100")
    assert page.sees("#demo") and "演示数据" in page.text("#demo")
    page.page.click("#count-differs")
    assert page.focused == "days-h"
    assert all(words in row(page, "differences", f"340200-{LAST}") for words in ("来电 44", "（−3）", "对不上"))
    assert "停电两小时" in row(page, "differences", "340800-2026-11-18")


def test_the_days_are_walked_with_the_arrows_and_opened_with_enter(page: Console) -> None:
    page.page.focus('#days button[tabindex="0"]')
    assert page.page.locator('#days button[tabindex="0"]').count() == 1
    page.press("ArrowUp", "ArrowLeft", "ArrowRight", "Enter")
    page.until(lambda: "来电" in page.text("#day-measures"))
    assert "芜湖，11月19日" in page.text("#day-h") and page.focused == "day-words"
    assert page.page.locator("#day-measures .differs").count() == 2
    page.press("Escape")
    assert "芜湖11月19日" in str(page.page.evaluate("document.activeElement.ariaLabel"))


def test_a_day_is_explained_for_the_numbers_seen(page: Console, hotline: Hotline) -> None:
    page.page.click(f'#differences tr[data-id="340200-{LAST}"] button')
    page.until(lambda: page.sees("#day-why"))
    page.page.click("#day-explain")
    assert "请写一句" in page.text("#day-wrong")
    page.page.fill("#day-words", "停电")
    hotline.set(refusal=[409, "这几个数刚刚变了"])
    page.page.click("#day-explain")
    page.until(lambda: "刚刚变了" in page.text("#day-wrong"))
    hotline.set(refusal=None)
    page.page.click("#day-explain")
    page.until(lambda: not page.sees("#day-dialog"))
    done = hotline.done(f"days/340200/{LAST}/explain")[-1]
    assert done["words"] == "停电"
    seen = [{"id": 1, "claimed": 44, "arrived": 41}, {"id": 2, "claimed": 29, "arrived": 27}]
    assert done["seen"] == seen


def test_a_batch_opens_its_bad_lines_to_be_copied(page: Console, hotline: Hotline) -> None:
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.page.click('#batches tr[data-id="3"] button')
    page.until(lambda: page.page.locator("#problems tr").count() == 2)
    assert "整批没有收" in page.text("#problems-rest") and "整行" in page.text("#problems")
    page.page.click("#problems-copy")
    page.until(lambda: "复制好了" in page.text("#problems-copy"))
    assert "4\t开始时间\t“25:10”不是时间" in str(page.page.evaluate("navigator.clipboard.readText()"))
    page.press("Escape")
    page.page.click("#more-batches")
    page.until(lambda: page.page.locator("#batches tr").count() == 4)
    page.page.check("#only-bad")
    page.until(lambda: page.page.locator("#batches tr").count() == 1)


def test_a_file_is_checked_before_it_is_taken(page: Console, hotline: Hotline, file: Path) -> None:
    page.page.click("#upload-check")
    assert "请选是哪个中心" in page.text("#upload-wrong")
    choose_file(page, file)
    page.page.click("#upload-check")
    page.until(lambda: page.sees("#preview"))
    assert page.focused == "preview" and "还没有保存" in page.text("#preview") and "A1" in page.text("#preview")
    # The file is sent as it was when it was checked.
    file.write_text("something else", encoding="utf-8")
    page.page.click("#preview [data-deed=whole]")
    page.until(lambda: "收下 5 行。" in page.text("#preview h3"))
    (sent,) = hotline.done("uploads")
    assert sent["file"] == "来电编号,结果\nA1,人工接通\n" and "part" not in sent
    assert (sent["centre"], sent["kind"], sent["upload"], sent["digest"]) == ("340200", "calls", "upload-a", "d1")


def test_bad_lines_are_shown_and_only_the_others_taken(page: Console, hotline: Hotline, file: Path) -> None:
    hotline.set(cities={"bad": 2})
    choose_file(page, file)
    page.page.click("#upload-check")
    page.until(lambda: "“25:10”不是时间" in page.text("#preview"))
    page.page.click("#preview [data-deed=part]")
    page.until(lambda: len(hotline.done("uploads")) == 1)
    assert hotline.done("uploads")[0]["part"] == "1"
    # Another kind is another question.
    page.page.click("#preview [data-deed=back]")
    choose_file(page, file)
    page.page.click("#upload-check")
    page.until(lambda: page.sees("#preview"))
    page.page.check("#kinds [value=totals]")
    assert not page.sees("#preview")
    hotline.set(refusal=[422, "文件里只有列名，没有数据。"])
    page.page.click("#upload-check")
    page.until(lambda: "只有列名" in page.text("#upload-wrong"))


def test_a_key_is_shown_once(page: Console, hotline: Hotline) -> None:
    page.page.click("#key-make")
    page.page.click("#key-go")
    assert "请选给哪个中心" in page.text("#key-wrong")
    page.page.select_option("#key-centre", "340200")
    page.page.click("#key-go")
    page.until(lambda: page.sees("#key-shown"))
    assert page.text("#key-words") == WORDS
    page.press("Escape")
    assert page.sees("#key-shown")
    page.page.click("#key-close")
    page.until(lambda: "whsec_" not in page.page.content())
    page.page.click('#keys tr[data-id="ck-1"] button')
    page.page.click("#revoke-form [type=submit]")
    page.until(lambda: len(hotline.done("keys/ck-1/revoke")) == 1)
    assert "作废" not in page.page.locator('#keys tr[data-id="ck-0"] .deeds-cell').inner_text()


def test_a_centre_is_registered_with_its_limit(page: Console, hotline: Hotline) -> None:
    page.page.click('#centres tr[data-id="340100"] button')
    page.page.fill("#system-minutes", "120")
    page.press("Enter")
    page.until(lambda: len(hotline.done("systems")) == 1)
    assert hotline.done("systems")[0] == {"do": "systems", "centre": "340100", "minutes": 120}


def test_a_city_without_a_system_has_nothing_to_do_here(open_console: Callable[..., Console], hotline: Hotline) -> None:
    hotline.set(cities={"decides": False, "is_empty": True}, callback_centres=CENTRES[:1])
    page = opened(open_console)
    assert page.sees("#no-batches") and "不用对账" in page.text("#no-differences")
    assert "不用上传" in page.text("#no-upload") and not page.sees("#upload-form")
    assert page.page.locator("#key-make, #centre, #centres button").count() == 0


def test_without_the_server_the_page_says_how_old_it_is(page: Console, hotline: Hotline) -> None:
    hotline.set(refusal=[503, "现在连不上数据库"])
    page.page.evaluate("window.dispatchEvent(new Event('online'))")
    page.until(lambda: "现在连不上数据库" in page.text("#banners") and "前的情况" in page.text("#banners"))
    hotline.set(refusal=None, is_signed_in=False)
    page.page.evaluate("window.dispatchEvent(new Event('online'))")
    page.until(lambda: page.sees("#signed-out"))


@pytest.mark.parametrize("size", [(390, 800), (1366, 768), (1920, 1080)])
def test_nothing_is_cut_off_at_the_side(page: Console, size: tuple[int, int]) -> None:
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size[0] > 1000:
        wide = "[...document.querySelectorAll('.wide')].every((e) => e.scrollWidth <= e.clientWidth)"
        assert page.page.evaluate(wide)

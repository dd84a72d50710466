"""Logs: one line per event, and nothing personal in it, whatever put it there."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from integrations.log import configure_logging
from integrations.masking import mask_text, mask_value, names_a_person
from integrations.settings import Settings


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("11010519491231002X", "[id]"),
        ("号11010519491231002x。", "号[id]。"),
        ("id=110105194912310021,", "id=[id],"),
        ("１１０１０５１９４９１２３１００２１", "[id]"),
        ("6222021234567890123", "[number]"),
        ("6222 0212 3456 7890 123", "[number]"),
        ("123456789012", "[number]"),
        ("13800138000", "*******8000"),
        ("+8613800138000", "*******8000"),
        ("+86 138 0013 8000", "*******8000"),
        ("138-0013-8000", "*******8000"),
        ("010-12345678", "*******5678"),
        ("057187654321", "*******4321"),
        ("+14155552671", "*******2671"),
        ("From=%2B8613800138000&", "From=%2B[number]&"),
    ],
)
def test_personal_numbers_are_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "CA" + "0123456789" * 3 + "01",
        "5f1d8a52-1234-4321-8765-123456789012",
        "2026-11-21T20:39:36.123456+00:00",
        "port 12333, 4000 ms, attempt 3",
        "queue_entry 1234567 waiting -> offered",
        "0123456789abcdef" * 2,
        "人社热线 12333 转 0 号键",
        "v2.1.9",
    ],
)
def test_ids_times_and_small_numbers_stay_readable(text: str) -> None:
    assert mask_text(text) == text


@given(st.text(), st.from_regex(r"\A[1-9][0-9]{16}[0-9X]\Z"), st.text())
def test_an_id_number_never_survives(before: str, id_number: str, after: str) -> None:
    assert id_number not in mask_text(f"{before} {id_number} {after}")


def test_nested_values_are_masked() -> None:
    value = {"form": [("From", "13800138000")], "n": 5, "ok": True, "bytes": b"13800138000"}
    assert "13800138000" not in str(mask_value(value))
    assert mask_value(value)["n"] == 5


def test_a_json_line_has_time_level_event_and_bound_ids(
    settings: Settings, logging_restored: None, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging(settings)
    structlog.contextvars.bind_contextvars(request_id="r1", call_sid="CA" + "1" * 32)
    structlog.get_logger("x").info("call_started", caller="13800138000", seconds=0.5)
    line = json.loads(capfd.readouterr().err)
    assert line["event"] == "call_started" and line["level"] == "info"
    assert line["request_id"] == "r1" and line["call_sid"] == "CA" + "1" * 32
    assert line["caller"] == "*******8000" and line["seconds"] == 0.5
    assert line["timestamp"].endswith("Z")


def test_the_standard_library_and_tracebacks_go_the_same_way(
    settings: Settings, logging_restored: None, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging(settings)
    try:
        raise ValueError("no such person 11010519491231002X")
    except ValueError:
        logging.getLogger("some.library").exception("failed for %s", "13800138000")
    line = json.loads(capfd.readouterr().err)
    assert line["event"] == "failed for *******8000" and line["level"] == "error"
    assert "ValueError" in line["exception"] and "11010519491231002X" not in line["exception"]


def test_a_person_reads_plain_lines(
    settings: Settings, logging_restored: None, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging(replace(settings, log_json=False, log_level="warning"))
    structlog.get_logger("x").info("too_quiet")
    structlog.get_logger("x").warning("loud_enough", phone="13800138000")
    text = capfd.readouterr().err
    assert "loud_enough" in text and "*******8000" in text and "too_quiet" not in text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("身份证34010419900101001X已核对", True),
        ("卡号 6217 0012 3456 7890", True),
        ("请打0551-63531234或者13855112345", False),
        ("编号1001，11月30日前都可以", False),
    ],
)
def test_who_is_named_by_a_number_is_known_from_who_can_be_rung(text: str, names: bool) -> None:
    assert names_a_person(text) is names

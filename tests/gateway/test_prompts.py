"""<Say>, <Play> and <Pause> on a leg.

| verb  | attribute       | default | proven by                                            |
|-------|-----------------|---------|------------------------------------------------------|
| Say   | loop            | 1       | test_said_as_often_as_asked, ..._has_an_end          |
| Say   | prosody rate    | 100%    | test_slow_speech_takes_longer                        |
| Say   | language, voice |         | test_twiml_reader (the voice is the installation's)  |
| Play  | loop, digits    | 1, none | test_tones_of_keys, test_played_as_often_as_asked    |
| Pause | length          | 1       | test_a_pause_is_silence                              |
"""

from __future__ import annotations

import pytest

from integrations.errors import IntegrationError
from integrations.gateway.scripted import Act
from tests.gateway.scene import QuietSpeech, document, ring

WORDS = "您好，这里是热线"


def test_said_as_often_as_asked() -> None:
    scene = ring({"incoming": document(f'<Say loop="3">{WORDS}</Say>')})
    assert scene.leg.captions == [WORDS] * 3
    assert scene.seconds == pytest.approx(3 * len(WORDS) / 4.2, abs=0.01)


def test_endless_repetition_has_an_end() -> None:
    scene = ring({"incoming": document(f'<Say loop="0">{WORDS}</Say>', "<Say>再见</Say>")})
    assert scene.leg.captions.count(WORDS) == 100 and scene.leg.captions[-1] == "再见"


def test_slow_speech_takes_longer() -> None:
    scene = ring({"incoming": document(f'<Say><prosody rate="75%">{WORDS}</prosody></Say>')})
    assert scene.leg.heard[0].seconds == pytest.approx(len(WORDS) / 4.2 / 0.75, abs=0.01)


def test_played_as_often_as_asked() -> None:
    scene = ring({"incoming": document('<Play loop="2">/music.wav</Play>')})
    assert [heard.seconds for heard in scene.leg.heard] == pytest.approx([3.0, 3.0])


def test_tones_of_keys() -> None:
    scene = ring({"incoming": document('<Play digits="12w#"/>')})
    assert scene.leg.heard[0].seconds == pytest.approx(3 * 0.2 + 0.5)


def test_a_pause_is_silence() -> None:
    scene = ring({"incoming": document('<Pause length="9"/>', f"<Say>{WORDS}</Say>")})
    assert scene.leg.heard[0].began_at == pytest.approx(9)


def test_keys_do_not_stop_what_is_said_outside_gather() -> None:
    scene = ring({"incoming": document(f"<Say>{WORDS}</Say>")}, Act(after=WORDS, until_end=False, wait=0.3, keys="1"))
    assert scene.leg.heard[0].seconds == pytest.approx(len(WORDS) / 4.2, abs=0.01)


def test_the_end_of_the_document_is_a_hang_up() -> None:
    scene = ring({"incoming": document()})
    assert (scene.call.status, scene.leg.ended, scene.leg.is_answered) == ("completed", "completed", True)


def test_a_prompt_that_cannot_be_spoken_is_still_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: QuietSpeech, text: str, rate: float = 1.0, keep: bool = True) -> bytes:
        raise IntegrationError("no voice")

    monkeypatch.setattr(QuietSpeech, "say", fail)
    scene = ring({"incoming": document(f'<Say loop="0">{WORDS}</Say>', "<Hangup/>")})
    assert scene.leg.captions == [WORDS] and scene.call.status == "completed"


def test_what_only_one_caller_hears_is_never_kept() -> None:
    scene = ring({"incoming": document("<Say>余额一千二百元</Say>", "<Say>余额一千二百元</Say>")})
    assert scene.voice.kept == []

"""The small real model and its recordings, for tests of the real library; they stand beside the project, not in it."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import pytest

from integrations.settings import PROJECT_DIR

SPEECH = Path(os.environ.get("SPEECH_DIR") or PROJECT_DIR.parent / "shared" / "speech")
MODEL, RECORDINGS = SPEECH / "model-cn-tiny", SPEECH / "recordings"
is_there = (MODEL / "am" / "final.mdl").is_file() and (RECORDINGS / "manifest.json").is_file()
ABSENT = f"NOT TESTED with the real library: no speech model in {SPEECH} (set SPEECH_DIR to where model-cn-tiny is)"
needs_speech = pytest.mark.skipif(not is_there, reason=ABSENT)


@cache
def manifest() -> dict[str, str]:
    """What is said in each recording, words separated as they were written down."""
    rows = json.loads((RECORDINGS / "manifest.json").read_text(encoding="utf-8"))
    return {row["file"]: row["words"] for row in rows}


def recording(name: str) -> Path:
    """One of the manifest, for example human_0."""
    return RECORDINGS / f"{name}_8k.wav"


def recordings() -> list[Path]:
    return [RECORDINGS / name for name in manifest()]

"""Writes the transcript of new call scripts: `python -m tests.call_scripts.record FILE...`, then read it with care."""

import sys
from datetime import date
from pathlib import Path

from ivr.library import load_library
from tests.call_scripts.script import Script


def main(paths: list[str]) -> None:
    library = load_library(date(2026, 11, 21))
    for name in paths:
        path = Path(name)
        heard, _ = Script.read(path).play(library)
        head = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] not in ("<", ">", "=", "")]
        path.write_text("\n".join([*head, "", *heard]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

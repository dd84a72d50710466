"""The province's tree of subjects from its file: an installation's own, or the one that is shipped."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import structlog
import yaml

from integrations.plain_yaml import load_yaml
from queueing.routing import SKILLS
from voicemail.subjects import SubjectTree, parse_subjects

log = structlog.get_logger(__name__)
SHIPPED = Path(__file__).parent / "subjects.yaml"


def load_subjects(config_dir: Path | None, pieces: Iterable[str] | None = None) -> SubjectTree:
    """The tree in use. A file of one's own with problems is named in the log, and the shipped one is used.

    `pieces`: the guides and recordings that there are (`Content.pieces`); without them any may be named. Pieces that
    an installation has taken off its shelf are no problem of the shipped tree.
    """
    own = config_dir / SHIPPED.name if config_dir else None
    if own and own.exists():
        tree, problems = read_subjects(own, pieces)
        if not problems:
            return tree
        for problem in problems:
            log.error("subjects_refused", file=str(own), problem=problem)
    return _shipped()


@cache
def _shipped() -> SubjectTree:
    return read_subjects(SHIPPED, None)[0]


def read_subjects(path: Path, pieces: Iterable[str] | None) -> tuple[SubjectTree, list[str]]:
    """The tree of a file and its problems; without `pieces` those it names are taken as they are."""
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return SubjectTree(), [f"读不出来：{error}"]
    return parse_subjects(data, SKILLS, pieces)

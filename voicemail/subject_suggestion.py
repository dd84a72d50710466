"""The subject that a message's words suggest, by the tree in use and what callers say; for jobs, not for webhooks."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import structlog
import yaml

from integrations.plain_yaml import load_yaml
from voicemail.segmenter import Segmenter
from voicemail.subject_words import CallerWords, Suggestion, build_lexicon, parse_caller_words, suggest
from voicemail.subjects import SubjectTree
from voicemail.subjects_file import load_subjects

log = structlog.get_logger(__name__)
SHIPPED = Path(__file__).parent / "subject_words.yaml"


class SubjectSuggester:
    """Suggests for one tree. Slow to begin with (the segmenter's dictionary), then thousands of messages a second."""

    def __init__(self, tree: SubjectTree, said: CallerWords) -> None:
        self.tree = tree
        self._lexicon = build_lexicon(tree, said)
        self._segmenter = Segmenter(self._lexicon.points)

    def suggest(self, text: str) -> Suggestion | None:
        """The subject of a transcript, as the recogniser or somebody wrote it; None when it is not said clearly."""
        return suggest(self._segmenter.words(text), self._lexicon) if text.strip() else None


@lru_cache(maxsize=1)
def load_suggester(config_dir: Path | None) -> SubjectSuggester:
    """The suggester of this installation, one for each process: its files are read once."""
    tree = load_subjects(config_dir)
    return SubjectSuggester(tree, load_caller_words(config_dir, tree))


def load_caller_words(config_dir: Path | None, tree: SubjectTree) -> CallerWords:
    """What callers say. A file of one's own with problems is named in the log, and the shipped one is used.

    What the shipped words say of subjects that an installation does not have counts for nothing.
    """
    own = config_dir / SHIPPED.name if config_dir else None
    if own and own.exists():
        said, problems = read_caller_words(own, tree)
        if not problems:
            return said
        for problem in problems:
            log.error("subject_words_refused", file=str(own), problem=problem)
    return read_caller_words(SHIPPED, load_subjects(None))[0]


def read_caller_words(path: Path, tree: SubjectTree) -> tuple[CallerWords, list[str]]:
    """The words of a file written for this tree, and its problems."""
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return CallerWords(), [f"读不出来：{error}"]
    return parse_caller_words(data, [group.key for group in tree.groups], tree.by_key)

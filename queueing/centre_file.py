"""The centres as their file has them, for jobs that need a word of it and no menus."""

from __future__ import annotations

from pathlib import Path

import structlog
import yaml

from integrations.plain_yaml import load_yaml
from queueing.centre import Centre, parse_centres

SHIPPED_FILE = Path(__file__).parent / "centres.yaml"
log = structlog.get_logger(__name__)


def read_centres(config_dir: Path | None) -> dict[str, Centre]:
    """The centres by code, from the installation's own file where it has one; empty when it cannot be used."""
    own = config_dir / SHIPPED_FILE.name if config_dir else None
    path = own if own and own.exists() else SHIPPED_FILE
    try:
        centres, problems = parse_centres(load_yaml(path.read_text(encoding="utf-8")), path.name)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems = [type(error).__name__]
        centres = {}
    if problems:
        log.warning("centres_file_unusable", problems=len(problems), first=problems[0])
    return centres

"""A YAML file as plain values."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import yaml


def load_yaml(text: str) -> Any:
    """The values of a document, read by the library in C where it is there: every process reads these as it starts.

    What is wrong with a file is always said in the words of the one in Python. Raises yaml.YAMLError.
    """
    with suppress(yaml.YAMLError, AttributeError, RecursionError):
        return yaml.load(text, Loader=yaml.CSafeLoader)
    return yaml.safe_load(text)

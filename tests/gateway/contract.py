"""Replies and parameters checked against the carrier's published contract: a trimmed copy stands beside this file."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

CONTRACT = json.loads(Path(__file__).with_name("contract_calls.json").read_text(encoding="utf-8"))
SCHEMAS, OPERATIONS = CONTRACT["schemas"], CONTRACT["operations"]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def check(value: Any, name: str) -> None:
    """Everything the schema says holds, nothing it promises is missing, and nothing is there that it does not know."""
    _check(value, SCHEMAS[name], name)


def parameters(operation: str) -> set[str]:
    """Every parameter that the carrier knows for an operation, by the name of its request in the contract."""
    return set(OPERATIONS[operation]["parameters"])


def _check(value: Any, schema: dict[str, Any], where: str) -> None:
    if "$ref" in schema:
        _check(value, SCHEMAS[schema["$ref"].rpartition("/")[2]], where)
        return
    if value is None:
        assert schema.get("nullable"), f"{where} must not be null"
        return
    if "type" in schema:
        assert isinstance(value, _TYPES[schema["type"]]), f"{where} is no {schema['type']}: {value!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where} cannot be {value!r}"
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{where} does not look right: {value!r}"
    if schema.get("format") == "date-time-rfc-2822":
        assert parsedate_to_datetime(value).tzinfo is not None, where
    if "properties" in schema:
        assert set(value) == set(schema["properties"]), f"{where}: {set(value) ^ set(schema['properties'])}"
        for key, inner in schema["properties"].items():
            _check(value[key], inner, f"{where}.{key}")
    for number, item in enumerate(value if isinstance(value, list) else ()):
        _check(item, schema["items"], f"{where}[{number}]")

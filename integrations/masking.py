"""A safety net under the logs: what looks like personal data is masked, whatever put it there."""

import re
from typing import Any

# Carrier ids, UUIDs and other long hexadecimal ids hold runs of digits by chance.
_IDS = r"\b[A-Za-z]{2}[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32,64}\b"
_ISO_TIME = r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
_ID_NUMBER = r"(?<!\d)\d{17}[\dXx](?!\d)"
# Twelve digits or more, perhaps in groups: bank cards, social security cards, accounts.
_CARD = r"(?<!\d)\d(?:[ -]?\d){11,}"
_PHONE = r"(?<!\d)\+\d[\d -]{6,16}\d|(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)|(?<!\d)0\d{2,3}[ -]?\d{7,8}(?!\d)"
_PATTERN = re.compile(f"(?P<keep>{_IDS}|{_ISO_TIME})|(?P<id>{_ID_NUMBER})|(?P<phone>{_PHONE})|(?P<card>{_CARD})")


def mask_text(text: str) -> str:
    """Mask ID numbers and card-like numbers whole, telephone numbers but for their last 4 digits."""
    return _PATTERN.sub(_replace, text)


def names_a_person(text: str) -> bool:
    """Whether an ID number or a card-like number is in it; telephone numbers are none."""
    return any(match["id"] or match["card"] for match in _PATTERN.finditer(text))


def mask_value(value: Any) -> Any:
    """Mask every string inside a value of any shape; other values are left as they are."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {mask_value(key): mask_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    # Anything else reaches the log as its text.
    return mask_text(str(value))


def _replace(match: re.Match[str]) -> str:
    if match["keep"]:
        return match["keep"]
    if match["id"]:
        return "[id]"
    if match["phone"]:
        return "*" * 7 + re.sub(r"\D", "", match["phone"])[-4:]
    return "[number]"

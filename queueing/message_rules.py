"""A centre's rules of messages: in how many working days what is done, and how long voices are kept.

Pure. The values are the centre's to set in its file; `MESSAGE_LIMITS` says what makes sense for each number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class MessageRules:
    """One centre's rules.

    Working days, the day of receipt not counted: until a message is answered, a complaint or report is taken up or
    refused, and a case that was handed on is taken. `reopen_days`: natural days after the answer within which its
    caller may ask again. `keep_days`: natural days until a voice is deleted, counted from the end of its case.
    `failed_half_days`: half-days on which a call must have failed before the answer goes by text.
    """

    reply_workdays: int = 3
    accept_workdays: int = 5
    transfer_workdays: int = 1
    reopen_days: int = 7
    keep_days: int = 730
    failed_half_days: int = 3


DEFAULT_MESSAGE_RULES = MessageRules()
MESSAGE_FIELDS = tuple(field.name for field in fields(MessageRules))

# Lowest, highest, and what is counted.
MESSAGE_LIMITS: Mapping[str, tuple[int, int, str]] = {
    # A centre may promise less time than the national rules give, never more.
    "reply_workdays": (1, 3, "个工作日"),
    "accept_workdays": (1, 5, "个工作日"),
    "transfer_workdays": (1, 3, "个工作日"),
    "reopen_days": (1, 60, "天"),
    "keep_days": (30, 3650, "天"),
    "failed_half_days": (1, 10, "个半天"),
}


def validate_message_rules(rules: MessageRules) -> list[str]:
    """All that is wrong with a centre's rules, as Chinese sentences for the person who wrote them."""
    problems = []
    for name, (lowest, highest, unit) in MESSAGE_LIMITS.items():
        value = getattr(rules, name)
        if not lowest <= value <= highest:
            problems.append(f"{name}: {value}{unit}不行, 要在{lowest}到{highest}{unit}之间")
    if rules.transfer_workdays > rules.reply_workdays:
        problems.append(
            f"transfer_workdays({rules.transfer_workdays}) 比 reply_workdays({rules.reply_workdays}) 长: "
            "转给别人的还没接办, 答复就到期了"
        )
    return problems

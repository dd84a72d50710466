"""Which sentences are prompts: said in more than one call. Only those may be kept on disk as sound.

A sentence with somebody's name, number or balance is said in one call only, and must not stay behind.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha1

MOST_REMEMBERED = 5000


class Familiar:
    """Remembers a digest of each sentence and the call it was first said in; forgets the oldest."""

    def __init__(self) -> None:
        self._first_call: OrderedDict[bytes, str] = OrderedDict()

    def is_prompt(self, text: str, call_sid: str) -> bool:
        """Note that the text is said in this call; True when another call has heard it before."""
        key = sha1(text.encode()).digest()
        first = self._first_call.setdefault(key, call_sid)
        if len(self._first_call) > MOST_REMEMBERED:
            self._first_call.popitem(last=False)
        return first != call_sid

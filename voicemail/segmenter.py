"""Chinese text cut into words by jieba, with the words that matter to us known to it.

Its dictionary (350,000 words) takes half a second and 60 MB, so it is read when first needed, and only by jobs. It is
read from the package each time: jieba's own cache is a file that all users of a machine share, and is not trusted.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Iterable
from typing import Any

_HAN = re.compile(r"[㐀-鿿豈-﫿]+")
_BETWEEN_HAN = re.compile(r"(?<=[㐀-鿿])\s+(?=[㐀-鿿])")


class Segmenter:
    """Cuts text into words; `known` are never cut apart without need. Thread-safe."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = tuple(known)
        self._lock = threading.Lock()
        self._tokenizer: Any = None

    def words(self, text: str) -> list[str]:
        """The Chinese words of a text, in order. A recogniser's spaces are no word borders to be relied on."""
        joined = _BETWEEN_HAN.sub("", text)
        cut = self._loaded().cut
        # Without the guesses at unknown words: what is found is found by the dictionary and our own words.
        return [word for run in _HAN.findall(joined) for word in cut(run, HMM=False)]

    def _loaded(self) -> Any:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = _read_dictionary(self._known)
            return self._tokenizer


def _read_dictionary(known: Iterable[str]) -> Any:
    with warnings.catch_warnings():
        # Its last release is of 2020: newer Pythons complain of how it is written, not of what it does.
        warnings.simplefilter("ignore")
        import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word in known:
        tokenizer.add_word(word)
    return tokenizer

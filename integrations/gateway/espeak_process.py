"""The voice itself: a process of its own that turns pinyin into sound with espeak-ng.

espeak-ng is GPLv3, so it is loaded here and nowhere else; the wheel espeakng-loader carries its library and data.

    python -m integrations.gateway.espeak_process PARENT_PID

Standard input: speed in words a minute (2 bytes), length (4 bytes), pinyin in ASCII. Standard output, once at
the start and once for each request: 0 or 1 (1 byte), length (4 bytes), then with 0 the sound as 16-bit little-endian
samples (at the start: the sample rate, 4 bytes) and with 1 what went wrong, in English. Numbers are big-endian.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from array import array
from typing import BinaryIO

from integrations.processes import die_with_parent

VOICE = "cmn-latn-pinyin"
REQUEST = struct.Struct(">HI")
REPLY = struct.Struct(">BI")
OK, FAILED = 0, 1
LONGEST_REQUEST = 65_536

# From espeak-ng's speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 0x001
# What stands in [[ ]] is sounds instead of letters.
_PHONEMES = 0x100
_RATE_PARAMETER = 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Engine:
    """espeak-ng, loaded into this process."""

    def __init__(self) -> None:
        import espeakng_loader  # type: ignore[import-untyped]

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = os.fsencode(espeakng_loader.get_data_path())
        self.sample_rate = int(self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _DONT_EXIT))
        if self.sample_rate <= 0:
            raise OSError("espeak-ng does not start")
        if self._library.espeak_SetVoiceByName(VOICE.encode()):
            raise OSError(f"espeak-ng has no voice {VOICE}")
        self._sound = bytearray()
        # Kept on self: the library calls it for as long as the process lives.
        self._callback = _CALLBACK(self._collect)
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if samples and count > 0:
            self._sound += ctypes.string_at(samples, count * 2)
        return 0

    def speak(self, pinyin: bytes, words_per_minute: int) -> bytes:
        """16-bit little-endian samples at `sample_rate`."""
        self._sound.clear()
        self._library.espeak_SetParameter(_RATE_PARAMETER, words_per_minute, 0)
        text = ctypes.create_string_buffer(pinyin)
        if self._library.espeak_Synth(text, len(text), 0, 0, 0, _CHARS_UTF8 | _PHONEMES, None, None):
            raise OSError("espeak-ng refuses the text")
        if sys.byteorder == "big":
            swapped = array("h", bytes(self._sound))
            swapped.byteswap()
            return swapped.tobytes()
        return bytes(self._sound)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Speak until the other side closes."""
    try:
        engine = Engine()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        _answer(replies, FAILED, f"{type(error).__name__}: {error}".encode())
        return
    _answer(replies, OK, struct.pack(">I", engine.sample_rate))
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        words_per_minute, length = REQUEST.unpack(head)
        if length > LONGEST_REQUEST:
            return
        try:
            _answer(replies, OK, engine.speak(requests.read(length), words_per_minute))
        except OSError as error:
            _answer(replies, FAILED, str(error).encode())


def _answer(replies: BinaryIO, status: int, body: bytes) -> None:
    replies.write(REPLY.pack(status, len(body)) + body)
    replies.flush()


def main() -> None:
    die_with_parent(signal.SIGKILL, int(sys.argv[1]))
    # A Ctrl-C is for the gateway, which finishes its calls first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever the library prints must not end up between the samples.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, replies)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()

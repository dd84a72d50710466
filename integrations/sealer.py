"""Personal data at rest: sealed so that only we can read it, fingerprinted so that we can find it."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations.errors import HotlineError

NONCE_BYTES = 12
# The first byte names the method, so that another can follow one day.
VERSION = b"\x01"


class SealError(HotlineError):
    """Sealed bytes were damaged, moved to another context, or sealed with another key."""

    default_sentence = "无法读取加密保存的资料。"


class Sealer:
    """AES-256-GCM for what must be read again, HMAC-SHA256 for what must be looked up."""

    def __init__(self, data_key: bytes, hash_key: bytes) -> None:
        if len(data_key) != 32 or len(hash_key) != 32:
            raise ValueError("both keys must be 32 bytes long")
        self._cipher = AESGCM(data_key)
        self._hash_key = hash_key

    def seal(self, text: str, context: str) -> bytes:
        """Seal a text for one place, such as "call.caller_number"; it opens only with that context.

        The result is 29 bytes longer than the text and different every time.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), context.encode())

    def open(self, sealed: bytes, context: str) -> str:
        """The text that was sealed. Raises SealError."""
        version, nonce, body = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if version != VERSION or len(nonce) != NONCE_BYTES:
            raise SealError(f"not sealed bytes, context {context}")
        try:
            return self._cipher.decrypt(nonce, bytes(body), context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(f"cannot open sealed bytes, context {context}") from error

    def fingerprint(self, text: str) -> bytes:
        """32 bytes that are the same for the same text and tell nothing about it without the key."""
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).digest()

"""The national ciphers: SM3 digests (GB/T 32905) and SM4 (GB/T 32907), as OpenSSL has them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SM4_BLOCK_BITS = 128
SM4_KEY_BYTES = 16


def sm3_hex(text: str) -> str:
    """SM3 of the text's UTF-8, as 64 lower-case hexadecimal digits."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode())
    return digest.finalize().hex()


def sha256_hex(text: str) -> str:
    """SHA-256 of the text's UTF-8, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sm4_key(written: str) -> bytes:
    """The 16 bytes of a key, which is handed over as 16 ASCII characters or as 32 hexadecimal digits.

    Raises ValueError, without the key in it.
    """
    if re.fullmatch(r"[0-9A-Fa-f]{32}", written):
        return bytes.fromhex(written)
    if len(written) == SM4_KEY_BYTES and written.isascii():
        return written.encode()
    raise ValueError("an SM4 key has 16 characters or 32 hexadecimal digits")


def sm4_open(sealed: str, key: bytes) -> str:
    """The text in Base64 of SM4-ECB with PKCS#7 padding, the mode of the national platform.

    Raises ValueError for everything that is not that: another key, half of it, no UTF-8.
    """
    try:
        body = base64.b64decode("".join(sealed.split()), validate=True)
        decryptor = Cipher(algorithms.SM4(key), modes.ECB()).decryptor()
        padded = decryptor.update(body) + decryptor.finalize()
        unpadder = padding.PKCS7(SM4_BLOCK_BITS).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError):
        # What the library says could hold a piece of the text.
        raise ValueError("not sealed with this key") from None

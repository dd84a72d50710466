"""The national ciphers, from OpenSSL by way of cryptography: SM3 digests, and SM4 in the ECB mode these systems use."""

import base64
import hashlib

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SM4_BLOCK_BITS = 128


def sm3_hex(text: str) -> str:
    """SM3 (GB/T 32905) of the text's UTF-8, as 64 lower-case hexadecimal digits."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode("utf-8", "replace"))
    return digest.finalize().hex()


def sha256_hex(text: str) -> str:
    """SHA-256 of the text's UTF-8, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def sm4_seal(text: str, key: str) -> str:
    """Base64 of SM4-ECB (GB/T 32907) with PKCS#7 padding; the key is 16 ASCII characters."""
    padder = padding.PKCS7(SM4_BLOCK_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.SM4(key.encode("ascii")), modes.ECB()).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")

"""What the start has proven of the menu files, so that the processes it starts need not prove it again."""

from __future__ import annotations

import hashlib
from datetime import date

from integrations.settings import PROJECT_DIR

# Whatever a proof runs through.
ROOMS = ("ivr", "queueing", "integrations")


def proof_of(fingerprint: str, today: date) -> str:
    """Names what was proven: these files, on this day, by this code.

    Content expires, and the code may be replaced while the hotline runs: what starts after either proves anew.
    """
    return hashlib.sha256(f"{fingerprint} {today} {_code()}".encode()).hexdigest()


class _Held:
    """The proof that this process was started with."""

    proof = ""


def hold_proof(proof: str) -> None:
    """Say what was proven for this process before it started; empty for nothing."""
    _Held.proof = proof


def is_proven(fingerprint: str, today: date) -> bool:
    """True when exactly this was proven for this process before it started."""
    return bool(_Held.proof) and _Held.proof == proof_of(fingerprint, today)


def _code() -> str:
    """Changes when any source file does: names, sizes and times of change."""
    paths = sorted(path for room in ROOMS for path in (PROJECT_DIR / room).rglob("*.py"))
    seen = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
    return hashlib.sha256(repr(seen).encode()).hexdigest()

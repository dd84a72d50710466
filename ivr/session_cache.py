"""Sessions that this process saved last: a guess that spares reading, never a source of truth.

A step may start from a remembered session because saving it succeeds only if the database is still at that turn; if
another process has moved the call on, the save fails and the session is read. Nothing that was keyed in is kept here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from ivr.session import Session

MOST_SESSIONS = 10_000


class SessionCache:
    """The newest sessions by call, least recently used out first. Thread-safe."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def at_turn(self, call_sid: str, turn: int) -> Session | None:
        """The remembered session if it rests at this turn."""
        with self._lock:
            session = self._sessions.get(call_sid)
        return session if session is not None and session.turn == turn else None

    def remember(self, call_sid: str, session: Session) -> None:
        """Keep what was just saved; a session that holds keyed digits is not kept outside the database."""
        with self._lock:
            self._sessions.pop(call_sid, None)
            if session.private or session.ended:
                return
            self._sessions[call_sid] = session
            if len(self._sessions) > self._most:
                self._sessions.popitem(last=False)

    def forget(self, call_sid: str) -> None:
        with self._lock:
            self._sessions.pop(call_sid, None)

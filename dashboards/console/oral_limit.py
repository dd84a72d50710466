"""How many ID numbers one user may type within an hour. The rows of the trail decide, whatever process asks."""

from __future__ import annotations

from datetime import timedelta

from dashboards.console.errors import Refused
from dashboards.console.look_up_words import MOST_ORAL, too_many_words
from integrations.services import Services

WITHIN = timedelta(hours=1)
# The oldest of as many as are allowed: from an hour after it on there is room again.
_OLDEST = """
SELECT at FROM look_up_audit WHERE who = %s AND at > %s AND why LIKE 'console\\_%%:oral'
ORDER BY at DESC OFFSET %s LIMIT 1
"""


def refuse_too_many(services: Services, username: str) -> None:
    """Raises Refused (429) for who has typed too many."""
    since = services.now() - WITHIN
    with services.database.pool.connection() as connection:
        row = connection.execute(_OLDEST, (username, since, MOST_ORAL - 1)).fetchone()
    if row is not None:
        raise Refused(429, too_many_words(row[0] + WITHIN), "oral look-ups")

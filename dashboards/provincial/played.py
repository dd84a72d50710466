"""Cities that a demo plays: what they push is made up too, though it comes in by the same door as everybody's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

# Who makes the keys of a demo.
PLAYER = "(demo)"
_PLAYED = "SELECT DISTINCT centre FROM city_key WHERE made_by = %s AND centre = ANY(%s)"


def played_cities(connection: Connection[Any], centres: Iterable[str]) -> set[str]:
    """Those of the centres whose system is a demo's: their figures are labelled as made up."""
    return {row[0] for row in connection.execute(_PLAYED, (PLAYER, list(centres)))}

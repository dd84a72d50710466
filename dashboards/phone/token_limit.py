"""How many tokens one person, or one address, may ask for in a minute."""

from __future__ import annotations

from datetime import datetime

import structlog
from redis import Redis, RedisError

log = structlog.get_logger(__name__)
# A phone that lost its network asks about ten times in its half minute of trying.
MOST_IN_A_MINUTE = 30


def is_over_limit(live_store: Redis, who: str, now: datetime) -> bool:
    """Count one more request; True when it is one too many. Without Redis nobody is refused."""
    key = f"phone:tokens:{who}:{int(now.timestamp()) // 60}"
    try:
        with live_store.pipeline() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, 120)
            count = int(pipeline.execute()[0])
    except RedisError as error:
        log.warning("phone_token_uncounted", error=type(error).__name__)
        return False
    return count > MOST_IN_A_MINUTE

"""Who may push: a key in use, a signature that is right and new, and not too often."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection
from redis import Redis, RedisError
from werkzeug.datastructures import Headers

from dashboards.provincial.cities.errors import NotSigned, TooOften
from dashboards.provincial.cities.keys import CityKeyInUse, CityKeys
from dashboards.provincial.cities.signature import HEADERS, KEY_HEADER, is_in_time, is_signed, read_secret
from integrations.services import Services

log = structlog.get_logger(__name__)
MOST_IN_A_MINUTE = 120
NOT_KNOWN = "签名不对，或密钥已停用。请核对 X-City-Key、密钥和签名的内容（原样的字节，压缩的按压缩后）。"
NOT_NOW = "签名的时间和我们的时钟相差超过5分钟，请校准时钟后重新签名。"


class CityGuard:
    """Admits what cities send."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._keys = CityKeys(services)

    def admit(self, sent: Headers, body: bytes) -> CityKeyInUse:
        """The key that signed it. Raises NotSigned, TooOften."""
        headers = {name: sent.get(name, "") for name in HEADERS}
        key_id = headers[KEY_HEADER]
        key = self._keys.find(key_id)
        if key is None or not is_signed(read_secret(key.secret), headers, body):
            raise NotSigned("unknown key or wrong signature", NOT_KNOWN)
        now = self._services.now()
        if not is_in_time(headers, now):
            raise NotSigned(f"{key.id}: signed at another time", NOT_NOW)
        if is_over_limit(self._services.live_store, key.id, now):
            raise TooOften(60 - int(now.timestamp()) % 60)
        self._keys.note_use(key.id)
        return key

    def require_still(self, connection: Connection[Any], key: CityKeyInUse) -> None:
        """In the transaction that takes what it signed: it was not revoked meanwhile. Raises NotSigned."""
        if not self._keys.is_in_use(connection, key.id):
            raise NotSigned(f"{key.id}: revoked meanwhile", NOT_KNOWN)


def is_over_limit(live_store: Redis, key_id: str, now: datetime) -> bool:
    """Count one more; True when it is one too many for this minute. Without Redis nobody is refused."""
    counter = f"city:pushes:{key_id}:{int(now.timestamp()) // 60}"
    try:
        with live_store.pipeline() as pipeline:
            pipeline.incr(counter)
            pipeline.expire(counter, 120)
            count = int(pipeline.execute()[0])
    except RedisError as error:
        log.warning("city_push_uncounted", error=type(error).__name__)
        return False
    return count > MOST_IN_A_MINUTE

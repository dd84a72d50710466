"""What the province decides about a city: that it has its own system, how long that may be silent, and its keys."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from psycopg import Connection

from dashboards.audit import enter_audit
from dashboards.console.api import json_body, json_roles, text_of
from dashboards.console.errors import Refused
from dashboards.models import ADMINISTRATOR, PROVINCIAL
from dashboards.provincial.cities.keys import CityKeys, is_key_id
from dashboards.provincial.cities.signature import ID_HEADER, KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from dashboards.provincial.cities.words import limit_words
from dashboards.provincial.scope import centres_of, require_one
from dashboards.sign_in import signed_in
from ivr.service import Line

# A key lets whoever has it speak for a city.
DECIDES = (PROVINCIAL, ADMINISTRATOR)
# Where the city's program goes, and where it is described.
PUSH_PATH, DESCRIPTION_PATH = "/city/v1/batches", "/city/v1/openapi.json"
# A shorter silence is nothing unusual, a longer one always is.
LEAST_MINUTES, MOST_MINUTES = 5, 7 * 24 * 60
NO_LIMIT = f"时限请写{LEAST_MINUTES}到{MOST_MINUTES}之间的分钟数。"
NO_SUCH_KEY = "没有这把密钥，或者已经作废，请看页面上最新的情况。"
_API = "/province/api/cities"
# True for a centre that had none before.
_SET = """
INSERT INTO city_system (centre, since, stale_minutes) VALUES (%(centre)s, %(now)s, %(minutes)s)
ON CONFLICT (centre) DO UPDATE SET stale_minutes = excluded.stale_minutes RETURNING xmax = 0
"""
_CENTRE_OF_KEY = "SELECT centre FROM city_key WHERE id = %s AND revoked_at IS NULL"


class CityDesk:
    """The deeds behind the addresses. All raise Refused, and leave an entry in the trail."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._keys = CityKeys(line.services)

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        guard = json_roles(*DECIDES)
        bp.post(f"{_API}/systems", endpoint="system_set")(guard(self._set_system))
        bp.post(f"{_API}/keys", endpoint="key_made")(guard(self._make_key))
        bp.post(f"{_API}/keys/<key_id>/revoke", endpoint="key_revoked")(guard(self._revoke_key))

    def _set_system(self) -> Response:
        body, services, member = json_body(), self._line.services, signed_in()
        centre, minutes, now = self._own(text_of(body, "centre")), read_minutes(body.get("minutes")), services.now()
        with services.database.pool.connection() as connection, connection.transaction():
            is_new = _first(connection, _SET, {"centre": centre, "minutes": minutes, "now": now})
            about = f"city_system {'registered' if is_new else 'changed'}: stale after {minutes} min"
            enter_audit(connection, now, member.username, "city_system_set", centre, about)
        name = self._line.keeper.library().centre(centre).short_name
        said = f"{name}登记好了，可以做密钥、上传文件了。" if is_new else f"{name}的时限改成{limit_words(minutes)}了。"
        return jsonify(ok=True, said=said)

    def _make_key(self) -> Response:
        centre = self._own(text_of(json_body(), "centre"))
        key_id, secret = self._keys.make(centre, signed_in().username)
        return jsonify(ok=True, key=key_id, words=self._words(centre, key_id, secret), said="密钥做好了。")

    def _revoke_key(self, key_id: str) -> Response:
        library, member = self._line.keeper.library(), signed_in()
        if not is_key_id(key_id):
            raise Refused(404, NO_SUCH_KEY)
        with self._line.services.database.pool.connection() as connection:
            centre = _first(connection, _CENTRE_OF_KEY, (key_id,))
        if centre not in centres_of(member, library) or not self._keys.revoke(key_id, member.username):
            raise Refused(404, NO_SUCH_KEY)
        return jsonify(ok=True, said="作废了，用它签名的数据不再收。")

    def _own(self, centre: str) -> str:
        return require_one(signed_in(), self._line.keeper.library(), centre)

    def _words(self, centre: str, key_id: str, secret: str) -> str:
        """What the city's engineer needs, to be handed over as it is."""
        base = self._line.services.settings.public_base_url.rstrip("/")
        name = self._line.keeper.library().centre(centre).short_name
        headers = "、".join((KEY_HEADER, ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
        return "\n".join(
            (
                f"12333 数据推送：{name}（中心代码 {centre}）",
                f"推送地址：{base}{PUSH_PATH}",
                f"接口说明：{base}{DESCRIPTION_PATH}",
                f"密钥编号：{key_id}",
                f"密钥：{secret}",
                f"签名：Standard Webhooks（HMAC-SHA256），请求头 {headers}；时钟误差不能超过5分钟。",
                "现成的推送程序（密钥文件里一行：密钥编号、空格、密钥）：",
                f"python app.py push 来电.csv --url {base} --centre {centre} --key-file 密钥文件",
                "密钥只显示一次，请放在只有推送程序读得到的地方，不要发到群里。",
            )
        )


def read_minutes(written: object) -> int:
    """How long a city may be silent, in minutes. Raises Refused (422)."""
    if not isinstance(written, int) or isinstance(written, bool) or not LEAST_MINUTES <= written <= MOST_MINUTES:
        raise Refused(422, NO_LIMIT, "minutes")
    return written


def _first(connection: Connection[Any], sql: str, values: Any) -> Any:
    row = connection.execute(sql, values).fetchone()
    return row[0] if row else None

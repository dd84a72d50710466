"""`python app.py city ...`: which centres have a system of their own, and the keys that they push with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import ProgrammingError

from dashboards.audit import enter_audit
from dashboards.provincial.cities.keys import CityKeys
from dashboards.provincial.cities.pull import SEALED_FOR
from integrations.errors import HotlineError
from integrations.services import Services

# Who did it, in the trail.
OPERATOR = "(command line)"
NEVER = "从来没有"

_ADD = """
INSERT INTO city_system (centre, since, stale_minutes)
SELECT code, %(now)s, %(stale)s FROM centre WHERE code = %(centre)s
ON CONFLICT (centre) DO UPDATE SET stale_minutes = excluded.stale_minutes RETURNING centre
"""
_EXCHANGE = "UPDATE city_system SET exchange_sealed = %s, pull_problem = NULL WHERE centre = %s RETURNING centre"
_LIST = """
SELECT s.centre, c.short_name, s.stale_minutes, s.exchange_sealed IS NOT NULL, s.heard_at,
       (SELECT count(*) FROM city_key k WHERE k.centre = s.centre AND k.revoked_at IS NULL), s.pull_problem
FROM city_system s JOIN centre c ON c.code = s.centre ORDER BY s.centre
"""


def city_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of `city` and what each is told."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="有自己系统的中心、密钥数、最近收到数据的时间")
    add = _of_centre(actions.add_parser("add", help="登记一个有自己系统的中心，或改它的设置"))
    add.add_argument("--stale-minutes", type=int, default=30, help="多少分钟没有新数据就告警")
    add.add_argument("--exchange-file", type=Path, help="从交换表读取：文件里一行，是 postgresql:// 地址")
    add.add_argument("--no-exchange", action="store_true", help="不再从交换表读取")
    _of_centre(actions.add_parser("key", help="新建一把密钥，只显示这一次；输出可以直接存成密钥文件"))
    actions.add_parser("revoke", help="停用一把密钥").add_argument("key_id", help="密钥编号，例如 ck-0123456789abcdef")


def run_city_command(services: Services, arguments: argparse.Namespace) -> int:
    """Do it and say so; 2 and a sentence when it cannot be done."""
    actions = {"list": _list, "add": _add, "key": _key, "revoke": _revoke}
    try:
        return actions[arguments.action](services, arguments)
    except _Refused as refused:
        print(refused.sentence, file=sys.stderr)
        return 2


class _Refused(HotlineError):
    """The operator asked for what cannot be done."""


def _of_centre(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("centre", help="中心代码，例如 340700")
    return parser


def _add(services: Services, arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.stale_minutes <= 10_000:
        raise _Refused("", "--stale-minutes 应当在 1 到 10000 之间。")
    address = read_address(arguments.exchange_file) if arguments.exchange_file else None
    values = {"now": services.now(), "stale": arguments.stale_minutes, "centre": arguments.centre}
    with services.database.pool.connection() as connection, connection.transaction():
        if connection.execute(_ADD, values).fetchone() is None:
            raise _Refused("", f"没有代码是 {arguments.centre[:20]} 的中心。")
        enter_audit(connection, values["now"], OPERATOR, "city_system_set", arguments.centre, "city_system")
        if address or arguments.no_exchange:
            sealed = services.sealer.seal(address, SEALED_FOR) if address else None
            connection.execute(_EXCHANGE, (sealed, arguments.centre))
            about = "city_system exchange " + ("set" if sealed else "removed")
            enter_audit(connection, values["now"], OPERATOR, "city_exchange_set", arguments.centre, about)
    print(f"中心 {arguments.centre} 已登记：{arguments.stale_minutes} 分钟没有新数据就告警。")
    return 0


def read_address(path: Path) -> str:
    """The PostgreSQL address in a file, so that it stands in nobody's history of commands."""
    try:
        address = path.read_text(encoding="utf-8").strip()
        names = conninfo_to_dict(address)
    except (OSError, UnicodeDecodeError, ProgrammingError) as error:
        raise _Refused(type(error).__name__, "交换库的地址读不出来，文件里应当只有一行 postgresql:// 地址。") from error
    if not address.startswith(("postgresql://", "postgres://")) or not names.get("host"):
        raise _Refused("no host", "交换库的地址应当是 postgresql://用户:密码@主机/库名。")
    return address


def _key(services: Services, arguments: argparse.Namespace) -> int:
    key_id, secret = CityKeys(services).make(arguments.centre, OPERATOR)
    print("下面一行是密钥编号和密钥，只显示这一次，请存成只有报送程序能读的文件。", file=sys.stderr)
    print(f"{key_id} {secret}")
    return 0


def _revoke(services: Services, arguments: argparse.Namespace) -> int:
    if not CityKeys(services).revoke(arguments.key_id, OPERATOR):
        raise _Refused("", "没有这把在用的密钥。")
    print(f"密钥 {arguments.key_id} 已停用。")
    return 0


def _list(services: Services, arguments: argparse.Namespace) -> int:
    with services.database.pool.connection() as connection:
        rows = connection.execute(_LIST).fetchall()
    if not rows:
        print("还没有登记有自己系统的中心。")
    for centre, name, stale, is_pulled, heard_at, keys, problem in rows:
        heard = f"{heard_at:%Y-%m-%d %H:%M} UTC" if heard_at else NEVER
        way = "读交换表" if is_pulled else "推送"
        print(f"{centre} {name}  {way}  在用密钥 {keys}  最近收到 {heard}  {stale} 分钟告警  {problem or ''}".rstrip())
    return 0

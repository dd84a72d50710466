"""Short folders for Unix sockets: a socket's path ends at 107 characters, a clone's may not."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from integrations.errors import HotlineError

LONGEST_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


def socket_dir_for(data_dir: Path) -> Path:
    """The folder for the sockets of one data folder: its own, and the same at every start."""
    digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"hotline-{digest}"
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        # TMPDIR itself can be deep.
        folder = Path("/tmp") / folder.name
    return folder


def prepare_socket_dir(folder: Path, owner: tuple[int, int]) -> None:
    """Make the folder, closed to everybody but `owner` (uid, gid) and root.

    Anyone may create names in the shared temporary folder, so one that belongs to somebody else
    is refused: whoever owns it could put their own socket there. Raises HotlineError.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    status = folder.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid in (owner[0], os.geteuid())
    if not is_ours:
        raise HotlineError(
            f"{folder} is not ours",
            f"{folder} 属于其他用户，出于安全考虑没有使用。请管理员删除它，或设置 TMPDIR 换一个临时文件夹。",
        )
    if os.geteuid() == 0:
        os.chown(folder, *owner)
    folder.chmod(0o700)


def remove_socket_dir(folder: Path) -> None:
    """Remove the folder when it is empty; a socket left by a crash is cleared at the next start."""
    try:
        folder.rmdir()
    except OSError:
        pass

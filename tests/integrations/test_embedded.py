"""The embedded servers: data that lasts, any folder, neighbours, crashes."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from integrations.database_url import psycopg_url
from integrations.embedded import EmbeddedPostgres, EmbeddedValkey
from integrations.embedded_server import EmbeddedServer
from integrations.errors import HotlineError
from integrations.socket_dirs import prepare_socket_dir, socket_dir_for

StartServer = Callable[[EmbeddedServer], EmbeddedServer]


@pytest.fixture
def start() -> Iterator[StartServer]:
    """Starts servers and ends them after the test."""
    started: list[EmbeddedServer] = []

    def start_one(server: EmbeddedServer) -> EmbeddedServer:
        server.prepare()
        server.start()
        started.append(server)
        server.wait_ready()
        return server

    yield start_one
    for server in started:
        server.stop()


def ask(server: EmbeddedServer, query: str) -> object:
    with psycopg.connect(psycopg_url(server.url), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]


def test_the_database_keeps_its_data_over_a_restart(tmp_path: Path, start: StartServer) -> None:
    server = start(EmbeddedPostgres(tmp_path / "postgres", durable=False))
    ask(server, "CREATE TABLE note AS SELECT '你好' AS word")
    server.stop()
    start(server)
    assert ask(server, "SELECT word FROM note") == "你好"
    assert ask(server, "SHOW timezone") == "UTC"
    assert ask(server, "SHOW server_version").startswith("18")  # type: ignore[attr-defined]


def test_the_database_starts_after_a_crash(tmp_path: Path, start: StartServer) -> None:
    server = start(EmbeddedPostgres(tmp_path / "postgres"))
    ask(server, "CREATE TABLE note AS SELECT 1 AS number")
    server.process.kill()  # type: ignore[union-attr]
    server.process.wait()  # type: ignore[union-attr]
    assert (server.data_dir / "postmaster.pid").exists()
    start(server)
    assert ask(server, "SELECT number FROM note") == 1


def test_a_pid_file_with_a_number_in_use_again_does_not_block(tmp_path: Path, start: StartServer) -> None:
    server = start(EmbeddedPostgres(tmp_path / "postgres", durable=False))
    server.stop()
    # After a power cut any program of the same user may have the old number.
    bystander = subprocess.Popen(["sleep", "60"], **_as_owner(server))
    try:
        content = f"{bystander.pid}\n{server.data_dir}\n1700000000\n5432\n\n\n  0 0\n"
        (server.data_dir / "postmaster.pid").write_text(content)
        start(server)
        assert ask(server, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_folder_deeper_than_a_socket_path_works(tmp_path: Path, start: StartServer) -> None:
    deep = tmp_path / ("一个很深的文件夹" * 3) / ("d" * 100) / "var"
    server = start(EmbeddedPostgres(deep / "postgres", durable=False))
    assert ask(server, "SELECT 1") == 1
    valkey = start(EmbeddedValkey(deep / "valkey"))
    assert redis.Redis.from_url(valkey.url).ping()


def test_two_clones_side_by_side_do_not_meet(tmp_path: Path, start: StartServer) -> None:
    one = start(EmbeddedPostgres(tmp_path / "one", durable=False))
    two = start(EmbeddedPostgres(tmp_path / "two", durable=False))
    ask(one, "CREATE TABLE only_here (id int)")
    assert one.url != two.url
    assert ask(two, "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'") == 0


def test_a_second_server_takes_over_from_a_leftover(tmp_path: Path, start: StartServer) -> None:
    leftover = start(EmbeddedPostgres(tmp_path / "postgres", durable=False))
    server = start(EmbeddedPostgres(tmp_path / "postgres", durable=False))
    assert ask(server, "SELECT 1") == 1
    assert leftover.process.wait(5) is not None  # type: ignore[union-attr]


def test_an_interrupted_first_start_is_begun_again(tmp_path: Path, start: StartServer) -> None:
    half_made = tmp_path / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    assert ask(start(EmbeddedPostgres(tmp_path / "postgres", durable=False)), "SELECT 1") == 1


def test_data_of_another_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(HotlineError) as caught:
        EmbeddedPostgres(tmp_path).prepare()
    assert "16" in caught.value.sentence


def test_redis_keeps_its_data_over_a_restart_and_a_crash(tmp_path: Path, start: StartServer) -> None:
    server = start(EmbeddedValkey(tmp_path / "valkey"))
    redis.Redis.from_url(server.url).set("a", "1")
    server.stop()
    start(server)
    assert redis.Redis.from_url(server.url).get("a") == b"1"
    server.process.send_signal(signal.SIGKILL)  # type: ignore[union-attr]
    server.process.wait()  # type: ignore[union-attr]
    start(server)
    assert redis.Redis.from_url(server.url).get("a") == b"1"
    assert redis.Redis.from_url(server.url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    folder.symlink_to(tmp_path)
    with pytest.raises(HotlineError):
        prepare_socket_dir(folder, (os.geteuid(), os.getegid()))
    if os.geteuid() == 0:
        theirs = tmp_path / "theirs"
        theirs.mkdir()
        os.chown(theirs, 65534, 65534)
        with pytest.raises(HotlineError):
            prepare_socket_dir(theirs, (1, 1))


def test_a_deep_temporary_folder_is_not_used_for_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/" + "t" * 100)
    assert len(str(socket_dir_for(tmp_path))) < 60


def _as_owner(server: EmbeddedServer) -> dict[str, int]:
    return {"user": server.owner[0]} if os.geteuid() == 0 else {}

"""The same promises of every place for recordings: a folder, and a real S3 server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integrations.settings import PROJECT_DIR, Settings
from integrations.storage import NotStored, Storage, StorageAway, StorageRefused, build_storage
from integrations.storage_folder import DRAFTS, OLD_DRAFT_SECONDS
from tests.conftest import TEST_KEYS
from tests.integrations.s3_server import BUCKET, PAGE_OF_KEYS, S3Server, StallingLine, bucket_url, storage_at
from tests.running import free_port
from tests.waiting import eventually

KEY = "talks/2026/03/06/RE01.wav"
LARGE = 24 * 1024 * 1024
PUT_AND_SAY = """
import sys
from pathlib import Path
from tests.integrations.s3_server import storage_at
storage = storage_at(sys.argv[1])
print("putting", flush=True)
storage.put(sys.argv[2], Path(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3") / "log")
    yield server
    server.end()


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        root = tmp_path / "录音 1"
        root.mkdir()
        return root.as_uri()
    return bucket_url(request.getfixturevalue("s3").port, "" if request.param == "bucket" else "/anhui/2026")


@pytest.fixture
def storage(url: str) -> Iterator[Storage]:
    """An empty storage."""
    storage = storage_at(url)
    yield storage
    for key in storage.list(""):
        storage.delete(key)
    storage.close()


def test_what_is_put_is_there(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(b"RIFF and so on")
    storage.put(KEY, tmp_path / "talk.wav")
    storage.put("other.txt", b"")
    assert storage.get(KEY) == b"RIFF and so on"
    assert (storage.size(KEY), storage.size("other.txt")) == (14, 0)
    assert storage.exists(KEY) and storage.exists("other.txt")
    with storage.open(KEY) as file:
        file.seek(9)
        assert file.read() == b"so on"


def test_what_was_never_put_is_not_there(storage: Storage) -> None:
    assert storage.size(KEY) is None and not storage.exists(KEY)
    with pytest.raises(NotStored):
        storage.get(KEY)
    with pytest.raises(NotStored):
        storage.open(KEY)
    storage.delete(KEY)


def test_what_is_put_again_replaces(storage: Storage) -> None:
    storage.put(KEY, b"first, and longer")
    storage.put(KEY, b"second")
    assert storage.get(KEY) == b"second"
    assert storage.list("") == [KEY]


def test_what_is_deleted_is_gone(storage: Storage) -> None:
    storage.put(KEY, b"x")
    storage.delete(KEY)
    storage.delete(KEY)
    assert not storage.exists(KEY) and storage.list("") == []


def test_keys_are_listed_by_their_beginning(storage: Storage) -> None:
    keys = ["talks/2026/03/06/RE1.wav", "talks/2026/03/06/RE2.wav", "talks/2026/03/07/RE3.wav", "voice/RE4.wav"]
    for key in reversed(keys):
        storage.put(key, b"x")
    assert storage.list("") == keys
    assert storage.list("talks/") == keys[:3]
    assert storage.list("talks/2026/03/06/") == keys[:2]
    assert storage.list("talks/2026/03/06/RE2") == [keys[1]]
    assert storage.list("talks/2025/") == []


def test_a_long_list_is_complete(storage: Storage) -> None:
    keys = [f"talks/RE{number:04}.wav" for number in range(2 * PAGE_OF_KEYS + 1)]
    for key in keys:
        storage.put(key, b"x")
    assert storage.list("talks/") == keys


@pytest.mark.parametrize(
    "key", ["", "/x", "x/", "a//b", "../x", "a/../b", ".hidden", "a/.drafts/b", "录音.wav", "a b", "a\n", "x" * 201]
)
def test_a_key_is_a_plain_name(storage: Storage, key: str) -> None:
    for use in (storage.get, storage.open, storage.size, storage.exists, storage.delete):
        with pytest.raises(ValueError):
            use(key)
    with pytest.raises(ValueError):
        storage.put(key, b"x")


def test_a_file_that_is_not_there_is_the_caller_s_mistake(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.put(KEY, tmp_path / "nothing")
    assert storage.list("") == []


def test_many_threads_share_one_storage(storage: Storage) -> None:
    keys = [f"talks/RE{number}.wav" for number in range(24)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: storage.put(key, key.encode() * 1000), keys))
        kept = list(threads.map(storage.get, keys))
    assert kept == [key.encode() * 1000 for key in keys]


def test_of_two_who_put_the_same_one_wins_whole(tmp_path: Path) -> None:
    # Of a folder only: the S3 server of the tests answers 500 when two write one key at the same moment.
    storage = storage_at(tmp_path.as_uri())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: storage.put(KEY, bytes([number]) * 100_000), range(24)))
    kept = storage.get(KEY)
    assert len(kept) == 100_000 and len(set(kept)) == 1


def test_a_folder_shows_nothing_of_a_process_killed_in_the_middle(tmp_path: Path) -> None:
    root, pipe = tmp_path / "kept", tmp_path / "pipe"
    root.mkdir()
    os.mkfifo(pipe)
    storage = storage_at(root.as_uri())
    storage.put(KEY, b"what was there before")
    process = start_put(root.as_uri(), pipe)
    with open(pipe, "wb") as writer:
        writer.write(b"x" * 1_000_000)
        writer.flush()
        eventually(lambda: any(path.stat().st_size for path in (root / DRAFTS).iterdir()))
        kill(process)
    assert storage.get(KEY) == b"what was there before"
    assert storage.list("") == [KEY]
    storage.put(KEY, b"the next try")
    assert storage.get(KEY) == b"the next try"


def test_a_bucket_shows_nothing_of_a_process_killed_in_the_middle(s3: S3Server, tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(b"x" * LARGE)
    storage, line = storage_at(bucket_url(s3.port)), StallingLine(s3.port, 1_000_000)
    process = start_put(bucket_url(line.port), tmp_path / "talk.wav")
    assert line.has_stalled.wait(30)
    kill(process)
    line.end()
    assert storage.list("") == []
    storage.put(KEY, tmp_path / "talk.wav")
    assert storage.size(KEY) == LARGE
    storage.delete(KEY)


def start_put(url: str, source: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PUT_AND_SAY, url, KEY, str(source)], cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "putting\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_what_a_dead_process_left_is_swept_away_after_a_day(tmp_path: Path) -> None:
    storage = storage_at(tmp_path.as_uri())
    storage.put(KEY, b"x")
    old, new = tmp_path / DRAFTS / "old", tmp_path / DRAFTS / "new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    long_ago = time.time() - OLD_DRAFT_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    storage.put(KEY, b"y")
    assert [path.name for path in (tmp_path / DRAFTS).iterdir()] == ["new"]


def test_recordings_are_readable_by_us_alone(tmp_path: Path) -> None:
    env = {"VAR_DIR": str(tmp_path / "var")}
    storage = build_storage(Settings.from_env(env, load_demo_keys=lambda var_dir: TEST_KEYS))
    assert storage.list("") == [] and not storage.exists(KEY)
    storage.put(KEY, b"x")
    path = tmp_path / "var" / "recordings" / KEY
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in list(path.parents)[:5])


def away(storage: Storage) -> None:
    for use in (storage.get, storage.open, storage.size, storage.exists, storage.delete):
        with pytest.raises(StorageAway) as caught:
            use(KEY)
        assert not caught.value.permanent
    with pytest.raises(StorageAway):
        storage.put(KEY, b"x")
    with pytest.raises(StorageAway):
        storage.list("talks/")


def test_a_disk_that_is_not_mounted_is_away(tmp_path: Path) -> None:
    root = tmp_path / "mount"
    root.mkdir()
    storage = storage_at(root.as_uri())
    storage.put(KEY, b"x")
    root.rename(tmp_path / "elsewhere")
    away(storage)
    assert not root.exists()
    (tmp_path / "elsewhere").rename(root)
    assert storage.get(KEY) == b"x"


def test_a_folder_that_became_something_else_is_away(tmp_path: Path) -> None:
    root = tmp_path / "mount"
    root.mkdir()
    storage = storage_at(root.as_uri())
    root.rmdir()
    root.write_bytes(b"")
    away(storage)


def test_a_full_disk_is_away_and_leaves_nothing(tmp_path: Path) -> None:
    storage = storage_at(tmp_path.as_uri())
    (tmp_path / "talks").write_bytes(b"in the way")
    with pytest.raises(StorageAway):
        storage.put(KEY, b"x")
    assert list((tmp_path / DRAFTS).iterdir()) == []


def test_a_bucket_nobody_can_reach_is_away() -> None:
    away(storage_at(bucket_url(free_port())))


def test_a_bucket_that_is_not_there_is_for_an_operator(s3: S3Server) -> None:
    storage = storage_at(bucket_url(s3.port).replace(BUCKET, "no-such-bucket"))
    with pytest.raises(StorageRefused) as caught:
        storage.put(KEY, b"x")
    assert caught.value.permanent
    with pytest.raises(StorageRefused):
        storage.get(KEY)


def test_the_environment_does_not_move_the_storage(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    storage = storage_at(bucket_url(s3.port))
    storage.put(KEY, b"x")
    storage.delete(KEY)

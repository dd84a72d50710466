"""Keys of an installation that only this machine can reach, made once and kept beside its data."""

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from integrations.errors import SettingsError

FILE_NAME = "secrets.json"


@dataclass(frozen=True)
class DemoKeys:
    """Three keys of 32 bytes: cookies, encryption at rest, keyed hashes for look-up."""

    secret_key: bytes = field(repr=False)
    data_key: bytes = field(repr=False)
    hash_key: bytes = field(repr=False)


def load_or_make_demo_keys(var_dir: Path) -> DemoKeys:
    """Return the keys in `<var_dir>/secrets.json`, making the file (mode 0600) when absent.

    The keys must stay the same for the life of the data: what was sealed with lost keys cannot
    be opened. Raises SettingsError when the file cannot be read, written or understood.
    """
    path = var_dir / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise SettingsError([f"VAR_DIR：无法读写 {path} (cannot use this file: {error.strerror})"]) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            [f"VAR_DIR：{path} 已损坏，请从备份恢复，丢失的密钥无法重建 (damaged key file, restore it from a backup)"]
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ("secret_key", "data_key", "hash_key")
    content = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in names}
    draft = path.with_name(f".{FILE_NAME}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    try:
        # A link never replaces an existing file, so of two processes that start together both
        # end up with the keys of the first one.
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:
        # Some shared folders have no hard links; the one-instance lock covers these.
        os.replace(draft, path)


def _read(path: Path) -> DemoKeys:
    content = json.loads(path.read_text(encoding="utf-8"))
    keys = {name: base64.b64decode(content[name], validate=True) for name in ("secret_key", "data_key", "hash_key")}
    if any(len(key) != 32 for key in keys.values()):
        raise ValueError("a key is not 32 bytes long")
    return DemoKeys(**keys)

"""Recordings in a bucket of any S3-compatible service.

`botocore` is the engine of Amazon's own client: one request puts one object, which is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from integrations.storage_contract import NotStored, StorageAway, StorageRefused, checked_key
from integrations.storage_url import Bucket

CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 20, 2
# More than that in memory becomes a temporary file.
SPOOL_BYTES = 8 * 1024 * 1024
WORTH_ANOTHER_TRY = (408, 429)
# The settings say everything: neither the environment nor files of the user's home change where recordings go.
NOT_READ = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


class S3Storage:
    """A Storage in a bucket. A put cut off by a dying process leaves nothing behind."""

    def __init__(self, bucket: Bucket, key_id: str | None, secret: str | None) -> None:
        self._bucket = bucket
        self._keys = (key_id, secret)
        self._prefix = f"{bucket.prefix}/" if bucket.prefix else ""
        self._lock = threading.Lock()
        self._client: Any = None

    def put(self, key: str, source: Path | bytes) -> None:
        with _opened(source) as body, _service():
            self._s3.put_object(**self._at(key), Body=body, ContentMD5=_md5(body), ContentType="audio/x-wav")

    def get(self, key: str) -> bytes:
        with self.open(key) as file:
            return file.read()

    def open(self, key: str) -> BinaryIO:
        file = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115  (the caller closes it)
        try:
            with _service():
                body = self._s3.get_object(**self._at(key))["Body"]
                with body:
                    copyfileobj(body, file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file  # type: ignore[return-value]

    def size(self, key: str) -> int | None:
        try:
            with _service():
                return int(self._s3.head_object(**self._at(key))["ContentLength"])
        except NotStored:
            return None

    def exists(self, key: str) -> bool:
        return self.size(key) is not None

    def delete(self, key: str) -> None:
        with _service():
            self._s3.delete_object(**self._at(key))

    def list(self, prefix: str) -> list[str]:
        found: list[str] = []
        with _service():
            pages = self._s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket.name, Prefix=self._prefix + prefix):
                found += [item["Key"].removeprefix(self._prefix) for item in page.get("Contents", [])]
        return sorted(found)

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket.name, "Key": self._prefix + checked_key(key)}

    @property
    def _s3(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._build_client()
            return self._client

    def _build_client(self) -> Any:
        key_id, secret = self._keys
        return botocore.session.Session(session_vars=NOT_READ).create_client(
            "s3",
            region_name=self._bucket.region,
            endpoint_url=self._bucket.endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": TRIES, "mode": "standard"},
                s3={"addressing_style": "virtual" if self._bucket.is_virtual else "path"},
                # Compatible services do not all know Amazon's newer checksums; Content-MD5 they do.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                ignore_configured_endpoint_urls=True,
            ),
        )


@contextmanager
def _service() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response.get("Error", {}).get("Code", "")
        detail = f"bucket: HTTP {status}, {code}"
        if status == 404 and code in ("404", "NoSuchKey", "NotFound"):
            raise NotStored(detail) from None
        if status >= 500 or status in WORTH_ANOTHER_TRY:
            raise StorageAway(detail) from None
        raise StorageRefused(detail) from None
    except (BotoCoreError, OSError) as error:
        raise StorageAway(f"bucket: {type(error).__name__}") from error


def _opened(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else open(source, "rb")


def _md5(body: BinaryIO) -> str:
    """So that the service itself refuses what was damaged on the way."""
    digest = hashlib.file_digest(body, lambda: hashlib.md5(usedforsecurity=False))  # type: ignore[arg-type]
    body.seek(0)
    return b64encode(digest.digest()).decode()

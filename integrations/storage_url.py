"""Where recordings are kept, as STORAGE_URL says it: a folder, or a bucket of any S3-compatible service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

# What S3-compatible services take when they have no regions of their own.
ANY_REGION = "us-east-1"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_OPTIONS = {"endpoint", "region", "style"}


@dataclass(frozen=True)
class Folder:
    """A folder of this machine, or one that several machines share; `is_ours` when we may create it."""

    path: Path
    is_ours: bool


@dataclass(frozen=True)
class Bucket:
    """A bucket, `prefix` without slashes around it; `endpoint` is None at Amazon itself."""

    name: str
    prefix: str
    endpoint: str | None
    region: str
    # Most services want the bucket's name in the path; Alibaba Cloud's wants it in the host name.
    is_virtual: bool


class BadStorageUrl(ValueError):
    """What is wrong, for the operator: never the address itself, which may hold a password."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.chinese, self.english = chinese, english


def read_storage_url(url: str) -> Folder | Bucket:
    """`file:///path` or `s3://bucket/prefix?endpoint=https://...&region=...&style=path|virtual`.

    Raises BadStorageUrl.
    """
    try:
        parts = urlsplit(url)
        has_user = bool(parts.username or parts.password)
    except ValueError:
        raise BadStorageUrl("不是有效的地址", "not an address") from None
    if has_user:
        raise BadStorageUrl(
            "不能含用户名或密码，请用 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY", "must not hold credentials"
        )
    if parts.scheme == "file":
        return _folder(parts)
    if parts.scheme == "s3":
        return _bucket(parts)
    raise BadStorageUrl("应以 file:/// 或 s3:// 开头", "must begin with file:/// or s3://")


def _folder(parts: SplitResult) -> Folder:
    path = PurePosixPath(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or not path.is_absolute() or parts.query or parts.fragment:
        raise BadStorageUrl(
            "应为 file:///绝对路径，如 file:///data/recordings", "must be an absolute path without options"
        )
    return Folder(Path(path), is_ours=False)


def _bucket(parts: SplitResult) -> Bucket:
    prefix = parts.path.strip("/")
    is_plain = not prefix or (_PREFIX.fullmatch(prefix) and ".." not in prefix)
    if not _BUCKET.fullmatch(parts.netloc) or not is_plain or parts.fragment:
        raise BadStorageUrl(
            "应为 s3://桶名/前缀，由小写字母、数字和短横组成", "bucket and prefix must be plain ASCII names"
        )
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if unknown := sorted(set(options) - _OPTIONS):
        raise BadStorageUrl(f"只认得 endpoint、region 和 style，多了 {len(unknown)} 项", "unknown options")
    endpoint = options.get("endpoint")
    region = options.get("region") or (ANY_REGION if endpoint else "")
    if endpoint is not None and not _is_endpoint(endpoint):
        raise BadStorageUrl("endpoint 应为 http:// 或 https:// 开头的地址", "endpoint must be an http or https address")
    if not region.replace("-", "").isalnum() or not region.isascii():
        raise BadStorageUrl("没有 endpoint 时必须写明 region，如 region=cn-north-1", "region is needed")
    style = options.get("style", "path" if endpoint else "virtual")
    if style not in ("path", "virtual"):
        raise BadStorageUrl("style 应为 path 或 virtual", "style must be path or virtual")
    return Bucket(parts.netloc, prefix, endpoint and endpoint.rstrip("/"), region, style == "virtual")


def _is_endpoint(address: str) -> bool:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  (raises ValueError when it is not a number)
    except ValueError:
        return False
    extras = parts.query or parts.fragment or parts.username or parts.password or parts.path.strip("/")
    return address.isascii() and parts.scheme in ("http", "https") and bool(parts.hostname) and not extras

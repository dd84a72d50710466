"""What cities push to: signed batches in, receipts out. Every answer is JSON with a sentence in Chinese."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import orjson
import psycopg
import structlog
from flask import Blueprint, Response, g, jsonify, request
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from dashboards.guards import guarded_by, public
from dashboards.provincial.cities.errors import BadBatch, TooOften, Unread
from dashboards.provincial.cities.formats import FORMAT_VERSION, LARGEST_BATCH_BYTES
from dashboards.provincial.cities.guard import CityGuard
from dashboards.provincial.cities.keys import CityKeyInUse
from dashboards.provincial.cities.openapi import describe
from dashboards.provincial.cities.signature import ID_HEADER
from dashboards.provincial.cities.store import PUSH, REFUSED, Batch, CityStore, receipt_json
from integrations.errors import HotlineError
from integrations.services import Services

log = structlog.get_logger(__name__)
RETRY_SECONDS = 10
ENVELOPE = ("version", "batch_id", "centre", "kind", "partial", "rows")
ALL_REFUSED = "这一批没有收下：有不合格的行（见 receipt.problems）。改好后换一个批次名重报。"
SENTENCES = {
    400: "请求的内容不完整或格式不对。",
    404: "没有这个批次，可能还没有送到。",
    405: "这个地址不支持这种操作。",
    413: f"内容太大，一批最多 {LARGEST_BATCH_BYTES // 1024 // 1024} MB（压缩的按解开后算），请分成几批。",
    503: "现在连不上数据库，这一批没有收下，请稍后用同一个批次名重报。",
}
View = Callable[..., Any]


def city_blueprint(services: Services) -> Blueprint:
    """/city/v1/batches, /city/v1/batches/<batch_id>, /city/v1/openapi.json."""
    bp = Blueprint("city", __name__, url_prefix="/city/v1")
    store = CityStore(services)
    guard = CityGuard(services)
    signed = _signed_by_city(guard)

    @bp.post("/batches")
    @signed
    def take() -> tuple[Response, int]:
        """Take a batch of the city whose key signed it."""
        batch = read_batch(_unpacked(request.get_data(cache=True)))
        _require_own(batch.centre)
        if batch.batch_id != request.headers[ID_HEADER]:
            raise BadBatch("webhook-id is not batch_id", f"请求头 {ID_HEADER} 要和 batch_id 一样。")
        key = _key()
        receipt = store.take(batch, PUSH, key.id, lambda connection, _: guard.require_still(connection, key))
        if receipt.status == REFUSED:
            told = {"error_id": secrets.token_hex(4), "sentence": ALL_REFUSED, "receipt": receipt_json(receipt)}
            return jsonify(told), 422
        return jsonify(receipt_json(receipt)), 200

    @bp.get("/batches/<batch_id>")
    @signed
    def receipt(batch_id: str) -> tuple[Response, int]:
        """What became of an earlier batch."""
        if batch_id != request.headers[ID_HEADER]:
            raise BadBatch("webhook-id is not the batch", f"请求头 {ID_HEADER} 要和地址里的批次名一样。")
        found = store.receipt_of(_key().centre, batch_id)
        return _error(404) if found is None else (jsonify(receipt_json(found)), 200)

    @bp.get("/openapi.json")
    @public
    def openapi() -> Response:
        """The description of all this."""
        return jsonify(describe(store.subjects))

    _answer_errors(bp)
    return bp


def read_batch(body: bytes) -> Batch:
    """The batch of a body. Raises Unread for what is no JSON object, BadBatch for what is wrong around the rows."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unread("not JSON", "内容不是 JSON（UTF-8）。") from error
    if not isinstance(given, dict):
        raise Unread("not an object", "内容应当是一个 JSON 对象。")
    _require_envelope(given)
    rows = list(enumerate(given["rows"], start=1))
    return Batch(given["centre"], given["batch_id"], given["kind"], rows, given.get("partial", False))


def _require_envelope(given: Mapping[str, Any]) -> None:
    unknown = [name for name in given if name not in ENVELOPE]
    if unknown:
        raise BadBatch("unknown names", f"不认识这些：{'、'.join(name[:20] for name in unknown[:5])}。")
    if given.get("version") != FORMAT_VERSION or isinstance(given["version"], bool):
        raise BadBatch("unknown version", f"version 应当是 {FORMAT_VERSION}。")
    for name in ("batch_id", "centre", "kind"):
        if not isinstance(given.get(name), str):
            raise BadBatch(f"no {name}", f"缺少 {name}，应当是文字。")
    if not isinstance(given.get("partial", False), bool):
        raise BadBatch("partial is no boolean", "partial 应当是 true 或 false。")
    if not isinstance(given.get("rows"), list):
        raise BadBatch("no rows", "缺少 rows，应当是一个列表。")


def _unpacked(body: bytes) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Unread(f"encoding {encoding[:20]}", "内容只能不压缩，或用 gzip 压缩。")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(body, LARGEST_BATCH_BYTES + 1)
    except zlib.error as error:
        raise Unread("not gzip", "内容不是完整的 gzip。") from error
    if len(content) > LARGEST_BATCH_BYTES:
        raise Unread("unpacked too large", SENTENCES[413], status=413)
    if not unpacker.eof or unpacker.unused_data:
        raise Unread("gzip cut off", "内容不是完整的 gzip。")
    return content


def _signed_by_city(guard: CityGuard) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @guarded_by("city signature")
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            request.max_content_length = LARGEST_BATCH_BYTES
            g.city_key = guard.admit(request.headers, request.get_data(cache=True))
            return view(*args, **kwargs)

        return guarded

    return decorate


def _key() -> CityKeyInUse:
    key: CityKeyInUse = g.city_key
    return key


def _require_own(centre: str) -> None:
    if centre != _key().centre:
        raise BadBatch("another centre's batch", "这把密钥不能替别的中心报送。", status=403)


def _answer_errors(bp: Blueprint) -> None:
    bp.register_error_handler(HTTPException, lambda error: _error(error.code or 500))
    bp.register_error_handler(HotlineError, _known_error)
    bp.register_error_handler(Exception, _unknown_error)
    for gone in (psycopg.OperationalError, PoolTimeout):
        bp.register_error_handler(gone, _no_database)


def _error(status: int, sentence: str = "", error_id: str = "") -> tuple[Response, int]:
    told = sentence or SENTENCES.get(status, "请求没有完成，请稍后用同一个批次名重报。")
    return jsonify(error_id=error_id or secrets.token_hex(4), sentence=told), status


def _known_error(error: HotlineError) -> tuple[Response, int]:
    log.info("city_refused", error_id=error.error_id, status=error.http_status, reason=error.detail)
    response, status = _error(error.http_status, error.sentence, error.error_id)
    if isinstance(error, TooOften):
        response.headers["Retry-After"] = str(error.retry_seconds)
    return response, status


def _no_database(error: Exception) -> tuple[Response, int]:
    log.warning("city_without_database", error=type(error).__name__)
    response, status = _error(503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response, status


def _unknown_error(error: Exception) -> tuple[Response, int]:
    response, status = _error(500)
    log.error("city_failed", error_id=response.get_json()["error_id"], exc_info=error)
    return response, status

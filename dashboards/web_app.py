"""The bare web application: headers, request ids, and the one place where errors become sentences."""

import re
import secrets
import time
from html import escape

import structlog
from flask import Flask, Request, Response, g, jsonify, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboards.guards import public
from dashboards.health import observe_request
from integrations.errors import HotlineError
from integrations.settings import Settings

log = structlog.get_logger(__name__)

CARRIER_PATHS = ("/ivr/", "/queueing/", "/voicemail/")
LARGEST_REQUEST_BYTES = 2_000_000
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The browser phone needs the microphone; nothing needs the rest.
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=()",
}
SENTENCES = {
    400: "请求的内容不完整或格式不对。",
    401: "请先登录。",
    403: "您没有权限查看这个页面。",
    404: "没有这个页面。",
    405: "这个地址不支持这种操作。",
    413: "提交的内容太大。",
    429: "操作太频繁，请稍后再试。",
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}\Z")


class StaffSessions(SecureCookieSessionInterface):
    """Sessions for people in a browser. The carrier has none, and building one would cost every key press."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if request.path.startswith(CARRIER_PATHS) else super().open_session(app, request)


def build_flask(settings: Settings) -> Flask:
    """A Flask application without addresses of its own, but for its static files."""
    app = Flask("dashboards", static_folder="static", template_folder="templates")
    app.session_interface = StaffSessions()
    app.view_functions["static"] = public(app.view_functions["static"])
    is_https = settings.public_base_url.startswith("https:")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST_BYTES,
        METRICS_TOKEN=settings.metrics_token,
        TRUSTED_PROXY_HOPS=settings.trusted_proxy_hops,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if hops := settings.trusted_proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    _follow_requests(app, settings.trusted_proxy_hops > 0, is_https)
    app.register_error_handler(Exception, answer_error)
    return app


def _follow_requests(app: Flask, trusts_proxy: bool, is_https: bool) -> None:
    headers = dict(SECURITY_HEADERS)
    if is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000"

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        g.request_id = _request_id(trusts_proxy)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        response.headers["X-Request-ID"] = g.get("request_id", "")
        if not request.path.startswith(CARRIER_PATHS):
            # A carrier renders nothing; its answers stay small.
            response.headers.extend(headers)
            if connect_src := g.get("connect_src"):
                # Set by a view whose page talks to one more address than ours.
                response.headers["Content-Security-Policy"] += f"; connect-src 'self' {connect_src}"
            if request.endpoint != "static":
                response.headers.setdefault("Cache-Control", "no-store")
        observe_request(request.endpoint, response.status_code, seconds)
        log.debug("request", endpoint=request.endpoint, status=response.status_code, seconds=seconds)
        return response


def _request_id(trusts_proxy: bool) -> str:
    # Only a proxy of ours may choose the id: it ends in our log.
    given = request.headers.get("X-Request-ID", "") if trusts_proxy else ""
    return given if _REQUEST_ID.match(given) else secrets.token_hex(8)


def answer_error(error: Exception) -> tuple[Response, int] | Response:
    """Turn any error into a sentence and an id, as JSON or HTML, whichever was asked for.

    Webhooks of the carrier answer their own errors, in TwiML, in their blueprint.
    """
    if isinstance(error, HTTPException):
        if error.response is not None or (error.code or 500) < 400:
            return error.get_response()  # type: ignore[return-value]
        return _error_response(error.code or 500, SENTENCES.get(error.code or 500, "请求没有完成。"), None)
    known = error if isinstance(error, HotlineError) else HotlineError(type(error).__name__)
    is_expected = known is error
    log.log(
        30 if is_expected else 40,
        "request_failed",
        error_id=known.error_id,
        endpoint=request.endpoint,
        reason=known.detail,
        exc_info=None if is_expected else error,
    )
    return _error_response(known.http_status, known.sentence, known.error_id)


def _error_response(status: int, sentence: str, error_id: str | None) -> tuple[Response, int]:
    best = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
    if best == "application/json" or request.path.startswith("/api/"):
        return jsonify(error=sentence, error_id=error_id), status
    id_line = f"<p>编号：{escape(error_id)}</p>" if error_id else ""
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>12333</title>'
        f"<h1>{escape(sentence)}</h1>{id_line}</html>"
    )
    return Response(page, content_type="text/html; charset=utf-8"), status

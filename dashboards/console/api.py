"""What all JSON addresses of the console share: who asks, the token in a header, errors that are never a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import psycopg
import structlog
from flask import Blueprint, Response, abort, g, jsonify, request, url_for
from flask.blueprints import BlueprintSetupState
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from dashboards.console.errors import NO_SEAT, Refused
from dashboards.csrf import check_csrf
from dashboards.guards import guarded_by
from dashboards.sign_in import SERVICES, SESSION_LIFETIME, current_user, signed_in
from dashboards.staff import StaffMember
from integrations.errors import HotlineError
from integrations.services import Services

log = structlog.get_logger(__name__)
LONGEST_ID = 64
SENTENCES = {
    400: "页面放得太久了，请刷新后再试。通话不受影响。",
    401: "登录已过期，请重新登录。通话不受影响。",
    403: "这一项不归您的岗位或您的中心。",
    404: "没有这一项，可能刚刚变了，请看页面上最新的状态。",
    405: "这个地址不支持这种操作。",
    413: "提交的内容太大。",
    429: "操作太频繁，请等几秒再试。",
    503: "现在连不上数据库，刚才的操作没有保存。通话不受影响，请过一会儿再试。",
}


def api_blueprint(name: str, services: Services) -> Blueprint:
    """A blueprint of JSON addresses behind the login; each view still says with `json_roles` who may ask."""
    bp = Blueprint(name, __name__)

    @bp.record
    def prepare(state: BlueprintSetupState) -> None:
        state.app.extensions[SERVICES] = services
        state.app.permanent_session_lifetime = SESSION_LIFETIME

    bp.before_request(_refuse_strangers)
    bp.register_error_handler(HTTPException, _http_error)
    bp.register_error_handler(HotlineError, _known_error)
    for gone in (psycopg.OperationalError, PoolTimeout):
        bp.register_error_handler(gone, _no_database)
    return bp


def _refuse_strangers() -> None:
    # Before the token: with the session its token has gone as well, and that is not what is wrong.
    member = current_user()
    if member is None:
        abort(401)
    if member.must_change_password:
        raise Refused(403, "请先到“我的账号”换掉一次性密码。")
    check_csrf()


def json_roles(*roles: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Guard a view: 401 without a session, 403 for other roles, always as JSON."""

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @guarded_by("login")
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if signed_in().role not in roles:
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return guard


def seat_of(member: StaffMember) -> int:
    """The seat of somebody signed in. Raises Refused (409) for who has none."""
    if member.agent_id is None:
        raise Refused(409, NO_SEAT)
    return member.agent_id


def json_body() -> Mapping[str, Any]:
    """The object that was sent. Raises Refused (422) for anything else."""
    body = request.get_json(silent=True) if request.data else {}
    if not isinstance(body, dict):
        raise Refused(422, "请求的内容不完整或格式不对。")
    return body


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A short text of the body, such as an id; empty when it is missing. Raises Refused (422)."""
    value = body.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST_ID or "\x00" in value:
        raise Refused(422, "请求的内容不完整或格式不对。", name)
    return value


def _http_error(error: HTTPException) -> tuple[Response, int]:
    status = error.code or 500
    answer: dict[str, Any] = {"error": SENTENCES.get(status, "请求没有完成。"), "error_id": None}
    if status == 401:
        answer["login"] = url_for("auth.login")
    return jsonify(answer), status


def _known_error(error: HotlineError) -> tuple[Response, int]:
    log.info("console_refused", error_id=error.error_id, endpoint=request.endpoint, reason=error.detail)
    return jsonify(error=error.sentence, error_id=error.error_id), error.http_status


def _no_database(error: Exception) -> tuple[Response, int]:
    log.warning("console_without_database", error=type(error).__name__)
    g.staff_member = None
    return jsonify(error=SENTENCES[503], error_id=None), 503

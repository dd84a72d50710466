"""What every staff page has in common: the form token is checked, the header knows who is there, errors are pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
import structlog
from flask import Blueprint, g, render_template, request
from flask.blueprints import BlueprintSetupState
from psycopg_pool import PoolTimeout

from dashboards.csrf import check_csrf, csrf_token
from dashboards.models import ADMINISTRATOR, CONSULTANT, PROVINCIAL, ROLES, SUPERVISOR
from dashboards.sign_in import SERVICES, SESSION_LIFETIME, current_user
from integrations.services import Services
from integrations.work_calendar import in_shanghai

log = structlog.get_logger(__name__)
SETS_DUTY = (SUPERVISOR, PROVINCIAL, ADMINISTRATOR)
# Label, address, who may go there.
NAVIGATION = (
    ("工作台", "/console", (CONSULTANT,)),
    ("大屏", "/province", SETS_DUTY),
    ("统计", "/province/explore", SETS_DUTY),
    ("各市数据", "/province/cities", SETS_DUTY),
    ("告警", "/province/alarms", SETS_DUTY),
    ("现场", "/console/floor", SETS_DUTY),
    ("办件", "/cases", ROLES),
    ("回电", "/callbacks", ROLES),
    ("挂失", "/freezes", ROLES),
    ("督办", "/cases/board", (SUPERVISOR, PROVINCIAL)),
    ("菜单状态", "/status", ROLES),
    ("业务系统", "/systems", SETS_DUTY),
    ("值班设置", "/duty", SETS_DUTY),
    ("用户", "/users", (SUPERVISOR, ADMINISTRATOR)),
    ("电话", "/phone", ROLES),
)
# Pages without an entry of their own, and the one under which they are.
UNDER = {"/province/calls": "/province/explore", "/province/report": "/province/explore"}
REFUSALS = {
    400: (
        "这次提交没有生效",
        "登录已超时，或者页面放得太久了。请返回上一页，先复制填好的内容，刷新后再提交一次。",
    ),
    403: ("您没有权限看这一页", "这一页不归您的岗位或您的中心。如果工作需要，请联系管理员。"),
    404: ("没有这一页", "地址可能写错了，或者这一条已经不在了。"),
}


def staff_blueprint(name: str, services: Services) -> Blueprint:
    """A blueprint for pages behind the login. Each view still says with `roles_allowed` who may see it."""
    bp = Blueprint(name, __name__)

    @bp.record
    def prepare(state: BlueprintSetupState) -> None:
        state.app.extensions[SERVICES] = services
        state.app.permanent_session_lifetime = SESSION_LIFETIME

    bp.before_request(check_csrf)
    bp.context_processor(_common_words)
    bp.add_app_template_filter(shanghai_text, "shanghai")
    for code in REFUSALS:
        bp.register_error_handler(code, _refusal(code))
    bp.register_error_handler(psycopg.OperationalError, _no_database)
    bp.register_error_handler(PoolTimeout, _no_database)
    return bp


def _common_words() -> dict[str, Any]:
    user = current_user()
    links = [(label, path) for label, path, roles in NAVIGATION if user and user.role in roles]
    return {"user": user, "navigation": links, "here": entry_of(request.path), "csrf_token": csrf_token}


def entry_of(path: str) -> str:
    """The entry of the navigation to which a page belongs: the longest that its address begins with, or ""."""
    entries = {**{entry: entry for _, entry, _ in NAVIGATION}, **UNDER}
    found = max((begin for begin in entries if path == begin or path.startswith(f"{begin}/")), key=len, default="")
    return entries.get(found, "")


def _refusal(code: int) -> Any:
    title, sentence = REFUSALS[code]

    def answer(error: Exception) -> tuple[str, int]:
        return render_template("error.html", title=title, sentence=sentence), code

    return answer


def _no_database(error: Exception) -> tuple[str, int]:
    log.warning("staff_page_without_database", error=type(error).__name__)
    # The header would ask the database who is there.
    g.staff_member = None
    sentence = "页面暂时打不开，刚才提交的内容没有保存。请稍后刷新。"
    return render_template("error.html", title="现在连不上数据库", sentence=sentence), 503


def shanghai_text(at: datetime) -> str:
    """`8月3日 14:30`, on the Shanghai clock."""
    local = in_shanghai(at)
    return f"{local.month}月{local.day}日 {local:%H:%M}"

"""/province/report: the months for which a report can be made, and the reports themselves."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from dashboards.audit import enter_audit
from dashboards.console.errors import Refused
from dashboards.provincial.report.document import build_pdf
from dashboards.provincial.report.gathered import gather, month_of, months_back
from dashboards.provincial.scope import SEES_FIGURES, centres_of
from dashboards.sign_in import roles_allowed, signed_in
from dashboards.staff_area import staff_blueprint
from integrations.work_calendar import in_shanghai
from ivr.service import Line
from voicemail.subjects_file import load_subjects

MONTHS = 13
NO_MONTH = "月份请写成 2026-10 的样子，还没有到的月份没有月报。"


def report_blueprint(line: Line) -> Blueprint:
    """The page that lists the months, and a PDF for each."""
    bp = staff_blueprint("province_report", line.services)
    tree = load_subjects(line.services.settings.config_dir, line.keeper.library().content.pieces())

    @bp.get("/province/report")
    @roles_allowed(*SEES_FIGURES)
    def months() -> str:
        """Which month, and of which centre."""
        library = line.keeper.library()
        codes = centres_of(signed_in(), library)
        centres = [{"code": code, "name": library.centre(code).short_name} for code in codes]
        today = in_shanghai(line.services.now()).date()
        return render_template("report.html", months=months_back(today, MONTHS), centres=centres)

    @bp.get("/province/report/<month>.pdf")
    @roles_allowed(*SEES_FIGURES)
    def report(month: str) -> Response | tuple[str, int]:
        """The report of a month, of one centre (`?centre=`) or of all in scope."""
        services, library = line.services, line.keeper.library()
        now, asked = services.now(), request.args.get("centre", "")
        period, today = month_of(month), in_shanghai(now).date()
        if period is None or period.first > today:
            return _refused(404, NO_MONTH)
        try:
            codes = centres_of(signed_in(), library, (asked,) if asked else ())
        except Refused as refused:
            return _refused(refused.http_status, refused.sentence)
        names = {code: library.centre(code).short_name for code in codes}
        scope = "、".join(names.values()) if len(names) < 2 else f"全省 {len(names)} 个中心"
        with services.database.pool.connection() as connection:
            subject = f"report {month} {asked or 'all'}"
            enter_audit(connection, now, signed_in().username, "report_made", asked or None, subject)
        gathered = gather(services.database, period, scope, names, now, today)
        pdf = build_pdf(gathered, {key: one.name for key, one in tree.by_key.items()})
        answer = Response(pdf, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="12333-{month}-{asked or "all"}.pdf"'
        return answer

    return bp


def _refused(status: int, sentence: str) -> tuple[str, int]:
    return render_template("error.html", title="没有这份月报", sentence=sentence), status

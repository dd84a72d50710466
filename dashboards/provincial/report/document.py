"""The report as a PDF of A4 pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from dashboards.metrics import COUNT, FIGURES, GROUPS_ZH, RATE, Figure, value_of
from dashboards.provincial.measures import LEFT_WAITS, NO_SUBJECT, SERVED_WAITS, WAIT_BOUNDS
from dashboards.provincial.periods import period_words
from dashboards.provincial.report.gathered import Gathered, Sums
from dashboards.provincial.report.pictures import FONT, bars, days_chart, heat_map, small_bar, waits_chart
from integrations.work_calendar import in_shanghai

INK, SOFT, GRID, TINT = HexColor("#1e2a31"), HexColor("#55636c"), HexColor("#c9c4b5"), HexColor("#f6f4ee")
TITLE = ParagraphStyle("title", fontName=FONT, fontSize=20, leading=28, textColor=INK)
HEAD = ParagraphStyle(
    "head", fontName=FONT, fontSize=13, leading=18, spaceBefore=12, spaceAfter=5, textColor=INK, keepWithNext=1
)
TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9, leading=14, textColor=INK, wordWrap="CJK")
QUIET = ParagraphStyle("quiet", parent=TEXT, fontSize=8, leading=12, textColor=SOFT)
RIGHT = ParagraphStyle("right", parent=TEXT, alignment=TA_RIGHT)
# Asked of a month first of all.
HEADLINES = (
    "received",
    "connection_rate",
    "human_connection_rate",
    "service_level",
    "asa_seconds",
    "aht_seconds",
    "queue_abandonment",
    "satisfaction",
    "fcr",
    "on_time",
    "callback_reached",
)
MOST_SUBJECTS = 12
# Fewer than these say little.
SMALL_SAMPLE = 30


def build_pdf(gathered: Gathered, subjects: Mapping[str, str]) -> bytes:
    """The report's bytes; `subjects` are the names of the subjects' keys."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    title = f"安徽 12333 服务月报 {period_words(gathered.month)}"
    document = SimpleDocTemplate(
        out, pagesize=A4, title=title, author="12333 安徽", lang="zh-CN",
        leftMargin=17 * mm, rightMargin=17 * mm, topMargin=16 * mm, bottomMargin=17 * mm,
    )  # fmt: skip
    story = [*_opening(gathered), *_summary(gathered), *_days(gathered), *_centres(gathered)]
    story += [*_times(gathered), *_subjects(gathered, subjects), *_definitions()]
    foot = _foot(gathered, title)
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _foot(gathered: Gathered, title: str) -> Callable[[Any, Any], None]:
    label = "含演示数据，不能作为正式统计。" if gathered.is_demo else ""

    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.setFillColor(SOFT)
        canvas.drawString(17 * mm, 10 * mm, f"{title}（{gathered.scope}） {label}")
        canvas.drawRightString(A4[0] - 17 * mm, 10 * mm, f"第 {document.page} 页")

    return draw


def _opening(gathered: Gathered) -> list[Any]:
    made = in_shanghai(gathered.made_at)
    words = f"范围：{gathered.scope}。{made:%Y}年{made.month}月{made.day}日 {made:%H:%M} 生成，数字以生成时为准。"
    if gathered.is_unfinished:
        words += "这个月还没有结束，只到生成的时候；上月和去年同月也只比同样的这些天。"
    if gathered.is_demo:
        words += "含演示用的编造数据，不能作为正式统计。"
    return [
        Paragraph("安徽 12333 服务月报", TITLE),
        Paragraph(period_words(gathered.month), HEAD),
        Paragraph(words, QUIET),
    ]


def _summary(gathered: Gathered) -> list[Any]:
    head = ["指标", "本月", "分子／分母", "上月", "去年同月"]
    rows = [head]
    for key in HEADLINES:
        figure = FIGURES[key]
        rows.append(
            [
                figure.name_zh,
                shown(figure, gathered.totals),
                parts(figure, gathered.totals),
                _beside(figure, gathered.totals, gathered.before),
                _beside(figure, gathered.totals, gathered.year_ago),
            ]
        )
    return [Paragraph("一、主要指标", HEAD), _table(rows, (34, 26, 44, 36, 36))]


def _days(gathered: Gathered) -> list[Any]:
    month = gathered.month
    days = [month.first + timedelta(days=place) for place in range(month.days)]
    return [KeepTogether([Paragraph("二、每天的来电和结果", HEAD), days_chart(gathered.by_day, days)])]


def _centres(gathered: Gathered) -> list[Any]:
    if len(gathered.centres) < 2:
        return []
    figure = FIGURES["connection_rate"]
    found = [(code, value_of(figure, gathered.by_centre.get(code, {}))) for code in gathered.centres]
    found.sort(key=lambda one: -1.0 if one[1].value is None else one[1].value, reverse=True)
    rows = [
        (
            gathered.centres[code],
            value.value,
            "没有来电"
            if value.value is None
            else f"{value.value:.1%}（{value.numerator:,}／{value.denominator:,}）"
            + ("样本少" if (value.denominator or 0) < SMALL_SAMPLE else ""),
        )
        for code, value in found
    ]
    picture = KeepTogether([Paragraph("三、各中心综合接通率", HEAD), bars(rows, 1.0)])
    keys = (
        "received",
        "human_connection_rate",
        "service_level",
        "asa_seconds",
        "queue_abandonment",
        "satisfaction",
        "on_time",
    )
    table = [["中心", *(FIGURES[key].name_zh for key in keys)]]
    for code, name in gathered.centres.items():
        sums = gathered.by_centre.get(code, {})
        table.append([name, *(shown(FIGURES[key], sums) for key in keys)])
    return [picture, Spacer(1, 6), _table(table, (22, 22, 23, 22, 20, 23, 20, 24))]


def _times(gathered: Gathered) -> list[Any]:
    names = [wait_name(place) for place in range(len(SERVED_WAITS))]
    sums = gathered.totals
    buckets = [
        (name, sums.get(served, 0), sums.get(left, 0))
        for name, served, left in zip(names, SERVED_WAITS, LEFT_WAITS, strict=True)
    ]
    return [
        KeepTogether([Paragraph("四、什么时候打来", HEAD), heat_map(gathered.cells)]),
        KeepTogether([Paragraph("五、等了多久", HEAD), waits_chart(buckets)]),
    ]


def wait_name(bucket: int) -> str:
    """`5秒内`, `15秒内`, ... `10分钟以上`."""
    if bucket == len(WAIT_BOUNDS):
        return f"{WAIT_BOUNDS[-1] // 60}分钟以上"
    bound = WAIT_BOUNDS[bucket]
    return f"{bound}秒内" if bound < 60 else f"{bound // 60}分钟内"


def _subjects(gathered: Gathered, names: Mapping[str, str]) -> list[Any]:
    noted = [(key, sums) for key, sums in gathered.by_subject.items() if key != NO_SUBJECT and sums.get("answered")]
    noted.sort(key=lambda one: -one[1]["answered"])
    most = noted[0][1]["answered"] if noted else 0
    rows = [
        (names.get(key, key), float(sums["answered"]), f"{sums['answered']:,}") for key, sums in noted[:MOST_SUBJECTS]
    ]
    figures = [key for key, figure in FIGURES.items() if figure.group in ("cases", "callbacks")]
    table = [["指标", "本月", "分子／分母", "上月", "去年同月"]]
    table += [
        [
            FIGURES[key].name_zh,
            shown(FIGURES[key], gathered.totals),
            parts(FIGURES[key], gathered.totals),
            _beside(FIGURES[key], gathered.totals, gathered.before),
            _beside(FIGURES[key], gathered.totals, gathered.year_ago),
        ]
        for key in figures
    ]
    asked = [_narrow_bars(rows, most)] if rows else [Paragraph("这个月没有记下主题的通话。", TEXT)]
    return [
        KeepTogether([Paragraph("六、问得最多的事（人工接通的来电）", HEAD), *asked]),
        KeepTogether([Paragraph("七、办件和回电", HEAD), _table(table, (34, 26, 44, 36, 36))]),
    ]


def _narrow_bars(rows: Sequence[tuple[str, float | None, str]], most: float) -> Table:
    """Names of subjects are longer than a bar's margin: they stand in a column of their own."""
    cells = [
        [Paragraph(name, RIGHT), small_bar((value or 0) / most), Paragraph(words, TEXT)] for name, value, words in rows
    ]
    return Table(cells, colWidths=[46 * mm, 96 * mm, 30 * mm], rowHeights=14)


def _definitions() -> list[Any]:
    story: list[Any] = [Paragraph("附：指标怎么算", HEAD)]
    for group, title in GROUPS_ZH.items():
        figures = [figure for figure in FIGURES.values() if figure.group == group]
        lines = [
            f"<b>{figure.name_zh}</b>：{figure.definition_zh}"
            + (f" 分母：{figure.denominator_zh}。" if figure.denominator_zh else "")
            for figure in figures
        ]
        story += [Paragraph(title, TEXT), *(Paragraph(line, QUIET) for line in lines), Spacer(1, 4)]
    return story


def _table(rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Table:
    cells = [[Paragraph(words, TEXT if not place else RIGHT) for place, words in enumerate(row)] for row in rows]
    table = Table(cells, colWidths=[width * mm for width in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), TINT),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, GRID),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return table


def shown(figure: Figure, sums: Sums) -> str:
    """`91.2%`, `1,234`, `1分05秒`; a dash where there is no figure."""
    value = value_of(figure, sums).value
    if value is None:
        return "—"
    if figure.unit == RATE:
        return f"{value:.1%}"
    if figure.unit == COUNT:
        return f"{int(value):,}"
    seconds = round(value)
    return f"{seconds}秒" if seconds < 60 else f"{seconds // 60}分{seconds % 60:02d}秒"


def parts(figure: Figure, sums: Sums) -> str:
    """What was divided by what; "" of a count."""
    value = value_of(figure, sums)
    return "" if value.denominator is None else f"{value.numerator:,}／{value.denominator:,}"


def _beside(figure: Figure, sums: Sums, others: Sums) -> str:
    """Another month's value, and how far this one is from it."""
    here, there = value_of(figure, sums).value, value_of(figure, others).value
    if there is None or (figure.unit == COUNT and not others.get("received")):
        return "—"
    if here is None:
        return shown(figure, others)
    if figure.unit == RATE:
        return f"{shown(figure, others)}（{(here - there) * 100:+.1f}点）"
    if figure.unit == COUNT:
        return f"{shown(figure, others)}（{(here - there) / there:+.1%}）" if there else shown(figure, others)
    return f"{shown(figure, others)}（{here - there:+.0f}秒）"

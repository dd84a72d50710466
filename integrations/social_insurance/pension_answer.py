"""One pension insurance as the pension systems write it, on the bus and in the exchange tables alike.

Pure. Field names are those of the national standard for social insurance data (AAC031, AAE201, ...), in capitals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from integrations.social_insurance import fields
from integrations.social_insurance.contract import Answer, Found, NotFound, PensionFile
from integrations.social_insurance.fields import Unreadable
from integrations.social_insurance.system_shape import System

Row = Mapping[str, Any]
LIVE = ("paying", "drawing")


def draws_benefit(system: System, row: Row) -> bool:
    """Whether there may be a monthly benefit to ask for."""
    return _status(system, _scheme(system, row), row) in ("drawing", "suspended")


def read_files(system: System, rows: Iterable[Row], benefits: Iterable[Row], as_of: date) -> Answer:
    """The insurances, those that are in use first. Raises Unreadable."""
    by_insurance = {_key(row): row for row in benefits}
    files = [_file(system, row, by_insurance.get(_key(row), {})) for row in rows]
    if not files:
        return NotFound(system.name)
    files.sort(key=lambda file: file.status not in LIVE)
    return Found(tuple(files), as_of, files[0].place, system.name)


def _file(system: System, row: Row, benefit: Row) -> PensionFile:
    scheme = _scheme(system, row)
    account_as_of = fields.day(row.get("AIC268_DATE"), "AIC268_DATE")
    account_fen = fields.fen(row.get("AIC268"), "AIC268")
    way = system.table("benefit_way").get(fields.text(benefit.get("AAE145"), "AAE145") or "")
    return PensionFile(
        scheme=scheme,
        status=_status(system, scheme, row),
        place=fields.place(row.get("AAB301"), "AAB301"),
        months_paid=fields.months(row.get("AAE201"), "AAE201"),
        months_deemed=fields.months(row.get("AAE200"), "AAE200"),
        months_total=fields.months(row.get("EAC047"), "EAC047"),
        # An amount of which nobody knows the day is not a fact.
        account_fen=account_fen if account_as_of else None,
        account_as_of=account_as_of,
        benefit_month=fields.month(benefit.get("EAC064"), "EAC064"),
        benefit_fen=fields.fen(benefit.get("AAE019"), "AAE019"),
        benefit_way=way,
    )


def _scheme(system: System, row: Row) -> Any:
    scheme = fields.word(system.table("scheme"), fields.needed_text(row.get("AAE140"), "AAE140"), field="AAE140")
    if scheme == "unknown":
        # By which codes its status is to be read would be a guess.
        raise Unreadable("AAE140", "means nothing here")
    return scheme


def _status(system: System, scheme: str, row: Row) -> Any:
    """Residents by (AAC008, AAC031), of which the second alone would call many a pensioner terminated; others by
    (AAC031, AAC084), for the same reason. What the deployment has not written down is unknown."""
    if scheme == "resident":
        codes, table = ("AAC008", "AAC031"), "resident_status"
    else:
        codes, table = ("AAC031", "AAC084"), "status"
    return fields.word(system.table(table), *(row.get(code) for code in codes), field=codes[0])


def _key(row: Row) -> tuple[object, object]:
    return row.get("AAE140"), row.get("AAB301")

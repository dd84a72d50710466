"""What the tests of the province's pages share: facts of some hours, and the pages over them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Flask

from dashboards.provincial.explore.page import explore_blueprints
from dashboards.provincial.facts.spans import midnight, same_weekdays
from dashboards.provincial.measures import ALL_SUBJECTS, CELL, DAY, HOUR, MONTH, NO_SUBJECT, OWN, PHONE
from integrations.work_calendar import SHANGHAI, in_shanghai
from tests.dashboards.staff_app import StaffApp, Visitor

PROVINCE, HEFEI, WUHU = "340000", "340100", "340200"


def shanghai(text: str) -> datetime:
    """`2026-10-05 09:30` on the Shanghai clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


class Figures:
    """The pages over a test database, with facts of one's own."""

    def __init__(self, staff: StaffApp, app: Flask | None = None) -> None:
        self.staff = staff
        self.app = app or staff.app
        if app is None:
            for blueprint in explore_blueprints(staff.line):
                self.app.register_blueprint(blueprint)

    def visitor(self, username: str = "xinxi") -> Visitor:
        visitor = Visitor(self.app.test_client())
        assert visitor.log_in(username).status_code == 303
        return visitor

    def ask(self, visitor: Visitor, path: str = "explore", **args: str) -> dict[str, Any]:
        response = visitor.get(f"/province/api/{path}", query_string=args)
        assert response.status_code == 200, response.get_data(as_text=True)
        return dict(response.get_json())

    def fact(
        self,
        at: str,
        centre: str = HEFEI,
        subject: str = NO_SUBJECT,
        channel: str = PHONE,
        source: str = OWN,
        **sums: int,
    ) -> None:
        """What happened in an hour, in its row and in all those that sum it up."""
        hour = shanghai(at)
        local = in_shanghai(hour)
        cell = midnight(same_weekdays(local.date())[0]) + timedelta(hours=local.hour)
        day = datetime.combine(local.date(), time(), SHANGHAI)
        grains = {HOUR: hour, DAY: day, CELL: cell, MONTH: day.replace(day=1)}
        for grain, moment in grains.items():
            for one in (subject, ALL_SUBJECTS):
                self._add((grain, one, moment, centre, channel, source), sums)

    def _add(self, key: tuple[Any, ...], sums: dict[str, int]) -> None:
        names = ", ".join(sums)
        more = ", ".join(f"{name} = fact.{name} + excluded.{name}" for name in sums)
        marks = ", ".join(["%s"] * (len(key) + len(sums)))
        self.staff.write(
            f"INSERT INTO fact (grain, subject, at, centre, channel, source, {names}) VALUES ({marks}) "
            f"ON CONFLICT (grain, subject, at, centre, channel, source) DO UPDATE SET {more}",
            *key,
            *sums.values(),
        )

    def own_call(self, sid: str, at: str, centre: str = HEFEI, outcome: str | None = "answered", **more: Any) -> None:
        """A call of our own ledger, three minutes long when it has ended."""
        began = shanghai(at)
        row = {
            "call_sid": sid, "direction": "inbound", "caller_tail": "5678", "caller_kind": "mobile",
            "caller_region": "安徽省合肥市", "dialled": "12333", "first_centre": centre, "centre": centre,
            "started_at": began, "ended_at": began + timedelta(minutes=3) if outcome else None, "outcome": outcome,
            "carrier_status": "completed" if outcome else "in-progress", "status_rank": 9 if outcome else 3, **more,
        }  # fmt: skip
        self.enter("call", row)

    def city_call(self, call_id: str, at: str, centre: str = WUHU, version: int = 1, **more: Any) -> None:
        """A call that a city told of, with its batch."""
        batch = self.enter(
            "city_batch",
            {"centre": centre, "batch_id": f"{call_id}-{version}", "kind": "calls", "via": "push", "digest": b"x",
             "received_at": shanghai(at), "status": "accepted", "rows": 1, "accepted": 1, "unchanged": 0, "refused": 0,
             "sent_by": "key"},
            "id",
        )  # fmt: skip
        if not self.staff.rows("SELECT 1 FROM city_system WHERE centre = %s", centre):
            self.enter("city_system", {"centre": centre, "since": shanghai("2026-01-01")})
        row = {
            "centre": centre, "call_id": call_id, "version": version, "batch": batch, "is_current": True,
            "started_at": shanghai(at), "ended_at": shanghai(at) + timedelta(minutes=2), "channel": "web",
            "outcome": "answered", **more,
        }  # fmt: skip
        self.enter("city_call", row)

    def enter(self, table: str, row: dict[str, Any], key: str = "") -> Any:
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(["%s"] * len(row))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        if not key:
            return self.staff.write(sql, *row.values())
        return self.staff.rows(f"{sql} RETURNING {key}", *row.values())[0][0]

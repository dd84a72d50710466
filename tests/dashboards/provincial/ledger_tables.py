"""Rows of the ledger written as tables of text, and facts read back as one.

Columns stand apart by two spaces or more; `-` is nothing. A moment is `11-20 23:58:10` of 2026 on the Shanghai clock,
and on 20 November where only the time is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dashboards.provincial.facts import build as facts
from dashboards.provincial.measures import MEASURES
from integrations.database import Database
from integrations.work_calendar import SHANGHAI, in_shanghai

CENTRES = {"省本级": "340000", "合肥": "340100", "芜湖": "340200", "阜阳": "341200"}
NAMES = {code: name for name, code in CENTRES.items()}
Row = dict[str, str | None]


def moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    text = text if " " in text else f"11-20 {text}"
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI).astimezone(UTC)


def rows_of(table: str) -> Iterator[Row]:
    """Each line under the names of the first."""
    lines = [re.split(r" {2,}", line.strip()) for line in table.strip().splitlines()]
    for line in lines[1:]:
        yield {name: None if cell == "-" else cell for name, cell in zip(lines[0], line, strict=True)}


class Ledger:
    """A ledger of a test. `now` is when facts are made; calls end at `ended` with `outcome`, or go on."""

    def __init__(self, database: Database, now: str = "12-31 12:00:00") -> None:
        self.database = database
        self.now = now
        self.agents: dict[str, int] = {}
        for name, code in CENTRES.items():
            self.write("INSERT INTO centre (code, name, short_name) VALUES (%s, %s, %s)", code, name, name)

    # what happened

    def calls(self, table: str) -> None:
        """call  caller  centre  began  ended  outcome  (direction)"""
        for row in rows_of(table):
            self.insert(
                "call",
                call_sid=row["call"],
                direction=row.get("direction") or "inbound",
                caller_hash=_hash(row["caller"]),
                caller_kind="mobile",
                dialled="12333",
                first_centre=CENTRES[str(row["centre"])],
                centre=CENTRES[str(row["centre"])],
                started_at=moment(row["began"]),
                ended_at=moment(row["ended"]),
                carrier_status="completed" if row["ended"] else "in-progress",
                status_rank=9 if row["ended"] else 2,
                outcome=row["outcome"],
            )

    def line(self, table: str) -> None:
        """entry  call  centre  arrived  answered  ended  why  (joined)  (kind)  (callback)"""
        for row in rows_of(table):
            self.insert(
                "queue_entry",
                id=row["entry"],
                kind=row.get("kind") or "call",
                call_sid=row["call"],
                callback_id=row.get("callback"),
                centre=CENTRES[str(row["centre"])],
                arrived_at=moment(row["arrived"]),
                joined_at=moment(row.get("joined") or row["arrived"]),
                rank_at=moment(row["arrived"]),
                answered_at=moment(row["answered"]),
                status="ended" if row["ended"] else "waiting",
                ended_at=moment(row["ended"]),
                end_reason=row["why"],
            )

    def talks(self, table: str) -> None:
        """talk  entry  call  agent  centre  began  ended  status  by  (held)  (subject)  (score)  (wrap_up)"""
        for row in rows_of(table):
            agent, centre = self.agent(str(row["agent"]), str(row["centre"])), CENTRES[str(row["centre"])]
            began, ended = moment(row["began"]), moment(row["ended"])
            assert began is not None
            self.insert(
                "offer",
                id=row["talk"],
                entry_id=row["entry"],
                agent_id=agent,
                call_sid=row["call"],
                centre=centre,
                status=row["status"],
                made_at=began - timedelta(seconds=5),
                ring_until=began + timedelta(seconds=15),
                connected_at=began,
                ended_at=ended,
                end_reason=row["by"],
                held_seconds=row.get("held") or 0,
            )
            if row.get("subject"):
                self.insert(
                    "wrap_up", offer_id=row["talk"], agent_id=agent, subject=row["subject"], saved_at=ended or began
                )
            if row.get("score"):
                self.insert(
                    *("rating",),
                    **{"offer_id": row["talk"], "call_sid": row["call"], "agent_id": agent, "centre": centre},
                    **{"score": row["score"], "at": ended},
                )
            if row.get("wrap_up"):
                assert ended is not None
                until = ended + timedelta(seconds=int(str(row["wrap_up"])))
                self._stretch(agent, "wrap_up", ended, until, row["talk"])

    def shifts(self, table: str) -> None:
        """agent  centre  state  from  to"""
        for row in rows_of(table):
            since = moment(row["from"])
            assert since is not None
            self._stretch(
                self.agent(str(row["agent"]), str(row["centre"])), str(row["state"]), since, moment(row["to"])
            )

    def cases(self, table: str) -> None:
        """case  centre  opened  due  replied  (reopened)  (rated)  (moves)  (subject)  (closed)"""
        for row in rows_of(table):
            replied, closed = moment(row["replied"]), row.get("closed")
            self.insert(
                "work_order",
                id=row["case"],
                kind="message",
                origin=f"test:{row['case']}",
                centre=CENTRES[str(row["centre"])],
                first_centre=CENTRES[str(row["centre"])],
                source="key",
                call_sid=f"CA-case-{row['case']}",
                subject=row.get("subject"),
                status="closed" if closed else "replied" if replied else "open",
                opened_at=moment(row["opened"]),
                due_at=moment(row["due"]),
                replied_at=replied,
                closed_at=moment(row["due"]) if closed else None,
                closed_reason=closed,
                reopened=row.get("reopened") or 0,
                satisfaction=row.get("rated"),
            )
            for _ in range(int(row.get("moves") or 0)):
                self.insert(
                    "case_event", case_id=row["case"], at=moment(row["opened"]), actor="hefei", event="transferred"
                )

    def callbacks(self, table: str) -> None:
        """callback  centre  asked  promised  ended  why  (source)"""
        for row in rows_of(table):
            self.insert(
                "callback",
                id=row["callback"],
                centre=CENTRES[str(row["centre"])],
                number_sealed=b"",
                number_hash=_hash(f"number {row['callback']}"),
                number_tail="8000",
                source=row.get("source") or "line",
                call_sid=f"CA-callback-{row['callback']}",
                arrived_at=moment(row["asked"]),
                rank_at=moment(row["asked"]),
                asked_at=moment(row["asked"]),
                promised_until=moment(row["promised"]),
                status="ended" if row["ended"] else "waiting",
                ended_at=moment(row["ended"]),
                end_reason=row["why"],
            )

    def attempts(self, table: str) -> None:
        """attempt  callback  entry  talk"""
        for row in rows_of(table):
            self.insert(
                "callback_attempt",
                id=row["attempt"],
                callback_id=row["callback"],
                offer_id=row["talk"],
                entry_id=row["entry"],
                number=1,
                made_at=moment("11-20 00:00:00"),
                ended_at=moment("11-20 00:00:00"),
                status="ended",
                result="talked",
            )

    def city_calls(self, table: str) -> None:
        """call  version  centre  began  outcome  waited  talked  (score)  (subject)  (channel)  (withdrawn)

        The last version of a call is the current one.
        """
        batch = self._batch("calls")
        for row in rows_of(table):
            centre = CENTRES[str(row["centre"])]
            self.write(
                "UPDATE city_call SET is_current = false WHERE centre = %s AND call_id = %s", *(centre, row["call"])
            )
            began, outcome = moment(row["began"]), row["outcome"]
            assert began is not None
            self.insert(
                "city_call",
                centre=centre,
                call_id=row["call"],
                version=row["version"],
                batch=batch,
                is_current=True,
                is_withdrawn=row.get("withdrawn") is not None,
                started_at=began,
                ended_at=began + timedelta(minutes=3) if outcome else None,
                channel=row.get("channel") or "phone",
                subject=row.get("subject") or "",
                outcome=outcome,
                asked_human=row["waited"] is not None,
                wait_seconds=row["waited"],
                talk_seconds=row["talked"] or 0,
                score=row.get("score"),
            )

    def city_hours(self, table: str) -> None:
        """centre  at  channel  subject  and measures"""
        batch = self._batch("hours")
        for row in rows_of(table):
            told = ", ".join(f'"{name}": {row[name]}' for name in row if name in MEASURES)
            self.insert(
                "city_hour",
                centre=CENTRES[str(row["centre"])],
                at=moment(row["at"]),
                channel=row["channel"],
                subject=row["subject"] or "",
                version=1,
                batch=batch,
                is_current=True,
                measures=f"{{{told}}}",
            )

    def agent(self, number: str, centre: str) -> int:
        """A seat, made when it is first named."""
        if number not in self.agents:
            self.write("INSERT INTO agent (number, name, centre) VALUES (%s, '王芳', %s)", *(number, CENTRES[centre]))
            self.agents[number] = int(self.read("SELECT max(id) FROM agent")[0][0])
        return self.agents[number]

    # what is made of it

    def build(self, *days: str, now: str | None = None) -> None:
        """Make the facts of days such as `11-20`."""
        made_at = moment(now or self.now)
        assert made_at is not None
        for day in days:
            facts.build_day(self.database, date.fromisoformat(f"2026-{day}"), made_at)

    def shows(self, table: str, grain: str = "hour") -> None:
        """The facts are these and no others, as far as the table's columns go; lines of zeros are left out.

        Columns: at  centre  (subject)  (channel)  (source)  and measures. Without a subject: all of them together.
        """
        wanted = list(rows_of(table))
        columns = list(wanted[0]) if wanted else re.split(r" {2,}", table.strip())
        names = [name for name in columns if name in MEASURES]
        keys = [name for name in columns if name not in MEASURES]
        found = _text(self._found(grain, keys, names), columns)
        assert _text(wanted, columns) == found, f"\n{'  '.join(columns)}\n{found}"

    def _found(self, grain: str, keys: list[str], names: list[str]) -> list[Row]:
        subjects = "subject <> '*'" if "subject" in keys else "subject = '*'"
        every = ", ".join(names)
        found = self.read(
            f"SELECT at, centre, subject, channel, source, {every} FROM fact "
            f"WHERE grain = %s AND {subjects} AND ({' + '.join(f'abs({name})' for name in names)}) > 0 "
            "ORDER BY at, centre, subject, channel, source",
            *(grain,),
        )
        return [
            {
                "at": f"{in_shanghai(at):%m-%d}" if grain == "day" else f"{in_shanghai(at):%m-%d %H}",
                "centre": NAMES[centre],
                "subject": subject or None,
                "channel": channel,
                "source": source,
                **{name: str(number) for name, number in zip(names, numbers, strict=True)},
            }
            for at, centre, subject, channel, source, *numbers in found
        ]

    # rows

    def read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def write(self, sql: str, *values: Any) -> None:
        with self.database.pool.connection() as connection:
            connection.execute(sql, values)

    def insert(self, table: str, **values: Any) -> None:
        given = {name: value for name, value in values.items() if value is not None}
        places = ", ".join(["%s"] * len(given))
        overriding = "OVERRIDING SYSTEM VALUE" if "id" in given else ""
        self.write(f"INSERT INTO {table} ({', '.join(given)}) {overriding} VALUES ({places})", *given.values())

    def _stretch(
        self, agent: int, state: str, since: datetime, until: datetime | None, talk: str | None = None
    ) -> None:
        if not self.read("SELECT FROM agent_shift WHERE agent_id = %s", agent):
            self.insert("agent_shift", agent_id=agent, began_at=since)
        shift = self.read("SELECT id FROM agent_shift WHERE agent_id = %s", agent)[0][0]
        self.insert(
            *("agent_interval",),
            **{"shift_id": shift, "agent_id": agent, "state": state, "offer_id": talk, "since": since, "until": until},
        )

    def _batch(self, kind: str) -> int:
        self.write(
            "INSERT INTO city_batch (centre, batch_id, kind, via, digest, received_at, status, rows, accepted, "
            "unchanged, refused, sent_by) SELECT '341200', 'b' || (SELECT count(*) FROM city_batch), %s, 'push', '', "
            "now(), 'accepted', 1, 1, 0, 0, 'key'",
            kind,
        )
        return int(self.read("SELECT max(id) FROM city_batch")[0][0])


def _hash(name: str | None) -> bytes | None:
    return name.encode().ljust(32) if name else None


def _text(rows: list[Row], columns: list[str]) -> str:
    return "\n".join("  ".join(row[name] or "-" for name in columns) for row in rows)

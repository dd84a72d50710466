"""Who has a case: taken by the first, given, put back, handed to another centre or department, done by a deputy."""

from __future__ import annotations

from datetime import datetime

from voicemail.case_deeds import CaseDeeds, Doer, read_words
from voicemail.case_fields import Case
from voicemail.case_moves import CaseNotYours, CaseRefused, CaseWords
from voicemail.case_rows import add_event, move_case
from voicemail.work_order import OPEN, OWNED

_END_DEPUTY = "UPDATE agent_deputy SET ended_at = %s WHERE agent_id = %s AND ended_at IS NULL"
_SET_DEPUTY = """
INSERT INTO agent_deputy (agent_id, deputy_id, since, until, set_by, set_at)
VALUES (%(agent)s, %(deputy)s, %(at)s, %(until)s, %(by)s, %(at)s)
"""
_LOCK_SEAT = "SELECT id FROM agent WHERE id = %s FOR NO KEY UPDATE"


class CaseHanding(CaseDeeds):
    """The deeds that change whose case it is."""

    def take(self, case_id: int, agent_id: int, by: Doer) -> Case:
        """The first consultant who takes a case owns it; the second is told who has it."""
        with self.held(case_id) as (connection, case, at):
            self.seat_of_centre(connection, agent_id, case.centre)
            if case.status == OWNED and case.owner_id is not None:
                if case.owner_id == agent_id:
                    return case
                raise CaseRefused(sentence=f"已由{self.holder(connection, case.owner_id).title}接办。")
            self.require_active(case)
            moved = move_case(connection, case, "take", at, owner_id=agent_id, taken_at=at, desk_due_at=None)
            self.enter(connection, case, by, "taken", agent=agent_id)
            return moved

    def assign(self, case_id: int, agent_id: int, by: Doer) -> Case:
        """A supervisor gives a case to a consultant, or whoever has it hands it to a colleague of the centre."""
        with self.in_hand(case_id, by) as (connection, case, at):
            seat = self.seat_of_centre(connection, agent_id, case.centre)
            self.require_active(case)
            if case.owner_id == agent_id:
                return case
            moved = move_case(connection, case, "assign", at, owner_id=agent_id, taken_at=at, desk_due_at=None)
            self.enter(connection, case, by, "assigned", f"交给{seat.title}", agent=agent_id, before=case.owner_id)
            return moved

    def release(self, case_id: int, by: Doer) -> Case:
        """Put a case back, for anybody of the centre to take. One that nobody has stays as it is."""
        with self.held(case_id) as (connection, case, at):
            if case.status == OPEN:
                return case
            self.require_hand(connection, case, by, at)
            self.require_active(case)
            moved = move_case(connection, case, "release", at)
            self.enter(connection, case, by, "released", before=case.owner_id)
            return moved

    def transfer(self, case_id: int, centre: str, desk: str, by: Doer, why: str) -> Case:
        """Hand a case to another centre or department, which has a day of its own to take it.

        The caller's date stays: only who keeps the promise changes.
        """
        reason = read_words(why, "请写明为什么转办。")
        with self.held(case_id) as (connection, case, at):
            if case.owner_id is not None:
                self.require_hand(connection, case, by, at)
            self.require_active(case)
            if (centre, desk) == (case.centre, case.desk):
                raise CaseRefused(sentence="这一条已经在那里了。")
            if centre not in self.clock.centres():
                raise CaseWords(sentence="没有这个中心。")
            take_by = self.clock.take_by(centre, at)
            changes = {
                "centre": centre,
                "desk": desk,
                "desk_due_at": take_by,
                "look_at": _sooner(case.look_at, take_by),
            }
            moved = move_case(connection, case, "transfer", at, **changes)
            detail = {"from": case.centre, "from_desk": case.desk, "to": centre, "to_desk": desk}
            add_event(
                connection, case.id, at, by.name, "transferred", reason, detail | {"desk_due_at": take_by.isoformat()}
            )
            return moved

    # deputies

    def set_deputy(self, agent_id: int, deputy_id: int, until: datetime | None, by: Doer) -> None:
        """From now on, and until then if it is known, a colleague of the centre does a consultant's cases too."""
        at = self.services.now()
        self._require_own_seat(agent_id, by)
        if agent_id == deputy_id:
            raise CaseWords(sentence="AB角要选另一位同事。")
        if until is not None and until <= at:
            raise CaseWords(sentence="结束时间要晚于现在。")
        with self.transaction() as connection:
            # Two at once: the later one holds.
            connection.execute(_LOCK_SEAT, (agent_id,))
            seat = self.holder(connection, agent_id)
            self.seat_of_centre(connection, deputy_id, seat.centre)
            connection.execute(_END_DEPUTY, (at, agent_id))
            values = {"agent": agent_id, "deputy": deputy_id, "at": at, "until": until, "by": by.name}
            connection.execute(_SET_DEPUTY, values)

    def end_deputy(self, agent_id: int, by: Doer) -> bool:
        """The consultant is back; False when there was no deputy."""
        self._require_own_seat(agent_id, by)
        with self.transaction() as connection:
            return connection.execute(_END_DEPUTY, (self.services.now(), agent_id)).rowcount == 1

    def _require_own_seat(self, agent_id: int, by: Doer) -> None:
        if not (by.is_supervisor or by.agent_id == agent_id):
            raise CaseNotYours(sentence="AB角由本人或值班长设置。")


def _sooner(look_at: datetime | None, at: datetime) -> datetime:
    return at if look_at is None else min(look_at, at)

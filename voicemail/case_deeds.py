"""What every deed of staff with a case stands on: the case held under its lock, and who may do what with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from integrations.masking import mask_text
from integrations.services import Services
from voicemail.case_clock import CaseClock
from voicemail.case_fields import Case
from voicemail.case_moves import CaseNotYours, CaseRefused, CaseWords, NoSuchCase, refuse_merged
from voicemail.case_rows import acts_for, add_event, lock_case
from voicemail.work_order import OPEN, STATUSES_ZH

LONGEST_WORDS = 1000
_SEAT = "SELECT id, number, name, centre, is_active FROM agent WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something: the user's name, the seat (None without one), and whether as a supervisor or the province."""

    name: str
    agent_id: int | None = None
    is_supervisor: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """A consultant as cases name them: 工号 and name."""

    id: int
    number: str
    name: str
    centre: str
    is_active: bool

    @property
    def title(self) -> str:
        return f"{self.number}{self.name}"


class CaseDeeds:
    """Built once per process. Whoever calls has checked that the user may see the case and has the role for the deed.

    Every deed raises HotlineError subclasses with a Chinese sentence, and then nothing was changed.
    """

    def __init__(self, services: Services, clock: CaseClock) -> None:
        self.services, self.clock = services, clock

    @contextmanager
    def transaction(self) -> Iterator[Connection[Any]]:
        """One transaction on a connection of the pool."""
        with self.services.database.pool.connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def held(self, case_id: int) -> Iterator[tuple[Connection[Any], Case, datetime]]:
        """The case under its lock, in a transaction, and the moment. Raises NoSuchCase, CaseRefused."""
        with self.transaction() as connection:
            case = lock_case(connection, case_id)
            if case is None:
                raise NoSuchCase
            refuse_merged(case)
            yield connection, case, self.services.now()

    @contextmanager
    def in_hand(self, case_id: int, by: Doer) -> Iterator[tuple[Connection[Any], Case, datetime]]:
        """As `held`, for who has the case: its owner, the deputy, or a supervisor. Raises CaseNotYours, CaseRefused."""
        with self.held(case_id) as (connection, case, at):
            self.require_hand(connection, case, by, at)
            yield connection, case, at

    def require_hand(self, connection: Connection[Any], case: Case, by: Doer, at: datetime) -> None:
        """Raises CaseNotYours, or CaseRefused while nobody has taken it."""
        if by.is_supervisor or acts_for(connection, by.agent_id, case.owner_id, at):
            return
        if case.owner_id is not None:
            raise CaseNotYours(sentence=f"这一条由{self.holder(connection, case.owner_id).title}在办，不能替办。")
        if case.status == OPEN:
            raise CaseRefused(sentence="还没有人接办，请先接办。")

    def require_active(self, case: Case) -> None:
        """Raises CaseRefused for a case whose clock does not run."""
        if not case.is_active:
            raise CaseRefused(sentence=f"这一条{STATUSES_ZH[case.status]}，不能这样办。")

    def holder(self, connection: Connection[Any], agent_id: int) -> Holder:
        """A consultant by seat. Raises CaseWords."""
        with connection.cursor(row_factory=class_row(Holder)) as cursor:
            found = cursor.execute(_SEAT, (agent_id,)).fetchone()
        if found is None:
            raise CaseWords(sentence="没有这个坐席。")
        return found

    def seat_of_centre(self, connection: Connection[Any], agent_id: int, centre: str) -> Holder:
        """A consultant who may have cases of a centre. Raises CaseWords, CaseNotYours."""
        found = self.holder(connection, agent_id)
        if not found.is_active:
            raise CaseWords(sentence=f"{found.title}的坐席已停用。")
        if found.centre != centre:
            raise CaseNotYours(sentence=f"{found.title}不在这一条所属的中心，要先转办过去。")
        return found

    def enter(
        self, connection: Connection[Any], case: Case, by: Doer, event: str, note: str = "", **detail: Any
    ) -> None:
        """A line of the history, now."""
        add_event(connection, case.id, self.services.now(), by.name, event, note, detail or None)


def read_words(words: str, missing: str, longest: int = LONGEST_WORDS) -> str:
    """What somebody wrote, without numbers of persons. Raises CaseWords when it is empty or too long."""
    if not words.strip():
        raise CaseWords(sentence=missing)
    return optional_words(words, longest)


def optional_words(words: str, longest: int = LONGEST_WORDS) -> str:
    """What somebody may have written, without numbers of persons. Raises CaseWords when it is too long."""
    written = mask_text(words.replace("\x00", "").strip())
    if len(written) > longest:
        raise CaseWords(sentence=f"最多写{longest}个字。")
    return written

"""A lost card is frozen once in effect, and what nobody knows is asked after until the card itself has said it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from integrations.database import Base, Database
from integrations.database_url import psycopg_url
from integrations.social_insurance.contract import CardAction
from tests.running import free_port
from tests.voicemail.loss_scene import (
    HEFEI,
    LI_QIANGS,
    PROVINCE,
    WANG_FANGS,
    WRITE,
    Killed,
    LossScene,
    die,
)
from tests.waiting import eventually
from voicemail.card_loss import Report, Reported
from voicemail.freeze import DONE, LEASE, NOT_DONE, SETTLES, TOLD_WITHIN, UNKNOWN, WRITING, Told
from voicemail.freeze_models import CardFreeze
from voicemail.freeze_rows import FreezeRow, begin_write, end_write, make_unknown

RELEASE = CardAction.RELEASE
AFTER_THE_LEASE = LEASE.total_seconds() + 1
AFTER_SETTLING = SETTLES.total_seconds() + 1


def row_of(reported: Reported) -> FreezeRow:
    assert reported.row is not None
    return reported.row


def is_closed(scene: LossScene, row: FreezeRow) -> bool:
    """Nothing of the person stays, and nobody looks at it any more."""
    ended = scene.row(row.id)
    return (ended.person_sealed, ended.lease_until, ended.look_at) == (None, None, None) and ended.ended_at is not None


def stands_on_the_list(scene: LossScene, row: FreezeRow) -> bool:
    standing = scene.row(row.id)
    return standing.due_at is not None and standing.cleared_at is None


# what a report comes to


def test_a_freeze_in_hefei_is_done_with_its_receipt_and_its_day(scene: LossScene) -> None:
    whose = scene.card()
    row = row_of(scene.report(whose))
    assert (row.status, row.until) == (DONE, scene.sandbox.today + timedelta(days=7))
    assert row.receipt and row.receipt.isdigit() and scene.loss.last_day(row) == (row.until, True)
    assert scene.counted(whose) == {"received": 1, "frozen": 1}
    assert is_closed(scene, row) and not stands_on_the_list(scene, row) and row.callback_id is None


def test_the_province_tells_no_day_and_the_earliest_one_follows_from_the_rule(scene: LossScene) -> None:
    whose = scene.card(centre=PROVINCE)
    row = row_of(scene.report(whose, centre=PROVINCE))
    assert (row.status, row.until, row.receipt) == (DONE, None, None)
    # Ten natural days after the day of the report.
    assert scene.loss.last_day(row) == (scene.at.date() + timedelta(days=10), False)
    assert scene.counted(whose, PROVINCE) == {"received": 1, "frozen": 1} and is_closed(scene, row)


def test_a_card_that_was_frozen_before_says_until_when(scene: LossScene) -> None:
    whose = scene.card("temporary")
    row = row_of(scene.report(whose))
    last = scene.sandbox.today + timedelta(days=whose[1].days_left)
    assert (row.status, row.until, row.is_formal) == ("already", last, False) and is_closed(scene, row)


def test_a_formal_report_has_no_last_day(scene: LossScene) -> None:
    row = row_of(scene.report(scene.card("formal")))
    assert (row.status, row.until, row.is_formal) == ("already", None, True)
    assert scene.loss.last_day(row) == (None, False)


def test_a_refusal_is_kept_in_the_systems_words(scene: LossScene) -> None:
    row = row_of(scene.report(scene.card("inactive")))
    assert (row.status, row.reason) == ("refused", "该卡尚未启用，不能挂失") and is_closed(scene, row)


def test_what_certainly_was_not_sent_is_not_unknown(scene: LossScene) -> None:
    settings = scene.services.settings
    object.__setattr__(settings, "sandbox_port", free_port())
    scene.registry.close()
    whose = scene.card()
    row = row_of(scene.report(whose))
    assert row.status == "not_sent" and is_closed(scene, row) and not stands_on_the_list(scene, row)
    assert scene.counted(whose) == {}


def test_a_lost_answer_is_found_out_at_once_by_the_card_itself(scene: LossScene) -> None:
    whose = scene.card()
    scene.turn("lost", operation=WRITE)
    row = row_of(scene.report(whose))
    # Without a receipt, which was in the answer.
    assert (row.status, row.receipt) == (DONE, None)
    assert row.until == scene.sandbox.today + timedelta(days=7) and is_closed(scene, row)
    assert scene.counted(whose) == {"received": 1, "frozen": 1}


def test_a_write_is_released_by_telephone_where_the_city_does_so(scene: LossScene) -> None:
    whose = scene.card("temporary")
    row = row_of(scene.report(whose, action=RELEASE))
    assert (row.status, row.until, row.action) == (DONE, None, "release")
    assert scene.card_itself(whose).status == "normal" and scene.loss.last_day(row) == (None, False)


# nobody knows


def unknown(scene: LossScene, mode: str = "lost", **values: str) -> FreezeRow:
    """A report of which nobody knows the end: lost, and done; or down, and not done."""
    scene.turn(mode)
    row = row_of(scene.report(scene.card(), **values))
    assert (row.status, row.ended_at, row.looks) == (UNKNOWN, None, 1)
    scene.turn("normal")
    return row


def test_an_unknown_end_stands_on_the_list_at_once_with_the_time_by_which_the_caller_is_told(scene: LossScene) -> None:
    row = unknown(scene)
    assert stands_on_the_list(scene, row) and row.due_at == scene.at + TOLD_WITHIN
    assert row.person_sealed is not None and row.lease_until is None


def test_what_was_done_is_found_done(scene: LossScene) -> None:
    row = scene.loss.look_after(unknown(scene))
    assert row.status == DONE and row.until == scene.sandbox.today + timedelta(days=7) and is_closed(scene, row)
    # The caller was told that somebody rings: it stays until somebody has.
    assert stands_on_the_list(scene, row)


def test_what_was_not_done_is_believed_only_when_it_had_its_time(scene: LossScene) -> None:
    row = unknown(scene, "down")
    scene.passes(AFTER_SETTLING - 2)
    looked = scene.loss.look_after(row)
    assert (looked.status, looked.looks) == (UNKNOWN, 2) and looked.look_at is not None and looked.look_at > scene.at
    scene.passes(1)
    ended = scene.loss.look_after(looked)
    assert ended.status == NOT_DONE and is_closed(scene, ended) and stands_on_the_list(scene, ended)
    assert scene.card_itself(scene.card()).status == "normal"


@pytest.mark.parametrize(("mode", "status"), [("lost", DONE), ("down", NOT_DONE)])
def test_the_sweep_finds_it_out_by_itself(mode: str, status: str, scene: LossScene) -> None:
    row = unknown(scene, mode)
    assert scene.loss.sweep() == 0
    scene.passes(AFTER_SETTLING)
    assert scene.loss.sweep() == 1
    assert scene.row(row.id).status == status and is_closed(scene, row)
    assert scene.loss.sweep() == 0
    assert scene.sandbox.asked("card-hefei", WRITE) == 1


def test_while_the_system_stays_away_it_is_asked_less_and_less_often_and_never_written_again(scene: LossScene) -> None:
    row = unknown(scene, "down")
    scene.turn("down")
    looks = []
    for _ in range(6):
        look_at = scene.row(row.id).look_at
        assert look_at is not None
        looks.append((look_at - scene.at).total_seconds())
        scene.at = look_at
        assert scene.loss.sweep() == 1
    assert looks == sorted(looks) and looks[-1] == 300
    assert scene.row(row.id).status == UNKNOWN and stands_on_the_list(scene, row)
    assert scene.sandbox.asked("card-hefei", WRITE) == 1


@pytest.mark.parametrize("twist", ["types", "broken", "html", "empty", "other"])
def test_a_look_that_nobody_can_read_decides_nothing(twist: str, scene: LossScene) -> None:
    row = unknown(scene, "down")
    scene.passes(AFTER_SETTLING)
    scene.turn("wrong", twist=twist)
    assert scene.loss.look_after(row).status == UNKNOWN


def test_an_unknown_release_is_found_out_too(scene: LossScene) -> None:
    whose = scene.card("temporary")
    scene.turn("lost")
    row = row_of(scene.report(whose, action=RELEASE))
    assert row.status == UNKNOWN
    scene.turn("normal")
    assert scene.loss.look_after(row).status == DONE and scene.card_itself(whose).status == "normal"


def test_one_that_cannot_be_looked_at_keeps_none_of_the_others_waiting(scene: LossScene) -> None:
    """Such as a row that was sealed with another key."""
    bad = unknown(scene)
    scene.rows("UPDATE card_freeze SET person_sealed = 'x', number_sealed = 'x' WHERE id = %s RETURNING id", bad.id)
    scene.turn("lost")
    good = row_of(scene.report(scene.card(which=1), number=LI_QIANGS))
    scene.turn("normal")
    scene.passes(AFTER_SETTLING)
    assert scene.loss.sweep() == 2
    assert scene.row(good.id).status == DONE and scene.row(good.id).callback_id is not None
    assert stands_on_the_list(scene, bad)


# once in effect


def test_the_same_call_that_asks_again_writes_nothing(scene: LossScene) -> None:
    whose = scene.card()
    first = scene.report(whose, "CAone")
    again = scene.report(whose, "CAone")
    assert (first.is_repeat, again.is_repeat, again.is_others) == (False, True, False)
    assert again.row == first.row and again.status == DONE
    assert scene.counted(whose) == {"received": 1, "frozen": 1}


def test_the_same_call_that_asks_again_while_nobody_knows_writes_nothing(scene: LossScene) -> None:
    row = unknown(scene, "down", call="CAone")
    again = scene.report(scene.card(), "CAone")
    assert again.is_repeat and row_of(again).id == row.id and again.status == UNKNOWN
    assert scene.sandbox.asked("card-hefei", WRITE) == 1


def test_who_was_refused_may_ask_again(scene: LossScene) -> None:
    whose = scene.card("inactive")
    rows = [row_of(scene.report(whose, "CAone")) for _ in range(2)]
    assert [row.status for row in rows] == ["refused", "refused"] and rows[0].id != rows[1].id


def test_eight_threads_of_one_call_write_once(scene: LossScene) -> None:
    whose = scene.card()
    scene.turn("slow", ms=300, operation=WRITE)
    report, barrier = scene.report_of(whose, "CAone"), threading.Barrier(8)

    def ask(one: Report) -> Reported:
        barrier.wait(20)
        return scene.loss.report(one)

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(ask, [report] * 8))
    assert len({row_of(one).id for one in told}) == 1 and sum(not one.is_repeat for one in told) == 1
    assert not any(one.is_others for one in told)
    assert scene.counted(whose) == {"received": 1, "frozen": 1}


def test_of_two_calls_at_once_one_writes_and_the_other_hears_that_it_is_under_way(scene: LossScene) -> None:
    whose = scene.card()
    scene.give_up_after(8)
    scene.turn("hang", operation=WRITE)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(scene.report, whose, "CAone")
        eventually(lambda: scene.sandbox.asked("card-hefei", WRITE) == 1)
        second = scene.report(whose, "CAtwo", number=LI_QIANGS)
        assert second.is_others and row_of(second).status == WRITING and row_of(second).call_sid == "CAone"
        pending = scene.loss.pending(scene.report_of(whose).person)
        assert pending is not None and pending.id == row_of(second).id
        scene.turn("normal")
        assert first.result().status == UNKNOWN
    assert scene.sandbox.asked("card-hefei", WRITE) == 1


def test_eight_calls_at_once_freeze_once(scene: LossScene) -> None:
    whose = scene.card()
    scene.turn("slow", ms=300, operation=WRITE)
    reports = [scene.report_of(whose) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(scene.loss.report, reports))
    # Whoever came after the first had ended asked on their own, and heard that it was so already.
    assert sorted({one.status for one in told} - {WRITING}) in (["already", "done"], ["done"])
    counted = scene.counted(whose)
    assert counted["frozen"] == 1 and counted["received"] == len(scene.rows("SELECT id FROM card_freeze"))


def test_a_later_call_hears_from_the_card_itself(scene: LossScene) -> None:
    whose = scene.card()
    first = row_of(scene.report(whose))
    itself = scene.card_itself(whose)
    assert (itself.status, itself.frozen_until) == ("frozen", first.until)
    second = row_of(scene.report(whose))
    assert (second.status, second.until) == ("already", first.until)
    assert scene.counted(whose) == {"received": 2, "frozen": 1, "already": 1}


def test_who_stood_in_the_way_and_ends_at_that_very_moment_stands_in_nobodys_way(scene: LossScene) -> None:
    """Between the entry that met an open row and the question whose it is, that row ends."""
    whose = scene.card()
    with scene.around_the_write(before=die), pytest.raises(Killed):
        scene.report(whose, "CAone")
    first = scene.newest()
    met: list[str] = []

    class Meanwhile(psycopg.Cursor[Any]):
        def execute(self, query: Any, *more: Any, **options: Any) -> Any:
            if query.lstrip().startswith("SELECT") and not met:
                met.append(query)
                with scene.services.database.pool.connection() as other:
                    end_write(other, first.id, Told(DONE), scene.at)
            return super().execute(query, *more, **options)

    url = psycopg_url(scene.services.database.url)
    with psycopg.connect(url, autocommit=True, cursor_factory=Meanwhile) as own:
        row, other = begin_write(own, scene.loss._values(scene.report_of(whose, "CAtwo")))
    assert met and row is not None and (row.call_sid, other) == ("CAtwo", None)


def test_a_call_may_freeze_release_and_freeze_again(scene: LossScene) -> None:
    whose = scene.card()
    actions = [CardAction.FREEZE, RELEASE, CardAction.FREEZE]
    told = [scene.report(whose, "CAone", action=action) for action in actions]
    assert [(one.status, one.is_repeat) for one in told] == [(DONE, False)] * 3
    assert scene.report(whose, "CAone").is_repeat
    assert scene.counted(whose) == {"received": 3, "frozen": 2, "released": 1}


# processes die


def test_a_process_that_dies_before_it_has_written_leaves_nothing_done(scene: LossScene) -> None:
    whose = scene.card()
    with scene.around_the_write(before=die), pytest.raises(Killed):
        scene.report(whose)
    row = scene.newest()
    assert row.status == WRITING and row.lease_until == scene.at + LEASE
    # As long as its lease runs it is believed to be at it.
    scene.passes(LEASE.total_seconds() - 1)
    assert scene.loss.sweep() == 0 and scene.newest().status == WRITING
    scene.passes(2)
    assert scene.loss.sweep() == 1
    assert scene.newest().status == UNKNOWN and stands_on_the_list(scene, row)
    scene.passes(AFTER_SETTLING)
    scene.loss.sweep()
    assert scene.newest().status == NOT_DONE and is_closed(scene, row) and scene.counted(whose) == {}


def test_nobody_else_says_that_it_is_not_known_before_the_lease_is_over(scene: LossScene) -> None:
    with scene.around_the_write(before=die), pytest.raises(Killed):
        scene.report(scene.card())
    row = scene.newest()
    for at, status in ((row.asked_at + LEASE - timedelta(seconds=1), None), (row.asked_at + LEASE, UNKNOWN)):
        with scene.services.database.pool.connection() as connection:
            found = make_unknown(connection, row.id, at, at, at, even_leased=False)
        assert (found.status if found else None) == status


def test_a_process_that_dies_after_it_has_written_is_found_to_have_done_it(scene: LossScene) -> None:
    whose = scene.card()
    with scene.around_the_write(after=die), pytest.raises(Killed):
        scene.report(whose)
    scene.passes(AFTER_THE_LEASE)
    assert scene.loss.sweep() == 1
    row = scene.newest()
    assert row.status == DONE and row.until == scene.sandbox.today + timedelta(days=7) and is_closed(scene, row)
    assert scene.counted(whose) == {"received": 1, "frozen": 1}


def test_whoever_calls_again_after_a_death_writes_nothing_while_nobody_knows(scene: LossScene) -> None:
    whose = scene.card()
    with scene.around_the_write(after=die), pytest.raises(Killed):
        scene.report(whose)
    for seconds in (1, AFTER_THE_LEASE):
        scene.passes(seconds)
        assert scene.report(whose).is_others
    assert scene.counted(whose) == {"received": 1, "frozen": 1}


def test_a_call_that_hears_no_answer_is_told_that_it_is_not_known(scene: LossScene) -> None:
    with scene.around_the_write(after=die), pytest.raises(Killed):
        scene.report(scene.card(), "CAone")
    told = scene.loss.state("CAone")
    assert told.status == UNKNOWN and row_of(told).callback_id is not None
    assert scene.loss.state("CAnobody").row is None


def test_whoever_still_writes_has_the_last_word_over_one_who_did_not_know(scene: LossScene) -> None:
    whose = scene.card()
    with scene.around_the_write(after=lambda: scene.loss.state("CAone")):
        row = row_of(scene.report(whose, "CAone"))
    # It was called unknown in between, and so somebody rings.
    assert row.status == DONE and row.receipt and stands_on_the_list(scene, row) and row.callback_id is not None


# the database is away


def test_without_the_database_nothing_is_written_anywhere(scene: LossScene) -> None:
    whose = scene.card()
    with scene.database_away():
        told = scene.report(whose)
    assert told.row is None and told.status == "not_sent"
    assert scene.counted(whose) == {} and scene.rows("SELECT id FROM card_freeze") == []


def test_a_database_that_goes_away_after_the_write_leaves_it_to_the_sweep(scene: LossScene) -> None:
    whose = scene.card()
    taken: list[str] = []
    with scene.around_the_write(after=lambda: taken.append(scene.take_database_away())):
        told = scene.report(whose)
    # Nobody has kept the end, so nobody says that it is done.
    assert told.status == WRITING and row_of(told).ended_at is None
    assert not scene.loss.state(row_of(told).call_sid).is_known
    scene.bring_database_back(taken[0])
    scene.passes(AFTER_THE_LEASE)
    assert scene.loss.sweep() == 1
    assert scene.newest().status == DONE and scene.counted(whose) == {"received": 1, "frozen": 1}


# the caller is told


def callbacks(scene: LossScene) -> list[tuple[str, str, str]]:
    return scene.rows("SELECT source, skill, status FROM callback ORDER BY id")


def test_a_callback_is_promised_once(scene: LossScene) -> None:
    row = unknown(scene)
    first = scene.loss.promise(row)
    assert first.callback_id is not None and scene.loss.promise(first) == first
    # Whoever does not know of it yet finds the same one.
    assert scene.loss.promise(row).callback_id == first.callback_id
    assert callbacks(scene) == [("card_loss", "card", "scheduled")]
    [(note,)] = scene.rows("SELECT note FROM callback")
    assert row.card_tail and row.card_tail in note


def test_many_who_promise_at_once_promise_once(scene: LossScene) -> None:
    row = unknown(scene)
    with ThreadPoolExecutor(6) as threads:
        ids = {one.callback_id for one in threads.map(scene.loss.promise, [row] * 6)}
    assert len(ids) == 1 and None not in ids and len(callbacks(scene)) == 1


def test_the_sweep_books_what_is_not_on_record(scene: LossScene) -> None:
    row = unknown(scene)
    assert row.callback_id is None and scene.loss.sweep() == 0
    assert scene.row(row.id).callback_id is not None and len(callbacks(scene)) == 1
    scene.loss.sweep()
    assert len(callbacks(scene)) == 1


def test_whoever_is_to_be_rung_already_is_rung_once_for_both(scene: LossScene) -> None:
    rows = [unknown(scene)]
    scene.turn("lost")
    rows.append(row_of(scene.report(scene.card(which=1))))
    ids = {scene.loss.promise(row).callback_id for row in rows}
    assert len(ids) == 1 and len(callbacks(scene)) == 1


def test_a_withheld_number_is_not_rung_and_stays_on_the_list(scene: LossScene) -> None:
    row = unknown(scene, number="")
    assert (row.number_sealed, row.number_tail) == (None, None)
    assert scene.loss.promise(row).callback_id is None
    scene.passes(AFTER_SETTLING)
    scene.loss.sweep()
    assert callbacks(scene) == [] and stands_on_the_list(scene, row)


def test_at_night_the_caller_is_told_in_the_morning(scene: LossScene) -> None:
    scene.at = scene.at.replace(hour=23)
    row = unknown(scene)
    assert row.due_at is not None
    opens = scene.callbacks.line.next_decent(HEFEI)(scene.at)
    assert opens is not None and row.due_at == opens + TOLD_WITHIN and row.due_at.day != scene.at.day


def test_sweeps_at_once_find_out_the_same(scene: LossScene) -> None:
    row = unknown(scene)
    scene.passes(AFTER_SETTLING)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: scene.loss.sweep(), range(4)))
    assert scene.row(row.id).status == DONE and len(callbacks(scene)) == 1


def test_nothing_of_a_person_stands_in_a_row(scene: LossScene) -> None:
    whose = scene.card()
    unknown(scene)
    [row] = scene.rows("SELECT card_freeze::text FROM card_freeze")
    for secret in (whose[0].id_number, whose[1].number, whose[0].name, WANG_FANGS):
        assert secret not in row[0] and secret.encode().hex() not in row[0]


def test_the_table_is_what_the_model_says(database: Database) -> None:
    name = CardFreeze.__tablename__
    for module in ("dashboards.models", "ivr.models", "queueing.callback_models", "queueing.models"):
        import_module(module)

    def differences() -> list[object]:
        def is_ours(found: str | None, kind: str, parents: dict[str, str | None]) -> bool:
            return found == name if kind == "table" else True

        with database.engine.connect() as connection:
            options = {"include_name": is_ours, "compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            found: list[object] = compare_metadata(context, Base.metadata)
        return [one for one in found if name in repr(one)]

    assert differences() == []
    with database.pool.connection() as connection:
        connection.execute("ALTER TABLE card_freeze ADD COLUMN extra text")
        try:
            assert len(differences()) == 1
        finally:
            connection.execute("ALTER TABLE card_freeze DROP COLUMN extra")

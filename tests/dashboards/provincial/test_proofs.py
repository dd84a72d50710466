"""Each hour is held against itself, the carrier and the figures; what differs is named, and unknown never holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboards.provincial.alarms.carrier_match import OurCall, match
from dashboards.provincial.alarms.proof_jobs import ProofKeeper
from dashboards.provincial.alarms.proofs import HourProof, due_hours
from dashboards.provincial.facts.build import build_day
from integrations.telephony.carrier_answers import CarrierCall
from integrations.telephony.client import CarrierClient
from tests.dashboards.console_app import ConsoleApp
from tests.integrations.carrier_stand_in import CarrierStandIn, sid
from tests.integrations.test_telephony_client import settings_for

# Friday 20 November 2026, 9 to 10 in Hefei; looked at from 10:20.
NINE = datetime(2026, 11, 20, 1, tzinfo=UTC)
HEFEI, WUHU = "340100", "340200"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = NINE + 80 * MINUTE


# the carrier's list beside ours, without either


def ours(call: str, ended: datetime | None = NINE + 5 * MINUTE) -> OurCall:
    return OurCall(call, HEFEI, ended)


def theirs(
    call: str, status: str = "completed", began: datetime = NINE, ended: datetime | None = None, dialled: str = "12333"
) -> CarrierCall:
    over = ended or (began + 5 * MINUTE if status == "completed" else None)
    return CarrierCall(call, "inbound", status, dialled, began, over)


def compare(
    own: list[OurCall], listed: list[CarrierCall], known: set[str] | None = None, **asked: str | None
) -> tuple[int, int, list[tuple[str, str]]]:
    by_sid = {call.sid: call for call in listed}
    known = {call.sid for call in own} if known is None else known

    def centre_of(number: str) -> str | None:
        return {"12333": "340000", "055112333": HEFEI}.get(number)

    found = match(own, by_sid, known, NINE, NOW, centre_of, asked)
    return found.ours, found.theirs, [(one.what, one.call) for one in found.differences]


def test_the_same_calls_on_both_sides_hold() -> None:
    assert compare([ours("CA1"), ours("CA2")], [theirs("CA1"), theirs("CA2")]) == (2, 2, [])
    assert compare([], []) == (0, 0, [])


def test_a_call_that_the_carrier_had_and_we_did_not_is_lost() -> None:
    assert compare([ours("CA1")], [theirs("CA1"), theirs("CA2")]) == (1, 2, [("lost", "CA2")])
    # Not ours to lose: another number of the account, and a call of another hour.
    others = [
        theirs("CA2", dialled="+8620000000"),
        theirs("CA3", began=NINE + HOUR),
        theirs("CA4", began=NINE - MINUTE),
    ]
    assert compare([], others) == (0, 0, [])


def test_two_clocks_may_disagree_about_the_hour() -> None:
    # It rang here before ten, and was answered there after it; and the other way round at nine.
    assert compare([ours("CA1")], [theirs("CA1", began=NINE + HOUR)]) == (1, 1, [])
    assert compare([], [theirs("CA1", began=NINE)], known={"CA1"}) == (0, 0, [])


def test_a_call_of_which_the_carrier_knows_nothing_is_named() -> None:
    assert compare([ours("CA1"), ours("CA2")], [theirs("CA1")], CA2=None) == (2, 1, [("not_theirs", "CA2")])
    # Not in the list, but the carrier has it all the same when it is asked.
    assert compare([ours("CA1")], [], CA1="completed") == (1, 1, [])


def test_a_call_that_has_ended_there_and_not_here_is_named_after_a_moment() -> None:
    assert compare([ours("CA1", None)], [theirs("CA1")]) == (1, 1, [("not_ended", "CA1")])
    just_now = theirs("CA1", ended=NOW - MINUTE)
    assert compare([ours("CA1", None)], [just_now]) == (1, 1, [])
    assert compare([ours("CA1", None)], [], CA1="no-answer") == (1, 1, [("not_ended", "CA1")])


def test_a_call_that_goes_on_there_and_has_ended_here_is_named_after_a_moment() -> None:
    live = theirs("CA1", "in-progress")
    assert compare([ours("CA1")], [live]) == (1, 1, [("ended_early", "CA1")])
    assert compare([ours("CA1", NOW - MINUTE)], [live]) == (1, 1, [])
    assert compare([ours("CA1", None)], [live]) == (1, 1, [])


def test_a_proof_without_the_other_side_is_unknown() -> None:
    assert HourProof(NINE, "carrier", 0, None).state == "unknown"
    assert HourProof(NINE, "carrier", 3, 3).state == "holds" and HourProof(NINE, "outcomes", 3, 2).state == "differs"


# on the ledger


@pytest.fixture(scope="module")
def stand_in() -> Iterator[CarrierStandIn]:
    stand_in = CarrierStandIn()
    yield stand_in
    stand_in.end()


@dataclass
class Ledger:
    """The ledger, and the carrier that it is held against."""

    app: ConsoleApp
    carrier: CarrierStandIn
    keeper: ProofKeeper

    def call(self, number: int, at: datetime = NINE, centre: str = HEFEI, outcome: str | None = "self_served") -> str:
        """A call of our ledger, with its first step."""
        call_sid, ended = sid("CA", number), at + 5 * MINUTE if outcome else None
        self.app.call(call_sid, centre, started_at=at, ended_at=ended, outcome=outcome)
        self.step(call_sid, at, centre)
        if outcome is None:
            self.app.write(
                "INSERT INTO call_session (call_sid, turn, state, touched_at) VALUES (%s, 1, '{}', %s)", call_sid, at
            )
        return call_sid

    def step(self, call_sid: str, at: datetime = NINE, centre: str = HEFEI) -> None:
        self.app.write(
            "INSERT INTO call_step (call_sid, turn, kind, at, centre, node, reply) "
            "VALUES (%s, 1, 'call_started', %s, %s, 'top', '[]')",
            *(call_sid, at, centre),
        )

    def both(self, number: int, at: datetime = NINE, centre: str = HEFEI) -> str:
        """A call that the carrier has as well."""
        self.carrier.add_caller(number, at)
        return self.call(number, at, centre)

    def prove(self) -> dict[tuple[str, datetime], tuple[str, int, int | None, list[tuple[str, str]]]]:
        """What stands written after the job has run: state, both counts, the calls."""
        self.keeper.prove_due()
        rows = self.app.rows("SELECT kind, hour, state, ours, theirs, differences FROM ledger_proof")
        return {(row[0], row[1]): (*row[2:5], [(one["what"], one["call"]) for one in row[5]]) for row in rows}

    def alarms(self) -> list[Any]:
        return self.app.rows("SELECT rule, centre, about, words, detail FROM alarm WHERE ended_at IS NULL ORDER BY id")


@pytest.fixture
def ledger(console: ConsoleApp, stand_in: CarrierStandIn) -> Iterator[Ledger]:
    stand_in.clear()
    carrier = CarrierClient(settings_for(stand_in.port))
    services = replace(console.services, carrier=carrier)
    yield Ledger(console, stand_in, ProofKeeper(services, console.line.keeper.library().centres))
    carrier.close()
    assert stand_in.control()["violations"] == []


def test_every_hour_of_the_last_day_that_has_ended_is_proven_once(ledger: Ledger) -> None:
    ledger.both(1)
    found = ledger.prove()
    hours = {hour for _, hour in found}
    assert max(hours) == NINE and len(hours) == 26 and len(found) == 52
    assert {state for state, *_ in found.values()} == {"holds"}
    assert found["carrier", NINE] == found["outcomes", NINE] == ("holds", 1, 1, [])
    assert ledger.keeper.prove_due() == [] and ledger.alarms() == []
    # Not before everything that was on its way has arrived.
    ledger.app.clock.at = NINE + 2 * HOUR + 2 * MINUTE
    assert ledger.keeper.prove_due() == []
    ledger.app.clock.forward(minutes=2)
    assert [proof.hour for proof in ledger.keeper.prove_due()] == [NINE + HOUR, NINE + HOUR]


def test_an_hour_is_proven_again_when_one_of_its_calls_ends_later(ledger: Ledger) -> None:
    call_sid = ledger.call(1, outcome=None)
    ledger.carrier.add_caller(1, NINE, "in-progress")
    assert ledger.prove()["carrier", NINE] == ("holds", 1, 1, [])
    ledger.app.clock.forward(minutes=10)
    ledger.carrier.add_caller(1, NINE)
    # The carrier's word of the end never came here.
    assert ledger.prove()["carrier", NINE] == ("differs", 1, 1, [("not_ended", call_sid)])
    ledger.app.write(
        "UPDATE call SET ended_at = %s, outcome = 'self_served' WHERE call_sid = %s", ledger.app.clock(), call_sid
    )
    ledger.app.write("DELETE FROM call_session")
    ledger.app.clock.forward(minutes=10)
    assert ledger.prove()["carrier", NINE] == ("holds", 1, 1, [])


def test_a_lost_call_is_an_alarm_of_its_centre_with_the_call_named(ledger: Ledger) -> None:
    ledger.both(1)
    lost = ledger.carrier.add_caller(2, NINE + MINUTE, to="+8655312333")
    assert ledger.prove()["carrier", NINE] == ("differs", 1, 2, [("lost", lost)])
    [(rule, centre, about, words, detail)] = ledger.alarms()
    assert (rule, centre, about) == ("carrier", WUHU, NINE.isoformat())
    assert "11月20日9时有1个来电和运营商的通话清单不一致" in words and detail["calls"][0]["call"] == lost
    # It is entered after all: the alarm is over, and still has to be cleared by somebody.
    ledger.call(2, NINE + MINUTE, WUHU)
    for _ in range(2):
        ledger.app.clock.forward(seconds=20)
        assert ledger.prove()["carrier", NINE][0] == "holds"
    assert ledger.alarms() == []
    assert ledger.app.rows("SELECT must_clear, cleared_at FROM alarm") == [(True, None)]


def test_a_call_that_the_carrier_does_not_know_is_asked_about_before_it_is_named(ledger: Ledger) -> None:
    ghost, quiet = ledger.call(1), ledger.call(2)
    # Known when it is asked for, but begun at another time than our clock says.
    ledger.carrier.add_caller(2, NINE - 90 * HOUR)
    assert ledger.prove()["carrier", NINE] == ("differs", 2, 1, [("not_theirs", ghost)])
    assert {asked["names"]["Sid"] for asked in ledger.carrier.asked("FetchCall")} == {ghost, quiet}


@pytest.mark.parametrize("ghosts", [0, 1])
def test_a_list_that_lacks_more_than_can_be_asked_for_proves_nothing_of_the_rest(
    ledger: Ledger, ghosts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.provincial.alarms.proof_jobs.MOST_ASKED", 2)
    for number in range(1, 5):
        ledger.call(number)
        # The carrier has it, and did not list it.
        if number > ghosts:
            ledger.carrier.add_caller(number, NINE - 90 * HOUR)
    found = ledger.prove()["carrier", NINE]
    assert found == (("differs", 4, 3, [("not_theirs", sid("CA", 1))]) if ghosts else ("unknown", 4, None, []))


def test_a_call_that_ends_while_the_carrier_is_asked_is_compared_again(ledger: Ledger) -> None:
    ledger.carrier.add_caller(1, NINE, "in-progress")
    call = ledger.call(1, outcome=None)
    services = ledger.keeper._services
    real = services.carrier.calls_between

    def slowly(since: datetime, until: datetime) -> list[CarrierCall]:
        listed = real(since, until)
        ledger.app.clock.forward(seconds=30)
        return listed

    services.carrier.calls_between = slowly  # type: ignore[method-assign]
    began = ledger.app.clock()
    assert ledger.prove()["carrier", NINE][0] == "holds"
    ledger.app.write(
        "UPDATE call SET ended_at = %s, outcome = 'self_served' WHERE call_sid = %s",
        began + timedelta(seconds=10),
        call,
    )
    ledger.app.write("DELETE FROM call_session")
    ledger.app.clock.forward(minutes=5)
    assert ledger.prove()["carrier", NINE] == ("differs", 1, 1, [("ended_early", call)])


def test_hours_that_could_not_be_proven_for_long_are_an_alarm_that_ends_when_they_are(ledger: Ledger) -> None:
    ledger.both(1)
    ledger.prove()
    for hours in (1, 2):
        assert ledger.alarms() == []
        ledger.app.clock.forward(hours=hours)
        ledger.carrier.fail("ListCall", "500")
        ledger.prove()
    [(rule, centre, about, words, _)] = ledger.alarms()
    assert (rule, centre, about) == ("carrier", None, "unproven") and "没能和运营商的通话清单核对" in words
    for _ in range(2):
        ledger.prove()
        ledger.app.clock.forward(seconds=20)
    assert ledger.alarms() == []


def test_a_carrier_that_is_away_proves_nothing(ledger: Ledger) -> None:
    ledger.both(1)
    ledger.carrier.fail("ListCall", "500")
    found = ledger.prove()
    assert found["carrier", NINE] == ("unknown", 1, None, []) and found["outcomes", NINE][0] == "holds"
    assert [(rule, about) for rule, _, about, *_ in ledger.alarms()] == [("carrier", "unproven")]
    # Asked again at the next look.
    assert ledger.prove()["carrier", NINE] == ("holds", 1, 1, [])


def test_what_cannot_be_asked_one_by_one_proves_nothing_either(ledger: Ledger) -> None:
    ledger.call(1)
    ledger.carrier.fail("FetchCall", "500")
    assert ledger.prove()["carrier", NINE] == ("unknown", 1, None, [])


def test_calls_that_we_made_are_in_neither_list(ledger: Ledger) -> None:
    ledger.app.call(sid("CA", 1), direction="outbound-api", started_at=NINE, ended_at=NINE, outcome="answered")
    ledger.app.write(
        "INSERT INTO call_step (call_sid, turn, kind, at, centre, node, reply) "
        "VALUES (%s, 1, 'called_back', %s, %s, 'top', '[]')",
        *(sid("CA", 1), NINE, HEFEI),
    )
    ledger.carrier.add_call(
        1, "completed", "+8613855112345", direction="outbound-api", start_time="Fri, 20 Nov 2026 01:00:00 +0000"
    )
    found = ledger.prove()
    assert found["carrier", NINE] == found["outcomes", NINE] == ("holds", 0, 0, [])


def test_a_step_without_a_call_is_named(ledger: Ledger) -> None:
    ledger.both(1)
    ledger.step(sid("CA", 2), NINE + MINUTE)
    state, received, accounted, named = ledger.prove()["outcomes", NINE]
    assert (state, received, accounted) == ("differs", 2, 1)
    assert named == [("contradiction", sid("CA", 2))]
    [(rule, centre, *_)] = ledger.alarms()
    # Nobody knows whose it was.
    assert (rule, centre) == ("ledger", None)


def test_one_lost_and_one_doubled_do_not_make_it_right(ledger: Ledger) -> None:
    ledger.both(1)
    # The sums of both hours agree, by two calls that are at different times on the two sides.
    for number, at, step in ((2, NINE, NINE - HOUR), (3, NINE - HOUR, NINE)):
        ledger.app.call(sid("CA", number), started_at=at, ended_at=at, outcome="self_served")
        ledger.step(sid("CA", number), step)
        ledger.carrier.add_caller(number, at)
    state, received, accounted, named = ledger.prove()["outcomes", NINE]
    assert (state, received, accounted) == ("differs", 2, 2)
    assert named == [("one_sided", sid("CA", 2)), ("one_sided", sid("CA", 3))]
    assert {(rule, centre) for rule, centre, *_ in ledger.alarms()} == {("ledger", HEFEI)}


def test_differences_of_two_centres_are_two_alarms(ledger: Ledger) -> None:
    ledger.call(1)
    ledger.call(2, centre=WUHU)
    ledger.prove()
    assert {(rule, centre) for rule, centre, *_ in ledger.alarms()} == {("carrier", HEFEI), ("carrier", WUHU)}


# the figures


def wrong_fact(ledger: Ledger, received: int) -> None:
    ledger.app.write("UPDATE fact SET received = %s WHERE grain = 'hour' AND subject = '*' AND at = %s", received, NINE)


@pytest.fixture
def with_facts(ledger: Ledger) -> Ledger:
    ledger.both(1)
    build_day(ledger.app.services.database, date(2026, 11, 20), NOW)
    return ledger


def test_figures_that_are_the_ledger_s_hold(with_facts: Ledger) -> None:
    assert with_facts.prove()["outcomes", NINE] == ("holds", 1, 1, [])


def test_figures_that_only_came_too_early_are_made_again(with_facts: Ledger) -> None:
    assert with_facts.prove()["outcomes", NINE][0] == "holds"
    wrong_fact(with_facts, 7)
    assert with_facts.prove()["outcomes", NINE][0] == "holds"
    [(received,)] = with_facts.app.rows("SELECT received FROM fact WHERE grain = 'hour' AND subject = '*'")
    assert received == 1 and with_facts.app.rows("SELECT is_due FROM fact_day") == [(True,)]


def test_figures_that_stay_wrong_are_an_alarm(with_facts: Ledger) -> None:
    wrong_fact(with_facts, 7)
    with_facts.keeper._rebuild = lambda *_: None
    assert with_facts.prove()["outcomes", NINE] == ("differs", 1, 1, [("figures", "")])
    [(rule, centre, _, words, detail)] = with_facts.alarms()
    assert (rule, centre) == ("ledger", HEFEI) and "统计数字" in words
    assert detail["calls"][0]["words"] == "统计里来电7个，账上1个"


def test_figures_that_are_still_to_be_made_are_not_judged(with_facts: Ledger) -> None:
    wrong_fact(with_facts, 7)
    with_facts.keeper._rebuild = lambda *_: None
    # Corrected before they were ever made.
    with_facts.app.write("UPDATE fact_day SET is_due = true, built_at = to_timestamp(0)")
    assert with_facts.prove()["outcomes", NINE][0] == "holds"
    # A call has ended since they were made.
    with_facts.app.write("UPDATE fact_day SET is_due = false, built_at = %s", NOW)
    with_facts.app.write("UPDATE call SET ended_at = %s", NOW + MINUTE)
    with_facts.app.clock.forward(minutes=5)
    assert with_facts.prove()["outcomes", NINE][0] == "holds"


def test_figures_are_judged_although_a_city_has_just_pushed(with_facts: Ledger) -> None:
    wrong_fact(with_facts, 7)
    with_facts.app.write("UPDATE fact_day SET is_due = true")
    assert with_facts.prove()["outcomes", NINE][0] == "holds"
    [(received,)] = with_facts.app.rows("SELECT received FROM fact WHERE grain = 'hour' AND subject = '*'")
    assert received == 1


def test_the_job_is_due_for_nothing_in_the_future(ledger: Ledger) -> None:
    with ledger.app.services.database.pool.connection() as connection:
        assert due_hours(connection, "outcomes", NINE - HOUR)[-1] == NINE - 3 * HOUR

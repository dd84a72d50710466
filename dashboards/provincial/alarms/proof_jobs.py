"""Proves the hours that have ended: RQ wakes, the rows say which. May run twice, at once, or late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from dashboards.provincial.alarms.carrier_match import Difference, OurCall, match
from dashboards.provincial.alarms.figure_proof import wrong_figures
from dashboards.provincial.alarms.keeping import keep_proof_alarms
from dashboards.provincial.alarms.proofs import (
    CARRIER,
    DIFFERS,
    HOUR,
    LOOK_BACK,
    OUTCOMES,
    HourProof,
    due_hours,
    keep_proof,
    known_calls,
    prove_outcomes,
    read_our_calls,
)
from dashboards.provincial.facts.build import build_hours, mark_due
from integrations.errors import IntegrationError
from integrations.services import Services
from integrations.task_queue import Periodic, job_services
from integrations.telephony.carrier_answers import CarrierCall
from integrations.work_calendar import in_shanghai
from ivr.jobs import build_line
from queueing.centre import PROVINCE, Centre, centre_for_dialled

log = structlog.get_logger(__name__)
PROVE_EVERY_SECONDS = 600
# The two clocks may differ, and a call begins here when it rings and there when it is answered.
MARGIN = timedelta(minutes=10)
# Calls that the carrier did not list are asked about one by one, so many of an hour.
MOST_ASKED = 60
Rebuild = Callable[[Connection[Any], datetime, datetime, datetime], None]


class ProofKeeper:
    """Proves what is due. `centres` are those of the files in use; `rebuild` makes an hour's facts anew."""

    def __init__(self, services: Services, centres: Mapping[str, Centre], rebuild: Rebuild = build_hours) -> None:
        self._services = services
        self._centres = centres
        self._rebuild = rebuild

    def prove_due(self) -> list[HourProof]:
        """Prove every hour that is due, and bring the alarms of the proofs up to date; what was proven now.

        Raises psycopg.Error and PoolTimeout; a carrier that is away leaves its hours unknown.
        """
        proofs = [*self._prove_ledger(), *self._prove_carrier()]
        for proof in proofs:
            if proof.state == DIFFERS:
                named = [one.call for one in proof.differences]
                log.error("ledger_differs", kind=proof.kind, hour=proof.hour.isoformat(), calls=named[:20])
        with self._services.database.pool.connection() as connection, connection.transaction():
            keep_proof_alarms(connection, self._services.now())
        return proofs

    def _prove_ledger(self) -> list[HourProof]:
        wrong = self._wrong_figures()
        pool = self._services.database.pool
        with pool.connection() as connection:
            hours = {*due_hours(connection, OUTCOMES, self._services.now()), *wrong}
        return [self._prove_hour(hour, wrong.get(hour, ())) for hour in sorted(hours)]

    def _prove_hour(self, hour: datetime, wrong: Sequence[Difference]) -> HourProof:
        looked_at = self._services.now()
        with self._services.database.pool.connection() as connection:
            proof = prove_outcomes(connection, hour)
        return self._keep(replace(proof, differences=(*proof.differences, *wrong)), looked_at)

    def _wrong_figures(self) -> Mapping[datetime, Sequence[Difference]]:
        """Hours whose facts are not the ledger's, although they were made once more: a late correction is no fault."""
        now = self._services.now()
        since = (now - LOOK_BACK).replace(minute=0, second=0, microsecond=0)
        until = now.replace(minute=0, second=0, microsecond=0)
        pool = self._services.database.pool
        with pool.connection() as connection:
            found = wrong_figures(connection, since, until)
        if not found:
            return {}
        with pool.connection() as connection, connection.transaction():
            for hour in found:
                self._rebuild(connection, hour, hour + HOUR, now)
        with pool.connection() as connection:
            still = wrong_figures(connection, since, until)
            # Days and months are sums of hours.
            mark_due(connection, {in_shanghai(hour).date() for hour in found})
        log.warning("figures_made_again", hours=len(found), still_wrong=len(still))
        return still

    def _prove_carrier(self) -> list[HourProof]:
        services = self._services
        with services.database.pool.connection() as connection:
            hours = due_hours(connection, CARRIER, services.now())
        if not hours:
            return []
        looked_at = services.now()
        try:
            listed = services.carrier.calls_between(hours[0] - MARGIN, hours[-1] + HOUR + MARGIN)
        except IntegrationError as error:
            log.warning("carrier_list_not_read", error_id=error.error_id, reason=error.detail)
            return [self._keep(HourProof(hour, CARRIER, len(self._ours(hour)), None), looked_at) for hour in hours]
        by_sid = {call.sid: call for call in listed if call.is_inbound}
        return [self._keep(self._match(hour, by_sid), looked_at) for hour in hours]

    def _match(self, hour: datetime, listed: Mapping[str, CarrierCall]) -> HourProof:
        ours = self._ours(hour)
        not_listed = [call for call in ours if call.sid not in listed]
        try:
            asked = self._ask(not_listed[:MOST_ASKED])
        except IntegrationError as error:
            log.warning("carrier_not_asked", error_id=error.error_id, reason=error.detail)
            return HourProof(hour, CARRIER, len(ours), None)
        with self._services.database.pool.connection() as connection:
            known = known_calls(connection, list(listed))
        not_asked = {call.sid for call in not_listed[MOST_ASKED:]}
        compared = [call for call in ours if call.sid not in not_asked]
        found = match(compared, listed, known, hour, self._services.now(), self._centre_of, asked)
        if not_asked and not found.differences:
            # A list that lacks so many is none: of the rest nobody has said anything.
            log.warning("carrier_list_incomplete", hour=hour.isoformat(), not_listed=len(not_listed))
            return HourProof(hour, CARRIER, len(ours), None)
        return HourProof(hour, CARRIER, len(ours), found.theirs + len(not_asked), found.differences)

    def _ask(self, calls: Sequence[OurCall]) -> dict[str, str | None]:
        """The carrier's word for calls that it did not list. Raises IntegrationError."""
        return {call.sid: self._services.carrier.call_status(call.sid) for call in calls}

    def _ours(self, hour: datetime) -> list[OurCall]:
        with self._services.database.pool.connection() as connection:
            return read_our_calls(connection, hour)

    def _keep(self, proof: HourProof, looked_at: datetime) -> HourProof:
        """Written with the time before the look: what ended during it is looked at once more."""
        with self._services.database.pool.connection() as connection:
            keep_proof(connection, proof, looked_at)
        return proof

    def _centre_of(self, dialled: str) -> str | None:
        """Whose call it is; every call of our own gateway is for us, whatever was dialled."""
        nobodys = PROVINCE if self._services.settings.carrier_is_gateway else None
        return centre_for_dialled(self._centres, dialled) or nobodys


def prove_hours() -> None:
    """Job: prove the hours of the last day that ended and are not proven, or did not hold."""
    services = job_services()
    ProofKeeper(services, build_line(services).keeper.library().centres).prove_due()


PERIODIC = (Periodic(prove_hours, PROVE_EVERY_SECONDS),)

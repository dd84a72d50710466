"""Conferences and who is in them: shown, held, muted, taken out, ended."""

from __future__ import annotations

from aiohttp import web

from integrations.gateway.calls import Calls
from integrations.gateway.conference import Conference
from integrations.gateway.exchange import Exchange
from integrations.gateway.participant import Participant
from integrations.gateway.rest_errors import not_found
from integrations.gateway.rest_form import Form, form_of, query_of, with_ranges
from integrations.gateway.rest_shapes import conference_json, page_of, participant_json

FILTERS = frozenset({"FriendlyName", "Status"}) | with_ranges("DateCreated", "DateUpdated")
PARTICIPANT_FILTERS = frozenset({"Muted", "Hold"})
UPDATE = frozenset({"Status", "AnnounceUrl", "AnnounceMethod"})
UPDATE_PARTICIPANT = frozenset(
    {"Muted", "Hold", "HoldUrl", "HoldMethod", "AnnounceUrl", "AnnounceMethod", "EndConferenceOnExit", "BeepOnExit"}
)


class RestConferences:
    def __init__(self, exchange: Exchange, calls: Calls) -> None:
        self._account, self._base = exchange.account_sid, exchange.urls.base
        self._conferences = calls.conferences

    async def list_all(self, request: web.Request) -> web.Response:
        query = query_of(request, FILTERS)
        created, updated = query.times("DateCreated"), query.times("DateUpdated")
        found = [
            conference
            for conference in self._conferences.all()
            if query.text("FriendlyName", conference.name) == conference.name
            and query.text("Status", conference.status) == conference.status
            and created.fits(conference.created_at)
            and updated.fits(conference.updated_at)
        ]
        return page_of("conferences", found, lambda conference: conference_json(conference, self._account), request)

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(conference_json(self._conference(request), self._account))

    async def update(self, request: web.Request) -> web.Response:
        """End it, or let everybody in it hear something."""
        conference = self._conference(request)
        form = await form_of(request, UPDATE, self._base)
        if "Status" in form:
            form.choice("Status", "", ("completed",))
            conference.end()
        elif announcement := form.goto("AnnounceUrl", "AnnounceMethod"):
            for participant in conference.participants.values():
                conference.announce(participant, announcement)
        return web.json_response(conference_json(conference, self._account))

    async def list_participants(self, request: web.Request) -> web.Response:
        conference, query = self._conference(request), query_of(request, PARTICIPANT_FILTERS)
        muted, held = query.boolean("Muted"), query.boolean("Hold")
        found = [
            participant
            for participant in conference.participants.values()
            if muted in (None, participant.is_muted) and held in (None, participant.is_held)
        ]
        return page_of(
            "participants", found, lambda each: participant_json(each, conference.sid, self._account), request
        )

    async def show_participant(self, request: web.Request) -> web.Response:
        conference, participant = self._participant(request)
        return web.json_response(participant_json(participant, conference.sid, self._account))

    async def update_participant(self, request: web.Request) -> web.Response:
        conference, participant = self._participant(request)
        form = await form_of(request, UPDATE_PARTICIPANT, self._base)
        _hold(conference, participant, form)
        if (muted := form.boolean("Muted")) is not None:
            conference.mute(participant, muted)
        conference.modify(participant, form.boolean("EndConferenceOnExit"), form.boolean("BeepOnExit"))
        if announcement := form.goto("AnnounceUrl", "AnnounceMethod"):
            conference.announce(participant, announcement)
        return web.json_response(participant_json(participant, conference.sid, self._account))

    async def delete_participant(self, request: web.Request) -> web.Response:
        conference, participant = self._participant(request)
        conference.kick(participant)
        return web.Response(status=204)

    def _conference(self, request: web.Request) -> Conference:
        conference = self._conferences.find(request.match_info["sid"])
        if conference is None:
            raise not_found(request)
        return conference

    def _participant(self, request: web.Request) -> tuple[Conference, Participant]:
        """By the call's sid or by its label; somebody who has left is no participant."""
        conference = self._conference(request)
        participant = conference.find(request.match_info["call"])
        if participant is None:
            raise not_found(request)
        return conference, participant


def _hold(conference: Conference, participant: Participant, form: Form) -> None:
    music, held = form.goto("HoldUrl", "HoldMethod", "GET"), form.boolean("Hold")
    if held:
        conference.hold(participant, music)
    elif held is not None:
        conference.unhold(participant)

"""Reading a REST call's parameters by their types; one that is not known, or not supported, is refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from aiohttp import web
from multidict import MultiMapping

from integrations.gateway.attributes import METHODS, origin_of
from integrations.gateway.documents import Callback
from integrations.gateway.rest_errors import bad
from integrations.gateway.talk import Goto

PAGING = frozenset({"Page", "PageSize", "PageToken"})


class Form:
    """The parameters of one request."""

    def __init__(self, given: MultiMapping[object], allowed: Iterable[str], own_base: str) -> None:
        """Raises RestError for anything that is not allowed; `own_base` is where addresses must lead."""
        self._given = {key: [str(value) for value in given.getall(key)] for key in given}
        self._origin = origin_of(own_base)
        if unknown := set(self._given) - set(allowed):
            raise bad(f"Parameters not supported: {', '.join(sorted(unknown))}")

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str = "") -> str:
        return self._given.get(name, [default])[0]

    def choice(self, name: str, default: str, allowed: Iterable[str]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise bad(f"Invalid {name}: {value[:40]}")
        return value

    def integer(self, name: str, default: int | None, lowest: int, highest: int) -> int | None:
        if name not in self:
            return default
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise bad(f"Invalid {name}: {text[:40]}")
        return int(text)

    def boolean(self, name: str) -> bool | None:
        """None when it was not given; what is neither true nor false is false, as with the carrier."""
        return self.text(name).lower() == "true" if name in self else None

    def url(self, name: str) -> str:
        """An address of the hotline, "" without one."""
        url = self.text(name)
        if url and (not url.isascii() or origin_of(url) != self._origin):
            raise bad(f"{name} must be an address of the hotline")
        return url

    def goto(self, url: str, method: str, default: str = "POST") -> Goto | None:
        """A document's address and how it is asked for, None without one."""
        address, how = self.url(url), self.choice(method, default, METHODS)
        return Goto(address, how) if address else None

    def callback(self, prefix: str, default: str, allowed: Iterable[str]) -> Callback:
        """`StatusCallback` and its like; events come one by one or separated by spaces."""
        events = tuple(word for text in self._given.get(f"{prefix}Event", [default]) for word in text.split())
        if set(events) - set(allowed):
            raise bad(f"Invalid {prefix}Event: {' '.join(events)[:80]}")
        return Callback(self.url(prefix), self.choice(f"{prefix}Method", "POST", METHODS), events)

    def times(self, name: str) -> TimeFilter:
        """`name`, `name<` and `name>` of a list: a day (UTC) or a moment."""
        return TimeFilter(*(self._moment(key) for key in (name, f"{name}<", f"{name}>")))

    def _moment(self, name: str) -> tuple[datetime, timedelta] | None:
        if name not in self:
            return None
        try:
            text = self.text(name)
            at = datetime.fromisoformat(text)
        except ValueError:
            raise bad(f"Invalid {name}") from None
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        return at, timedelta(days=1) if len(text) == len("2026-01-01") else timedelta(seconds=1)


class TimeFilter:
    """Which times a list shows: within a day or second, before one, from one on."""

    def __init__(
        self,
        within: tuple[datetime, timedelta] | None,
        before: tuple[datetime, timedelta] | None,
        since: tuple[datetime, timedelta] | None,
    ) -> None:
        self._within, self._before, self._since = within, before, since

    @property
    def earliest(self) -> datetime | None:
        """No time before it is shown; None where there is no such bound."""
        return max((bound[0] for bound in (self._within, self._since) if bound is not None), default=None)

    def fits(self, at: datetime | None) -> bool:
        if self._within is None and self._before is None and self._since is None:
            return True
        if at is None:
            return False
        if self._within is not None and not self._within[0] <= at < self._within[0] + self._within[1]:
            return False
        return (self._before is None or at < self._before[0]) and (self._since is None or at >= self._since[0])


def with_ranges(*names: str) -> frozenset[str]:
    """The three ways to filter by a time."""
    return frozenset(name + sign for name in names for sign in ("", "<", ">"))


async def form_of(request: web.Request, allowed: Iterable[str], own_base: str) -> Form:
    return Form(await request.post(), allowed, own_base)


def query_of(request: web.Request, allowed: Iterable[str]) -> Form:
    """A list's filters: one that is not understood is refused instead of answered with everything."""
    return Form(request.query, {*allowed, *PAGING}, "")

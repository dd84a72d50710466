"""Reading one element's attributes by their types; what the contract does not know is a mistake."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from integrations.gateway.documents import BAD_ADDRESS, EVERY_KEY, BadDocument, Callback

METHODS = ("POST", "GET")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document came from, and the public address that its own addresses must stay under."""

    url: str
    base: str

    def resolve(self, written: str) -> str:
        """An address of the document made absolute, wherever it points."""
        address = urljoin(self.url, written.strip())
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or not address.isascii():
            raise BadDocument("an address is not a plain http or https address", BAD_ADDRESS)
        return address

    def resolve_own(self, written: str) -> str:
        """An address that webhooks may be posted to: the hotline's own. Raises BadDocument for another host's."""
        address = self.resolve(written)
        if origin_of(address) != origin_of(self.base):
            raise BadDocument("an address leads away from the hotline", BAD_ADDRESS)
        return address


def origin_of(url: str) -> tuple[str, str, int | None]:
    """(scheme, host, port) with the scheme's own port filled in; the port is None when it is no number."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443, "ws": 80, "wss": 443}.get(parts.scheme)
    except ValueError:
        port = None
    return parts.scheme, (parts.hostname or "").lower(), port


class Attributes:
    """The attributes of one element, each read once; `close` refuses those that nobody asked for."""

    def __init__(self, element: ET.Element, place: Place) -> None:
        self._tag = element.tag
        self._left = dict(element.attrib)
        self._place = place

    def text(self, name: str, default: str = "") -> str:
        return self._left.pop(name, default)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self._left.pop(name, default)
        if value not in allowed:
            raise self._wrong(name)
        return value

    def method(self, name: str = "method") -> str:
        return self.choice(name, "POST", METHODS)

    def integer(self, name: str, default: int, lowest: int, highest: int) -> int:
        text = self._left.pop(name, str(default))
        if not (text.isascii() and text.isdigit()) or not lowest <= int(text) <= highest:
            raise self._wrong(name)
        return int(text)

    def optional_integer(self, name: str, lowest: int, highest: int) -> int | None:
        return self.integer(name, lowest, lowest, highest) if name in self._left else None

    def integer_or_auto(self, name: str, auto: int, lowest: int, highest: int) -> int:
        """A number, or `auto` where the word itself or nothing is written."""
        if self._left.get(name, "auto") == "auto":
            self._left.pop(name, None)
            return auto
        return self.integer(name, auto, lowest, highest)

    def boolean(self, name: str, default: bool) -> bool:
        return self.choice(name, str(default).lower(), ("true", "false")) == "true"

    def keys(self, name: str, default: str) -> str:
        value = self._left.pop(name, default)
        if set(value) - set(EVERY_KEY):
            raise self._wrong(name)
        return value

    def own_url(self, name: str) -> str | None:
        """An address of the hotline, None when the attribute is absent."""
        written = self._left.pop(name, None)
        return None if written is None else self._place.resolve_own(written)

    def own_url_or_none(self, name: str) -> str:
        """The same where nothing written, or nothing between the quotes, means that there is none."""
        return (self.own_url(name) or "") if self._left.get(name, "").strip() else self.text(name).strip()

    def events(self, name: str, default: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Words separated by spaces."""
        written = tuple(self._left.pop(name, default).split())
        if set(written) - set(allowed):
            raise self._wrong(name)
        return written

    def callback(self, prefix: str, default: str, allowed: tuple[str, ...]) -> Callback:
        """`statusCallback` with its Event and Method; `default` are the events when none are named."""
        return Callback(
            url=self.own_url_or_none(prefix),
            method=self.method(f"{prefix}Method"),
            events=self.events(f"{prefix}Event", default, allowed),
        )

    def close(self) -> None:
        if self._left:
            raise BadDocument(f"<{self._tag}> has unknown attributes: {', '.join(sorted(self._left))}")

    def _wrong(self, name: str) -> BadDocument:
        return BadDocument(f"<{self._tag}> has an impossible {name}")


def only_text(element: ET.Element) -> str:
    """What stands in an element that may hold no other."""
    if len(element):
        raise BadDocument(f"<{element[0].tag}> cannot be used in <{element.tag}>")
    return (element.text or "").strip()

"""Reading settings from a mapping, collecting every problem instead of stopping at the first."""

import base64
import binascii
from collections.abc import Mapping

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


class EnvReader:
    """Reads one variable at a time; `problems` then holds one line for each bad one.

    An empty variable counts as unset: container files often pass them along empty.
    Values are never repeated in a problem, since a mistyped secret would end in a log.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.problems: list[str] = []

    def add_problem(self, name: str, chinese: str, english: str) -> None:
        self.problems.append(f"{name}：{chinese} ({english})")

    def text(self, name: str) -> str | None:
        return self._env.get(name, "").strip() or None

    def beginning(self, prefix: str) -> dict[str, str]:
        """All variables that are set and whose name begins so."""
        return {name: text for name in self._env if name.startswith(prefix) and (text := self.text(name))}

    def integer(self, name: str, default: int, lowest: int, highest: int) -> int:
        raw = self.text(name)
        if raw is None:
            return default
        if raw.isascii() and raw.isdigit() and lowest <= int(raw) <= highest:
            return int(raw)
        self.add_problem(name, f"应为 {lowest} 到 {highest} 的整数", f"must be a whole number, {lowest} to {highest}")
        return default

    def boolean(self, name: str, default: bool) -> bool:
        raw = (self.text(name) or "").lower()
        if raw in TRUE_WORDS or raw in FALSE_WORDS:
            return raw in TRUE_WORDS
        if raw:
            self.add_problem(name, "应为 1 或 0", "must be 1 or 0")
        return default

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        raw = (self.text(name) or default).lower()
        if raw in allowed:
            return raw
        words = "、".join(allowed)
        self.add_problem(name, f"应为 {words} 之一", f"must be one of {', '.join(allowed)}")
        return default

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        raw = self.text(name)
        if raw is None or (raw.split("://")[0] in schemes and "://" in raw):
            return raw
        starts = " 或 ".join(f"{scheme}://" for scheme in schemes)
        self.add_problem(name, f"应以 {starts} 开头", "unknown kind of address")
        return None

    def key(self, name: str) -> bytes | None:
        """32 bytes in base64, None when unset or (with a problem noted) malformed."""
        raw = self.text(name)
        if raw is None:
            return None
        try:
            key = base64.b64decode(raw.replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) == 32:
            return key
        self.add_problem(
            name,
            "应为 32 字节的 base64，可用 openssl rand -base64 32 生成",
            "must be 32 bytes in base64, for example from: openssl rand -base64 32",
        )
        return None

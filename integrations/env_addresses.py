"""Addresses and ports among the settings."""

from urllib.parse import urlsplit

from integrations.env_reader import EnvReader


def gateway_url(read: EnvReader, port: int) -> str:
    """Where the phone page reaches the voice gateway."""
    url = (read.text("GATEWAY_URL") or f"ws://127.0.0.1:{port}").rstrip("/")
    if not is_plain_address(url, ("ws", "wss")):
        read.add_problem(
            "GATEWAY_URL", "应为 ws:// 或 wss:// 开头的 ASCII 地址，不含参数", "must be a plain ASCII ws or wss address"
        )
    return url


def http_url(read: EnvReader, name: str, port: int) -> str:
    """An address that others reach us at; by default the port on this machine."""
    default = f"http://127.0.0.1:{port}"
    url = (read.text(name) or default).rstrip("/")
    if is_plain_address(url, ("http", "https")):
        return url
    read.add_problem(
        name, "应为 http:// 或 https:// 开头的 ASCII 地址，不含参数", "must be a plain ASCII http or https address"
    )
    return default


def is_plain_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether it is an ASCII address with a host and without parameters or a password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises ValueError when it is not a number)
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    return url.isascii() and parts.scheme in schemes and bool(parts.hostname) and is_plain


def port_beside(taken: int, *others: int) -> int:
    """The nearest port to `taken` that none of these uses."""
    near = (taken + step for step in (1, 2, 3, -1, -2, -3))
    return next(port for port in near if 0 < port <= 65535 and port not in others)

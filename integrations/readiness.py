"""Asking our own /readyz whether everything is up."""

import http.client
import json

from integrations.settings import Settings

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
ANSWER_SECONDS = 3.0


def local_host(settings: Settings) -> str:
    """The address under which this machine reaches the web server."""
    return ANYWHERE.get(settings.bind, settings.bind)


def local_url(settings: Settings, path: str) -> str:
    """An address for the person in front of this machine."""
    host = local_host(settings)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{path}"


def missing_parts(settings: Settings) -> list[str]:
    """Names of what does not work yet; "web" while there is no answer at all."""
    connection = http.client.HTTPConnection(local_host(settings), settings.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        states = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return ["web"]
    finally:
        connection.close()
    return [name for name, state in states.items() if isinstance(state, dict) and state["state"] != "ok"]

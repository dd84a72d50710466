"""The lock on addresses that only the carrier may call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from flask import abort, request
from prometheus_client import Counter

from integrations.settings import Settings
from integrations.telephony.signature import SignatureCheck

log = structlog.get_logger(__name__)
UNSIGNED = Counter("carrier_unsigned_requests_total", "Requests to the carrier's addresses refused for their signature")
View = Callable[..., Any]


def signed_by_carrier(settings: Settings) -> Callable[[View], View]:
    """A decorator for views: 403 without the carrier's signature, and the mark of a guarded view.

    Below `@blueprint.post(...)`, which must register the guarded view.
    """
    check = SignatureCheck(settings.carrier_auth_token, settings.public_base_url)

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not check.is_genuine(request):
                UNSIGNED.inc()
                log.warning("unsigned_request", path=request.path)
                abort(403)
            return view(*args, **kwargs)

        guarded.guarded_by = "carrier signature"  # type: ignore[attr-defined]
        return guarded

    return guard

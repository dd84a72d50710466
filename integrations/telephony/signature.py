"""Whether a request really comes from the carrier: HMAC-SHA1 over the exact address and the sorted parameters."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from twilio.request_validator import HMAC_SHA1, RequestValidator, get_signature_algorithm
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"


def public_url(base: str, environ: Mapping[str, Any]) -> str:
    """The address exactly as the carrier wrote it.

    `request.url` is decoded and encoded again by Werkzeug, so %E5.. or %7E would no longer match, and behind a proxy
    it names the inside: the raw path and query are put behind the configured public address instead.
    """
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw is None:
        query = environ.get("QUERY_STRING", "")
        raw = quote(environ.get("PATH_INFO", ""), safe="/-_.~") + (f"?{query}" if query else "")
    if "://" in raw:
        # An absolute request line, as some proxies send it.
        raw = "/" + raw.split("://", 1)[1].partition("/")[2]
    return base + raw


class SignatureCheck:
    """Checks requests against the account's token; built once."""

    def __init__(self, auth_token: str, public_base_url: str) -> None:
        self._validator = RequestValidator(auth_token)
        self._base = public_base_url

    def is_genuine(self, request: Request) -> bool:
        signature = request.headers.get(SIGNATURE_HEADER, "")
        if not signature:
            return False
        url = public_url(self._base, request.environ)
        algorithm = get_signature_algorithm(request.headers.get(SETTINGS_HEADER))
        parameters: MultiDict[str, str] | str = request.form
        if request.mimetype == "application/json":
            parameters = request.get_data(as_text=True)
        if self._is_signed_exactly(url, parameters, signature, algorithm):
            return True
        # The carrier's own rules for ports left out or added, and for JSON bodies.
        if isinstance(parameters, str) and "bodySHA256=" not in url:
            # Without its hash in the address nothing vouches for a body.
            return False
        return bool(self._validator.validate(url, parameters, signature, algorithm))

    def _is_signed_exactly(
        self, url: str, parameters: MultiDict[str, str] | str, signature: str, algorithm: str
    ) -> bool:
        """The common case, a form signed with the address as it stands: one hash instead of two."""
        if isinstance(parameters, str) or algorithm != HMAC_SHA1:
            return False
        expected = self._validator.compute_signature(url, parameters, algorithm)
        return hmac.compare_digest(expected.encode(), signature.encode())

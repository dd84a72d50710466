"""What lets a consultant's page take calls at Twilio."""

from __future__ import annotations

from integrations.settings import Settings

TOKEN_SECONDS = 3600


def page_token(settings: Settings, identity: str, seconds: int = TOKEN_SECONDS) -> str | None:
    """A token for one identity; None where pages speak to our own gateway."""
    if settings.carrier_api_key is None or settings.carrier_is_gateway:
        return None
    from twilio.jwt.access_token import AccessToken
    from twilio.jwt.access_token.grants import VoiceGrant

    token = AccessToken(
        settings.carrier_account_sid,
        settings.carrier_api_key,
        settings.carrier_api_secret,
        identity=identity,
        ttl=seconds,
    )
    token.add_grant(VoiceGrant(incoming_allow=True, outgoing_application_sid=settings.carrier_twiml_app_sid))
    return str(token.to_jwt())

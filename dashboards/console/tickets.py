"""With what a consultant's page registers as a telephone: at our voice gateway, or at Twilio."""

from __future__ import annotations

from dashboards.console.errors import Refused
from dashboards.phone.page import GATEWAY_PATH
from integrations.gateway.tokens import issue_token
from integrations.services import Services


def phone_ticket(services: Services, agent_id: int) -> dict[str, str]:
    """`{token, url}` or `{twilio_token}`. Raises Refused when the carrier has no telephone for a page."""
    settings, identity = services.settings, f"agent-{agent_id}"
    if settings.carrier_is_gateway:
        token = issue_token(settings.secret_key, services.now(), identity)
        return {"token": token, "url": f"{settings.gateway_url.rstrip('/')}{GATEWAY_PATH}"}
    token_of_twilio = services.carrier.access_token(identity)
    if token_of_twilio is None:
        raise Refused(409, "没有配置网页接听，请管理员把您的坐席改成用电话接。")
    return {"twilio_token": token_of_twilio}

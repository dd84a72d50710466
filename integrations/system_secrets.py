"""The secrets of business systems: systems.yaml names their variables, and none of them has another name."""

from integrations.env_reader import EnvReader

PREFIX = "SYSTEM_"
# What the sandbox lets in, published like the demo token: a demo needs no secrets of its own.
DEMO_SECRETS = {
    "SYSTEM_DEMO_MEDICAL_SIGN_KEY": "sandbox-medical-sign-key",
    "SYSTEM_DEMO_MEDICAL_CIPHER_KEY": "SandboxSm4Key016",
    "SYSTEM_DEMO_CARD_PASSWORD": "sandbox-card",
    "SYSTEM_DEMO_BUS_HEFEI_TOKEN": "sandbox-pension-hefei-token",
    "SYSTEM_DEMO_BUS_PROVINCE_TOKEN": "sandbox-pension-province-token",
}


def system_secrets(read: EnvReader, is_demo: bool) -> dict[str, str]:
    """Every variable that may hold one, by its name."""
    return (DEMO_SECRETS if is_demo else {}) | read.beginning(PREFIX)

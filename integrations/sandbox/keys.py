"""What a client needs to be let in. Made up and published: nothing behind these is worth keeping from anybody."""

# National medical platform: the institution, the key of the SM3 signature, the 16 bytes of SM4.
MEDICAL_INSTITUTION = "H34010012333"
MEDICAL_SIGN_KEY = "sandbox-medical-sign-key"
MEDICAL_SM4_KEY = "SandboxSm4Key016"
# Card systems.
CARD_USER = "12333"
CARD_PASSWORD = "sandbox-card"
# Pension buses.
PENSION_APP_KEY = "hotline-12333"
PENSION_TOKENS = {"hefei": "sandbox-pension-hefei-token", "province": "sandbox-pension-province-token"}

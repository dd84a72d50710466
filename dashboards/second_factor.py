"""The second factor: the code that a telephone shows (RFC 6238), and the row its secret rests in."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import datetime

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from dashboards.models import ADMINISTRATOR
from dashboards.staff import FIELDS, STILL_THE_SAME, StaffMember, StaffStore, enter_own_deed, same
from integrations.services import Services
from integrations.settings import Settings

ISSUER = "12333安徽"
SEALED_FOR = "staff.totp"
# Clocks of telephones are a little off, and people take their time to type.
STEPS_OFF = 1
LONGEST_CODE = 20

_SEALED = "SELECT totp_sealed FROM staff_user WHERE id = %s AND is_active"
# The step last used is part of the condition: of two that bring the same code at the same time, one gets in.
_USE_STEP = f"""
UPDATE staff_user SET totp_last_step = %(step)s
WHERE {STILL_THE_SAME} AND totp_sealed = %(sealed)s AND (totp_last_step IS NULL OR totp_last_step < %(step)s)
RETURNING id
"""
_SET = f"""
UPDATE staff_user SET totp_sealed = %(sealed)s, totp_last_step = %(step)s, session_epoch = session_epoch + 1,
    totp_since = CASE WHEN %(sealed)s::bytea IS NOT NULL THEN %(now)s END
WHERE {STILL_THE_SAME} RETURNING {FIELDS}
"""


def new_secret() -> str:
    """160 bits of chance in base32, as authenticator applications want them."""
    return pyotp.random_base32()


def in_groups(secret: str) -> str:
    """A secret in groups of four, for typing."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def qr_code(secret: str, username: str) -> str:
    """An SVG that authenticator applications read: the secret, whose it is, and where it is for."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)
    image = io.BytesIO()
    # Its white margin is part of it: without one a camera finds no edge.
    segno.make(uri, error="m", micro=False).save(
        image, kind="svg", scale=4, light="#fff", title="二维码", xmldecl=False, svgns=False, nl=False
    )
    return image.getvalue().decode()


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second step whose code this is, one before or after the present one at most; None for a wrong code."""
    digits = "".join(unicodedata.normalize("NFKC", code[:LONGEST_CODE]).split())
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=at, valid_window=STEPS_OFF)
    except OTPVerificationError:
        return None


def must_have_one(member: StaffMember, settings: Settings) -> bool:
    """Administrators must; in a demo, which only its own machine reaches, nobody needs a telephone to try it."""
    return member.role == ADMINISTRATOR and not settings.demo


class SecondFactor:
    """Codes checked against the row, and secrets set and removed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._staff = StaffStore(services.database)

    def accept(self, member: StaffMember, code: str) -> bool:
        """Whether this is a code of the present moment that nobody has used yet; a wrong one is counted."""
        now = self._services.now()
        with self._services.database.pool.connection() as connection:
            row = connection.execute(_SEALED, (member.id,)).fetchone()
        if row is None or row[0] is None:
            return False
        step = matching_step(self._services.sealer.open(row[0], SEALED_FOR), code, now)
        if step is None:
            self._staff.note_wrong(member.id, now)
            return False
        with self._services.database.pool.connection() as connection:
            values = {**same(member, now), "sealed": row[0], "step": step}
            return connection.execute(_USE_STEP, values).fetchone() is not None

    def set_up(self, member: StaffMember, secret: str, step: int) -> StaffMember | None:
        """Keep a secret whose code of `step` was right, in place of an earlier one, and end all sessions.

        None when the account was changed or locked meanwhile.
        """
        return self._set(member, "second_factor_set", self._services.sealer.seal(secret, SEALED_FOR), step)

    def remove(self, member: StaffMember) -> StaffMember | None:
        """Ask for no code from now on, and end all sessions; None when the account was changed or locked."""
        return self._set(member, "second_factor_removed", None, None)

    def _set(self, member: StaffMember, deed: str, sealed: bytes | None, step: int | None) -> StaffMember | None:
        now = self._services.now()
        values = {**same(member, now), "sealed": sealed, "step": step}
        with self._services.database.pool.connection() as connection, connection.transaction():
            row = connection.execute(_SET, values).fetchone()
            if row is None:
                return None
            enter_own_deed(connection, member, deed, now)
        return StaffMember(*row)

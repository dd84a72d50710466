"""Queries: who asked for whose data, wrong query PINs, and the numbers of messages to the medical platform."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE medical_message MINVALUE 0 MAXVALUE 9999 START 0 CYCLE")
    op.create_table(
        "look_up_audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=True),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person_hash", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(result IS NULL) = (milliseconds IS NULL)", name=op.f("ck_look_up_audit_result_has_its_time")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look_up_audit")),
    )
    op.create_index("ix_look_up_audit_at", "look_up_audit", ["at"])
    op.create_index("ix_look_up_audit_person_hash", "look_up_audit", ["person_hash", "at"])
    op.create_index("ix_look_up_audit_call_sid", "look_up_audit", ["call_sid"])
    op.create_index("ix_look_up_audit_open", "look_up_audit", ["at"], postgresql_where=sa.text("result IS NULL"))
    op.create_table(
        "pin_failure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_hash", sa.LargeBinary(), nullable=True),
        sa.Column("caller_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "person_hash IS NOT NULL OR caller_hash IS NOT NULL", name=op.f("ck_pin_failure_counts_for_somebody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pin_failure")),
    )
    op.create_index("ix_pin_failure_person_hash", "pin_failure", ["person_hash", "at"])
    op.create_index("ix_pin_failure_caller_hash", "pin_failure", ["caller_hash", "at"])
    op.create_index("ix_pin_failure_at", "pin_failure", ["at"])


def downgrade() -> None:
    op.drop_table("pin_failure")
    op.drop_table("look_up_audit")
    op.execute("DROP SEQUENCE medical_message")

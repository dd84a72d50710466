"""Cards frozen and released by telephone: a row for each write, committed before the card system is asked."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_freeze",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("person_hash", sa.LargeBinary(), nullable=False),
        sa.Column("card_hash", sa.LargeBinary(), nullable=False),
        sa.Column("card_tail", sa.String(length=4), nullable=True),
        sa.Column("bank", sa.String(length=40), nullable=True),
        sa.Column("person_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("door", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("number_tail", sa.String(length=4), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("is_formal", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("callback_id", sa.BigInteger(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(length=64), nullable=True),
        sa.Column("cleared_reason", sa.Text(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('writing', 'unknown')) = (ended_at IS NULL)", name=op.f("ck_card_freeze_ends_once")
        ),
        sa.CheckConstraint(
            "status IN ('writing', 'unknown', 'done', 'already', 'refused', 'not_sent', 'not_done')",
            name=op.f("ck_card_freeze_status"),
        ),
        sa.CheckConstraint(
            "(cleared_at IS NULL) = (cleared_reason IS NULL)", name=op.f("ck_card_freeze_cleared_with_a_reason")
        ),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_card_freeze_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_freeze")),
    )
    op.create_index("ix_card_freeze_centre", "card_freeze", ["centre", "asked_at"], unique=False)
    op.create_index(
        "ix_card_freeze_look",
        "card_freeze",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('writing', 'unknown')"),
    )
    op.create_index("ix_card_freeze_person", "card_freeze", ["person_hash", "asked_at"], unique=False)
    op.create_index(
        "ix_card_freeze_ends",
        "card_freeze",
        [sa.text("coalesce(until, earliest)")],
        postgresql_where=sa.text("reminded_at IS NULL"),
    )
    op.create_index(
        "ix_card_freeze_urgent",
        "card_freeze",
        ["centre", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL AND cleared_at IS NULL"),
    )
    op.create_index(
        "uq_card_freeze_call",
        "card_freeze",
        ["call_sid", "card_hash", "action", "turn"],
        unique=True,
        postgresql_where=sa.text("status IN ('writing', 'unknown', 'done', 'already')"),
    )
    op.create_index(
        "uq_card_freeze_open",
        "card_freeze",
        ["card_hash"],
        unique=True,
        postgresql_where=sa.text("status IN ('writing', 'unknown')"),
    )


def downgrade() -> None:
    op.drop_table("card_freeze")

"""Callbacks: who is to be rung, each attempt, the text message when none succeeded, and the pace of dialling."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carrier_pace",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_pace")),
    )
    op.create_table(
        "callback",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("skill", sa.String(length=16), server_default="", nullable=False),
        sa.Column("language", sa.String(length=16), server_default="", nullable=False),
        sa.Column("asked", sa.Text(), server_default="", nullable=False),
        sa.Column("is_slow", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("number_tail", sa.String(length=4), nullable=False),
        sa.Column("caller_region", sa.Text(), nullable=True),
        sa.Column("asker_hash", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.String(length=16)), server_default="{}", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slot_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slot_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promised_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=16), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("end_note", sa.Text(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(length=64), nullable=True),
        sa.Column("cleared_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_callback_ended_has_a_time")),
        sa.CheckConstraint(
            "(status = 'scheduled') = (not_before IS NOT NULL)", name=op.f("ck_callback_scheduled_has_a_time")
        ),
        sa.CheckConstraint(
            "status IN ('scheduled', 'waiting', 'dialling', 'live', 'ended')", name=op.f("ck_callback_status_is_known")
        ),
        sa.CheckConstraint(
            "(cleared_at IS NULL) = (cleared_reason IS NULL)", name=op.f("ck_callback_cleared_with_a_reason")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_callback_ended_has_a_reason")),
        sa.CheckConstraint("(slot_from IS NULL) = (slot_until IS NULL)", name=op.f("ck_callback_slot_is_whole")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_callback_centre")),
        sa.ForeignKeyConstraint(["owner_id"], ["agent.id"], name=op.f("fk_callback_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
    )
    op.create_index(
        "ix_callback_to_clear",
        "callback",
        ["centre"],
        unique=False,
        postgresql_where=sa.text(
            "cleared_at IS NULL AND (breached_at IS NOT NULL "
            "OR end_reason IN ('unreached', 'wrong_number', 'bad_number'))"
        ),
    )
    op.create_index("ix_callback_call_sid", "callback", ["call_sid"], unique=False)
    op.create_index("ix_callback_centre_ended_at", "callback", ["centre", "ended_at"], unique=False)
    op.create_index(
        "ix_callback_centre_open",
        "callback",
        ["centre", "rank_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_callback_due", "callback", ["not_before"], unique=False, postgresql_where=sa.text("status = 'scheduled'")
    )
    op.create_index(
        "ix_callback_number_hash",
        "callback",
        ["number_hash"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_callback_slot",
        "callback",
        ["centre", "slot_from"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_callback_open",
        "callback",
        ["centre", "number_hash", "skill"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "text_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("callback_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=12), server_default="waiting", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'no_channel', 'sent', 'failed')", name=op.f("ck_text_message_status_is_known")
        ),
        sa.ForeignKeyConstraint(["callback_id"], ["callback.id"], name=op.f("fk_text_message_callback_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_message")),
    )
    op.create_index(
        "ix_text_message_waiting",
        "text_message",
        ["made_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("uq_text_message_callback_id_kind", "text_message", ["callback_id", "kind"], unique=True)
    op.create_table(
        "callback_attempt",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("callback_id", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.String(length=24), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=10), server_default="claimed", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("initiated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_callback_attempt_ended_has_a_time")
        ),
        sa.CheckConstraint(
            "status IN ('claimed', 'initiated', 'ringing', 'answered', 'confirmed', 'ended')",
            name=op.f("ck_callback_attempt_status_is_known"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (result IS NULL)", name=op.f("ck_callback_attempt_ended_has_a_result")
        ),
        sa.ForeignKeyConstraint(["callback_id"], ["callback.id"], name=op.f("fk_callback_attempt_callback_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["queue_entry.id"], name=op.f("fk_callback_attempt_entry_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_callback_attempt_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_attempt")),
        sa.UniqueConstraint("call_sid", name=op.f("uq_callback_attempt_call_sid")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_callback_attempt_offer_id")),
    )
    op.create_index("ix_callback_attempt_callback_id", "callback_attempt", ["callback_id", "number"], unique=False)
    op.create_index(
        "ix_callback_attempt_open",
        "callback_attempt",
        ["made_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_callback_attempt_open",
        "callback_attempt",
        ["callback_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column("queue_entry", sa.Column("callback_id", sa.BigInteger(), nullable=True))
    op.add_column("queue_entry", sa.Column("caller_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(
        "queue_entry", sa.Column("wants_callback", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(
        "uq_queue_entry_open_callback",
        "queue_entry",
        ["callback_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_foreign_key(op.f("fk_queue_entry_callback_id"), "queue_entry", "callback", ["callback_id"], ["id"])
    op.create_check_constraint(op.f("ck_queue_entry_kind_is_known"), "queue_entry", "kind IN ('call', 'callback')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_queue_entry_kind_is_known"), "queue_entry", type_="check")
    op.drop_constraint(op.f("fk_queue_entry_callback_id"), "queue_entry", type_="foreignkey")
    op.drop_index(
        "uq_queue_entry_open_callback", table_name="queue_entry", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_column("queue_entry", "wants_callback")
    op.drop_column("queue_entry", "caller_sealed")
    op.drop_column("queue_entry", "callback_id")
    op.drop_index(
        "uq_callback_attempt_open", table_name="callback_attempt", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index(
        "ix_callback_attempt_open", table_name="callback_attempt", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index("ix_callback_attempt_callback_id", table_name="callback_attempt")
    op.drop_table("callback_attempt")
    op.drop_index("uq_text_message_callback_id_kind", table_name="text_message")
    op.drop_index("ix_text_message_waiting", table_name="text_message", postgresql_where=sa.text("status = 'waiting'"))
    op.drop_table("text_message")
    op.drop_index("uq_callback_open", table_name="callback", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_callback_slot", table_name="callback", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_callback_number_hash", table_name="callback", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_callback_due", table_name="callback", postgresql_where=sa.text("status = 'scheduled'"))
    op.drop_index("ix_callback_centre_open", table_name="callback", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_callback_centre_ended_at", table_name="callback")
    op.drop_index("ix_callback_to_clear", table_name="callback")
    op.drop_index("ix_callback_call_sid", table_name="callback")
    op.drop_table("callback")
    op.drop_table("carrier_pace")

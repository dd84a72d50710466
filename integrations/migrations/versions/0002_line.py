"""The waiting line: seats, entries, offers, what the carrier is asked for, and what is left of a talk."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.String(length=16)), server_default="{}", nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String(length=16)), server_default="{}", nullable=False),
        sa.Column("door", sa.String(length=10), server_default="browser", nullable=False),
        sa.Column("telephone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("telephone_tail", sa.String(length=4), nullable=True),
        sa.Column("state", sa.String(length=12), server_default="logged_out", nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("idle_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_reason", sa.String(length=16), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("misses", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("cool_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("door IN ('browser', 'telephone')", name=op.f("ck_agent_door_is_known")),
        sa.CheckConstraint(
            "state IN ('logged_out', 'available', 'reserved', 'on_call', 'hold', 'wrap_up', 'break', 'away')",
            name=op.f("ck_agent_state_is_known"),
        ),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_agent_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("number", name=op.f("uq_agent_number")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index(
        "ix_agent_available",
        "agent",
        ["centre", "idle_since"],
        unique=False,
        postgresql_where=sa.text("state = 'available'"),
    )
    op.create_table(
        "queue_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=10), server_default="call", nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("skill", sa.String(length=16), server_default="", nullable=False),
        sa.Column("language", sa.String(length=16), server_default="", nullable=False),
        sa.Column("caller_hash", sa.LargeBinary(), nullable=True),
        sa.Column("caller_tail", sa.String(length=4), nullable=True),
        sa.Column("caller_region", sa.Text(), nullable=True),
        sa.Column("asked", sa.Text(), server_default="", nullable=False),
        sa.Column("is_slow", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rank_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.String(length=16)), server_default="{}", nullable=False),
        sa.Column("status", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("offers", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=16), nullable=True),
        sa.CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_queue_entry_ended_has_a_time")),
        sa.CheckConstraint(
            "status IN ('waiting', 'offered', 'connected', 'ended')", name=op.f("ck_queue_entry_status_is_known")
        ),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_queue_entry_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_entry")),
    )
    op.create_index("ix_queue_entry_caller_hash", "queue_entry", ["caller_hash", "joined_at"], unique=False)
    op.create_index("ix_queue_entry_centre_joined_at", "queue_entry", ["centre", "joined_at"], unique=False)
    op.create_index(
        "ix_queue_entry_line",
        "queue_entry",
        ["centre", "rank_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_queue_entry_waiting",
        "queue_entry",
        ["rank_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "uq_queue_entry_open_call",
        "queue_entry",
        ["call_sid"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "agent_shift",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_shift_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_shift")),
    )
    op.create_index("ix_agent_shift_agent_id_began_at", "agent_shift", ["agent_id", "began_at"], unique=False)
    op.create_index(
        "uq_agent_shift_open", "agent_shift", ["agent_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=12), server_default="reserved", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ring_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_call_sid", sa.String(length=64), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=16), nullable=True),
        sa.Column("conference_sid", sa.String(length=64), nullable=True),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_seconds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wait_seconds", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (status IN ('reserved', 'ringing', 'accepted', 'connected'))",
            name=op.f("ck_offer_open_has_no_end"),
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_offer_agent_id")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_offer_centre")),
        sa.ForeignKeyConstraint(["entry_id"], ["queue_entry.id"], name=op.f("fk_offer_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("agent_call_sid", name=op.f("uq_offer_agent_call_sid")),
    )
    op.create_index("ix_offer_agent_id_made_at", "offer", ["agent_id", "made_at"], unique=False)
    op.create_index("ix_offer_call_sid", "offer", ["call_sid"], unique=False)
    op.create_index("ix_offer_centre_made_at", "offer", ["centre", "made_at"], unique=False)
    op.create_index("ix_offer_entry_id", "offer", ["entry_id"], unique=False)
    op.create_index(
        "uq_offer_open_agent",
        "offer",
        ["agent_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('reserved', 'ringing', 'accepted', 'connected')"),
    )
    op.create_index(
        "uq_offer_open_entry",
        "offer",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('reserved', 'ringing', 'accepted', 'connected')"),
    )
    op.create_table(
        "agent_interval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("offer_id", sa.String(length=24), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_interval_agent_id")),
        sa.ForeignKeyConstraint(["shift_id"], ["agent_shift.id"], name=op.f("fk_agent_interval_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_interval")),
    )
    op.create_index("ix_agent_interval_agent_id_since", "agent_interval", ["agent_id", "since"], unique=False)
    op.create_index(
        "ix_agent_interval_offer_id",
        "agent_interval",
        ["offer_id"],
        unique=False,
        postgresql_where=sa.text("state = 'wrap_up'"),
    )
    op.create_index(
        "uq_agent_interval_open", "agent_interval", ["agent_id"], unique=True, postgresql_where=sa.text("until IS NULL")
    )
    op.create_table(
        "carrier_task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("offer_id", sa.String(length=24), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_carrier_task_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_task")),
    )
    op.create_index(
        "ix_carrier_task_due", "carrier_task", ["not_before"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_index("ix_carrier_task_offer_id", "carrier_task", ["offer_id"], unique=False)
    op.create_table(
        "guide_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("guide", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("offer_id", sa.String(length=24), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(length=64), nullable=True),
        sa.Column("cleared_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("verdict IN ('wrong', 'missing')", name=op.f("ck_guide_mark_verdict_is_known")),
        sa.CheckConstraint(
            "(cleared_at IS NULL) = (cleared_reason IS NULL)", name=op.f("ck_guide_mark_cleared_with_a_reason")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_guide_mark_agent_id")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_guide_mark_centre")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_guide_mark_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_mark")),
    )
    op.create_index(
        "ix_guide_mark_open",
        "guide_mark",
        ["centre", "at"],
        unique=False,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    op.create_table(
        "rating",
        sa.Column("offer_id", sa.String(length=24), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comment_sid", sa.String(length=64), nullable=True),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_rating_score_is_a_key")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_rating_agent_id")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_rating_centre")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_rating_offer_id")),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_rating")),
    )
    op.create_index("ix_rating_agent_id_at", "rating", ["agent_id", "at"], unique=False)
    op.create_table(
        "talk_recording",
        sa.Column("recording_sid", sa.String(length=64), nullable=False),
        sa.Column("offer_id", sa.String(length=24), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_talk_recording_offer_id")),
        sa.PrimaryKeyConstraint("recording_sid", name=op.f("pk_talk_recording")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_talk_recording_offer_id")),
    )
    op.create_index(
        "ix_talk_recording_unfinished",
        "talk_recording",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('in-progress', 'completed', 'copied')"),
    )
    op.create_table(
        "work_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("offer_id", sa.String(length=24), nullable=True),
        sa.Column("comment_sid", sa.String(length=64), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_reason IS NULL)", name=op.f("ck_work_order_closed_with_a_reason")
        ),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_work_order_centre")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_work_order_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
    )
    op.create_index(
        "ix_work_order_open",
        "work_order",
        ["centre", "opened_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("uq_work_order_kind_offer_id", "work_order", ["kind", "offer_id"], unique=True)
    op.create_table(
        "wrap_up",
        sa.Column("offer_id", sa.String(length=24), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=True),
        sa.Column("disposition", sa.String(length=20), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_wrap_up_agent_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_wrap_up_offer_id")),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_wrap_up")),
    )
    op.create_index(
        "ix_wrap_up_open", "wrap_up", ["agent_id"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.add_column("staff_user", sa.Column("agent_id", sa.Integer(), nullable=True))
    op.add_column("staff_user", sa.Column("totp_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("staff_user", sa.Column("totp_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_user", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column(
        "staff_user", sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_unique_constraint(op.f("uq_staff_user_agent_id"), "staff_user", ["agent_id"])
    op.create_foreign_key(op.f("fk_staff_user_agent_id"), "staff_user", "agent", ["agent_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_staff_user_agent_id"), "staff_user", type_="foreignkey")
    op.drop_constraint(op.f("uq_staff_user_agent_id"), "staff_user", type_="unique")
    op.drop_column("staff_user", "must_change_password")
    op.drop_column("staff_user", "totp_last_step")
    op.drop_column("staff_user", "totp_since")
    op.drop_column("staff_user", "totp_sealed")
    op.drop_column("staff_user", "agent_id")
    op.drop_index("ix_wrap_up_open", table_name="wrap_up", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("wrap_up")
    op.drop_index("uq_work_order_kind_offer_id", table_name="work_order")
    op.drop_index("ix_work_order_open", table_name="work_order", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("work_order")
    op.drop_index(
        "ix_talk_recording_unfinished",
        table_name="talk_recording",
        postgresql_where=sa.text("status IN ('in-progress', 'completed', 'copied')"),
    )
    op.drop_table("talk_recording")
    op.drop_index("ix_rating_agent_id_at", table_name="rating")
    op.drop_table("rating")
    op.drop_index("ix_guide_mark_open", table_name="guide_mark", postgresql_where=sa.text("cleared_at IS NULL"))
    op.drop_table("guide_mark")
    op.drop_index("ix_carrier_task_offer_id", table_name="carrier_task")
    op.drop_index("ix_carrier_task_due", table_name="carrier_task", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("carrier_task")
    op.drop_index("uq_agent_interval_open", table_name="agent_interval", postgresql_where=sa.text("until IS NULL"))
    op.drop_index(
        "ix_agent_interval_offer_id", table_name="agent_interval", postgresql_where=sa.text("state = 'wrap_up'")
    )
    op.drop_index("ix_agent_interval_agent_id_since", table_name="agent_interval")
    op.drop_table("agent_interval")
    op.drop_index(
        "uq_offer_open_entry",
        table_name="offer",
        postgresql_where=sa.text("status IN ('reserved', 'ringing', 'accepted', 'connected')"),
    )
    op.drop_index(
        "uq_offer_open_agent",
        table_name="offer",
        postgresql_where=sa.text("status IN ('reserved', 'ringing', 'accepted', 'connected')"),
    )
    op.drop_index("ix_offer_entry_id", table_name="offer")
    op.drop_index("ix_offer_centre_made_at", table_name="offer")
    op.drop_index("ix_offer_call_sid", table_name="offer")
    op.drop_index("ix_offer_agent_id_made_at", table_name="offer")
    op.drop_table("offer")
    op.drop_index("uq_agent_shift_open", table_name="agent_shift", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_agent_shift_agent_id_began_at", table_name="agent_shift")
    op.drop_table("agent_shift")
    op.drop_index("uq_queue_entry_open_call", table_name="queue_entry", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_queue_entry_waiting", table_name="queue_entry", postgresql_where=sa.text("status = 'waiting'"))
    op.drop_index("ix_queue_entry_line", table_name="queue_entry", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_queue_entry_centre_joined_at", table_name="queue_entry")
    op.drop_index("ix_queue_entry_caller_hash", table_name="queue_entry")
    op.drop_table("queue_entry")
    op.drop_index("ix_agent_available", table_name="agent", postgresql_where=sa.text("state = 'available'"))
    op.drop_table("agent")

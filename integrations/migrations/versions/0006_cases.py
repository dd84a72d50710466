"""Messages and cases: what callers leave, what is promised about it, and every step until it is answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHECKS = {
    "status_is_known": "status IN ('open', 'owned', 'replied', 'closed', 'merged')",
    "kind_is_known": "kind IN ('message', 'complaint', 'report', 'low_rating', 'card_freeze', 'callback')",
    "closed_has_a_time": "(status IN ('closed', 'merged')) = (closed_at IS NOT NULL)",
    "merged_into_another": "(status = 'merged') = (merged_into IS NOT NULL)",
    "owned_by_somebody": "status <> 'owned' OR owner_id IS NOT NULL",
    "replied_has_a_time": "status <> 'replied' OR replied_at IS NOT NULL",
    "decided_has_a_time": "(decided_at IS NULL) = (decision IS NULL)",
    "decision_is_known": "decision IN ('accepted', 'refused')",
    "cleared_with_a_reason": "(cleared_at IS NULL) = (cleared_reason IS NULL)",
    "satisfaction_is_a_key": "satisfaction BETWEEN 1 AND 5",
}


def upgrade() -> None:
    op.create_table(
        "agent_deputy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("agent_id <> deputy_id", name=op.f("ck_agent_deputy_deputy_is_another")),
        sa.CheckConstraint("until IS NULL OR until > since", name=op.f("ck_agent_deputy_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_deputy_agent_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["agent.id"], name=op.f("fk_agent_deputy_deputy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_deputy")),
    )
    op.create_index(
        "ix_agent_deputy_deputy",
        "agent_deputy",
        ["deputy_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_agent_deputy_open", "agent_deputy", ["agent_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "case_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["work_order.id"], name=op.f("fk_case_event_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    op.create_index("ix_case_event_case_id", "case_event", ["case_id", "id"], unique=False)
    op.create_table(
        "case_reply",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("callback_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("channel_id", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("talk_seconds", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('call', 'text')", name=op.f("ck_case_reply_kind_is_known")),
        sa.CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name=op.f("ck_case_reply_ended_has_a_result")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_case_reply_agent_id")),
        sa.ForeignKeyConstraint(["callback_id"], ["callback.id"], name=op.f("fk_case_reply_callback_id")),
        sa.ForeignKeyConstraint(["case_id"], ["work_order.id"], name=op.f("fk_case_reply_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_reply")),
        sa.UniqueConstraint("callback_id", name=op.f("uq_case_reply_callback_id")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_case_reply_channel_id")),
    )
    op.create_index("ix_case_reply_case_id", "case_reply", ["case_id", "made_at"], unique=False)
    op.create_index(
        "ix_case_reply_open", "case_reply", ["made_at"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "uq_case_reply_open", "case_reply", ["case_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="recording", nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("adds_to", sa.BigInteger(), nullable=True),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("number_tail", sa.String(length=4), nullable=True),
        sa.Column("caller_region", sa.Text(), nullable=True),
        sa.Column("caller_hash", sa.LargeBinary(), nullable=True),
        sa.Column("person_hash", sa.LargeBinary(), nullable=True),
        sa.Column("is_anonymous", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("asked", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(status = 'recording') = (ended_at IS NULL)", name=op.f("ck_message_ended_has_a_time")),
        sa.CheckConstraint(
            "kind IN ('message', 'complaint', 'report', 'comment')", name=op.f("ck_message_kind_is_known")
        ),
        sa.CheckConstraint("status <> 'kept' OR case_id IS NOT NULL", name=op.f("ck_message_kept_has_a_case")),
        sa.CheckConstraint("status IN ('recording', 'kept', 'empty')", name=op.f("ck_message_status_is_known")),
        sa.ForeignKeyConstraint(["adds_to"], ["work_order.id"], name=op.f("fk_message_adds_to")),
        sa.ForeignKeyConstraint(["case_id"], ["work_order.id"], name=op.f("fk_message_case_id")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_message_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_begun_at", "message", ["begun_at"], unique=False)
    op.create_index("ix_message_case_id", "message", ["case_id"], unique=False)
    op.create_index(
        "ix_message_unfinished", "message", ["begun_at"], unique=False, postgresql_where=sa.text("status = 'recording'")
    )
    op.create_index("uq_message_call_sid_turn", "message", ["call_sid", "turn"], unique=True)
    op.create_table(
        "subject_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("suggested", sa.String(length=40), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("chosen", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["work_order.id"], name=op.f("fk_subject_correction_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_correction")),
    )
    op.create_index("ix_subject_correction_at", "subject_correction", ["at"], unique=False)
    op.create_table(
        "message_recording",
        sa.Column("recording_sid", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("voice_seconds", sa.Float(), nullable=True),
        sa.Column("is_superseded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("peaks", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('in-progress', 'absent', 'completed', 'stored', 'home', 'lost', 'unusable')",
            name=op.f("ck_message_recording_status_is_known"),
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_recording_message_id")),
        sa.PrimaryKeyConstraint("recording_sid", name=op.f("pk_message_recording")),
    )
    op.create_index(
        "ix_message_recording_kept",
        "message_recording",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_message_recording_message_id", "message_recording", ["message_id"], unique=False)
    op.create_index(
        "ix_message_recording_unfinished",
        "message_recording",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('in-progress', 'completed', 'stored')"),
    )
    op.create_table(
        "transcript",
        sa.Column("recording_sid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("model", sa.String(length=80), nullable=True),
        sa.Column("corrected_text", sa.Text(), nullable=True),
        sa.Column("corrected_by", sa.String(length=64), nullable=True),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'done', 'no_model', 'failed')", name=op.f("ck_transcript_status_is_known")
        ),
        sa.CheckConstraint(
            "(corrected_at IS NULL) = (corrected_text IS NULL)", name=op.f("ck_transcript_corrected_has_a_time")
        ),
        sa.ForeignKeyConstraint(
            ["recording_sid"], ["message_recording.recording_sid"], name=op.f("fk_transcript_recording_sid")
        ),
        sa.PrimaryKeyConstraint("recording_sid", name=op.f("pk_transcript")),
    )
    op.create_index(
        "ix_transcript_waiting", "transcript", ["made_at"], unique=False, postgresql_where=sa.text("status = 'waiting'")
    )
    op.add_column("work_order", sa.Column("origin", sa.String(length=96), nullable=True))
    op.add_column("work_order", sa.Column("first_centre", sa.String(length=6), nullable=True))
    op.add_column("work_order", sa.Column("desk", sa.String(length=16), server_default="", nullable=False))
    op.add_column("work_order", sa.Column("source", sa.String(length=12), nullable=True))
    op.add_column("work_order", sa.Column("number_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("work_order", sa.Column("number_hash", sa.LargeBinary(), nullable=True))
    op.add_column("work_order", sa.Column("number_tail", sa.String(length=4), nullable=True))
    op.add_column("work_order", sa.Column("caller_region", sa.Text(), nullable=True))
    op.add_column("work_order", sa.Column("caller_hash", sa.LargeBinary(), nullable=True))
    op.add_column("work_order", sa.Column("person_hash", sa.LargeBinary(), nullable=True))
    op.add_column(
        "work_order", sa.Column("is_anonymous", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("work_order", sa.Column("subject", sa.String(length=40), nullable=True))
    op.add_column("work_order", sa.Column("subject_by", sa.String(length=8), nullable=True))
    op.add_column("work_order", sa.Column("suggested_subject", sa.String(length=40), nullable=True))
    op.add_column("work_order", sa.Column("suggested_because", sa.Text(), nullable=True))
    op.add_column("work_order", sa.Column("status", sa.String(length=10), server_default="open", nullable=False))
    op.add_column("work_order", sa.Column("owner_id", sa.Integer(), nullable=True))
    op.add_column("work_order", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("due_policy", sa.String(length=20), nullable=True))
    op.add_column(
        "work_order", sa.Column("due_is_provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("work_order", sa.Column("desk_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("decision", sa.String(length=10), nullable=True))
    op.add_column("work_order", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("decision_reason", sa.Text(), nullable=True))
    op.add_column("work_order", sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("reply_kind", sa.String(length=10), nullable=True))
    op.add_column("work_order", sa.Column("reopened", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("work_order", sa.Column("urges", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("work_order", sa.Column("urged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("supervised_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("supervised_by", sa.String(length=64), nullable=True))
    op.add_column("work_order", sa.Column("level", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("work_order", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("cleared_by", sa.String(length=64), nullable=True))
    op.add_column("work_order", sa.Column("cleared_reason", sa.Text(), nullable=True))
    op.add_column("work_order", sa.Column("merged_into", sa.BigInteger(), nullable=True))
    op.add_column("work_order", sa.Column("satisfaction", sa.SmallInteger(), nullable=True))
    op.execute(
        "UPDATE work_order SET origin = 'rating:' || coalesce(offer_id, id::text), first_centre = centre, source = 'survey', "
        "status = CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END"
    )
    for column in ("origin", "first_centre", "source"):
        op.alter_column("work_order", column, nullable=False)
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_work_order_{name}"), "work_order", rule)
    # Numbers are spoken to callers: the first ones have four digits already.
    op.execute("ALTER TABLE work_order ALTER COLUMN id SET START WITH 1001")
    op.execute(
        "SELECT setval(pg_get_serial_sequence('work_order', 'id'), greatest(1000, (SELECT max(id) FROM work_order)))"
    )
    op.drop_index(op.f("ix_work_order_open"), table_name="work_order", postgresql_where="(closed_at IS NULL)")
    op.create_index(
        "ix_work_order_active",
        "work_order",
        ["centre", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('open', 'owned')"),
    )
    op.create_index("ix_work_order_call_sid", "work_order", ["call_sid"], unique=False)
    op.create_index("ix_work_order_caller", "work_order", ["caller_hash", "opened_at"], unique=False)
    op.create_index(
        "ix_work_order_closed",
        "work_order",
        ["centre", "closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index("ix_work_order_due", "work_order", ["centre", "due_at"], unique=False)
    op.create_index(
        "ix_work_order_look", "work_order", ["look_at"], unique=False, postgresql_where=sa.text("look_at IS NOT NULL")
    )
    op.create_index("ix_work_order_number", "work_order", ["number_hash", "opened_at"], unique=False)
    op.create_index("ix_work_order_opened", "work_order", ["centre", "opened_at"], unique=False)
    op.create_index(
        "ix_work_order_overdue",
        "work_order",
        ["centre", "breached_at"],
        unique=False,
        postgresql_where=sa.text("breached_at IS NOT NULL AND cleared_at IS NULL"),
    )
    op.create_index(
        "ix_work_order_owner",
        "work_order",
        ["owner_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('open', 'owned')"),
    )
    op.create_index(
        "ix_work_order_person",
        "work_order",
        ["person_hash", "opened_at"],
        unique=False,
        postgresql_where=sa.text("person_hash IS NOT NULL"),
    )
    op.create_unique_constraint(op.f("uq_work_order_origin"), "work_order", ["origin"])
    op.create_foreign_key(op.f("fk_work_order_owner_id"), "work_order", "agent", ["owner_id"], ["id"])
    op.create_foreign_key(op.f("fk_work_order_first_centre"), "work_order", "centre", ["first_centre"], ["code"])
    op.create_foreign_key(op.f("fk_work_order_merged_into"), "work_order", "work_order", ["merged_into"], ["id"])


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_work_order_{name}"), "work_order", type_="check")
    op.execute("ALTER TABLE work_order ALTER COLUMN id SET START WITH 1")
    op.drop_constraint(op.f("fk_work_order_merged_into"), "work_order", type_="foreignkey")
    op.drop_constraint(op.f("fk_work_order_first_centre"), "work_order", type_="foreignkey")
    op.drop_constraint(op.f("fk_work_order_owner_id"), "work_order", type_="foreignkey")
    op.drop_constraint(op.f("uq_work_order_origin"), "work_order", type_="unique")
    op.drop_index("ix_work_order_person", table_name="work_order", postgresql_where=sa.text("person_hash IS NOT NULL"))
    op.drop_index(
        "ix_work_order_owner", table_name="work_order", postgresql_where=sa.text("status IN ('open', 'owned')")
    )
    op.drop_index(
        "ix_work_order_overdue",
        table_name="work_order",
        postgresql_where=sa.text("breached_at IS NOT NULL AND cleared_at IS NULL"),
    )
    op.drop_index("ix_work_order_opened", table_name="work_order")
    op.drop_index("ix_work_order_number", table_name="work_order")
    op.drop_index("ix_work_order_look", table_name="work_order", postgresql_where=sa.text("look_at IS NOT NULL"))
    op.drop_index("ix_work_order_due", table_name="work_order")
    op.drop_index("ix_work_order_closed", table_name="work_order", postgresql_where=sa.text("closed_at IS NOT NULL"))
    op.drop_index("ix_work_order_caller", table_name="work_order")
    op.drop_index("ix_work_order_call_sid", table_name="work_order")
    op.drop_index(
        "ix_work_order_active", table_name="work_order", postgresql_where=sa.text("status IN ('open', 'owned')")
    )
    op.create_index(
        op.f("ix_work_order_open"),
        "work_order",
        ["centre", "opened_at"],
        unique=False,
        postgresql_where="(closed_at IS NULL)",
    )
    op.drop_column("work_order", "satisfaction")
    op.drop_column("work_order", "merged_into")
    op.drop_column("work_order", "cleared_reason")
    op.drop_column("work_order", "cleared_by")
    op.drop_column("work_order", "cleared_at")
    op.drop_column("work_order", "breached_at")
    op.drop_column("work_order", "look_at")
    op.drop_column("work_order", "level")
    op.drop_column("work_order", "supervised_by")
    op.drop_column("work_order", "supervised_at")
    op.drop_column("work_order", "urged_at")
    op.drop_column("work_order", "urges")
    op.drop_column("work_order", "reopened")
    op.drop_column("work_order", "reply_kind")
    op.drop_column("work_order", "replied_at")
    op.drop_column("work_order", "decision_reason")
    op.drop_column("work_order", "decided_at")
    op.drop_column("work_order", "decision")
    op.drop_column("work_order", "desk_due_at")
    op.drop_column("work_order", "due_is_provisional")
    op.drop_column("work_order", "due_policy")
    op.drop_column("work_order", "due_at")
    op.drop_column("work_order", "taken_at")
    op.drop_column("work_order", "owner_id")
    op.drop_column("work_order", "status")
    op.drop_column("work_order", "suggested_because")
    op.drop_column("work_order", "suggested_subject")
    op.drop_column("work_order", "subject_by")
    op.drop_column("work_order", "subject")
    op.drop_column("work_order", "is_anonymous")
    op.drop_column("work_order", "person_hash")
    op.drop_column("work_order", "caller_hash")
    op.drop_column("work_order", "caller_region")
    op.drop_column("work_order", "number_tail")
    op.drop_column("work_order", "number_hash")
    op.drop_column("work_order", "number_sealed")
    op.drop_column("work_order", "source")
    op.drop_column("work_order", "desk")
    op.drop_column("work_order", "first_centre")
    op.drop_column("work_order", "origin")
    op.drop_index("ix_transcript_waiting", table_name="transcript", postgresql_where=sa.text("status = 'waiting'"))
    op.drop_table("transcript")
    op.drop_index(
        "ix_message_recording_unfinished",
        table_name="message_recording",
        postgresql_where=sa.text("status IN ('in-progress', 'completed', 'stored')"),
    )
    op.drop_index("ix_message_recording_message_id", table_name="message_recording")
    op.drop_index(
        "ix_message_recording_kept", table_name="message_recording", postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.drop_table("message_recording")
    op.drop_index("ix_subject_correction_at", table_name="subject_correction")
    op.drop_table("subject_correction")
    op.drop_index("uq_message_call_sid_turn", table_name="message")
    op.drop_index("ix_message_unfinished", table_name="message", postgresql_where=sa.text("status = 'recording'"))
    op.drop_index("ix_message_case_id", table_name="message")
    op.drop_index("ix_message_begun_at", table_name="message")
    op.drop_table("message")
    op.drop_index("uq_case_reply_open", table_name="case_reply", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_case_reply_open", table_name="case_reply", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_case_reply_case_id", table_name="case_reply")
    op.drop_table("case_reply")
    op.drop_index("ix_case_event_case_id", table_name="case_event")
    op.drop_table("case_event")
    op.drop_index("uq_agent_deputy_open", table_name="agent_deputy", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_agent_deputy_deputy", table_name="agent_deputy", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("agent_deputy")

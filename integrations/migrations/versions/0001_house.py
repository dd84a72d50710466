"""The house: centres, the ledger of calls, what a duty supervisor sets, and who signs in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("call_step", "call_status_event", "audit_entry")


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_table(
        "calendar_notice",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("days", postgresql.JSONB(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_notice")),
    )
    op.create_table(
        "call_session",
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_sid", name=op.f("pk_call_session")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "call_status_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_status_event")),
    )
    op.create_index(op.f("ix_call_status_event_call_sid"), "call_status_event", ["call_sid"], unique=False)
    op.create_table(
        "call_step",
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("keys", sa.String(length=32), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call_sid", "turn", name=op.f("pk_call_step")),
    )
    op.create_table(
        "centre",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_centre")),
    )
    op.create_table(
        "call",
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=20), nullable=False),
        sa.Column("caller_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("caller_hash", sa.LargeBinary(), nullable=True),
        sa.Column("caller_tail", sa.String(length=4), nullable=True),
        sa.Column("caller_kind", sa.String(length=16), nullable=False),
        sa.Column("caller_region", sa.Text(), nullable=True),
        sa.Column("dialled", sa.String(length=64), nullable=False),
        sa.Column("first_centre", sa.String(length=6), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("desk_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carrier_status", sa.String(length=20), nullable=False),
        sa.Column("status_rank", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('answered', 'self_served', 'voicemail', 'callback_requested', 'abandoned_in_queue', "
            "'short_abandon', 'human_unavailable', 'abandoned_in_menu', 'after_hours', 'failed')",
            name=op.f("ck_call_outcome_is_known"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_call_ended_has_outcome")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_call_centre")),
        sa.ForeignKeyConstraint(["first_centre"], ["centre.code"], name=op.f("fk_call_first_centre")),
        sa.PrimaryKeyConstraint("call_sid", name=op.f("pk_call")),
    )
    op.create_index("ix_call_caller_hash", "call", ["caller_hash"], unique=False)
    op.create_index("ix_call_first_centre_started_at", "call", ["first_centre", "started_at"], unique=False)
    op.create_index("ix_call_open", "call", ["started_at"], unique=False, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_call_started_at", "call", ["started_at"], unique=False)
    op.create_table(
        "exceptional_closing",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.CheckConstraint("until > since", name=op.f("ck_exceptional_closing_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_exceptional_closing_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exceptional_closing")),
    )
    op.create_table(
        "feature_override",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("feature", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_feature_override_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_override")),
    )
    op.create_table(
        "staff_user",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(role IN ('provincial', 'administrator')) = (centre IS NULL)",
            name=op.f("ck_staff_user_centre_goes_with_the_role"),
        ),
        sa.CheckConstraint(
            "role IN ('consultant', 'supervisor', 'provincial', 'administrator')",
            name=op.f("ck_staff_user_role_is_known"),
        ),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_staff_user_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_user")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_user_username")),
    )
    op.create_table(
        "urgent_notice",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.CheckConstraint("until > since", name=op.f("ck_urgent_notice_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_urgent_notice_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urgent_notice")),
    )
    op.execute(
        """
        CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(f"CREATE TRIGGER append_only BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_update()")


def downgrade() -> None:
    op.drop_table("urgent_notice")
    op.drop_table("staff_user")
    op.drop_table("feature_override")
    op.drop_table("exceptional_closing")
    op.drop_index("ix_call_started_at", table_name="call")
    op.drop_index("ix_call_open", table_name="call", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_call_first_centre_started_at", table_name="call")
    op.drop_index("ix_call_caller_hash", table_name="call")
    op.drop_table("call")
    op.drop_table("centre")
    op.drop_table("call_step")
    op.drop_index(op.f("ix_call_status_event_call_sid"), table_name="call_status_event")
    op.drop_table("call_status_event")
    op.drop_table("call_session")
    op.drop_table("calendar_notice")
    op.drop_index(op.f("ix_audit_entry_at"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.execute("DROP FUNCTION refuse_update()")

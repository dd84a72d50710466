"""The tables are what the models say, and can be taken away again."""

from __future__ import annotations

from importlib import import_module

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from integrations.database import Base, Database
from integrations.database_url import psycopg_url
from integrations.migrations import alembic_config, migrate
from integrations.social_insurance.audit import next_message_number
from integrations.social_insurance.models import MESSAGE_NUMBERS, LookUpAudit, PinFailure

# What other models refer to must be known, whichever of them a test has loaded before.
MODELS = ("dashboards.models", "ivr.models", "queueing.callback_models", "queueing.models", "voicemail.models")
TABLES = {LookUpAudit.__tablename__, PinFailure.__tablename__}


def differences(database: Database) -> list[object]:
    def is_ours(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
        return name in TABLES if kind == "table" else True

    for module in MODELS:
        import_module(module)
    with database.engine.connect() as connection:
        options = {"include_name": is_ours, "compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        found: list[object] = compare_metadata(context, Base.metadata)
    return [one for one in found if any(name in repr(one) for name in TABLES)]


def test_the_tables_are_what_the_models_say(database: Database) -> None:
    assert differences(database) == []
    with database.pool.connection() as connection:
        connection.execute("ALTER TABLE look_up_audit ADD COLUMN extra text")
        try:
            assert len(differences(database)) == 1
        finally:
            connection.execute("ALTER TABLE look_up_audit DROP COLUMN extra")


def test_a_result_has_its_time(database: Database) -> None:
    with database.pool.connection() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO look_up_audit (at, who, why, centre, system, kind, person_hash, result) "
            "VALUES (now(), 'caller', 'query', '340100', 's', 'pension', 'x', 'found')"
        )


def test_numbers_of_messages_go_round(database: Database) -> None:
    name = MESSAGE_NUMBERS.name
    with database.pool.connection() as connection:
        connection.execute(f"SELECT setval('{name}', 9998)")
    assert [next_message_number(database) for _ in range(3)] == [9999, 0, 1]


def test_the_revision_can_be_taken_back_and_made_again(postgres_url: str) -> None:
    """In a database of its own, since the others are in use."""
    with psycopg.connect(psycopg_url(postgres_url), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS taken_back WITH (FORCE)")
        connection.execute("CREATE DATABASE taken_back")
    address, _, options = postgres_url.partition("?")
    url = f"{address.rpartition('/')[0]}/taken_back" + (f"?{options}" if options else "")
    migrate(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    engine.dispose()
    migrate(url)

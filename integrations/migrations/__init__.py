"""The history of the tables, applied with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from integrations.database_url import sqlalchemy_url

# Any number, as long as nothing else in this database locks it.
ADVISORY_LOCK = 1233312333


def alembic_config() -> Config:
    """Alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def migrate(url: str) -> None:
    """Bring the tables to the newest revision.

    Any number of processes may call it at once: the first one works, the others wait and find
    nothing left to do. Each revision is one transaction. Raises sqlalchemy.exc.SQLAlchemyError.
    """
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        # The lock belongs to the connection, not to a transaction, and ends with it.
        connection.commit()
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

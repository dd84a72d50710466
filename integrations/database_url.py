"""The two spellings of a PostgreSQL address."""


def psycopg_url(url: str) -> str:
    """The form psycopg and libpq read: postgresql://..."""
    return "postgresql://" + url.split("://", 1)[1]


def sqlalchemy_url(url: str) -> str:
    """The form SQLAlchemy reads, with its driver: postgresql+psycopg://..."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]

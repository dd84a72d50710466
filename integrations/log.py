"""Structured logs: one line per event, JSON for machines or readable on a terminal.

    log = structlog.get_logger(__name__)
    log.info("callback_answered", callback=17)

Lines go to standard error; standard output is for what a command says to its user.
"""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from integrations.masking import mask_value
from integrations.settings import Settings

# Their informative lines would drown ours; those of zeep hold whole messages.
QUIET_LOGGERS = ("alembic", "psycopg.pool", "rq", "rq.worker", "urllib3", "gunicorn", "zeep")


def configure_logging(settings: Settings) -> None:
    """Set up structlog, and route the standard library's loggers through the same steps."""
    level = logging.getLevelName(settings.log_level.upper())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_personal_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _json_renderer() if settings.log_json else _console_renderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def mask_personal_data(logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
    """A structlog step: mask every value, the traceback included, but not structlog's own."""
    for key, value in event_dict.items():
        if not key.startswith("_") and key != "timestamp":
            event_dict[key] = mask_value(value)
    return event_dict


def _json_renderer() -> Processor:
    return structlog.processors.JSONRenderer(serializer=_to_json)


def _to_json(event_dict: dict[str, Any], **_: Any) -> str:
    return orjson.dumps(event_dict, default=str).decode()


def _console_renderer() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
    )

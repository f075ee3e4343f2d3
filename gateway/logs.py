"""Structured logs on stderr: ids, never content."""

from __future__ import annotations

import logging
import sys

import structlog

SILENCED = ("zeep", "httpx", "httpcore", "asyncssh", "signxml", "urllib3", "uvicorn.access")
"""Loggers of libraries that would write whole envelopes or addresses at DEBUG or INFO."""


def configure(*, level: int = logging.INFO) -> None:
    """Log one JSON object per line, with time, level, event and the request's correlation id."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s", force=True)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )

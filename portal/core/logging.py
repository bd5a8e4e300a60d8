"""Structured logs: each line knows its request, job or topic, and no line knows a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.stdlib import ProcessorFormatter

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(
    r"passw|passkey|token|authori[sz]ation|secret|signature|cookie|api_?key|private_?key|credential|\botp\b",
    re.IGNORECASE,
)
_SECRET_TEXT = (
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(\w://[^\s:/@]*:)[^\s@/]+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"((?:password|token|authorization|secret|signature)\w*['\"]?\s*[:=]\s*)"
            r"(?:'[^']*'|\"[^\"]*\"|(?!bearer|basic)[^\s,;&)}'\"]+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
_DEEPEST = 8
# Parts that report each of their own steps: only what goes wrong in them is news here.
_CHATTY = ("apscheduler", "amqtt", "transitions", "httpx", "httpcore", "alembic", "PIL", "asyncio")


def configure(*, production: bool) -> None:
    """Set the shape of the log lines: JSON in production, readable in development."""
    shared: list[structlog.types.Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(default=str)
        if production
        # No pretty tracebacks: they print the local variables, passwords and all.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = _Stderr()
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                redact,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [*(kept for kept in root.handlers if not isinstance(kept, _Stderr)), handler]
    root.setLevel(logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def begin(**names: object) -> None:
    """A request, job or message begins: until the next one, every line in this context carries its names."""
    clear_contextvars()
    bind_contextvars(**names)


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what a line must not tell: values under a telling name, credentials inside a sentence or an address."""
    return {name: _hidden(name, value, 0) for name, value in line.items()}


def _hidden(name: object, value: object, depth: int) -> object:
    if value is not None and isinstance(name, str) and _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        for pattern, instead in _SECRET_TEXT:
            value = pattern.sub(instead, value)
        return value
    if depth < _DEEPEST:
        if isinstance(value, dict):
            return {key: _hidden(key, member, depth + 1) for key, member in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_hidden(None, member, depth + 1) for member in value]
    if isinstance(value, bool | int | float | None):
        return value
    return _hidden(None, str(value), depth)


class _Stderr(logging.Handler):
    """Writes to whatever standard error is now: a stream kept from the start may have been closed."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (BrokenPipeError, ValueError):
            pass  # nobody is reading any more; that is no reason to fail the work
        except Exception:
            self.handleError(record)

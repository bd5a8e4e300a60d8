"""Structured logs."""


def configure(*, production: bool) -> None:
    """Set the shape of the log lines: JSON in production, readable in development."""

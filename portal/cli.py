"""Flask commands for the operator's shell."""

from __future__ import annotations

import secrets
import sys

import click
from flask import Flask
from flask.cli import AppGroup

from portal.shared.audit import queries as audit_queries
from portal.shared.audit import services as audit_services

audit_group = AppGroup("audit", help="The audit trail: seal it, verify it.")


def register(app: Flask) -> None:
    """Hang the commands on the app."""
    app.cli.add_command(audit_group)
    app.cli.add_command(make_secret)


@click.command("make-secret")
def make_secret() -> None:
    """Print a SECRET_KEY nobody can guess."""
    click.echo(secrets.token_urlsafe(48))


@audit_group.command("verify")
def audit_verify() -> None:
    """Recompute the chain and name the first altered entry."""
    audit_services.seal()
    report = audit_queries.check_chain()
    if not report.intact:
        click.echo(f"Entry {report.broken_entry}: {report.what}.")
        sys.exit(1)
    click.echo(f"{report.checked} entries hold, {report.unsealed} not sealed yet. Head: {report.head or 'none'}")

"""Flask commands for the operator's shell."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from portal.cli_devices import devices_group
from portal.cli_fleet import fleet_group
from portal.cli_hotel import hotel_group
from portal.core import parse
from portal.core.actor import system
from portal.core.errors import DomainError
from portal.reporting import books_check
from portal.shared.audit import queries as audit_queries
from portal.shared.audit import services as audit_services
from portal.shared.identity import queries, rights_page
from portal.shared.identity.services import accounts

RIGHTS = Path(__file__).resolve().parent.parent / "docs" / "rights.md"
OPERATOR = system("operator")

audit_group = AppGroup("audit", help="The audit trail: seal it, verify it.")
ledger_group = AppGroup("ledger", help="The books: verify them.")


def register(app: Flask) -> None:
    """Hang the commands on the app."""
    app.cli.add_command(audit_group)
    app.cli.add_command(ledger_group)
    app.cli.add_command(devices_group)
    app.cli.add_command(fleet_group)
    app.cli.add_command(hotel_group)
    app.cli.add_command(make_secret)
    app.cli.add_command(create_user)
    app.cli.add_command(deactivate_user)
    app.cli.add_command(rights_doc)


@click.command("make-secret")
def make_secret() -> None:
    """Print a SECRET_KEY nobody can guess."""
    click.echo(secrets.token_urlsafe(48))


@click.command("create-user")
@click.option("--email", required=True)
@click.option("--name", default="", help="What the person is called; the e-mail address without it.")
@click.option("--phone", "phone_number", default="")
@click.option("--admin", is_flag=True, help="Runs the installation: an owner's rights everywhere, audited.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def create_user(email: str, name: str, phone_number: str, admin: bool, password_stdin: bool) -> None:
    """Make an account; the first of an installation is made here."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _ask_for_password()
    try:
        user = accounts.register(
            email=parse.email(email),
            name=parse.text(name or email, "name", max_length=80),
            phone_number=parse.optional(parse.phone, phone_number, "phone_number"),
            password=password,
            platform_admin=admin,
            actor=OPERATOR,
        )
    except DomainError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"{user.email} may sign in{' and runs the installation' if admin else ''}.")


def _ask_for_password() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.command("deactivate-user")
@click.option("--email", required=True)
@click.option("--reason", required=True)
def deactivate_user(email: str, reason: str) -> None:
    """Close an account; whoever is signed in with it is out at once."""
    user = queries.find_by_email(email.strip().lower())
    if user is None:
        raise click.ClickException(f"There is no account {email}.")
    accounts.deactivate(user_id=user.id, actor=OPERATOR, reason=reason)
    click.echo(f"{user.email} may not sign in any more.")


@click.command("rights-doc")
def rights_doc() -> None:
    """Write docs/rights.md from the rights matrix."""
    RIGHTS.write_text(rights_page.as_markdown())
    click.echo(f"Wrote {RIGHTS}.")


@ledger_group.command("verify")
def ledger_verify() -> None:
    """Recompute the books from their postings and name whatever is off."""
    found = books_check.run()
    for each in found:
        click.echo(each.said if each.well else "\n".join(each.wrong))
    if not all(each.well for each in found):
        sys.exit(1)
    click.echo("The books are sound.")


@audit_group.command("verify")
def audit_verify() -> None:
    """Recompute the chain and name the first altered entry."""
    audit_services.seal()
    report = audit_queries.check_chain()
    if not report.intact:
        click.echo(f"Entry {report.broken_entry}: {report.what}.")
        sys.exit(1)
    click.echo(f"{report.checked} entries hold, {report.unsealed} not sealed yet. Head: {report.head or 'none'}")

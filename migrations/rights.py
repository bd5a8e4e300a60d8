"""What the portal's own database role may do, when migrations run as another: no DDL, and no rewriting of history."""

from sqlalchemy import Connection, make_url, text

#: Rows here are facts: they may be added and read, never changed, by anybody the portal connects as.
APPEND_ONLY = (
    "audit_entry",
    "audit_link",
    "asset_event",
    "ledger_entry",
    "ledger_posting",
    "incident_note",
    "folio_line",
    "invoice",
)
#: Kept by triggers that run with their owner's rights; the portal may read them.
KEPT_BY_TRIGGER = ("ledger_balance",)


def grant(connection: Connection, *, owner_url: str, portal_url: str) -> None:
    """Give the portal's role its rights after a migration; nothing to do where it is the owner itself."""
    role = make_url(portal_url).username
    if not role or role == make_url(owner_url).username:
        return
    quoted = connection.dialect.identifier_preparer.quote(role)
    for statement in (
        f"grant usage on schema public to {quoted}",
        f"grant select, insert, update, delete on all tables in schema public to {quoted}",
        f"grant usage, select on all sequences in schema public to {quoted}",
        f"grant execute on all functions in schema public to {quoted}",
        f"revoke insert, update, delete on alembic_version from {quoted}",
        f"revoke update, delete, truncate on {', '.join(APPEND_ONLY)} from {quoted}",
        f"revoke insert, update, delete, truncate on {', '.join(KEPT_BY_TRIGGER)} from {quoted}",
    ):
        connection.execute(text(statement))
    connection.commit()

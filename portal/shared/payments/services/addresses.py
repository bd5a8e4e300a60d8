"""Where a provider without signatures is told to answer: addresses nobody can guess, and what came to them, kept once.

Such an address may not contain the provider's own words, or it refuses it: so hexadecimal digits and one letter.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from enum import StrEnum

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from portal.core.db import db, uuid7
from portal.core.transaction import transactional
from portal.shared.payments.models import GatewayMessage


class Ending(StrEnum):
    """What comes to an address that is not a phone's answer, by its last letter."""

    CONFIRMATION = "c"
    VALIDATION = "v"
    STATUS = "s"
    STATUS_LATE = "t"
    REVERSAL = "r"
    REVERSAL_LATE = "u"


_public_url = ""


def connect(public_url: str) -> None:
    """Say how providers reach this portal."""
    global _public_url
    _public_url = public_url


def new_token() -> str:
    """128 bits nobody can guess."""
    return secrets.token_hex(16)


def address(token: str, ending: Ending | None = None) -> str:
    """The whole address that ends in a token."""
    return f"{_public_url}/api/pay/k/{token}{f'-{ending}' if ending else ''}"


@transactional
def keep(
    *,
    provider: str,
    owner: uuid.UUID | str,
    kind: str,
    reference: str | None,
    raw: bytes,
    source: str | None,
    account_id: uuid.UUID | None,
    error: str | None = None,
) -> tuple[uuid.UUID, bool]:
    """Keep the exact bytes of a message once, and count it when it comes again; answers its id and whether it is new.

    What could not be read is set aside with the reason, for a person to look at.
    """
    row = db.session.execute(
        insert(GatewayMessage)
        .values(
            id=uuid7(),
            provider=provider,
            dedupe_key=f"{owner}:{kind}:{hashlib.sha256(raw).hexdigest()}",
            kind=kind,
            gateway_account_id=account_id,
            reference=reference,
            raw=raw,
            address=source,
            status="dead" if error else "done",
            error=error,
        )
        .on_conflict_do_update(
            index_elements=["provider", "dedupe_key"],
            set_={"deliveries": GatewayMessage.deliveries + 1, "last_delivery_at": func.clock_timestamp()},
        )
        .returning(GatewayMessage.id, GatewayMessage.deliveries)
    ).one()
    return row.id, row.deliveries == 1

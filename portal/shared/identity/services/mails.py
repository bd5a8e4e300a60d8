"""Letters: written with the change they tell of, posted after its commit."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.shared.identity.events import MailWritten
from portal.shared.identity.models import Mail
from portal.shared.identity.queries import find_mail

#: The secret part of a link; a letter that a mail server took is kept without it.
_SECRET = re.compile(r"(/(?:invitation|reset|me/proof)/)[\w-]+")
Send = Callable[[str, str, str], bool]


@transactional
def write(*, recipient: str, subject: str, body: str, asset_id: uuid.UUID | None = None) -> uuid.UUID:
    """Put a letter into the outgoing post of the running command."""
    mail = Mail(id=uuid7(), recipient=recipient, subject=" ".join(subject.split()), body=body, asset_id=asset_id)
    db.session.add(mail)
    publish(MailWritten(subject_id=mail.id))
    return mail.id


def post(event: dict[str, Any], *, send: Send) -> None:
    """Hand a letter to the mail server; `send` answers whether there is one. Runs again until it works."""
    mail = find_mail(uuid.UUID(event["subject_id"]))
    if mail is None or mail.sent_at is not None:
        return
    recipient, subject, body = mail.recipient, mail.subject, mail.body
    db.session.rollback()  # nothing is held while the mail server takes its time
    try:
        taken = send(recipient, subject, body)
    except Exception as error:
        _note(mail_id=mail.id, sent=False, error=f"{type(error).__name__}: {error}"[:300])
        raise
    _note(mail_id=mail.id, sent=taken, error=None)


@transactional
def _note(*, mail_id: uuid.UUID, sent: bool, error: str | None) -> None:
    mail = db.session.get_one(Mail, mail_id, populate_existing=True)
    mail.error = error
    if sent:
        mail.sent_at = utcnow()
        mail.body = _SECRET.sub(r"\1…", mail.body)

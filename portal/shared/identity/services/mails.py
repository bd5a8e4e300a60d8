"""Letters: written with the change they tell of, posted after its commit."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.shared.identity.events import MailWritten
from portal.shared.identity.models import Mail, MailAttachment
from portal.shared.identity.queries import attachments_of, find_mail

#: The secret part of a link; a letter that a mail server took is kept without it.
_SECRET = re.compile(r"(/(?:invitation|reset|me/proof)/)[\w-]+")


@dataclass(frozen=True, slots=True)
class Attached:
    """A paper that goes with a letter."""

    name: str
    media_type: str
    content: bytes


class Send(Protocol):
    """Hands a letter over; answers whether a mail server took it."""

    def __call__(self, recipient: str, subject: str, body: str, attached: Sequence[Attached] = ()) -> bool: ...


@transactional
def write(
    *,
    recipient: str,
    subject: str,
    body: str,
    asset_id: uuid.UUID | None = None,
    attached: Sequence[Attached] = (),
) -> uuid.UUID:
    """Put a letter into the outgoing post of the running command."""
    mail = Mail(id=uuid7(), recipient=recipient, subject=" ".join(subject.split()), body=body, asset_id=asset_id)
    db.session.add(mail)
    if attached:
        db.session.flush()
    for each in attached:
        db.session.add(
            MailAttachment(mail_id=mail.id, name=each.name, media_type=each.media_type, content=each.content)
        )
    publish(MailWritten(subject_id=mail.id))
    return mail.id


def post(event: dict[str, Any], *, send: Send) -> None:
    """Hand a letter to the mail server; `send` answers whether there is one. Runs again until it works."""
    mail = find_mail(uuid.UUID(event["subject_id"]))
    if mail is None or mail.sent_at is not None:
        return
    recipient, subject, body = mail.recipient, mail.subject, mail.body
    attached = [Attached(each.name, each.media_type, bytes(each.content)) for each in attachments_of(mail.id)]
    db.session.rollback()  # nothing is held while the mail server takes its time
    try:
        taken = send(recipient, subject, body, attached)
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

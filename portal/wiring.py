"""The one table of who reacts to whom: payment purposes, tender kinds, event handlers."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from config import Settings
from portal.core import outbox
from portal.gateways.mailer import Mailer
from portal.shared.identity import passwords
from portal.shared.identity.services import mails


def connect(settings: Settings) -> None:
    """Join the domains to each other and to the gateways the settings name."""
    if settings.testing:
        passwords.use_cheapest()
    mailer = Mailer(
        smtp_url=settings.smtp_url,
        folder=settings.var_dir / "mail",
        host=urlsplit(settings.public_url).hostname or "localhost",
    )
    outbox.on("identity.mail.written", "mail", partial(mails.post, send=mailer.send))

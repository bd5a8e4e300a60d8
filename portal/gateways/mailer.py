"""Send mail through the server of SMTP_URL; without one, letters are laid into a folder."""

from __future__ import annotations

import os
import smtplib
import ssl
import time
import uuid
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT = 10.0


class Attached(Protocol):
    """A paper that goes with a letter."""

    @property
    def name(self) -> str:
        """What the file is called."""

    @property
    def media_type(self) -> str:
        """Such as application/pdf."""

    @property
    def content(self) -> bytes:
        """Its bytes."""


class Mailer:
    """One way out for letters; `send` answers whether a mail server took it."""

    def __init__(self, *, smtp_url: str, folder: Path, host: str) -> None:
        self._server = urlsplit(smtp_url) if smtp_url else None
        self._folder = folder
        user = unquote(self._server.username or "") if self._server else ""
        self._sender = user if "@" in user else f"portal@{host}"
        self._host = host

    def send(self, recipient: str, subject: str, body: str, attached: Sequence[Attached] = ()) -> bool:
        """Hand a letter over with its papers; raises what the mail server answered when it refuses."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, recipient, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self._host)
        message.set_content(body)
        for each in attached:
            kind, _slash, subtype = each.media_type.partition("/")
            message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
        if self._server is None:
            self._lay_down(message)
            return False
        secure = self._server.scheme == "smtps"
        port = self._server.port or (465 if secure else 587)
        host = self._server.hostname or "localhost"
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
            if secure
            else smtplib.SMTP(host, port, timeout=TIMEOUT)
        ) as server:
            server.ehlo()
            if not secure and server.has_extn("starttls"):
                server.starttls(context=context)
            if self._server.username:
                server.login(unquote(self._server.username), unquote(self._server.password or ""))
            server.send_message(message)
        return True

    def _lay_down(self, message: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}.eml"
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(message))

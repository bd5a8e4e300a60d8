"""How people are reached: one spelling for each address and number, so that it can be unique."""

from __future__ import annotations

import re

import phonenumbers

from portal.core.parse.errors import ParseError, written
from portal.core.words import _

# Deliberately simple: what mail providers give people, not all that the RFC permits.
_MAILBOX = re.compile(r"[a-z0-9_%+'&-]+(?:\.[a-z0-9_%+'&-]+)*")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])")
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-]{4,24}|\([0-9][0-9 ().\-]{4,24}")


def email(value: object, field: str = "email", *, label: str | None = None) -> str:
    """An e-mail address, in small letters."""
    address = written(value, field, label or _("e-mail address"), longest=254).lower()
    mailbox, at, host = address.rpartition("@")
    fits = at and len(mailbox) <= 64 and len(host) <= 253
    if not (fits and _MAILBOX.fullmatch(mailbox) and _HOST.fullmatch(host)):
        raise ParseError(_("This is not an e-mail address."), field)
    return address


def phone(value: object, field: str = "phone_number", *, region: str | None = None, label: str | None = None) -> str:
    """A phone number in E.164 (+254712345678); a number without + is read as one of the region (KE, NG)."""
    number = written(value, field, label or _("phone number"))
    try:
        if not _PHONE.fullmatch(number):
            raise phonenumbers.NumberParseException(phonenumbers.NumberParseException.NOT_A_NUMBER, "shape")
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise ParseError(_("This is not a phone number. Write it as +254712345678."), field)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

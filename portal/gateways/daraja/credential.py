"""The initiator's password as Safaricom wants it: RSA with PKCS#1 v1.5 padding under its certificate, in base64.

This padding is refused everywhere else in the portal (ASVS 11.3.1); Daraja's reversal and status accept no other.
"""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from portal.core.errors import Invalid
from portal.core.words import _


class BadCertificate(Invalid):
    """The file is not a certificate this can be done with."""


def security_credential(password: str, certificate: Path | str) -> str:
    """The password, readable by Safaricom alone; another text each time."""
    return base64.b64encode(public_key(certificate).encrypt(password.encode(), PKCS1v15())).decode("ascii")


def public_key(certificate: Path | str) -> RSAPublicKey:
    """The key in Safaricom's certificate: a PEM or DER file, or the text of a PEM one."""
    try:
        raw = certificate.encode() if isinstance(certificate, str) else certificate.read_bytes()
        pem = b"-----BEGIN" in raw
        read = x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
        key = read.public_key()
    except (OSError, ValueError):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise BadCertificate(
            _("Safaricom's certificate cannot be read. Download it again from Safaricom and set it anew.")
        )
    return key

"""What a merchant has from Safaricom: keys, short code, passkey, initiator, and the certificate to encrypt with."""

from __future__ import annotations

import base64
import hmac
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from config import Settings

#: The pay bill number of Safaricom's own sandbox.
SHORTCODE = "174379"
INITIATOR = "sandbox"
FOLDER, CERTIFICATE, PRIVATE = "sandbox-daraja", "certificate.pem", "private.pem"
KEY_BITS = 2048
VALID_FOR = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class DarajaCredentials:
    """Everything a client of the pretended Daraja needs; secrets stay out of its repr."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    shortcode: str
    passkey: str = field(repr=False)
    initiator: str
    initiator_password: str = field(repr=False)
    certificate: Path


def daraja_credentials(settings: Settings) -> DarajaCredentials:
    """What was set, or what is derived from the portal's own secret; the certificate is made when first needed."""
    return DarajaCredentials(
        consumer_key=settings.daraja_consumer_key or settings.derived_key("sandbox daraja key")[:32],
        consumer_secret=settings.daraja_consumer_secret or settings.derived_key("sandbox daraja secret")[:32],
        shortcode=settings.daraja_shortcode or SHORTCODE,
        passkey=settings.daraja_passkey or settings.derived_key("sandbox daraja passkey"),
        initiator=INITIATOR,
        initiator_password=settings.derived_key("sandbox daraja initiator")[:24],
        certificate=certificate_path(settings),
    )


def certificate_path(settings: Settings) -> Path:
    """The stand-in's certificate, in PEM; made once for a VAR_DIR, whichever process comes first."""
    folder = settings.var_dir / FOLDER
    if not (folder / CERTIFICATE).exists():
        _make(folder)
    return folder / CERTIFICATE


def password(credentials: DarajaCredentials, timestamp: str) -> str:
    """The password of one request: short code, passkey and timestamp in base64."""
    plain = f"{credentials.shortcode}{credentials.passkey}{timestamp}"
    return base64.b64encode(plain.encode()).decode()


def knows_initiator(settings: Settings, initiator: str, security_credential: str) -> bool:
    """Whether a request carries the initiator's password, encrypted for this stand-in and nobody else."""
    right = daraja_credentials(settings)
    private = serialization.load_pem_private_key((settings.var_dir / FOLDER / PRIVATE).read_bytes(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    try:
        # PKCS #1 v1.5 is what Daraja demands.
        given = private.decrypt(base64.b64decode(security_credential, validate=True), padding.PKCS1v15())
    except ValueError:
        return False
    return initiator == right.initiator and hmac.compare_digest(given, right.initiator_password.encode())


def _make(folder: Path) -> None:
    """Lay the pair down in one move: of two processes at once, the second finds the first one's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox M-PESA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .sign(private, hashes.SHA256())
    )
    made = Path(tempfile.mkdtemp(prefix=f"{FOLDER}-", dir=folder.parent))
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(made / PRIVATE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    (made / CERTIFICATE).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    with suppress(OSError):
        made.rename(folder)
    shutil.rmtree(made, ignore_errors=True)

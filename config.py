"""Every setting of the portal, typed, read once at start, with one sentence for each mistake."""

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

import config_mqtt
import config_providers
from config_providers import PROVIDERS
from config_reader import ConfigError as ConfigError
from config_reader import Network as Network
from config_reader import Reader

ROOT = Path(__file__).resolve().parent
SECRET_BYTES = 32
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the portal was told about the place it runs in; secrets stay out of its repr."""

    environment: str = "development"
    debug: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    web_workers: int = 2
    var_dir: Path = ROOT / "var"
    secret_key: str = field(default="", repr=False)
    database_url: str = field(default="", repr=False)
    database_owner_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    mqtt_url: str = field(default="", repr=False)
    mqtt_device_url: str = field(default="", repr=False)
    mqtt_version: str = "5"
    mqtt_device_listen: str = ""
    mqtt_device_address: str = ""
    mqtt_password_file: Path | None = None
    mqtt_acl_file: Path | None = None
    mqtt_reload_pid_file: Path | None = None
    mqtt_broker_log: Path | None = None
    mqtt_watch_refusals: bool = True
    mqtt_tls_listen: str = ""
    mqtt_tls_cert: Path | None = None
    mqtt_tls_key: Path | None = None
    mqtt_tls_ca: Path | None = None
    mqtt_tls_require_certificate: bool = False
    demo: bool | None = None
    payment_provider: str = "sandbox"
    paystack_secret_key: str = field(default="", repr=False)
    paystack_base_url: str = "https://api.paystack.co"
    flutterwave_secret_key: str = field(default="", repr=False)
    flutterwave_secret_hash: str = field(default="", repr=False)
    flutterwave_base_url: str = "https://api.flutterwave.com"
    daraja_consumer_key: str = field(default="", repr=False)
    daraja_consumer_secret: str = field(default="", repr=False)
    daraja_shortcode: str = ""
    daraja_till: str = ""
    daraja_passkey: str = field(default="", repr=False)
    daraja_base_url: str = config_providers.DARAJA_SANDBOX
    daraja_initiator: str = ""
    daraja_initiator_password: str = field(default="", repr=False)
    daraja_certificate: Path | None = None
    daraja_callback_addresses: tuple[Network, ...] = config_providers.SAFARICOM_ADDRESSES
    smtp_url: str = field(default="", repr=False)
    whatsapp_token: str = field(default="", repr=False)
    whatsapp_base_url: str = "https://graph.facebook.com"
    kafka_bootstrap_servers: str = ""
    private_addresses_allowed: bool = False
    map_tile_url: str = ""
    map_tile_attribution: str = ""
    metrics_token: str = field(default="", repr=False)
    registration: bool = True
    ingesters: int = 1
    ratelimit_enabled: bool = True
    days_to_preload: int = 540
    events_kept_months: int = 0
    testing: bool = False

    @property
    def production(self) -> bool:
        """Whether real guests and real money are at stake."""
        return self.environment == "production"

    @property
    def secure(self) -> bool:
        """Whether people reach the portal over TLS, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings these variables describe, or a ConfigError with every mistake in them."""
        read = Reader(environ)
        environment = read.choice("ENVIRONMENT", "development", ("development", "production"))
        production = environment == "production"
        host = read.text("HOST", "127.0.0.1")
        port = read.number("PORT", 8000, 0, 65535)
        mqtt_url = read.url("MQTT_URL", ("mqtt", "mqtts"))
        settings = cls(
            environment=environment,
            debug=read.flag("DEBUG", False),
            host=host,
            port=port,
            public_url=read.url("PUBLIC_URL", ("https", "http")).rstrip("/") or local_url(host, port),
            trusted_proxies=read.networks("TRUSTED_PROXIES"),
            web_workers=read.number("WEB_WORKERS", min(2, os.cpu_count() or 1), 1, 64),
            var_dir=Path(read.text("VAR_DIR", str(ROOT / "var"))).expanduser().absolute(),
            secret_key=read.text("SECRET_KEY"),
            database_url=postgres_url(_database(read, "DATABASE_URL")),
            database_owner_url=postgres_url(_database(read, "DATABASE_OWNER_URL") or read.text("DATABASE_URL")),
            redis_url=read.url("REDIS_URL", ("redis", "rediss")),
            mqtt_url=mqtt_url,
            mqtt_device_url=read.url("MQTT_DEVICE_URL", ("mqtt", "mqtts")) or mqtt_url,
            mqtt_version=read.choice("MQTT_VERSION", "5", ("5", "3.1.1")),
            **config_mqtt.read(read),
            demo=read.flag("DEMO", None),
            payment_provider=read.choice(
                "PAYMENT_PROVIDER", "" if production else "sandbox", (*PROVIDERS, "") if production else PROVIDERS
            ),
            **config_providers.read(read, production=production),
            smtp_url=read.url("SMTP_URL", ("smtp", "smtps")),
            whatsapp_token=read.text("WHATSAPP_TOKEN"),
            whatsapp_base_url=read.url("WHATSAPP_BASE_URL", ("https", "http"), cls.whatsapp_base_url),
            kafka_bootstrap_servers=read.text("KAFKA_BOOTSTRAP_SERVERS"),
            private_addresses_allowed=read.flag("PRIVATE_ADDRESSES_ALLOWED", False),
            map_tile_url=read.url("MAP_TILE_URL", ("https", "http")),
            map_tile_attribution=read.text("MAP_TILE_ATTRIBUTION"),
            metrics_token=read.text("METRICS_TOKEN"),
            registration=read.flag("REGISTRATION", True),
            ingesters=read.number("INGESTERS", 1, 1, 64),
            ratelimit_enabled=read.flag("RATELIMIT_ENABLED", True),
            days_to_preload=read.number("DAYS_TO_PRELOAD", 540, 1, 3650),
            events_kept_months=_kept_months(read),
        )
        mistakes = read.mistakes + _conflicts(settings, read)
        if mistakes:
            raise ConfigError(mistakes)
        return settings

    @classmethod
    def load(cls) -> "Settings":
        """The environment, then `.env`, then what a portal running on the same VAR_DIR wrote down."""
        found = environ()
        var_dir = Path(found.get("VAR_DIR") or ROOT / "var").expanduser()
        return cls.from_env({**_running(var_dir), **found})

    def environ(self) -> dict[str, str]:
        """The same settings as variables, for the processes started from this one."""
        found = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, tuple):
                value = " ".join(map(str, value))
            if each.name != "testing" and value not in (None, ""):
                found[each.name.upper()] = str(int(value)) if isinstance(value, bool) else str(value)
        return found

    def flask_config(self) -> dict[str, Any]:
        """The settings in the words of Flask and its extensions."""
        minute = timedelta(minutes=1)
        return {
            "TESTING": self.testing,
            "SECRET_KEY": self.secret_key,
            "MAX_CONTENT_LENGTH": 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 512 * 1024,
            "MAX_FORM_PARTS": 500,
            "SESSION_COOKIE_NAME": "__Host-session" if self.secure else "session",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_SECURE": self.secure,
            "SESSION_COOKIE_PATH": "/",
            "PREFERRED_URL_SCHEME": "https" if self.secure else "http",
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": {
                "pool_size": 8,
                "max_overflow": 0,
                "pool_timeout": 2,
                "pool_pre_ping": True,
                "pool_recycle": 1800,
                "hide_parameters": True,  # what people typed, and hashes, have no place in a log line or on a jobs page
                "connect_args": connect_args("portal"),
            },
            "WTF_CSRF_ENABLED": not self.testing,
            "WTF_CSRF_TIME_LIMIT": None,
            "JWT_SECRET_KEY": self.derived_key("jwt"),
            "JWT_ALGORITHM": "HS256",
            "JWT_ACCESS_TOKEN_EXPIRES": 60 * minute,
            "JWT_REFRESH_TOKEN_EXPIRES": 24 * 60 * minute,
            "JWT_ENCODE_AUDIENCE": "portal-api",
            "JWT_DECODE_AUDIENCE": "portal-api",
            "JWT_TOKEN_LOCATION": ["headers"],
            "RATELIMIT_ENABLED": self.ratelimit_enabled,
            "RATELIMIT_STORAGE_URI": self.redis_url or "memory://",
            "RATELIMIT_STORAGE_OPTIONS": (
                {"socket_connect_timeout": 0.5, "socket_timeout": 0.5} if self.redis_url else {}
            ),
            "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
            "RATELIMIT_HEADERS_ENABLED": True,
            "RATELIMIT_KEY_PREFIX": "portal",
        }

    def derived_key(self, purpose: str) -> str:
        """A key of its own for each use of the one secret."""
        return hmac.new(self.secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def environ() -> dict[str, str]:
    """The variables of this process, and beneath them those of `.env`."""
    written = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None}
    return {**written, **os.environ}


def connect_args(application_name: str) -> dict[str, Any]:
    """What every connection asks of PostgreSQL: fail in seconds rather than hang, and speak UTC."""
    return {
        "connect_timeout": 2,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 3000,
        "application_name": application_name,
        "options": "-c timezone=UTC",
    }


def local_url(host: str, port: int) -> str:
    """The address to type on this machine for a server that listens there."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def postgres_url(url: str) -> str:
    """The URL with the driver named, for SQLAlchemy 2.1 reads a bare `postgresql://` as another driver."""
    scheme, separator, rest = url.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        return f"postgresql+psycopg2{separator}{rest}"
    return url


def plain_postgres_url(url: str) -> str:
    """The URL as psql and libpq read it."""
    return url.replace("postgresql+psycopg2://", "postgresql://", 1)


def _database(read: Reader, name: str) -> str:
    """PostgreSQL over a socket has its directory in the query, so the host may be missing."""
    return read.url(name, ("postgresql", "postgres", "postgresql+psycopg2"), needs_host=False)


def _kept_months(read: Reader) -> int:
    """How long single events are kept: for ever, or long enough that a season can be looked back at."""
    months = read.number("EVENTS_KEPT_MONTHS", 0, 0, 600)
    if 0 < months < 3:
        read.mistakes.append("EVENTS_KEPT_MONTHS must be 0, which keeps events for ever, or at least 3.")
    return months


def _conflicts(settings: Settings, read: Reader) -> list[str]:
    """What is wrong with the settings taken together; production is asked for more."""
    found = config_providers.mistakes(settings, read) + config_mqtt.mistakes(settings)
    short = len(settings.secret_key.encode()) < SECRET_BYTES
    if short and (settings.secret_key or settings.production):
        found.append(f"SECRET_KEY must have {SECRET_BYTES} bytes; run flask make-secret.")
    if not settings.production:
        return found
    if not short and len(set(settings.secret_key)) < 10:
        found.append("SECRET_KEY repeats itself and could be guessed; run flask make-secret.")
    if settings.debug:
        found.append("DEBUG shows the inside of the portal to anyone; it must be off in production.")
    if settings.demo:
        found.append("DEMO has passwords everyone knows; it must be 0 in production.")
    for name in ("DATABASE_URL", "REDIS_URL", "MQTT_URL", "PUBLIC_URL"):
        if not read.text(name):
            found.append(f"{name} must be set in production.")
    if settings.mqtt_url and not urlsplit(settings.mqtt_url).password:
        found.append("MQTT_URL must carry a user and a password in production.")
    if read.text("PUBLIC_URL") and not settings.secure:
        found.append("PUBLIC_URL must begin with https:// in production.")
    if settings.host not in LOOPBACK and not settings.trusted_proxies:
        found.append(
            "HOST opens the portal to the network without TLS; "
            "listen on 127.0.0.1 behind a proxy, or name the proxy in TRUSTED_PROXIES."
        )
    if settings.payment_provider in ("", "sandbox"):
        found.append("PAYMENT_PROVIDER must name a real provider in production; the sandbox takes no money.")
    return found


def warnings(settings: Settings) -> list[str]:
    """What may run but ought to be mended, a sentence each."""
    found = []
    dotenv = ROOT / ".env"
    if dotenv.exists() and dotenv.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        found.append(f"{dotenv} can be read by others on this machine; run: chmod 600 {dotenv}")
    if not settings.production and settings.host not in LOOPBACK and not settings.secure:
        found.append(f"HOST {settings.host} opens the portal to the network without TLS.")
    if settings.ingesters > 1 and settings.mqtt_version != "5":
        found.append(f"INGESTERS {settings.ingesters} needs a broker that speaks MQTT 5; one ingester does it all.")
    return found


def read_run_file(var_dir: Path) -> dict[str, Any]:
    """What the portal running on this directory wrote when it became ready, or nothing."""
    try:
        found: dict[str, Any] = json.loads((var_dir / "run.json").read_text())
        os.kill(found["pid"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found


def _running(var_dir: Path) -> dict[str, str]:
    """The addresses and the secret of a portal that runs on this directory."""
    running = read_run_file(var_dir)
    found = {name.upper(): running.get(name) or "" for name in ("database_url", "redis_url", "mqtt_url")}
    found["PUBLIC_URL"] = running.get("url", "")
    found |= running.get("broker", {})
    secret = var_dir / "secret_key"
    if running and secret.exists():
        found["SECRET_KEY"] = secret.read_text().strip()
    return {name: value for name, value in found.items() if value}

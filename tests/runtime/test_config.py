"""Settings: safe by default, and every mistake one sentence."""

import json
import os

import pytest

import config
from config import ConfigError, Settings

GOOD = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k8Jq2vN5xR7tY1zB4cD6fG9hL3mP0sWu",
    "DATABASE_URL": "postgres://portal:hunter2hunter2@db/portal",
    "REDIS_URL": "redis://cache:6379/0",
    "MQTT_URL": "mqtts://portal:secret@broker:8883",
    "PUBLIC_URL": "https://portal.example.com/",
    "PAYMENT_PROVIDER": "paystack",
    "PAYSTACK_SECRET_KEY": "sk_live_x",
}


def mistakes(**environ: str) -> list[str]:
    """What is said about these settings."""
    try:
        Settings.from_env(environ)
    except ConfigError as error:
        return error.mistakes
    return []


def test_nothing_set_is_a_safe_development_portal():
    settings = Settings.from_env({})
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert settings.payment_provider == "sandbox"
    assert settings.demo is None
    assert not settings.production
    assert not settings.debug


def test_complete_production_settings_are_accepted():
    settings = Settings.from_env(GOOD)
    assert settings.production
    assert settings.secure
    assert settings.public_url == "https://portal.example.com"
    assert settings.flask_config()["SESSION_COOKIE_SECURE"] is True


def test_every_mistake_is_told_at_once():
    told = mistakes(PORT="eighty", DEMO="maybe", MQTT_URL="http://x", TRUSTED_PROXIES="nowhere", DAYS_TO_PRELOAD="0")
    assert told == [
        "PORT must be a whole number from 0 to 65535, not 'eighty'.",
        "MQTT_URL must look like mqtt://host.",
        "TRUSTED_PROXIES must list addresses such as 10.0.0.0/8, not 'nowhere'.",
        "DEMO must be 1 or 0, not 'maybe'.",
        "DAYS_TO_PRELOAD must be a whole number from 1 to 3650, not '0'.",
    ]


@pytest.mark.parametrize("port", ["65536", "-1", "８０", "8_0", "1e3", "80 80"])
def test_a_port_is_plain_digits(port):
    assert len(mistakes(PORT=port)) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must have 32 bytes; run flask make-secret."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have 32 bytes; run flask make-secret."),
        ({"SECRET_KEY": "abc" * 20}, "SECRET_KEY repeats itself"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"DEMO": "1"}, "DEMO"),
        ({"DATABASE_URL": ""}, "DATABASE_URL must be set"),
        ({"REDIS_URL": ""}, "REDIS_URL must be set"),
        ({"MQTT_URL": ""}, "MQTT_URL must be set"),
        ({"MQTT_URL": "mqtt://broker"}, "MQTT_URL must carry a user and a password"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL must be set"),
        ({"PUBLIC_URL": "http://portal.example.com"}, "PUBLIC_URL must begin with https://"),
        ({"HOST": "0.0.0.0"}, "HOST opens the portal to the network without TLS"),
        ({"PAYMENT_PROVIDER": "sandbox"}, "the sandbox takes no money"),
        ({"PAYSTACK_SECRET_KEY": ""}, "PAYMENT_PROVIDER paystack needs PAYSTACK_SECRET_KEY."),
    ],
)
def test_production_refuses_what_is_weak_or_missing(change, word):
    told = mistakes(**{**GOOD, **change})
    assert len(told) == 1
    assert word in told[0]
    assert told[0].endswith(".")


def test_a_proxy_that_is_named_may_stand_in_front():
    assert not mistakes(**GOOD, HOST="0.0.0.0", TRUSTED_PROXIES="10.0.0.0/8, 192.168.1.1")


def test_a_short_secret_is_refused_in_development_too():
    assert mistakes(SECRET_KEY="short") == ["SECRET_KEY must have 32 bytes; run flask make-secret."]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_a_database_address_names_its_driver(scheme):
    settings = Settings.from_env({"DATABASE_URL": f"{scheme}://u:p@h/d"})
    assert settings.database_url == settings.database_owner_url == "postgresql+psycopg2://u:p@h/d"
    assert config.plain_postgres_url(settings.database_url) == "postgresql://u:p@h/d"


def test_another_database_is_refused_without_repeating_the_password():
    told = mistakes(DATABASE_URL="mysql://u:hunter2@h/d")
    assert told == ["DATABASE_URL must look like postgresql://host."]


def test_secrets_stay_out_of_what_is_printed():
    shown = repr(Settings.from_env(GOOD))
    for secret in (GOOD["SECRET_KEY"], "hunter2hunter2", "mqtts://portal:secret", "sk_live_x"):
        assert secret not in shown


def test_children_read_back_the_same_settings():
    settings = Settings.from_env({**GOOD, "TRUSTED_PROXIES": "10.0.0.0/8", "DEMO": "0", "DAYS_TO_PRELOAD": "7"})
    assert Settings.from_env(settings.environ()) == settings


def test_each_use_of_the_secret_has_its_own_key():
    settings = Settings.from_env(GOOD)
    assert settings.derived_key("jwt") != settings.derived_key("mail")
    assert settings.derived_key("jwt") != settings.secret_key


def test_a_running_portal_lends_its_addresses(tmp_path, monkeypatch):
    (tmp_path / "run.json").write_text(
        json.dumps({"pid": os.getpid(), "url": "http://127.0.0.1:9", "database_url": "postgresql://a@/b?host=%2Fx"})
    )
    (tmp_path / "secret_key").write_text(GOOD["SECRET_KEY"])
    monkeypatch.setattr(config, "environ", lambda: {"VAR_DIR": str(tmp_path)})
    settings = Settings.load()
    assert settings.database_url == "postgresql+psycopg2://a@/b?host=%2Fx"
    assert settings.secret_key == GOOD["SECRET_KEY"]


def test_a_portal_that_is_gone_lends_nothing(tmp_path, monkeypatch):
    (tmp_path / "run.json").write_text('{"pid": 4194305, "url": "http://x", "database_url": "postgresql://h/d"}')
    monkeypatch.setattr(config, "environ", lambda: {"VAR_DIR": str(tmp_path)})
    assert Settings.load().database_url == ""


def test_secrets_that_others_can_read_are_pointed_out(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("SECRET_KEY=x")
    (tmp_path / ".env").chmod(0o644)
    assert config.warnings(Settings()) == [
        f"{tmp_path}/.env can be read by others on this machine; run: chmod 600 {tmp_path}/.env"
    ]
    (tmp_path / ".env").chmod(0o600)
    assert config.warnings(Settings()) == []

"""The one command: brings what the portal needs, migrates, seeds the demo once, and serves it all."""

import argparse
import difflib
import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

try:
    import config
    import config_mqtt
    from config import ROOT, ConfigError, Settings
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed for this Python. Start with: make run, or .venv/bin/python run.py")
from portal.runtime import checks, redis
from portal.runtime.mosquitto import Mosquitto, Tls
from portal.runtime.place import Place
from portal.runtime.postgres import OWNER, Postgres
from portal.runtime.process import Fork, Log, StartError, die_with_parent, free_port, wait_until
from portal.runtime.static import compress
from portal.runtime.supervisor import Supervisor

MIGRATIONS = ROOT / "migrations"
COMMANDS = {
    "all": "everything in one place (the default)",
    "web": "the pages and the API",
    "worker": "the scheduled jobs",
    "mqtt": "the device door",
}
THREADS = 256  # of one web process, made as needed: an open live stream keeps one


def say(*lines: str) -> None:
    """Print for the person at the terminal, who may have closed it or speak ASCII only."""
    with suppress(OSError):
        for line in lines:
            print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one role, or all of them; the exit code tells how it went."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    chosen = _arguments(arguments)
    for name, value in (("HOST", chosen.host), ("PORT", chosen.port)):
        if value is not None:
            os.environ[name] = value
    try:
        if chosen.command == "all":
            return Portal(Settings.from_env(config.environ())).run()
        return run_role(chosen.command, Settings.load())
    except ConfigError as error:
        say(*error.mistakes)
    except StartError as error:
        say(str(error))
    return 1


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    listed = "\n".join(f"  {name:8}{meaning}" for name, meaning in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "run.py", description=__doc__, epilog=f"commands:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("command", nargs="?", default="all")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (8000; 0 picks a free one)")
    chosen = parser.parse_args(arguments)
    if chosen.command not in COMMANDS:
        near = difflib.get_close_matches(chosen.command, COMMANDS, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(COMMANDS)}."
        parser.exit(2, f"No such command '{chosen.command}'. {hint}\n")
    return chosen


def run_role(name: str, settings: Settings) -> int:
    """One role in this process, on services that are already there."""
    if not settings.database_url:
        raise StartError("DATABASE_URL must be set, or run.py must run on the same VAR_DIR.")
    if not settings.secret_key:
        raise StartError(f"SECRET_KEY must have {config.SECRET_BYTES} bytes; run flask make-secret.")
    if name == "mqtt" and not settings.mqtt_url:
        raise StartError("MQTT_URL must be set, or run.py must run on the same VAR_DIR.")
    if name == "web":
        settings = _on_a_port(settings)
    checks.database_answers(settings.database_url)
    checks.schema_is_current(settings.database_url, MIGRATIONS)
    os.environ.update(settings.environ())
    say(*config.warnings(settings))
    if name == "web":
        from portal import create_app

        compress(ROOT / "static")
        say(f"Serving on {config.local_url(settings.host, settings.port)}")
        serve_web(create_app(settings), settings)
    else:
        _entry(name)()
    return 0


def _entry(name: str) -> Callable[[], object]:
    """The main function of a role; imported late, so that a role loads only what it needs."""
    module, function = {
        "worker": ("jobs.runner", "main"),
        "mqtt": ("portal.mqtt.worker", "main"),
        "devices": ("portal.demo", "devices_main"),
    }[name]
    found: Callable[[], object] = getattr(importlib.import_module(module), function)
    return found


def _on_a_port(settings: Settings) -> Settings:
    """The settings with a port that is really free, and the public address that follows from it."""
    if settings.port:
        checks.port_is_free(settings.host, settings.port)
        return settings
    port = free_port(host=settings.host)
    follows = settings.public_url == config.local_url(settings.host, 0)
    public = config.local_url(settings.host, port) if follows else settings.public_url
    return replace(settings, port=port, public_url=public)


def serve_web(app: Any, settings: Settings) -> None:
    """Granian in front of the app, in processes that end with this one."""
    import multiprocessing

    from granian import Granian
    from granian.constants import Interfaces

    multiprocessing.set_start_method("fork", force=True)
    gc.collect()
    gc.freeze()  # what is here for good need not be looked through during a request; it costs 100 ms each time

    def load(*_: object) -> Any:
        die_with_parent(signal.SIGKILL)  # its master went without a farewell, so nothing is left to wait for
        return app

    Granian(
        "portal",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=3,
    ).serve(target_loader=load, wrap_loader=False)


class Portal:
    """Everything at once: the embedded services that are needed, and every role."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.place = Place(settings.var_dir)
        self.embedded = not settings.database_url
        self.known: dict[str, Any] = {}
        self.has_people = True

    def run(self) -> int:
        """From nothing to serving, until told to stop."""
        self.place.take()
        self.settings = _on_a_port(self.settings)
        if self.place.clear_leftovers():
            say("The last run did not stop cleanly; starting again from what it left.")
        self.supervisor = Supervisor(Log(self.place.folder / "logs"), say, changed=self._write_run_file)
        try:
            self._start()
            if not self.supervisor.stopping:
                self._write_run_file()
                self._introduce()
                self.supervisor.watch()
        finally:
            self.supervisor.stop()
            self.place.remove_run_file()
            self.place.release()
        say("Stopped.")
        return 0

    def _start(self) -> None:
        self._start_services()
        os.environ.update(self.settings.environ())
        compress(ROOT / "static")
        from portal import create_app

        app = create_app(self.settings)  # made while the services start, and shared by every fork
        self.supervisor.wait()
        if self.supervisor.stopping:
            return
        self._prepare_data(app)
        settings = self.settings
        self.supervisor.role(
            "web",
            lambda: serve_web(app, settings),
            lambda: checks.web_answers(settings.host, settings.port),
        )
        several = settings.ingesters if settings.mqtt_version == "5" else 1  # a broker of before cannot share out
        ingesters = [f"mqtt-{n}" for n in range(2, several + 1)]
        for name in ("worker", "mqtt", *ingesters, *(["devices"] if settings.demo else [])):
            self.supervisor.role(name, _entry(name.partition("-")[0]))
        self.supervisor.wait()

    def _start_services(self) -> None:
        """Whatever no setting names is brought along."""
        folder, settings = self.place.folder, self.settings
        if not settings.secret_key:
            settings = replace(settings, secret_key=self.place.secret_key())
        if not settings.database_url:
            postgres = Postgres(folder / "postgres")
            self.supervisor.service(postgres)
            settings = replace(
                settings,
                database_url=config.postgres_url(postgres.url()),
                database_owner_url=config.postgres_url(postgres.url(user=OWNER)),
            )
        if not settings.mqtt_url:
            broker = Mosquitto(folder / "mosquitto", **_device_doors(settings))
            self.supervisor.service(broker)
            settings = replace(
                settings,
                mqtt_url=broker.url(),
                mqtt_device_url=broker.url("device"),
                mqtt_version=broker.version,
                mqtt_device_address=settings.mqtt_device_address or broker.device_address,
                **broker.files(self.supervisor.log.path(broker.name)),
            )
        elif not checks.broker_answers(settings.mqtt_url):
            say("The broker in MQTT_URL does not answer; devices wait, and the portal keeps trying.")
        if not settings.redis_url and redis.binary():
            store = redis.Redis(folder / "redis")
            self.supervisor.service(store)
            settings = replace(settings, redis_url=store.url())
        if settings.demo is None:
            settings = replace(settings, demo=self.place.note().get("demo", self.embedded))
        self.settings = settings

    def _prepare_data(self, app: Any) -> None:
        """Migrate and seed in a child, so that this process never holds a connection."""
        if not self.embedded:
            checks.database_answers(self.settings.database_owner_url)
        state = checks.schema_state(self.settings.database_owner_url, MIGRATIONS)
        checks.schema_is_not_ahead(state)
        if state != "current":
            say("Preparing the database…")
        handover = self.place.folder / "prepared.json"
        log = self.supervisor.log.path("prepare")
        child = Fork(lambda: handover.write_text(json.dumps(prepare(app, migrate=state != "current"))), log)
        wait_until(lambda: child.poll() is not None or self.supervisor.stopping, seconds=600)
        if child.poll() != 0:
            raise StartError(f"The database could not be prepared; the reason is at the end of {log}.")
        self.known = json.loads(handover.read_text())
        self.has_people = self.known.pop("has_people")
        handover.unlink()
        self.place.remember(demo=bool(self.settings.demo))

    def _write_run_file(self) -> None:
        settings = self.settings
        self.place.write_run_file({
            "url": config.local_url(settings.host, settings.port),
            "pid": os.getpid(),
            "processes": self.supervisor.processes(),
            "database_url": config.plain_postgres_url(settings.database_url),
            "redis_url": settings.redis_url,
            "mqtt_url": settings.mqtt_url,
            "mqtt_device_url": f"mqtt://{settings.mqtt_device_address}" if settings.mqtt_device_address else "",
            "broker": {
                name.upper(): str(getattr(settings, name) or "")
                for name in ("mqtt_version", "mqtt_device_address", "mqtt_password_file", "mqtt_acl_file",
                             "mqtt_reload_pid_file", "mqtt_broker_log")
            },
            "demo": bool(settings.demo),
            **self.known,
        })  # fmt: skip

    def _introduce(self) -> None:
        say("", f"The portal is ready: {config.local_url(self.settings.host, self.settings.port)}")
        say(f"Its data lies in {self.place.folder}, its logs in {self.place.folder / 'logs'}.")
        if self.embedded:
            say("It brought its own database: good for a try and for one small place; the README says what next.")
        accounts = self.known.get("accounts", [])
        if accounts:
            say("", "Sign in as:")
        places = {each["asset_number"]: each["name"] for each in self.known["assets"]}
        for each in accounts:
            at = f" at {places[each['asset_number']]}" if each["asset_number"] in places else ""
            say(f"  {each['email']:29} {each['password']:25} {each['role'].replace('_', ' ')}{at}")
        if not self.has_people:
            where = "" if self.place.folder == ROOT / "var" else f"VAR_DIR={self.place.folder} "
            say("", "Nobody can sign in yet. Make the first account, in another terminal, with:")
            say(f"  {where}.venv/bin/flask create-user --admin --email you@example.com")
        say(*config.warnings(self.settings), "", "Ctrl-C stops it.")


def _device_doors(settings: Settings) -> dict[str, Any]:
    """How registered devices reach the broker that is brought along."""
    host, port = config_mqtt.split(settings.mqtt_device_listen) or ("127.0.0.1", 0)
    tls = None
    if settings.mqtt_tls_cert and settings.mqtt_tls_key:
        tls_host, tls_port = config_mqtt.split(settings.mqtt_tls_listen) or (host, 8883)
        tls = Tls(
            tls_host, tls_port, settings.mqtt_tls_cert, settings.mqtt_tls_key, settings.mqtt_tls_ca,
            settings.mqtt_tls_require_certificate,
        )  # fmt: skip
    return {"device_host": host, "device_port": port, "tls": tls, "watch": settings.mqtt_watch_refusals}


def prepare(app: Any, migrate: bool) -> dict[str, Any]:
    """Bring the tables to this version, load the demo into an empty database, and list what is there."""
    import flask_migrate
    from sqlalchemy import func, select

    from portal import demo
    from portal.core.db import db
    from portal.core.locks import lock_number
    from portal.shared.assets.models import Asset
    from portal.shared.identity import queries

    settings: Settings = app.extensions["settings"]
    found: dict[str, Any] = {}
    with app.app_context():
        if migrate:
            flask_migrate.upgrade()
        if settings.demo:
            with db.engine.connect() as guard:
                # Two portals starting on one database must not both find it empty.
                guard.execute(select(func.pg_advisory_xact_lock(lock_number("seed"))))
                if not queries.anybody():
                    demo.seed()
            found["accounts"] = demo.accounts()
        found["has_people"] = queries.anybody()
        rows = db.session.scalars(select(Asset).order_by(Asset.created_at))
        found["assets"] = [{"asset_number": each.asset_number, "kind": each.kind, "name": each.name} for each in rows]
        db.session.remove()
    return found


if __name__ == "__main__":
    sys.exit(main())

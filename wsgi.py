"""The portal as `flask ...` and any WSGI server find it; `run.py` is the everyday way in."""

import sys

from config import ConfigError, Settings
from portal import create_app


def settings() -> Settings:
    """What this command needs: whoever asks for a secret has nothing else yet."""
    if sys.argv[1:] == ["make-secret"]:
        return Settings(database_url="postgresql+psycopg2://")
    found = Settings.load()
    if not found.database_url:
        raise ConfigError(["DATABASE_URL must be set, or run.py must run on the same VAR_DIR."])
    return found


try:
    app = create_app(settings())
except ConfigError as error:
    sys.exit("\n".join(error.mistakes))

"""The portal as `flask ...` and any WSGI server find it; `run.py` is the everyday way in."""

import sys

from config import ConfigError, Settings
from portal import create_app

try:
    app = create_app(Settings.load())
except ConfigError as error:
    if sys.argv[1:] != ["make-secret"]:
        sys.exit("\n".join(error.mistakes))
    app = create_app(Settings())  # whoever asks for a secret has none yet

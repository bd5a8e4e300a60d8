"""The driver's own desk, made for a phone: my vehicle, my trips, the look round, and what went wrong."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("driving", __name__, url_prefix="/driving")

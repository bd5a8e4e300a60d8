"""The blueprint under which all stand-ins answer; its own file, so that each of them can hang its routes on it."""

from flask import Blueprint

blueprint = Blueprint("sandbox_api", __name__, url_prefix="/sandbox")

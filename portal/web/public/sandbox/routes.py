"""The blueprint of the sandbox's pages; its own file, so that each page can hang its routes on it."""

from flask import Blueprint

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox")

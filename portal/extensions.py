"""The Flask extension objects, made once and bound to the app in create_app()."""

from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from htmx_flask import Htmx

from portal.core.db import db

login = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, headers_enabled=True)
jwt = JWTManager()
migrate = Migrate()
htmx = Htmx()

__all__ = ["csrf", "db", "htmx", "jwt", "limiter", "login", "migrate"]

"""The pages of the pretended providers: checkouts, the phone, money going out, and the fault switches."""

from portal.web.public.sandbox import checkout, faults, outgoing, phone
from portal.web.public.sandbox.routes import blueprint

assert all((checkout, faults, outgoing, phone)), "imported for their routes"

__all__ = ["blueprint"]

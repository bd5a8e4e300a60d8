"""The APIs of the pretended providers, for the portal's own clients on this machine and for nobody else."""

from portal.web.public.sandbox_api import daraja, flutterwave, paystack, paystack_transfers
from portal.web.public.sandbox_api.routes import blueprint

assert all((daraja, flutterwave, paystack, paystack_transfers)), "imported for their routes"

__all__ = ["blueprint"]

"""The ways invoicing says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.transaction import rule
from portal.core.words import _


class NoSuchInvoice(NotFound):
    """No invoice of this place has that number."""

    code = "not_found"


class NothingToInvoice(Conflict):
    """There is nothing that an invoice could say."""


class AlreadyInvoiced(Conflict):
    """An invoice for it stands; it has to be credited first."""


class AlreadyCredited(Conflict):
    """The invoice was taken back before, or takes another back itself."""


class ReasonMissing(Invalid):
    """A reason has to be written down."""


rule("uq_invoice_credit_of", lambda: AlreadyCredited(_("This invoice has been credited already.")))

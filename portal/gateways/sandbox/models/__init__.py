"""The stand-ins' own books, apart from the portal's: what was asked, what people chose, what was told."""

from portal.gateways.sandbox.models.common import SandboxFault, SandboxWebhook
from portal.gateways.sandbox.models.daraja import (
    SandboxDarajaPayment,
    SandboxDarajaPush,
    SandboxDarajaToken,
    SandboxDarajaUrls,
)
from portal.gateways.sandbox.models.flutterwave import (
    SandboxFlutterwaveCharge,
    SandboxFlutterwaveLink,
    SandboxFlutterwaveRefund,
)
from portal.gateways.sandbox.models.paystack import (
    SandboxRecipient,
    SandboxRefund,
    SandboxSettlement,
    SandboxTransaction,
    SandboxTransfer,
)

__all__ = [
    "SandboxDarajaPayment",
    "SandboxDarajaPush",
    "SandboxDarajaToken",
    "SandboxDarajaUrls",
    "SandboxFault",
    "SandboxFlutterwaveCharge",
    "SandboxFlutterwaveLink",
    "SandboxFlutterwaveRefund",
    "SandboxRecipient",
    "SandboxRefund",
    "SandboxSettlement",
    "SandboxTransaction",
    "SandboxTransfer",
    "SandboxWebhook",
]

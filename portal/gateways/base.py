"""What the portal asks of any payment gateway, in one vocabulary, so that services need not know the provider.

A gateway offers the protocols it can keep: `Gateway` (checkout), `Refunds`, `Payouts`, `Listing`, `PhonePush`,
`PayBill`. Every amount is in minor units; every refusal and every silence is one of the errors here.
"""

from portal.gateways.vocabulary.charges import Charge, ChargeStatus, Checkout, Started
from portal.gateways.vocabulary.errors import (
    BadMessage,
    BadSignature,
    DuplicateReference,
    GatewayDown,
    GatewayRefused,
    KeyRefused,
    ReplyLost,
    UnknownCharge,
    UnknownRefund,
    UnknownTransfer,
    WrongOtp,
)
from portal.gateways.vocabulary.listing import Listing, SettlementSaid
from portal.gateways.vocabulary.messages import About, DisputeTold, Gateway, SignedMessage
from portal.gateways.vocabulary.payouts import (
    Bank,
    Payouts,
    RecipientAsked,
    TransferAsked,
    TransferSaid,
    TransferStatus,
)
from portal.gateways.vocabulary.phones import (
    PayBill,
    PayBillAnswer,
    PayBillTold,
    PhonePush,
    PushAsked,
    PushSaid,
    PushStarted,
    PushState,
    PushTold,
    Requested,
    ResultTold,
)
from portal.gateways.vocabulary.refunds import RefundAccount, RefundAsked, Refunds, RefundSaid, RefundStatus

__all__ = [
    "About",
    "BadMessage",
    "BadSignature",
    "Bank",
    "Charge",
    "ChargeStatus",
    "Checkout",
    "DisputeTold",
    "DuplicateReference",
    "Gateway",
    "GatewayDown",
    "GatewayRefused",
    "KeyRefused",
    "Listing",
    "PayBill",
    "PayBillAnswer",
    "PayBillTold",
    "Payouts",
    "PhonePush",
    "PushAsked",
    "PushSaid",
    "PushStarted",
    "PushState",
    "PushTold",
    "RecipientAsked",
    "RefundAccount",
    "RefundAsked",
    "RefundSaid",
    "RefundStatus",
    "Refunds",
    "ReplyLost",
    "Requested",
    "ResultTold",
    "SettlementSaid",
    "SignedMessage",
    "Started",
    "TransferAsked",
    "TransferSaid",
    "TransferStatus",
    "UnknownCharge",
    "UnknownRefund",
    "UnknownTransfer",
    "WrongOtp",
]

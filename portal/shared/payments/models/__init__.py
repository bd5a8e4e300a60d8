"""Money in and out: what was asked for, what arrived, what goes back, what goes out, and what the gateways said."""

from portal.shared.payments.models.accounts import ChargeBand, GatewayAccount
from portal.shared.payments.models.bills import Bill, BillKind, BillStatus
from portal.shared.payments.models.disputes import Dispute, DisputeStatus
from portal.shared.payments.models.intents import GatewayMessage, IntentStatus, Payment, PaymentIntent
from portal.shared.payments.models.mobile import MobileReceipt, PhonePush, PushStatus, ReceiptStatus
from portal.shared.payments.models.payouts import Payout, PayoutStatus
from portal.shared.payments.models.reconciliation import (
    Difference,
    DifferenceKind,
    DifferenceStatus,
    Reconciliation,
    ReconciliationLine,
)
from portal.shared.payments.models.refunds import Refund, RefundRule, RefundState

__all__ = [
    "Bill",
    "BillKind",
    "BillStatus",
    "ChargeBand",
    "Difference",
    "DifferenceKind",
    "DifferenceStatus",
    "Dispute",
    "DisputeStatus",
    "GatewayAccount",
    "GatewayMessage",
    "IntentStatus",
    "MobileReceipt",
    "Payment",
    "PaymentIntent",
    "Payout",
    "PayoutStatus",
    "PhonePush",
    "PushStatus",
    "ReceiptStatus",
    "Reconciliation",
    "ReconciliationLine",
    "Refund",
    "RefundRule",
    "RefundState",
]

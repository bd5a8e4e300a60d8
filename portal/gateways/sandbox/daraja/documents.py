"""How M-PESA writes things down, spelling mistakes included: callbacks, pay bill messages, results."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from portal.gateways.sandbox.models import SandboxDarajaPayment, SandboxDarajaPush

NAIROBI = ZoneInfo("Africa/Nairobi")
BUSINESS = "SANDBOX BUSINESS"


def stamp(moment: datetime) -> str:
    """A moment by Nairobi's clock, as fourteen figures."""
    return moment.astimezone(NAIROBI).strftime("%Y%m%d%H%M%S")


def push_callback(push: SandboxDarajaPush) -> dict[str, Any]:
    """How a prompt ended; what was paid stands only in a success, and the balance never has a value."""
    callback: dict[str, Any] = {
        "MerchantRequestID": push.merchant_request,
        "CheckoutRequestID": push.checkout_request,
        "ResultCode": push.result_code,
        "ResultDesc": push.result,
    }
    if push.result_code == 0 and push.answered_at is not None:
        callback["CallbackMetadata"] = {
            "Item": [
                {"Name": "Amount", "Value": shillings(push.amount)},
                {"Name": "MpesaReceiptNumber", "Value": push.receipt},
                {"Name": "Balance"},
                {"Name": "TransactionDate", "Value": int(stamp(push.answered_at))},
                {"Name": "PhoneNumber", "Value": int(push.phone)},
            ]
        }
    return {"Body": {"stkCallback": callback}}


def push_query(push: SandboxDarajaPush) -> dict[str, Any]:
    """How a prompt ended, for whoever asks: the code is text here, and neither amount nor receipt is said."""
    return {
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": push.merchant_request,
        "CheckoutRequestID": push.checkout_request,
        "ResultCode": str(push.result_code),
        "ResultDesc": push.result,
    }


def pay_bill(payment: SandboxDarajaPayment) -> dict[str, Any]:
    """A pay bill payment, in the question before it and in the word after it; the payer's number is masked."""
    return {
        "TransactionType": "Pay Bill",
        "TransID": payment.receipt,
        "TransTime": stamp(payment.created_at),
        "TransAmount": str(shillings(payment.amount)),
        "BusinessShortCode": payment.shortcode,
        "BillRefNumber": payment.account,
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransID": "",
        "MSISDN": f"{payment.phone[:5]}****{payment.phone[-3:]}",
        "FirstName": payment.first_name,
        "MiddleName": "",
        "LastName": "",
    }


def result(
    *,
    code: int | str,
    words: str,
    originator: str,
    conversation: str,
    transaction: str,
    parameters: list[dict[str, Any]],
    timeout_url: str,
) -> dict[str, Any]:
    """The late answer to a request that was only accepted at first."""
    made: dict[str, Any] = {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": words,
        "OriginatorConversationID": originator,
        "ConversationID": conversation,
        "TransactionID": transaction,
    }
    if parameters:
        made["ResultParameters"] = {"ResultParameter": parameters}
    made["ReferenceData"] = {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": timeout_url}}
    return {"Result": made}


def reversed_payment(payment: SandboxDarajaPayment, at: datetime) -> list[dict[str, Any]]:
    """What is said of a payment that went back."""
    return [
        {"Key": "Amount", "Value": shillings(payment.amount)},
        {"Key": "TransCompletedTime", "Value": int(stamp(at))},
        {"Key": "OriginalTransactionID", "Value": payment.receipt},
        {"Key": "Charge", "Value": 0},
        {"Key": "CreditPartyPublicName", "Value": f"{payment.phone} - {payment.first_name}"},
        {"Key": "DebitPartyPublicName", "Value": f"{payment.shortcode} - {BUSINESS}"},
    ]


def status_of(payment: SandboxDarajaPayment, originator: str, conversation: str) -> list[dict[str, Any]]:
    """What is said of a payment whose status was asked."""
    at = int(stamp(payment.created_at))
    return [
        {"Key": "DebitPartyName", "Value": f"{payment.phone} - {payment.first_name}"},
        {"Key": "CreditPartyName", "Value": f"{payment.shortcode} - {BUSINESS}"},
        {"Key": "OriginatorConversationID", "Value": originator},
        {"Key": "InitiatedTime", "Value": at},
        {"Key": "CreditPartyCharges"},
        {"Key": "DebitAccountType", "Value": "MMF Account For Customer"},
        {"Key": "TransactionReason"},
        {"Key": "ReasonType", "Value": "Pay Bill Online"},
        {"Key": "TransactionStatus", "Value": "Reversed" if payment.status == "reversed" else "Completed"},
        {"Key": "FinalisedTime", "Value": at},
        {"Key": "Amount", "Value": shillings(payment.amount)},
        {"Key": "ConversationID", "Value": conversation},
        {"Key": "ReceiptNo", "Value": payment.receipt},
    ]


def shillings(amount: int) -> Decimal:
    """Whole shillings with the two decimals M-PESA writes."""
    return Decimal(amount).quantize(Decimal("0.01"))

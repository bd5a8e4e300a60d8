"""How Flutterwave v3 writes things down: amounts in major units with decimals, each key as in its samples."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.core.money import decimals_of
from portal.gateways.sandbox import prices
from portal.gateways.sandbox.models import SandboxFlutterwaveCharge, SandboxFlutterwaveRefund
from portal.gateways.sandbox.wire import iso, major

ACCOUNT = 17_321
WALLET = 74_639
RESPONSES = {"successful": "Approved by Financial Institution", "failed": "Declined", "pending": "pending"}
CARD = {
    "first_6digits": "553188",
    "last_4digits": "2950",
    "issuer": "SANDBOX BANK",
    "country": "NG",
    "type": "MASTERCARD",
    "expiry": "09/40",
}


def charge(made: SandboxFlutterwaveCharge) -> dict[str, Any]:
    """A transaction in verify."""
    settled = made.charged - made.fee if made.status == "successful" else 0
    return _core(made) | {
        "card": {**CARD, "token": "flw-t1nf-sandbox"},
        "meta": made.link.meta,
        "amount_settled": _major(settled, made.currency),
        "customer": _customer(made, nobody="N/A"),
    }


def charge_in_list(made: SandboxFlutterwaveCharge) -> dict[str, Any]:
    """A transaction among others: its ids are text there, and the customer lies flat."""
    done = made.status == "successful"
    return _core(made) | {
        "id": str(made.number),
        "account_id": str(ACCOUNT),
        "app_fee": _major(made.fee, made.currency) if done else None,
        "amount_settled": _major(made.charged - made.fee, made.currency) if done else None,
        "customer_name": made.link.name,
        "customer_email": made.link.email,
    }


def event(made: SandboxFlutterwaveCharge) -> dict[str, Any]:
    """What the webhook says, of successes and failures alike."""
    data = _core(made) | {"customer": _customer(made, nobody=None), "card": CARD}
    return {"event": "charge.completed", "data": data, "event.type": "CARD_TRANSACTION"}


def refund(made: SandboxFlutterwaveRefund) -> dict[str, Any]:
    """A refund, in the answer that makes it and later."""
    return {
        "id": made.number,
        "account_id": ACCOUNT,
        "tx_id": made.charge.number,
        "flw_ref": made.charge.flw_ref,
        "wallet_id": WALLET,
        "amount_refunded": _major(made.amount, made.charge.currency),
        "status": made.status,
        "destination": "payment_source",
        "comments": made.comments,
        "meta": {"source": "availablebalance"},
        "created_at": iso(made.created_at),
    }


def settlement(*, number: int, day: datetime, currency: str, gross: int, fees: int, count: int) -> dict[str, Any]:
    """One day's money, paid out to the merchant's bank; amounts in minor units."""
    paid_on = iso(day + timedelta(days=1))
    return {
        "id": number,
        "account_id": ACCOUNT,
        "merchant_name": "Sandbox",
        "merchant_email": "merchant@sandbox.invalid",
        "settlement_account": "0000000000",
        "bank_code": "000",
        "transaction_date": iso(day),
        "due_date": paid_on,
        "processed_date": paid_on,
        "status": "completed",
        "is_local": True,
        "currency": currency,
        "gross_amount": _major(gross, currency),
        "app_fee": _major(fees, currency),
        "merchant_fee": 0,
        "chargeback": 0,
        "refund": 0,
        "stampduty_charge": 0,
        "net_amount": _major(gross - fees, currency),
        "transaction_count": count,
    }


def fee(amount: int, currency: str) -> dict[str, Any]:
    """What would be kept of an amount."""
    kept = prices.flutterwave(currency).of(amount)
    return {
        "charge_amount": _major(amount, currency),
        "fee": _major(kept, currency),
        "merchant_fee": 0,
        "flutterwave_fee": _major(kept, currency),
        "stamp_duty_fee": 0,
        "currency": currency,
    }


def _core(made: SandboxFlutterwaveCharge) -> dict[str, Any]:
    return {
        "id": made.number,
        "tx_ref": made.link.tx_ref,
        "flw_ref": made.flw_ref,
        "device_fingerprint": "N/A",
        "amount": _major(made.amount, made.currency),
        "currency": made.currency,
        "charged_amount": _major(made.charged, made.currency),
        "app_fee": _major(made.fee, made.currency),
        "merchant_fee": 0,
        "processor_response": RESPONSES[made.status],
        "auth_model": "PIN",
        "ip": "127.0.0.1",
        "narration": "CARD Transaction ",
        "status": made.status,
        "payment_type": "card",
        "created_at": iso(made.created_at),
        "account_id": ACCOUNT,
    }


def _customer(made: SandboxFlutterwaveCharge, nobody: str | None) -> dict[str, Any]:
    return {
        "id": made.number,
        "name": made.link.name,
        "phone_number": made.link.phone or nobody,
        "email": made.link.email,
        "created_at": iso(made.link.created_at),
    }


def _major(minor: int, currency: str) -> int | Decimal:
    return major(minor, decimals_of(currency))

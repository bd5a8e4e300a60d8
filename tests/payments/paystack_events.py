"""One message of each event type Paystack documents, in its shape, with the traps its own samples hold."""

PERSON = {"id": 1, "first_name": None, "last_name": None, "email": "payer@example.com", "customer_code": "CUS_1",
          "phone": None, "metadata": None, "risk_action": "default"}  # fmt: skip
CHARGE = {"id": 302, "domain": "live", "status": "success", "reference": "REF-302", "amount": 10_000, "message": None,
          "gateway_response": "Approved", "paid_at": "2026-01-02T03:04:05.000Z", "channel": "card", "currency": "NGN",
          "ip_address": None, "metadata": 0, "log": None, "fees": None, "customer": PERSON, "authorization": {},
          "plan": {}}  # fmt: skip
DISPUTE = {"id": 35, "refund_amount": 5_800, "currency": "NGN", "status": "awaiting-merchant-feedback",
           "resolution": None, "domain": "live", "transaction": {**CHARGE, "metadata": "", "requested_amount": 5_800},
           "transaction_reference": None, "category": "chargeback", "customer": PERSON, "bin": None, "history": [],
           "messages": [], "note": None, "due_at": "2026-01-09T00:00:00.000Z"}  # fmt: skip
REFUND = {"status": "pending", "transaction_reference": "REF-302", "refund_reference": None, "amount": "10000",
          "currency": "NGN", "processor": "instant-transfer", "customer": PERSON, "integration": 1,
          "domain": "live"}  # fmt: skip
TRANSFER = {"amount": 30_000, "currency": "NGN", "domain": "live", "failures": None, "id": 37, "integration": {"id": 1},
            "reason": "Supplies", "reference": "payout_1", "source": "balance", "source_details": None,
            "status": "success", "titan_code": None, "transfer_code": "TRF_1", "transferred_at": None,
            "recipient": {"recipient_code": "RCP_1", "details": {"account_number": "0000000000"}},
            "session": {"provider": None, "id": None}, "created_at": "2026-01-02T03:04:05.000Z",
            "updated_at": "2026-01-02T03:04:05.000Z"}  # fmt: skip
REQUEST = {"id": 1, "domain": "live", "amount": 10_000, "currency": "NGN", "due_date": None, "status": "pending",
           "line_items": [], "tax": [], "request_code": "PRQ_1", "paid": False, "metadata": None, "notifications": [],
           "offline_reference": "1", "customer": 1}  # fmt: skip
SUBSCRIPTION = {"domain": "live", "status": "active", "subscription_code": "SUB_1", "amount": 50_000, "plan": {},
                "authorization": {}, "customer": PERSON, "created_at": "2026-01-02T03:04:05.000Z"}  # fmt: skip
INVOICE = {"domain": "live", "invoice_code": "INV_1", "amount": 44_000, "status": "success", "paid": True,
           "subscription": SUBSCRIPTION, "authorization": {}, "customer": PERSON,
           "transaction": {"reference": "REF-302", "status": "success", "amount": 44_000}}  # fmt: skip
KNOWN = {"customer_id": "93", "customer_code": "CUS_1", "email": "payer@example.com",
         "identification": {"country": "NG", "type": "bvn", "value": "200*****677"}}  # fmt: skip

EVENTS = {
    "charge.success": CHARGE,
    "charge.dispute.create": DISPUTE,
    "charge.dispute.remind": DISPUTE,
    "charge.dispute.resolve": {**DISPUTE, "status": "resolved", "resolution": "merchant-accepted"},
    "refund.pending": REFUND,
    "refund.processing": {**REFUND, "status": "processing", "refund_reference": "TRF_r"},
    "refund.processed": {**REFUND, "status": "processed", "refund_reference": "132013318360"},
    "refund.failed": {**REFUND, "status": "failed", "amount": 10_000},
    "transfer.success": TRANSFER,
    "transfer.failed": {**TRANSFER, "status": "failed", "failures": None},
    "transfer.reversed": {**TRANSFER, "status": "reversed"},
    "invoice.create": INVOICE,
    "invoice.update": INVOICE,
    "invoice.payment_failed": {**INVOICE, "status": "pending", "paid": False, "transaction": {}},
    "subscription.create": SUBSCRIPTION,
    "subscription.disable": {**SUBSCRIPTION, "status": "complete"},
    "subscription.not_renew": {**SUBSCRIPTION, "status": "non-renewing"},
    "subscription.expiring_cards": [{"expiry_date": "12/2026", "brand": "visa", "subscription": {}, "customer": {}}],
    "paymentrequest.pending": REQUEST,
    "paymentrequest.success": {**REQUEST, "status": "success", "paid": True},
    "customeridentification.failed": {**KNOWN, "reason": "Account number or BVN is incorrect"},
    "customeridentification.success": KNOWN,
    "dedicatedaccount.assign.success": {"customer": PERSON, "dedicated_account": {"assigned": True}},
    "dedicatedaccount.assign.failed": {"customer": PERSON, "dedicated_account": None},
    "bank.transfer.rejected": {
        "bank_transfer": {"amount": "30000", "message_type": "INCORRECT_AMOUNT", "transaction_id": "31"},
        "customer": PERSON,
    },
}

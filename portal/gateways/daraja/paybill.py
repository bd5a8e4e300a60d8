"""Money sent to our pay bill number by itself (C2B), the status of a receipt, and giving one back."""

from __future__ import annotations

from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways import figures
from portal.gateways.base import BadMessage, PayBillAnswer, PayBillTold, Requested, ResultTold
from portal.gateways.daraja import addresses, reading
from portal.gateways.daraja.line import CURRENCY, EAT, Line, whole_shillings
from portal.gateways.http import Call

#: What Safaricom does with a payment while our validation is silent, spelled exactly so.
RESPONSE_TYPES = ("Completed", "Cancelled")
ORGANISATION, REVERSAL_PARTY = "4", "11"
LONGEST_REMARKS = 100
REASONS = {
    PayBillAnswer.ACCEPT: "Accepted",
    PayBillAnswer.BAD_PHONE: "Invalid MSISDN",
    PayBillAnswer.BAD_ACCOUNT: "Invalid account number",
    PayBillAnswer.BAD_AMOUNT: "Invalid amount",
    PayBillAnswer.BAD_DETAILS: "Invalid KYC details",
    PayBillAnswer.BAD_SHORTCODE: "Invalid short code",
    PayBillAnswer.OTHER: "Rejected",
}


class PayBill(Line):
    """The number on the wall: the payer types the amount and the account."""

    def register_urls(self, *, confirmation: str, validation: str, response_type: str = "Completed") -> str:
        """Say where confirmations go, and what becomes of a payment while we are silent; production takes it once."""
        if response_type not in RESPONSE_TYPES:
            raise Invalid(_("Choose Completed or Cancelled."), field="response_type")
        document = self._order(
            "/mpesa/c2b/v1/registerurl",
            {
                "ShortCode": self._shortcode,
                "ResponseType": response_type,
                "ConfirmationURL": addresses.check(confirmation),
                "ValidationURL": addresses.check(validation),
            },
            Call.OFFER,
        )
        return figures.text(document.get("ResponseDescription"), 200) or ""

    def read_confirmation(self, raw: bytes) -> PayBillTold:
        """Read the news of a payment that was made; raises BadMessage."""
        told = reading.document(raw)
        amount = figures.major(told.get("TransAmount"), CURRENCY)
        if amount is None or amount <= 0:
            raise BadMessage(_("The message has no %(name)s.", name="TransAmount"))
        names = [figures.text(told.get(f"{each}Name"), 100) for each in ("First", "Middle", "Last")]
        return PayBillTold(
            transaction_id=reading.needed(told, "TransID"),
            amount=amount,
            currency=CURRENCY,
            shortcode=reading.needed(told, "BusinessShortCode"),
            account=figures.text(told.get("BillRefNumber"), 100) or "",
            phone=reading.phone(told.get("MSISDN")),
            payer_name=" ".join(filter(None, names))[:200] or None,
            at=reading.moment(told.get("TransTime"), EAT),
            kind=figures.text(told.get("TransactionType"), 40) or "",
        )

    def read_validation(self, raw: bytes) -> PayBillTold:
        """Read the question whether a payment may be made."""
        return self.read_confirmation(raw)

    def answer_validation(self, answer: PayBillAnswer) -> dict[str, str]:
        """The body that answers a validation; it must go out within eight seconds."""
        return {"ResultCode": answer.value, "ResultDesc": REASONS[answer]}

    def transaction_status(self, transaction_id: str, *, result_url: str, timeout_url: str) -> Requested:
        """Ask what became of a receipt number; the answer comes to result_url."""
        return self._requested(
            "/mpesa/transactionstatus/v1/query",
            {
                **self._signed(),
                "CommandID": "TransactionStatusQuery",
                "TransactionID": transaction_id,
                "PartyA": self._shortcode,
                "IdentifierType": ORGANISATION,
                "ResultURL": addresses.check(result_url),
                "QueueTimeOutURL": addresses.check(timeout_url),
                "Remarks": "Status",
                "Occasion": "",
            },
            Call.OFFER,
        )

    def reverse(
        self, transaction_id: str, *, amount: int, result_url: str, timeout_url: str, remarks: str
    ) -> Requested:
        """Ask for a payment to be given back; the answer comes to result_url. ReplyLost: ask its status first."""
        return self._requested(
            "/mpesa/reversal/v1/request",
            {
                **self._signed(),
                "CommandID": "TransactionReversal",
                "TransactionID": transaction_id,
                "Amount": whole_shillings(amount, CURRENCY),
                "ReceiverParty": self._shortcode,
                "RecieverIdentifierType": REVERSAL_PARTY,  # spelled as the wire has it
                "ResultURL": addresses.check(result_url),
                "QueueTimeOutURL": addresses.check(timeout_url),
                "Remarks": remarks[:LONGEST_REMARKS] or "Refund",
                "Occasion": "",
            },
            Call.ORDER,
        )

    def read_result(self, raw: bytes, *, timed_out: bool = False) -> ResultTold:
        """Read the later answer; `timed_out` for what came to the time-out address. Raises BadMessage."""
        told = reading.part(reading.document(raw), "Result")
        code = reading.needed(told, "ResultCode")
        listed = told.get("ResultParameters")
        values: dict[str, str] = {}
        for name, value in reading.pairs(
            listed.get("ResultParameter") if isinstance(listed, dict) else (), "Key", "Value"
        ):
            seen = sum(1 for each in values if each == name or each.startswith(f"{name} "))
            values[f"{name} {seen + 1}" if seen else name] = reading.words(value)
        return ResultTold(
            conversation_id=reading.needed(told, "ConversationID"),
            originator_conversation_id=figures.name(told.get("OriginatorConversationID")) or "",
            transaction_id=figures.name(told.get("TransactionID")),
            code=code[:20],
            description=figures.text(told.get("ResultDesc"), 200) or "",
            success=code == "0" and not timed_out,
            timed_out=timed_out,
            amount=figures.major(values.get("Amount") or values.get("TransactionAmount"), CURRENCY),
            receipt=figures.name(values.get("ReceiptNo"), 40),
            status=figures.text(values.get("TransactionStatus"), 40),
            at=reading.moment(values.get("FinalisedTime") or values.get("TransCompletedTime"), EAT),
            values=values,
        )

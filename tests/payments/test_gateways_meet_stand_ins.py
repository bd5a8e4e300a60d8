"""Our own clients and our own stand-ins, over real HTTP: each half was made from the provider's papers alone."""

from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.gateways import sandbox
from portal.gateways.base import (
    Checkout,
    KeyRefused,
    PayBillAnswer,
    PushAsked,
    PushState,
    RecipientAsked,
    RefundAsked,
    ReplyLost,
    TransferAsked,
    UnknownTransfer,
    WrongOtp,
)
from portal.gateways.daraja import Daraja
from portal.gateways.sandbox import clockwork, faults, outgoing, service, transfers
from portal.gateways.sandbox.daraja import paybill, pushes, tokens

HERE = {"result_url": "http://localhost/api/pay/k/r", "timeout_url": "http://localhost/api/pay/k/t"}


@pytest.fixture
def paystack(app, session):
    return sandbox.gateway(app.extensions["settings"])


@pytest.fixture
def daraja(app, session):
    mine = sandbox.daraja_credentials(app.extensions["settings"])
    return Daraja(
        consumer_key=mine.consumer_key,
        consumer_secret=mine.consumer_secret,
        shortcode=mine.shortcode,
        passkey=mine.passkey,
        initiator=mine.initiator,
        initiator_password=mine.initiator_password,
        certificate=mine.certificate,
        base_url=sandbox.base_url("daraja"),
        trust_env=False,
    )


def charged(paystack, reference="CH-1", amount=1_000_000, outcome="paid", **how):
    asked = Checkout(
        reference=reference, amount=amount, currency="NGN", email="a@b.co", callback_url="http://x/y", description=""
    )
    started = paystack.initialize(asked)
    service.decide(access_code=started.access_code, outcome=service.Outcome(outcome), **how)
    return paystack.verify(reference)


def refund_of(charge, amount=400_000):
    return RefundAsked(
        reference="RF-1", transaction_id=charge.transaction_id, charge_reference=charge.reference, amount=amount,
        currency="NGN", asked_at=utcnow(),
    )  # fmt: skip


def test_what_the_payer_bore_is_told_apart(paystack):
    charge = charged(paystack, amount=30_050, outcome="fees_on_top", fees=10_283)
    assert (charge.gross, charge.received, charge.fee_by_payer, charge.fee_by_us) == (40_333, 30_050, 10_283, 0)


def test_a_refund_whose_answer_was_lost_was_made_and_is_found(paystack):
    charge = charged(paystack)
    asked = refund_of(charge)
    assert paystack.find_refund(asked) is None
    faults.set(provider="paystack", operation="refund", kind="lost_reply")
    with pytest.raises(ReplyLost):
        paystack.refund(asked)
    found = paystack.find_refund(asked)
    assert (found.amount, found.status, found.reason) == (400_000, "pending", "RF-1")
    clockwork.advance()
    assert paystack.refund_status(found.provider_refund_id).status == "processed"
    told = [paystack.read(each.body.encode()) for each in outgoing.about("CH-1")]
    assert [(each.about, each.set_aside) for each in told] == [("charge", None), *[("refund", None)] * 3]
    assert {each.refund.charge_reference for each in told[1:]} == {"CH-1"}


def test_a_transfer_whose_answer_was_lost_was_made_once(paystack):
    charged(paystack, amount=5_000_000)
    (bank, *_rest) = paystack.banks("NGN")
    name = paystack.resolve_account("0123456789", bank.code)
    to = paystack.make_recipient(
        RecipientAsked(kind=bank.kind, name=name, account_number="0123456789", bank_code=bank.code, currency="NGN")
    )
    asked = TransferAsked(reference="payout_1", amount=500_000, currency="NGN", recipient_code=to, reason="Wages")
    with pytest.raises(UnknownTransfer):
        paystack.verify_transfer("payout_1")
    faults.set(provider="paystack", operation="transfer", kind="lost_reply")
    with pytest.raises(ReplyLost):
        paystack.transfer(asked)
    standing = paystack.verify_transfer("payout_1")
    assert (standing.status, standing.amount) == ("otp", 500_000)
    with pytest.raises(WrongOtp):
        paystack.finalize_transfer(standing.transfer_code, "x")
    paystack.resend_otp(standing.transfer_code)
    done = paystack.finalize_transfer(standing.transfer_code, transfers.otp_of("payout_1"))
    assert not done.status.conclusive
    clockwork.advance()
    assert paystack.verify_transfer("payout_1").status == "success"
    (money,) = [each for each in paystack.balance() if each.currency == "NGN"]
    assert money.minor > 0


def test_the_providers_list_is_the_providers_list(paystack):
    since = utcnow() - timedelta(minutes=1)
    made = [charged(paystack, f"CH-{number}") for number in range(3)]
    listed = {each.reference: each for each in paystack.charges(since, utcnow() + timedelta(minutes=1))}
    assert {each.reference: each.received for each in made} == {key: each.received for key, each in listed.items()}
    assert list(paystack.settlements(since, utcnow())) == []


def asked(**change):
    words = {"phone": "+254712345678", "amount": 25_000, "currency": "KES", "account_reference": "ROOM4",
             "callback_url": "http://localhost/api/pay/k/token", "description": "Room 4"}  # fmt: skip
    return PushAsked(**{**words, **change})


@pytest.mark.parametrize(
    ("how", "state"),
    [("paid", "paid"), ("cancelled", "cancelled"), ("no_money", "failed"), ("unreachable", "unreachable"),
     ("expired", "expired")],
)  # fmt: skip
def test_a_phone_is_asked_and_tells_how_it_ended(daraja, how, state):
    started = daraja.push(asked())
    assert daraja.query_push(started.checkout_request_id).state is PushState.WAITING
    answered = pushes.answer(checkout_request=started.checkout_request_id, how=pushes.Answer(how))
    assert daraja.query_push(started.checkout_request_id).state == state
    (message,) = outgoing.about(started.checkout_request_id, "daraja")
    told = daraja.read_push_callback(message.body.encode())
    assert (told.state, told.checkout_request_id) == (state, started.checkout_request_id)
    assert (told.amount, told.receipt) == ((25_000, answered.receipt) if how == "paid" else (None, None))


def test_a_token_that_lapsed_is_fetched_again(daraja):
    daraja.check_key()
    tokens.expire_all()
    assert daraja.push(asked()).checkout_request_id


def test_a_wrong_secret_is_said_so(daraja):
    wrong = Daraja(consumer_key="x", consumer_secret="y", shortcode="174379", passkey="z",
                   base_url=sandbox.base_url("daraja"), trust_env=False)  # fmt: skip
    with pytest.raises(KeyRefused):
        wrong.check_key()


def test_money_sent_to_the_pay_bill_is_told_and_given_back(daraja, app):
    daraja.register_urls(confirmation="http://localhost/api/pay/k/c", validation="http://localhost/api/pay/k/v")
    shortcode = sandbox.daraja_credentials(app.extensions["settings"]).shortcode
    made = paybill.pay(shortcode=shortcode, amount=1_200, phone="254712345678", account="INV-7", first_name="ADA")
    (question,) = outgoing.about(made.receipt, "daraja")
    told = daraja.read_validation(question.body.encode())
    assert (told.amount, told.account, told.shortcode, told.payer_name) == (120_000, "INV-7", shortcode, "ADA")
    answer = daraja.answer_validation(PayBillAnswer.ACCEPT)
    paybill.answered(receipt=made.receipt, status=200, text=f'{{"ResultCode": "{answer["ResultCode"]}"}}')
    confirmation = outgoing.about(made.receipt, "daraja")[-1]
    assert daraja.read_confirmation(confirmation.body.encode()).transaction_id == made.receipt
    status = daraja.transaction_status(made.receipt, **HERE)
    result = daraja.read_result(outgoing.about(made.receipt, "daraja")[-1].body.encode())
    assert (result.conversation_id, result.success, result.status, result.amount) == (
        status.conversation_id, True, "Completed", 120_000,
    )  # fmt: skip
    back = daraja.reverse(made.receipt, amount=120_000, remarks="Twice", **HERE)
    result = daraja.read_result(outgoing.about(made.receipt, "daraja")[-1].body.encode())
    assert (result.conversation_id, result.success, result.amount) == (back.conversation_id, True, 120_000)

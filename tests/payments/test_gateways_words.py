"""The vocabulary itself: who bore a fee, and which states are ends."""

import pytest

from portal.gateways.base import Charge, ChargeStatus, PushState, RefundStatus, TransferStatus


def charge(amount, requested, fee):
    return Charge(
        reference="R", status=ChargeStatus.SUCCESS, amount=amount, requested_amount=requested, fee=fee, currency="NGN",
        transaction_id="1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "requested", "fee", "received", "by_payer", "by_us", "net"),
    [
        (40_333, 30_050, 10_283, 30_050, 10_283, 0, 30_050),  # scenario 6: the payer bore the fee
        (100_000, 100_000, 1_500, 100_000, 0, 1_500, 98_500),  # we bear it
        (100_000, None, 1_500, 100_000, 0, 1_500, 98_500),  # an older sample without requested_amount
        (10_000, 100_000, 0, 10_000, 0, 0, 10_000),  # scenario 5: less came than was asked
        (120_000, 100_000, 1_500, 118_500, 1_500, 0, 118_500),  # more came: it is all ours but the fee
    ],
)
def test_every_minor_unit_of_a_charge_has_an_owner(amount, requested, fee, received, by_payer, by_us, net):
    told = charge(amount, requested, fee)
    assert (told.gross, told.received, told.fee_by_payer, told.fee_by_us, told.net) == (
        amount, received, by_payer, by_us, net,
    )  # fmt: skip
    assert told.net + told.fee_by_us + told.fee_by_payer == told.gross


def test_only_a_conclusive_transfer_frees_its_money():
    free = {each for each in TransferStatus if each.money_stayed}
    assert free == {"failed", "reversed", "abandoned", "blocked", "rejected"}
    assert {each for each in TransferStatus if not each.conclusive} == {"otp", "pending", "received"}


def test_a_refund_ends_processed_or_failed_and_a_push_is_asked_about_until_it_is_known():
    assert {each for each in RefundStatus if each.final} == {"processed", "failed"}
    assert {each for each in PushState if each.open} == {"waiting", "unknown"}

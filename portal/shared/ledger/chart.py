"""The chart of accounts, and the one table of what posts where: every money fact of every desk has its line here.

A line names an account of the chart, or a role in angle brackets that the caller fills in with one:
`<money>` where the money lies, `<earned>` what it was earned with, `<credit>` the customer's credit, `<counter>`
whatever stands against it.
Amounts are named, and given in minor units when the fact is posted; a leg of zero is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.shared.ledger.models import AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An account every place may have: its number, its plain name, and whether each owner has one of their own."""

    code: str
    name: str
    kind: AccountKind
    help: str
    owned: bool = False
    business_wide: bool = False
    floor: int | None = None

    def called(self, owner: str) -> str:
        """The account's name, with its owner's where it has one for each."""
        return self.name.format(owner=owner.replace("_", " ").title())


@dataclass(frozen=True, slots=True)
class Line:
    """One leg of a fact: an account or a role, the side (+1 debit, -1 credit) and the name of its amount."""

    account: str
    side: int
    amount: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A business fact and its legs."""

    words: str
    lines: tuple[Line, ...]


def debit(account: str, amount: str) -> Line:
    """A leg on the left."""
    return Line(account, 1, amount)


def credit(account: str, amount: str) -> Line:
    """A leg on the right."""
    return Line(account, -1, amount)


CASH = "1000"
BANK = "1010"
PROVIDER = "1100"
CARD_MACHINE = "1110"
PAYOUTS_ON_THEIR_WAY = "1190"
RECEIVABLE = "1200"
GUEST_LEDGER = "1210"
CITY_LEDGER = "1220"
CUSTOMER_CREDIT = "2000"
DEPOSITS = "2010"
HELD = "2020"
UNCLAIMED = "2030"
REFUNDS_ON_THEIR_WAY = "2040"
PAYABLE = "2100"
TAXES = "2200"
CAPITAL = "3000"
OPENING = "3010"
HIRE = "4000"
SALES = "4010"
ROOMS = "4020"
EXTRAS = "4030"
FEES = "4040"
REFUNDS_GIVEN = "4090"
CHARGES_PASSED_ON = "4100"
PROVIDER_CHARGES = "5000"
PAYOUT_CHARGES = "5010"
COSTS = "5100"
DIFFERENCES = "5900"

MONEY = "<money>"
EARNED = "<earned>"
CREDIT = "<credit>"
COUNTER = "<counter>"


CHART: dict[str, Plan] = {
    each.code: each
    for each in (
        Plan(
            code=CASH,
            name="Cash on hand",
            kind=AccountKind.ASSET,
            help="Notes and coins taken at the desk and not yet banked.",
        ),
        Plan(code=BANK, name="Bank", kind=AccountKind.ASSET, help="What has reached the place's own bank account."),
        Plan(
            code=PROVIDER,
            name="Money at {owner}",
            kind=AccountKind.ASSET,
            owned=True,
            help="Paid by customers, not yet paid out.",
        ),
        Plan(
            code=CARD_MACHINE,
            name="Card machine",
            kind=AccountKind.ASSET,
            help="Card slips the bank has not yet paid out.",
        ),
        Plan(
            code=PAYOUTS_ON_THEIR_WAY,
            name="Payouts on their way",
            kind=AccountKind.ASSET,
            help="Reserved until the end is known.",
        ),
        Plan(code=RECEIVABLE, name="Customers owe us", kind=AccountKind.ASSET, help="Bills raised and not yet paid."),
        Plan(
            code=GUEST_LEDGER,
            name="Guest ledger",
            kind=AccountKind.ASSET,
            help="What the folios of guests come to; below zero where guests have paid more than they owe.",
        ),
        Plan(
            code=CITY_LEDGER,
            name="City ledger",
            kind=AccountKind.ASSET,
            owned=True,
            help="Folios that were closed with something owing, by who owes it.",
        ),
        Plan(
            code=CUSTOMER_CREDIT,
            name="Customer credit",
            kind=AccountKind.LIABILITY,
            owned=True,
            business_wide=True,
            floor=0,
            help="What a customer has with us and may spend; never below zero.",
        ),
        Plan(
            code=DEPOSITS,
            name="Deposits held",
            kind=AccountKind.LIABILITY,
            help="Paid ahead; earned when what it is for is given.",
        ),
        Plan(
            code=HELD,
            name="Held for a decision",
            kind=AccountKind.LIABILITY,
            help="Money that did not match; a second person decides.",
        ),
        Plan(
            code=UNCLAIMED,
            name="Unclaimed mobile money",
            kind=AccountKind.LIABILITY,
            help="Sent to the paybill, not yet matched.",
        ),
        Plan(
            code=REFUNDS_ON_THEIR_WAY,
            name="Refunds on their way",
            kind=AccountKind.LIABILITY,
            help="Decided, not yet at the payer.",
        ),
        Plan(code=PAYABLE, name="We owe suppliers", kind=AccountKind.LIABILITY, help="Bills of others, not yet paid."),
        Plan(
            code=TAXES,
            name="Taxes to be paid",
            kind=AccountKind.LIABILITY,
            help="Taxes in and on what guests were charged, until they go to the tax office.",
        ),
        Plan(code=CAPITAL, name="Owner's capital", kind=AccountKind.EQUITY, help="What the owner put in or took out."),
        Plan(
            code=OPENING,
            name="Opening balances",
            kind=AccountKind.EQUITY,
            help="The other side of what was there at the start.",
        ),
        Plan(code=HIRE, name="Hire of rooms and vehicles", kind=AccountKind.INCOME, help="Paid for the use of a unit."),
        Plan(code=SALES, name="Sales", kind=AccountKind.INCOME, help="Paid for everything else."),
        Plan(code=ROOMS, name="Rooms by the night", kind=AccountKind.INCOME, help="Nights charged, without tax."),
        Plan(code=EXTRAS, name="Extras", kind=AccountKind.INCOME, help="What guests had besides, without tax."),
        Plan(
            code=FEES,
            name="Cancellation and other fees",
            kind=AccountKind.INCOME,
            help="Charged for cancelling late, not coming, coming early or leaving late.",
        ),
        Plan(
            code=REFUNDS_GIVEN,
            name="Refunds given",
            kind=AccountKind.INCOME,
            help="Takes earnings back; so it stands on the left.",
        ),
        Plan(
            code=CHARGES_PASSED_ON,
            name="Charges paid by customers",
            kind=AccountKind.INCOME,
            help="Fees the payer bore on top.",
        ),
        Plan(
            code=PROVIDER_CHARGES,
            name="Payment provider charges",
            kind=AccountKind.EXPENSE,
            help="What collecting money costs.",
        ),
        Plan(code=PAYOUT_CHARGES, name="Payout charges", kind=AccountKind.EXPENSE, help="What sending money costs."),
        Plan(code=COSTS, name="Costs", kind=AccountKind.EXPENSE, help="Suppliers, wages and everything else paid for."),
        Plan(
            code=DIFFERENCES,
            name="Differences",
            kind=AccountKind.EXPENSE,
            help="Found when the books were compared, and explained.",
        ),
    )
}

#: The one table. In a settled payment net = what reached us after the fee, used + remainder = what was paid for.
#: A payout's more_fee is what its charge came to beyond the charge that was reserved; below zero where it was less.
FACTS: dict[str, Fact] = {
    "payment.settled": Fact(
        "Payment received",
        (
            debit(MONEY, "net"),
            debit(PROVIDER_CHARGES, "fee"),
            credit(EARNED, "used"),
            credit(CREDIT, "remainder"),
            credit(CHARGES_PASSED_ON, "passed_on"),
        ),
    ),
    "payment.held": Fact(
        "Payment held for a decision",
        (
            debit(MONEY, "net"),
            debit(PROVIDER_CHARGES, "fee"),
            credit(HELD, "held"),
            credit(CHARGES_PASSED_ON, "passed_on"),
        ),
    ),
    "payment.accepted": Fact(
        "Held payment taken",
        (debit(HELD, "held"), credit(EARNED, "used"), credit(CREDIT, "remainder")),
    ),
    "credit.spent": Fact("Paid with credit", (debit(CREDIT, "amount"), credit(EARNED, "amount"))),
    "refund.approved": Fact(
        "Refund decided",
        (
            debit(HELD, "held"),
            debit(CREDIT, "credit"),
            debit(COUNTER, "given_back"),
            credit(REFUNDS_ON_THEIR_WAY, "amount"),
        ),
    ),
    "refund.processed": Fact("Refund paid", (debit(REFUNDS_ON_THEIR_WAY, "amount"), credit(MONEY, "amount"))),
    "charge.reversed": Fact(
        "Payment taken back by the provider",
        (
            debit(HELD, "held"),
            debit(CREDIT, "credit"),
            debit(COUNTER, "given_back"),
            debit(CHARGES_PASSED_ON, "passed_on"),
            debit(DIFFERENCES, "twice"),
            credit(MONEY, "total"),
        ),
    ),
    "payout.reserved": Fact("Payout reserved", (debit(PAYOUTS_ON_THEIR_WAY, "total"), credit(MONEY, "total"))),
    "payout.paid": Fact(
        "Payout arrived",
        (
            debit(COUNTER, "amount"),
            debit(PAYOUT_CHARGES, "fee"),
            credit(PAYOUTS_ON_THEIR_WAY, "total"),
            credit(MONEY, "more_fee"),
        ),
    ),
    "mobile_money.received": Fact(
        "Mobile money received", (debit(MONEY, "net"), debit(PROVIDER_CHARGES, "fee"), credit(UNCLAIMED, "amount"))
    ),
    "mobile_money.returned": Fact("Mobile money returned", (debit(UNCLAIMED, "amount"), credit(MONEY, "amount"))),
    "bill.raised": Fact("Bill raised", (debit(RECEIVABLE, "amount"), credit(EARNED, "amount"))),
    "deposit.earned": Fact("Deposit earned", (debit(DEPOSITS, "amount"), credit(EARNED, "amount"))),
    "folio.charged": Fact(
        "Charged to a folio", (debit(GUEST_LEDGER, "gross"), credit(EARNED, "net"), credit(TAXES, "tax"))
    ),
    "deposit.applied": Fact("Deposit applied to a folio", (debit(DEPOSITS, "amount"), credit(GUEST_LEDGER, "amount"))),
    "deposit.held": Fact("Deposit held again", (debit(GUEST_LEDGER, "amount"), credit(DEPOSITS, "amount"))),
    "folio.left_owing": Fact("Folio left owing", (debit(COUNTER, "amount"), credit(GUEST_LEDGER, "amount"))),
    "credit.given": Fact("Kept as credit", (debit(COUNTER, "amount"), credit(CREDIT, "amount"))),
    "settlement.received": Fact(
        "Paid out by the provider", (debit(BANK, "net"), debit(PROVIDER_CHARGES, "fee"), credit(MONEY, "gross"))
    ),
    "fee.corrected": Fact("Provider charge corrected", (debit(PROVIDER_CHARGES, "amount"), credit(MONEY, "amount"))),
    "difference.booked": Fact("Difference booked", (debit(DIFFERENCES, "amount"), credit(MONEY, "amount"))),
    "cash.banked": Fact("Cash taken to the bank", (debit(BANK, "amount"), credit(CASH, "amount"))),
    "entry.reversed": Fact("Entry reversed", ()),
    "entry.made": Fact("Entry made by hand", ()),
}

#: Facts that a person books without anything happening at a desk, and may take back in the books.
BY_PEOPLE = ("entry.made", "cash.banked", "fee.corrected", "difference.booked")

#: What counts as earned: income without the charges customers bore, less what was given back.
EARNED_ON = (HIRE, SALES, ROOMS, EXTRAS, FEES, REFUNDS_GIVEN)

#: What was paid for a folio goes back from where the folio stands.
OF_FOLIOS = (GUEST_LEDGER, CITY_LEDGER)

#: Ways to pay whose money does not lie at a provider.
_MONEY_OF = {"cash": CASH, "card": CARD_MACHINE}


def money_at(provider: str) -> str:
    """Where money that came this way lies: `code` or `code:owner`."""
    return _MONEY_OF.get(provider) or f"{PROVIDER}:{provider}"


def credit_of(customer: object) -> str:
    """The credit account of one customer."""
    return f"{CUSTOMER_CREDIT}:{customer}"


def owed_by(customer: object) -> str:
    """What one customer left owing in the city ledger of a place."""
    return f"{CITY_LEDGER}:{customer}"


def plan_of(account: str) -> tuple[Plan, str]:
    """The plan and the owner behind `code` or `code:owner`; a code nobody planned is a programming mistake."""
    code, _colon, owner = account.partition(":")
    plan = CHART[code]
    assert bool(owner) == plan.owned, f"{plan.name}: an owner is {'needed' if plan.owned else 'not known'}"
    return plan, owner

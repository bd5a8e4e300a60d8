"""Receipts: what stands on them, the same bytes for ever, and by e-mail once."""

import email
import hashlib
import os
import subprocess
import sys

import pytest
from reportlab.pdfbase import pdfmetrics
from sqlalchemy import text

from portal.core import outbox, paper
from portal.core.db import db
from portal.core.money import Money
from portal.shared.identity.queries import attachments_of, latest_mail
from portal.shared.payments import receipts
from portal.shared.payments.errors import NoSuchPayment
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import desk, receipt_letters
from tests.factories import assets, payments
from tests.factories import bills as made
from tests.factories.bills import CLERK

URL = "https://portal.test"
SAMPLE = receipts.Receipt(
    place="Marina Hotel",
    where="14 Marina Road, Lagos",
    number="ABCDE-FGHJK",
    title="Room 204",
    facts=(("For", "Room 204, a very long line " * 6), ("Paid", "20 Nov 2026 14:05"), ("Paid by", "Ọláolúwa Ńgọ́zí")),
    sums=(("Room 204", Money(2_000_000, "NGN")), ("Charge for paying this way", Money(30_000, "NGN"))),
    total=Money(2_030_000, "NGN"),
    notes=("Of this, ₦500.00 is kept as your credit.",),
    url=f"{URL}/pay/ABCDE-FGHJK/receipt",
)
MAKE = (
    "import hashlib, sys; from tests.payments import test_receipts as t; from portal.shared.payments import receipts;"
    " sys.stdout.write(hashlib.sha256(receipts.pdf(t.SAMPLE)).hexdigest())"
)


def receipt(reference):
    return receipts.receipt_of(get_intent(reference), public_url=URL)


def test_the_same_receipt_is_the_same_bytes_in_any_process_zone_and_order():
    here = hashlib.sha256(receipts.pdf(SAMPLE)).hexdigest()
    assert hashlib.sha256(receipts.pdf(SAMPLE)).hexdigest() == here
    for zone, seed in (("Pacific/Auckland", "1"), ("America/Lima", "2")):
        env = os.environ | {"TZ": zone, "PYTHONHASHSEED": seed}
        said = subprocess.run([sys.executable, "-c", MAKE], env=env, capture_output=True, text=True, check=True).stdout
        assert said == here


def test_it_is_a_sheet_with_its_own_type_that_knows_the_naira_sign():
    drawn = receipts.pdf(SAMPLE)
    assert drawn.startswith(b"%PDF-")
    assert b"/FontFile2" in drawn
    assert drawn.count(b"/Type /Page\n") == 1
    for font in (paper.PLAIN, paper.BOLD):
        assert ord("₦") in pdfmetrics.getFont(font).face.charToGlyph


def test_no_line_is_longer_than_the_sheet(session):
    paper.register_fonts()
    for words in ("x" * 300, "https://portal.example/" + "a1-" * 40, "short", "", "W" * 40 + " and more"):
        lines = list(paper._broken(words, paper.PLAIN, 10, 120))
        assert all(pdfmetrics.stringWidth(line, paper.PLAIN, 10) <= 120 for line in lines)
        assert "".join(lines).replace(" ", "") == words.replace(" ", "")


def test_a_receipt_for_a_room_says_from_when_until_when(session):
    room = assets.room()
    paid = payments.paid(room, amount=2 * room.price)
    found = receipt(paid.reference)
    facts = dict(found.facts)
    assert (found.title, found.number) == (f"Room {room.number}", paid.reference)
    assert {"From", "Until", "Paid", "Paid by", "With", "Transaction"} == set(facts)
    assert facts["Paid by"] == payments.GUEST
    assert found.total == Money(2 * room.price, "NGN")
    assert found.url == f"{URL}/pay/{paid.reference}/receipt"


def test_a_receipt_for_a_bill_names_it_its_customer_and_the_slip(session):
    bill = made.bill(assets.place())
    taken = desk.take_for_bill(bill_id=bill.id, way="card", amount=850_000, slip="004711", actor=CLERK)
    facts = dict(receipt(taken.intent.reference).facts)
    assert (facts["For"], facts["Customer"]) == ("Laundry", "Ada Obi")
    assert (facts["With"], facts["Slip"]) == ("Card machine", "004711")
    assert "Transaction" not in facts


def test_a_charge_the_payer_bore_and_money_given_back_stand_on_it(session):
    room = assets.room()
    made_intent = payments.intent(room)
    payments.decide(made_intent, "fees_on_top")
    payments.settle(made_intent)
    intent = get_intent(made_intent.reference)
    charge = intent.payment.charged - intent.payment.amount
    assert charge > 0
    found = receipt(intent.reference)
    assert ("Charge for paying this way", Money(charge, "NGN")) in found.sums
    assert found.total.minor == room.price + charge
    db.session.execute(
        text(
            "insert into refund (id, payment_id, asset_id, provider, amount, currency, status, idem_key, reason,"
            " requested_by) values (gen_random_uuid(), :p, :a, 'sandbox', 250000, 'NGN', 'processed', 'x', 'Left', 'a')"
        ),
        {"p": intent.payment.id, "a": intent.asset_id},
    )
    found = receipt(intent.reference)
    assert ("Given back", Money(-250_000, "NGN")) in found.sums
    assert found.total.minor == room.price + charge - 250_000


def test_there_is_no_receipt_before_the_money(session):
    with pytest.raises(NoSuchPayment):
        receipt(payments.intent(assets.room()).reference)


def test_the_payer_gets_it_once_by_itself_and_again_when_asked(committed):
    paid = payments.paid(assets.room())
    while outbox.relay():
        pass
    assert [each.topic for _duty, each in outbox.undelivered()] == []
    outbox.deliver_due()
    told = {"reference": paid.reference}
    receipt_letters.send_when_settled(told, public_url=URL)
    receipt_letters.send_when_settled(told, public_url=URL)
    (letter,) = latest_mail()
    assert letter.recipient == payments.GUEST
    assert "₦10,000.00" in letter.subject
    (paper_of_it,) = attachments_of(letter.id)
    assert paper_of_it.name == f"receipt-{paid.reference}.pdf"
    assert bytes(paper_of_it.content).startswith(b"%PDF-")
    receipt_letters.send(reference=paid.reference, to="boss@example.com", public_url=URL, actor=CLERK)
    assert [each.recipient for each in latest_mail()] == ["boss@example.com", payments.GUEST]


def test_nobody_is_written_to_who_gave_no_address(session):
    bill = made.bill(assets.place(), email=None, phone="+2348031234567")
    taken = desk.take_for_bill(bill_id=bill.id, way="cash", amount=850_000, actor=CLERK)
    receipt_letters.send_when_settled({"reference": taken.intent.reference}, public_url=URL)
    assert latest_mail() == []
    assert dict(receipt(taken.intent.reference).facts)["Paid by"] == "+2348031234567"


def test_a_letter_reaches_the_mail_server_with_its_paper(session, tmp_path):
    from portal.gateways.mailer import Mailer
    from portal.shared.identity.services import mails

    paid = payments.paid(assets.room())
    receipt_letters.send(reference=paid.reference, to="a@example.com", public_url=URL, actor=CLERK)
    letter = latest_mail()[0]
    mailer = Mailer(smtp_url="", folder=tmp_path, host="portal.test")
    mails.post({"subject_id": str(letter.id)}, send=mailer.send)
    (file,) = tmp_path.iterdir()
    message = email.message_from_bytes(file.read_bytes())
    body, attached = message.get_payload()
    assert "Your receipt is attached" in body.get_payload(decode=True).decode()
    assert attached.get_filename() == f"receipt-{paid.reference}.pdf"
    assert attached.get_payload(decode=True) == bytes(attachments_of(letter.id)[0].content)

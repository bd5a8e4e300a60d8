"""Money sent to a pay bill number, receipts looked up and given back, and whom to listen to."""

import base64
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from portal.core.errors import Invalid
from portal.gateways.base import BadMessage, PayBillAnswer, ReplyLost
from portal.gateways.daraja import Daraja
from portal.gateways.daraja.addresses import comes_from
from portal.gateways.daraja.credential import BadCertificate, security_credential
from tests.support.providers import said

HERE = {"result_url": "https://p.example.com/api/pay/k/r", "timeout_url": "https://p.example.com/api/pay/k/t"}
STATUS, REVERSAL = "/mpesa/transactionstatus/v1/query", "/mpesa/reversal/v1/request"
REQUESTED = said(
    {
        "OriginatorConversationID": "o-1",
        "ConversationID": "AG_1",
        "ResponseCode": "0",
        "ResponseDescription": "Accepted",
    }
)
SENT = {"TransactionType": "Pay Bill", "TransID": "RKTQDM7W6S", "TransTime": "20191122063845", "TransAmount": "10.50",
        "BusinessShortCode": "600638", "BillRefNumber": "room 4", "InvoiceNumber": "", "OrgAccountBalance": "",
        "ThirdPartyTransID": "", "MSISDN": "2547 ***** 149", "FirstName": "John", "MiddleName": "",
        "LastName": "Doe"}  # fmt: skip


def certificate(key, path, encoding=serialization.Encoding.PEM):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(encoding))
    return path


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def daraja(stage, key, tmp_path):
    stage.routes["/oauth/v1/generate"] = said({"access_token": "tok", "expires_in": "3599"})
    return Daraja(
        consumer_key="ck", consumer_secret="cs", shortcode="600638", passkey="p", base_url=stage.url, trust_env=False,
        initiator="desk", initiator_password="a password nobody may see", certificate=certificate(key, tmp_path / "c"),
    )  # fmt: skip


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_only_safaricom_can_read_the_initiators_password(key, tmp_path, encoding):
    path = certificate(key, tmp_path / "cert", encoding)
    credential = security_credential("a password nobody may see", path)
    assert key.decrypt(base64.b64decode(credential), padding.PKCS1v15()) == b"a password nobody may see"
    assert security_credential("a password nobody may see", path) != credential
    if encoding is serialization.Encoding.PEM:
        pasted = security_credential("x", path.read_text())
        assert key.decrypt(base64.b64decode(pasted), padding.PKCS1v15()) == b"x"


def test_what_is_no_certificate_is_said_so(tmp_path):
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1()), tmp_path / "ec")
    (tmp_path / "text").write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----")
    for path in (elliptic, tmp_path / "text", tmp_path / "nowhere", tmp_path, "no certificate", ""):
        with pytest.raises(BadCertificate):
            security_credential("x", path)


def test_addresses_are_registered_in_the_exact_words(daraja, stage):
    stage.routes["/mpesa/c2b/v1/registerurl"] = said(
        {"OriginatorCoversationID": "1", "ResponseCode": "0", "ResponseDescription": "Success"}
    )
    assert (
        daraja.register_urls(confirmation="https://p.example.com/c", validation="https://p.example.com/v") == "Success"
    )
    assert stage.asked[-1].json == {
        "ShortCode": "600638", "ResponseType": "Completed", "ConfirmationURL": "https://p.example.com/c",
        "ValidationURL": "https://p.example.com/v",
    }  # fmt: skip
    with pytest.raises(Invalid, match="Completed or Cancelled"):
        daraja.register_urls(confirmation="https://x/c", validation="https://x/v", response_type="completed")
    with pytest.raises(Invalid, match="safaricom"):
        daraja.register_urls(confirmation="https://x/safaricom", validation="https://x/v")


def test_money_that_was_sent_is_read(daraja):
    told = daraja.read_confirmation(json.dumps(SENT).encode())
    assert (told.transaction_id, told.amount, told.currency, told.shortcode) == ("RKTQDM7W6S", 1_050, "KES", "600638")
    assert (told.account, told.phone, told.payer_name) == ("room 4", "2547 ***** 149", "John Doe")
    assert told.at == datetime(2019, 11, 22, 3, 38, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "change", [{"TransAmount": 10.5}, {"MSISDN": 254708374149}, {"FirstName": None}, {"TransTime": 1}]
)
def test_money_is_read_whatever_shape_its_fields_have(daraja, change):
    assert daraja.read_validation(json.dumps({**SENT, **change}).encode()).amount == 1_050


@pytest.mark.parametrize(
    "change", [{"TransAmount": "0"}, {"TransAmount": "-1"}, {"TransAmount": "1e3"}, {"TransAmount": None},
               {"TransID": ""}, {"BusinessShortCode": None}, {"TransID": ["x"]}]
)  # fmt: skip
def test_news_without_money_or_a_name_is_no_news(daraja, change):
    with pytest.raises(BadMessage):
        daraja.read_confirmation(json.dumps({**SENT, **change}).encode())


def test_a_validation_is_answered_in_the_providers_codes(daraja):
    assert daraja.answer_validation(PayBillAnswer.ACCEPT) == {"ResultCode": "0", "ResultDesc": "Accepted"}
    codes = {each.name: daraja.answer_validation(each)["ResultCode"] for each in PayBillAnswer}
    assert codes["BAD_ACCOUNT"] == "C2B00012"
    assert codes["OTHER"] == "C2B00016"


def test_a_receipt_is_asked_about_and_given_back(daraja, stage, key):
    stage.routes |= {STATUS: REQUESTED, REVERSAL: REQUESTED}
    assert daraja.transaction_status("RKTQDM7W6S", **HERE).conversation_id == "AG_1"
    sent = stage.asked[-1].json
    assert (sent["CommandID"], sent["PartyA"], sent["IdentifierType"]) == ("TransactionStatusQuery", "600638", "4")
    made = daraja.reverse("RKTQDM7W6S", amount=1_000, remarks="Twice", **HERE)
    assert (made.conversation_id, made.originator_conversation_id) == ("AG_1", "o-1")
    sent = stage.asked[-1].json
    assert (sent["CommandID"], sent["Amount"], sent["ReceiverParty"], sent["RecieverIdentifierType"]) == (
        "TransactionReversal", 10, "600638", "11",
    )  # fmt: skip
    assert sent["Initiator"] == "desk"
    assert key.decrypt(base64.b64decode(sent["SecurityCredential"]), padding.PKCS1v15()).startswith(b"a password")


def test_a_reversal_whose_answer_is_lost_is_not_repeated(daraja, stage):
    stage.routes[REVERSAL] = None
    with pytest.raises(ReplyLost):
        daraja.reverse("RKTQDM7W6S", amount=1_000, remarks="", **HERE)
    assert stage.paths().count(("POST", REVERSAL)) == 1


def test_without_an_initiator_nothing_is_given_back(stage):
    bare = Daraja(consumer_key="c", consumer_secret="s", shortcode="1", passkey="p", base_url=stage.url)
    with pytest.raises(Invalid, match="operator's name"):
        bare.reverse("R", amount=100, remarks="", **HERE)
    assert not stage.asked


def result(**change):
    return json.dumps(
        {"Result": {"ResultType": 0, "ResultCode": 0, "ResultDesc": "ok", "OriginatorConversationID": "o-1",
                    "ConversationID": "AG_1", "TransactionID": "RKT0000000", **change}}
    ).encode()  # fmt: skip


def test_the_later_answer_about_a_receipt(daraja):
    listed = [{"Key": "DebitPartyName", "Value": "600310 - A"}, {"Key": "DebitPartyName", "Value": "254708374149 - B"},
              {"Key": "TransactionReason"}, {"Key": "TransactionStatus", "Value": "Completed"},
              {"Key": "FinalisedTime", "Value": 20250117170614}, {"Key": "Amount", "Value": 1.0},
              {"Key": "ReceiptNo", "Value": "TAH5J2K991"}]  # fmt: skip
    told = daraja.read_result(
        result(ResultParameters={"ResultParameter": listed}, ReferenceData={"ReferenceItem": {"Key": "Occasion"}})
    )
    assert (told.success, told.status, told.receipt, told.amount) == (True, "Completed", "TAH5J2K991", 100)
    assert told.at == datetime(2025, 1, 17, 14, 6, 14, tzinfo=UTC)
    assert (told.values["DebitPartyName"], told.values["DebitPartyName 2"]) == ("600310 - A", "254708374149 - B")
    assert told.values["TransactionReason"] == ""


@pytest.mark.parametrize("listed", [None, {}, [], {"ResultParameter": {"Key": "Amount", "Value": "300"}}])
def test_a_result_may_be_bare(daraja, listed):
    told = daraja.read_result(result(ResultParameters=listed, ResultCode="2001"))
    assert (told.success, told.code) == (False, "2001")


def test_a_question_that_waited_too_long_did_not_succeed(daraja):
    told = daraja.read_result(result(), timed_out=True)
    assert (told.success, told.timed_out) == (False, True)


@pytest.mark.parametrize("raw", [b"{}", b'{"Result": []}', result(ResultCode=None), result(ConversationID=None), b"x"])
def test_what_is_no_result_is_said_so(daraja, raw):
    with pytest.raises(BadMessage):
        daraja.read_result(raw)


def test_only_listed_peers_are_listened_to():
    networks = (ip_network("196.201.214.200/32"), ip_network("10.0.0.0/8"))
    assert comes_from("196.201.214.200", networks)
    assert comes_from("::ffff:10.1.2.3", networks)
    for stranger in ("196.201.214.201", "::1", "", None, "10.0.0.1, 1.2.3.4", "localhost"):
        assert not comes_from(stranger, networks)

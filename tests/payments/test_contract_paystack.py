"""What we send to Paystack fits its own OpenAPI document, and every answer of that document can be read."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from portal.core.errors import DomainError
from portal.gateways.base import Checkout, GatewayDown, RecipientAsked, RefundAccount, RefundAsked, TransferAsked
from portal.gateways.paystack import Paystack
from tests.support import shared
from tests.support.providers import said

pytestmark = shared.here

CHECKOUT = Checkout(
    reference="REF-1", amount=100, currency="NGN", email="a@b.co", callback_url="https://x/y", description="Room 4"
)
REFUND = RefundAsked(
    reference="RF-1", transaction_id="1", charge_reference="REF-1", amount=1, currency="NGN",
    asked_at=datetime.now(UTC),
)  # fmt: skip
RECIPIENT = RecipientAsked(kind="nuban", name="Ada", account_number="0123456789", bank_code="057", currency="NGN")
TRANSFER = TransferAsked(reference="payout_1", amount=1, currency="NGN", recipient_code="RCP_1", reason="Wages")
ACCOUNT = RefundAccount(currency="NGN", account_number="0123456789", bank_id="9")
SPAN = (datetime.now(UTC) - timedelta(days=1), datetime.now(UTC))

#: Every call of the client, and the operation of the document it makes.
CALLS = {
    "post /transaction/initialize": lambda gateway: gateway.initialize(CHECKOUT),
    "get /transaction/verify/{reference}": lambda gateway: gateway.verify("REF-1"),
    "get /transaction": lambda gateway: list(gateway.charges(*SPAN)),
    "post /refund": lambda gateway: gateway.refund(REFUND),
    "get /refund": lambda gateway: gateway.find_refund(REFUND),
    "get /refund/{id}": lambda gateway: gateway.refund_status("1"),
    "post /refund/retry_with_customer_details/{id}": lambda gateway: gateway.retry_refund("1", ACCOUNT),
    "get /bank": lambda gateway: gateway.banks("NGN"),
    "get /bank/resolve": lambda gateway: gateway.resolve_account("0123456789", "057"),
    "post /transferrecipient": lambda gateway: gateway.make_recipient(RECIPIENT),
    "post /transfer": lambda gateway: gateway.transfer(TRANSFER),
    "post /transfer/finalize_transfer": lambda gateway: gateway.finalize_transfer("TRF_1", "123456"),
    "post /transfer/resend_otp": lambda gateway: gateway.resend_otp("TRF_1"),
    "get /transfer/verify/{reference}": lambda gateway: gateway.verify_transfer("payout_1"),
    "get /balance": lambda gateway: gateway.balance(),
    "get /settlement": lambda gateway: list(gateway.settlements(*SPAN)),
}
#: What the document's own answers must say for us to know them as the answer to our question.
OURS = {
    "get /transaction/verify/{reference}": {"reference": "REF-1"},
    "post /transfer": {"reference": "payout_1"},
    "get /transfer/verify/{reference}": {"reference": "payout_1"},
    "post /transfer/finalize_transfer": {"reference": "payout_1", "amount": 1, "currency": "NGN", "status": "pending"},
    "post /transaction/initialize": {"authorization_url": "https://checkout.paystack.com/x"},
}


@pytest.fixture
def paystack(stage):
    return Paystack(secret_key="sk_test_x", base_url=stage.url, trust_env=False)


def operation(name):
    method, path = name.split()
    return shared.paystack()["paths"][path][method], path


def resolved(node):
    """A schema with every reference followed, and OpenAPI's nullable in JSON Schema's words."""
    if isinstance(node, list):
        return [resolved(each) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        found = shared.paystack()
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return resolved(found)
    made = {key: resolved(value) for key, value in node.items()}
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def body_schema(spec):
    return resolved(spec["requestBody"]["content"]["application/json"]["schema"])


def answer_schema(spec):
    found = resolved(spec["responses"].get("200") or spec["responses"]["201"])
    return found.get("content", {}).get("application/json", {}).get("schema", {"type": "object"})


def example(schema, empty=False):
    """The plainest document of a schema; `empty` makes null whatever may be null."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        if empty:
            return None
        kinds = kinds[0]
    if "allOf" in schema:
        return {key: value for part in schema["allOf"] for key, value in example(part, empty).items()}
    if "anyOf" in schema:
        return example(schema["anyOf"][0], empty)
    if kinds == "object":
        return {key: example(value, empty) for key, value in schema.get("properties", {}).items()}
    if kinds == "array":
        return [example(schema["items"], empty)] if schema.get("items") else []
    return {"integer": 1, "number": 1, "boolean": True, "string": schema.get("enum", ["1"])[0]}.get(kinds)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("empty", [False, True], ids=["full", "nulls"])
def test_what_we_send_fits_and_what_the_document_answers_is_read(paystack, stage, name, empty):
    spec, path = operation(name)
    schema = answer_schema(spec)
    answer = example(schema, empty) or {}
    answer |= {"status": True}
    if isinstance(answer.get("meta"), dict) and "pageCount" in answer["meta"]:
        answer["meta"]["pageCount"] = 1
    if name in OURS:
        answer["data"] = {**(answer.get("data") or {}), **OURS[name]}
    if name == "get /settlement":
        answer["data"] = []  # the document does not say what stands in it
    stage.says(answer)
    CALLS[name](paystack)
    assert stage.asked
    for asked in stage.asked:
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        assert re.fullmatch(pattern, asked.path)
        assert asked.method.lower() == name.split()[0]
        assert asked.headers["Authorization"] == "Bearer sk_test_x"
        known = {resolved(each)["name"]: resolved(each) for each in spec.get("parameters", [])}
        assert asked.query.keys() <= {key for key, each in known.items() if each["in"] == "query"}
        for key, values in asked.query.items():
            check_parameter(known[key]["schema"], values)
        if asked.raw:
            assert asked.headers["Content-Type"] == "application/json"
            jsonschema.validate(asked.json, body_schema(spec))


def check_parameter(schema, values):
    assert len(values) == 1
    text = values[0]
    if schema.get("type") == "boolean":
        assert text in ("true", "false")
    elif schema.get("type") == "integer":
        assert text.isdigit()
    if schema.get("format") == "date-time":
        datetime.fromisoformat(text)
    if "enum" in schema:
        assert text in schema["enum"]


def test_every_property_we_send_is_one_the_document_knows(paystack, stage):
    """A misspelt optional property would pass the schema and be lost."""
    stage.says({"status": True, "data": {}})
    for name in CALLS:
        if not name.startswith("post"):
            continue
        stage.asked.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("portal.gateways.http.TRIES", 1)
            with suppress(GatewayDown):  # the empty answer; only the question is looked at
                CALLS[name](paystack)
        spec, _path = operation(name)
        schema = body_schema(spec)
        parts = schema.get("allOf", [schema])
        known = {key for part in parts for key in part.get("properties", {})}
        assert stage.asked[0].json.keys() <= known, name


def examples(node, path=""):
    """Every example in the document, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "example" and isinstance(value, dict):
                yield path, value
            elif key == "examples" and isinstance(value, dict):
                yield from ((f"{path}/{name}", each["value"]) for name, each in value.items() if "value" in each)
            else:
                yield from examples(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from examples(value, f"{path}/{index}")


def test_every_example_of_the_document_is_answered_to_or_refused_in_words(paystack, stage, monkeypatch):
    monkeypatch.setattr("portal.gateways.http.TRIES", 1)
    found = list(examples(shared.paystack()))
    assert len(found) > 60
    for place, document in found:
        for status in (200, 400, 404):
            stage.answers = [said(document, status)]
            for call in (CALLS["get /transaction/verify/{reference}"], CALLS["post /transfer"]):
                with pytest.raises(DomainError) as refused:
                    call(paystack)
                assert refused.value.message.endswith("."), place
        for data in (document, [document], json.dumps(document)):
            message = paystack.read(json.dumps({"event": "charge.success", "data": data}).encode())
            assert message.set_aside == "unreadable", place

"""The document is valid, whole, and shown by two pages of the portal's own."""

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from portal.api.openapi import path_of

#: The document does not describe itself.
ITSELF = "api.document"


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/api/openapi.json").json


def test_the_document_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()


def test_every_resource_is_in_the_document(app, document):
    missing = [
        f"{verb} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule.endswith("/") and rule.endpoint != ITSELF
        for verb in rule.methods - {"HEAD", "OPTIONS"}
        if verb.lower() not in document["paths"].get(path_of(rule), {})
    ]
    assert not missing


def test_every_resource_says_who_may_use_it(app):
    unguarded = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and getattr(app.view_functions[rule.endpoint], "guard", None) is None
    ]
    assert not unguarded


def test_operations_have_names_of_their_own(document):
    names = [operation["operationId"] for verbs in document["paths"].values() for operation in verbs.values()]
    assert len(names) == len(set(names))


def test_everything_but_the_front_gate_needs_a_token(document):
    open_to_all = {
        operation["operationId"]
        for verbs in document["paths"].values()
        for operation in verbs.values()
        if not operation["security"]
    }
    gate = {"register", "issue", "refresh", "revoke"}
    payer = {name for name in open_to_all if name.startswith(("payment_", "webhook_", "daraja"))}
    assert open_to_all - payer == gate


def test_no_resource_redirects(client, document):
    for path, verbs in document["paths"].items():
        if "get" in verbs:
            for spelled in (path.rstrip("/"), path.rstrip("/") + "/"):
                answer = client.get(spelled.replace("{", "").replace("}", ""))
                assert answer.status_code in (200, 401, 404, 422), spelled
                assert answer.mimetype == "application/json"


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/"])
def test_the_pages_come_from_here_alone(client, path):
    page = client.get(path)
    assert page.status_code == 200
    assert 'data-document="/api/openapi.json"' in page.get_data(as_text=True)
    assert "//" not in page.get_data(as_text=True).replace("<!--", "")

"""A caller of the JSON door whose every answer is held against the OpenAPI document."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from portal.api.openapi import path_of
from tests.factories import identity


class Contract:
    """The document, and whether an answer is what it says."""

    def __init__(self, app):
        self.app = app
        self.document = app.test_client().get("/api/openapi.json").json

    def hold(self, path, method, answer):
        """Fail when the document does not know this answer."""
        url = self.app.url_map.bind("localhost")
        path = path.partition("?")[0].rstrip("/") + "/"  # as the document spells it
        rule, _values = url.match(path, method=method, return_rule=True)
        operation = self.document["paths"][path_of(rule)][method.lower()]
        said = operation["responses"].get(str(answer.status_code))
        assert said is not None, f"{method} {path} answered {answer.status_code}, which the document does not know"
        if "content" not in said:
            assert not answer.data
            return
        assert answer.mimetype == "application/json"
        schema = {**said["content"]["application/json"]["schema"], "components": self.document["components"]}
        Draft202012Validator(schema).validate(answer.json)


class Caller:
    """Somebody who uses the JSON door."""

    def __init__(self, app, contract, user=None, headers=None):
        self.client = app.test_client()
        self.contract = contract
        self.headers = headers or (identity.bearer(app, user) if user else {})

    def call(self, method, path, json=None, **options):
        options["headers"] = {**self.headers, **options.get("headers", {})}
        if json is not None:
            options["json"] = json
        answer = self.client.open(path, method=method, **options)
        self.contract.hold(path, method, answer)
        return answer

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.call("POST", path, json, **options)

    def patch(self, path, json=None, **options):
        return self.call("PATCH", path, json, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)


@pytest.fixture(scope="session")
def contract(app):
    return Contract(app)


@pytest.fixture
def calling(app, contract):
    """`calling(user).get(path)`; without a user, without a token."""
    return lambda user=None, **options: Caller(app, contract, user, **options)

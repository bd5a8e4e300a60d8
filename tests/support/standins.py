"""Asking the stand-in providers over real HTTP, and holding what they say against the providers' own descriptions."""

import functools

import httpx
from openapi_schema_validator import OAS30Validator

from portal.gateways import sandbox
from tests.support import shared


class Asking:
    """A merchant's own client of one stand-in, with the key; it sees what goes over the wire."""

    def __init__(self, provider, headers=None):
        self.base, self.headers = sandbox.base_url(provider), headers or {}

    def __call__(self, method, path, body=None, **options):
        options.setdefault("headers", self.headers)
        return httpx.request(method, self.base + path, json=body, timeout=20, trust_env=False, **options)

    def get(self, path, **query):
        """The answer to a GET."""
        return self("GET", path, params=query)

    def post(self, path, body=None, **fields):
        """The answer to a POST of JSON."""
        return self("POST", path, fields if body is None else body)


@functools.cache
def _schema(operation, path, status):
    found = shared.paystack()["paths"][path][operation]["responses"][status]
    return _followed(_followed_one(found)["content"]["application/json"]["schema"])


def fits_paystack(answer, operation, path):
    """Complain unless an answer is what Paystack's OpenAPI document says this operation answers."""
    validator = OAS30Validator(_schema(operation, path, str(answer.status_code)))
    wrong = [f"{'.'.join(map(str, each.path))}: {each.message}" for each in validator.iter_errors(answer.json())]
    assert not wrong, wrong
    return answer.json()


def shape(value):
    """What a message is made of: keys and types, whatever it says."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def lacking(sample, ours, path=""):
    """The keys of a provider's sample that ours has not, and those of another type (null fits any)."""
    if isinstance(sample, dict) and isinstance(ours, dict):
        for key, value in sample.items():
            yield from [f"{path}.{key} is missing"] if key not in ours else lacking(value, ours[key], f"{path}.{key}")
    elif isinstance(sample, list) and isinstance(ours, list):
        if sample and ours:
            yield from lacking(sample[0], ours[0], f"{path}[0]")
    elif "NoneType" not in (shape(sample), shape(ours)) and shape(sample) != shape(ours):
        yield f"{path} is {shape(ours)}, not {shape(sample)}"


def _followed(node):
    if isinstance(node, list):
        return [_followed(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: _followed(each) for key, each in _followed_one(node).items()}


def _followed_one(node):
    while isinstance(node.get("$ref"), str):
        found = shared.paystack()
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node

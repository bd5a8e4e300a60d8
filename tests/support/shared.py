"""Where the providers' own descriptions and sample messages lie: beside the project, never in it."""

import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = next((up / "shared/data" for up in ROOT.parents if (up / "shared/data").is_dir()), None)

here = pytest.mark.skipif(DATA is None, reason="the providers' descriptions are not on this machine")


def samples(provider):
    """The sample files of one provider, by name; none when they are not here."""
    return sorted((DATA / "fixtures" / provider).glob("*.json")) if DATA else []


@functools.cache
def paystack():
    """Paystack's OpenAPI document."""
    import yaml

    return yaml.load((DATA / "paystack-openapi.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))

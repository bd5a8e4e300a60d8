"""What the payment tests share: a provider that does as it is told, and breakers that forget the last test."""

import pytest

from portal.gateways import breaker, http
from tests.support import providers


@pytest.fixture(autouse=True)
def _breakers():
    breaker.close_all()
    yield
    breaker.close_all()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(http, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def stage():
    """A provider over real HTTP, told what to answer."""
    with providers.running() as provider:
        yield provider

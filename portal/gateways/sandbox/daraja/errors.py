"""How Daraja refuses: an HTTP status, a code with dots, and a few words."""

from __future__ import annotations

from portal.core.errors import Conflict, DomainError, NotFound


class DarajaError(DomainError):
    """A refusal in Daraja's own codes."""

    def __init__(self, http: int, error_code: str, message: str) -> None:
        super().__init__(message)
        self.http, self.error_code = http, error_code


class NoSuchPush(NotFound):
    """No such prompt is on the phone."""


class AlreadyAnswered(Conflict):
    """The prompt has gone from the phone."""


def bad_request(field: str) -> DarajaError:
    """A field that is missing or wrong."""
    return DarajaError(400, "400.002.02", f"Bad Request - Invalid {field}")


def wrong_credentials() -> DarajaError:
    """The password does not belong to the short code and timestamp."""
    return DarajaError(500, "500.001.1001", "Wrong credentials")


def in_process() -> DarajaError:
    """The payer has not answered yet; the same code as wrong credentials, only the words tell them apart."""
    return DarajaError(500, "500.001.1001", "The transaction is being processed")


def subscriber_busy() -> DarajaError:
    """The phone is showing another prompt."""
    said = "Unable to lock subscriber, a transaction is already in process for the current subscriber"
    return DarajaError(500, "500.001.1001", said)


def unknown_merchant() -> DarajaError:
    """No such short code here."""
    return DarajaError(500, "500.001.1001", "Merchant does not exist")


def invalid_grant() -> DarajaError:
    """Only client credentials are exchanged for a token."""
    return DarajaError(400, "400.008.02", "Invalid grant type passed")


def invalid_authentication() -> DarajaError:
    """Not the consumer key and secret."""
    return DarajaError(400, "400.008.01", "Invalid Authentication passed")


def invalid_token() -> DarajaError:
    """The access token is unknown, or its hour is over."""
    return DarajaError(404, "404.001.03", "Invalid Access Token")

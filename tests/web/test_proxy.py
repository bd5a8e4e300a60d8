"""Who asks is what a named proxy says, and nobody else."""

from ipaddress import ip_network

import pytest

from portal.web.proxy import TrustedProxies


def seen(remote, trusted="10.0.0.0/8", **headers):
    """Address and scheme as the portal sees them."""
    found = {}
    environ = {"REMOTE_ADDR": remote, "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_X_FORWARDED_{name}": value for name, value in headers.items()}

    def application(environ, _start):
        found.update(environ)
        return []

    TrustedProxies(application, (ip_network(trusted),))(environ, None)
    return found["REMOTE_ADDR"], found["wsgi.url_scheme"]


def test_a_named_proxy_is_believed():
    assert seen("10.0.0.1", FOR="203.0.113.9", PROTO="https") == ("203.0.113.9", "https")


def test_a_stranger_is_not():
    assert seen("198.51.100.7", FOR="203.0.113.9", PROTO="https") == ("198.51.100.7", "http")


def test_what_the_caller_wrote_before_the_proxy_counts_for_nothing():
    assert seen("10.0.0.1", FOR="1.2.3.4, 203.0.113.9, 10.0.0.2") == ("203.0.113.9", "http")


@pytest.mark.parametrize("words", ["", "unknown", "203.0.113.9:80", "<script>", ",,,"])
def test_words_that_are_no_address_are_left_out(words):
    assert seen("10.0.0.1", FOR=words, PROTO="gopher") == ("10.0.0.1", "http")

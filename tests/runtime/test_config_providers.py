"""The payment providers' settings: what belongs together, and what would take no money."""

import pytest

from config import Settings
from tests.runtime.test_config import GOOD, mistakes

MPESA = {
    "PAYMENT_PROVIDER": "mpesa",
    "DARAJA_CONSUMER_KEY": "ck",
    "DARAJA_CONSUMER_SECRET": "a secret nobody may see",
    "DARAJA_SHORTCODE": "174379",
    "DARAJA_PASSKEY": "a passkey nobody may see",
}
FLUTTERWAVE = {
    "PAYMENT_PROVIDER": "flutterwave",
    "FLUTTERWAVE_SECRET_KEY": "FLWSECK-a-key",
    "FLUTTERWAVE_SECRET_HASH": "a hash nobody may see",
}


def test_each_provider_is_reached_at_its_own_address():
    settings = Settings.from_env({})
    assert settings.paystack_base_url == "https://api.paystack.co"
    assert settings.flutterwave_base_url == "https://api.flutterwave.com"
    assert settings.daraja_base_url == "https://sandbox.safaricom.co.ke"
    assert Settings.from_env({**GOOD, **MPESA}).daraja_base_url == "https://api.safaricom.co.ke"
    assert str(settings.daraja_callback_addresses[0]) == "196.201.214.200/32"
    assert len(settings.daraja_callback_addresses) == 12


@pytest.mark.parametrize("good", [MPESA, FLUTTERWAVE])
def test_a_provider_with_its_keys_is_accepted_and_its_secrets_are_not_printed(good):
    settings = Settings.from_env({**GOOD, **good})
    assert "nobody may see" not in repr(settings)
    assert Settings.from_env(settings.environ()) == settings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"PAYMENT_PROVIDER": "mpesa"}, "PAYMENT_PROVIDER mpesa needs DARAJA_CONSUMER_KEY, DARAJA_CONSUMER_SECRET, "
         "DARAJA_SHORTCODE, DARAJA_PASSKEY."),
        ({"PAYMENT_PROVIDER": "flutterwave"}, "PAYMENT_PROVIDER flutterwave needs FLUTTERWAVE_SECRET_KEY, "
         "FLUTTERWAVE_SECRET_HASH."),
        ({**MPESA, "DARAJA_SHORTCODE": "12a"}, "DARAJA_SHORTCODE must be a number of 5 to 7 digits, not '12a'."),
        ({**MPESA, "DARAJA_TILL": "1"}, "DARAJA_TILL must be a number of 5 to 7 digits, not '1'."),
        ({**MPESA, "PUBLIC_URL": "https://mpesa.example.com"}, "PUBLIC_URL contains 'mpesa', and Safaricom calls no "
         "address with that in it; use another."),
        ({**MPESA, "DARAJA_INITIATOR": "desk"}, "DARAJA_INITIATOR, DARAJA_INITIATOR_PASSWORD, DARAJA_CERTIFICATE "
         "belong together; missing: DARAJA_INITIATOR_PASSWORD, DARAJA_CERTIFICATE."),
        ({**MPESA, "DARAJA_INITIATOR": "desk", "DARAJA_INITIATOR_PASSWORD": "x", "DARAJA_CERTIFICATE": "/no/such/file"},
         "DARAJA_CERTIFICATE names no file that can be read."),
        ({**MPESA, "DARAJA_CALLBACK_ADDRESSES": "here"}, "DARAJA_CALLBACK_ADDRESSES must list addresses such as "
         "10.0.0.0/8, not 'here'."),
        ({**MPESA, "DARAJA_BASE_URL": "https://sandbox.safaricom.co.ke/"}, "DARAJA_BASE_URL is Safaricom's sandbox, "
         "which takes no money."),
        ({**FLUTTERWAVE, "FLUTTERWAVE_BASE_URL": "http://api.flutterwave.com"}, "FLUTTERWAVE_BASE_URL must begin with "
         "https:// in production."),
        ({**FLUTTERWAVE, "FLUTTERWAVE_SECRET_KEY": "FLWSECK_TEST-x"}, "FLUTTERWAVE_SECRET_KEY is a test key, which "
         "takes no money."),
        ({"PAYSTACK_SECRET_KEY": "sk_test_x"}, "PAYSTACK_SECRET_KEY is a test key, which takes no money."),
        ({"PAYSTACK_BASE_URL": "ftp://x"}, "PAYSTACK_BASE_URL must look like https://host."),
    ],
)  # fmt: skip
def test_each_mistake_is_one_sentence(change, sentence):
    told = mistakes(**{**GOOD, **change})
    assert told == [sentence]


def test_a_list_of_addresses_of_ones_own():
    found = Settings.from_env({"DARAJA_CALLBACK_ADDRESSES": "127.0.0.1, 10.0.0.0/8"}).daraja_callback_addresses
    assert [str(each) for each in found] == ["127.0.0.1/32", "10.0.0.0/8"]


def test_a_certificate_that_is_there_is_taken(tmp_path):
    (tmp_path / "cert.cer").write_text("x")
    settings = Settings.from_env(
        {**MPESA, "DARAJA_INITIATOR": "d", "DARAJA_INITIATOR_PASSWORD": "p",
         "DARAJA_CERTIFICATE": str(tmp_path / "cert.cer")}
    )  # fmt: skip
    assert settings.daraja_certificate == tmp_path / "cert.cer"

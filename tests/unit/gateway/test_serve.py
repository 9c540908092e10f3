"""What an operator may set of the gateway, and what would let strangers in."""

from __future__ import annotations

import pytest

from tunewright.core.arns import Account
from tunewright.core.errors import InvalidSpec
from tunewright.platform.settings import from_environment
from tunewright_gateway.serve import GatewaySettings

BASE = {"TUNEWRIGHT_CREDENTIALS": "/keys", "TUNEWRIGHT_SCHEDULER": "127.0.0.1:7070"}
TLS = {"TUNEWRIGHT_HTTP_TLS_CERTIFICATE": "/c.pem", "TUNEWRIGHT_HTTP_TLS_KEY": "/k.pem"}


def given(**variables: str) -> GatewaySettings:
    return from_environment(GatewaySettings, BASE | {f"TUNEWRIGHT_{name}": text for name, text in variables.items()})


def test_beyond_loopback_it_needs_tls_or_a_word_that_a_proxy_has_it():
    assert given(HTTP="127.0.0.1:80").http_tls() is None
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_HTTP_TLS_CERTIFICATE"):
        given(HTTP="0.0.0.0:80").http_tls()
    assert given(HTTP="0.0.0.0:80", HTTP_PLAINTEXT="on").http_tls() is None
    assert from_environment(GatewaySettings, BASE | TLS | {"TUNEWRIGHT_HTTP": "0.0.0.0:80"}).http_tls() is not None


def test_certificate_and_key_belong_together():
    with pytest.raises(InvalidSpec, match="belong together"):
        given(HTTP_TLS_KEY="/k.pem").http_tls()


def test_names_are_a_list():
    assert given(HTTP_NAMES="Tuner.example, gateway,").http_names == ("Tuner.example", "gateway")


def test_an_account_is_twelve_digits():
    assert given(ACCOUNT="123456789012", REGION="eu-west-1").whose() == Account("eu-west-1", "123456789012")
    for wrong in ("12345678901", "1234567890123", "abcdefghijkl"):
        with pytest.raises(InvalidSpec, match="TUNEWRIGHT_ACCOUNT"):
            given(ACCOUNT=wrong).whose()

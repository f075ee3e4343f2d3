"""`keys export`: what the authorities need of the gateway's certificates, the one of the line too."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from typer.testing import CliRunner

from gateway.main import app
from tests.kit.installation import installation


@pytest.mark.parametrize("purpose", ["sign", "wrap", "tls"])
def test_every_certificate_of_the_gateway_is_given_out_and_never_its_key(tmp_path: Path, purpose: str) -> None:
    with installation(tmp_path) as installed:
        done = CliRunner().invoke(app, ["--state", str(installed.settings.state), "keys", "export", purpose])
    assert done.exit_code == 0, done.output
    assert "PRIVATE KEY" not in done.output
    certificate = x509.load_pem_x509_certificate(done.stdout_bytes)
    if purpose == "tls":
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH} == set(usage)

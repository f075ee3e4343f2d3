"""The wrapped key as the XTA schemas know it: XML Encryption 1.0, opened by anyone who keeps to it."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from gateway.seal.wrap import XENC, unwrap, wrap, wrap_as_of_2002
from tests.kit import xta_official
from tests.kit.keys import AT, authority_entry

KEY = bytes(range(32))
MGF1P = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA256(), label=None)  # § 5.4.2


def container(encrypted_key: bytes) -> bytes:
    """Return an XTA envelope with EncryptedData under this key."""
    key = encrypted_key.decode()
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        f'<x:GenericContentContainer xmlns:x="http://xoev.de/transport/xta/211" xmlns:e="{XENC}">'
        '<e:EncryptedData><e:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>'
        f'<d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#">{key}</d:KeyInfo>'
        "<e:CipherData><e:CipherValue>QUJD</e:CipherValue></e:CipherData></e:EncryptedData>"
        "</x:GenericContentContainer></s:Body></s:Envelope>"
    ).encode()


def test_the_holder_of_an_rsa_key_opens_it_by_the_standard_of_2002() -> None:
    entry = authority_entry("rsa")
    assert entry.certificate is not None
    assert isinstance(entry.key, rsa.RSAPrivateKey)
    root = etree.fromstring(wrap_as_of_2002(KEY, entry.certificate, purpose_at=AT))
    (method,) = root.findall(f"{{{XENC}}}EncryptionMethod")
    assert method.get("Algorithm") == f"{XENC}rsa-oaep-mgf1p"
    assert [child.get("Algorithm") for child in method] == [f"{XENC}sha256"]
    cipher = base64.b64decode(root.findtext(f"{{{XENC}}}CipherData/{{{XENC}}}CipherValue") or "")
    assert entry.key.decrypt(cipher, MGF1P) == KEY


@pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)
def test_the_official_schemas_find_it_valid_and_the_form_of_2013_not() -> None:
    entry = authority_entry("rsa")
    assert entry.certificate is not None
    xta_official.check(container(wrap_as_of_2002(KEY, entry.certificate, purpose_at=AT)))
    with pytest.raises(etree.DocumentInvalid, match="MGF"):
        xta_official.check(container(wrap(KEY, entry.certificate, purpose_at=AT)))


def test_an_ec_key_gets_the_only_form_there_is() -> None:
    entry = authority_entry("ec")
    assert entry.certificate is not None
    assert unwrap(wrap_as_of_2002(KEY, entry.certificate, purpose_at=AT), [entry]) == KEY

"""Opens an envelope from what `docs/umschlag.md` says and published standards only: no code of the gateway.

Usage: python independent_open.py FOLDER KEY.pem TARGET
"""

from __future__ import annotations

import base64
import hashlib
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.hazmat.primitives.serialization import load_pem_private_key

NAMES = {
    "m": "urn:bauweiche:manifest:1",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
    "dsig11": "http://www.w3.org/2009/xmldsig11#",
}


def main(folder: Path, key_file: Path, target: Path) -> None:
    """Write every part in clear and compare size and SHA-256 with the manifest (not its signature)."""
    envelope = ElementTree.parse(folder / "envelope.xml").getroot()
    content_key = unwrap(envelope, key_file.read_bytes())
    for reference in envelope.iterfind(".//xenc:CipherReference", NAMES):
        name = reference.attrib["URI"]
        sealed = (folder / name).read_bytes()
        plain = AESGCM(content_key).decrypt(sealed[:12], sealed[12:], None)
        (target / name.replace(".bin", ".plain")).write_bytes(plain)
    manifest = ElementTree.parse(target / "manifest.plain").getroot()
    for part in manifest.iterfind(".//m:part", NAMES):
        plain = (target / part.attrib["name"].replace(".bin", ".plain")).read_bytes()
        assert len(plain) == int(part.attrib["size"])
        assert hashlib.sha256(plain).hexdigest() == part.attrib["sha256"]


def unwrap(envelope: ElementTree.Element, pem: bytes) -> bytes:
    """Return the content key."""
    key = load_pem_private_key(pem, None)
    wrapped = base64.b64decode(text(envelope, "xenc:CipherValue"))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.decrypt(wrapped, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    point = base64.b64decode(text(envelope, "dsig11:PublicKey"))
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(key.curve, point))
    parameters = envelope.find(".//xenc11:ConcatKDFParams", NAMES)
    assert parameters is not None
    names = ("AlgorithmID", "PartyUInfo", "PartyVInfo")
    info = b"".join(bytes.fromhex(parameters.attrib[name])[1:] for name in names)
    return aes_key_unwrap(hashlib.sha256(b"\x00\x00\x00\x01" + shared + info).digest(), wrapped)


def text(envelope: ElementTree.Element, name: str) -> str:
    """Return the text of the first element of that name."""
    return envelope.findtext(f".//{name}", "", NAMES)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))

"""The signature of a manifest: enveloped XAdES baseline B, ECDSA, SHA-256, canonical XML 1.1 (DESIGN section 7).

Canonical XML 1.1 and not the exclusive form: XAdES signatures made with the latter do not verify.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.verifier import VerifyResult
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSignatureConfiguration, XAdESSigner, XAdESVerifier

from gateway.domain import codes
from gateway.domain.errors import SealError
from gateway.seal.keys import UNREADABLE, SigningKey
from gateway.seal.manifest import BYTES, NAMESPACE, Manifest, manifest_element, read_manifest
from gateway.seal.trust import Purpose, Trust, check_suitable
from gateway.xmlguard import safe_parse

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
REFERENCES = 3
"""The manifest, the key info and the signed properties: nothing less, nothing else."""

_METHODS = {256: SignatureMethod.ECDSA_SHA256, 384: SignatureMethod.ECDSA_SHA384, 512: SignatureMethod.ECDSA_SHA512}
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_PURPOSE: Purpose = "sign"
_CERTIFICATES = 6
_HINT = "Verwenden Sie den Inhalt nicht und lassen Sie die Nachricht erneut bereitstellen."


def sign(manifest: Manifest, signer: SigningKey, at: datetime) -> bytes:
    """Return the signed manifest as XML; `at` becomes the XAdES signing time, to the second.

    Raises: SealError (CERTIFICATE_EXPIRED, CERTIFICATE_WRONG, KEY_WEAK) if the certificate does not serve at `at`.
    """
    check_suitable(signer.certificate, purpose=_PURPOSE, at=at)
    engine = XAdESSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=_method(signer.key),
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
        data_object_format=XAdESDataObjectFormat("Bauweiche Manifest", "text/xml"),
    )
    # the library would write the machine's clock; the time is ours to say
    annotators = engine.signed_signature_properties_annotators
    annotators[annotators.index(engine.add_signing_time)] = _signing_time(at)
    signed = engine.sign(
        manifest_element(manifest),
        key=signer.key,
        cert=[signer.certificate, *signer.chain],
        always_add_key_value=False,  # the certificate says it already; twice is an ambiguity
    )
    return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")


def verify(data: bytes, trust: Trust, at: datetime) -> Manifest:
    """Return the manifest that was signed: read from the bytes the verifier vouches for, from nothing else (law 9).

    The signer's certificate must serve signing at `at` and lead to an anchor of `trust`.
    Raises: SealError SIGNATURE_INVALID, or what the certificate lacks; SubmissionError if the XML is unsafe.
    """
    return verify_signed(data, trust, at)[0]


def verify_signed(data: bytes, trust: Trust, at: datetime) -> tuple[Manifest, x509.Certificate]:
    """Return the signed manifest and the certificate that vouches for it. Raises: as `verify`."""
    root = safe_parse(data, limit=BYTES)
    signature = _only_signature(root)
    signer, *chain = _certificates(signature)
    trust.check_certificate(signer, purpose=_PURPOSE, at=at, chain=chain)
    expected = XAdESSignatureConfiguration(
        location="./",
        expect_references=REFERENCES,
        signature_methods=frozenset(_METHODS.values()),
        digest_algorithms=_DIGESTS,
        verification_time=at,
    )
    try:
        results = XAdESVerifier().verify(data, x509_cert=signer, expect_config=expected)
    except (SignXMLException, etree.LxmlError, ValueError, KeyError, TypeError, AttributeError) as error:
        # what the library meets in a hostile signature surfaces as any of these
        raise _invalid("Sie passt nicht zum Inhalt oder ist nicht regelgerecht aufgebaut.") from error
    return read_manifest(_signed_manifest(results)), signer


def _only_signature(root: etree._Element) -> etree._Element:
    """Return the one signature, which must be the last child of the manifest: the only shape we make."""
    if root.tag != f"{{{NAMESPACE}}}manifest":
        raise _invalid("Das oberste Element ist kein Inhaltsverzeichnis.")
    signatures = list(root.iter(f"{{{DS}}}Signature"))
    if len(signatures) != 1 or signatures[0] is not root[-1]:
        raise _invalid("Erwartet wird genau eine Signatur am Ende des Inhaltsverzeichnisses.")
    return signatures[0]


def _certificates(signature: etree._Element) -> list[x509.Certificate]:
    """Return the certificates the signature carries, signer first: not believed yet, only looked up."""
    found = signature.findall(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    if not 1 <= len(found) <= _CERTIFICATES:
        raise _invalid("Das Zertifikat des Unterzeichners fehlt.")
    try:
        return [x509.load_der_x509_certificate(b64decode(element.text or "")) for element in found]
    except UNREADABLE as error:
        raise _invalid("Das Zertifikat des Unterzeichners ist nicht lesbar.") from error


def _signed_manifest(results: list[VerifyResult]) -> bytes:
    """Return the signed bytes of the one reference that is a manifest, once the other two are what they must be."""
    found = {str(result.signed_xml.tag): result.signed_data for result in results if result.signed_xml is not None}
    if set(found) != {f"{{{NAMESPACE}}}manifest", f"{{{DS}}}KeyInfo", f"{{{XADES}}}SignedProperties"}:
        raise _invalid("Sie deckt nicht genau Inhaltsverzeichnis, Zertifikat und Signaturangaben ab.")
    return found[f"{{{NAMESPACE}}}manifest"]


def _method(key: ec.EllipticCurvePrivateKey) -> SignatureMethod:
    return next((method for bits, method in _METHODS.items() if key.key_size <= bits), SignatureMethod.ECDSA_SHA512)


def _signing_time(at: datetime) -> Callable[..., None]:
    """Return the annotator that writes the XAdES SigningTime."""
    text = at.astimezone(UTC).isoformat(timespec="seconds")

    def annotate(properties: etree._Element, **_settings: object) -> None:
        etree.SubElement(properties, f"{{{XADES}}}SigningTime").text = text

    return annotate


def _invalid(reason: str) -> SealError:
    return SealError(codes.SIGNATURE_INVALID, f"Die Signatur des Umschlags ist ungültig. {reason}", _HINT)

"""Signature wrapping: what an attacker without our key can make of a signed manifest. Each takes and returns XML."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from lxml import etree

from gateway.seal.manifest import NAMESPACE
from gateway.seal.sign import DS

_PARTS = f"{{{NAMESPACE}}}parts"


def _evil(signed: bytes) -> etree._Element:
    """Return the manifest without its signature and with other digests, as an attacker writes it."""
    root = etree.fromstring(signed)
    root.remove(root[-1])
    parts = root.find(_PARTS)
    assert parts is not None
    for part in parts:
        part.set("sha256", "0" * 64)
    return root


def _original(signed: bytes) -> tuple[etree._Element, etree._Element]:
    root = etree.fromstring(signed)
    return root, root[-1]


def _moved(signed: bytes) -> etree._Element:
    root, (_, signature) = _evil(signed), _original(signed)
    root.append(signature)
    return root


def _in_an_object(signed: bytes) -> etree._Element:
    root, (original, signature) = _evil(signed), _original(signed)
    root.append(copy.deepcopy(signature))
    etree.SubElement(root[-1], f"{{{DS}}}Object").append(original)
    return root


def _in_an_object_by_id(signed: bytes, before: bool = False) -> etree._Element:
    root, (original, signature) = _evil(signed), _original(signed)
    root.append(copy.deepcopy(signature))
    original.remove(signature)
    original.set("Id", "original")
    if before:
        root.insert(0, original)
    else:
        etree.SubElement(root[-1], f"{{{DS}}}Object").append(original)
    reference = root[-1].find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.set("URI", "#original")
    return root


def _whole_inside(signed: bytes) -> etree._Element:
    root = _evil(signed)
    root.append(_original(signed)[0])
    return root


def _in_a_strange_root(signed: bytes) -> etree._Element:
    root = etree.Element("wrapper")
    root.append(_original(signed)[0])
    return root


def _in_an_empty_manifest(signed: bytes) -> etree._Element:
    root = etree.Element(f"{{{NAMESPACE}}}manifest", version="1")
    root.append(_original(signed)[0])
    return root


def _twice(signed: bytes) -> etree._Element:
    root, signature = _original(signed)
    root.append(copy.deepcopy(signature))
    return root


def _first(signed: bytes) -> etree._Element:
    root, signature = _original(signed)
    root.insert(0, signature)
    return root


def _deeper(signed: bytes) -> etree._Element:
    root, signature = _original(signed)
    parts = root.find(_PARTS)
    assert parts is not None
    parts.append(signature)
    return root


def _gone(signed: bytes) -> etree._Element:
    return _evil(signed)


def _emptied(signed: bytes) -> etree._Element:
    root, signature = _original(signed)
    for child in list(signature):
        signature.remove(child)
    return root


def _part_added(signed: bytes) -> etree._Element:
    root, _ = _original(signed)
    parts = root.find(_PARTS)
    assert parts is not None
    extra = copy.deepcopy(parts[0])
    extra.set("name", "part-0099.bin")
    parts.append(extra)
    return root


def _reference_dropped(signed: bytes) -> etree._Element:
    root, signature = _original(signed)
    info = signature.find(f"{{{DS}}}SignedInfo")
    assert info is not None
    info.remove(info.findall(f"{{{DS}}}Reference")[2])
    return root


def _reference_to_nothing(signed: bytes) -> etree._Element:
    root, (_, signature) = _evil(signed), _original(signed)
    root.append(signature)
    reference = signature.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.set("URI", "http://evil.example/manifest.xml")
    return root


def _filtered(signed: bytes) -> etree._Element:
    """An XPath transform that makes the digest look at the old content only."""
    root, (original, signature) = _evil(signed), _original(signed)
    root.append(copy.deepcopy(signature))
    etree.SubElement(root[-1], f"{{{DS}}}Object").append(original)
    transforms = root[-1].find(f".//{{{DS}}}Transforms")
    assert transforms is not None
    chosen = etree.SubElement(
        transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"
    )
    etree.SubElement(chosen, f"{{{DS}}}XPath").text = "ancestor-or-self::*[local-name()='Object']"
    return root


def _method(signed: bytes, algorithm: str) -> etree._Element:
    root, signature = _original(signed)
    method = signature.find(f".//{{{DS}}}SignatureMethod")
    assert method is not None
    method.set("Algorithm", algorithm)
    return root


def _xml(make: Callable[[bytes], etree._Element]) -> Callable[[bytes], bytes]:
    return lambda signed: etree.tostring(make(signed))


WRAPPINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "the signature moved under another manifest": _xml(_moved),
    "the original hidden in an object of the signature": _xml(_in_an_object),
    "the original in an object, referenced by id": _xml(_in_an_object_by_id),
    "the original before the forgery, referenced by id": _xml(lambda signed: _in_an_object_by_id(signed, before=True)),
    "the original whole inside the forgery": _xml(_whole_inside),
    "the original in a strange root": _xml(_in_a_strange_root),
    "the original in an empty manifest": _xml(_in_an_empty_manifest),
    "the signature twice": _xml(_twice),
    "the signature first": _xml(_first),
    "the signature deeper": _xml(_deeper),
    "the signature gone": _xml(_gone),
    "the signature emptied": _xml(_emptied),
    "a part added": _xml(_part_added),
    "one reference dropped": _xml(_reference_dropped),
    "a reference to another address": _xml(_reference_to_nothing),
    "a transform that looks at the original": _xml(_filtered),
    "a signature by a shared secret": _xml(
        lambda signed: _method(signed, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    ),
    "a signature with SHA-1": _xml(lambda signed: _method(signed, "http://www.w3.org/2000/09/xmldsig#ecdsa-sha1")),
}
"""Attack → what it makes of a signed manifest; every verifier answers SIGNATURE_INVALID."""

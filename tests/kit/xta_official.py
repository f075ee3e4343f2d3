"""The official schemas beside the project, and our own, as judges of what goes over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lxml import etree

from xsd import xta

OFFICIAL = Path(__file__).parents[3] / "shared/xta/official"
WSDL = OFFICIAL / "XTA.wsdl"
MISSING = "die amtlichen XTA-Schemata liegen nicht neben dem Projekt"

_XOP = "{http://www.w3.org/2004/08/xop/include}Include"
_IMPORTS = {
    "http://www.w3.org/2003/05/soap-envelope": "soap-envelope-12.xsd",
    "http://xoev.de/transport/xta/211": "xta-all.xsd",
    "http://www.osci.eu/ws/2008/05/transport": "OSCI2_02.xsd",
    "http://www.osci.eu/ws/2014/10/transport": "OSCI_MessageMetaData_V2.02.xsd",
    "http://www.w3.org/2005/08/addressing": "ws-addr.xsd",
    "http://www.w3.org/2001/04/xmlenc#": "xenc-schema.xsd",
}


_OURS = {
    "http://xoev.de/transport/xta/211": "xta.xsd",
    "http://www.osci.eu/ws/2008/05/transport": "osci.xsd",
    "http://www.osci.eu/ws/2014/10/transport": "oscimeta.xsd",
    "http://www.w3.org/2005/08/addressing": "wsa.xsd",
}


@cache
def own_schema() -> etree.XMLSchema:
    """Return one schema over our own files."""
    return _driver(xta.wsdl().parent, _OURS)


def check_own(envelope: etree._Element) -> None:
    """Hold every header block and the payload of an envelope against our own schemas."""
    for block in (*envelope[0], *envelope[1]):
        if etree.QName(block).namespace in _OURS:
            own_schema().assertValid(_without_includes(etree.fromstring(etree.tostring(block))))


@cache
def schema() -> etree.XMLSchema:
    """Return one schema over all namespaces of the wire."""
    return _driver(OFFICIAL, _IMPORTS)


def check(envelope: bytes) -> etree._Element:
    """Return the envelope as a tree after it was found valid; an xop:Include stands for any base64 (XOP 1.0)."""
    root = etree.fromstring(envelope)
    schema().assertValid(_without_includes(etree.fromstring(envelope)))
    return root


def _driver(folder: Path, imports: Mapping[str, str]) -> etree.XMLSchema:
    lines = "".join(
        f'<xs:import namespace="{space}" schemaLocation="{(folder / name).as_uri()}"/>'
        for space, name in imports.items()
    )
    driver = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{lines}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(driver))


def _without_includes(root: etree._Element) -> etree._Element:
    for include in list(root.iter(_XOP)):
        parent = include.getparent()
        assert parent is not None
        parent.remove(include)
        parent.text = "QUJD"
    return root

"""The XBau releases as values: the only place in the code that knows what differs between them.

What a message looks like in a release is data too: the schemas in `xsd/xbau/<release>`, which the emitter follows.
Sources: XBau 2.2 to 2.6, XBau-Kernmodul 1.2 to 1.3.0, DVDV service templates, Handlungsanweisung 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from gateway.domain import codes
from gateway.domain.errors import SubmissionError

ROOT = "http://www.xleitstelle.de/xbau/"

PROCEDURE_SERVICES = MappingProxyType(
    {
        "012": "AKE",
        "011": "BBE",
        "020": "BGV",
        "021": "VBV",
        "022": "AWV",
        "023": "TGV",
        "024": "GRT",
        "025": "ABG",
        "026": "AVV",
        "070": "BLV",
        "090": "ANZ",
        "091": "ANZ",
        "092": "ABZ",
        "095": "ANZ",
    }
)
"""Service per procedure, by the first three digits of the message number (up to XBau 2.5)."""


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """One XBau release; there is one value of each, so that it is equal to nothing but itself.

    `kernel` and `kernel_version` are None where process messages belong to XBau itself (2.2). `fehlerkennzahlen` and
    `anlagen` are code lists as (URI, version). `buildings`, `payer` and `attachments` say how the release takes the
    number of buildings, a payer of its own, and documents. `message_lists` are the versions it fixes of the lists
    xbau-nachrichten and xbau-kernmodul-nachrichten (None without kernel). `unfixed_root` marks 2.2, where @standard and
    @version are free text and 1100 carries no attributes. `xml_ids`: the `id` of persons and organisations is an xs:ID,
    which libxml2 does not hold unique. `schematron`: its rules are published as Schematron; there they bind, before
    they are good manners. `gml_from` names the release whose GML files stand in where its own set has a broken stub.
    """

    name: str
    namespace: str
    kernel: str | None
    kernel_version: str | None
    header: Literal["xinneres", "basisnachricht"]
    charset: str
    fehlerkennzahlen: tuple[str, str]
    anlagen: tuple[str, str]
    message_lists: tuple[str, str | None]
    buildings: Literal["element", "remark", "none"]
    payer: Literal["element", "participant", "none"]
    attachments: Literal["bauvorlage", "anlage"] = "anlage"
    one_service: bool = False
    unfixed_root: bool = False
    xml_ids: bool = False
    schematron: bool = False
    gml_from: str = ""

    @property
    def header_element(self) -> str:
        """The name of the header element, always in no namespace."""
        return "nachrichtenkopf" if self.header == "xinneres" else "nachrichtenkopf.g2g"

    @property
    def service_prefix(self) -> str:
        """What the names of the DVDV services of XBau begin with."""
        return f"XBau{self.name.replace('.', '')}-"

    @property
    def kernel_service_prefix(self) -> str:
        """What the names of the DVDV services of the kernel messages begin with."""
        return f"XBauk{self.kernel_version.replace('.', '')}-" if self.kernel_version else self.service_prefix

    def namespace_of(self, number: str) -> str:
        """Return the namespace of the root element of a message: 11xx and 12xx are the kernel's where there is one."""
        return self.kernel if self.kernel is not None and number.startswith(("11", "12")) else self.namespace

    def service_uri(self, number: str) -> str:
        """Return the URI of the DVDV service by which the portal sends message `number` to an authority.

        It is the address of the service's WSDL, as XTA names the service of a message.
        """
        return f"{self.namespace_of(number)}/{self._service(number)}.wsdl"

    def _service(self, number: str) -> str:
        if number.startswith(("11", "12")):
            return self.kernel_service_prefix + self._kernel_service(number)
        if number.startswith("06"):
            return self.service_prefix + ("BH2GEM" if self.one_service else "GFS-BH2GEM")
        if self.one_service:
            return f"{self.service_prefix}BH2BAB"
        service = PROCEDURE_SERVICES.get(number[:3])
        if service is None:
            raise SubmissionError(codes.MESSAGE_UNKNOWN, f"Für die Nachricht {number} gibt es keinen DVDV-Dienst.")
        return f"{self.service_prefix}{service}-BH2BAB"

    def _kernel_service(self, number: str) -> str:
        if number == "1100":
            return "Rueckweisung"
        if number in ("1142", "1180"):
            return "FachlicheKommunikation"
        return "APB-BH2BAB" if self.header == "xinneres" else "anFachbehoerde"


_ERRORS = "urn:xoev-de:xbau:codeliste:xbau-fehlerkennzahlen"
_KERNEL_ERRORS = "urn:xoev-de:xbau-kernmodul:codeliste:xbau-fehlerkennzahlen"
_ANLAGEN = "urn:xoev-de:xbau:codeliste:anlagen"
_VORLAGEN = "urn:xoev-de:xbau:codeliste:vorlagenantragstellung"

RELEASES: Mapping[str, Release] = MappingProxyType(
    {
        value.name: value
        for value in (
            Release(
                "2.2", f"{ROOT}2/2", None, None, "xinneres", "latin-1.1",
                (_ERRORS, "1"), (_VORLAGEN, "4.0"), ("1.0", None), "none", "none", "bauvorlage", unfixed_root=True,
            ),
            Release(
                "2.3.1", f"{ROOT}2/3/1", f"{ROOT}kernmodul/1/2", "1.2", "xinneres", "din-spec-c",
                (_KERNEL_ERRORS, "2.0"), (_ANLAGEN, "2.0"), ("2.0", "1.0"), "remark", "participant", xml_ids=True,
            ),
            Release(
                "2.4", f"{ROOT}2/4", f"{ROOT}kernmodul/1/2/1", "1.2.1", "basisnachricht", "din-c",
                (_ERRORS, "2.0"), (_ANLAGEN, "2.0"), ("3.0", "2.0"), "remark", "participant", xml_ids=True,
                gml_from="2.4.0.1",
            ),
            Release(
                "2.4.0.1", f"{ROOT}2/4/0/1", f"{ROOT}kernmodul/1/2/1/1", "1.2.1.1", "basisnachricht", "din-c",
                (_ERRORS, "2.0"), (_ANLAGEN, "2.0"), ("3.0", "2.0"), "remark", "participant", xml_ids=True,
            ),
            Release(
                "2.5", f"{ROOT}2/5", f"{ROOT}kernmodul/1/2/2", "1.2.2", "basisnachricht", "din-c+d",
                (_ERRORS, "2.1"), (_ANLAGEN, "2.1"), ("3.1", "2.1"), "element", "element", gml_from="2.4.0.1",
            ),
            Release(
                "2.6", f"{ROOT}2/6", f"{ROOT}kernmodul/1/3/0", "1.3.0", "basisnachricht", "din-c+d-2.6",
                (_ERRORS, "2.2"), (_ANLAGEN, "3.0"), ("4.0", "3.0"), "element", "element", one_service=True,
                schematron=True,
            ),
        )
    }
)  # fmt: skip
"""Every release the gateway speaks, oldest first."""


def release(name: str) -> Release:
    """Return the release of that name.

    Raises:
        SubmissionError: no such release.
    """
    found = RELEASES.get(name)
    if found is None:
        known = ", ".join(RELEASES)
        raise SubmissionError(
            codes.RELEASE_UNKNOWN,
            f"XBau-Version {name!r} wird nicht unterstützt.",
            f"Unterstützt werden: {known}.",
        )
    return found

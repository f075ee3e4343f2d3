"""A SOAP body whose large texts are spliced in as it is sent, so that it is never held."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SealError

NAMESPACE = "urn:bauweiche:uebergabe:1"
CHUNK = 3 << 16  # a multiple of three: base64 of it needs no padding in between
_SPLICE = re.compile(rb"<\?(inhalt|sha256) (\d+)\?>")
_DIGEST = 64


@dataclass(frozen=True, slots=True)
class Content:
    """What stands for one `inhalt` and its `sha256`; `sha256` is empty if only the sending finds it out."""

    name: str
    size: int
    chunks: Callable[[], Iterator[bytes]]
    sha256: str = ""


class Body:
    """The bytes of one request; `complete` turns true just before the last of them is given out."""

    def __init__(self, envelope: etree._Element, contents: Sequence[Content]) -> None:
        self._contents = contents
        self._pieces = _SPLICE.split(_spliceable(envelope))
        self.complete = False

    def __len__(self) -> int:
        literal = sum(len(piece) for piece in self._pieces[::3])
        kinds = self._pieces[1::3]
        numbers = [int(number) for number in self._pieces[2::3]]
        return literal + sum(
            _base64_length(self._contents[number].size) if kind == b"inhalt" else _DIGEST
            for kind, number in zip(kinds, numbers, strict=True)
        )

    def __iter__(self) -> Iterator[bytes]:
        digests: dict[int, str] = {}
        for index in range(0, len(self._pieces) - 1, 3):
            yield self._pieces[index]
            number = int(self._pieces[index + 2])
            if self._pieces[index + 1] == b"inhalt":
                digest = hashlib.sha256()
                yield from _encoded(self._contents[number], digest.update)
                digests[number] = _agreed(self._contents[number], digest.hexdigest())
            else:
                yield digests[number].encode()
        self.complete = True
        yield self._pieces[-1]


def _spliceable(envelope: etree._Element) -> bytes:
    """Serialise with a processing instruction where something is spliced in: text can never look like one."""
    for name in ("inhalt", "sha256"):
        for element in envelope.iter(f"{{{NAMESPACE}}}{name}"):
            number, element.text = element.text or "", None
            element.append(etree.ProcessingInstruction(name, number))
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _encoded(content: Content, note: Callable[[bytes], object]) -> Iterator[bytes]:
    """Yield base64 of exactly `size` bytes, in pieces."""
    rest, done = b"", 0
    for piece in content.chunks():
        done += len(piece)
        if done > content.size:
            break
        note(piece)
        data = rest + piece
        whole = len(data) - len(data) % 3
        rest = data[whole:]
        yield base64.b64encode(data[:whole])
    if done != content.size:
        raise SealError(
            codes.ENVELOPE_INVALID,
            f"Der Teil {content.name} hat nicht die angekündigten {content.size} Byte.",
            "Bitte prüfen Sie die Ablage des Gateways; an der Gegenstelle liegt es nicht.",
        )
    yield base64.b64encode(rest)


def _agreed(content: Content, found: str) -> str:
    if content.sha256 and content.sha256 != found:
        raise SealError(codes.DIGEST_WRONG, f"Die Prüfsumme des Teils {content.name} stimmt nicht.")
    return found


def _base64_length(size: int) -> int:
    return -(-size // 3) * 4

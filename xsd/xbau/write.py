"""Writing the schemas of every release from `model.txt`: `python -m xsd.xbau.write`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from xsd.xbau.plain import simple_type
from xsd.xbau.source import MODEL, Block, Child, ReleaseLine, Source, read

XBAU = "http://www.xleitstelle.de/xbau/"
KERNEL = "http://www.xleitstelle.de/xbau/kernmodul/"
REFERENCE = "http://xoev.de/schemata/basisnachricht/g2g/1_1"
OCCURS = {
    "1": "",
    "?": ' minOccurs="0"',
    "*": ' minOccurs="0" maxOccurs="unbounded"',
    "+": ' maxOccurs="unbounded"',
}


def schemas(source: Source, release: ReleaseLine) -> dict[str, str]:
    """Return the schema files of one release: file name and text."""
    types = [block for block in source.types if release.name in block.releases]
    messages = [block for block in source.messages if release.name in block.releases]
    if release.kernel == "-":
        return {"xbau.xsd": _file(source, release, "x", types, messages)}
    old = "." not in release.header
    home = {"x": "x", "k": "k", "h": "k", "g": "k" if old else "g"}
    names = {"x": "xbau.xsd", "k": "kernel.xsd"} | ({} if old else {"g": "reference.xsd"})
    return {
        name: _file(
            source,
            release,
            side,
            [block for block in types if home[block.side] == side],
            [block for block in messages if block.side == side],
        )
        for side, name in names.items()
    }


def _file(source: Source, release: ReleaseLine, side: str, types: list[Block], messages: list[Block]) -> str:
    writer = _Writer(source, release, side)
    body = [line for block in messages for line in writer.message(block)]
    body += [line for block in types for line in writer.type(block)]
    body += writer.plain_types()
    return "\n".join([*writer.opening(), *body, "</xs:schema>", ""])


class _Writer:
    """One schema file being written: knows its side, and so how each name is spelled and qualified in it."""

    def __init__(self, source: Source, release: ReleaseLine, side: str) -> None:
        self.source, self.release, self.side = source, release, side
        self.alone = release.kernel == "-"
        self.sides = {block.name: block.side for block in source.types if release.name in block.releases}

    def namespace(self, side: str) -> str:
        """Return the namespace of a side in this release."""
        return {"x": XBAU + self.release.xbau, "k": KERNEL + self.release.kernel, "g": REFERENCE}[side]

    def opening(self) -> Iterator[str]:
        """Yield the schema element with its imports."""
        others = [] if self.alone or self.side == "g" else (["k"] if self.side == "x" else ["g"])
        if "." not in self.release.header:
            others = [other for other in others if other != "g"]
        form = "unqualified" if self.side == "k" else "qualified"
        prefixes = "".join(f' xmlns:{side}="{self.namespace(side)}"' for side in sorted({self.side, *others}))
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield "<!-- Written by xsd/xbau/write.py from model.txt: change that file, not this one. -->"
        yield (
            f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"{prefixes} '
            f'targetNamespace="{self.namespace(self.side)}" elementFormDefault="{form}">'
        )
        for other in others:
            place = {"k": "kernel.xsd", "g": "reference.xsd"}[other]
            yield f'  <xs:import namespace="{self.namespace(other)}" schemaLocation="{place}"/>'

    def message(self, block: Block) -> Iterator[str]:
        """Yield a root element: header, children and the attributes of every message."""
        kernel = block.side == "k" and not self.alone
        head = Child(self.release.header, "KernelKopf" if kernel else "Kopf", "1", False, False)
        version = self.release.kernel_version if kernel else self.release.name
        standard = "XBau" if self.alone else ("XBau-Kernmodul" if kernel else "XBau-Hochbau")
        yield f'  <xs:element name="{block.name}">'
        yield "    <xs:complexType>"
        yield "      <xs:sequence>"
        yield f"        {self._element(head, 'unqualified')}"
        for child in block.children(self.release.name):
            yield f"        {self._element(child, self._form(block.side, child))}"
        yield "      </xs:sequence>"
        for name, use in (("produkt", "required"), ("produkthersteller", "required"), ("produktversion", "optional")):
            yield f'      <xs:attribute name="{name}" type="{self._type("text")}" use="{use}"/>'
        yield f'      <xs:attribute name="standard" type="xs:string" use="required" fixed="{standard}"/>'
        yield f'      <xs:attribute name="test" type="{self._type("text")}" use="optional"/>'
        yield f'      <xs:attribute name="version" type="xs:string" use="required" fixed="{version}"/>'
        yield "    </xs:complexType>"
        yield "  </xs:element>"

    def type(self, block: Block) -> Iterator[str]:
        """Yield a complex type; consecutive alternatives become one choice."""
        yield f'  <xs:complexType name="{block.name}">'
        yield "    <xs:sequence>"
        choosing = False
        children = block.children(self.release.name)
        for child in children:
            if child.name.startswith("@"):
                continue
            if child.alternative != choosing:
                yield f"      <{'/' if choosing else ''}xs:choice>"
                choosing = child.alternative
            yield f"      {'  ' if choosing else ''}{self._element(child, self._form(block.side, child))}"
        if choosing:
            yield "      </xs:choice>"
        yield "    </xs:sequence>"
        for child in children:
            if child.name.startswith("@"):
                use = "optional" if child.occurs == "?" else "required"
                yield f'    <xs:attribute name="{child.name[1:]}" type="{self._type(child.type)}" use="{use}"/>'
        yield "  </xs:complexType>"

    def plain_types(self) -> Iterator[str]:
        """Yield the simple and code types; the kernel file keeps those of the XBau file too."""
        if self.side == "x" and not self.alone:
            return
        sides = {"g"} if self.side == "g" else set(self.sides.values())
        blocks = [*self.source.types, *(self.source.messages if self.side != "g" else [])]
        used = {
            child.type
            for block in blocks
            if self.release.name in block.releases and (block.side in sides or block in self.source.messages)
            for child in block.children(self.release.name)
            if child.type not in self.sides
        }
        for kind in sorted(used | ({"text"} if self.side != "g" else set())):
            yield from (
                self._code(kind)
                if kind.endswith("code") or kind.startswith("code:")
                else simple_type(kind, self.release.charset)
            )

    def _code(self, kind: str) -> Iterator[str]:
        """Yield a code type: its value in no namespace, its list named by attributes."""
        name = kind.partition(":")[2]
        uri, versions = self.source.lists.get(name, ("", {}))
        version = versions.get(self.release.name, "")
        codes = self.source.codes(name, version)
        yield f'  <xs:complexType name="{_spelled(kind)}">'
        yield "    <xs:sequence>"
        if codes:
            yield '      <xs:element name="code" form="unqualified">'
            yield '        <xs:simpleType><xs:restriction base="xs:token">'
            yield from (f"          <xs:enumeration value={quoteattr(code)}/>" for code in codes)
            yield "        </xs:restriction></xs:simpleType>"
            yield "      </xs:element>"
        else:
            yield '      <xs:element name="code" form="unqualified">'
            yield '        <xs:simpleType><xs:restriction base="xs:token">'
            yield r'          <xs:pattern value="[A-Za-z0-9][A-Za-z0-9._\-/]*"/>'
            yield "        </xs:restriction></xs:simpleType>"
            yield "      </xs:element>"
        yield "    </xs:sequence>"
        if kind == "freecode":
            yield '    <xs:attribute name="listURI" type="xs:anyURI" use="required"/>'
            yield '    <xs:attribute name="listVersionID" type="xs:normalizedString" use="required"/>'
        if uri:
            yield f'    <xs:attribute name="listURI" type="xs:anyURI" use="required" fixed="{uri}"/>'
        if version not in ("", "*"):
            yield (
                f'    <xs:attribute name="listVersionID" type="xs:normalizedString" use="required" fixed="{version}"/>'
            )
        yield "  </xs:complexType>"

    def _form(self, side: str, child: Child) -> str:
        """Return `qualified` or `unqualified` for a child of a type of that side."""
        if side == "h" or (side == "g" and "." not in self.release.header):
            return "unqualified"
        if self.alone or side == "g":
            return "qualified"
        return "unqualified" if side == "k" or child.kernel else "qualified"

    def _element(self, child: Child, form: str) -> str:
        usual = "unqualified" if self.side == "k" else "qualified"
        shown = "" if form == usual else f' form="{form}"'
        kind = self._type(child.type)
        return f'<xs:element name="{child.name}" type="{kind}"{OCCURS[child.occurs]}{shown}/>'

    def _type(self, name: str) -> str:
        """Return how this file refers to a type."""
        if self.alone:
            return f"x:{_spelled(name)}"
        if name in self.sides:
            side = self.sides[name]
            old = "." not in self.release.header
            return f"{ {'x': 'x', 'k': 'k', 'h': 'k', 'g': 'k' if old else 'g'}[side] }:{_spelled(name)}"
        return f"{'g' if self.side == 'g' else 'k'}:{_spelled(name)}"


def _spelled(name: str) -> str:
    """Return the name a type has in the schema: a code list's as `Code.<list>`."""
    return f"Code.{name.partition(':')[2]}" if name.startswith("code:") else name


def write(folder: Path) -> list[Path]:
    """Write the schemas of every release below `folder`; returns what was written."""
    source = read(MODEL.read_text("utf-8"))
    written = []
    for release in source.releases:
        (folder / release.name).mkdir(parents=True, exist_ok=True)
        for name, text in schemas(source, release).items():
            path = folder / release.name / name
            path.write_text(text, "utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    write(MODEL.parent)

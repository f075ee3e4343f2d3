"""Our own WSDLs as zeep reads them: from our package only, and once per process, for reading costs 20 ms."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import zeep
from zeep.wsdl import Document


def zeep_client(wsdl: Path, transport: object) -> zeep.Client:
    """Return a client that speaks `wsdl` through `transport` (which needs `post_xml`, nothing else)."""
    return zeep.Client(_document(wsdl), transport=transport, settings=_settings())  # type: ignore[no-untyped-call]  # zeep has no types


@cache
def _document(wsdl: Path) -> Any:
    """Return the WSDL, read; nothing changes it afterwards, so all threads share it."""
    beside: Any = _Beside(wsdl.parent)
    return Document(str(wsdl), beside, settings=_settings())


def _settings() -> zeep.Settings:
    return zeep.Settings(forbid_external=True, forbid_dtd=True)


class _Beside:
    """Loads what lies beside a WSDL, whatever host or folder it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> bytes:
        """Return the file of that name beside the WSDL."""
        return (self._folder / Path(url).name).read_bytes()

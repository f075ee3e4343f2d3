"""Our own WSDL and schemas of XTA 2 (webservice 2.1.1), wire-compatible with the official ones."""

from importlib.resources import files
from pathlib import Path


def wsdl() -> Path:
    """Return the path of the WSDL; its imports lie beside it."""
    return Path(str(files(__name__) / "xta.wsdl"))

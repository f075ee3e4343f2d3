"""The official XBau schemas for tests: they lie beside the project and are not ours to ship."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from gateway.xbau.official import official_schema

FOLDER = Path(__file__).parents[3] / "shared" / "xbau" / "official"

needs_official = pytest.mark.skipif(not FOLDER.is_dir(), reason="the official XBau schemas are not beside the project")


def official(release_name: str) -> etree.XMLSchema:
    """Return the compiled official schema of a release."""
    return official_schema(FOLDER, release_name)

"""The first schemas of a process may be asked for by many threads at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

TIMES = 400
PROGRAM = f"""
import os, sys, threading
from lxml import etree
import gateway.xmlguard
from importlib.resources import files
schema = files("gateway.seal").joinpath("manifest.xsd").read_bytes()
large = str(files("xsd.xbau").joinpath("2.6", "xbau.xsd"))
sys.setswitchinterval(1e-5)
broken = 0
for _ in range({TIMES}):
    if not (child := os.fork()):
        start = threading.Barrier(8)
        def first(number):
            start.wait()
            try: etree.XMLSchema(etree.parse(large) if number % 2 else etree.fromstring(schema))
            except etree.XMLSchemaParseError: pass
        threads = [threading.Thread(target=first, args=(number,)) for number in range(8)]
        for one in threads: one.start()
        for one in threads: one.join()
        try: etree.XMLSchema(etree.parse(large))
        except etree.XMLSchemaParseError: os._exit(1)
        os._exit(0)
    broken += os.waitpid(child, 0)[1] != 0
print(broken)
"""


@pytest.mark.long
def test_a_process_can_compile_schemas_whoever_asks_first() -> None:
    shown = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "0"

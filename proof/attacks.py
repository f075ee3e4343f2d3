"""The corpora of attacks, schemathesis and fuzzing: every attack gets the answer that stands beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lxml import etree

from gateway.xmlguard import safe_parse
from proof.frame import Figure, Finding, exactly
from tests.kit.corpus import corpus
from tests.kit.wrapping import WRAPPINGS

ROOT = Path(__file__).parents[1]
MODULES = ("tests/attacks", "tests/edges/gate_test.py", "tests/journeys/replies_signed_test.py")
DOORS = {
    "pdf": ("PDFs", 60),
    "portal_json": ("JSON bodies", 100),
    "file_names": ("file names", 100),
    "http": ("raw HTTP requests", 60),
    "xml": ("XML documents", 60),
    "urls": ("addresses (SSRF)", 60),
    "certificates": ("certificates", 20),
    "tokens": ("tokens and headers", 30),
    "replies": ("replies", 15),
    "evidence": ("evidence bundles", 20),
}
"""Corpus → what it holds, and how many are promised at least."""

FUZZ = 30


def run(quick: bool) -> Finding:
    """Run every attack and count; fuzzing and schemathesis with many more examples than in CI unless `quick`."""
    times = 1 if quick else FUZZ
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", f"--junitxml={report}"]
        subprocess.run(  # our own interpreter and tests
            [*command, *MODULES], cwd=ROOT, env=os.environ | {"BAUWEICHE_FUZZ": str(times)}, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        cases = list(safe_parse(report.read_bytes(), limit=50_000_000).iter("testcase"))
    ended = Counter(_end(case) for case in cases)
    failures = tuple(f"{case.get('classname')}: {case.get('name')}" for case in cases if _end(case) == "failed")
    skipped = tuple(f"{case.get('name')}: {case[0].get('message')}" for case in cases if _end(case) == "skipped")
    figures = [Figure(f"attacks: {words}", len(corpus(door)), least=least) for door, (words, least) in DOORS.items()]
    figures += [
        Figure("attacks: kinds of signature wrapping", len(WRAPPINGS), least=9),
        Figure("operations checked by schemathesis", _count(cases, "test_an_operation_answers"), least=60),
        Figure("parsers fuzzed", _count(cases, "test_whatever_is_read"), least=16),
        Figure("examples per parser, times the number in CI", times),
        Figure("checks passed", ended["passed"]),
        exactly("checks failed", ended["failed"], 0),
    ]
    return Finding(
        "Every attack of the corpora gets exactly the answer that stands beside it; no 5xx, nothing half kept.",
        tuple(figures),
        failures,
        skipped,
    )


def _end(case: etree._Element) -> str:
    kinds = {str(child.tag) for child in case}
    return "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"


def _count(cases: list[etree._Element], name: str) -> int:
    return sum((case.get("name") or "").startswith(name) for case in cases)

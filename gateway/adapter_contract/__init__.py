"""The contract of an adapter as code, for in-tree and third-party adapters alike; it needs no test framework.

@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.promise)
def test_contract(check, tmp_path):
    check.run(Bench(plugin, build, far_side))
"""

from __future__ import annotations

from gateway.adapter_contract.bench import (
    Bench,
    FarSide,
    NotApplicable,
    Stored,
    Trouble,
    clear_digests,
    peak_growth,
    sealed_digests,
)
from gateway.adapter_contract.checks import CHECKS, Check
from gateway.adapter_contract.link import SampleLink
from gateway.adapter_contract.samples import Blob, Ledger, again, clear_sample, sample_envelope, sealed_sample

__all__ = [
    "CHECKS",
    "Bench",
    "Blob",
    "Check",
    "FarSide",
    "Ledger",
    "NotApplicable",
    "SampleLink",
    "Stored",
    "Trouble",
    "again",
    "clear_digests",
    "clear_sample",
    "peak_growth",
    "sample_envelope",
    "sealed_digests",
    "sealed_sample",
]

"""The report on paper: PDF/UA-1 and PDF/A-2a, tagged and with its fonts inside, set by typst."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

import typst

from gateway.reports.columns import AUTHORITIES, ON_PAPER, cell


def pdf(report: Mapping[str, Any]) -> bytes:
    """Return the PDF of a report; the same report gives the same pages."""
    table = {
        "columns": [AUTHORITIES[name] for name in ON_PAPER],
        "rows": [[str(cell(one[name])) for name in ON_PAPER] for one in report["authorities"]],
    }
    value = {name: report[name] for name in ("title", "by", "period", "as_of", "sections", "definitions", "credit")}
    template = files("gateway.reports").joinpath("report.typ").read_bytes()
    return typst.compile(
        template,
        format="pdf",
        sys_inputs={"data": json.dumps(value | {"authorities": table}, ensure_ascii=False)},
        pdf_standards=["ua-1", "a-2a"],
        ignore_system_fonts=True,
        timestamp=int(datetime.fromisoformat(report["made_at"]).timestamp()),
    )

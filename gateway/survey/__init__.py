"""Survey import: a table as municipalities send it becomes a plan to review and then apply as one batch. Pure."""

from __future__ import annotations

from gateway.domain import codes
from gateway.domain.limits import MEGABYTE
from gateway.survey.findings import Finding, Severity
from gateway.survey.plan import Knowledge, Plan, RowPlan, Status, apply, plan_of
from gateway.survey.table import FILE_BYTES, Table, read_csv, unreadable
from gateway.survey.workbook import read_workbook

__all__ = ["Finding", "Knowledge", "Plan", "RowPlan", "Severity", "Status", "apply", "plan_of", "read_table"]


def read_table(octets: bytes) -> Table:
    """Return the table of a CSV or XLSX file; which of both it is, is seen from its first bytes.

    Raises:
        RoutingError: BODY_UNREADABLE or BODY_TOO_LARGE, in German with what to do.
    """
    if len(octets) > FILE_BYTES:
        raise unreadable(f"Die Datei ist größer als {FILE_BYTES // MEGABYTE} MB.", code=codes.BODY_TOO_LARGE)
    if not octets.strip():
        raise unreadable("Die Datei ist leer.")
    if octets.startswith(b"\xd0\xcf\x11\xe0"):
        raise unreadable("Die Datei ist mit einem Kennwort geschützt oder in einem alten Excel-Format gespeichert.")
    return read_workbook(octets) if octets.startswith(b"PK") else read_csv(octets)

"""All certificates by when they end, the gateway's own among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui import signs
from tui.calls import records
from tui.calls.records import CertificateRow
from tui.client import Client
from tui.formats import day
from tui.list_page import ListPage
from tui.tables import Cell, Column, Table
from tui.texts import Texts


class CertificatesPage(ListPage[CertificateRow]):
    """The certificates, the soonest to end first."""

    section = "certificates"
    export_name = "zertifikate"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("o", "only_soon", "key.soon")]

    def table(self) -> Table[CertificateRow]:
        """Return the columns."""
        return certificates_table(self.texts)

    async def fetch(self, client: Client) -> Sequence[CertificateRow]:
        """Return all certificates."""
        return await records.certificates(client)

    def twin(self) -> str:
        """The same on the command line."""
        return self.worded("bauweiche certificates")

    def describe(self, item: CertificateRow) -> Sequence[str]:
        """Say who issued it and what to do."""
        step = self.t("own") if item.own else self.t("theirs")
        left = item.days
        urgent = left is not None and left < signs.SOON
        return [
            f" {item.subject}",
            f" {self.t('issued', issuer=item.issuer, begin=day(item.not_before), algorithm=item.algorithm)}",
            f" {step if urgent else item.fingerprint}",
        ]

    def opened(self, item: CertificateRow) -> None:
        """Open the authority."""
        if item.authority:
            self.console.open_authority(item.authority, item.authority_name, "certificates")
        else:
            self.say(self.t("own"))

    def action_only_soon(self) -> None:
        """Show only what needs somebody, or everything again."""
        wanted = f"{self.t('field.days')}:<{signs.SOON}"
        self.filter_by("" if self.rows.query_text == wanted else wanted)


def certificates_table(texts: Texts) -> Table[CertificateRow]:
    """Return the list's columns and filter fields."""

    def owner(row: CertificateRow) -> Cell:
        return Cell(texts("certificates.gateway") if row.own else row.authority_name, "strong")

    columns: tuple[Column[CertificateRow], ...] = (
        Column("days", 11, lambda row: signs.days(row.days, texts), lambda row: row.days, right=True),
        Column("until", 10, lambda row: day(row.not_after), lambda row: row.not_after),
        Column("owner", 20, owner, grow=2),
        Column("purpose", 15, lambda row: texts.value("purpose", row.purpose)),
        Column("subject", 20, lambda row: Cell(row.subject, "muted"), grow=4),
        Column("algorithm", 10, lambda row: row.algorithm, rank=1),
    )
    fields: dict[str, Callable[[CertificateRow], str]] = {
        texts("certificates.field.days"): lambda row: "" if row.days is None else str(row.days),
        texts("certificates.field.purpose"): lambda row: texts.value("purpose", row.purpose),
        texts("certificates.field.owner"): lambda row: owner(row).text,
    }
    return Table("certificates", lambda row: f"{row.fingerprint}{row.purpose}{row.authority}", columns, fields)

"""A list into a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.dialogs.dialog import Dialog
from tui.exporting import as_csv, as_xlsx, write_new
from tui.plain import plain


class Export(Dialog[str]):
    """Writes the rows as CSV or XLSX, by the file's ending; returns the name of the file. Overwrites nothing."""

    def __init__(self, name: str, sheet: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        super().__init__("")
        self._name, self._sheet, self._titles, self._rows = name, sheet, titles, rows

    def on_mount(self) -> None:
        """Say how many rows go out."""
        super().on_mount()
        self.query_one("#window").border_title = Text(self.texts("dialogs.export", n=len(self._rows)))

    def inside(self) -> Iterable[Widget]:
        """The name of the file."""
        yield Static(Text(self.texts("dialogs.export_name")), classes="label", markup=False)
        yield Input(self._name, id="path", compact=True, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write."""
        event.stop()
        path = Path(event.value.strip()).expanduser()
        if path.suffix.lower() not in (".csv", ".xlsx"):
            self.wrong(self.texts("dialogs.export_kind"))
            return
        try:
            write_new(path, self._octets(path.suffix.lower()))
        except FileExistsError:
            self.wrong(self.texts("errors.file_exists", name=plain(path)))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.wrong(self.texts("errors.file", name=plain(path), reason=plain(reason)))
        else:
            self.dismiss(str(path))

    def _octets(self, kind: str) -> bytes:
        return as_csv(self._titles, self._rows) if kind == ".csv" else as_xlsx(self._sheet, self._titles, self._rows)

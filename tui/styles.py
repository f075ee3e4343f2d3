"""The console's style sheets: all there from the beginning, and each of them read once."""

from __future__ import annotations

from pathlib import Path

from textual.css.stylesheet import Stylesheet

PATHS = sorted(str(path) for path in Path(__file__).parent.rglob("*.tcss"))
"""The style sheets of all screens: one that came later would make Textual read every other one once more."""


class ReadOnce(Stylesheet):
    """Style sheets that are read anew only when the colours have changed.

    Textual reads all of them from the beginning for every new kind of widget and every screen, though it keeps what it
    has read: it throws that away each time it is told the colours, also when they are the same as before.
    """

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the colours; what was read with these holds."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Read what was not read with these colours yet."""
        self.parse()

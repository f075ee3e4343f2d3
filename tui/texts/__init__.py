"""Every sentence of the console, German or English; a section is a module of the same name in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files

LANGUAGES = ("de", "en")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language by `section.name`."""

    language: str
    entries: Mapping[str, str]

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text with its values filled in; where `n` is 1 and there is a text for one, that one.

        Raises:
            KeyError: there is no such text (a test compares names and languages).
        """
        one = f"{name}.one"
        text = self.entries[one if values.get("n") == 1 and one in self.entries else name]
        return text.format(**values) if values else text

    def has(self, name: str) -> bool:
        """Return whether there is such a text."""
        return name in self.entries

    def value(self, family: str, code: str) -> str:
        """Return the word for a code of the domain such as `stage`, `live`; the code itself where it is new."""
        return self.entries.get(f"values.{family}.{code}", code)


def load(language: str) -> Texts:
    """Return the texts of a language, all sections."""
    package = f"{__package__}.{language}"
    entries = {}
    for section in sections(language):
        module = import_module(f"{package}.{section}")
        entries.update({f"{section}.{name}": text for name, text in module.TEXTS.items()})
    return Texts(language, entries)


def sections(language: str) -> list[str]:
    """Return the names of a language's sections."""
    found = (entry.name for entry in files(f"{__package__}.{language}").iterdir())
    return sorted(name.removesuffix(".py") for name in found if name.endswith(".py") and not name.startswith("_"))

"""Writes docs/proof.md from what is recorded; nothing on that page is typed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from proof.frame import Figure, Record, load, plain

PAGE = Path(__file__).parents[1] / "docs" / "proof.md"

HEAD = """# Proof

Every figure on this page was counted or measured by the command beside it and recorded by `python -m proof`; the page
is written from the records in `proof/recorded/`, never by hand. A promise that was missed says so.

```
make proof                                    # everything; takes long
.venv/bin/python -m proof --only NAME         # one proof; may be repeated
.venv/bin/python -m proof --only NAME --quick # a small share of it, nothing recorded
.venv/bin/python -m proof --list
.venv/bin/python -m proof --page              # write this page from the records
```
"""


def write(sections: Mapping[str, Sequence[str]]) -> None:
    """Write the page: an overview, then each section's proofs in order."""
    PAGE.write_text(text(sections, {name: load(name) for names in sections.values() for name in names}), "utf-8")


def text(sections: Mapping[str, Sequence[str]], records: Mapping[str, Record | None]) -> str:
    """Return the page."""
    parts = [HEAD, "\n".join(_overview(records))]
    for title, names in sections.items():
        found = [record for name in names if (record := records[name]) is not None]
        if found:
            parts.append(f"## {title}")
            parts += ["\n".join(_section(record)) for record in found]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _overview(records: Mapping[str, Record | None]) -> Iterator[str]:
    yield "| proof | promise | verdict |"
    yield "|---|---|---|"
    for name, record in records.items():
        if record is None:
            yield f"| {name} | | not recorded yet |"
        else:
            yield f"| [{name}](#{name}) | {record.finding.promise} | {_word(record.finding.kept)} |"


def _section(record: Record) -> Iterator[str]:
    finding = record.finding
    yield f"### {record.name}"
    yield finding.promise
    yield ""
    yield "| figure | value | promised | |"
    yield "|---|---|---|---|"
    yield from map(_row, finding.figures)
    yield ""
    yield f"`{record.command}`: {record.date}, {_span(record.seconds)}, {record.machine}"
    for title, texts in (("Contradicted", finding.failures), ("Not shown", finding.not_shown)):
        if texts:
            yield ""
            yield from (f"* **{title}:** {text}" for text in texts)


def _row(figure: Figure) -> str:
    verdict = _word(figure.kept) if figure.promised else ""
    return f"| {figure.what} | {' '.join((plain(figure.value), figure.unit)).strip()} | {figure.promised} | {verdict} |"


def _word(kept: bool) -> str:
    return "kept" if kept else "**missed**"


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"

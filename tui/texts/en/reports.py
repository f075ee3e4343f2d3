"""The ministry's report."""

TEXTS = {
    "title": "Reports",
    "period": "{begin} to {end}",
    "from": "First day",
    "to": "Last day",
    "wrong_order": "The first day is after the last.",
    "definitions": "What the words mean",
    "help": "The report to the ministry, with the same numbers as the screens. x writes it as XLSX, PDF or JSON.",
    "file": "File (ending .pdf, .xlsx or .json):",
    "kind": "The ending must be .pdf, .xlsx or .json.",
    "saved": "Written: {name}",
    "key.period": "Period",
    "key.month_before": "Month before",
    "key.month_after": "Month after",
    "key.save": "Save",
    "key.copy": "Copy the report as text",
}

"""The ministry's report on paper and in a spreadsheet, from one JSON-able value, so that every form says the same."""

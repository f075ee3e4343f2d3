"""The same change for several authorities."""

TEXTS = {
    "title.one": "Teilnahme einer Behörde ändern",
    "title": "Teilnahme von {n} Behörden ändern",
    "intro": "Was auf „unverändert“ steht, bleibt bei jeder Behörde wie es ist. Strg+S zeigt zuerst eine Vorschau.",
    "help.valid_from": "Auch ein Tag in der Zukunft.",
    "help.procedures": "Leertaste wählt; ohne Haken bleibt alles, wie es ist.",
    "help.source": "Woher die Angabe kommt, zum Beispiel „Abfrage November 2026“.",
    "faulty": "Passt bei {n} von {total} nicht; es wurde nichts geändert",
    "nothing": "Bei keiner Behörde würde sich etwas ändern",
    "same": "keine Änderung",
    "confirm.one": "Vorschau: 1 Behörde ändern?",
    "confirm": "Vorschau: {n} Behörden ändern?",
    "typed.one": "1 BEHÖRDE",
    "typed": "{n} BEHÖRDEN",
    "done.one": "1 Behörde geändert.",
    "done": "{n} Behörden geändert.",
}

"""The ministry's report."""

TEXTS = {
    "title": "Berichte",
    "period": "{begin} bis {end}",
    "from": "Erster Tag",
    "to": "Letzter Tag",
    "wrong_order": "Der erste Tag liegt nach dem letzten.",
    "definitions": "Was die Wörter bedeuten",
    "help": "Der Bericht an das Ministerium, mit denselben Zahlen wie in den Ansichten. x schreibt "
    "ihn als XLSX, PDF oder JSON.",
    "file": "Datei (Endung .pdf, .xlsx oder .json):",
    "kind": "Die Endung muss .pdf, .xlsx oder .json sein.",
    "saved": "Geschrieben: {name}",
    "key.period": "Zeitraum",
    "key.month_before": "Monat davor",
    "key.month_after": "Monat danach",
    "key.save": "Speichern",
    "key.copy": "Bericht als Text kopieren",
}

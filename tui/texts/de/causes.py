"""What stands still, by cause."""

TEXTS = {
    "title": "Gründe",
    "col.count": "Anzahl",
    "col.state": "Stand",
    "col.title": "Grund",
    "col.oldest": "Älteste",
    "col.reason": "Beispiel",
    "help.count": "Wie viele Sendungen aus diesem Grund stehen.",
    "help.state": "Wartet (geht von selbst weiter) oder angehalten (ein Mensch muss entscheiden).",
    "help.title": "Woran es liegt. Enter zeigt diese Sendungen.",
    "help.oldest": "Wie lange die älteste davon steht.",
    "help.reason": "Was bei einer davon genau gemeldet wurde.",
    "example": "zum Beispiel {name}",
    "empty": "Nichts steht still.",
    "key.act": "Aktion auf alle",
    "key.open": "Sendungen zeigen",
}

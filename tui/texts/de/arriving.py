"""Plans that came by post."""

TEXTS = {
    "title": "Pläne eingegangen: {case}",
    "day": "Tag des Eingangs bei der Behörde:",
    "what": "{who} hat die Pläne zu diesem Vorgang am {on} erhalten. Das Portal erfährt es; es lässt sich nicht ändern.",
    "reason": "Begleitschein gescannt",
    "done": "Eingang der Pläne zu {case} vermerkt: {on}.",
}

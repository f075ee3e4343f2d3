"""Plans that came by post."""

TEXTS = {
    "title": "Pläne eingegangen: {case}",
    "day": "Tag des Eingangs bei der Behörde:",
    "what": "{who} hat die Pläne am {on} erhalten. Das Portal erfährt es; ändern lässt es sich nicht.",
    "reason": "Begleitschein gescannt",
    "done": "Eingang der Pläne zu {case} vermerkt: {on}.",
}

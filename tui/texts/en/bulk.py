"""The same change for several authorities."""

TEXTS = {
    "title.one": "Change the participation of one authority",
    "title": "Change the participation of {n} authorities",
    "intro": "What is left “unchanged” stays as it is at each authority. Ctrl+S shows a preview first.",
    "help.valid_from": "A day in the future as well.",
    "help.procedures": "Space chooses; without a tick everything stays as it is.",
    "help.source": "Where the answer comes from, for example “survey November 2026”.",
    "faulty": "Does not fit {n} of {total}; nothing was changed",
    "nothing": "Nothing would change at any authority",
    "same": "no change",
    "confirm.one": "Preview: change 1 authority?",
    "confirm": "Preview: change {n} authorities?",
    "typed.one": "1 AUTHORITY",
    "typed": "{n} AUTHORITIES",
    "done.one": "1 authority changed.",
    "done": "{n} authorities changed.",
}

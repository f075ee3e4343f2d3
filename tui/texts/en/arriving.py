"""Plans that came by post."""

TEXTS = {
    "title": "Plans arrived: {case}",
    "day": "Day of their arrival at the authority:",
    "what": "{who} got the plans of this case on {on}. The portal is told; it cannot be changed afterwards.",
    "reason": "Cover sheet scanned",
    "done": "Arrival of the plans of {case} recorded: {on}.",
}

"""What stands still, by cause."""

TEXTS = {
    "title": "Causes",
    "col.count": "Count",
    "col.state": "State",
    "col.title": "Cause",
    "col.oldest": "Oldest",
    "col.reason": "Example",
    "help.count": "How many deliveries stand still for this cause.",
    "help.state": "Waiting (goes on by itself) or held (a human must decide).",
    "help.title": "What the trouble is. Enter shows these deliveries.",
    "help.oldest": "How long the oldest of them stands.",
    "help.reason": "What exactly was reported for one of them.",
    "example": "for example {name}",
    "empty": "Nothing stands still.",
    "key.act": "Act on all",
    "key.open": "Show deliveries",
}

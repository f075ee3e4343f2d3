"""All certificates."""

TEXTS = {
    "title": "Zertifikate",
    "col.days": "Noch",
    "col.until": "Bis",
    "col.owner": "Wem",
    "col.purpose": "Wofür",
    "col.subject": "Ausgestellt auf",
    "col.algorithm": "Schlüssel",
    "help.days": "Tage, bis es endet; ! unter 30, ✕ abgelaufen.",
    "help.until": "Letzter Tag.",
    "help.owner": "Die Behörde, oder das Gateway selbst. Enter öffnet die Behörde.",
    "help.purpose": "Wofür es verwendet wird.",
    "help.subject": "Der Name im Zertifikat.",
    "help.algorithm": "Art und Länge des Schlüssels (nur bei breitem Fenster).",
    "field.days": "tage",
    "field.purpose": "zweck",
    "field.owner": "wem",
    "gateway": "Gateway (eigenes)",
    "issued": "ausgestellt von {issuer}, gilt seit {begin}, {algorithm}",
    "own": "Nächster Schritt: auf dem Server „bauweiche keys rotate“ ausführen und das neue "
    "Zertifikat an die Behörden geben.",
    "theirs": "Nächster Schritt: die Behörde um ein neues Zertifikat bitten; beide dürfen sich überschneiden.",
    "empty": "Keine Zertifikate.",
    "key.soon": "Nur dringende",
    "key.open": "Behörde öffnen",
}

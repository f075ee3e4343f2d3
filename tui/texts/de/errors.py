"""What went wrong, and what to do; errors of the gateway speak for themselves."""

TEXTS = {
    "unreachable": "Der Server antwortet nicht. Die Konsole versucht es weiter; was Sie sehen und eingeben, bleibt.",
    "not_sent": "Der Server antwortet nicht. Es wurde nichts geändert; Ihre Eingaben bleiben stehen.",
    "unknown_outcome": "Die Verbindung brach beim Speichern ab. Ob es gespeichert wurde, ist unklar: bitte neu "
    "laden und "
    "nachsehen. Ihre Eingaben bleiben stehen.",
    "read_only": "Nur-Lese-Betrieb: Es wurde nichts geändert.",
    "unreadable": "Die Antwort des Servers ist nicht lesbar. Vielleicht ist die Adresse nicht die des Gateways.",
    "status": "Der Server lehnt die Anfrage ab (HTTP {status}).",
    "token_expired": "Das Zugangstoken gilt nicht mehr. Bitte ein neues in die Tokendatei legen, dann r drücken.",
    "file": "Die Datei {name} lässt sich nicht lesen oder schreiben: {reason}.",
    "file_exists": "Die Datei {name} gibt es schon. Bitte einen anderen Namen wählen.",
    "broken_answer": "Die Antwort des Servers ist unvollständig. Vielleicht passen die Versionen nicht zusammen.",
}

"""What the words of the journal mean, for operators."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.api.views import EVENTS

MORE: Mapping[str, str] = {
    "authority.called": "Behörde hat ihr Postfach aufgerufen",
    "authority.contacts": "Kontakte geändert",
    "authority.note": "Notiz hinzugefügt",
    "caller.refused": "Aufrufer abgewiesen",
    "calendar.closed": "Schließtage geändert",
    "certificate.added": "Zertifikat hinterlegt",
    "certificate.removed": "Zertifikat entfernt",
    "delivery.diverted": "Auf den heutigen Weg umgeleitet",
    "delivery.requeued": "Wieder eingestellt",
    "key.created": "Schlüssel erzeugt",
    "key.imported": "Zertifikat oder Schlüssel eingespielt",
    "key.requested": "Zertifikat beantragt",
    "key.rotated": "Schlüssel abgelöst",
    "mail.address_refused": "E-Mail-Adresse abgelehnt",
    "mail.failed": "E-Mail nicht zugestellt",
    "onboarding.approved": "Freigegeben und live",
    "onboarding.checked": "Nachweise gesammelt",
    "onboarding.moved": "Stufe der Anbindung gewechselt",
    "onboarding.proposed": "Freigabe vorgeschlagen",
    "onboarding.test_sent": "Testnachricht eingestellt",
    "operator.created": "Zugang für Betreiber angelegt",
    "operator.revoked": "Zugang für Betreiber gesperrt",
    "participation.batch_applied": "Sammeländerung übernommen",
    "participation.batch_undone": "Sammeländerung zurückgenommen",
    "participation.changed": "Teilnahme geändert",
    "participation.live_unapproved": "Ohne Nachweise und Freigabe live gesetzt (Einrichtung TEST)",
    "participation.removed": "Teilnahme-Einstellung entfernt",
    "registry.edition_set": "Ausgabe des Behördenverzeichnisses gesetzt",
    "rejection.queued": "Rückweisung (1100) an die Behörde eingestellt",
    "reply.broken_off": "Übertragung einer Antwort abgebrochen",
    "reply.discarded": "Antwort verworfen",
    "reply.erased": "Inhalt der Antwort gelöscht",
    "reply.id_minted": "Nachrichtenkennung vergeben",
    "reply.no_effect": "Antwort ohne Wirkung auf den Zustand",
    "reply.quarantined": "Antwort ohne Vorgang, zu klären",
    "reply.refused": "Antwort fehlerhaft, zurückgewiesen",
    "reply.repeated": "Antwort erneut eingegangen",
    "reply.turned_away": "Antwort nicht angenommen",
    "reply.unusable": "Eintrag im Rückweg nicht abzuholen, zu klären",
    "reply.unusable_gone": "Eintrag im Rückweg liegt nicht mehr da",
    "return_folder.readable": "Rückweg wieder lesbar",
    "return_folder.unreadable": "Rückweg nicht lesbar",
    "survey.read": "Umfrage eingelesen",
    "token.created": "Zugangstoken eines Portals angelegt",
    "token.revoked": "Zugangstoken eines Portals gesperrt",
    "way.interrupted": "Weg nach Fehlern unterbrochen",
    "way.paused": "Weg angehalten",
    "way.resumed": "Weg wieder frei",
    "webhook.added": "Webhook angelegt",
    "webhook.disabled": "Webhook abgeschaltet",
    "webhook.failed": "Webhook nicht zugestellt",
    "webhook.removed": "Webhook entfernt",
    "webhook.replayed": "Webhook wiederholt",
}


def meaning(word: str) -> str:
    """Return what a journal word means in German, or the word itself."""
    return EVENTS.get(word) or MORE.get(word, word)

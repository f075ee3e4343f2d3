"""The stable error codes: one value each, with who acts, the HTTP status and the XBau Fehlerkennzahl where one fits.

`docs/errors.md` is compared with this module by a test. A code is never renamed or reused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Actor(StrEnum):
    """Who must act for the error to go away."""

    PORTAL = "portal"
    DIRECTORY = "directory"
    OURSELVES = "gateway"
    KEY_HOLDER = "key-holder"
    FAR_SIDE = "authority"
    DEPLOYER = "deployer"


@dataclass(frozen=True, slots=True)
class Code:
    """A stable error code: `name` in kebab case, German `title`, HTTP `status`, XBau `kennzahl` (or "")."""

    name: str
    status: int
    title: str
    kennzahl: str = ""


# the portal's calls
BODY_UNREADABLE = Code("body-unreadable", 400, "Anfrage nicht lesbar")
BODY_TOO_LARGE = Code("body-too-large", 413, "Anfrage zu groß")
CONTENT_TYPE = Code("content-type", 415, "Falscher Inhaltstyp")
FIELD_MISSING = Code("field-missing", 422, "Pflichtangabe fehlt", "X001")
FIELD_INVALID = Code("field-invalid", 422, "Angabe ungültig", "X001")
FIELD_UNKNOWN = Code("field-unknown", 422, "Unbekannte Angabe", "X001")
FAULTS = Code("submission-faults", 422, "Die Einreichung hat Fehler")
CODE_UNKNOWN = Code("code-unknown", 422, "Unbekannter Schlüssel der Codeliste", "X011")
NOT_EXPRESSIBLE = Code("not-expressible", 422, "Im XBau-Release der Behörde nicht ausdrückbar", "X001")
CHARACTERS = Code("characters", 422, "Unzulässige Zeichen", "A009")
IDEMPOTENCY_MISSING = Code("idempotency-key-missing", 400, "Idempotency-Key fehlt")
IDEMPOTENCY_MISMATCH = Code("idempotency-key-reused", 422, "Idempotency-Key mit anderem Inhalt verwendet")
IDEMPOTENCY_IN_FLIGHT = Code("idempotency-in-flight", 409, "Anfrage mit diesem Idempotency-Key läuft noch")
NOT_FOUND = Code("not-found", 404, "Nicht gefunden")
METHOD = Code("method-not-allowed", 405, "Methode nicht erlaubt")
STATE_CONFLICT = Code("state-conflict", 409, "Im jetzigen Zustand nicht möglich")
TOKEN_MISSING = Code("token-missing", 401, "Zugangstoken fehlt")
TOKEN_INVALID = Code("token-invalid", 401, "Zugangstoken ungültig")
TOKEN_EXPIRED = Code("token-expired", 401, "Zugangstoken abgelaufen")
SCOPE_MISSING = Code("scope-missing", 403, "Berechtigung fehlt")
ETAG_STALE = Code("etag-stale", 412, "Inzwischen geändert")
ETAG_MISSING = Code("etag-missing", 428, "If-Match fehlt")
ROLE_MISSING = Code("role-missing", 403, "Berechtigung fehlt")
FOUR_EYES = Code("four-eyes", 403, "Zweite Person nötig")
NAME_MISMATCH = Code("name-mismatch", 422, "Name stimmt nicht überein")
RATE_LIMITED = Code("rate-limited", 429, "Zu viele Anfragen")

# attachments and the gate
ATTACHMENT_TOO_LARGE = Code("attachment-too-large", 413, "Datei zu groß", "A004")
SUBMISSION_TOO_LARGE = Code("submission-too-large", 413, "Antrag mit allen Anlagen zu groß", "A008")
ATTACHMENTS_MISSING = Code("attachments-missing", 422, "Anlagen fehlen", "A001")
ATTACHMENTS_TOO_MANY = Code("attachments-too-many", 422, "Zu viele Anlagen", "A007")
ATTACHMENT_DUPLICATE = Code("attachment-duplicate", 422, "Dateiname doppelt", "A009")
ATTACHMENT_NOT_ASKED = Code("attachment-not-asked", 422, "Bei dieser Behörde werden keine Pläne angenommen", "S100")
FILE_NAME = Code("file-name", 422, "Dateiname unzulässig", "A009")
SIZE_MISMATCH = Code("size-mismatch", 422, "Größe weicht von der Ankündigung ab")
DIGEST_MISMATCH = Code("digest-mismatch", 422, "Prüfsumme weicht von der Ankündigung ab")
LENGTH_REQUIRED = Code("length-required", 411, "Content-Length fehlt")
NOT_A_PDF = Code("pdf-not-a-pdf", 422, "Keine PDF-Datei", "A005")
PDF_DAMAGED = Code("pdf-damaged", 422, "PDF beschädigt", "A005")
PDF_ENCRYPTED = Code("pdf-encrypted", 422, "PDF verschlüsselt", "A005")
PDF_ACTIVE = Code("pdf-active-content", 422, "PDF enthält aktive Inhalte", "A006")
PDF_EMBEDDED = Code("pdf-embedded-files", 422, "PDF enthält eingebettete Dateien", "A006")
PDF_BOMB = Code("pdf-too-complex", 422, "PDF zu aufwendig", "A006")
PDF_UNCHECKED = Code("pdf-check-unavailable", 503, "PDF-Prüfung gerade nicht möglich")
MALWARE_FOUND = Code("malware-found", 422, "Schadsoftware gefunden", "A006")
SCANNER_UNAVAILABLE = Code("scanner-unavailable", 503, "Virenprüfung gerade nicht möglich")
STORAGE_FULL = Code("storage-full", 507, "Kein Speicherplatz")
DURABILITY_LOST = Code("durability-lost", 503, "Speicherung nicht bestätigt")
DRAINING = Code("unavailable", 503, "Vorübergehend nicht verfügbar")
INTERNAL = Code("internal", 500, "Fehler im Gateway")

# routing and participation
MUNICIPALITY_UNKNOWN = Code("municipality-unknown", 404, "Gemeinde unbekannt")
AUTHORITY_UNKNOWN = Code("authority-unknown", 404, "Behörde unbekannt", "S091")
PROCEDURE_UNKNOWN = Code("procedure-unknown", 422, "Verfahren unbekannt")
PROCEDURE_OFF = Code("procedure-off", 409, "Verfahren bei dieser Behörde nicht freigeschaltet")
REDIRECTED = Code("authority-redirects", 409, "Die Behörde hat einen eigenen Online-Dienst")
NOT_PARTICIPATING = Code("authority-not-participating", 409, "Die Behörde nimmt nicht teil")
NOT_LIVE = Code("authority-not-live", 409, "Die Behörde ist noch nicht freigeschaltet")
TEST_ONLY = Code("authority-test-only", 409, "Die Behörde nimmt nur Testnachrichten an", "S102")
PARTICIPATION_INVALID = Code("participation-invalid", 422, "Teilnahme unvollständig")

# XBau
SCHEMA_INVALID = Code("xbau-schema-invalid", 422, "Nachricht entspricht nicht dem Schema", "X001")
XML_UNSAFE = Code("xml-unsafe", 422, "XML unzulässig", "X000")
XML_UNREADABLE = Code("xml-unreadable", 422, "XML nicht wohlgeformt", "X000")
RELEASE_UNKNOWN = Code("xbau-release-unknown", 422, "XBau-Version nicht unterstützt", "V000")
MESSAGE_UNKNOWN = Code("xbau-message-unknown", 422, "Nachrichtentyp nicht unterstützt", "V001")

# seals, keys, trust
SIGNATURE_INVALID = Code("signature-invalid", 422, "Signatur ungültig", "T011")
CERTIFICATE_EXPIRED = Code("certificate-expired", 422, "Zertifikat abgelaufen", "T000")
CERTIFICATE_EARLY = Code("certificate-not-yet-valid", 422, "Zertifikat noch nicht gültig", "T002")
CERTIFICATE_UNTRUSTED = Code("certificate-untrusted", 422, "Zertifikat nicht vertrauenswürdig", "T002")
CERTIFICATE_WRONG = Code("certificate-wrong", 422, "Zertifikat passt nicht", "T002")
KEY_WEAK = Code("key-weak", 422, "Schlüssel zu schwach", "T002")
KEY_MISSING = Code("key-missing", 500, "Schlüssel oder Zertifikat fehlt")
KEY_UNREADABLE = Code("key-unreadable", 422, "Schlüssel nicht lesbar")
KEY_ERASED = Code("key-erased", 410, "Inhalt gelöscht")
DECRYPTION_FAILED = Code("decryption-failed", 422, "Entschlüsselung fehlgeschlagen", "T020")
DIGEST_WRONG = Code("part-digest-wrong", 422, "Prüfsumme eines Teils stimmt nicht", "T011")
ENVELOPE_INVALID = Code("envelope-invalid", 422, "Umschlag unvollständig oder verändert")

# evidence and plans
EVIDENCE_INVALID = Code("evidence-invalid", 422, "Nachweis ungültig oder verändert")
EVIDENCE_ABSENT = Code("evidence-absent", 404, "Kein Nachweis vorhanden")
PLANS_UNEXPECTED = Code("plans-not-expected", 409, "Zu diesem Vorgang werden keine Pläne per Post erwartet")
PLANS_RECORDED = Code("plans-already-recorded", 409, "Der Eingang der Pläne ist schon vermerkt")
PLANS_DATE = Code("plans-date-invalid", 422, "Datum des Planeingangs unmöglich")

# replies
REPLY_UNUSABLE = Code("reply-unusable", 422, "Eintrag im Rückweg lässt sich nicht abholen")
REPLY_UNUSABLE_GONE = Code("reply-unusable-gone", 422, "Eintrag im Rückweg liegt nicht mehr da")
REPLY_UNMATCHED = Code("reply-unmatched", 409, "Antwort keinem Vorgang zugeordnet", "S090")
SIGNATURE_MISSING = Code("signature-missing", 422, "Signatur fehlt", "T010")
SENDER_WRONG = Code("reply-sender-wrong", 422, "Absender gehört nicht zu dieser Behörde", "T070")
ADDRESSEE_WRONG = Code("reply-addressee-wrong", 422, "Nachricht ist nicht an das Portal gerichtet", "T080")
MESSAGE_REPEATED = Code("reply-id-reused", 422, "Nachrichtenkennung mit anderem Inhalt verwendet", "S050")

# delivery
FAR_SIDE_REFUSED = Code("delivery-refused", 502, "Gegenstelle hat abgelehnt")
FAR_SIDE_UNREACHABLE = Code("delivery-unreachable", 502, "Gegenstelle nicht erreichbar")
FAR_SIDE_UNCONFIRMED = Code("delivery-unconfirmed", 502, "Übergabe unbestätigt")
ADDRESS_FORBIDDEN = Code("address-forbidden", 422, "Adresse nicht erlaubt")

# installation
CONFIGURATION = Code("configuration", 500, "Einrichtung unvollständig")
ADAPTER_UNKNOWN = Code("adapter-unknown", 422, "Übertragungsweg unbekannt")
ADAPTER_SETTINGS = Code("adapter-settings", 422, "Einstellungen des Übertragungswegs unvollständig")
JOURNAL_BROKEN = Code("journal-broken", 500, "Ereignisprotokoll verändert")

EVERY: dict[str, Code] = {value.name: value for value in list(globals().values()) if isinstance(value, Code)}

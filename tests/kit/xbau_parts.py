"""Parts of submissions: invented people, plots and projects."""

from __future__ import annotations

from typing import Any
from uuid import UUID


def person(number: int = 1, full: bool = True) -> dict[str, Any]:
    """Return a natural person; the same number is the same person."""
    known: dict[str, Any] = {
        "id": str(UUID(int=0xA << 64 | number, version=4)),
        "name": {"anrede": "Frau", "familienname": "Müller-Lüdenscheidt", "vorname": "Jörg-Änne"},
        "anschrift": {"strasse": "Domkloster", "hausnummer": "4", "postleitzahl": "50667", "ort": "Köln"},
    }
    if full:
        known["name"]["titel"] = "Dr."
        known["anschrift"]["staat"] = "000"
        known["kommunikation"] = [
            {"kanal": "01", "kennung": "j.mueller@example.org"},
            {"kanal": "02", "kennung": "+49 221 12345", "ist_dienstlich": False},
        ]
    return {"natuerliche_person": known}


def company(number: int = 1, full: bool = True) -> dict[str, Any]:
    """Return a company with representatives."""
    known: dict[str, Any] = {
        "id": str(UUID(int=0xB << 64 | number, version=4)),
        "name": {"name": "Rheinbau Wohnen GmbH & Co. KG"},
    }
    if full:
        known["name"]["kurzbezeichnung"] = "Rheinbau"
        known["anschrift"] = [{"strasse_hausnummer": "Am Hof 7", "postleitzahl": "50667", "ort": "Köln"}]
        known["kommunikation"] = [{"kanal": "01", "kennung": "bau@example.org", "ist_dienstlich": True}]
        known["vertreter"] = [{"anrede": "Herr", "familienname": "Şahin", "vorname": "Łukasz"}]
        known["registereintrag"] = {"eintragung_nr": "HRB 12345", "gericht_schluessel": "R3306"}
    return {"organisation": known}


def parcel(number: int) -> dict[str, Any]:
    """Return a parcel."""
    return {
        "bundesland": "05",
        "kodierung_flurstueck": {
            "gemarkung": {"nummer": "4923"},
            "flur": "12",
            "zaehler": str(100 + number),
            "nenner": str(number + 1),
        },
    }


def plot(full: bool) -> dict[str, Any]:
    """Return a plot with one parcel, or with several and an address."""
    if not full:
        return {"flurstueck": [parcel(1)]}
    address = {
        "strasse": "Niehler Straße",
        "hausnummer": "102a",
        "postleitzahl": "50733",
        "ort": "Köln",
        "ortsteil": "Nippes",
        "gemeindeschluessel": "05315000",
    }
    return {
        "anschrift": [address],
        "flurstueck": [parcel(1), parcel(2), parcel(3)],
        "bebauungsplan": [{"bezeichnung_bebauungsplan": "Nippes Nord § 30"}],
    }


def people(full: bool) -> dict[str, Any]:
    """Return everybody who takes part."""
    if not full:
        return {"bauherr": [{"bauherr": person(full=False)}], "gebuehrenpflichtiger": person(full=False)}
    return {
        "bauherr": [{"bauherr": person(), "art_des_bauherrn": "8"}, {"bauherr": company(), "art_des_bauherrn": "3"}],
        "bevollmaechtigter": person(3),
        "entwurfsverfasser": {"personendaten": person(2), "berechtigung": qualification()},
        "weitere_beteiligte": [
            {"beteiligter": company(4), "rolle": {"code": "06"}, "fachrichtung": {"code": "1"}},
        ],
        "gebuehrenpflichtiger": company(),
    }


def qualification() -> dict[str, Any]:
    """Return the qualification of an architect of North Rhine-Westphalia."""
    return {
        "grundlage_bauvorlage_berechtigung": "1",
        "mitgliedschaft_inland": {"nummern_kammer": {"mitgliedsnummer": "A 12345", "kammer": "01"}},
        "nachweis_berechtigung": "Eintragung in die Architektenliste",
        "berufsbezeichnung": "Architektin",
    }


def subject(full: bool) -> dict[str, Any]:
    """Return what a project is."""
    count: dict[str, Any] = {"anzahl_der_gebaeude_im_bauvorhaben": 1}
    if not full:
        return {"anzahl_der_gebaeude": count, "art_der_massnahme": ["11"]}
    key = "3e4666bf-d5e5-4aa7-b8ce-cefe41c7568a"
    count["identifikation_gebaeude"] = [{"uuid_gebaeude": key, "gebaeude_bezeichnung": "Vorderhaus"}]
    return {
        "anzahl_der_gebaeude": count,
        "art_der_massnahme": ["12", "14"],
        "art_der_baulichen_anlage": {"art_des_wohngebaeudes": "3"},
        "zweck_der_nutzungsaenderung": {
            "bisherige_nutzung": {"art_des_nichtwohngebaeudes": "310"},
            "beabsichtigte_nutzung": {"art_des_wohngebaeudes": "3"},
        },
        "bauordnungsrechtliche_klassifikation": {
            "gebaeudeklasse": "4",
            "hoehe_nach_mbo": "12.85",
            "ist_freistehend": False,
            "sonderbau": ["020"],
            "mittel_oder_gross_garage": False,
        },
        "bauvorhaben_datenblatt": {
            "flaechen": {
                "flaechen_bau_nvo": {"anzahl_vollgeschosse": 4, "flaeche_des_baugrundstuecks": "812.5"},
                "flaechen_din277": {"brutto_grundflaeche_bgf": "1630", "brutto_rauminhalt_bri": "5120.75"},
            }
        },
        "pruefung_bautechnische_nachweise": [
            {"pruefung_ist_erforderlich": True, "art_des_bautechnischen_nachweises": "1"}
        ],
        "herstellungskosten": {"kostengruppe300": 1_850_000, "kostengruppe400": 520_000},
    }


def project(full: bool) -> dict[str, Any]:
    """Return a project."""
    known: dict[str, Any] = {
        "bezeichnung_des_bauvorhabens": "Umbau eines Bürogebäudes zu 14 Wohnungen – 2. Bauabschnitt",
        "beteiligte": people(full),
        "gegenstand": subject(full),
        "verortung": {"baugrundstueck": {"grundstueck": [plot(full)]}},
    }
    if full:
        known["weitere_angaben"] = ["Zufahrt über die Rückseite"]
    return known


def deviation() -> dict[str, Any]:
    """Return a deviation applied for."""
    return {
        "id": "5cf8b27c-95c8-4f55-9d4d-3a4bd3a0c9f1",
        "art": "1",
        "vorschrift": "§ 6 BauO NRW 2018",
        "beschreibung": "Die Abstandsfläche zur Grenze wird um 0,40 m unterschritten.",
        "begruendung": "Der Bestand steht seit 1962.\nDer Nachbar stimmt zu.",
    }

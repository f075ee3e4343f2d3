"""The applications of the demonstration: invented people, real fields."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from gateway.demo.pdf import make_pdf


@dataclass(frozen=True, slots=True)
class File:
    """A file of an application."""

    name: str
    title: str
    kind: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Application:
    """What a portal has in hand; `posted` are plans that follow by post."""

    label: str
    municipality: str
    procedure: str
    antrag: dict[str, Any]
    files: tuple[File, ...]
    posted: tuple[tuple[str, str], ...] = ()

    def announcement(self) -> dict[str, Any]:
        """Return the JSON that announces it."""
        today = date.today().isoformat()  # noqa: DTZ011  the simulated portal has a clock of its own
        return {
            "municipality": self.municipality,
            "procedure": self.procedure,
            "portal_reference": f"demo-{uuid5(NAMESPACE_URL, self.label)}",
            "antrag": self.antrag,
            "attachments": [
                {
                    "file_name": file.name,
                    "bezeichnung": file.title,
                    "anlageart": file.kind,
                    "size": len(file.octets),
                    "sha256": hashlib.sha256(file.octets).hexdigest(),
                    "datum": today,
                }
                for file in self.files
            ],
            "posted_plans": [{"bezeichnung": title, "anlageart": kind, "datum": today} for title, kind in self.posted],
        }


def person(first: str, last: str, street: str, number: str, code: str, town: str) -> dict[str, Any]:
    """Return a natural person."""
    return {
        "natuerliche_person": {
            "id": str(uuid5(NAMESPACE_URL, f"{first} {last}")),
            "name": {"vorname": first, "familienname": last},
            "anschrift": {"strasse": street, "hausnummer": number, "postleitzahl": code, "ort": town},
        }
    }


def organisation(name: str, street: str, code: str, town: str) -> dict[str, Any]:
    """Return a company."""
    return {
        "organisation": {
            "id": str(uuid5(NAMESPACE_URL, name)),
            "name": {"name": name},
            "anschrift": [{"strasse_hausnummer": street, "postleitzahl": code, "ort": town}],
        }
    }


def building_permit(subject: str, applicant: dict[str, Any], gemarkung: str, parcels: Sequence[str]) -> dict[str, Any]:
    """Return the antrag of a building permit for the erection of one building on some parcels."""
    return {
        "antragsteller": [applicant],
        "identitaet": {"quelle": "BundID", "vertrauensniveau": "substantiell"},
        "bauvorhaben": {
            "bezeichnung_des_bauvorhabens": subject,
            "beteiligte": {"bauherr": [{"bauherr": applicant}], "gebuehrenpflichtiger": applicant},
            "gegenstand": {
                "anzahl_der_gebaeude": {"anzahl_der_gebaeude_im_bauvorhaben": 1},
                "art_der_massnahme": ["11"],
            },
            "verortung": {
                "baugrundstueck": {
                    "grundstueck": [
                        {
                            "flurstueck": [
                                {
                                    "bundesland": "05",
                                    "kodierung_flurstueck": {
                                        "gemarkung": {"bezeichnung": gemarkung},
                                        "zaehler": parcel,
                                    },
                                }
                                for parcel in parcels
                            ]
                        }
                    ]
                }
            },
        },
    }


def overview(subject: str, size: int = 18_000) -> File:
    """Return the application overview that travels with every application."""
    pdf = make_pdf(["Antragsübersicht", subject, "erzeugt vom Bauportal (Vorführung)"], size)
    return File("Antragsübersicht.pdf", "Antragsübersicht", "1101", pdf)


def plans(count: int, size: int) -> tuple[File, ...]:
    """Return `count` plans of about `size` bytes each."""
    kinds = (("Grundriss", "2001"), ("Schnitt", "2002"), ("Ansicht", "2003"), ("Lageplan", "1803"))
    made = []
    for number in range(1, count + 1):
        title, kind = kinds[number % len(kinds)]
        pdf = make_pdf([f"{title} {number}", "Maßstab 1:100"], size)
        made.append(File(f"{title} {number:02d}.pdf", f"{title} {number}", kind, pdf))
    return tuple(made)


def applications() -> tuple[Application, ...]:
    """Return what the simulated portal hands off, in order."""
    muster = person("Erika", "Muster", "Freckenhorster Straße", "43", "48231", "Warendorf")
    bau = organisation("Münsterland Wohnbau GmbH & Co. KG", "Hafenweg 12", "48155", "Münster")
    jung = person("Łukasz", "Jung-Öztürk", "Am Stadtgraben", "7a", "59227", "Ahlen")
    posted = (("Amtlicher Lageplan", "1804"), ("Grundrisse M 1:100", "2001"), ("Schnitte M 1:100", "2002"))
    script = File("Plan.pdf", "Plan", "2001", make_pdf(["Plan"], script="app.alert(1)"))
    return (
        _permit("klein", "05570012", "Einfamilienhaus „Am Graben“", muster, "Beelen", "214"),
        _permit("groß", "05570012", "Neubau von 48 Wohnungen", bau, "Beelen", "77", *plans(7, 28_500_000)),
        _permit("ohne Pläne", "05515000", "Lagerhalle mit 1.200 m²", bau, "Münster", "1012", posted=posted),
        _permit("mit Plänen", "05570004", "Carport mit zwei Stellplätzen", jung, "Ahlen", "5", *plans(2, 300_000)),
        _permit("SFTP", "05915000", "Wintergarten", muster, "Rhynern", "31", *plans(1, 500_000)),
        _permit("XTA-Postfach", "05711000", "Kindertagesstätte", bau, "Schildesche", "88", *plans(2, 1_500_000)),
        _permit("XTA-Push", "05315000", "Dachgeschossausbau", jung, "Nippes", "402", *plans(2, 700_000)),
        _permit("SOAP", "05314000", "Doppelgarage", muster, "Beuel", "17", *plans(1, 400_000)),
        _permit("holt nicht ab", "05913000", "Gartenhaus", muster, "Hombruch", "61"),
        _permit("Umleitung", "05570028", "Scheune", jung, "Oelde", "9"),
        _permit("fehlerhaft", "05570012", "Scheune", muster, "Beelen", "3", script),
    )


def _permit(
    label: str,
    municipality: str,
    subject: str,
    applicant: dict[str, Any],
    gemarkung: str,
    parcel: str,
    *files: File,
    posted: tuple[tuple[str, str], ...] = (),
) -> Application:
    antrag = building_permit(subject, applicant, gemarkung, [parcel])
    return Application(label, municipality, "baugenehmigung", antrag, (overview(subject), *files), posted)

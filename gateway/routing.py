"""From municipality, procedure and date to the authority and the way it takes part. Pure.

Asked once per case, when it is announced: a case that is under way keeps the authority it was accepted for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain import codes
from gateway.domain.authority import Authority, Edition, EditionPlan, edition_on
from gateway.domain.errors import ConfigurationError, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase, in_force
from gateway.domain.procedure import Procedure

Editions = Mapping[str, Edition]
Histories = Callable[[AuthorityKey], Sequence[Participation]]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a case goes and how, as found on a date; `municipality` is the AGS, `edition` the one asked."""

    authority: Authority
    participation: Participation
    edition: str
    municipality: str
    procedure: Procedure
    on: date


def responsible(plan: EditionPlan, editions: Editions, ags: str, on: date) -> Authority:
    """Return the authority responsible for a municipality on a date.

    Raises:
        RoutingError: MUNICIPALITY_UNKNOWN for anything but a known AGS of eight digits.
        ConfigurationError: CONFIGURATION when the plan names an edition that is not installed.
    """
    edition = _edition(plan, editions, on)
    key = edition.jurisdiction.get(ags)
    if key is None:
        raise RoutingError(
            codes.MUNICIPALITY_UNKNOWN,
            "Zu diesem Gemeindeschlüssel ist in Nordrhein-Westfalen keine Gemeinde bekannt.",
            "Bitte den achtstelligen Gemeindeschlüssel (AGS) der Gemeinde angeben, in der das Grundstück liegt.",
        )
    return edition.authorities[key]


def route(
    plan: EditionPlan,
    editions: Editions,
    histories: Histories,
    ags: str,
    procedure: Procedure,
    on: date,
    *,
    test: bool = False,
) -> Route:
    """Return where an application goes; `histories` gives the history of an authority, in any order.

    Raises:
        RoutingError: MUNICIPALITY_UNKNOWN, REDIRECTED (the hint carries the address), NOT_PARTICIPATING, NOT_LIVE,
            TEST_ONLY or PROCEDURE_OFF; reason and hint say in German what the applicant or portal should do.
    """
    authority = responsible(plan, editions, ags, on)
    participation = in_force(histories(authority.key), on)
    if participation is None:
        raise _nobody(authority)
    refusal = _refusal(authority, participation, procedure, test)
    if refusal is not None:
        raise refusal
    return Route(authority, participation, edition_on(plan, on), ags, procedure, on)


def successor(plan: EditionPlan, editions: Editions, key: AuthorityKey, ags: str, on: date) -> Authority | None:
    """Return who has taken over the municipality of a running case from authority `key`, None while it still has it.

    For messages that follow later in a case; what is already under way stays with `key`.
    """
    today = responsible(plan, editions, ags, on)
    return None if today.key == key else today


def authority_of(plan: EditionPlan, editions: Editions, key: AuthorityKey, on: date) -> Authority:
    """Return an authority by its key, also one that the edition of the date no longer (or not yet) knows.

    So a delivery under way and an old case keep their addressee when the edition changes.

    Raises:
        RoutingError: AUTHORITY_UNKNOWN when no edition knows it.
    """
    for edition in (_edition(plan, editions, on), *editions.values()):
        if key in edition.authorities:
            return edition.authorities[key]
    raise RoutingError(
        codes.AUTHORITY_UNKNOWN,
        "Eine Bauaufsichtsbehörde mit diesem Schlüssel ist nicht bekannt.",
        "Bitte den achtstelligen Schlüssel der Behörde angeben, zum Beispiel 05570000 für den Kreis Warendorf.",
    )


def _edition(plan: EditionPlan, editions: Editions, on: date) -> Edition:
    name = edition_on(plan, on)
    if name not in editions:
        raise ConfigurationError(
            codes.CONFIGURATION,
            f"Die Ausgabe „{name}“ des Behördenverzeichnisses ist nicht eingespielt.",
            f"Eingespielt sind: {', '.join(editions)}.",
        )
    return editions[name]


def _refusal(
    authority: Authority, participation: Participation, procedure: Procedure, test: bool
) -> RoutingError | None:
    """Return why nothing can be sent, the reason that no other could heal first; None when it can."""
    if participation.option is Option.NONE:
        return _nobody(authority)
    if participation.option is Option.REDIRECT:
        return _redirected(authority, participation)
    if not test and participation.phase is not Phase.LIVE and participation.redirect_url:
        # it tries our way while its own service still runs: real applicants go there
        return _redirected(authority, participation)
    if participation.phase is Phase.ENDED:
        return _nobody(authority)
    if procedure not in participation.procedures:
        return _procedure_off(authority, participation, procedure)
    return _not_live(authority, participation.phase, test)


def _nobody(authority: Authority) -> RoutingError:
    return RoutingError(
        codes.NOT_PARTICIPATING,
        f"{authority.title} nimmt keine elektronischen Anträge über das Bauportal an.",
        f"Der Antrag ist in Papierform bei der Bauaufsicht einzureichen: {authority.title}.",
    )


def _redirected(authority: Authority, participation: Participation) -> RoutingError:
    return RoutingError(
        codes.REDIRECTED,
        f"{authority.title} nimmt Anträge über einen eigenen Online-Dienst an.",
        f"Bitte den Antrag dort stellen: {participation.redirect_url}",
    )


def _procedure_off(authority: Authority, participation: Participation, procedure: Procedure) -> RoutingError:
    offered = ", ".join(known.label for known in Procedure if known in participation.procedures)
    return RoutingError(
        codes.PROCEDURE_OFF,
        f"Das Verfahren „{procedure.label}“ ist für {authority.title} nicht freigeschaltet.",
        f"Elektronisch möglich: {offered or 'noch kein Verfahren'}. Alles andere ist in Papierform einzureichen.",
    )


def _not_live(authority: Authority, phase: Phase, test: bool) -> RoutingError | None:
    if phase is Phase.LIVE or (test and phase.reachable):
        return None
    if phase is Phase.TEST:
        return RoutingError(
            codes.TEST_ONLY,
            f"{authority.title} ist in der Testphase und nimmt nur Testnachrichten an.",
            "Echte Anträge sind bis zur Freischaltung in Papierform einzureichen; Testanträge als Test kennzeichnen.",
        )
    if phase is Phase.PAUSED:
        return RoutingError(
            codes.NOT_LIVE,
            f"{authority.title} hat die Annahme elektronischer Anträge vorübergehend ausgesetzt.",
            "Bitte später erneut versuchen oder den Antrag in Papierform einreichen.",
        )
    return RoutingError(
        codes.NOT_LIVE,
        f"{authority.title} ist noch nicht angebunden.",
        "Bis zur Freischaltung ist der Antrag in Papierform einzureichen.",
    )

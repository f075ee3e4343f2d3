"""The evidence of an onboarding: collected by the system itself, never ticked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from gateway.adapter import Adapter, Finding, Probing, Watching
from gateway.domain.calendar import local_date, written_date, written_moment
from gateway.domain.case import Delivery
from gateway.domain.delivery import State, why
from gateway.domain.dossier import POSTAL, Dossier
from gateway.domain.errors import GatewayError
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.onboarding import Check, Evidence
from gateway.domain.participation import Option, Participation, Protection
from gateway.flow.cases import authority_of
from gateway.flow.days import closed_days
from gateway.flow.dispatch import way_settings
from gateway.flow.participation import faults_of
from gateway.flow.proofs import named, subject
from gateway.flow.visits import last_visit, visited_in_time
from gateway.flow.way_faults import adapter_faults
from gateway.ports import World
from gateway.seal.trust import Purpose, check_suitable

CERTIFICATE_DAYS = 30
"""Days a certificate must still hold for an authority to go live."""

NEEDED_CONTACTS = (("techn", "technischer Kontakt"), ("fach", "fachlicher Kontakt"))
"""What the role of a contact must contain, and what people call it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the checks of one authority are made of, read in one transaction."""

    key: AuthorityKey
    now: datetime
    dossier: Dossier
    participation: Participation | None
    certificates: Sequence[tuple[str, x509.Certificate]]
    test: Delivery | None
    of: str
    """What is proved now, as `Evidence.of` names it."""


def situation(world: World, key: AuthorityKey) -> Situation:
    """Read what is known about an authority now."""
    now = world.clock.now()
    with world.store.reading() as tx:
        dossier = tx.dossiers.get(key)
        participation = subject(tx.registry.history(key), local_date(now))
        return Situation(
            key=key,
            now=now,
            dossier=dossier,
            participation=participation,
            certificates=[
                (purpose, one) for purpose in ("encrypt", "sign", "tls") for one in tx.certificates.of(key, purpose)
            ],
            test=tx.deliveries.get(MessageId(dossier.test_message)) if dossier.test_message else None,
            of=named(participation, tx.certificates.held(key)),
        )


def at_hand(world: World, seen: Situation) -> list[Evidence]:
    """Return the checks that need nothing but what is stored here."""
    return _kept(seen, [_details(world, seen), _contact(seen), *_of_test(world, seen)])


def everything(world: World, seen: Situation) -> list[Evidence]:
    """Return every check, with the way itself tried; takes as long as the far side takes to answer."""
    return [*at_hand(world, seen), *_kept(seen, _of_way(world, seen))]


def _kept(seen: Situation, findings: Iterable[Finding]) -> list[Evidence]:
    return [Evidence(Check(one.check), seen.now, one.holds, one.detail, seen.of) for one in findings]


def _details(world: World, seen: Situation) -> Finding:
    value = seen.participation
    if value is None or not value.option.accepts:
        text = "Es ist nicht eingetragen, dass die Behörde Anträge annimmt (Option 1 oder 2). Bitte eintragen."
        return Finding(Check.DETAILS, False, text)
    missing = [
        name
        for name, given in (
            ("Verfahren", value.procedures),
            ("XBau-Version", value.release),
            ("Übertragungsweg", value.adapter),
        )
        if not given
    ]
    faults = [fault.detail for fault in faults_of(world, [value])]
    plugin = world.plugins.get(value.adapter)
    if plugin is not None and not value.phase.reachable:
        faults += [fault.detail for fault in adapter_faults(plugin, value)]
    if missing:
        faults.append(f"Es fehlt: {', '.join(missing)}.")
    if faults:
        return Finding(Check.DETAILS, False, " ".join(dict.fromkeys(faults)) + " Bitte in der Teilnahme ergänzen.")
    way = plugin.title if plugin else value.adapter
    text = f"Option {value.option}, {len(value.procedures)} Verfahren, XBau {value.release}, Weg: {way}."
    return Finding(Check.DETAILS, True, text)


def _contact(seen: Situation) -> Finding:
    named = [one for one in seen.dossier.contacts if one.email]
    missing = [words for part, words in NEEDED_CONTACTS if not any(part in one.role.casefold() for one in named)]
    faults = [f"Es fehlt, jeweils mit E-Mail-Adresse: {' und '.join(missing)}."] if missing else []
    by_post = seen.participation is not None and seen.participation.option is Option.WITHOUT_PLANS
    if by_post and not seen.dossier.postal_address:
        faults.append(f"Es fehlt, wohin Pläne geschickt werden: ein Kontakt mit der Rolle „{POSTAL}“.")
    if faults:
        return Finding(Check.CONTACT, False, f"{' '.join(faults)} Bitte bei den Kontakten eintragen.")
    return Finding(Check.CONTACT, True, f"{len(named)} Kontakte mit E-Mail-Adresse, technisch und fachlich.")


_WITHOUT_WAY = "Es ist kein Übertragungsweg eingetragen. Bitte den Weg in der Teilnahme eintragen."


def _of_way(world: World, seen: Situation) -> Iterator[Finding]:
    """Try the way; where the authority comes to us, its visits stand for being reachable."""
    value = seen.participation
    if value is None or value.adapter not in world.plugins:
        for check in (Check.REACHABLE, Check.CERTIFICATE, Check.CLOCK):
            yield Finding(check, False, _WITHOUT_WAY)
        return
    comes_to_us = world.plugins[value.adapter].endpoint is not None
    probed = list(_visits(world, seen)) if comes_to_us else _probe(world, seen.key, value)
    yield _first(probed, Check.REACHABLE, "Dieser Weg kann sich nicht selbst prüfen; die Testnachricht zeigt es.")
    yield _certificate(seen, value, comes_to_us, probed)
    without = (
        "Die Gegenstelle war nicht erreichbar; ihre Uhr ist nicht bekannt. Bitte zuerst die Verbindung herstellen."
    )
    reached = all(one.holds for one in probed if one.check == Check.REACHABLE)
    yield _first(probed, Check.CLOCK, "Dieser Weg nennt keine Uhrzeit." if reached else without, reached)


def _probe(world: World, key: AuthorityKey, value: Participation) -> Sequence[Finding]:
    try:
        adapter: Adapter = world.build(key, value)
        return adapter.probe() if isinstance(adapter, Probing) else ()
    except GatewayError as error:
        return [Finding(Check.REACHABLE, False, f"{error.reason} {error.hint}".strip())]
    except Exception as error:  # an adapter may raise anything; what it was is the evidence
        text = f"Die Prüfung brach unerwartet ab ({type(error).__name__}). Bitte den Betrieb des Gateways verständigen."
        return [Finding(Check.REACHABLE, False, text)]


def _visits(world: World, seen: Situation) -> Iterator[Finding]:
    """Say whether the authority has come to its mailbox within the last working day."""
    last = last_visit(world, seen.key)
    with world.store.reading() as tx:
        closed = closed_days(world, tx, local_date(seen.now))
    if last is None:
        text = "Die Behörde hat ihr Postfach noch nie abgerufen. Bitten Sie sie um einen Abruf mit ihrem Zertifikat."
        yield Finding(Check.REACHABLE, False, text)
    elif not visited_in_time(last, seen.now, closed):
        text = f"Zuletzt abgerufen {written_moment(last)}, vor mehr als einem Arbeitstag. Bitte den Abruf einschalten."
        yield Finding(Check.REACHABLE, False, text)
    else:
        yield Finding(Check.REACHABLE, True, f"Die Behörde hat ihr Postfach zuletzt {written_moment(last)} abgerufen.")
    yield Finding(Check.CLOCK, True, "Die Behörde ruft beim Gateway ab; für Fristen gilt allein dessen Uhr.")


def _first(findings: Sequence[Finding], check: Check, otherwise: str, holds: bool = False) -> Finding:
    return next((one for one in findings if one.check == check), Finding(check, holds, otherwise))


def _certificate(seen: Situation, value: Participation, comes_to_us: bool, probed: Sequence[Finding]) -> Finding:
    """Say whether every certificate that the way needs is held, serves its purpose and lasts long enough."""
    needs: list[tuple[str, Purpose, str]] = []
    if value.protection is Protection.END_TO_END:
        needs.append(("encrypt", "encrypt", "Verschlüsselung"))
    if comes_to_us:
        needs.append(("tls", "tls-client", "TLS-Anmeldung am Postfach"))
    faults: list[str] = []
    good: list[str] = []
    for held_for, purpose, words in needs:
        problem, text = _best([one for name, one in seen.certificates if name == held_for], purpose, words, seen.now)
        (faults if problem else good).append(text)
    server = next((one for one in probed if one.check == Check.CERTIFICATE), None)
    if server is not None:
        (good if server.holds else faults).append(server.detail)
    if faults:
        return Finding(Check.CERTIFICATE, False, " ".join(faults))
    return Finding(Check.CERTIFICATE, True, " ".join(good) or "Dieser Weg braucht kein Zertifikat der Behörde.")


def _best(held: Sequence[x509.Certificate], purpose: Purpose, words: str, now: datetime) -> tuple[bool, str]:
    """Return whether something is wrong with the best certificate for a purpose, and a sentence about it."""
    if not held:
        return True, f"Für {words} ist kein Zertifikat hinterlegt. Bitte das Zertifikat der Behörde einspielen."
    text = ""
    for certificate in sorted(held, key=lambda one: one.not_valid_after_utc, reverse=True):
        try:
            check_suitable(certificate, purpose=purpose, at=now)
        except GatewayError as error:
            text = text or error.reason
            continue
        until = certificate.not_valid_after_utc
        days = (until - now).days
        if days < CERTIFICATE_DAYS:
            return True, f"{words}: gilt nur noch {days} Tage (nötig {CERTIFICATE_DAYS}). Bitte ein neues einspielen."
        return False, f"{words}: gilt bis {written_date(until.date())} ({days} Tage)."
    return True, f"{words}: {text} Bitte ein passendes Zertifikat einspielen."


_TO_DO = {
    State.HELD: "Bitte die Ursache beheben und die Übermittlung wieder einstellen oder eine neue Testnachricht senden.",
    State.AVAILABLE: "Bitte die Behörde bitten, sie abzuholen.",
    State.WAITING: "Bitte den nächsten Versuch abwarten oder die Gegenstelle prüfen.",
    State.ACCEPTED: "Bitte warten, bis der Worker sie übermittelt hat.",
    State.UNDER_WAY: "Bitte warten, bis die Übermittlung beendet ist.",
    State.WITHDRAWN: "Bitte eine neue Testnachricht senden.",
}
"""What to do about a test message that the authority does not have."""

_OTHER_WAY = (
    "Diese Testnachricht galt für den früheren Stand; Weg, Zertifikat oder XBau-Version sind jetzt andere. "
    "Bitte eine neue Testnachricht senden."
)
_OF_TEST = (Check.TEST_DELIVERED, Check.TEST_OPENED, Check.TEST_ANSWERED)


def _of_test(world: World, seen: Situation) -> Iterator[Finding]:
    """Say what became of the last test message (law 6: only what happened)."""
    test = seen.test
    if test is None:
        for check in _OF_TEST:
            yield Finding(check, False, "Es wurde noch keine Testnachricht gesendet. Bitte eine Testnachricht senden.")
        return
    if seen.dossier.test_of not in ("", seen.of):
        for check in _OF_TEST:
            yield Finding(check, False, f"{test.case_number}: {_OTHER_WAY}")
        return
    said = why(
        test.state,
        authority=authority_of(world, seen.key).title,
        reason=test.reason,
        attempts=test.attempt,
        failed=bool(test.code),
    )
    if test.state is State.REJECTED:
        for check in _OF_TEST:
            yield Finding(check, check is Check.TEST_DELIVERED, said.de)
        return
    hint = "" if test.state.delivered else _TO_DO.get(test.state, "")
    yield Finding(Check.TEST_DELIVERED, test.state.delivered, f"{test.case_number}: {said.de} {hint}".strip())
    answered = test.state is State.CONFIRMED
    if answered:
        yield Finding(Check.TEST_OPENED, True, "Die Behörde hat auf die Testnachricht geantwortet, also gelesen.")
        yield Finding(Check.TEST_ANSWERED, True, f"Eingangsbestätigung (1120) zu {test.case_number} ist da.")
        return
    yield _opened(world, seen, test)
    text = f"Die Eingangsbestätigung (1120) zu {test.case_number} steht aus."
    yield Finding(Check.TEST_ANSWERED, False, f"{text} Bitte die Behörde bitten, die Testnachricht zu bestätigen.")


def _opened(world: World, seen: Situation, test: Delivery) -> Finding:
    """Say whether the authority's own tool has told that it opened the message."""
    hint = "Bitte die Behörde bitten, sie zu öffnen (bauweiche open … --receipt) oder mit 1120 zu bestätigen."
    waiting = Finding(
        Check.TEST_OPENED, False, f"Dass die Behörde die Nachricht geöffnet hat, ist nicht belegt. {hint}"
    )
    if test.state not in (State.AVAILABLE, State.HANDED_OVER):
        return waiting
    try:
        adapter = world.build(seen.key, way_settings(world, test))
        pickup = adapter.look(test.message_id, test.facts) if isinstance(adapter, Watching) else None
    except GatewayError:  # it cannot be seen now; that it was opened is then not shown
        return waiting
    if pickup is None or not pickup.opened:
        return waiting
    when = f" am {written_moment(pickup.at)}" if pickup.at else ""
    return Finding(Check.TEST_OPENED, True, f"Das Werkzeug der Behörde hat die Nachricht{when} geöffnet und geprüft.")

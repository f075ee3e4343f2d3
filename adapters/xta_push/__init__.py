"""XTA push: the gateway hands a message to the XTA 2 server of an authority or of its intermediary.

createMessageId, note the id durably, sendMessage, then the transport report to the end. After an unclear outcome
the report is asked first, so that the same id is never sent twice without need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from adapters.titles import XTA_PUSH
from adapters.tls_probe import PATIENCE, connected, probe_https
from adapters.xta_push import outcomes
from adapters.xta_push.calls import Calls, Report
from adapters.xta_wire import container, metadata
from adapters.xta_wire.faults import XtaFault
from adapters.xta_wire.metadata import Metadata, Party
from gateway.adapter import (
    AdapterSettings,
    Envelope,
    Finding,
    Handover,
    Link,
    Outcome,
    Pickup,
    Plugin,
    Refused,
    Unconfirmed,
    Unreachable,
)
from gateway.domain import codes
from gateway.domain.errors import DeliveryError
from gateway.domain.ids import MessageId

ID = "xta_message_id"
SENT = "xta_sent"
SENDER = "xta_sender"
_ADDRESS = r"^https://[A-Za-z0-9.-]{1,253}(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?$"
_RED = 3


class Settings(AdapterSettings):
    """Where the XTA server of the authority is."""

    management_url: str = Field(
        pattern=_ADDRESS,
        title="Adresse des ManagementPort",
        description="Beginnt mit https://. Hier werden Nachrichtenkennungen und Transportberichte geholt.",
    )
    send_url: str = Field(
        pattern=_ADDRESS,
        title="Adresse des SendXtaPort",
        description="Beginnt mit https://. Hier werden Nachrichten übergeben.",
    )
    party_type: str = Field(
        default="xoev",
        min_length=1,
        max_length=40,
        title="Art der Kennungen",
        description="Typ der Kennungen von Autor und Leser, den der XTA-Server erwartet, meist „xoev“.",
    )
    manifest: bool = Field(
        default=False,
        title="Signiertes Inhaltsverzeichnis beilegen",
        description="Legt manifest.xml als weitere Anlage bei. Mit Ende-zu-Ende-Schutz liegt es immer bei.",
    )
    patience: float = Field(
        default=300,
        gt=0,
        le=3_600,
        title="Geduld",
        description="Sekunden, die der XTA-Server nach dem Senden bis zur Antwort brauchen darf.",
    )


class XtaPush:
    """Hands messages to one XTA server."""

    def __init__(self, settings: Settings, link: Link) -> None:
        self._settings, self._link = settings, link
        self._calls = Calls(link, settings.management_url, settings.send_url, settings.patience)

    def deliver(self, envelope: Envelope) -> Handover:
        """Return once the far side has said that it holds the message, now or after an earlier attempt."""
        items = self._items(envelope)
        author = Party(envelope.sender, envelope.sender_name, self._settings.party_type)
        identity = envelope.state.get(ID, "")
        if identity and envelope.state.get(SENT) and (report := self._earlier(author, identity)):
            return _handover(report, identity)
        if not identity:
            identity = self._create(author)
        # noted before the first byte leaves: whatever happens now, the next attempt asks for this id
        envelope.remember({ID: identity, SENT: "true", SENDER: envelope.sender})
        taken_before = self._send(envelope, items, author, identity)
        return self._after(author, identity, taken_before)

    def look(self, message_id: MessageId, state: Mapping[str, str]) -> Pickup:
        """Ask for the transport report: open means it still lies there, red means it was refused."""
        identity = state.get(ID, "")
        if not identity:
            raise Unreachable(codes.FAR_SIDE_UNREACHABLE, f"Zu {message_id} ist keine XTA-Kennung vermerkt.")
        author = Party(state.get(SENDER, ""), kind=self._settings.party_type)
        try:
            report = self._calls.report(author, identity)
        except (XtaFault, DeliveryError) as error:
            raise Unreachable(
                codes.FAR_SIDE_UNREACHABLE,
                f"Der Transportbericht ist gerade nicht zu bekommen: {outcomes.line(error.reason)}.",
            ) from error
        if report.status == _RED:
            return Pickup(taken=False, at=report.at, refused=report.words or "ohne Angabe von Gründen")
        return Pickup(taken=report.status > 0, at=report.at if report.status else None, note=report.words)

    def probe(self) -> Sequence[Finding]:
        """Ask for our account (checkAccountActive), and look at the certificates and clock of both ports.

        A port that fails stands for both; nothing is sent to the SendXtaPort beyond a HEAD.
        """
        seen = list(probe_https(self._link, self._settings.management_url))
        if self._settings.send_url != self._settings.management_url and connected(seen):
            other = probe_https(self._link, self._settings.send_url)
            seen = [next((one for one in other if one.check == was.check and not one.holds), was) for was in seen]
        if not connected(seen):
            return seen
        return [self._account(), *(finding for finding in seen if finding.check != "reachable")]

    def _account(self) -> Finding:
        """Say whether the XTA server lets us in as who we are."""
        identifier, name = self._link.author()
        calls = Calls(self._link, self._settings.management_url, self._settings.send_url, PATIENCE)
        try:
            calls.check_account(Party(identifier, name, self._settings.party_type))
        except XtaFault as fault:
            return Finding("reachable", False, outcomes.of_fault(fault).reason + " Bitte dort das Konto einrichten.")
        except DeliveryError as error:
            return Finding("reachable", False, f"{error.reason} {error.hint}".strip())
        return Finding("reachable", True, f"Der XTA-Server führt ein Konto für {identifier} (checkAccountActive).")

    def _items(self, envelope: Envelope) -> list[container.Item]:
        with_manifest = self._settings.manifest or envelope.protection == "end_to_end"
        items = container.items(envelope, manifest=with_manifest)
        size = container.size_of(items)
        if size > envelope.size_limit:
            raise Refused(
                codes.FAR_SIDE_REFUSED,
                f"Die Nachricht hat {size} Byte; vereinbart sind höchstens {envelope.size_limit}.",
                "Vereinbaren Sie mit der Behörde eine höhere Grenze oder einen anderen Weg.",
            )
        return items

    def _create(self, author: Party) -> str:
        """Return a fresh id; whatever fails here, nothing of the message has left."""
        try:
            return self._calls.create_message_id(author)
        except XtaFault as fault:
            error = outcomes.of_fault(fault)
            raise (
                error if isinstance(error, Refused) else outcomes.make(Unreachable, error.reason, error.hint)
            ) from fault
        except DeliveryError as error:
            raise outcomes.make(Unreachable, error.reason, error.hint) from error

    def _earlier(self, author: Party, identity: str) -> Report | None:
        """Return the report about an earlier attempt, None if nothing of it arrived. Raises: Unconfirmed."""
        try:
            return self._calls.report(author, identity)
        except XtaFault as fault:
            if fault.code == outcomes.UNKNOWN:
                return None
            raise outcomes.make(Unconfirmed, outcomes.of_fault(fault).reason) from fault
        except DeliveryError as error:
            raise outcomes.make(Unconfirmed, error.reason, error.hint) from error

    def _send(self, envelope: Envelope, items: list[container.Item], author: Party, identity: str) -> bool:
        """Send; return True if the far side says that it took the id before."""
        order = metadata.build(
            Metadata(
                message_id=identity,
                author=author,
                reader=Party(envelope.addressee, envelope.addressee_name, self._settings.party_type),
                service=envelope.service_uri,
                root=envelope.root,
                namespace=envelope.namespace,
                size=container.size_of(items),
                test=envelope.test,
                process=envelope.case_number,
                origin=envelope.created_at,
            )
        )
        try:
            if envelope.protection == "end_to_end":
                self._calls.send_sealed(order, *container.sealed(envelope, items))
            else:
                self._calls.send_clear(order, items)
        except XtaFault as fault:
            if fault.code != outcomes.TAKEN:
                raise outcomes.of_fault(fault) from fault
            return True
        return False

    def _after(self, author: Party, identity: str, taken_before: bool) -> Handover:
        """Return what the report says; without one, the answer to sendMessage stands: it lies there."""
        try:
            return _handover(self._calls.report(author, identity), identity)
        except XtaFault as fault:
            if taken_before and fault.code == outcomes.UNKNOWN:
                raise Refused(
                    codes.FAR_SIDE_REFUSED,
                    "Der XTA-Server hält die Kennung für vergeben, kennt unter ihr aber keine Nachricht.",
                    "Bitte klären Sie mit der Stelle, ob die Nachricht angekommen ist.",
                ) from fault
        except (Unreachable, Unconfirmed):
            pass  # the report is asked again by look; what was said about the message still holds
        return Handover(Outcome.AVAILABLE, identity, "Übergeben; der Transportbericht steht noch aus.")


def _handover(report: Report, identity: str) -> Handover:
    if report.status == _RED:
        raise Refused(
            codes.FAR_SIDE_REFUSED,
            f"Der XTA-Server der Behörde meldet einen Fehler: {report.words or 'ohne Angabe von Gründen'}.",
            "Bitte klären Sie dies mit der Stelle, die den XTA-Server betreibt.",
        )
    outcome = Outcome.HANDED_OVER if report.status else Outcome.AVAILABLE
    return Handover(outcome, identity, report.words)


plugin = Plugin(
    settings=Settings,
    build=XtaPush,
    title=XTA_PUSH,
    repeatable=True,
    protections=frozenset({"transport", "end_to_end"}),
)

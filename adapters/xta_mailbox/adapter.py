"""Laying a message into the mailbox: nothing moves, the authority fetches it from the gateway itself."""

from __future__ import annotations

from pydantic import Field

from adapters.xta_mailbox.fetching import MANIFEST
from adapters.xta_wire import container
from gateway.adapter import AdapterSettings, Envelope, Handover, Link, Outcome, Refused
from gateway.domain import codes


class Settings(AdapterSettings):
    """What an authority may choose for its mailbox."""

    manifest: bool = Field(
        default=False,
        title="Signiertes Inhaltsverzeichnis beilegen",
        description="Legt manifest.xml als weitere Anlage bei. Mit Ende-zu-Ende-Schutz liegt es immer bei; "
        "bei reinem Transportschutz nur, wenn die Software der Behörde eine Anlage ohne Dokument-Id verträgt.",
    )


class Mailbox:
    """Makes messages available in the authority's mailbox."""

    def __init__(self, settings: Settings, link: Link) -> None:
        del link  # nothing goes out
        self._settings = settings

    def deliver(self, envelope: Envelope) -> Handover:
        """Note how the message is to be rendered; from then on it is available. Raises: Refused when too large."""
        with_manifest = self._settings.manifest or envelope.protection == "end_to_end"
        size = container.size_of(container.items(envelope, manifest=with_manifest))
        if size > envelope.size_limit:
            raise Refused(
                codes.FAR_SIDE_REFUSED,
                f"Die Nachricht hat {size} Byte; vereinbart sind höchstens {envelope.size_limit}.",
                "Vereinbaren Sie mit der Behörde eine höhere Grenze oder einen anderen Weg.",
            )
        envelope.remember({MANIFEST: "true" if self._settings.manifest else "false"})
        return Handover(Outcome.AVAILABLE, note="Liegt im XTA-Postfach bereit.")

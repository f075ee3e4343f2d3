"""XTA mailbox (pull): the gateway is an XTA 2 server from which an authority fetches with the client it has.

Mounted under `/services/XTAService` by its endpoint; the client certificate is the identity.
"""

from adapters.titles import XTA_MAILBOX
from adapters.xta_mailbox.adapter import Mailbox, Settings
from adapters.xta_mailbox.app import endpoint
from gateway.adapter import Plugin

__all__ = ["Mailbox", "Settings", "endpoint", "plugin"]

plugin = Plugin(
    settings=Settings,
    build=Mailbox,
    title=XTA_MAILBOX,
    repeatable=True,
    protections=frozenset({"transport", "end_to_end"}),
    endpoint=endpoint,
)

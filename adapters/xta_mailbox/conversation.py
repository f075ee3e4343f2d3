"""One request from its first byte to its answer, in plain synchronous code: read, dispatch by action, compose."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.xta_mailbox import fetching, listing, managing, receiving
from adapters.xta_mailbox.counter import Caller, Counter, Reply
from adapters.xta_wire import faults, mime, names, soap
from adapters.xta_wire.faults import SoapFault, XtaFault
from adapters.xta_wire.mime import ContentType, MultipartReader, Package
from adapters.xta_wire.names import Operation

_EARLY_LIMIT = 5_000_000  # parts that come before the envelope are held until it says what they are
_FAULT_ACTION = f"{names.WSA}/fault"

_HANDLERS: Mapping[Operation, Callable[[Counter, Caller, soap.Soap], Reply]] = {
    names.CHECK_ACCOUNT: managing.check_account,
    names.LOOKUP_SERVICE: managing.lookup_service,
    names.TRANSPORT_REPORT: managing.transport_report,
    names.CANCEL_MESSAGE: managing.cancel_message,
    names.CREATE_MESSAGE_ID: managing.create_message_id,
    names.STATUS_LIST: listing.status_list,
    names.NEXT_STATUS_LIST: listing.next_status_list,
    names.GET_MESSAGE: fetching.get_message,
    names.NEXT_MESSAGE: fetching.next_message,
    names.CLOSE: fetching.close,
}


class Conversation:
    """Takes a request's bytes with `feed`, then answers with `finish`; a `PartHandler` for its own package.

    `action` and `message_id` are known once the envelope was read, so that a fault can name them too.
    """

    def __init__(self, counter: Counter, caller: Caller, content_type: str, soap_action: str, length: int) -> None:
        self._counter, self._caller, self._length = counter, caller, length
        self._type = mime.read_content_type(content_type)
        self._soap_action = soap_action.strip().strip('"')
        self._start = mime.content_id(self._type.parameters.get("start", ""))
        self._root, self._in_root = bytearray(), False
        self._taken = 0
        self._early: list[tuple[Mapping[str, str], bytearray]] = []
        self._request: soap.Soap | None = None
        self._operation: Operation | None = None
        self._intake: receiving.Intake | None = None
        self._reader: MultipartReader | None = None
        if self._type.media == "multipart/related":
            self._reader = MultipartReader(self._type.parameters.get("boundary", ""), self)

    @property
    def action(self) -> str:
        return self._operation.action if self._operation else _FAULT_ACTION

    @property
    def message_id(self) -> str:
        return self._request.message_id if self._request else ""

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises: XtaFault, SoapFault."""
        self._taken += len(data)
        if self._taken > self._counter.receive_limit + soap.ENVELOPE_LIMIT:
            raise XtaFault("9023", "Die Anfrage ist größer als jede, die hier angenommen wird.")
        if self._reader is not None:
            self._reader.feed(data)
        else:
            self._collect(data)

    def finish(self) -> Package:
        """The request is complete: do what it asks and return the answer. Raises: XtaFault, SoapFault."""
        if self._reader is not None:
            self._reader.close()
        elif self._request is None:
            self._opened(self._type)
        if self._request is None or self._operation is None:
            raise XtaFault("9022", "Das MIME-Paket enthält den Teil nicht, den start nennt.")
        if self._intake is not None:
            return self._compose(self._intake.finish())
        return self._compose(_HANDLERS[self._operation](self._counter, self._caller, self._request))

    def abort(self) -> None:
        """The request will not be completed."""
        if self._intake is not None:
            self._intake.abort()
            self._intake = None

    def begin(self, headers: Mapping[str, str]) -> None:
        identity = mime.content_id(headers.get("content-id", ""))
        self._in_root = self._request is None and (identity == self._start if self._start else not self._early)
        if self._in_root:
            self._type = _joined(self._type, mime.read_content_type(headers.get("content-type", "")))
        elif self._request is None:
            self._early.append((headers, bytearray()))
        elif self._intake is not None:
            self._intake.begin(headers)

    def data(self, data: bytes) -> None:
        if self._in_root:
            self._collect(data)
        elif self._request is None:
            self._early[-1][1].extend(data)
            if sum(len(held) for _, held in self._early) > _EARLY_LIMIT:
                raise XtaFault("9022", "Der SOAP-Envelope muss der erste Teil des MIME-Pakets sein.")
        elif self._intake is not None:
            self._intake.data(data)

    def end(self) -> None:
        if self._in_root:
            self._in_root = False
            self._opened(self._type)
            self._replay()
        elif self._intake is not None:
            self._intake.end()

    def _collect(self, data: bytes) -> None:
        self._root += data
        if len(self._root) > soap.ENVELOPE_LIMIT:
            raise XtaFault(
                "9023", f"Der SOAP-Envelope ist größer als {soap.ENVELOPE_LIMIT} Byte; bitte MTOM verwenden."
            )

    def _opened(self, content_type: ContentType) -> None:
        self._request = soap.read(bytes(self._root))
        self._root.clear()
        action = self._request.action or _action(content_type) or self._soap_action
        self._operation = names.BY_ACTION.get(action)
        if self._operation is None:
            raise SoapFault(
                "Sender", f"Die Aktion {action[:200]!r} gibt es hier nicht.", subcode=(names.WSA, "ActionNotSupported")
            )
        if self._operation is names.SEND_MESSAGE_SYNC:
            raise XtaFault("9080", "Nachrichten werden nur asynchron angenommen; bitte sendMessage verwenden.")
        if self._operation is names.SEND_MESSAGE:
            if self._length > self._counter.receive_limit:
                raise XtaFault("9023", f"Die Nachricht ist größer als {self._counter.receive_limit} Byte.")
            self._intake = receiving.Intake(self._counter, self._caller, self._request)
            self._intake.open()

    def _replay(self) -> None:
        """Hand on the parts that came before the envelope."""
        early, self._early = self._early, []
        for headers, held in early:
            if self._intake is not None:
                self._intake.begin(headers)
                self._intake.data(bytes(held))
                self._intake.end()

    def _compose(self, reply: Reply) -> Package:
        root = soap.write(
            reply.payload,
            action=self.action,
            message_id=f"urn:uuid:{self._counter.new_id()}",
            relates_to=self.message_id,
            blocks=reply.blocks,
        )
        if not reply.parts:
            return mime.plain(root, self.action)
        token = self._counter.new_id()
        return mime.package(
            root, reply.parts, boundary=f"MIME_{token.hex}", root_id=f"root.{token}@bauweiche", action=self.action
        )


def fault_package(counter: Counter, fault: XtaFault | SoapFault, action: str, relates_to: str) -> Package:
    """Return a fault as a plain SOAP answer."""
    blocks = () if fault.header is None else (fault.header,)
    # a fault of SOAP itself, or before the request was read, has the action that WS-Addressing gives it
    named = _FAULT_ACTION if isinstance(fault, SoapFault) or not action else action
    root = soap.write(
        faults.render(fault),
        action=named,
        message_id=f"urn:uuid:{counter.new_id()}",
        relates_to=relates_to,
        blocks=blocks,
    )
    return mime.plain(root, named)


def _action(content_type: ContentType) -> str:
    """Return the action named in a content type: directly, in start-info, or in the root part's type parameter."""
    for name in ("start-info", "type"):
        inner = mime.read_content_type(content_type.parameters.get(name, "")).parameters.get("action", "")
        if inner:
            return inner
    return content_type.parameters.get("action", "")


def _joined(outer: ContentType, inner: ContentType) -> ContentType:
    """Return the package's content type with the root part's parameters where the package has none itself."""
    action = _action(outer) or _action(inner)
    return ContentType(outer.media, {**outer.parameters, **({"action": action} if action else {})})

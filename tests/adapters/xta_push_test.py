"""The push against a strict XTA server: what it sends, what it remembers, and what every trouble means."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import pytest

from adapters.xta_push import ID, SENT, Settings, XtaPush, outcomes, plugin
from adapters.xta_push.outcomes import FAULTS, STATUS
from adapters.xta_wire.faults import NUMBERS
from gateway.adapter import ClearContent, Envelope, Outcome, Refused, Unconfirmed, Unreachable
from gateway.adapter_contract.samples import Ledger, again, clear_sample, sample_envelope
from gateway.domain.errors import DeliveryError
from tests.kit import xta_official
from tests.kit.xta_reference_server import NS, Cut, Fault, Http, ReferenceServer, Stall, Trouble
from tests.kit.xta_sides import FakeLink
from tests.kit.xta_tls import NOWHERE, Pki, make_pki, serving

pytestmark = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)

KINDS = {Refused: "delivery-refused", Unreachable: "delivery-unreachable", Unconfirmed: "delivery-unconfirmed"}


@dataclass
class Setting:
    server: ReferenceServer
    pki: Pki
    port: int
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.link = FakeLink(self.pki, self.pki.authority)

    def adapter(self, *, port: int = 0, patience: float = 20, manifest: bool = False) -> XtaPush:
        # the name resolves nowhere: only the pinned address can be reached, and TLS still checks the name
        base = f"https://{NOWHERE}:{port or self.port}/GovGateway211/"
        settings = Settings(
            management_url=base + "mgmt211", send_url=base + "send211", patience=patience, manifest=manifest
        )
        return XtaPush(settings, self.link)

    def envelope(self, *, sizes: tuple[int, ...] = (2_000, 150_000), protection: str = "transport") -> Envelope:
        return sample_envelope(1, sizes=sizes, protection=protection, ledger=self.ledger)

    def retry(self, envelope: Envelope) -> Envelope:
        return again(envelope, self.ledger)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def served(pki: Pki) -> Iterator[tuple[ReferenceServer, int]]:
    server = ReferenceServer()
    with serving(server, pki, anchors=pki.anchors) as port:
        yield server, port


@pytest.fixture
def setting(pki: Pki, served: tuple[ReferenceServer, int]) -> Iterator[Setting]:
    server, port = served
    server.reset()
    made = Setting(server, pki, port)
    yield made
    assert server.complaints == []


def failure(adapter: XtaPush, envelope: Envelope) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        adapter.deliver(envelope)
    assert caught.value.code.name == KINDS[type(caught.value)]
    assert caught.value.reason.endswith(".")
    return caught.value


def test_a_message_arrives_whole_and_valid(setting: Setting) -> None:
    envelope = setting.envelope(sizes=(0, 1, 3_000_000))
    handover = setting.adapter().deliver(envelope)
    assert (handover.outcome, handover.reference) == (Outcome.HANDED_OVER, setting.server.issued[0])
    assert setting.server.calls == ["CreateMessageID", "SendMessage", "GetTransportReport"]
    (arrived,) = setting.server.arrived
    content = envelope.clear()
    sent = [content.message, *content.attachments]
    assert arrived.digests == [part.sha256 for part in sent]
    attachments = arrived.container.findall(".//x:Attachment", NS)
    assert [node.get("id") for node in attachments] == [part.identity for part in sent[1:]]
    assert [node.get("filename") for node in attachments] == [part.file_name for part in sent[1:]]
    order = arrived.order
    assert order.findtext("m:Qualifier/m:Service", namespaces=NS) == envelope.service_uri
    assert order.findtext("m:Qualifier/m:BusinessScenario/m:Defined/code", namespaces=NS) == "XBAU_DATA"
    assert order.findtext("m:Qualifier/m:MessageType/code", namespaces=NS) == envelope.root
    assert order.xpath("string(//m:MessageType/@payloadSchema)", namespaces=NS) == envelope.namespace
    assert order.findtext("m:MsgSize", namespaces=NS) == str(sum(part.size for part in sent))
    assert order.get("TestMsg") == "true"
    assert order.findtext("m:Originators/m:Author/m:Identifier", namespaces=NS) == envelope.sender
    assert order.findtext("m:Destinations/m:Reader/m:Identifier", namespaces=NS) == envelope.addressee


def test_contents_with_line_ends_at_their_edges_arrive_unchanged(setting: Setting) -> None:
    envelope = setting.envelope()
    hostile = (b"\r\n", b"\r\n--MIME_\r\n", b"\n" * 70_000 + b"\r\n--")

    def clear() -> ClearContent:
        parts = clear_sample(envelope.message_id, [1] * len(hostile)).attachments
        made = tuple(
            replace(part, size=len(data), sha256=hashlib.sha256(data).hexdigest(), chunks=partial(iter, (data,)))
            for part, data in zip(parts, hostile, strict=True)
        )
        return replace(clear_sample(envelope.message_id, []), attachments=made)

    setting.adapter().deliver(replace(envelope, clear=clear))
    assert setting.server.arrived[0].digests[1:] == [hashlib.sha256(data).hexdigest() for data in hostile]


def test_end_to_end_sends_encrypted_data_with_the_manifest_inside(setting: Setting) -> None:
    setting.adapter().deliver(setting.envelope(protection="end_to_end"))
    (arrived,) = setting.server.arrived
    data = arrived.container.find("e:EncryptedData", NS)
    assert data is not None
    assert data.get("Type") == "http://www.w3.org/2001/04/xmlenc#Element"
    algorithm = data.xpath("string(e:EncryptionMethod/@Algorithm)", namespaces=NS)
    assert algorithm == "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    key = data.findtext(".//e:EncryptedKey//e:CipherValue", namespaces=NS)
    assert len(base64.b64decode(key or "")) == 32
    assert len(arrived.digests) == 1


def test_the_manifest_rides_along_in_clear_only_when_asked(setting: Setting) -> None:
    setting.adapter(manifest=True).deliver(setting.envelope())
    (arrived,) = setting.server.arrived
    assert arrived.container.findall(".//x:Attachment", NS)[-1].get("filename") == "manifest.xml"


def test_answers_packed_as_multipart_with_another_part_first_are_read(setting: Setting) -> None:
    setting.server.multipart_answers = True
    assert setting.adapter().deliver(setting.envelope()).outcome is Outcome.HANDED_OVER


@pytest.mark.parametrize(
    ("status", "outcome"), [(0, Outcome.AVAILABLE), (1, Outcome.HANDED_OVER), (2, Outcome.HANDED_OVER)]
)
def test_the_report_says_how_far_it_got(setting: Setting, status: int, outcome: Outcome) -> None:
    setting.server.status = status
    assert setting.adapter().deliver(setting.envelope()).outcome is outcome


def test_an_open_report_is_watched_to_its_end(setting: Setting) -> None:
    setting.server.status = 0
    adapter, envelope = setting.adapter(), setting.envelope()
    adapter.deliver(envelope)
    assert not adapter.look(envelope.message_id, setting.ledger.state).taken
    setting.server.status = 2
    seen = adapter.look(envelope.message_id, setting.ledger.state)
    assert (seen.taken, seen.at, seen.note) == (True, datetime(2026, 11, 20, 9, tzinfo=UTC), "Zustellung gescheitert")
    setting.server.status = 3
    seen = adapter.look(envelope.message_id, setting.ledger.state)
    assert (seen.taken, seen.refused) == (False, "Zustellung gescheitert")


def test_a_look_that_sees_nothing_says_so(setting: Setting) -> None:
    adapter, envelope = setting.adapter(), setting.envelope()
    for state in ({}, {ID: "urn:unknown"}):
        with pytest.raises(Unreachable):
            adapter.look(envelope.message_id, state)


def test_a_red_report_is_refused_with_their_words(setting: Setting) -> None:
    setting.server.status = 3
    error = failure(setting.adapter(), setting.envelope())
    assert isinstance(error, Refused)
    assert "Zustellung gescheitert" in error.reason


def test_the_id_is_noted_before_anything_is_sent_and_never_changes(setting: Setting) -> None:
    envelope = setting.envelope()
    setting.server.plan = {"SendMessage": [Cut(read=1), Fault("XTAWSTechnicalProblemException", "9030")]}
    adapter = setting.adapter()
    failure(adapter, envelope)
    noted = dict(setting.ledger.state)
    assert (noted[ID], noted[SENT]) == (setting.server.issued[0], "true")
    failure(adapter, setting.retry(envelope))
    adapter.deliver(setting.retry(envelope))
    assert setting.ledger.state == noted
    assert len(setting.server.issued) == 1
    assert setting.server.calls == [
        "CreateMessageID", "SendMessage",
        "GetTransportReport", "SendMessage",
        "GetTransportReport", "SendMessage", "GetTransportReport",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "loss",
    [
        Cut(after=True),
        Stall(after=True),
        Http(500, after=True),
        Fault("XTAWSTechnicalProblemException", "9030", after=True),
    ],
)
def test_an_answer_lost_after_delivery_is_unconfirmed_and_the_repeat_sends_nothing(
    setting: Setting, loss: Trouble
) -> None:
    envelope = setting.envelope()
    setting.server.plan = {"SendMessage": [loss]}
    assert isinstance(failure(setting.adapter(patience=0.3), envelope), Unconfirmed)
    assert setting.adapter().deliver(setting.retry(envelope)).outcome is Outcome.HANDED_OVER
    assert setting.server.calls.count("SendMessage") == 1
    assert len(setting.server.arrived) == 1


def test_an_id_that_was_taken_before_counts_as_delivered(setting: Setting) -> None:
    envelope = setting.envelope()
    setting.adapter().deliver(envelope)
    # the report could not be had at first, so the message is sent again: the server knows better
    setting.server.plan = {"GetTransportReport": [Fault("InvalidMessageIDException", "9070")]}
    handover = setting.adapter().deliver(setting.retry(envelope))
    assert handover.outcome is Outcome.HANDED_OVER
    assert len(setting.server.arrived) == 1


def test_an_id_taken_for_something_unknown_is_refused(setting: Setting) -> None:
    setting.server.plan = {"SendMessage": [Fault("ParameterIsNotValidException", "9024")]}
    assert isinstance(failure(setting.adapter(), setting.envelope()), Refused)


def test_when_the_earlier_attempt_cannot_be_asked_about_nothing_is_sent(setting: Setting) -> None:
    envelope = setting.envelope()
    setting.server.plan = {"SendMessage": [Cut(after=True)], "GetTransportReport": [Http(503)]}
    failure(setting.adapter(), envelope)
    assert isinstance(failure(setting.adapter(), setting.retry(envelope)), Unconfirmed)
    assert setting.server.calls.count("SendMessage") == 1


@pytest.mark.parametrize(
    "trouble", [Http(503), Cut(), Fault("XTAWSTechnicalProblemException", "9030"), Http(200, b"{}", "application/json")]
)
def test_a_report_that_fails_right_after_sending_leaves_the_message_available(
    setting: Setting, trouble: Trouble
) -> None:
    setting.server.plan = {"GetTransportReport": [trouble]}
    envelope = setting.envelope()
    if isinstance(trouble, Fault):
        setting.server.status = 0
    assert setting.adapter().deliver(envelope).outcome is Outcome.AVAILABLE
    setting.server.status = 1
    assert setting.adapter().look(envelope.message_id, setting.ledger.state).taken


# ---- the table, row by row ---------------------------------------------------------------------------------------


def test_the_table_names_every_number_there_is() -> None:
    assert set(FAULTS) == set(NUMBERS)


@pytest.mark.parametrize("code", sorted(set(FAULTS) - {"9024"}))
def test_a_fault_of_send_message_means_what_the_table_says(setting: Setting, code: str) -> None:
    setting.server.plan = {"SendMessage": [Fault(NUMBERS[code].exception, code)]}
    error = failure(setting.adapter(), setting.envelope())
    assert type(error) is FAULTS[code]
    assert code in error.reason


@pytest.mark.parametrize("status", [*sorted(STATUS), 302, 418, 599])
def test_an_http_answer_without_soap_means_what_the_table_says(setting: Setting, status: int) -> None:
    setting.server.plan = {"SendMessage": [Http(status, location="https://localhost/elsewhere")]}
    expected = STATUS.get(status, Unreachable if status < 500 else Unconfirmed)
    assert type(failure(setting.adapter(), setting.envelope())) is expected


@pytest.mark.parametrize(
    "garbage",
    [
        Http(200, b"", "application/soap+xml"),
        Http(200, b"no xml", "application/soap+xml"),
        Http(200, b"<!DOCTYPE a><a/>", "application/soap+xml"),
        Http(200, b"<html/>", "application/soap+xml"),
        Http(200, b"--x\r\n", 'multipart/related; boundary="edge"'),
        Http(200, b"x" * 5_000_001, "application/soap+xml"),
        Http(200, b"ok", "text/plain"),
        Cut(after=True),
    ],
)
def test_garbage_for_an_answer_is_unconfirmed(setting: Setting, garbage: Http | Cut) -> None:
    setting.server.plan = {"SendMessage": [garbage]}
    assert isinstance(failure(setting.adapter(), setting.envelope()), Unconfirmed)


@pytest.mark.parametrize(
    "trouble",
    [
        Cut(),
        Http(500),
        Http(200, b"x", "application/soap+xml"),
        Fault("XTAWSTechnicalProblemException", "9030"),
        Stall(after=False),
    ],
)
def test_trouble_while_asking_for_an_id_is_unreachable(setting: Setting, trouble: Trouble) -> None:
    setting.server.plan = {"CreateMessageID": [trouble]}
    assert isinstance(failure(setting.adapter(patience=0.3), setting.envelope()), Unreachable)
    assert "SendMessage" not in setting.server.calls


def test_a_locked_account_is_refused_before_anything_is_sent(setting: Setting) -> None:
    setting.server.plan = {"CreateMessageID": [Fault("PermissionDeniedException", "9011")]}
    assert isinstance(failure(setting.adapter(), setting.envelope()), Refused)


def test_a_cut_in_the_middle_of_the_upload_is_known_to_have_delivered_nothing(setting: Setting) -> None:
    setting.server.plan = {"SendMessage": [Cut(read=200_000)]}
    envelope = setting.envelope(sizes=(20_000_000,))
    error = failure(setting.adapter(), envelope)
    assert isinstance(error, (Unreachable, Unconfirmed))
    assert setting.server.arrived == []
    assert setting.adapter().deliver(setting.retry(envelope)).outcome is Outcome.HANDED_OVER


# ---- the way there -----------------------------------------------------------------------------------------------


def test_a_refused_connection_is_unreachable(setting: Setting) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = failure(setting.adapter(port=closed.getsockname()[1]), setting.envelope())
    assert isinstance(error, Unreachable)


def test_a_server_nobody_vouches_for_is_unreachable(setting: Setting) -> None:
    setting.link.believes = False
    error = failure(setting.adapter(), setting.envelope())
    assert isinstance(error, Unreachable)
    assert "TLS" in error.reason
    assert setting.server.calls == []


def test_a_server_that_does_not_want_our_certificate_is_unreachable(setting: Setting) -> None:
    setting.link.who = setting.pki.expired
    assert isinstance(failure(setting.adapter(), setting.envelope()), Unreachable)
    assert setting.server.calls == []


def test_every_address_is_asked_for_before_it_is_called(setting: Setting) -> None:
    setting.adapter().deliver(setting.envelope())
    ends = [url.rpartition("/")[2] for url in setting.link.asked]
    assert ends == ["mgmt211", "send211", "mgmt211"]


def test_a_message_over_the_agreed_size_is_refused_without_a_call(setting: Setting) -> None:
    error = failure(setting.adapter(), replace(setting.envelope(), size_limit=100_000))
    assert isinstance(error, Refused)
    assert setting.server.calls == []


def test_foreign_words_become_one_visible_line() -> None:
    assert outcomes.line("a\n\x1b[31mb\u202e  c..") == "a [31mb c"


def test_the_plugin_is_repeatable_and_carries_both_protections() -> None:
    assert plugin.repeatable
    assert plugin.protections == {"transport", "end_to_end"}

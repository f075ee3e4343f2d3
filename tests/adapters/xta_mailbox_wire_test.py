"""How requests may look and how faults do look: dispatch, headers, hostile XML, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.kit.xta_raw import XTA_ACTION, Answer, RawClient, author, envelope, multipart
from tests.kit.xta_setting import CLOSE, FETCH, LIST, NEXT_LIST, Setting, fault, fetch, judge, mailbox, sample, text
from tests.kit.xta_tls import Pki, make_pki

CHECK = XTA_ACTION + "CheckAccountActive"
CREATE = XTA_ACTION + "CreateMessageID"
LOOKUP = XTA_ACTION + "IsServiceAvailable"
PAGE = "<o:MsgBoxStatusListRequest/>"
SOAP = "application/soap+xml"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def setting(pki: Pki) -> Iterator[Setting]:
    with mailbox(pki) as served:
        served.desk.lay(sample())
        yield served


@pytest.fixture
def client(setting: Setting) -> Iterator[RawClient]:
    with setting.connected() as connected:
        yield connected


def listed(answer: Answer) -> bool:
    return answer.status == 200 and bool(text(judge(answer), "//o:MsgStatusList//a:MessageID"))


def test_a_list_may_be_asked_for_as_multipart(client: RawClient) -> None:
    kind, body = multipart(envelope(LIST, PAGE), action=LIST)
    assert listed(client.post(body, kind))
    assert listed(client.post(body, kind, chunked=13))
    assert listed(client.post(body, kind.replace("; ", ";"))), "no space after ;"
    assert listed(client.post(body.replace(b"Content-Id: ", b"content-id:"), kind)), "no space after :"
    assert listed(client.post(b"preamble\r\n" + body + b"\r\nepilogue", kind))


def test_the_envelope_may_come_second_when_start_names_it(client: RawClient) -> None:
    kind, body = multipart(b"early", (("root@x", envelope(LIST, PAGE)),), action=LIST)
    assert listed(client.post(body, kind.replace("rootpart*x@example.jaxws.sun.com", "root@x")))
    answer = client.post(body, kind.replace("rootpart*x@example.jaxws.sun.com", "nowhere@x"))
    assert fault(answer)[3] == "9022"


@pytest.mark.parametrize(
    ("root", "content_type", "header"),
    [
        (envelope("", PAGE), f'{SOAP};action="{LIST}"', ""),
        (envelope("", PAGE), f"{SOAP}; charset=utf-8; action={LIST}", ""),
        (envelope("", PAGE), SOAP, f'SOAPAction: "{LIST}"'),
        (envelope("", PAGE), SOAP, f"SOAPAction: {LIST}"),
        (envelope(LIST, PAGE), SOAP, 'SOAPAction: ""'),
        (envelope(LIST, PAGE), f'{SOAP}; action="{CLOSE}"', f"SOAPAction: {CLOSE}"),
        (envelope(LIST, PAGE, headers="<a:FaultTo><a:Address>urn:x</a:Address></a:FaultTo>"), SOAP, ""),
        (envelope(LIST, PAGE, headers='<q:Other xmlns:q="urn:q"/>'), SOAP, ""),
        (envelope(LIST, PAGE, message_id=""), SOAP, ""),
        (envelope(LIST, PAGE).decode().encode("utf-16"), f"{SOAP}; charset=utf-16", ""),
    ],
)
def test_the_action_decides_wherever_it_stands(client: RawClient, root: bytes, content_type: str, header: str) -> None:
    assert listed(client.post(root, content_type, headers=[header] if header else []))


def test_the_action_in_a_package_may_stand_in_start_info_or_in_the_root_part(client: RawClient) -> None:
    kind, body = multipart(envelope("", PAGE), action=LIST)
    assert listed(client.post(body, kind))
    assert listed(client.post(body, kind.partition("; start-info")[0]))


def test_equal_bodies_are_told_apart_by_their_action(client: RawClient) -> None:
    assert text(judge(client.post(envelope(CREATE), port="ManagementPort")), "//s:Body/a:MessageID")
    assert len(judge(client.post(envelope(CHECK), port="ManagementPort"))[1]) == 0
    next_page = '<o:MsgBoxGetNextRequest MsgBoxRequestID="1"/>'
    assert text(judge(client.post(envelope(NEXT_LIST, next_page))), "//o:MsgStatusList") == ""


def test_a_permission_fault_to_the_byte(client: RawClient) -> None:
    answer = client.post(envelope(LIST, PAGE, headers=author("bab:99999999"), message_id="urn:uuid:7"))
    own = text(judge(answer), "//a:MessageID")
    assert answer.status == 403
    assert answer.header("content-type") == f'application/soap+xml; charset=utf-8; action="{LIST}"'
    assert answer.body.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<s12:Envelope xmlns:s12="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:xta="http://xoev.de/transport/xta/211"><s12:Header>'
        f"<wsa:Action>{LIST}</wsa:Action><wsa:MessageID>{own}</wsa:MessageID><wsa:RelatesTo>urn:uuid:7</wsa:RelatesTo>"
        "</s12:Header><s12:Body><s12:Fault><s12:Code><s12:Value>s12:Sender</s12:Value></s12:Code>"
        '<s12:Reason><s12:Text xml:lang="de">Das Zertifikat darf nicht für bab:99999999 handeln.</s12:Text>'
        "</s12:Reason>"
        "<s12:Detail><xta:PermissionDeniedException>"
        '<xta:errorCode listURI="urn:de:xta:webservice:codeliste:fehlernummer" listVersionID="1.0">'
        "<code>9014</code><name>Zertifikat passt nicht zur Absenderkennung</name></xta:errorCode>"
        "</xta:PermissionDeniedException></s12:Detail></s12:Fault></s12:Body></s12:Envelope>"
    )


def test_an_unknown_action_is_a_fault_of_addressing(client: RawClient) -> None:
    answer = client.post(envelope("urn:nothing", PAGE))
    root = judge(answer)
    assert answer.status == 500
    assert text(root, "//s:Subcode/s:Value") == "wsa:ActionNotSupported"
    assert text(root, "//a:Action") == "http://www.w3.org/2005/08/addressing/fault"


def test_an_obligatory_header_block_that_is_unknown_is_not_passed_over(client: RawClient) -> None:
    block = '<q:Security xmlns:q="urn:q" s:mustUnderstand="true"/>'
    root = judge(client.post(envelope(LIST, PAGE, headers=block)))
    assert text(root, "//s:Fault/s:Code/s:Value") == "s12:MustUnderstand"
    assert text(root, "//s:NotUnderstood/@qname") == "q:Security"
    known = author("bab:05315000").replace("<m:Author>", '<m:Author s:mustUnderstand="1">')
    assert listed(client.post(envelope(LIST, PAGE, headers=known)))


def test_soap_1_1_is_told_the_right_version(client: RawClient) -> None:
    old = envelope(LIST, PAGE).replace(
        b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/"
    )
    root = judge(client.post(old, "text/xml"))
    assert text(root, "//s:Fault/s:Code/s:Value") == "s12:VersionMismatch"
    assert text(root, "//s:SupportedEnvelope/@qname") == "s12:Envelope"


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"{}",
        b"<html/>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + envelope(LIST, PAGE),
        envelope(LIST, PAGE)[:-5],
        b"<?php x?>" + envelope(LIST, PAGE),
        envelope(LIST, "<a>" * 100 + "</a>" * 100),
        envelope(LIST, "<a " + " ".join(f'b{n}=""' for n in range(100)) + "/>"),
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>',
    ],
)
def test_hostile_xml_is_refused_with_a_typed_fault(client: RawClient, hostile: bytes) -> None:
    assert fault(client.post(hostile)) == (500, "s12:Sender", "ParameterIsNotValidException", "9022")


def test_an_envelope_that_is_too_large_is_refused_with_9023(client: RawClient) -> None:
    answer = client.post(envelope(LIST, PAGE + " " * 10_000_001))
    assert fault(answer)[3] == "9023"


def test_a_package_that_never_ends_is_given_up(client: RawClient) -> None:
    kind, body = multipart(envelope(LIST, PAGE), (("unasked@x", bytes(14_000_000)),), action=LIST)
    assert fault(client.post(body, kind, chunked=1_000_000))[3] == "9023"


@pytest.mark.parametrize("break_it", ["boundary", "encoding", "padding", "many"])
def test_a_broken_package_is_refused_with_a_typed_fault(client: RawClient, break_it: str) -> None:
    kind, body = multipart(envelope(LIST, PAGE), [("a@x", b"1")] * (2_001 if break_it == "many" else 1), action=LIST)
    if break_it == "boundary":
        kind = kind.replace('boundary="uuid:b0"; ', "")
    if break_it == "encoding":
        body = body.replace(b"Content-Transfer-Encoding: binary", b"Content-Transfer-Encoding: base64")
    if break_it == "padding":
        body = body.replace(b"--uuid:b0\r\nContent-Id: <a@x>", b"--uuid:b0x\r\nContent-Id: <a@x>")
    assert fault(client.post(body, kind))[3] == "9022"


def test_other_paths_and_methods_get_soap_faults_too(client: RawClient) -> None:
    answer = client.post(envelope(LIST, PAGE), port="admin")
    assert (answer.status, text(judge(answer), "//s:Fault/s:Code/s:Value")) == (404, "s12:Sender")
    answer = client.post(b"", method="GET")
    assert (answer.status, text(judge(answer), "//s:Fault/s:Code/s:Value")) == (405, "s12:Sender")
    assert listed(client.post(envelope(LIST, PAGE), port="msgboxport/"))


def test_lookup_says_what_the_gateway_takes(client: RawClient) -> None:
    def ask(service: str) -> Answer:
        reader = '<m:Reader><m:Identifier type="xoev">bap:05</m:Identifier></m:Reader>'
        query = f"<x:LookupService>{reader}<x:ServiceType>{service}</x:ServiceType></x:LookupService>"
        listed = f"<x:LookupServiceRequestList>{query}</x:LookupServiceRequestList>"
        body = f"<x:LookupServiceRequest>{listed}</x:LookupServiceRequest>"
        return client.post(envelope(LOOKUP, body), port="ManagementPort")

    taken = "http://www.xleitstelle.de/xbau/2/6/XBau26-BAB2BH.wsdl"
    assert text(judge(ask(taken)), "//x:ServiceIsAvailable") == "true"
    assert text(judge(ask("http://example.org/other.wsdl")), "//x:ServiceIsAvailable") == "false"
    assert fault(ask("not a uri"))[2:] == ("ParameterIsNotValidException", "9021")
    empty = client.post(envelope(LOOKUP, "<x:LookupServiceRequest/>"), port="ManagementPort")
    assert fault(empty)[2:] == ("ParameterIsNotValidException", "9020")


def test_an_unreadable_desk_is_9030(setting: Setting) -> None:
    with mailbox(setting.pki) as served:
        served.desk.broken = RuntimeError("no database")
        assert fault(served.ask(CHECK)) == (500, "s12:Receiver", "XTAWSTechnicalProblemException", "9030")


def test_a_caller_who_hangs_up_during_a_download_does_not_hold_the_server(setting: Setting) -> None:
    message = replace(sample(7, sizes=(50_000_000,)))
    setting.desk.lay(message)
    with setting.connected() as client:
        client.begin(SOAP, len(body := envelope(FETCH, fetch(message.message_id))))
        client.socket.sendall(body)
        client.socket.recv(1000)
    assert setting.ask(CHECK).status == 200

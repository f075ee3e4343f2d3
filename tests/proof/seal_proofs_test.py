"""Tools that are not ours open and verify what the gateway seals."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.seal.cipher import unseal
from gateway.seal.index import MANIFEST_FILE
from tests.kit.envelopes import MESSAGE, Made, make_envelope
from tests.kit.keys import authority_keys, certificate_pem, gateway_signer, private_pem

HERE = Path(__file__).parent


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, cwd=cwd, check=False)


def signed_manifest(folder: Path, signer_kind: str = "ec") -> tuple[Path, Path]:
    signer = gateway_signer(signer_kind)
    made = make_envelope(folder / "umschlag", signer=signer)
    manifest, certificate = folder / "manifest.xml", folder / "gateway.pem"
    manifest.write_bytes(unseal((made.folder / MANIFEST_FILE).read_bytes(), made.content_key))
    certificate.write_bytes(certificate_pem(signer.certificate))
    return manifest, certificate


def tamper(manifest: Path) -> None:
    data = manifest.read_bytes()
    assert b"file_drop:bonn" in data
    manifest.write_bytes(data.replace(b"file_drop:bonn", b"file_drop:born"))


def xmlsec_verify(manifest: Path, certificate: Path) -> subprocess.CompletedProcess[str]:
    ids = ("--id-attr:Id", "SignedProperties", "--id-attr:Id", "KeyInfo")
    return run("xmlsec1", "--verify", "--trusted-pem", certificate, *ids, manifest)


@needs("xmlsec1")
@pytest.mark.parametrize("kind", ["ec", "ec-p384", "ec-p521", "ec-brainpool"])
def test_xmlsec1_confirms_all_three_references_of_our_signature(tmp_path: Path, kind: str) -> None:
    manifest, certificate = signed_manifest(tmp_path, kind)
    result = xmlsec_verify(manifest, certificate)
    assert result.returncode == 0, result.stderr
    assert "SignedInfo References (ok/all): 3/3" in result.stdout + result.stderr


@needs("xmlsec1")
def test_xmlsec1_rejects_a_manifest_with_one_changed_letter(tmp_path: Path) -> None:
    manifest, certificate = signed_manifest(tmp_path)
    tamper(manifest)
    assert xmlsec_verify(manifest, certificate).returncode != 0


@needs("java")
def test_java_confirms_our_signature_and_rejects_a_changed_one(tmp_path: Path) -> None:
    manifest, certificate = signed_manifest(tmp_path)
    result = run("java", HERE / "VerifySignature.java", manifest, certificate)
    assert result.stdout.strip() == "valid 3/3", result.stderr
    tamper(manifest)
    result = run("java", HERE / "VerifySignature.java", manifest, certificate)
    assert result.stdout.strip() == "invalid 2/3", result.stderr


def opened_right(made: Made, target: Path) -> None:
    assert (target / "part-0001.plain").read_bytes() == MESSAGE
    for number, data in enumerate(made.attachments, 2):
        assert (target / f"part-{number:04d}.plain").read_bytes() == data
    assert (target / "manifest.plain").read_bytes().endswith(b"</manifest>")


def sealed_for(tmp_path: Path, kind: str) -> tuple[Made, Path, Path]:
    key, certificate = authority_keys(kind)
    made = make_envelope(tmp_path / "umschlag", certificate=certificate)
    key_file, target = tmp_path / "key.pem", tmp_path / "klar"
    key_file.write_bytes(private_pem(key))
    target.mkdir()
    return made, key_file, target


@needs("java")
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_java_opens_an_envelope_with_nothing_but_the_jdk(tmp_path: Path, kind: str) -> None:
    made, key_file, target = sealed_for(tmp_path, kind)
    result = run("java", HERE / "OpenEnvelope.java", made.folder, key_file, target)
    assert result.returncode == 0, result.stderr
    opened_right(made, target)


@pytest.mark.parametrize("kind", ["ec", "ec-p384", "ec-p521", "ec-brainpool", "rsa"])
def test_a_program_that_knows_only_the_published_algorithms_opens_an_envelope(tmp_path: Path, kind: str) -> None:
    made, key_file, target = sealed_for(tmp_path, kind)
    result = run(sys.executable, "-I", HERE / "independent_open.py", made.folder, key_file, target)
    assert result.returncode == 0, result.stderr
    opened_right(made, target)


def test_the_independent_program_imports_nothing_of_ours() -> None:
    text = (HERE / "independent_open.py").read_text()
    assert "import gateway" not in text
    assert "from gateway" not in text


@needs("xmlsec1")
@needs("openssl")
def test_openssl_and_xmlsec1_open_the_envelope_as_it_lies_in_the_folder(tmp_path: Path) -> None:
    made, key_file, target = sealed_for(tmp_path, "rsa")
    envelope = (made.folder / "envelope.xml").read_text()
    (target / "key.b64").write_text(envelope.split("<xenc:CipherValue>")[1].split("<")[0])
    run("openssl", "base64", "-d", "-A", "-in", target / "key.b64", "-out", target / "key.enc")
    oaep = ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256")
    options = [word for option in oaep for word in ("-pkeyopt", option)]
    run("openssl", "pkeyutl", "-decrypt", "-inkey", key_file, *options, "-in", target / "key.enc",
        "-out", target / "key.bin")  # fmt: skip
    assert (target / "key.bin").read_bytes() == made.content_key
    # --enabled-key-data: the key is given by hand, nobody need look for the wrapped one
    node = ("--id-attr:Id", "EncryptedData", "--node-id", "part-0002")
    given = ("--aeskey", target / "key.bin", "--enabled-key-data", "key-name")
    result = run("xmlsec1", "--decrypt", *given, *node, "envelope.xml", cwd=made.folder)
    assert result.stdout.encode() == made.attachments[0], result.stderr

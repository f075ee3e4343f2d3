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


def commands(*blocks: str) -> str:
    """Return the shell blocks of the page for municipal IT, by the word after `sh`."""
    page = (HERE.parents[1] / "docs" / "umschlag.md").read_text()
    return "set -euo pipefail\n" + "".join(page.split(f"```sh {block}\n")[1].split("```")[0] for block in blocks)


@needs("xmlsec1")
@needs("openssl")
@needs("xxd")
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_the_commands_of_the_page_for_municipal_it_open_and_verify_an_envelope(tmp_path: Path, kind: str) -> None:
    made, key_file, _ = sealed_for(tmp_path, kind)
    work = Path(shutil.copytree(made.folder, tmp_path / "arbeit"))
    key_file.rename(work / "schluessel.pem")
    (work / "gateway.pem").write_bytes(certificate_pem(gateway_signer().certificate))
    script = commands(kind, "teil") + commands("teil").replace("manifest", "part-0002") + commands("signatur")
    result = run("bash", "-c", script, cwd=work)
    assert result.returncode == 0, result.stderr
    assert "(ok/all): 3/3" in result.stdout + result.stderr
    assert (work / "inhaltsschluessel.tmp").read_bytes() == made.content_key
    assert (work / "part-0002.xml").read_bytes() == made.attachments[0]

"""What others do with the same bytes: `openssl cms` seals the same files, signxml alone signs the same manifest.

Sealing: our pass (SHA-256 and AES-256-GCM, chunk by chunk, in Python) against `openssl cms -encrypt -aes-256-gcm`,
which hashes nothing; file to file, both ending with an fsync. Signing: the manifest as an authority gets it, built,
checked against its schema and signed, against the bare library on an element that was there before, unchecked.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.xades.xades import XAdESSigner

from bench.bare import BareFile
from bench.figures import Figure, ratios
from bench.site import Site, site
from gateway.domain.ids import MessageId, case_number, document_id
from gateway.seal.cipher import CHUNK, SealingPass
from gateway.seal.manifest import Manifest, SealedPart, manifest_element
from gateway.seal.sign import sign
from tests.kit.installation import WARENDORF

FILE_BYTES = 27_700_000
SIGNATURES = 100


def run(quick: bool) -> list[Figure]:
    """Seal and sign in turns."""
    rounds = 3 if quick else 9
    with (
        tempfile.TemporaryDirectory(prefix="bauweiche-bench-", dir=os.environ.get("BENCH_DIR")) as folder,
        site() as at,
    ):
        return [*_sealing(Path(folder), at, rounds), *_signing(at, rounds)]


def _sealing(folder: Path, where: Site, rounds: int) -> list[Figure]:
    plain, sealed = folder / "plan.pdf", folder / "sealed"
    plain.write_bytes(os.urandom(FILE_BYTES))
    recipient = folder / "recipient.pem"
    recipient.write_bytes(_certificate(where))
    openssl = ["openssl", "cms", "-encrypt", "-binary", "-stream", "-aes-256-gcm", "-outform", "DER"]
    command = [*openssl, "-in", str(plain), "-out", str(sealed), str(recipient)]

    def ours() -> None:
        sealing, target = SealingPass(secrets.token_bytes(32), secrets.token_bytes(12)), BareFile(sealed)
        target.write(sealing.nonce)
        with plain.open("rb", buffering=0) as source:
            while chunk := source.read(CHUNK):
                target.write(sealing.update(chunk))
        target.write(sealing.finish())
        target.commit()

    def theirs() -> None:
        subprocess.run(command, check=True, capture_output=True)
        descriptor = os.open(sealed, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    mine, others = _in_turns(ours, theirs, rounds, lambda: sealed.unlink())
    rates = [FILE_BYTES / 1e6 / seconds for seconds in mine], [FILE_BYTES / 1e6 / seconds for seconds in others]
    return [
        Figure("versiegeln", "eine Datei von 27,7 MB: Hash, Verschlüsselung, fsync", "MB/s", tuple(rates[0])),
        Figure("versiegeln.openssl", "dieselbe mit openssl cms (ohne Hash)", "MB/s", tuple(rates[1])),
        Figure("versiegeln.verhaeltnis", "Rate gegen openssl cms", "", ratios(*rates)),
    ]


def _certificate(where: Site) -> bytes:
    """Return the certificate of the authority that everything is sealed for."""
    with where.world.store.reading() as tx:
        (found, *_) = tx.certificates.of(WARENDORF, "encrypt")
    return found.public_bytes(Encoding.PEM)


def _signing(where: Site, rounds: int) -> list[Figure]:
    now = where.world.clock.now()
    signer = where.world.keyring.signer(now)
    manifest = _manifest(where)
    element = manifest_element(manifest)

    def ours() -> None:
        for _ in range(SIGNATURES):
            sign(manifest, signer, now)

    def theirs() -> None:
        for _ in range(SIGNATURES):
            engine = XAdESSigner(
                method=SignatureConstructionMethod.enveloped,
                signature_algorithm=SignatureMethod.ECDSA_SHA256,
                digest_algorithm=DigestAlgorithm.SHA256,
                c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
            )
            etree.tostring(engine.sign(deepcopy(element), key=signer.key, cert=[signer.certificate]))

    mine, others = _in_turns(ours, theirs, rounds, lambda: None)
    each = [1000 * seconds / SIGNATURES for seconds in mine], [1000 * seconds / SIGNATURES for seconds in others]
    return [
        Figure("signieren", "Inhaltsverzeichnis bauen, prüfen, signieren", "ms", tuple(each[0])),
        Figure("signieren.signxml", "dasselbe fertig gebaut, nur signxml", "ms", tuple(each[1])),
        Figure("signieren.verhaeltnis", "signxml allein gegen uns", "", ratios(each[1], each[0])),
    ]


def _manifest(where: Site) -> Manifest:
    digest = "0" * 64
    parts = [SealedPart("part-0000.bin", "message", 22_000, digest, media_type="text/xml")]
    parts += [
        SealedPart(
            f"part-{number:04d}.bin",
            "attachment",
            FILE_BYTES,
            digest,
            document_id=document_id(where.world.chance.uuid()),
        )
        for number in range(1, 9)
    ]
    return Manifest(
        message_id=MessageId(str(where.world.chance.uuid())),
        case_number=case_number(where.world.clock.now().year, where.world.chance.uuid()),
        addressee=WARENDORF,
        route="bab:05570000/05570012",
        release="2.6",
        procedure="baugenehmigung",
        created_at=where.world.clock.now(),
        test=False,
        parts=tuple(parts),
    )


def _in_turns(
    ours: Callable[[], None], theirs: Callable[[], None], rounds: int, between: Callable[[], object]
) -> tuple[list[float], list[float]]:
    """Return the seconds of each round, both run once beforehand."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for work, times in zip((ours, theirs), taken, strict=True):
            with suppress(FileNotFoundError):
                between()
            begun = time.perf_counter()
            work()
            if number:
                times.append(time.perf_counter() - begun)
    return taken

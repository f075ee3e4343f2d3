"""One SSH session as plain synchronous calls: its event loop runs only while a call waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import asyncssh
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.folder.shelf import ShelfError

T = TypeVar("T")

# BSI TR-02102-4 where asyncssh has it, and the hybrid key exchange of OpenSSH 9.9; no SHA-1, no CBC, no DSA
KEX = (
    "mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp521",
    "ecdh-sha2-nistp384", "ecdh-sha2-nistp256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
)  # fmt: skip
CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
HOST_KEYS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256",
)  # fmt: skip
LEAST_RSA_BITS = 3_072


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call: the pinned address, who we say we are, and what the host must prove.

    `pins` are SHA-256 fingerprints (`SHA256:…`), `algorithms` the host key algorithms to ask for, `patience` the
    seconds a single step may take.
    """

    address: str
    port: int
    user: str
    key: asyncssh.SSHKey
    pins: frozenset[str]
    algorithms: tuple[str, ...] = HOST_KEYS
    patience: float = 60.0


class Session:
    """An open SFTP session; files borrowed from it keep it open beyond `close`."""

    def __init__(self, target: Target) -> None:
        self._runner = asyncio.Runner()
        self._patience = target.patience
        self._borrowed = 0
        self._closing = False
        self._connection: asyncssh.SSHClientConnection | None = None
        try:
            self.client: asyncssh.SFTPClient = self.wait(self._connect(target))
        except BaseException:
            self._end()
            raise

    def wait(self, step: Awaitable[T]) -> T:
        """Run one step to its end; a step that takes too long ends in TimeoutError."""
        return self._runner.run(asyncio.wait_for(step, self._patience))

    def borrow(self) -> None:
        """Count a file that is read from this session."""
        self._borrowed += 1

    def give_back(self) -> None:
        """The opposite of `borrow`; the last one ends a session that was closed meanwhile."""
        self._borrowed -= 1
        if self._closing and not self._borrowed:
            self._end()

    def close(self) -> None:
        """End the session once nothing is borrowed from it."""
        self._closing = True
        if not self._borrowed:
            self._end()

    async def _connect(self, target: Target) -> asyncssh.SFTPClient:
        self._connection = await asyncssh.connect(
            target.address, target.port, username=target.user, client_keys=[target.key],
            client_factory=lambda: _PinnedHost(target.pins), known_hosts=([], [], []), config=None, agent_path=None,
            preferred_auth="publickey", password_auth=False, kbdint_auth=False, host_based_auth=False, gss_host=None,
            x509_trusted_certs=None, kex_algs=KEX, encryption_algs=CIPHERS, mac_algs=MACS, compression_algs=None,
            server_host_key_algs=list(target.algorithms), connect_timeout=target.patience,
            login_timeout=target.patience,
        )  # fmt: skip
        return await self._connection.start_sftp_client(path_errors="surrogateescape")

    def _end(self) -> None:
        """Leave nothing open; how the far side takes it does not matter any more."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
            with suppress(OSError, asyncssh.Error, TimeoutError):
                self._runner.run(asyncio.wait_for(connection.wait_closed(), 5))
        self._runner.close()


class _PinnedHost(asyncssh.SSHClient):
    """Accepts exactly the pinned host keys; asyncssh asks its client object, so it must be one."""

    def __init__(self, pins: frozenset[str]) -> None:
        self._pins = pins

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002  # asyncssh's signature
        """Say whether the key the host proved to own is one of the pinned ones, and strong enough."""
        return key.get_fingerprint("sha256") in self._pins and strong(key)


def strong(key: asyncssh.SSHKey) -> bool:
    """Say whether a key is of a size that may still be used: RSA from 3072 bits, the others by their kind."""
    if isinstance(key.pyca_key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        return key.pyca_key.key_size >= LEAST_RSA_BITS
    return key.get_algorithm() in HOST_KEYS


@contextmanager
def told() -> Iterator[None]:
    """Turn what asyncssh and the network raise into the shelf's error; a missing file passes as it is."""
    try:
        yield
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection) as error:
        raise ShelfError("Die SFTP-Verbindung ist abgebrochen.", "Es wird erneut versucht.", sure=False) from error
    except asyncssh.SFTPError as error:
        raise _said(error) from error
    except asyncssh.HostKeyNotVerifiable as error:
        raise ShelfError(
            "Der SFTP-Server weist sich mit einem anderen Hostschlüssel aus, als eingetragen ist.",
            "Bitte lassen Sie sich den neuen Schlüssel von der Behörde auf einem zweiten Weg bestätigen.",
        ) from error
    except asyncssh.PermissionDenied as error:
        raise ShelfError(
            "Der SFTP-Server lässt das Gateway mit seinem Schlüssel nicht herein.",
            "Bitte prüfen Sie Benutzername und hinterlegten öffentlichen Schlüssel beim Server.",
        ) from error
    except asyncssh.KeyExchangeFailed as error:
        raise ShelfError(
            "Der SFTP-Server bietet kein Verfahren an, das das Gateway noch zulässt.",
            "Bitte aktualisieren Sie den Server (BSI TR-02102-4: ECDH oder curve25519, AES-GCM, SHA-2).",
        ) from error
    except TimeoutError as error:
        raise ShelfError("Der SFTP-Server antwortet nicht mehr.", "Es wird erneut versucht.", sure=False) from error
    except ConnectionRefusedError as error:
        raise ShelfError("Am SFTP-Server nimmt niemand ab.", "Bitte prüfen Sie Adresse, Port und Firewall.") from error
    except (asyncssh.Error, OSError) as error:
        raise ShelfError("Die SFTP-Verbindung ist gestört.", "Es wird erneut versucht.", sure=False) from error


def _said(error: asyncssh.SFTPError) -> ShelfError:
    """Return what an SFTP status means, with the server's own words where there is no better sentence."""
    match error:
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            return ShelfError(
                "Das Gateway darf im SFTP-Ordner nicht schreiben oder lesen.", "Bitte prüfen Sie die Rechte."
            )
        case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
            return ShelfError("Auf dem SFTP-Server ist kein Platz mehr.", "Bitte schaffen Sie Platz.")
    words = "".join(char if char.isprintable() else " " for char in error.reason)[:200]
    return ShelfError(f"Der SFTP-Server meldet: {words}.", "Bitte prüfen Sie Ordner, Platz und Rechte auf dem Server.")

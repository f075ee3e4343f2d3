"""What the gateway lends an adapter: TLS contexts, pinned outgoing addresses, secrets, the time."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, Unreachable
from gateway.domain.ids import AuthorityKey
from gateway.edges.keyring import FolderKeyring
from gateway.ports import Clock, Store

Resolve = Callable[[str, int], Sequence[str]]

_SECRET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=3"
"""Forward secrecy and AEAD only; level 3 of OpenSSL refuses RSA below 3072 and EC below 256 bits, and SHA-1, in the
server's certificate and in its whole chain (BSI TR-02102-2)."""

_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset({"100.100.100.200", "168.63.129.16", "fd00:ec2::254"})
"""Where cloud machines tell their secrets to whoever asks; the well-known 169.254.169.254 is link-local anyway."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host as the system resolves it: those this machine can use, IPv4 first.

    One address is pinned, so there is no second try: a broken IPv6 route must not cost the delivery.

    Raises:
        Unreachable: the name does not resolve.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except OSError as error:
        raise Unreachable(codes.FAR_SIDE_UNREACHABLE, f"Der Rechner {host} ist nicht auflösbar.") from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GatewayLink:
    """The gateway's side of an adapter for one authority."""

    def __init__(
        self,
        store: Store,
        keyring: FolderKeyring,
        clock: Clock,
        secrets: Path,
        allowed_hosts: Sequence[str],
        authority: AuthorityKey,
        resolve: Resolve = resolve,
        author: tuple[str, str] = ("", ""),
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._secrets = secrets
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._authority = authority
        self._resolve = resolve
        self._author = author

    def tls(self, *, client: bool = True) -> ssl.SSLContext:
        """Return a TLS ≥ 1.2 client context that believes only the anchors held for this authority, else the system's.

        An anchor may be a root, an intermediate or the server's own certificate; expiry, purpose and host name are
        checked in any case, weak keys refused. With `client` it shows the gateway's certificate.
        """
        with self._store.reading() as tx:
            anchors = list(tx.certificates.of(self._authority, "tls-anchor"))
        # reading the system's anchors takes as long as all the rest of a small delivery
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if anchors else ssl.create_default_context()
        if anchors:
            pem = b"".join(anchor.public_bytes(Encoding.PEM) for anchor in anchors)
            context.load_verify_locations(cadata=pem.decode("ascii"))
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_SUITES)
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        if client:
            context.load_cert_chain(self._keyring.tls_file(self._clock.now()))
        return context

    def allow(self, url: str) -> str:
        """Return the pinned address for an outgoing https URL.

        Raises:
            ConfigurationError: ADDRESS_FORBIDDEN for anything but https to an allow-listed host by name.
        """
        try:
            parts = urlsplit(url)
            port = 443 if parts.port is None else parts.port
        except ValueError as error:
            raise _forbidden("Die Adresse ist nicht lesbar.") from error
        plain = url.isascii() and url.isprintable() and " " not in url
        if parts.scheme != "https" or "@" in parts.netloc or not plain:
            raise _forbidden("Erlaubt sind nur https-Adressen ohne Benutzernamen.")
        return self.allow_host(parts.hostname or "", port)

    def allow_host(self, host: str, port: int) -> str:
        """Return the pinned address of an allow-listed host.

        A public name that resolves to this machine, its link or a multicast address is refused, whatever the list says;
        loopback names (`localhost`) are allowed where the list names them, for rehearsals on one machine.

        Raises:
            ConfigurationError: ADDRESS_FORBIDDEN.
        """
        name = host.lower()
        if not _HOST.fullmatch(name) or not 0 < port < 65536:
            raise _forbidden("Der Rechnername ist ungültig.")
        if name not in self._allowed:
            raise _forbidden(f"Der Rechner {name} steht nicht auf der Liste erlaubter Gegenstellen (allow_hosts).")
        addresses = self._resolve(name, port)
        unfit = [address for address in addresses if name != "localhost" and not _is_reachable(address)]
        if unfit or not addresses:
            raise _forbidden(f"Der Rechner {name} zeigt auf eine gesperrte Adresse.")
        return addresses[0]

    def secret(self, name: str) -> bytes:
        """Return a secret file of the installation; only the owner may read it.

        Raises:
            ConfigurationError: no such secret, or others may read it.
        """
        if not _SECRET.fullmatch(name):
            raise ConfigurationError(codes.CONFIGURATION, f"Das Geheimnis „{name}“ ist nicht hinterlegt.")
        return read_secret(self._secrets / name)

    def author(self) -> tuple[str, str]:
        """Return the gateway's DVDV key and name."""
        return self._author

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return self._clock.now()


def read_secret(path: Path) -> bytes:
    """Return a secret file that only its owner may read.

    Raises:
        ConfigurationError: there is no such file, or others may read it.
    """
    if not path.is_file() or path.is_symlink():
        raise ConfigurationError(codes.CONFIGURATION, f"Das Geheimnis „{path.name}“ ist nicht hinterlegt.")
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(
            codes.CONFIGURATION, f"Das Geheimnis „{path.name}“ ist für andere lesbar (nötig: 0600)."
        )
    return path.read_bytes()


def _is_reachable(address: str) -> bool:
    """Tell whether an address leads to another machine; what an IPv6 address wraps (mapped, 6to4, NAT64) counts."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.teredo is not None:
            return False
        wrapped = parsed.ipv4_mapped or parsed.sixtofour or _translated(parsed)
        if wrapped is not None:
            return _is_reachable(str(wrapped))
    here = parsed.is_loopback or parsed.is_unspecified or parsed in _THIS_NETWORK
    aside = parsed.is_link_local or parsed.is_multicast or parsed.is_reserved or str(parsed) in _METADATA
    return not (here or aside)


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address behind a NAT64 address (RFC 6052, the well-known prefix)."""
    return ipaddress.IPv4Address(address.packed[12:]) if address in _NAT64 else None


def _forbidden(reason: str) -> ConfigurationError:
    return ConfigurationError(codes.ADDRESS_FORBIDDEN, reason, "Bitte die Adresse in der Anbindung berichtigen.")

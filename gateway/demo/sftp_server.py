"""The SFTP server of a simulated authority: chrooted, key login only, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

USER = "bauweiche"


@dataclass(frozen=True, slots=True)
class SftpServer:
    """Where it listens, its public host key, and the private key the gateway logs in with (OpenSSH format)."""

    port: int
    host_key: str
    client_key: bytes


class _Login(asyncssh.SSHServer):
    """Lets in one user with one key; asyncssh asks its server object, so it must be one."""

    def __init__(self, allowed: asyncssh.SSHKey) -> None:
        self._allowed = allowed

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  asyncssh's signature
        """Return True: nobody comes in without proving who they are."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Return True: keys are the only way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Say whether this is the gateway's key."""
        return username == USER and key == self._allowed


@contextmanager
def sftp_server(root: Path) -> Iterator[SftpServer]:
    """Serve a folder by SFTP on this machine until the block ends."""
    host, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sftp-authority", daemon=True)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=lambda: _Login(client.convert_to_public()), server_host_keys=[host],
            config=None, sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(root)),
        )  # fmt: skip

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield SftpServer(server.get_port(), host.export_public_key().decode().strip(), client.export_private_key())
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncssh.SSHAcceptor) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)

"""A chrooted SFTP server for tests, in a thread of its own: what an authority runs, and what can go wrong with it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from adapters.sftp import Settings
from gateway.adapter import Envelope
from gateway.adapter_contract import SampleLink, Stored, Trouble
from tests.kit.folder_side import FolderSide

USER = "bauweiche"


@dataclass(slots=True)
class Faults:
    """What the server does wrong next; each is used up when it happened."""

    cut_after: int = -1
    lose_rename_answer: bool = False
    hang: bool = False
    no_extensions: bool = False


class SftpSide:
    """The authority's SFTP server over a folder: the receiver fetches from the folder, the gateway logs in."""

    def __init__(self, root: Path, fetched: Path) -> None:
        self.root = root
        self.side = FolderSide(root / "eingang", fetched)
        self.side.folder.mkdir(parents=True)
        fetched.mkdir()
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.faults = Faults()
        self.options: dict[str, Any] = {}
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncssh.SSHAcceptor | None = None

    @contextmanager
    def running(self) -> Iterator[SftpSide]:
        self._thread.start()
        self.start()
        try:
            yield self
        finally:
            self.stop()
            self._do(_rest())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def start(self) -> None:
        self._server = self._do(self._listen())

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            self._do(_closed(server))

    def link(self) -> SampleLink:
        return SampleLink(secrets={"sftp-key": self.client_key.export_private_key()})

    def settings(self, **changes: Any) -> Settings:
        known = {
            "host": "sftp.bauamt.example", "port": self.port, "user": USER, "key": "sftp-key", "folder": "/eingang",
            "host_key": self.host_key.export_public_key().decode(),
        }  # fmt: skip
        return Settings(**(known | changes))

    def stored(self) -> Sequence[Stored]:
        return self.side.stored()

    def half(self) -> Sequence[str]:
        return self.side.half()

    def take(self, message_id: str) -> bool:
        return self.side.take(message_id)

    def restart(self) -> None:
        self.stop()
        self.start()

    def trouble(self, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object] | None:
        match kind:
            case Trouble.ABSENT:
                return self._absent()
            case Trouble.CUT:
                return self._once(cut_after=600_000)
            case Trouble.ANSWER_LOST:
                return self._once(lose_rename_answer=True)
            case Trouble.REFUSES:
                return self.side.trouble(kind, envelope)
        return None

    @contextmanager
    def _absent(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def _once(self, **faults: Any) -> Iterator[None]:
        self.faults = Faults(**faults)
        try:
            yield
            assert self.faults == Faults(), "the fault did not happen"
        finally:
            self.faults = Faults()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        side = self

        class Login(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                raise AssertionError("the gateway must never send a password")

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == USER and key == side.client_key.convert_to_public()

        server = await asyncssh.listen(
            "127.0.0.1", self.port, server_factory=Login, server_host_keys=[self.host_key], config=None,
            sftp_factory=lambda channel: _Files(channel, side), **self.options,
        )  # fmt: skip
        self.port = server.get_port()
        return server

    def _do(self, step: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(10)


class _Files(asyncssh.SFTPServer):
    """The folder, chrooted; asyncssh asks its own class for files."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], side: SftpSide) -> None:
        super().__init__(channel, chroot=os.fsencode(side.root))
        self._connection = channel.get_connection()
        self._side = side

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        faults = self._side.faults
        if faults.cut_after >= 0:
            faults.cut_after -= len(data)
            if faults.cut_after < 0:
                faults.cut_after = -1
                self._connection.abort()
        return super().write(file_obj, offset, data)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self._side.faults.no_extensions:
            raise asyncssh.SFTPOpUnsupported("not here")
        return self._renamed(super().posix_rename(oldpath, newpath), newpath)

    def fsync(self, file_obj: Any) -> Any:
        if self._side.faults.no_extensions:
            raise asyncssh.SFTPOpUnsupported("not here")
        return super().fsync(file_obj)

    async def _renamed(self, answer: Any, newpath: bytes) -> None:
        faults = self._side.faults
        final = not newpath.rpartition(b"/")[2].startswith(b".") and b"/." not in newpath
        if final and faults.hang:
            faults.hang = False
            await asyncio.sleep(2)
        if final and faults.lose_rename_answer:
            faults.lose_rename_answer = False
            self._connection.abort()


async def _closed(server: asyncssh.SSHAcceptor) -> None:
    server.close()
    await server.wait_closed()


async def _rest() -> None:
    """End what aborted connections left waiting."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)

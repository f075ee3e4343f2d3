"""The vault in an object store: ciphertext only, as `<case>/data/<part>.<token>` and pointers `<case>/parts/<part>`.

Any number of processes on any number of machines use one; a part that was committed is durable as the store promises.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO

import obstore

from gateway.domain.errors import SealError, SubmissionError
from gateway.edges.vault_names import NAME, absent, checked, erased
from gateway.edges.vault_s3_bucket import Bucket
from gateway.edges.vault_s3_faults import told
from gateway.edges.vault_s3_part import WINDOW, Pointer, S3Part, S3Reader, holds, read_pointer
from gateway.edges.vault_s3_uploads import Upload, Uploads

if TYPE_CHECKING:
    from obstore import ObjectMeta

_ERASE_ROUNDS = 10
_BEGUN = re.compile(r"\.([0-9]{1,11})-[^./]+$")


class S3Vault:
    """Keeps sealed parts as objects. While the store does not answer, every call raises DRAINING; nothing is lost."""

    def __init__(self, bucket: Bucket, now: Callable[[], datetime], token: Callable[[], str] | None = None) -> None:
        self._store = bucket.store()
        self._uploads = Uploads(bucket, now)
        self._now = now
        self._token = token or partial(secrets.token_hex, 12)

    def create(self, case: str, part: str) -> S3Part:
        """Return a writer for a part; the first of a name that is committed stands. Raises: ConfigurationError."""
        return S3Part(self._store, checked(case), checked(part), self._mark(), self._drop)

    def open(self, case: str, part: str) -> BinaryIO:
        """Return the sealed part, open for reading.

        Raises: SealError KEY_ERASED if the case is gone, SubmissionError NOT_FOUND if only this part is;
        ConfigurationError, also later from reading.
        """
        pointer = self._pointer(case, part)
        gone = partial(self._gone, case)
        raw = S3Reader(self._store, f"{case}/data/{pointer.object}", pointer.size, gone)
        return io.BufferedReader(raw, max(1, min(WINDOW, pointer.size)))

    def size(self, case: str, part: str) -> int:
        """Return the size of the sealed part in bytes; raises as `open` does."""
        return self._pointer(case, part).size

    def exists(self, case: str, part: str) -> bool:
        """Return whether the part is committed and whole. Raises: ConfigurationError."""
        try:
            return holds(self._store, f"{case}/data/", self._pointer(case, part))
        except (SealError, SubmissionError):
            return False

    def erase(self, case: str) -> int:
        """Remove every part of a case for good and return the bytes that freed; a case that is not there frees 0.

        Raises: ConfigurationError; what is left then goes with the next try.
        """
        freed = 0
        for _ in range(_ERASE_ROUNDS):
            found = self._listed(f"{checked(case)}/")
            if not found:
                break
            freed += sum(one["size"] for one in found if "/data/" in one["path"])
            self._delete([one["path"] for one in found])
        for upload in list(self._uploads.unfinished(f"{case}/")):
            self._uploads.abort(upload)
        return freed

    def sweep(self, known: Callable[[str], bool], older_than: datetime) -> int:
        """Remove what crashes left behind before `older_than`: unfinished uploads, objects that no pointer names, and
        cases that `known` denies.

        Returns how many; younger ones may still be under way and stay. Raises: ConfigurationError.
        """
        removed = 0
        for case, found in groupby(self._walk(), key=lambda one: one["path"].split("/", 1)[0]):
            objects = list(found)
            if not NAME.fullmatch(case):
                continue
            if all(_born(one["path"], one["last_modified"]) < older_than for one in objects) and not known(case):
                self.erase(case)
                removed += 1
            else:
                removed += self._drop_unnamed(case, objects, older_than)
        return removed + self._abort_uploads(older_than)

    def free_bytes(self) -> int | None:
        """Return None: an object store names no limit; that it is full is said when it refuses a write."""
        return None

    def _mark(self) -> str:
        """Return what tells this upload from all others, and when it began."""
        return f"{int(self._now().timestamp())}-{self._token()}"

    def _pointer(self, case: str, part: str) -> Pointer:
        found = read_pointer(self._store, f"{checked(case)}/parts/{checked(part)}")
        if found is None:
            raise self._gone(case)
        return found

    def _gone(self, case: str) -> SealError | SubmissionError:
        """Return what a part that is not there means: nothing at all is left of an erased case."""
        return absent() if self._listed(f"{case}/") else erased()

    def _listed(self, prefix: str) -> list[ObjectMeta]:
        with told():
            return [one for page in obstore.list(self._store, prefix=prefix) for one in page]

    def _walk(self) -> Iterator[ObjectMeta]:
        with told():
            for page in obstore.list(self._store):
                yield from page

    def _delete(self, paths: Sequence[str]) -> None:
        with told(), suppress(FileNotFoundError):
            obstore.delete(self._store, paths)

    def _drop_unnamed(self, case: str, objects: Sequence[ObjectMeta], older_than: datetime) -> int:
        dropped = 0
        for one in objects:
            _, folder, name = one["path"].split("/", 2)
            if folder != "data" or _born(name, one["last_modified"]) >= older_than:
                continue
            pointer = read_pointer(self._store, f"{case}/parts/{name.rpartition('.')[0]}")
            if pointer is None or pointer.object != name:
                self._delete([one["path"]])
                dropped += 1
        return dropped

    def _abort_uploads(self, older_than: datetime) -> int:
        left = [one for one in self._uploads.unfinished() if _born(one.key, one.begun) < older_than]
        for upload in left:
            self._uploads.abort(upload)
        return len(left)

    def _drop(self, path: str) -> None:
        """Remove an object of ours and the unfinished upload to it."""
        self._delete([path])
        mine: list[Upload] = list(self._uploads.unfinished(path))
        for upload in mine:
            self._uploads.abort(upload)


def _born(path: str, told: datetime) -> datetime:
    """Return when an upload began, by our clock or the store's, whichever is later: stores differ in what they tell."""
    found = _BEGUN.search(path)
    return max(told, datetime.fromtimestamp(int(found[1]), UTC)) if found else told

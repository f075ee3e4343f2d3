"""Multipart uploads that nobody finished: found and aborted with requests signed by AWS Signature Version 4.

The client library uploads in parts but can neither list nor abort such uploads; until then a store keeps their bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from gateway.edges.vault_s3_bucket import Bucket
from gateway.edges.vault_s3_faults import unavailable
from gateway.xmlguard import safe_parse

_EMPTY = hashlib.sha256(b"").hexdigest()
_ALGORITHM = "AWS4-HMAC-SHA256"
_PATIENCE = 15.0
_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was begun: object key (with the prefix), its id over there, and when it began."""

    key: str
    upload_id: str
    begun: datetime


class Uploads:
    """The unfinished uploads of a bucket; https as the bucket says, no redirect, no proxy."""

    def __init__(self, bucket: Bucket, now: Callable[[], datetime]) -> None:
        self._bucket = bucket
        self._now = now

    def unfinished(self, under: str = "") -> Iterator[Upload]:
        """Yield the uploads whose key begins with our prefix and `under`. Raises: ConfigurationError DRAINING."""
        marks: dict[str, str] = {}
        prefix = (f"{self._bucket.prefix}/" if self._bucket.prefix else "") + under
        for _ in range(_PAGES):
            root = safe_parse(self._ask("GET", "", {"uploads": "", "prefix": prefix, **marks}))
            for one in root.iterfind("{*}Upload"):
                key, upload_id, begun = (one.findtext(f"{{*}}{name}", "") for name in ("Key", "UploadId", "Initiated"))
                yield Upload(key, upload_id, datetime.fromisoformat(begun))
            if root.findtext("{*}IsTruncated", "") != "true":
                return
            marks = {
                "key-marker": root.findtext("{*}NextKeyMarker", ""),
                "upload-id-marker": root.findtext("{*}NextUploadIdMarker", ""),
            }

    def abort(self, upload: Upload) -> None:
        """Have the store drop what it holds of an upload; one that is gone already is fine."""
        self._ask("DELETE", upload.key, {"uploadId": upload.upload_id}, gone=True)

    def _ask(self, method: str, key: str, query: Mapping[str, str], *, gone: bool = False) -> bytes:
        import httpx  # only where uploads were left behind, or are looked for

        path = f"/{self._bucket.name}" + (f"/{quote(key, safe='/-_.~')}" if key else "")
        words = "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
        try:
            with httpx.Client(verify=self._tls(), trust_env=False, follow_redirects=False, timeout=_PATIENCE) as line:
                answer = line.request(
                    method, f"{self._bucket.endpoint}{path}?{words}", headers=self._signed(method, path, words)
                )
        except httpx.HTTPError:
            raise unavailable("Der Objektspeicher ist nicht erreichbar.") from None
        if answer.is_success or (gone and answer.status_code == httpx.codes.NOT_FOUND):
            return answer.content
        raise unavailable(f"Der Objektspeicher antwortet mit dem Status {answer.status_code}.")

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._bucket.anchors:
            context.load_verify_locations(cadata=self._bucket.anchors.decode("ascii"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _signed(self, method: str, path: str, query: str) -> dict[str, str]:
        """Return the headers of a request without a body."""
        moment = self._now().strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "host": urlsplit(self._bucket.endpoint).netloc,
            "x-amz-content-sha256": _EMPTY,
            "x-amz-date": moment,
        }
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = "\n".join((method, path, query, lines, names, _EMPTY))
        scope = f"{moment[:8]}/{self._bucket.region}/s3/aws4_request"
        text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
        key = f"AWS4{self._bucket.secret}".encode()
        for word in scope.split("/"):
            key = hmac.digest(key, word.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        credential = f"Credential={self._bucket.key_id}/{scope}"
        return headers | {"authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}

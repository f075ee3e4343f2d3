"""One uploaded file: the raw body, or the first file of a form; never more than a table may have."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from email.message import Message

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.limits import MEGABYTE
from gateway.survey.table import FILE_BYTES

AROUND = 100_000
"""Bytes that a form may have around its file."""


async def read_file(request: Request) -> tuple[str, bytes]:
    """Return file name (may be empty) and bytes of an upload.

    Raises:
        SubmissionError: BODY_TOO_LARGE as soon as the limit is passed, BODY_UNREADABLE for a broken form.
    """
    octets = await _limited(request, FILE_BYTES + AROUND)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return _name_of(request), octets
    try:
        parser = MultiPartParser(request.headers, _once(octets), max_files=5, max_fields=20)
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise SubmissionError(codes.BODY_UNREADABLE, "Das Formular mit der Datei ist nicht lesbar.") from error
    try:
        for _, value in form.multi_items():
            if isinstance(value, UploadFile):
                return value.filename or "", await value.read()
    finally:
        await form.close()
    raise SubmissionError(codes.BODY_UNREADABLE, "Das Formular enthält keine Datei.")


async def _once(octets: bytes) -> AsyncGenerator[bytes, None]:
    yield octets


async def _limited(request: Request, limit: int) -> bytes:
    collected = bytearray()
    async for chunk in request.stream():
        collected += chunk
        if len(collected) > limit:
            raise SubmissionError(codes.BODY_TOO_LARGE, f"Die Datei ist größer als {FILE_BYTES // MEGABYTE} MB.")
    return bytes(collected)


def _name_of(request: Request) -> str:
    """Return the file name of a Content-Disposition header."""
    message = Message()
    message["Content-Disposition"] = request.headers.get("content-disposition", "")
    return message.get_filename("") or ""

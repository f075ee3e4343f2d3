"""Wrong query and path parameters as problems, every fault at once; bodies are read in `gateway.api.bodies`."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from gateway.api import problems
from gateway.api.bodies import misfit


def install(app: FastAPI) -> None:
    """Answer what FastAPI finds wrong in parameters like every other refusal; pointers begin with /query or /path."""

    async def misfits(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problems.answer(request, misfit(error.errors()))

    app.add_exception_handler(RequestValidationError, misfits)

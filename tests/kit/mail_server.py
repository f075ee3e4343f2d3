"""A mail server on loopback by aiosmtpd, with TLS or without, and the certificates to believe it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller, UnthreadedController
from aiosmtpd.smtp import SMTP

from gateway.edges.mail import Encryption, MailServer
from tests.kit.xta_tls import MADE  # noqa: F401

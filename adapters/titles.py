"""What people call our ways of delivery. They stand apart, so that a list can name a way without importing it."""

from __future__ import annotations

FILE_DROP = "Ablage in einen Ordner"
SFTP = "SFTP"
SOAP_PUSH = "SOAP-Übergabe an einen Dienst der Behörde"
XTA_MAILBOX = "XTA-Postfach (Behörde holt ab)"
XTA_PUSH = "XTA-Push (Gateway übergibt)"

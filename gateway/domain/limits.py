"""Limits at the door (terms of use of the Bauportal.NRW assistants § 5.4; XBau kernel profile: 250 MB)."""

MEGABYTE = 10**6

ATTACHMENT_BYTES = 30 * MEGABYTE
"""One PDF, at most."""

SUBMISSION_BYTES = 250 * MEGABYTE
"""The whole application with all plans, at most."""

ATTACHMENTS = 500
"""Attachments of one submission, at most. Ours, not the law's: far above the largest real application."""

ANNOUNCEMENT_BYTES = 2 * MEGABYTE
"""The JSON announcement, at most."""

INLINE_BYTES = MEGABYTE
"""All files together that may come with the announcement, in one call."""

FILE_NAME_CHARACTERS = 140
"""Recommended by XBau for `dateiname`."""

DRAFT_HOURS = 24
"""A draft that is not completed by then expires."""

PLANS_DAYS = 14
"""With option 2 the plans are due within this many calendar days of the hand-off (§ 8.3)."""

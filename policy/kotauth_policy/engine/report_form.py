"""The form of the report, for the pack that writes it and the formats that read it with the standard library alone."""

from __future__ import annotations

SCHEMA_VERSION = 1
"""Schema version of the report; increment it on incompatible changes."""

FILE_VARIABLE = "KOTAUTH_POLICY_REPORT"
"""Environment variable with the file that the pack writes its report to; without it the pack writes none."""

KEEP_CURRENT = "keep-waivers-current"
"""Refuses a preview for a waiver that is expired or useless. It evaluates no resource, so it is no rule of the pack."""
KEEP_CURRENT_DESCRIPTION = "Remove waivers that are expired or that waive nothing."
EXPIRED_REMEDY = "Remove the waiver, or let its owner set a new `expires` date."
UNUSED_REMEDY = "Remove the waiver, or correct its `rule` or its `urn`."
PROJECT_REMEDY = "Correct the project in its `urn` if the waiver is meant for this stack."
KEEP_CURRENT_REMEDY = (
    "Remove the waiver. To keep an expired waiver, let its owner set a new `expires` date. "
    "To keep an unused waiver, correct its `rule` or its `urn`."
)


def excuse(owner: str, expires: str, reason: str) -> str:
    """Return a waiver's end date, owner and reason as text."""
    return f"waived until {expires} by {owner}: {reason}"

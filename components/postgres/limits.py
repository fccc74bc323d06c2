"""What the inputs about the application's database and login may be."""

from __future__ import annotations

import re

from ..inputs import whole_number

POOL_SIZE = 10
"""Default: Kotauth's own (`DB_POOL_MAX_SIZE`)."""

parse_pool_size = whole_number("connections", 2, 40)
parse_password_version = whole_number("a version of the password", 1, 10**6)


def parse_database_name(raw: object) -> str:
    """Parse the name of a database: one that SQL takes with and without quotation marks, and RDS takes at all."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", str(raw)):
        raise ValueError("must be up to 63 lower-case letters, digits and underscores, and begin with a letter")
    return str(raw)

"""What the inputs about the application's login may be."""

from __future__ import annotations

from ..inputs import whole_number

parse_pool_size = whole_number("connections", 2, 40)
parse_password_version = whole_number("a version of the password", 1, 10**6)

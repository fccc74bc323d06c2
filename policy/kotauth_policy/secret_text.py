"""What looks like a secret where no mark says so: by its name, by its form, by what it comes from."""

from __future__ import annotations

import re

from .randomness import RANDOM_BYTES, RANDOM_PASSWORD, RANDOM_STRING

SECRET_NAME = re.compile(
    r".*(password|passwd|passphrase|secret|token|api_?keys?|private_?key|secret_?key|access_?key|credentials?)", re.I
)
SECRET_FORM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@"  # user:password@host
    r"|[?&;](password|sslpassword|token|secret)=[^&\s]"
    r"|--?(password|requirepass|secret|token|api-?key)[= ]\S",
    re.I,
)
SECRET_SOURCES = (RANDOM_PASSWORD, RANDOM_BYTES, RANDOM_STRING)

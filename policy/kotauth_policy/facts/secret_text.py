"""What looks like a secret where no mark says so: by its name, by its form, by what it comes from."""

from __future__ import annotations

import re

from .randomness import RANDOM_BYTES, RANDOM_PASSWORD, RANDOM_STRING

SECRET_NAME = re.compile(
    r".*(password|passwd|passphrase|secret|token|(api|private|secret|access|encryption|signing|jwt)_?keys?|credentials?"
    r"|(db|database|mysql|postgres|pg|redis|smtp|mail|ldap|user|root|admin)_?(pass|pwd))",
    re.I,
)
SECRET_FORM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    # user:password@host; what comes before is left out, since it would be tried at each letter of a long text.
    r"|[a-z0-9]://[^/\s:@]*:[^/\s@]+@"
    r"|[?&;](password|sslpassword|token|secret)=[^&\s]"
    r"|--?(password|requirepass|secret|token|api-?key)[= ]\S+",
    re.I,
)
# A switch, or the place where the secret is.
_NO_SECRET = re.compile(r"|(?i:true|false|yes|no|on|off|[01])|arn:\S+|(/[a-z0-9._-]+){2,}")
SECRET_SOURCES = (RANDOM_PASSWORD, RANDOM_BYTES, RANDOM_STRING)


def is_named_like_secret(name: str, text: str) -> bool:
    """Whether a variable holds a secret by its name; what it says may tell that it does not."""
    return SECRET_NAME.fullmatch(name) is not None and _NO_SECRET.fullmatch(text) is None

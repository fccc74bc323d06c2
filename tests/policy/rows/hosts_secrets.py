"""Rules of the area `hosts`: user data with a secret in it, and user data that looks so."""

import json

from policy.testing.aws_host import encoded
from policy.testing.change import Change, copied, put

from ..mutation import spelled
from .secret_spellings import CAUGHT_PROGRAMS, PASSED_PROGRAMS

_RULE = "keep-secrets-out-of-user-data"


def _host(text: object) -> Change:
    """Add one more host with this user data."""

    def change(resources: dict) -> None:
        copied("template", "other")(resources)
        put("other", "user_data", text)(resources)

    return change


def _script(text: object) -> Change:
    return _host(encoded(f"#!/bin/bash\n{text}\n"))


def _config(name: object) -> Change:
    return _host(_CONFIGS[str(name)])


def _written(path: str, content: str, **more: str) -> str:
    return encoded(f"#cloud-config\n{json.dumps({'write_files': [{'path': path, 'content': content, **more}]})}")


_TOKEN = "SERVICE_TOKEN=hunter2\n"
_CONFIGS = {
    "a file": _written("/etc/app.env", _TOKEN),
    "a file in base64": _written("/etc/app.env", encoded(_TOKEN), encoding="b64"),
    "JSON in a file": _written("/etc/app.json", '{"db": {"password": "hunter2"}}'),
    "settings in a file": _written("/etc/app.ini", "[db]\npassword = hunter2\n"),
    "a password of the system": encoded("#cloud-config\nuser: me\npassword: hunter2\n"),
    "a command": encoded("#cloud-config\nruncmd:\n- [mysql, -uroot, -phunter2]\n"),
    "a file that reads a secret": _written("/etc/app.env", "SERVICE_TOKEN_FILE=/run/secrets/token\n"),
    "JSON that names a secret": _written("/etc/app.json", '{"db": {"passwordFile": "/run/p", "secretId": "x"}}'),
    "settings without a password": _written("/etc/app.ini", "[db]\npassword_encryption = scram-sha-256\n"),
    "a hashed password": encoded("#cloud-config\npassword: $6$salt$hash\nchpasswd: {expire: false}\n"),
    "a command that fetches": encoded("#cloud-config\nruncmd:\n- [aws, ssm, get-parameter, --with-decryption]\n"),
}
ROWS = (
    *spelled(_RULE, "other", _script, caught=CAUGHT_PROGRAMS, passed=PASSED_PROGRAMS),
    *spelled(_RULE, "other", _config, caught=list(_CONFIGS)[:6], passed=list(_CONFIGS)[6:]),
)

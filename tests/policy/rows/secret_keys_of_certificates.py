"""Rows about the private key of the frontend's certificate, in each place where it must not be in clear."""

from __future__ import annotations

import base64

from policy.testing.aws_host import user_data
from policy.testing.change import Change, Secret, put

from ..mutation import NOTHING, Case, found

_CHAIN = "-----BEGIN CERTIFICATE-----\nMIIBhTCCASugAwIBAgIBATAKBggqhkjOPQQDAjAA\n-----END CERTIFICATE-----\n"
_KEYS = {
    kind: f"-----BEGIN {kind}PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\n-----END {kind}PRIVATE KEY-----\n"
    for kind in ("", "EC ", "RSA ", "ENCRYPTED ")
}
_BOTH = _CHAIN + _KEYS[""]
_IN_BASE64 = base64.b64encode(_BOTH.encode()).decode()
_INDENTED = _BOTH.replace("\n", "\n        ")
_JSON = _BOTH.replace("\n", "\\n")


def _file(name: str, content: object, permissions: str = "0400") -> Change:
    upload = {"file": f"/files/{name}", "permissions": permissions, "content": content}
    return put("frontend-carrier", "uploads.+", upload)


CASES = (
    *(
        Case(f"a private key in {name}", (change,), found(f"{rule}@{resource}"))
        for name, change, rule, resource in (
            *(
                (f"the environment, {kind}", put("frontend", "envs", [f"TLS={key}"]), "environment", "frontend")
                for kind, key in _KEYS.items()
            ),
            ("the environment in base64", put("frontend", "envs", [f"TLS={_IN_BASE64}"]), "environment", "frontend"),
            ("a command", put("frontend", "command", ["sh", "-c", f"echo '{_BOTH}'"]), "commands", "frontend"),
            ("a label", put("frontend", "labels.+", {"label": "tls", "value": _BOTH}), "labels", "frontend"),
            ("nginx's file", _file("nginx.conf", f'ssl_certificate_key "data:{_BOTH}";'), "files", "frontend-carrier"),
            ("Traefik's file", _file("tls.yml", f"keyFile: |\n        {_INDENTED}"), "files", "frontend-carrier"),
            ("Traefik's JSON", _file("tls.json", f'{{"keyFile": "{_JSON}"}}'), "files", "frontend-carrier"),
            ("a file of its own", _file("certificate.pem", _BOTH), "files", "frontend-carrier"),
        )
        for rule in ({"files": "encrypt-secret-files"}.get(rule, f"keep-secrets-out-of-{rule}"),)
    ),
    Case("a private key in a secret file", (_file("certificate.pem", Secret(_BOTH)),), NOTHING),
    Case(
        "a private key in a secret file that all users read",
        (_file("certificate.pem", Secret(_BOTH), "0444"),),
        found("restrict-secret-files@frontend-carrier"),
    ),
    Case("a chain that all users read", (_file("certificate.pem", _CHAIN, "0444"),), NOTHING),
)
ON_AWS = (
    Case(
        "a private key in a file of a host",
        (put("template", "user_data", user_data(files={"/etc/kotauth/frontend/certificate.pem": _BOTH})),),
        found("keep-secrets-out-of-user-data@template"),
    ),
)

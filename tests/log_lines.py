"""Lines as Kotauth and Caddy write them, with what a redaction must take out of them."""

from __future__ import annotations

import json

CODE = "b7f3c1e2-4c1d-4f0e-9d8a-secretcode"
STATE = "xyzSTATE.with~chars-_123"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def kotauth(message: str) -> str:
    """Return the line that Kotauth's encoder writes: JSON, its escapes in upper case."""
    line = json.dumps({"@timestamp": "2026-11-24T12:00:00.000Z", "message": message, "level": "INFO"})
    return line.replace("\\u001b", "\\u001B")


ACCESS = "\x1b[31m302 Found\x1b[m: \x1b[36mPOST\x1b[m - /t/acme/authorize in 46ms -> https://app.example.com/cb?code={}&state={}"
QUERY = ["code=", "token", "=", "%3D", "&", "?", "Bearer ", "eyJhbGciOiJS.", "a.b", "KOTAUTH_X=", ";", " "]
JSON = ["password", '"', "\\", ":", "{", "}", '["', "\\u003d", "u0026", "\n"]
COLOURS = ["\x1b[3", "1m", "\\u001b[1m"]

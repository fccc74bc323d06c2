"""A host on AWS and the collector of a Docker host remove the same from a line, byte for byte."""

from __future__ import annotations

import base64
import json
import random
import zlib

from components.aws.host.scripts.redact import redact
from simulators.waiting import eventually
from tests.log_lines import ACCESS, CODE, COLOURS, JSON, JWT, QUERY, STATE, kotauth
from tests.logs.routes import SINK, Routes
from tests.logs.written import SOON_SECONDS, run

_LINES = [
    kotauth(ACCESS.format(CODE, STATE)),
    kotauth(f"body {json.dumps({'password': 'a b', 'token': JWT})}"),
    f"Authorization: Bearer {JWT}, cookie KOTAUTH_ADMIN=c2Vzc2lvbg.x; Basic dXNlcjpwYXNzd29yZA==",
    "/a?next=%2Fcb%3Fcode%3Dabcdef%26lang%3Den&state=100%25%2&token=a%%26b",
    'ALTER ROLE x PASSWORD \'it\'\'s\'; code=a\\u0026state=b\\u002fc\\u003d "token":"x\\"y" \u017ftate=\u212aey',
    "caf\u00e9code=1 \u00e9token=2 \u2028token=3 \u00a0state=4 \x0btoken=5 \x85state=6",
]
_PIECES = [*QUERY, *JSON, *COLOURS, "\\n", "%26", "%", "\\u0026", "\u00fc", "x", "'"]
_PIECES.remove("\n")
_PRINT = "import base64, json, zlib\nfor text in json.loads(zlib.decompress(base64.b64decode({packed!r}))): print(text)"


def test_both_redact_alike(routes: Routes) -> None:
    chosen = random.Random(16)  # noqa: S311 - the same lines each time
    lines = _LINES + ["".join(chosen.choices(_PIECES, k=chosen.randint(1, 14))) for _ in range(2000)]
    # So that none of them is JSON, or blank: then the collector takes its fields.
    lines = [f"{number} {line}|" for number, line in enumerate(lines)]
    packed = base64.b64encode(zlib.compress(json.dumps(lines).encode(), 9)).decode()
    container = run(routes.label, _PRINT.format(packed=packed))
    eventually("all lines", lambda: len(routes.endpoint.lines(SINK, container)) >= len(lines), SOON_SECONDS)
    bodies = [line.body for line in routes.endpoint.lines(SINK, container)]
    assert len(bodies) == len(lines)
    different = [(line, redact(line), body) for line, body in zip(lines, bodies, strict=True) if redact(line) != body]
    assert different == []
    assert sum("[redacted]" in body for body in bodies) > 200

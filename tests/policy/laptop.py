"""The stack of `make up` on a laptop, of which only `policy/dev.json` approves."""

from __future__ import annotations

from policy.testing.change import put, without
from policy.testing.docker_program import build, envs

program = build(
    put("server", "image", "localhost/kotauth-simulator:1.22.0"),
    put("server-carrier", "image", "localhost/kotauth-simulator:1.22.0"),
    put("server", "envs", envs(KAUTH_BASE_URL="https://kotauth.localhost:8443", KAUTH_ENV="development")),
    put("frontend", "ports.0.external", 8080),
    put("frontend", "ports.1.external", 8443),
    put("server", "log_driver", "json-file"),
    put("server", "log_opts", {"max-size": "10m", "max-file": "3"}),
    without("backup-dump", "backup-store", "alarm"),
)

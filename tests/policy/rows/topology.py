"""Rules of the area `topology`."""

import json
from collections.abc import Callable

from policy.testing import aws_program
from policy.testing.aws_compute import deferred
from policy.testing.aws_host import PROXY_UNIT, encoded, user_data
from policy.testing.change import ABSENT, All, Args, From, Secret, copied, put, without

from ..mutation import NOTHING, Case, Impossible, Row, found, on_aws, state, table
from .external import FRONTENDS
from .topology_certificates import FILES as CERTIFICATE_FILES
from .topology_certificates import OPTIONS as CERTIFICATE_OPTIONS
from .topology_certificates import ROW as CERTIFICATES
from .topology_headers import FILES_ON_AWS, HEADERS
from .topology_proxies import PROXIES, PROXIES_ON_AWS

_NGINX: Args = {"file": "/files/nginx.conf", "content": "proxy_set_header X-Forwarded-For $remote_addr;"}
_APPENDING = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"

PART = Impossible("then every rule about parts is undecidable, see test_an_unknown_part")
_TWO = found("run-one-frontend@frontend", "run-one-frontend@second")

ROWS = (
    Row(
        "complete-stack",
        "server",
        "database/labels.0.value",
        "cache",
        secret=found("complete-stack@server", "keep-secrets-out-of-labels@database"),
        unknown=PART,
    ),
    Row(
        "overwrite-forwarded-headers",
        "frontend-carrier",
        "frontend-carrier/uploads.1.content",
        _APPENDING,
        unknown=found("overwrite-forwarded-headers@frontend-carrier", "certify-frontends@frontend-carrier"),
        absent=NOTHING,
        setup=(put("frontend-carrier", "uploads.+", _NGINX),),
    ),
)


def _file(name: str, *violations: str, file: str = "nginx.conf", **given: str) -> Case:
    upload = put("frontend-carrier", "uploads.+", {"file": f"/files/{file}", **given})
    return Case(f"a proxy's file {name}", (upload,), found(*(f"{each}@frontend-carrier" for each in violations)))


_OVERWRITE = "overwrite-forwarded-headers"

CASES = (
    _file("with a comment", content=f"# {_APPENDING}"),
    _file("with a log format", content="log_format main '$remote_addr \"$http_x_forwarded_for\"';"),
    _file("in base64", _OVERWRITE, content_base64=encoded(_APPENDING)),
    _file("that is read elsewhere", _OVERWRITE, source="./nginx.conf"),
    _file("as a template", _OVERWRITE, file="default.conf.template", content=_APPENDING),
    _file("without an ending", _OVERWRITE, file="default", content=_APPENDING),
    _file("with the client's own", _OVERWRITE, content="proxy_set_header X-Forwarded-For $http_x_forwarded_for;"),
    state("run-one-frontend", "known", (copied("frontend", "second"),), _TWO),
    state(
        "run-one-frontend",
        "secret",
        (copied("frontend", "second"), put("second", "labels.0.value", Secret("frontend"))),
        _TWO | found("keep-secrets-out-of-labels@second"),
    ),
    Impossible(PART.why, "run-one-frontend", "unknown"),
    # The image says it too.
    state("run-one-frontend", "absent", (copied("frontend", "second"), put("second", "labels", ABSENT)), _TWO),
    Case(
        "a web server behind the frontend",
        (
            copied("frontend", "pictures", image="docker.io/library/nginx:1.29.3"),
            put("pictures", "labels", ABSENT),
            put("pictures", "ports", ABSENT),
        ),
        NOTHING,
    ),
    Case("no database", (without("database"),), found("complete-stack@server")),
    Case("no frontend", (without("frontend"),), found("complete-stack@server", "trust-only-own-proxy@server")),
)

_FIND = found("find-kotauth-server@kotauth")
_READ = found("keep-secrets-out-of-user-data@template")


def _host(path: str) -> str:
    """Return the user data of a host with a file for nginx, and two places of which its frontend mounts files."""
    mounts = ("--volume=/etc/nginx/conf.d/:/etc/nginx/conf.d:ro", "--volume=/srv/proxy.conf:/etc/nginx/proxy.conf:ro")
    proxy = PROXY_UNIT.replace("--publish", " ".join((*mounts, "--publish")))
    return user_data(proxy=proxy, files={path: _APPENDING})


_DEFERRED = {
    "host": From("database", "address"),
    "key": From("secret-key-secret", "arn"),
    "password": From("database-password-secret", "arn"),
}


def _with_file(text: str) -> Callable[[dict[str, object]], str]:
    """Return what makes the boot's parameter, with a file for nginx."""
    return lambda known: json.dumps({**json.loads(deferred(known)), "config": {"server": {"nginx.conf": text}}})


ON_AWS = (
    Row(
        "find-kotauth-server",
        "kotauth",
        "template/user_data",
        encoded("#cloud-config\n{}"),
        secret=_FIND | _READ,
        unknown=_FIND | _READ,
    ),
    Case(
        "no database on AWS",
        (without("database"), put("parameter", "value", "{}")),
        found("complete-stack@template", "trace-secret-key@template", "configure-database-access@template"),
    ),
    Case(
        "no frontend on AWS",
        (
            without(
                "balancer", "http", "https", "public-name", "web-acl", "web-acl-attached", "web-acl-logging", "name"
            ),
            put("template", "user_data", user_data(proxy="")),
        ),
        found("complete-stack@template", "trust-only-own-proxy@template", "restrict-server-ingress@balancer-to-host"),
    ),
    *(
        Case(f"a proxy on a host, {name}", (put("template", "user_data", data),), found(f"{_OVERWRITE}@template"))
        for name, data in (
            ("with a folder of files", _host("/etc/nginx/conf.d/kotauth.conf")),
            ("with one file", _host("/srv/proxy.conf")),
            ("as Kotauth's own boot has it", user_data(files={"/etc/kotauth/frontend/nginx.conf": _APPENDING})),
        )
    ),
    Case(
        "a proxy on a host, not known yet",
        (put("template", "user_data", user_data(deferred=("DB_URL", "nginx.conf"))),),
        found("overwrite-forwarded-headers@template", "certify-frontends@template"),
    ),
    *(
        Case(
            f"a proxy's file that is known from the boot's parameter, {len(expected)}",
            (
                put("template", "user_data", user_data(deferred=("DB_URL", "nginx.conf"))),
                put("parameter", "value", All(_with_file(text), **_DEFERRED)),
            ),
            expected,
            aws_program.KNOWN,
        )
        for text, expected in ((_APPENDING, found("overwrite-forwarded-headers@template")), ("", NOTHING))
    ),
    Case("a proxy's file of another program", (put("template", "user_data", _host("/srv/other.conf")),), NOTHING),
)

_UNLABELLED = tuple(put(name, "labels", ABSENT) for name in ("server", "database", "frontend"))
_HTTPD = ("complete-stack@server", "publish-only-from-frontend@frontend", "trust-only-own-proxy@server")
BY_IMAGE = (
    Case("without labels", _UNLABELLED, NOTHING),
    *(
        Case(f"without labels: {name}", (*_UNLABELLED, *changes), found(*violations))
        for name, changes, violations in (
            (
                "a small server",
                (put("server", "memory", 256), put("server", "memory_swap", 256)),
                ("reserve-server-memory@server",),
            ),
            (
                "an old simulator",
                (put("server", "image", "docker.io/library/kotauth-simulator:1.20.0"),),
                ("require-kotauth-version@server",),
            ),
            ("another frontend", (put("frontend", "image", "docker.io/library/nginx:1.29.1"),), ()),
            (
                "a database on no volume",
                (put("database", "volumes.0.container_path", "/srv"),),
                ("store-database-on-volume@database",),
            ),
            # What is none of the parts may publish nothing.
            ("no frontend", (put("frontend", "image", "docker.io/library/httpd:2.4.65"),), _HTTPD),
        )
    ),
)

TABLE = [
    *table(
        *ROWS, *CASES, *BY_IMAGE, *PROXIES, *HEADERS, *FRONTENDS, CERTIFICATES, *CERTIFICATE_FILES, *CERTIFICATE_OPTIONS
    ),
    *on_aws(*ON_AWS, *PROXIES_ON_AWS, *FILES_ON_AWS),
]

"""nginx's configuration: which names it answers, what reaches the server, and what it writes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from components.frontends.frontend import CertificateFiles, EdgeSite
from components.frontends.nginx import frontend as nginx
from components.kotauth.base_url import parse_base_url
from components.workload.rules import problems

SITE = EdgeSite(
    base_url=parse_base_url("https://auth.example.com:8443"),
    upstream="kotauth",
    image="x",
    http_port=80,
    https_port=443,
    certificate=CertificateFiles(),
)
OPEN = nginx.edge_configuration(SITE)
CLOSED = nginx.edge_configuration(replace(SITE, admin_cidrs=["203.0.113.0/24", "198.51.100.7/32"]))


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """Return the innermost blocks in the order of their ends: path of headers to the directives that are its own."""
    found: list[tuple[str, list[str]]] = []
    stack: list[tuple[str, list[str]]] = [("", [])]
    directive = ""
    for line in (line.strip() for line in text.splitlines()):
        directive += "" if line.startswith("#") else line
        if directive.endswith("{"):
            stack.append((f"{stack[-1][0]}/{directive.removesuffix(' {')}", []))
        elif directive == "}":
            found.append(stack.pop())
        elif directive.endswith(";"):
            stack[-1][1].append(directive.removesuffix(";"))
        else:
            continue
        directive = ""
    assert not directive
    assert len(stack) == 1
    return [*found, *stack]


def directives(text: str, path: str) -> list[str]:
    """Return the directives of the first block on a path."""
    return dict(reversed(blocks(text)))[path]


def test_one_name_is_answered_and_every_other_one_refused() -> None:
    public, redirect, others, probe = (lines for path, lines in blocks(OPEN) if path == "/http/server")
    assert public[:4] == [
        "listen 8443 ssl http2",
        "server_name auth.example.com",
        "ssl_certificate /run/secrets/certificate.pem",
        "ssl_certificate_key /run/secrets/certificate.pem",
    ]
    assert redirect == [
        "listen 8080",
        "server_name auth.example.com",
        "return 308 https://auth.example.com:8443$request_uri",
    ]
    refused = 'return 421 "This host is not served here."'
    assert others == [
        "listen 8080 default_server",
        "listen 8443 ssl http2 default_server",
        "ssl_reject_handshake on",
        refused,
    ]
    assert directives(OPEN, '/http/server/if ($host != "auth.example.com")') == [refused]
    assert probe[0] == "listen 127.0.0.1:8081"
    assert not re.search("%[a-z]", OPEN + CLOSED)


def test_every_forwarded_header_that_kotauth_believes_is_set_or_removed() -> None:
    lines = directives(OPEN, "/http/server/location /")
    assert dict(line.split(" ")[1:] for line in lines if line.startswith("proxy_set_header ")) == {
        "Host": "auth.example.com:8443",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Host": '""',
        "X-Forwarded-Server": '""',
        "X-Forwarded-Protocol": '""',
        "X-Forwarded-SSL": '""',
        "Front-End-Https": '""',
        "X-Real-IP": '""',
        "Forwarded": '""',
        "Connection": "close",
    }


def test_the_name_of_the_server_is_looked_up_at_each_request() -> None:
    lines = directives(OPEN, "/http/server/location /")
    assert {"set $upstream kotauth:8080", "proxy_pass http://$upstream"} <= set(lines)
    assert "resolver 127.0.0.11 valid=1s ipv6=off" in directives(OPEN, "/http")


def test_hsts_is_sent_once() -> None:
    hsts = 'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always'
    assert [path for path, lines in blocks(OPEN) if hsts in lines] == ["/http/server"]
    # A block with a header of its own would not inherit it.
    assert OPEN.count("add_header") == 1
    assert "proxy_hide_header Strict-Transport-Security" in directives(OPEN, "/http/server/location /")


def test_no_line_of_the_log_has_a_query() -> None:
    lines = directives(OPEN, "/http")
    (line,) = (line for line in lines if line.startswith("log_format "))
    assert set(re.findall(r"\$\w+", line)) == {
        "$time_iso8601",
        "$remote_addr",
        "$request_method",
        "$path",
        "$status",
        "$upstream_addr",
        "$upstream_status",
        "$request_time",
    }
    (pattern,) = directives(OPEN, "/http/map $uri $path")
    cut = re.compile(pattern.removeprefix("~").removesuffix(" $before").replace("?<", "?P<"))
    assert [match["before"] for path in ("/t/a", "/t/a?code=secret") if (match := cut.match(path))] == ["/t/a"] * 2
    assert "error_log stderr emerg" in lines
    assert OPEN.count("error_log") == 2


def test_it_writes_below_its_tmpfs_only() -> None:
    written = re.findall(r"^\s*(?:pid|\w+_temp_path) (\S+);", OPEN, re.M)
    assert len(written) == 6
    assert {path.split("/")[1] for path in written} == {"tmp"}


@pytest.mark.parametrize(
    ("path", "normal", "closed"),
    [
        ("/admin", "/admin", True),
        ("/admin?next=/", "/admin", True),
        ("/Admin/login", "/Admin/login", True),
        ("//admin/", "/admin/", True),
        ("/%61dmin", "/admin", True),
        ("/t/../admin", "/admin", True),
        ("/admin/../t", "/t", True),
        ("/admin/../%0a", "/\n", True),
        ("/%61dmin/../t", "/t", True),
        ("/%61dmin/x/%2E%2e/..", "/", True),
        ("/%61dmin/x%2f..%2f..%2ft", "/t", True),
        ("/a..b/.well-known/c.d?next=/..", "/a..b/.well-known/c.d", False),
        ("/administrator", "/administrator", False),
        ("/t/admin", "/t/admin", False),
        ("/t?next=/admin", "/t", False),
    ],
)
def test_the_admin_console_for_some_networks(path: str, normal: str, closed: bool) -> None:
    assert directives(CLOSED, "/http/geo $stranger") == ["default 1", "203.0.113.0/24 0", "198.51.100.7/32 0"]
    *patterns, default = directives(CLOSED, '/http/map "$stranger$uri $request_uri" $closed')
    assert default == "default 0"
    assert directives(CLOSED, "/http/server/if ($closed)") == ["return 403"]
    for stranger in (0, 1):
        asked = f"{stranger}{normal} {path}"
        found = [re.search(line.removeprefix('"~*').removesuffix('" 1'), asked, re.I) for line in patterns]
        assert any(found) is (closed and bool(stranger))


def test_the_admin_console_is_open_to_all_unless_said_otherwise() -> None:
    assert "closed" not in OPEN


def test_the_spec_reloads_a_certificate_that_was_checked() -> None:
    spec = nginx.edge(SITE)
    assert not problems(spec)
    assert spec.get("config_files") == {"nginx.conf": OPEN}
    assert spec.get("secret_files") == ["certificate.pem"]
    assert spec.get("ports") == [{"host": 80, "container": 8080}, {"host": 443, "container": 8443}]
    assert not {"capabilities", "volumes"} & set(spec)
    reload = spec.get("reload", {})
    assert reload.get("signal") == "SIGHUP"
    assert reload.get("secret_files") is True
    check = reload.get("check", [""])[-1]
    assert "sed 's,/run/secrets/,/run/secrets/next/,g' /run/config/next/nginx.conf >/tmp/nginx.conf" in check
    assert "nginx -t -q -e stderr -c /tmp/nginx.conf" in check

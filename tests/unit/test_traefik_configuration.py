"""Traefik's configuration: what it answers, with which certificate, and what reaches the server."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from components.frontends.frontend import Acme, CertificateFiles, EdgeSite
from components.frontends.traefik import frontend as traefik
from components.kotauth.base_url import parse_base_url

ACME = EdgeSite(
    base_url=parse_base_url("https://auth.example.com"),
    upstream="kotauth",
    image="x",
    http_port=80,
    https_port=443,
    certificate=Acme("ops@example.com"),
)
FILES = replace(ACME, certificate=CertificateFiles())
BOTH = pytest.mark.parametrize("site", [ACME, FILES], ids=["acme", "files"])
_RESOLVER = "--certificatesresolvers."


def configuration(site: EdgeSite) -> Any:
    """Return the dynamic configuration."""
    return yaml.safe_load(traefik.edge_configuration(site))


def options(site: EdgeSite) -> dict[str, str]:
    """Return the options of the command line by their names."""
    pairs = [option.partition("=") for option in traefik.edge(site).get("command", [])]
    return {name: value for name, _, value in pairs}


@BOTH
def test_every_router_answers_the_public_host_alone(site: EdgeSite) -> None:
    http = configuration(site)["http"]
    points = {name: router["entryPoints"] for name, router in http["routers"].items()}
    assert points == {
        "kotauth": ["websecure"],
        "kotauth-get": ["websecure"],
        "redirect": ["web"],
    }
    assert all(
        re.match(r"Host\(`auth\.example\.com`\)( && [^|]|$)", router["rule"]) for router in http["routers"].values()
    )
    assert {
        server["url"] for service in http["services"].values() for server in service["loadBalancer"]["servers"]
    } == {"http://kotauth:8080"}


@BOTH
def test_what_reaches_the_server_passes_the_headers_and_the_retry(site: EdgeSite) -> None:
    http = configuration(site)["http"]
    served = [router for name, router in http["routers"].items() if name != "redirect"]
    assert all((router["middlewares"][0], router["middlewares"][-1]) == ("headers", "retry") for router in served)
    assert http["middlewares"]["headers"]["headers"] == {
        "customRequestHeaders": {
            "Host": "auth.example.com",
            # In the usual spelling Traefik would not add the peer's address afterwards.
            "x-forwarded-for": "",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Host": "",
            "X-Forwarded-Server": "",
            "X-Forwarded-Protocol": "",
            "X-Forwarded-SSL": "",
            "Front-End-Https": "",
        },
        "customResponseHeaders": {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"},
    }


@BOTH
def test_only_a_get_goes_over_a_kept_connection(site: EdgeSite) -> None:
    http = configuration(site)["http"]
    kept = {
        name
        for name, service in http["services"].items()
        if http["serversTransports"][service["loadBalancer"]["serversTransport"]].get("maxIdleConnsPerHost") != -1
    }
    routers = [name for name, router in http["routers"].items() if router["service"] in kept]
    assert routers == ["kotauth-get"]
    assert http["routers"]["kotauth-get"]["rule"].endswith(" && Method(`GET`)")


def test_a_port_of_the_public_address() -> None:
    middlewares = configuration(replace(ACME, base_url=parse_base_url("https://auth.example.com:8443")))["http"][
        "middlewares"
    ]
    headers = middlewares["headers"]["headers"]["customRequestHeaders"]
    assert (headers["Host"], headers["X-Forwarded-Port"]) == ("auth.example.com:8443", "8443")
    assert middlewares["to-https"]["redirectRegex"] == {
        "regex": "^http://[^/]+(.*)",
        "replacement": "https://auth.example.com:8443${1}",
        "permanent": True,
    }


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        *(
            (path, True)
            for path in ("/admin", "/admin/", "/admin/login", "//admin", "/%2Fadmin", "/Admin", "/admin%2Fx")
        ),
        *((path, True) for path in ("/./admin", "/x/../admin", "/x/..%2Fadmin", "/..")),
        *((path, False) for path in ("/", "/administrators", "/t/master/admin", "/a..b/c", "/.well-known/x", "/t/a.b")),
    ],
)
def test_the_admin_console_for_some_networks(path: str, closed: bool) -> None:
    http = configuration(replace(ACME, admin_cidrs=["203.0.113.0/24"]))["http"]
    admin = http["routers"]["admin"]
    assert http["middlewares"]["admin-networks"] == {"ipAllowList": {"sourceRange": ["203.0.113.0/24"]}}
    assert admin["middlewares"] == ["headers", "admin-networks", "retry"]
    assert admin["priority"] == max(router.get("priority", 0) for router in http["routers"].values())
    (pattern,) = re.findall(r"PathRegexp\(`(.*)`\)", admin["rule"])
    assert bool(re.search(pattern, path)) is closed


def test_the_admin_console_is_open_to_all_unless_said_otherwise() -> None:
    assert all("Path" not in router["rule"] for router in configuration(ACME)["http"]["routers"].values())


@BOTH
def test_tls(site: EdgeSite) -> None:
    default = configuration(site)["tls"]["options"]["default"]
    assert (default["sniStrict"], default["minVersion"]) == (True, "VersionTLS12")
    assert all(re.search("ECDHE.*(GCM|POLY1305)", suite) for suite in default["cipherSuites"])


def test_a_certificate_by_acme() -> None:
    spec, given = traefik.edge(ACME), options(ACME)
    assert configuration(ACME)["http"]["routers"]["kotauth"]["tls"] == {"certResolver": "letsencrypt"}
    assert configuration(ACME)["tls"]["certificates"] == []
    assert {name: value for name, value in given.items() if name.startswith(_RESOLVER)} == {
        "--certificatesresolvers.letsencrypt.acme.email": "ops@example.com",
        "--certificatesresolvers.letsencrypt.acme.storage": "/data/acme.json",
        "--certificatesresolvers.letsencrypt.acme.keytype": "EC256",
        "--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint": "web",
    }
    assert "secret_files" not in spec


def test_another_acme_server() -> None:
    given = options(replace(ACME, certificate=Acme("ops@example.com", "https://acme.example/dir")))
    assert given[f"{_RESOLVER}letsencrypt.acme.caserver"] == "https://acme.example/dir"


def test_a_certificate_from_files() -> None:
    file = "/run/secrets/certificate.pem"
    assert configuration(FILES)["tls"]["certificates"] == [{"certFile": file, "keyFile": file}]
    assert configuration(FILES)["http"]["routers"]["kotauth"]["tls"] == {}
    assert traefik.edge(FILES).get("secret_files") == ["certificate.pem"]
    assert not [name for name in options(FILES) if name.startswith(_RESOLVER)]


@BOTH
def test_the_spec(site: EdgeSite) -> None:
    spec = traefik.edge(site)
    assert spec.get("ports") == [{"host": 80, "container": 8080}, {"host": 443, "container": 8443}]
    # Also without ACME: a protected volume can't go, and comes back into use.
    assert spec.get("volumes") == [{"name": "acme", "path": "/data"}]
    assert spec.get("reload") == {"signal": "SIGHUP", "secret_files": True}
    assert "capabilities" not in spec
    assert (spec["memory"], spec.get("environment")) == (256, {"GOMEMLIMIT": "230MiB"})


@BOTH
def test_access_lines_have_no_path_and_no_header(site: EdgeSite) -> None:
    given = options(site)
    modes = {name: given[f"--accesslog.fields.{name}"] for name in ("defaultmode", "headers.defaultmode")}
    assert modes == {"defaultmode": "drop", "headers.defaultmode": "drop"}
    kept = {name.rpartition(".")[2] for name in given if name.startswith("--accesslog.fields.names.")}
    assert "DownstreamStatus" in kept
    assert not kept & {"RequestPath", "RequestLine", "ServiceURL", "request_Referer"}

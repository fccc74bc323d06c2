"""The Kotauth server as a ContainerSpec: its environment, secret files, probe, floors and the guard of its key.

The contract is Kotauth's own (`EnvironmentConfig.kt` and the production checklist of 1.21 and 1.22). Two of its
properties shape this module: exactly five variables have a `_FILE` form, so every secret goes through one, and a wrong
secret key boots healthy and breaks every login, so the key is compared with the database before each start.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pulumi

from ..inputs.choice import one_of
from ..inputs.image import image as image_rule
from ..inputs.number import number, whole_number
from ..workload.spec import CONFIG_DIRECTORY, SECRETS_DIRECTORY, ContainerSpec

PORT = 8080
"""The server listens here, fixed in its source."""
LIVE_PATH, READY_PATH = "/health", "/health/ready"
"""The process answers; and its database does, too."""
DATABASE_PORT = 5432
USER = "10001:10001"
"""User of the image since 1.16.0."""
DEFAULT_IMAGE = "ghcr.io/inumansoul/kotauth:1.22.0"
VERSION_FLOOR = (1, 21, 0)
"""First version with the API that the checklist asks (`GET /workspace`), and the `_FILE` forms before it (1.19.1)."""
MEMORY_FLOOR_MB = 512
CPU_FLOOR = 1.0
JVM_PROCESSORS = 8
"""Processors that the JVM counts at least. The server takes its number of request threads from them."""
SECRET_KEY_CHARACTERS = 32
"""Kotauth refuses fewer (`FATAL: KAUTH_SECRET_KEY must be set (32+ chars).`)."""
DEAD_CONNECTION = {
    "net.ipv4.tcp_keepalive_time": "10",
    "net.ipv4.tcp_keepalive_intvl": "5",
    "net.ipv4.tcp_keepalive_probes": "3",
    "net.ipv4.tcp_retries2": "6",
}
"""When the kernel gives up a connection to a database that vanished without a reset, as a dead host does.

One that waits for an answer after 20 to 25 s (10 s and three probes of 5 s), one whose query was never confirmed after
27 s (six repetitions). By the kernel's own numbers that takes two hours or a quarter of one. Measured with the driver
42.7.10 on JDK 17; Kotauth 1.5.2 recovered after 22 s instead of 958 s.
"""

DATABASE_PASSWORD_FILE = "database_password"  # noqa: S105 - a file's name
SECRET_FILES = ("secret_key", DATABASE_PASSWORD_FILE, "admin_password", "api_keys.json")
"""What only the server may read."""

_PORT_RULE = "must have a port from 1 to 65535, or none"
_CA_FILE = "database-ca.pem"
_CA_PATH = f"{CONFIG_DIRECTORY}/{_CA_FILE}"
_KEY_GUARD = (Path(__file__).parents[1] / "postgres" / "key_guard.sh").read_text()

parse_image = image_rule(3, VERSION_FLOOR, "older versions miss the API that the production checklist asks")
parse_memory = whole_number("memory in MB", MEMORY_FLOOR_MB, 1 << 20, "Kotauth's documented minimum is 512 MB")
parse_cpus = number("processors", CPU_FLOOR, 256, "Kotauth's documented minimum is 1 vCPU")
parse_environment = one_of(
    "production", "development", hint={"Production": "Kotauth takes any other spelling for development, silently"}
)


@dataclass(frozen=True)
class BaseUrl:
    """The public address, exactly as Kotauth gets it."""

    text: str
    host: str
    port: int


def parse_base_url(raw: object) -> BaseUrl:
    """Parse the public address; raise ``ValueError`` with the first rule that it breaks.

    Kotauth itself checks only the `https://` prefix, in lower case and in production; the rest would show later as
    broken redirects (`https://host//t/master`), links and certificates.
    """
    text = str(raw)
    if not text.startswith("https://"):
        raise ValueError("must start with https:// in lower case: TLS is mandatory")
    if text.endswith("/"):
        raise ValueError("must not end with a slash: Kotauth appends its paths to it")
    try:
        url = urlsplit(text)
        port = url.port or 443
    except ValueError:
        raise ValueError(_PORT_RULE) from None
    if url.path or url.query or url.fragment or url.username or "?" in text or "#" in text:
        raise ValueError("must be scheme, host and port only, without path, query or user")
    host = url.hostname or ""
    # As browsers tell them apart: brackets, or a last part that is a number (WHATWG URL, "ends in a number").
    if ":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
        raise ValueError(
            "must name a host, not an IP address: clients send no server name for an address, so no "
            "certificate can be chosen"
        )
    name, colon, digits = text.removeprefix("https://").partition(":")
    if colon and not re.fullmatch(r"[1-9][0-9]*", digits):
        raise ValueError(_PORT_RULE)
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    if not re.fullmatch(rf"{label}(\.{label})*", name) or len(name) > 253:
        raise ValueError("must name a host in lower case, such as auth.example.com")
    return BaseUrl(text, host, port)


def parse_secret_key(raw: object) -> str:
    """Parse a secret key given by hand; raise ``ValueError`` where Kotauth would refuse it."""
    text = str(raw)
    if len(text.strip()) < SECRET_KEY_CHARACTERS:
        raise ValueError(f"must have {SECRET_KEY_CHARACTERS} characters or more, it has {len(text.strip())}")
    if text != text.strip():
        raise ValueError("must not begin or end with white space: Kotauth trims it and derives other keys")
    return text


@dataclass(frozen=True)
class Database:
    """Where the server finds its database, and the image whose `psql` asks it before a start."""

    host: pulumi.Input[str]
    name: str
    user: str
    tools_image: str
    ca: pulumi.Input[str] | None = None
    """PEM of the authorities that may certify the host. With it the connection is encrypted and the host verified;
    without it the network between the two must be theirs alone."""

    @property
    def url(self) -> pulumi.Input[str]:
        """The JDBC URL. Flyway logs it, so it never carries credentials.

        It has no `socketTimeout`: Flyway shares the URL, and a long migration is not a dead connection.
        """
        tls = f"&sslmode=verify-full&sslrootcert={_CA_PATH}" if self.ca is not None else ""
        head, tail = "jdbc:postgresql://", f":{DATABASE_PORT}/{self.name}?tcpKeepAlive=true{tls}"
        return f"{head}{self.host}{tail}" if isinstance(self.host, str) else pulumi.Output.concat(head, self.host, tail)

    @property
    def libpq(self) -> dict[str, pulumi.Input[str]]:
        """The environment of `psql`."""
        tls = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": _CA_PATH} if self.ca is not None else {}
        return {"PGHOST": self.host, "PGDATABASE": self.name, "PGUSER": self.user, **tls}


def server(  # noqa: PLR0913 - one argument for each thing that a target decides
    *,
    image: str,
    base_url: BaseUrl,
    environment: str,
    memory: int,
    cpus: float,
    pool_size: int,
    update_check: bool,
    database: Database,
) -> ContainerSpec:
    """Return the server's spec. The proxy before it must set and remove the forwarded headers (see `frontends`)."""
    return {
        "part": "server",
        "image": image,
        "user": USER,
        "memory": memory,
        "cpus": cpus,
        "environment": {
            "KAUTH_BASE_URL": base_url.text,
            "KAUTH_ENV": environment,
            "KAUTH_TRUSTED_PROXY": "true",
            "KAUTH_UPDATE_CHECK": str(update_check).lower(),
            "KAUTH_SECRET_KEY_FILE": f"{SECRETS_DIRECTORY}/secret_key",
            "KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE": f"{SECRETS_DIRECTORY}/admin_password",
            "KAUTH_BOOTSTRAP_API_KEYS_FILE": f"{SECRETS_DIRECTORY}/api_keys.json",
            "DB_URL": database.url,
            "DB_USER": database.user,
            "DB_PASSWORD_FILE": f"{SECRETS_DIRECTORY}/{DATABASE_PASSWORD_FILE}",
            "DB_POOL_MAX_SIZE": str(pool_size),
            "JAVA_TOOL_OPTIONS": java_options(cpus),
        },
        "secret_files": [*SECRET_FILES],
        "sysctls": DEAD_CONNECTION,
        "config_files": {_CA_FILE: database.ca} if database.ca is not None else {},
        # Only one JVM fits the limit, so its temporary files are few.
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        # A first start migrates the database: 18.5 s at a quarter of a processor, measured on 1.5.2.
        # The database check inside waits 3 s for a connection, three times; 5 s is what upstream's compose file uses.
        "probe": {
            "command": ["curl", "-fsS", "-o", "/dev/null", f"http://localhost:{PORT}{READY_PATH}"],
            "interval_seconds": 5,
            "timeout_seconds": 5,
            "retries": 6,
            "start_period_seconds": 60,
        },
        "before_start": {
            "name": "key-guard",
            "image": database.tools_image,
            "command": ["bash", "-c", _KEY_GUARD],
            "environment": database.libpq,
        },
        # Kotauth finishes its requests within 5 s of SIGTERM.
        "stop_seconds": 10,
    }


def java_options(cpus: float) -> str:
    """Return the JVM's options; the image starts `java -jar` without any. The JVM prints them on stderr, not as JSON.

    The number of processors decides how many request threads the server has, and JDBC blocks a thread. Measured on
    Kotauth 1.5.2 with JDK 17, one processor, 512 MB, database stopped: `/health` answered 4 of 30 probes with the JVM's
    own count of one, 25 with four, 30 with eight. Memory was the same, the start faster.
    From two processors and 2 GB on the JVM chooses G1, and would believe the count; with less than two processors its
    background threads only take time from the requests (not measured).
    """
    count = f"-XX:ActiveProcessorCount={max(JVM_PROCESSORS, math.ceil(cpus))}"
    return count if cpus >= 2 else f"{count} -XX:+UseSerialGC"


def secret_files(
    *,
    secret_key: pulumi.Input[str],
    database_password: pulumi.Input[str],
    admin_password: pulumi.Input[str],
    api_key_hash: pulumi.Input[str],
) -> dict[str, pulumi.Input[str]]:
    """Return the contents of the server's secret files; the hash is the SHA-256 of the checklist's API key, in hex."""
    api_keys = pulumi.Output.from_input(api_key_hash).apply(bootstrap_api_keys)
    return dict(zip(SECRET_FILES, (secret_key, database_password, admin_password, api_keys), strict=True))


def bootstrap_api_keys(key_hash: str) -> str:
    """Return the JSON list of API keys that exist from the first start: the checklist's, which may only read."""
    scopes = ["workspace:read", "users:read", "roles:read", "applications:read", "sessions:read", "audit_logs:read"]
    return json.dumps([{"tenant": "master", "name": "checklist", "scopes": scopes, "keyHash": key_hash}])


def key_fingerprint(secret_key: str) -> str:
    """Return 16 hex digits of a hash of the key, which the database keeps for the key guard."""
    return hashlib.sha256(f"kotauth-infra/key/v1|{secret_key.strip()}".encode()).hexdigest()[:16]


def chain_key_id(secret_key: str) -> str:
    """Return the id that `audit_log.chain_key_id` carries for this key (Kotauth's `AuditChainHasher`, since 1.19.0)."""
    inner = hashlib.sha256(f"{secret_key.strip()}|kauth/audit-log/v1".encode()).digest()
    return hashlib.sha256(inner).hexdigest()[:8]

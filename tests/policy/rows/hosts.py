"""Rules of the area `hosts`, and the rules for containers on the containers that a host starts."""

import base64
import gzip
import json
import shlex

import pulumi_aws as aws

from ..aws_host import FRONTEND, SERVER, encoded, run, sha256, unit, user_data
from ..change import ABSENT, UNKNOWN, From, Secret, add, copied, put
from ..mutation import NOTHING, Case, Row, found, on_aws
from .hosts_launches import LAUNCHES
from .hosts_secrets import ROWS as SECRETS

_READ = "keep-secrets-out-of-user-data@template"
_BLIND = found("find-kotauth-server@kotauth")
_SECRET_FILE = user_data(files={"/etc/app.env": "API_TOKEN=hunter2\n"})
_DISK = "template/block_device_mappings.0.ebs.encrypted"

_INSTANCE = (
    add(
        "edge",
        aws.ec2.Instance,
        {
            "ami": "ami-0123456789abcdef0",
            "instance_type": "t4g.small",
            "iam_instance_profile": From("profile", "name"),
            "subnet_id": From("private-a", "id"),
            "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1},
            "monitoring": True,
            "root_block_device": {"encrypted": True},
        },
    ),
)
ROWS = (
    Row("require-metadata-tokens", "template", "template/metadata_options.http_tokens", "optional"),
    Row("limit-metadata-hops", "template", "template/metadata_options.http_put_response_hop_limit", 2),
    Row(
        "forbid-public-host-addresses",
        "template",
        "template/network_interfaces.0.associate_public_ip_address",
        "true",
        absent=NOTHING,
        setup=(put("template", "network_interfaces", [{"associate_public_ip_address": "false"}]),),
    ),
    Row(
        "forbid-public-host-addresses",
        "edge",
        "edge/associate_public_ip_address",
        True,
        absent=NOTHING,
        setup=(*_INSTANCE, put("edge", "associate_public_ip_address", False)),
    ),
    Row("encrypt-disks", "template", _DISK, "false"),
    Row(
        "keep-secrets-out-of-user-data",
        "template",
        "template/user_data",
        _SECRET_FILE,
        unknown=found("keep-secrets-out-of-user-data@template") | _BLIND,
        absent=_BLIND,
    ),
    Row(
        "enter-hosts-without-keys",
        "template",
        "template/key_name",
        "me",
        absent=NOTHING,
        setup=(put("template", "key_name", ""),),
    ),
    Row("monitor-hosts", "template", "template/monitoring.enabled", False),
    Row("size-kotauth-hosts", "template", "template/instance_type", "t4g.nano"),
    Row(
        "spread-groups-over-zones",
        "group",
        "group/vpc_zone_identifiers",
        [From("private-a", "id")],
    ),
    # An unknown version comes from the template that the id comes from.
    Row("pin-launch-template", "group", "group/launch_template.version", "$Latest", unknown=NOTHING),
)

_FROM_TEMPLATE = {
    "subnet_id": From("private-a", "id"),
    "launch_template": {"id": From("template", "id"), "version": From("template", "latest_version", str)},
}


def _edge(path: str, value: object, *violations: str) -> Case:
    return Case(f"an instance: {path}", (*_INSTANCE, put("edge", path, value)), found(*violations))


def _data(name: str, text: str, *violations: str) -> Case:
    return Case(f"user data: {name}", (put("template", "user_data", text),), found(*violations))


def _proxy(name: str, line: str, *violations: str) -> Case:
    return _data(name, user_data(proxy=unit(line)), *(f"{violation}@template" for violation in violations))


_RUN = run("frontend", FRONTEND, "10002:10002", "--publish=443:8443", "--health-cmd=true")

CASES = (
    Case("an instance that says all itself", _INSTANCE, NOTHING),
    Case("an instance from a template", (add("edge", aws.ec2.Instance, _FROM_TEMPLATE),), NOTHING),
    _edge("metadata_options", ABSENT, "require-metadata-tokens@edge", "limit-metadata-hops@edge"),
    _edge("associate_public_ip_address", False),
    _edge("subnet_id", ABSENT, "forbid-public-host-addresses@edge"),
    _edge("subnet_id", UNKNOWN, "forbid-public-host-addresses@edge"),
    _edge("subnet_id", Secret("subnet-0123456789abcdef0"), "forbid-public-host-addresses@edge"),
    *(
        Case(
            f"forbid-public-host-addresses-subnet-that-maps-{name}",
            (*_INSTANCE, put("private-a", "map_public_ip_on_launch", mapped)),
            found(*violations, *(["forbid-public-host-addresses@edge"] if violations else [])),
            rule="forbid-public-host-addresses",
            state=name,
        )
        for name, mapped, violations in (
            ("known", True, ["give-no-public-addresses@private-a"]),
            ("secret", Secret(True), ["give-no-public-addresses@private-a"]),
            ("unknown", UNKNOWN, ["give-no-public-addresses@private-a"]),
            ("absent", ABSENT, []),
        )
    ),
    *(
        Case(
            f"an instance in another's subnet with an address: {name}",
            (*_INSTANCE, put("edge", "subnet_id", "subnet-0123456789abcdef0"), *changes),
            NOTHING if "its own" in name else found("forbid-public-host-addresses@edge"),
        )
        for name, changes in {
            "its own, by an association": (
                add("address", aws.ec2.Eip, {"domain": "vpc"}),
                add(
                    "held",
                    aws.ec2.EipAssociation,
                    {"instance_id": From("edge", "id"), "allocation_id": From("address", "id")},
                ),
            ),
            "its own, by the address": (add("address", aws.ec2.Eip, {"instance": From("edge", "id")}),),
            "only named after it": (
                add("address", aws.ec2.Eip, {"instance": "i-0123456789abcdef0", "tags": {"Host": From("edge", "id")}}),
            ),
        }.items()
    ),
    _edge("root_block_device", ABSENT, "encrypt-disks@edge"),
    Case(
        "an instance with an empty template",
        (*_INSTANCE, put("edge", "launch_template", {}), put("edge", "metadata_options", ABSENT)),
        found("require-metadata-tokens@edge", "limit-metadata-hops@edge", "pin-launch-template@edge"),
    ),
    Case(
        "an instance without an interface",
        (*_INSTANCE, put("edge", "network_interfaces", []), put("edge", "subnet_id", ABSENT)),
        found("forbid-public-host-addresses@edge"),
    ),
    _edge("ebs_block_devices", [{"device_name": "/dev/sdf"}], "encrypt-disks@edge"),
    _edge("iam_instance_profile", ABSENT, "enter-hosts-without-keys@edge"),
    _edge("user_data", "#!/bin/sh\nexport DB_PASSWORD=hunter2\n", "keep-secrets-out-of-user-data@edge"),
    _edge("user_data", Secret("#!/bin/sh\n"), "keep-secrets-out-of-user-data@edge"),
    _edge("user_data", "#!/bin/sh\nDB_PASSWORD=$(fetch password)\nTOKEN=\nTTL=60\n"),
    _edge("user_data", '#!/bin/sh\nPASSWORD="$(fetch)"\nmysql --password="$PASSWORD"\nTLS_PRIVATE_KEY=/etc/tls/key\n'),
    _edge("user_data", "#!/bin/sh\ncurl https://me:${TOKEN}@example.com\nSECRET=arn:aws:secretsmanager:eu:1:s\n"),
    Case(
        "a volume",
        (add("volume", aws.ebs.Volume, {"availability_zone": "eu-central-1a", "size": 1}),),
        found("encrypt-disks@volume"),
    ),
    Case(
        "a template that leaves its disk to the image",
        (put("template", "block_device_mappings", ABSENT),),
        found("encrypt-disks@template"),
    ),
    Case(
        "a group with a launch configuration",
        (put("group", "launch_template", ABSENT), put("group", "launch_configuration", "old")),
        found("pin-launch-template@group"),
    ),
    Case(
        "two subnets of one zone",
        (put("private-b", "availability_zone", "eu-central-1a"),),
        found("spread-groups-over-zones@group"),
    ),
    Case("zones by name", (put("group", "availability_zones", ["eu-central-1a", "eu-central-1b"]),), NOTHING),
    _data("not base64", "#cloud-config", _READ, *_BLIND),
    _data("5 MB", encoded("x" * 5 * 1024 * 1024), _READ, *_BLIND),
    _data("no YAML", encoded("#cloud-config\n{]"), _READ, *_BLIND),
    _data("YAML, no mapping", encoded("#cloud-config\n- 1"), _READ, *_BLIND),
    _data("a date that is none", encoded("#cloud-config\nnow: 2026-99-99"), _READ, *_BLIND),
    _data("more of it elsewhere", encoded("#include\nhttps://example.com/more"), _READ, *_BLIND),
)

_WORKER = run("worker", FRONTEND, "10002:10002", "--restart=always --health-cmd=true --privileged")
_SHELL = f"#!/bin/bash\nset -e\n{_WORKER} && echo started\n"
_MIME = (
    "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n--b\nContent-Type: text/x-shellscript\n\n"
    f"{_SHELL}\n--b--\n"
)
_ENCODED = f"#cloud-config\nwrite_files:\n- path: /start.sh\n  encoding: b64\n  content: {encoded(_SHELL)}\n"
_TYPED = _MIME.replace("x-shellscript", "cloud-config").replace(_SHELL, f"runcmd:\n- {json.dumps(_WORKER)}\n")
_COMMAND = "#cloud-config\nruncmd:\n- " + json.dumps(shlex.split(_WORKER.replace("\\\n", "")))


def _worker(name: str, data: bytes) -> Case:
    """Return the case of one more host, with a container that has the privileges of its host."""
    text = base64.b64encode(data).decode()
    return Case(
        f"a container started by {name}",
        (copied("template", "other"), put("other", "user_data", text)),
        found("forbid-privileged-containers@other"),
    )


CONTAINERS = (
    _proxy(
        "a container with privileges",
        f"{_RUN.replace('--read-only', '--read-only --privileged')}",
        "forbid-privileged-containers",
    ),
    _proxy(
        "a container on the host's network",
        _RUN.replace("--network=kotauth", "--network=host"),
        "forbid-host-namespaces",
    ),
    _proxy(
        "another capability",
        _RUN.replace("--cap-drop=ALL", "--cap-drop ALL --cap-add SYS_ADMIN"),
        "limit-added-capabilities",
    ),
    _proxy(
        "another kernel parameter",
        _RUN.replace("--rm", "--rm --sysctl net.ipv4.tcp_retries2=6 --sysctl=net.ipv4.ip_forward=1"),
        "limit-kernel-parameters",
    ),
    _proxy("the engine's socket", _RUN.replace("--rm", "--rm -v /var/run/docker.sock:/s"), "forbid-docker-socket"),
    _proxy("root", _RUN.replace("10002:10002", "0"), "run-as-non-root"),
    _proxy("an old tag", _RUN.replace("2.11.9", "latest"), "pin-image"),
    _proxy("a registry of somebody's", _RUN.replace("public.ecr.aws", "example.com"), "allow-image-registries"),
    _proxy(
        "a secret in an option without a space",
        _RUN.replace("--rm", "--rm -eAPP_TOKEN=hunter2"),
        "keep-secrets-out-of-environment",
        "keep-secrets-out-of-user-data",
    ),
    _proxy(
        "a secret on the command line",
        f"{_RUN} run --token=hunter2",
        "keep-secrets-out-of-commands",
        "keep-secrets-out-of-user-data",
    ),
    _data(
        "a server with less memory",
        user_data(server=SERVER.replace("=512m", "=256m")),
        *_BLIND,
    ),
    Case(
        "a server with less memory, whose unit is found",
        (
            put("template", "user_data", user_data(server=SERVER.replace("=512m", "=256m"))),
            put("server-unit", "key", sha256(SERVER.replace("=512m", "=256m"))),
            put("server-unit", "content", SERVER.replace("=512m", "=256m")),
        ),
        found("reserve-server-memory@template"),
    ),
    _data("another mode", user_data({"KAUTH_ENV": "Production"}), "set-production-environment@template"),
    _data("plain http", user_data({"KAUTH_BASE_URL": "http://auth.example.com"}), "use-https-base-url@template"),
    _data("no trusted proxy", user_data({"KAUTH_TRUSTED_PROXY": None}), "trust-only-own-proxy@template"),
    _data("the administrator", user_data({"DB_USER": "kotauth_admin"}), "separate-database-roles@template"),
    _data("too many connections", user_data({"DB_POOL_MAX_SIZE": "90"}), "fit-connection-pool@template"),
    _data(
        "no DB_URL", user_data(late=()), "configure-database-access@template", "verify-database-certificate@template"
    ),
    _data(
        "a known DB_URL",
        user_data({"DB_URL": "jdbc:postgresql://db:5432/k?sslmode=verify-full&sslrootcert=/c"}, late=()),
    ),
    Case(
        "no more than a secret's version for the key",
        (put("secret-key", "length", 32),),
        found("trace-secret-key@template"),
    ),
    Case("the key without protection", (put("secret-key", "opts", {}),), found("protect-secret-key@secret-key")),
    *(
        _worker(name, text.encode())
        for name, text in {
            "a script": _SHELL,
            "a part": _MIME,
            "a part that only its type names": _TYPED,
            "a file": _ENCODED,
            "a command": _COMMAND,
            "a command behind a blank line": f"\n{_COMMAND}",
            "a command under another spelling": _COMMAND.replace("#cloud", "#Cloud"),
            "a command of a template": f"##template: jinja\n{_COMMAND}",
        }.items()
    ),
    Case(
        "a container started by an instance whose user data is encoded",
        (*_INSTANCE, put("edge", "user_data", encoded(_SHELL))),
        found("forbid-privileged-containers@edge"),
    ),
    *(
        _worker(f"`{spelled}`", _SHELL.replace("docker run --rm", spelled).encode())
        for spelled in (
            "docker --log-level=error run --rm",
            "docker -H unix:///run/docker.sock container run",
            "docker run -dt",
            "docker run -dh worker",
            "docker run -dhworker",
            "docker run -d --use-api-socket",
        )
    ),
    _worker("a compressed script", gzip.compress(_SHELL.encode(), mtime=0)),
)

_BOMB = base64.b64encode(gzip.compress(b"0" * 10**7, mtime=0)).decode()
_UNPACKED = Case("a bomb", (put("template", "user_data", _BOMB),), found(*_BLIND))
TABLE = on_aws(*ROWS, *SECRETS, *CASES, *LAUNCHES, *CONTAINERS, _UNPACKED)

"""Rules of the area `hosts`."""

import base64
import gzip

import pulumi_aws as aws

from policy.testing.aws_host import encoded, user_data
from policy.testing.change import ABSENT, UNKNOWN, From, Secret, add, put

from ..mutation import NOTHING, Case, Row, found, on_aws
from .hosts_containers import BLIND, CONTAINERS, SHELL, user_data_case
from .hosts_launches import LAUNCHES
from .hosts_secrets import ROWS as SECRETS

_READ = "keep-secrets-out-of-user-data@template"
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
        unknown=found("keep-secrets-out-of-user-data@template") | BLIND,
        absent=BLIND,
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
        "a container started by an instance whose user data is encoded",
        (*_INSTANCE, put("edge", "user_data", encoded(SHELL))),
        found("forbid-privileged-containers@edge"),
    ),
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
    user_data_case("not base64", "#cloud-config", _READ, *BLIND),
    user_data_case("5 MB", encoded("x" * 5 * 1024 * 1024), _READ, *BLIND),
    user_data_case("no YAML", encoded("#cloud-config\n{]"), _READ, *BLIND),
    user_data_case("YAML, no mapping", encoded("#cloud-config\n- 1"), _READ, *BLIND),
    user_data_case("a date that is none", encoded("#cloud-config\nnow: 2026-99-99"), _READ, *BLIND),
    user_data_case("more of it elsewhere", encoded("#include\nhttps://example.com/more"), _READ, *BLIND),
)

_BOMB = base64.b64encode(gzip.compress(b"0" * 10**7, mtime=0)).decode()
_UNPACKED = Case("a bomb", (put("template", "user_data", _BOMB),), found(*BLIND))
TABLE = on_aws(*ROWS, *SECRETS, *CASES, *LAUNCHES, *CONTAINERS, _UNPACKED)

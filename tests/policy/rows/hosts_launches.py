"""Rows of the area `hosts`: ways to launch a host, and defaults of the account that hold for it."""

from __future__ import annotations

import pulumi_aws as aws

from policy.testing.change import ABSENT, Args, Change, From, add, put

from ..mutation import CAUGHT, NOTHING, PASSED, Case, found, spelled

_IMAGE = "ami-0123456789abcdef0"
_OPTIONS = {"http_tokens": "required", "http_put_response_hop_limit": 1}
_INSTANCE: Args = {
    "ami": _IMAGE,
    "instance_type": "t4g.small",
    "iam_instance_profile": From("profile", "name"),
    "subnet_id": From("private-a", "id"),
    "metadata_options": _OPTIONS,
    "monitoring": True,
    "root_block_device": {"encrypted": True},
}
_CONFIGURATION: Args = {
    "image_id": _IMAGE,
    "instance_type": "t4g.small",
    "iam_instance_profile": From("profile", "name"),
    "metadata_options": _OPTIONS,
    "root_block_device": {"encrypted": True},
}


def _instance(name: str, *violations: str, others: tuple[Change, ...] = (), **changed: object) -> Case:
    """Return the case of an instance with other properties; `None` leaves one out."""
    return Case(f"an instance {name}", (*others, _edge(aws.ec2.Instance, _INSTANCE, changed)), found(*violations))


def _edge(kind: type, base: Args, changed: Args) -> Change:
    return add("edge", kind, {key: value for key, value in {**base, **changed}.items() if value is not None})


_FORMS = (
    Case("a spot instance that says all itself", (add("edge", aws.ec2.SpotInstanceRequest, _INSTANCE),), NOTHING),
    Case(
        "a launch configuration that says all itself",
        (add("edge", aws.ec2.LaunchConfiguration, _CONFIGURATION),),
        NOTHING,
    ),
    *(
        Case(
            f"a spot instance: {name}",
            (_edge(aws.ec2.SpotInstanceRequest, _INSTANCE, {name: value}),),
            found(*(f"{rule}@edge" for rule in rules)),
        )
        for name, value, *rules in (
            ("metadata_options", None, "require-metadata-tokens", "limit-metadata-hops"),
            ("associate_public_ip_address", True, "forbid-public-host-addresses"),
            ("root_block_device", None, "encrypt-disks"),
            ("key_name", "me", "enter-hosts-without-keys"),
            ("monitoring", False, "monitor-hosts"),
            ("user_data", "#!/bin/sh\nexport DB_PASSWORD=hunter2\n", "keep-secrets-out-of-user-data"),
        )
    ),
    *(
        Case(
            f"a launch configuration: {name}",
            (_edge(aws.ec2.LaunchConfiguration, _CONFIGURATION, {name: value}),),
            found(*(f"{rule}@edge" for rule in rules)),
        )
        for name, value, *rules in (
            ("metadata_options", None, "require-metadata-tokens", "limit-metadata-hops"),
            ("associate_public_ip_address", True, "forbid-public-host-addresses"),
            ("root_block_device", {"encrypted": False}, "encrypt-disks"),
            ("ebs_block_devices", [{"device_name": "/dev/sdf", "no_device": True}]),
            ("ebs_block_devices", [{"device_name": "/dev/sdf"}], "encrypt-disks"),
            ("key_name", "me", "enter-hosts-without-keys"),
            ("iam_instance_profile", None, "enter-hosts-without-keys"),
            ("enable_monitoring", False, "monitor-hosts"),
            ("user_data", "#!/bin/sh\nexport DB_PASSWORD=hunter2\n", "keep-secrets-out-of-user-data"),
        )
    ),
)

_KEY_PAIR = add("key", aws.ec2.KeyPair, {"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"}, first=True)
_KEYS = (
    _instance(
        "with a key pair of the stack",
        "enter-hosts-without-keys@edge",
        others=(_KEY_PAIR,),
        key_name=From("key", "key_name"),
    ),
    _instance("with the id of one", "enter-hosts-without-keys@edge", others=(_KEY_PAIR,), key_name=From("key", "id")),
    Case(
        "a template with a key pair of the stack",
        (_KEY_PAIR, put("template", "key_name", From("key", "key_name"))),
        found("enter-hosts-without-keys@template"),
    ),
)


_DEFAULTS = (
    _instance("whose metadata service is off", metadata_options={"http_endpoint": "disabled"}),
    _instance(
        "under defaults of the account",
        others=(add("defaults", aws.ec2.InstanceMetadataDefaults, _OPTIONS),),
        metadata_options=None,
    ),
    _instance(
        "that goes against defaults of the account",
        "require-metadata-tokens@edge",
        others=(add("defaults", aws.ec2.InstanceMetadataDefaults, _OPTIONS),),
        metadata_options={"http_tokens": "optional"},
    ),
    _instance(
        "under other defaults of the account",
        "limit-metadata-hops@edge",
        "require-metadata-tokens@edge",
        others=(add("defaults", aws.ec2.InstanceMetadataDefaults, {"http_tokens": "optional"}),),
        metadata_options=None,
    ),
    _instance(
        "in an account that encrypts all disks",
        others=(add("all", aws.ebs.EncryptionByDefault, {}),),
        root_block_device=None,
        ebs_block_devices=[{"device_name": "/dev/sdf", "encrypted": False}],
    ),
    _instance(
        "in an account that encrypts none",
        "encrypt-disks@edge",
        others=(add("all", aws.ebs.EncryptionByDefault, {"enabled": False}),),
        root_block_device=None,
    ),
    *(
        _instance(
            f"from a copied image, encrypted: {encrypted}",
            *violations,
            others=(
                add(
                    "image",
                    aws.ec2.AmiCopy,
                    {"source_ami_id": _IMAGE, "source_ami_region": "eu-central-1", "encrypted": encrypted},
                ),
            ),
            ami=From("image", "id"),
            root_block_device=None,
        )
        for encrypted, violations in ((True, ()), (False, ("encrypt-disks@edge",)))
    ),
    Case(
        "a template with a disk from a snapshot",
        (put("template", "block_device_mappings.+", {"device_name": "/dev/sdf", "ebs": {"snapshot_id": "snap-1"}}),),
        NOTHING,
    ),
    Case(
        "a template with a disk of the host",
        (put("template", "block_device_mappings.+", {"device_name": "/dev/sdb", "virtual_name": "ephemeral0"}),),
        NOTHING,
    ),
    _instance(
        "with an interface of its own", subnet_id=None, primary_network_interface={"network_interface_id": "eni-1"}
    ),
    Case(
        "an instance whose template says all about its interfaces",
        (
            put("template", "network_interfaces", [{"associate_public_ip_address": "false"}]),
            add("edge", aws.ec2.Instance, {"launch_template": {"id": From("template", "id"), "version": "3"}}),
        ),
        NOTHING,
    ),
)


def _version(version: object) -> Change:
    return put("group", "launch_template", {"id": From("template", "id"), "version": version})


def _mixed(*overrides: Args, version: str = "3") -> Change:
    """Return the change of the group to several types of instances."""
    template = {"launch_template_id": From("template", "id"), "version": version}
    policy = {"launch_template": {"launch_template_specification": template, "overrides": list(overrides)}}

    def change(resources: dict[str, tuple[object, Args]]) -> None:
        put("group", "launch_template", ABSENT)(resources)
        put("group", "mixed_instances_policy", policy)(resources)

    return change


def _pinned(name: str, change: Change, *, ok: bool = False) -> Case:
    rule, state = "pin-launch-template", PASSED if ok else CAUGHT
    return Case(f"{rule}-{name}", (change,), NOTHING if ok else found(f"{rule}@group"), rule=rule, state=state)


_OTHER = {"launch_template_id": "lt-0123456789abcdef0"}
_PINNED = (
    *spelled(
        "pin-launch-template",
        "group",
        _version,
        caught=("$Latest", "$Default", "$latest", ""),
        passed=("3", "12", From("template", "default_version", str)),
    ),
    _pinned("no version", put("group", "launch_template", {"name": "hosts"})),
    _pinned("a mixed group, newest", _mixed(version="$Latest")),
    _pinned(
        "a mixed group, newest for one type",
        _mixed({"launch_template_specification": {**_OTHER, "version": "$Latest"}}),
    ),
    _pinned("a mixed group", _mixed(), ok=True),
    _pinned(
        "a mixed group with two templates",
        _mixed({"launch_template_specification": {**_OTHER, "version": "7"}}, {"instance_type": "t4g.medium"}),
        ok=True,
    ),
)


def _requirements(memory: int) -> Change:
    needed = {"memory_mib": {"min": memory}, "vcpu_count": {"min": 1}}

    def change(resources: dict[str, tuple[object, Args]]) -> None:
        put("template", "instance_type", ABSENT)(resources)
        put("template", "instance_requirements", needed)(resources)

    return change


_SIZE = "size-kotauth-hosts"
_SIZES = (
    *spelled(
        _SIZE,
        "template",
        lambda kind: put("template", "instance_type", kind),
        caught=("t4g.nano", "t3.nano", "t3a.nano", "T2.Nano", "t1.micro"),
        passed=("t4g.micro", "t3.small", "m7g.metal", "u-6tb1.112xlarge", "i7ie.large"),
    ),
    *spelled(_SIZE, "template", _requirements, caught=(512,), passed=(1024, 4096)),
    *spelled(
        _SIZE,
        "template",
        lambda kind: _mixed({"instance_type": "t4g.small"}, {"instance_type": kind}),
        caught=("t3.nano",),
        passed=("t3.small",),
    ),
)

LAUNCHES = (*_FORMS, *_KEYS, *_DEFAULTS, *_PINNED, *_SIZES)

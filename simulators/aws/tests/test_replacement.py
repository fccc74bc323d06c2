"""What replaces a resource: the table against the SDK's inputs, and against what CloudFormation calls create-only."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from simulators.aws import kinds
from simulators.aws.calls import shapes
from simulators.aws.cloud.cloud import REGION
from simulators.aws.cloudformation.counterpart import FLAT, Counterpart
from simulators.aws.cloudformation.counterparts import COUNTERPARTS
from simulators.aws.provider.differences import Changes, UndecidedError, between
from simulators.aws.provider.replacement import TABLE
from simulators.aws.schema import sdk

COMPARED = sorted(token for token in TABLE if token in COUNTERPARTS and not COUNTERPARTS[token].part_of)


def named(changes: Changes) -> set[str]:
    return {*changes.replace.split(), *changes.update.split(), *changes.decide}


def create_only(schema: dict[str, Any], key: str) -> set[str]:
    return {pointer.split("/")[2] for pointer in schema.get(key) or ()}


def counterpart_of(name: str, kind: Counterpart, schema: dict[str, Any]) -> str | None:
    """Return CloudFormation's property for an input, None where there is no single one."""
    rule = kind.names.get(name) or shapes.member(schema["properties"], name)
    return rule.split(".")[0] if isinstance(rule, str) and rule != FLAT else None


def test_every_type_has_an_entry() -> None:
    assert set(TABLE) == set(kinds.table())


@pytest.mark.parametrize("token", TABLE)
def test_entries_are_inputs_and_each_is_in_one_list(token: str) -> None:
    changes = TABLE[token]
    lists = [changes.replace.split(), changes.update.split(), list(changes.decide)]
    assert named(changes) <= set(sdk.schema(token).inputs.types)
    assert sum(map(len, lists)) == len(named(changes))


@pytest.mark.parametrize("token", COMPARED)
def test_each_difference_from_cloudformation_has_a_reason(token: str) -> None:
    changes, kind = TABLE[token], COUNTERPARTS[token]
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind.type).schema
    only = create_only(schema, "createOnlyProperties")
    # Of these CloudFormation says itself that it depends.
    either = create_only(schema, "conditionalCreateOnlyProperties")
    different = {
        name
        for name in named(changes)
        if (found := counterpart_of(name, kind, schema)) and found not in either
        if name in changes.decide or (found in only) != (name in changes.replace.split())
    }
    assert different == {name for names in changes.differs for name in names.split()}
    assert all(changes.differs.values())


def test_what_is_in_no_list_is_not_guessed() -> None:
    with pytest.raises(UndecidedError, match="engineLifecycleSupport"):
        TABLE["aws:rds/instance:Instance"].replaces("engineLifecycleSupport", {}, {"engineLifecycleSupport": "x"})


DATA_OR_IDENTITY = [
    ("aws:rds/instance:Instance", "identifier engineVersion instanceClass parameterGroupName dbSubnetGroupName", False),
    ("aws:rds/instance:Instance", "engine dbName username storageEncrypted kmsKeyId", True),
    ("aws:kms/key:Key", "policy enableKeyRotation", False),
    ("aws:ebs/volume:Volume", "size type", False),
    ("aws:ebs/volume:Volume", "availabilityZone encrypted", True),
    ("aws:lb/listener:Listener", "port sslPolicy certificateArn defaultActions", False),
    ("aws:lb/targetGroup:TargetGroup", "port protocol vpcId", True),
    ("aws:autoscaling/group:Group", "launchTemplate minSize", False),
]


@pytest.mark.parametrize(("token", "inputs", "replaces"), DATA_OR_IDENTITY)
def test_what_loses_data_or_identity(token: str, inputs: str, replaces: bool) -> None:
    for name in inputs.split():
        assert TABLE[token].replaces(name, {name: "old"}, {name: "new"}) is replaces


@pytest.mark.parametrize(("defaults", "old_goes_first"), [([], True), (["name"], False)])
def test_two_with_the_same_name_can_not_exist(defaults: list[str], old_goes_first: bool) -> None:
    """A name that the provider made (`__defaults`) is another one for the new resource, which comes first then."""
    token = "aws:ec2/securityGroup:SecurityGroup"
    old, new = ({"name": "it", "description": text, "__defaults": defaults} for text in ("First", "Second"))
    found = between(token, TABLE[token], old, new)
    assert (list(found.replaces), found.deleteBeforeReplace) == (["description"], old_goes_first)

"""The IAM policies that docs/aws.md gives a deployer: what AWS says the types of our stacks take, and no more.

The types are those of the committed stacks; what each takes, AWS says in the handlers of its CloudFormation schema.
What they name beyond our use, and what Pulumi's provider does beyond them, is listed with its reason.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.engine.aws_stack import REGION, AwsStack
from tests.engine.cloudformation.counterparts import COUNTERPARTS
from tests.engine.iam_documents import findings
from tests.project import ROOT

pytestmark = pytest.mark.engine

POLICIES = sorted((ROOT / "docs" / "deployer-policy").glob("*.json"))
LIMIT_CHARACTERS = 6144
"""Of a managed policy, white space not counted (IAM's quotas)."""

NOT_NEEDED = {
    "what a web ACL, a certificate or a volume can be combined with, and isn't": (
        "acm-pca:* amplify:* apigateway:* apprunner:* appsync:* bedrock-agentcore:* cognito-idp:* elasticfilesystem:* "
        "firehose:* payments:* s3files:* s3tables:* vpc-lattice:* vpce:* managed-fleets:* ec2:*verifiedaccess* "
        "elasticloadbalancing:*webaclassociation elasticloadbalancing:getloadbalancerwebacl wafv2:*permissionpolicy "
        "iam:describeorganization"
    ),
    "features that nothing here uses": (
        "autoscaling:*instancerefresh autoscaling:*lifecyclehook autoscaling:*loadbalancers autoscaling:*notification* "
        "autoscaling:*processes autoscaling:*trafficsources "
        "ec2:*natgatewayaddress ec2:*subnetcidrblock ec2:acceptaddresstransfer ec2:copyvolumes ec2:createsnapshot "
        "ec2:createvpcencryptioncontrol ec2:modifyvpctenancy ec2:modifyvolumeattribute "
        "elasticloadbalancing:*registertargets elasticloadbalancing:modifycapacityreservation "
        "elasticloadbalancing:modifyippools elasticloadbalancing:setipaddresstype "
        "iam:*permissionsboundary iam:listroles "
        "kms:disable* kms:enablekey kms:encrypt kms:generatedatakeywithoutplaintext kms:reencrypt* "
        "lambda:*codesigning* lambda:*concurrency lambda:*config lambda:associateruntimealias "
        "lambda:getlayerversion lambda:passcapacityprovider lambda:publishversion "
        "logs:*dataprotection* logs:*index* logs:deleteresourcepolicy logs:putbearertokenauthentication "
        "logs:putloggroupdeletionprotection rds:*automatedbackupsreplication rds:*readreplica rds:*role* "
        "rds:restoredbinstancefromdbsnapshot "
        "s3:*abac s3:*accelerateconfiguration s3:*acl s3:*analytics* s3:*cors s3:*intelligent* s3:*inventory* "
        "s3:*metadata* s3:*metrics* s3:*notification s3:*objectlock* s3:*replication* s3:*website s3:putbucketlogging "
        "s3:deletebucketencryption s3:deletebucketlifecycle s3:getobjectversion s3:rest.put.object "
        "secretsmanager:getrandompassword secretsmanager:re* sns:*dataprotectionpolicy ssm:*association*"
    ),
    "changes of a running instance: here another one takes its place": (
        "ec2:*iaminstanceprofile* ec2:*monitorinstances ec2:modifyinstancec* ec2:modifyinstancem* "
        "ec2:modifyinstanceplacement ec2:modifyprivatednsnameoptions"
    ),
    "reading whatever can be read": "ec2:get* ssm:get*",
    "a description, which ModifySecurityGroupRules changes too": "ec2:updatesecuritygroupruledescriptions*",
}
OWN = {
    "the provider's own way": (
        "ec2:attachinternetgateway ec2:detachinternetgateway ec2:modifysecuritygrouprules ec2:modifylaunchtemplate "
        "iam:listinstanceprofilesforrole iam:taginstanceprofile iam:untaginstanceprofile "
        "lambda:getfunctionconfiguration lambda:listtags lambda:listversionsbyfunction route53:listtagsforresource "
        "s3:getobjecttagging secretsmanager:getresourcepolicy ssm:describeparameters ssm:getparameter"
    ),
    "calls, objects and secret values, which are no types of CloudFormation": (
        "lambda:invokefunction s3:putobject s3:putobjecttagging secretsmanager:putsecretvalue "
        "secretsmanager:updatesecretversionstage"
    ),
    "a bucket with all its versions is deleted with the stack": "s3:deleteobjectversion s3:listbucketversions",
}
PARLIAMENT = {
    ("Look", "RESOURCE_STAR"): "reads",
    ("Network", "RESOURCE_STAR"): "EC2 names its resources itself; the region is a condition",
    ("Hosts", "RESOURCE_STAR"): "as above",
    ("LoadBalancer", "RESOURCE_MISMATCH"): "listeners of a network load balancer are none of ours",
}


def statements() -> list[dict[str, Any]]:
    return [each for policy in POLICIES for each in json.loads(policy.read_text())["Statement"]]


def allowed() -> set[str]:
    return {action.lower() for each in statements() for action in each["Action"]}


def taken(*stacks: AwsStack) -> set[str]:
    """Return what AWS says it takes to make, read, change and delete the resources of the stacks."""
    kinds = {each["type"] for stack in stacks for each in stack.resources().values()} & COUNTERPARTS.keys()
    found: set[str] = set()
    for kind in kinds:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, COUNTERPARTS[kind].type).schema
        handlers = [handler for operation, handler in schema["handlers"].items() if operation != "list"]
        found |= {action.lower() for handler in handlers for action in handler["permissions"]}
    return found


def patterns(rows: dict[str, str]) -> set[str]:
    return {pattern for row in rows.values() for pattern in row.split()}


def covered(action: str, by: set[str]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in by)


def test_what_the_stacks_take_is_allowed(production: AwsStack, staging: AwsStack) -> None:
    left = {action for action in taken(production, staging) if not covered(action, allowed())}
    assert {action for action in left if not covered(action, patterns(NOT_NEEDED))} == set()
    idle = {pattern for pattern in patterns(NOT_NEEDED) if not any(fnmatchcase(action, pattern) for action in left)}
    assert idle == set(), "nothing of AWS's is left out by it"


def test_what_is_allowed_is_taken(production: AwsStack, staging: AwsStack) -> None:
    known = taken(production, staging)
    beyond = {action for action in allowed() if not any(fnmatchcase(each, action) for each in known)}
    assert beyond == patterns(OWN)


def test_parliament_finds_nothing_else() -> None:
    found = {
        (each.statement, each.issue)
        for policy in POLICIES
        for each in findings({"urn": f"::{policy.stem}", "type": "policy"}, policy.read_text())
    }
    assert found == PARLIAMENT.keys()


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_it_fits_a_managed_policy(policy: Path) -> None:
    assert len(re.sub(r"\s", "", policy.read_text())) <= LIMIT_CHARACTERS


def test_every_statement_has_a_name_of_its_own() -> None:
    names = [each["Sid"] for each in statements()]
    assert len(names) == len(set(names))

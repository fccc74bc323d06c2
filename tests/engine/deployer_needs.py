"""What a deployer needs: what AWS says in the schemas of our types, without what nothing here uses, and more.

The types are those of the committed stacks; what each takes, AWS says in the handlers of its CloudFormation schema.
What they name beyond our use, and what Pulumi's provider does beyond them, is listed with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from simulators.aws.access import Request, definition
from simulators.aws.cloud import cloud
from simulators.aws.cloudformation.counterparts import COUNTERPARTS
from tests.engine.aws_stack import REGION, AwsStack

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
    "changes of a running instance: here another one replaces it": (
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
    "what other services leave in a network, and what an endpoint's private name takes": (
        "ec2:deletenetworkinterface ec2:detachnetworkinterface route53:associatevpcwithhostedzone"
    ),
    "what the preflight asks": "ec2:getebsdefaultkmskeyid",
    "a bucket with all its versions is deleted with the stack": "s3:deleteobjectversion s3:listbucketversions",
}
ONLY_IN_CALLS = {
    "ec2:createsecuritygroup",
    "ec2:createtags",
    "ec2:runinstances",
    "iam:attachrolepolicy",
    "iam:createservicelinkedrole",
    "iam:detachrolepolicy",
    "iam:passrole",
    "kms:decrypt",
    "kms:generatedatakey*",
}
"""Actions that a statement allows under conditions that a resource alone doesn't show. The calls themselves do."""

_NETWORK_INTERFACE = f"arn:aws:ec2:{REGION}:{cloud.ACCOUNT}:network-interface/eni-0123456789abcdef0"
OF_THE_PROVIDER = [
    # deleteLingeringENIs in its internal/service/ec2: Lambda's interfaces have no tag of ours.
    Request("ec2:DetachNetworkInterface", _NETWORK_INTERFACE),
    Request("ec2:DeleteNetworkInterface", _NETWORK_INTERFACE),
    # waitChangeInfoStatusInsync in its internal/service/route53: until a record is everywhere.
    Request("route53:GetChange", "arn:aws:route53:::change/C0123456789ABCDEFGHIJ"),
]
"""Calls that only the real provider makes."""


def patterns(rows: dict[str, str]) -> set[str]:
    """Return the patterns of such a table."""
    return {pattern for row in rows.values() for pattern in row.split()}


def covered(action: str, by: set[str]) -> bool:
    """Whether one of the patterns fits the action."""
    return any(fnmatchcase(action, pattern) for pattern in by)


def _handlers(token: str) -> set[str]:
    """Return what AWS says it takes to make, read, change and delete a resource of the type, in lower case."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, COUNTERPARTS[token].type).schema
    handlers = [handler for operation, handler in schema["handlers"].items() if operation != "list"]
    return {action.lower() for handler in handlers for action in handler["permissions"]}


def taken(*stacks: AwsStack) -> set[str]:
    """Return what AWS says the resources of the stacks take."""
    tokens = {each["type"] for stack in stacks for each in stack.resources().values()} & COUNTERPARTS.keys()
    return {action for token in tokens for action in _handlers(token)}


def on_its_own(stack: AwsStack) -> Iterator[Request]:
    """Yield what AWS says each resource of a stack takes, asked for that very resource as it stands there."""
    unused = patterns(NOT_NEEDED)
    for resource in stack.resources().values():
        arn = resource.get("outputs", {}).get("arn", "")
        if resource["type"] not in COUNTERPARTS or not arn:
            continue
        for name in sorted(_handlers(resource["type"])):
            if not covered(name, unused) and not covered(name, ONLY_IN_CALLS):
                yield from _request(name, arn, resource["inputs"].get("tags", {}))


def _request(name: str, arn: str, tags: Any) -> Iterator[Request]:
    try:
        action = definition.action(name)
    except definition.UnknownActionError:
        yield Request(name, "*")  # Younger than the list; with an unknown resource, only a right for all will do.
        return
    resource = next((each for each in action.resources if each.is_arn(arn)), None)
    if action.resources and resource is None:
        return  # It is about something else, which the call names.
    pairs = tags.items() if isinstance(tags, dict) else [(each["key"], each["value"]) for each in tags]
    context = {f"aws:{which}tag/{key}": value for which in ("request", "resource") for key, value in pairs}
    context["aws:requestedregion"] = REGION
    known = {key: value for key, value in context.items() if action.supports(key, resource)}
    yield Request(action.name, arn if resource else "*", known)
